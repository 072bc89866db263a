"""Evidence of renames in texts: a line on which one name has taken another's place, and nothing else has changed."""

from __future__ import annotations

import pytest

from lsp_server.config import Config
from lsp_server.database.migration.evidence import exchanges, renames_told
from lsp_server.snapshot import Snapshot

MODELS = """\
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    nick: Mapped[str | None] = mapped_column(String(40))
    town: Mapped[str | None] = mapped_column("city", String(80))
    note: Mapped[str | None] = mapped_column(
        String(80),
    )
"""


def told(before: str, after: str) -> list[tuple[str, str]]:
    """Renames between two texts of the models, as (subject, new name)."""

    def mapped(text: str) -> Snapshot:
        return Snapshot.of({"models.py": text}, Config(dialect="postgresql"))

    (old,), (new,) = mapped(before).mapped, mapped(after).mapped
    return [(rename.subject, rename.new_name) for rename in renames_told(old, new, {"models.py": before}, {"models.py": after})]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("nick:", "alias:", [("users.nick", "alias")]),
        ('"city"', '"place"', [("users.city", "place")]),
        ("note:", "remark:", [("users.note", "remark")]),
        ('"users"', '"people"', [("users", "people")]),
        ("nick: Mapped[str | None] = mapped_column(String(40))", "alias: Mapped[str | None] = mapped_column(String(60))", []),
        ("town:", "place:", []),  # the attribute alone: the column keeps its name
        ("    nick: Mapped[str | None] = mapped_column(String(40))\n", "", []),
    ],
)
def test_what_a_line_tells(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert MODELS.count(old) == 1
    assert told(MODELS, MODELS.replace(old, new)) == expected


def test_two_names_side_by_side() -> None:
    after = MODELS.replace("nick:", "alias:").replace('"city"', '"place"')
    assert told(MODELS, after) == [("users.nick", "alias"), ("users.city", "place")]


def test_a_line_that_went_and_another_that_came_elsewhere_tell_nothing() -> None:
    line = "    nick: Mapped[str | None] = mapped_column(String(40))\n"
    after = MODELS.replace(line, "") + line.replace("nick", "alias")
    assert told(MODELS, after) == []


def test_of_several_alike_lines_each_counts_for_its_own() -> None:
    assert exchanges("a: int\nb: int\n", "x: int\ny: int\n") == {0: ("a", "x"), 1: ("b", "y")}
    assert exchanges("a: int\nb: int\n", "x: int\n") == {}, "either may have been meant"
    assert exchanges("a: int\n", "x: str\n") == {}

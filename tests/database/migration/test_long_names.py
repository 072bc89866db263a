"""Names that are longer than a database takes, by its own measure, there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    EnumType,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
)
from tests.database.migration.changes import INTEGER, schema, table, varchar
from tests.database.migration.test_servers import assert_proved, proof_of

LONG = "a_rather_long_name_for_a_thing_that_nobody_would_ever_call_like_this"
WIDE = "ü" * 40  # 80 bytes, which only PostgreSQL counts
EDGE = "é" * 31 + "xy"  # cut within a character's bytes


def books(*parts: object) -> Database:
    return schema(table("author"), table("book", Column("title", varchar(20)), Column("author_id", INTEGER), *parts))


def refers(name: str) -> ForeignKey:
    return ForeignKey(("author_id",), "author", ("id",), name=name)


CHANGES = {
    "a unique key": lambda name: (books(), books(Unique(("title",), name))),
    "an index": lambda name: (books(), books(Index(name, ("title",)))),
    "a foreign key": lambda name: (books(), books(refers(name))),
    "a check": lambda name: (books(), books(Check("title <> ''", name))),
    "a primary key": lambda name: (books(PrimaryKey(("id",), "pk")), books(PrimaryKey(("id",), name))),
    "a unique key renamed": lambda name: (books(Unique(("title",), "uq")), books(Unique(("title",), name))),
    "an index renamed": lambda name: (books(Index("ix", ("title",))), books(Index(name, ("title",)))),
    "a foreign key renamed": lambda name: (books(refers("fk")), books(refers(name))),
    "a value more": lambda name: (books(mood(name, "a")), books(mood(name, "a", "b"))),
    "another value": lambda name: (books(mood(name, "a", "b")), books(mood(name, "a", "c"))),
}


def mood(name: str, *values: str) -> Column:
    return Column("mood", ColumnType("ENUM", enum=EnumType(name, values)))


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
@pytest.mark.parametrize("name", [LONG, WIDE, EDGE], ids=["long", "wide", "edge"])
@pytest.mark.parametrize("change", CHANGES)
def test_there_and_back(change: str, name: str, dialect: str, tmp_path: Path) -> None:
    before, after = CHANGES[change](name)
    if dialect == "mysql" and change == "a primary key":
        pytest.skip("it has no name there")
    assert_proved(proof_of(before, after, dialect, tmp_path))
    if change != "a value more":
        assert_proved(proof_of(after, before, dialect, tmp_path))

"""Proofs: every change of the table is run on a database in memory, and a wrong plan does not get through."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import lsp_server.database.migration
from lsp_server.database.migration.operations import AddColumn
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.reversing import reverse_of
from lsp_server.database.model import Check, Column, ColumnType, Default, EnumType, Index
from tests.database.migration.changes import ALL, Change, book, schema, table, varchar


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize("change", ALL, ids=str)
def test_every_change_is_proved(change: Change, dialect: str) -> None:
    proof = prove(plan(change.before, change.after, dialect))
    assert proof.failed == ()
    assert "the upgrade gives the schema of the models" in proof.proved
    assert "the downgrade gives the schema before" in proof.proved
    assert "a second upgrade works" in proof.proved


def test_a_plan_that_forgets_something_fails() -> None:
    made = plan(book(), book(Column("isbn", varchar(13)), Index("ix_book_isbn", ("isbn",))), "sqlite")
    assert prove(made).holds
    short = replace(made, operations=made.operations[:1])
    assert any("ix_book_isbn" in text for text in prove(short).failed)


def test_a_plan_that_loses_rows_fails() -> None:
    made = plan(book(), book(Column("isbn", varchar(13))), "sqlite")
    detour = plan(book(), schema(), "sqlite").operations
    lossy = replace(made, operations=(*detour, *(reverse_of(operation) for operation in reversed(detour)), *made.operations))
    assert any(text.startswith("rows kept") for text in prove(lossy).failed)


def test_a_plan_that_cannot_run_fails_with_its_step() -> None:
    made = plan(book(), book(), "sqlite")
    twice = AddColumn((None, "book"), Column("title", varchar(9)))
    (text,) = prove(replace(made, operations=(twice,))).failed
    assert text.startswith("the upgrade: ")


def test_a_guard_is_seen_to_stop_in_time() -> None:
    proof = prove(plan(book(), book(Column("isbn", varchar(13), nullable=False)), "sqlite"))
    assert proof.holds
    assert "rows in the way stop the upgrade before it changes anything" in proof.proved


def test_rows_that_break_a_rule_stop_the_upgrade_in_time() -> None:
    proof = prove(plan(book(), book(Check("pages > 1000", "ck_pages")), "sqlite"))
    assert proof.holds
    assert "rows in the way stop the upgrade before it changes anything" in proof.proved


def test_what_sqlite_lacks_is_not_proved_and_said() -> None:
    mood = ColumnType("ENUM", enum=EnumType("mood", ("fine", "foul")))
    after = schema(
        table(
            "person",
            Column("mood", mood, False, server_default=Default("constant", "'fine'", "fine")),
            Column("tags", ColumnType("ARRAY", item=ColumnType("TEXT"))),
            Column("facts", ColumnType("JSONB"), server_default=Default("sql", "'{}'::jsonb")),
            Column("token", ColumnType("UUID"), server_default=Default("sql", "gen_random_uuid()")),
            Index("ix_facts", ("facts",), method="gin"),
            Check("mood ~ '^f'", "ck_mood"),
        )
    )
    proof = prove(plan(schema(), after, "postgresql"))
    assert proof.failed == ()
    assert proof.proved
    for what in ("type mood", "TEXT[]", "JSONB", "gen_random_uuid()", "ix_facts", "check mood ~"):
        assert any(what in text for text in proof.not_proved), what
    assert "Not proved:" in proof.line


def test_rows_that_break_a_new_rule_leave_the_shapes_proved() -> None:
    kind = Column("kind", varchar(9), False, default=Default("constant", None, "paper"))
    proof = prove(plan(book(), book(kind, Check("kind <> 'paper'", "ck_kind")), "sqlite"))
    assert proof.holds
    assert any(text.startswith("with rows: the rows do not fit") for text in proof.not_proved)


def test_the_only_database_is_one_in_memory() -> None:
    """No step of a proof can reach a database that was not made here: there is one URL, and it names no place."""
    folder = Path(lsp_server.database.migration.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    opened = re.findall(r"(?:create_engine|engine_from_config|make_url|sqlite3\.connect)\(([^)]*)\)", code)
    assert sorted(opened) == ['":memory:"', '"sqlite://", poolclass=sa.pool.StaticPool']
    assert "environ" not in code

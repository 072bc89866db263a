"""Every change of the table proved on PostgreSQL and MariaDB themselves, and changes that only they have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import Proof, prove
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    EnumType,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Unique,
)
from tests.database.migration.changes import ALL, BIGINT, INTEGER, TEXT, Change, schema, table, varchar
from tests.shadow.servers import find, server_url

# MariaDB has no indexes on expressions, and numbers unnamed checks in its own way.
BEYOND_MARIADB = ("index on an expression", "column beside an expression's index retyped", "unnamed check dropped")


def proof_of(before: Database, after: Database, dialect: str, folder: Path, answers: Answers | None = None) -> Proof:
    return prove(plan(before, after, dialect, answers), find=find(server_url(dialect), folder))


def assert_proved(proof: Proof) -> None:
    assert proof.failed == ()
    assert proof.where != "SQLite in memory", proof.not_proved
    assert {"the upgrade gives the schema of the models", "the downgrade gives the schema before"} <= set(proof.proved)
    assert "a second upgrade works" in proof.proved


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
@pytest.mark.parametrize("change", ALL, ids=str)
def test_every_change_is_proved_on_its_own_server(change: Change, dialect: str, tmp_path: Path) -> None:
    if dialect == "mysql" and str(change) in BEYOND_MARIADB:
        pytest.skip("MariaDB has none")
    assert_proved(proof_of(change.before, change.after, dialect, tmp_path))


def mood(*values: str) -> ColumnType:
    return ColumnType("ENUM", enum=EnumType("mood", values))


def person(*parts: object) -> Database:
    return schema(table("person", *parts))


def keyed(identity: Identity | None, kind: ColumnType = INTEGER) -> Database:
    (person_table,) = person().tables
    (key,) = person_table.columns
    return schema(replace(person_table, columns=(replace(key, type=kind, identity=identity),)))


ON_POSTGRESQL = {
    "a value more in its place": (person(Column("mood", mood("a", "c"))), person(Column("mood", mood("a", "b", "c"))), None),
    "a value renamed": (
        person(Column("mood", mood("a", "b"), False)), person(Column("mood", mood("a", "z"), False)), Answers(enum_renames={"mood.b": "z"}),
    ),
    "a value less": (
        person(Column("mood", mood("a", "b"), False)), person(Column("mood", mood("a"), False)), Answers(enum_fallbacks={"mood.b": "a"}),
    ),
    "serial to identity": (keyed(None), keyed(Identity(always=True)), None),
    "identity to serial": (keyed(Identity()), keyed(None), None),
    "identity of another kind": (keyed(Identity()), keyed(Identity(always=True, start=100, increment=10)), None),
    "a longer serial": (keyed(None), keyed(None, BIGINT), None),
    "an index built otherwise": (
        person(Column("name", varchar(9)), Index("ix", ("name",))),
        person(Column("name", varchar(9)), Index("ix", ("name",), method="hash", storage=(("fillfactor", "70"),))), None,
    ),
    "an index of an extension": (
        person(Column("name", TEXT)),
        person(Column("name", TEXT), Index("ix", ("name",), method="gin", operators=(("name", "gin_trgm_ops"),))), None,
    ),
    "a key and a check called otherwise": (
        person(Column("age", INTEGER), PrimaryKey(("id",), "one"), Check("age > 0", "ck")),
        person(Column("age", INTEGER), PrimaryKey(("id",), "pk_person"), Check("age > 0", "ck_age")), None,
    ),
    "a computed column made plain": (
        person(Column("age", INTEGER), Column("twice", INTEGER, computed="age * 2", persisted=True)),
        person(Column("age", INTEGER), Column("twice", INTEGER)), None,
    ),
    "a value to a list": (person(Column("tag", TEXT)), person(Column("tag", ColumnType("ARRAY", item=TEXT))), None),
    "a unique key that waits": (
        person(Column("age", INTEGER), Unique(("age",), "uq")), person(Column("age", INTEGER), Unique(("age",), "uq", deferrable=True)), None,
    ),
    "a table in another schema": (
        person(), schema(replace(table("person"), schema="archive")), Answers((Rename((None, "person"), None, "person", True, "", "archive"),)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_what_only_postgresql_has(name: str, tmp_path: Path) -> None:
    before, after, answers = ON_POSTGRESQL[name]
    assert_proved(proof_of(before, after, "postgresql", tmp_path, answers))


def owned(*parts: object) -> Database:
    return schema(table("owner"), table("pet", Column("owner_id", INTEGER), *parts))


ON_MYSQL = {
    "a foreign key takes its index along": (owned(ForeignKey(("owner_id",), "owner", ("id",))), owned(), None),
    "a foreign key brings its index": (owned(), owned(ForeignKey(("owner_id",), "owner", ("id",), name="fk_owner")), None),
    "a key more keeps counting apart": (
        person(Column("part", INTEGER, False)),
        person(Column("part", INTEGER, False), Column("id", INTEGER, False, True), PrimaryKey(("id", "part"))), None,
    ),
    "a value renamed": (
        person(Column("mood", mood("a", "b"), False)), person(Column("mood", mood("a", "z"), False)), Answers(enum_renames={"mood.b": "z"}),
    ),
    "a stored column": (person(Column("age", INTEGER)), person(
        Column("age", INTEGER), Column("twice", INTEGER, computed="age * 2", persisted=True)), None),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_MYSQL)
def test_what_mysql_does_in_its_own_way(name: str, tmp_path: Path) -> None:
    before, after, answers = ON_MYSQL[name]
    assert_proved(proof_of(before, after, "mysql", tmp_path, answers))


def test_values_follow_a_column_that_is_split_and_a_table_that_is_taken_out(tmp_path: Path) -> None:
    """Derived values up, and back again on the way down."""
    before = person(Column("name", varchar(80), False), Column("phone", varchar(20)))
    phones = table("phone", Column("number", varchar(20)), Column("person_id", INTEGER), ForeignKey(("person_id",), "person", ("id",)))
    after = schema(*person(Column("short", varchar(80), False)).tables, phones)
    answers = Answers(
        renames=(), derived={"person.short": "substr(name, 1, 3)", "person.name": "short"},
        rows={"phone": "SELECT id, phone AS number, id AS person_id FROM person"},
    )  # fmt: skip
    assert_proved(proof_of(before, after, "postgresql", tmp_path, answers))


def test_in_a_batch_mysql_loses_a_key_before_its_index() -> None:
    """The project writes batches; the index that the key needs goes after the key."""
    planned = plan(owned(ForeignKey(("owner_id",), "owner", ("id",), name="fk_owner")), owned(), "mysql")
    steps = to_steps(planned.operations, planned.before, "mysql", batch=True)
    assert [type(step).__name__ for step in steps] == ["Batch", "Direct"]

"""Raw SQL to operations."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lsp_server.database.ddl import operations_of, statements_of
from lsp_server.database.operations import AlterColumn, ChangeRows, CreateIndex, CreateTable, Opaque
from lsp_server.text import Location, Span

HERE = Location("x.py", Span(0, 0))


def words(text: str) -> list[str]:
    return [type(operation).__name__ for operation in operations_of(text, HERE)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPDATE a SET b = 'x; y'; DELETE FROM c", ["ChangeRows", "ChangeRows"]),
        ("SET lock_timeout = '5s'; COMMIT", []),
        ("-- about\nDROP TABLE IF EXISTS a, b CASCADE;", ["DropTable", "DropTable"]),
        ("ALTER TABLE a ADD COLUMN b int, DROP COLUMN c, ALTER COLUMN d SET NOT NULL", ["AddColumn", "DropColumn", "AlterColumn"]),
        ("ALTER TABLE a ADD b int", ["AddColumn"]),
        ("ALTER TABLE a ALTER COLUMN b SET DATA TYPE bigint", ["AlterColumn"]),
        ("ALTER TABLE a RENAME b TO c", ["AlterColumn"]),
        ("ALTER TABLE a RENAME TO b", ["RenameTable"]),
        ("ALTER TABLE a RENAME CONSTRAINT b TO c", ["RenameConstraint"]),
        ("ALTER TABLE a ADD CHECK (b > 0)", ["AddConstraint"]),
        ("ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES s.c (d) ON DELETE SET NULL NOT VALID", ["AddConstraint"]),
        ("ALTER TABLE a VALIDATE CONSTRAINT f, OWNER TO me", ["ValidateConstraint", "ChangeProperty"]),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)", ["CreateIndex"]),
        ("ALTER INDEX a RENAME TO b", ["RenameIndex"]),
        ("CREATE TYPE m AS ENUM ('a', 'b'); DROP TYPE n", ["CreateEnum", "DropEnum"]),
        ("ALTER TYPE m ADD VALUE IF NOT EXISTS 'c' AFTER 'a'", ["AddEnumValue"]),
        ("CREATE EXTENSION IF NOT EXISTS citext", ["CreateObject"]),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ BEGIN; DROP TABLE x; END $$ LANGUAGE plpgsql", ["CreateObject"]),
        ("CREATE TABLE b AS SELECT * FROM a", ["Opaque"]),
        ("DO $$ BEGIN CREATE TYPE m AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END $$", ["CreateEnum"]),
        ("DO $$ BEGIN IF x THEN ALTER TABLE a ADD COLUMN b int; ELSE ALTER TABLE c DROP COLUMN d; END IF; END $$", ["Opaque", "Opaque"]),
        ("ALTER TABLE a nonsense beyond understanding", ["Opaque"]),
    ],
)
def test_statements_become_operations(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_semicolon_in_quotes_ends_no_statement() -> None:
    assert statements_of("a ';' ; b $$ ; $$; \"c;\"") == ["a ';'", "b $$ ; $$", '"c;"']


def test_an_index_keeps_its_directions() -> None:
    (made,) = operations_of("CREATE INDEX i ON t (a, b DESC, lower(c) ASC, d gin_trgm_ops DESC NULLS LAST)", HERE)
    assert isinstance(made, CreateIndex)
    assert made.index.columns == ("a", "b DESC", "lower(c)", "d DESC NULLS LAST")
    assert made.index.operators == (("d", "gin_trgm_ops"),)


def test_a_table_with_everything() -> None:
    (made,) = operations_of(
        "CREATE TABLE s.t (id bigserial PRIMARY KEY, a varchar(30)[] NOT NULL, at timestamptz DEFAULT now(), n numeric(10, 2), "
        "u int REFERENCES users (id) ON DELETE CASCADE, CONSTRAINT q UNIQUE (a, at), CHECK (n > 0))", HERE)  # fmt: skip
    assert isinstance(made, CreateTable)
    table = made.table
    assert [(column.name, column.type.sql, column.nullable) for column in table.columns] == [
        ("id", "BIGINT", False), ("a", "VARCHAR(30)[]", False), ("at", "TIMESTAMP WITH TIME ZONE", True),
        ("n", "NUMERIC(10, 2)", True), ("u", "INTEGER", True)]  # fmt: skip
    assert (table.schema, table.primary_key and table.primary_key.columns) == ("s", ("id",))
    assert [(key.columns, key.target_table, key.ondelete) for key in table.foreign_keys] == [(("u",), "users", "CASCADE")]
    assert [(unique.name, unique.columns) for unique in table.uniques] == [("q", ("a", "at"))] and len(table.checks) == 1


def test_an_index_with_everything() -> None:
    (made,) = operations_of('CREATE UNIQUE INDEX i ON "T" USING gin (lower(a) gin_trgm_ops, b) WHERE b IS NOT NULL', HERE)
    assert isinstance(made, CreateIndex)
    assert (made.table, made.index.unique, made.index.method, made.index.expressions) == ((None, "T"), True, "gin", (True, False))


def test_using_is_kept() -> None:
    (change,) = operations_of("ALTER TABLE a ALTER COLUMN b TYPE uuid USING b::uuid", HERE)
    assert isinstance(change, AlterColumn) and change.using is not None


def test_an_opaque_change_is_limited_to_the_table_it_names() -> None:
    (found,) = operations_of("ALTER TABLE only_this nonsense beyond understanding", HERE)
    assert isinstance(found, Opaque) and found.table == (None, "only_this")


@pytest.mark.parametrize("text", ["", ";;;", "'", "$$", "ALTER", "CREATE TABLE (", "DROP TABLE", "DO", "ALTER TYPE x", "COMMENT ON", "(" * 2000])
def test_hostile_text_is_no_exception(text: str) -> None:
    operations_of(text, HERE)


def test_the_sql_parser_is_loaded_only_for_statements_about_tables() -> None:
    code = (
        "import sys; from lsp_server.database.ddl import operations_of as o; from lsp_server.text import Location, Span\n"
        "h = Location('x', Span(0, 0)); o('UPDATE a SET b = 1', h); o(\"ALTER TYPE m ADD VALUE 'c'\", h)\n"
        "sys.exit('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_only() -> None:
    assert operations_of("WITH x AS (SELECT 1) UPDATE a SET b = 1", HERE) == [ChangeRows("WITH x AS (SELECT 1) UPDATE a SET b = 1")]


def test_postgresql_cuts_off_long_names() -> None:
    long, wide = "a" * 70, "ü" * 40
    statement = f"ALTER TABLE t ADD CONSTRAINT {long} UNIQUE (a), ADD CONSTRAINT \"{wide}\" CHECK (b <> '{'x' * 70}')"
    unique, check = operations_of(statement, HERE, "postgresql")
    assert unique.constraint.name == "a" * 63  # type: ignore[union-attr]
    assert (check.constraint.name, "x" * 70 in check.constraint.expression) == ("ü" * 31, True)  # type: ignore[union-attr]
    unique, _ = operations_of(statement, HERE, "mysql")
    assert unique.constraint.name == long  # type: ignore[union-attr]

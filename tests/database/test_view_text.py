"""`CREATE VIEW` as text: its parts, when two of them say the same, what they read, and how they follow a rename."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lsp_server.database.model import View
from lsp_server.database.view_text import (
    in_order,
    read_view,
    reads_table,
    renamed_query,
    same_columns,
    same_query,
    shows_column,
)


def test_a_statement_is_taken_apart() -> None:
    found = read_view('CREATE OR REPLACE VIEW "Shop".totals (a, "B") WITH (security_barrier) AS\nSELECT 1 AS x, \' AS \' FROM t;')
    assert found is not None and found.replaces and not found.lenient
    view = found.view
    assert (view.schema, view.name, view.columns, view.options) == ("Shop", "totals", ("a", "B"), "WITH (security_barrier)")
    assert view.query == "SELECT 1 AS x, ' AS ' FROM t"
    assert view.written == '"Shop".totals'


@pytest.mark.parametrize(
    ("statement", "materialized", "modifiers"),
    [
        ("create materialized view if not exists m as select 1 with no data", True, ""),
        ("CREATE RECURSIVE VIEW r (n) AS SELECT 1", False, "RECURSIVE"),
        ("CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW `v` AS SELECT 1", False, "ALGORITHM=MERGE SQL SECURITY INVOKER"),
    ],
)
def test_kinds_of_views(statement: str, materialized: bool, modifiers: str) -> None:
    found = read_view(statement)
    assert found is not None and (found.view.materialized, found.view.modifiers) == (materialized, modifiers)


@pytest.mark.parametrize("statement", ["CREATE TABLE t AS SELECT 1", "CREATE VIEW", "CREATE TEMP VIEW v AS SELECT 1", "DROP VIEW v", ""])
def test_what_makes_no_view(statement: str) -> None:
    assert read_view(statement) is None


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("SELECT a FROM t", "select  A\nfrom T", True),
        ("SELECT a FROM t -- the letters", "SELECT a FROM t", True),
        ("SELECT t.a FROM t WHERE t.a > 1", "SELECT a FROM t WHERE a > 1", True),
        ("SELECT t.a FROM t", "SELECT x.a AS a FROM t AS x", True),
        ("SELECT a FROM t WHERE b = 'X'", "SELECT a FROM t WHERE b = 'x'", False),
        ("SELECT a FROM t WHERE a AND (b OR c)", "SELECT a FROM t WHERE (a AND b) OR c", False),
        ("SELECT t.a FROM t, u", "SELECT u.a FROM t, u", False),
        ("SELECT a FROM t WITH CHECK OPTION", "SELECT t.a FROM t", False),
        ("SELECT a FROM (SELECT u.a FROM u) AS t", "SELECT a FROM (SELECT a FROM u) AS t", False),  # not looked into, so no answer is "same"
        ("not a query at all (", "nor this (", False),
    ],
)
def test_the_same_query(one: str, two: str, same: bool) -> None:
    assert same_query(one, two, "postgresql") is same


def test_the_same_columns() -> None:
    assert same_columns("SELECT a, b + 1 AS c FROM t", "SELECT a, b + 1 AS c FROM t WHERE a > 0", "postgresql")
    assert not same_columns("SELECT a FROM t", "SELECT a, b FROM t", "postgresql")
    assert not same_columns("SELECT a FROM t", "SELECT a FROM u", "postgresql")
    assert not same_columns("SELECT * FROM t", "SELECT * FROM t WHERE a > 0", "postgresql")


def test_what_a_view_reads() -> None:
    view = View("v", "WITH own AS (SELECT id FROM shop.item) SELECT own.id, count(*) FROM own JOIN public.person AS p ON p.id = own.id GROUP BY 1")
    assert reads_table(view, ("shop", "item"), "postgresql") and reads_table(view, (None, "person"), "postgresql")
    assert not reads_table(view, (None, "own"), "postgresql") and not reads_table(view, (None, "item"), "postgresql")
    assert shows_column(view, (None, "person"), "id", "postgresql") and not shows_column(view, (None, "person"), "name", "postgresql")
    assert shows_column(View("w", "SELECT p.* FROM person p"), (None, "person"), "name", "postgresql")
    assert reads_table(View("x", "SELECT ((( FROM person"), (None, "person"), "postgresql")  # not understood: it may


def test_views_in_the_order_in_which_they_can_be_made() -> None:
    views = (View("c", "SELECT * FROM b"), View("a", "SELECT 1 AS x"), View("b", "SELECT * FROM a"))
    assert [view.name for view in in_order(views, "postgresql")] == ["a", "b", "c"]
    assert len(in_order((View("a", "SELECT * FROM b"), View("b", "SELECT * FROM a")), "postgresql")) == 2


@pytest.mark.parametrize(
    ("query", "columns", "after"),
    [
        ("SELECT id FROM person", None, "SELECT id FROM people"),
        ("SELECT person.id FROM person", None, "SELECT people.id FROM people"),
        ("SELECT p.id FROM person AS p", None, "SELECT p.id FROM people AS p"),
        ("SELECT id, name FROM person WHERE name > 'b'", ("name", "label"), "SELECT id, label AS name FROM person WHERE label > 'b'"),
        ("SELECT p.name FROM person AS p JOIN pet AS q ON q.name = p.name", ("name", "label"),
         "SELECT p.label AS name FROM person AS p JOIN pet AS q ON q.name = p.label"),
        ("SELECT name FROM person JOIN pet ON pet.owner = person.id", ("name", "label"), None),
        ("SELECT * FROM person", ("name", "label"), None),
        ("SELECT count(*) FROM person WHERE name > 'b'", ("name", "Label"), "SELECT count(*) FROM person WHERE \"Label\" > 'b'"),
    ],
)  # fmt: skip
def test_a_rename_below_a_view(query: str, columns: tuple[str, str] | None, after: str | None) -> None:
    target = (None, "person") if columns else (None, "people")
    assert renamed_query(query, "postgresql", (None, "person"), target, columns) == after


def test_texts_with_the_same_words_need_no_parser() -> None:
    code = (
        "import sys\nfrom lsp_server.database.view_text import read_view, same_query\n"
        "read_view('CREATE VIEW v AS SELECT 1'); same_query('SELECT A', 'select a', None)\nprint('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_views_of_sql_server_are_read() -> None:
    view = View("v", "SELECT TOP 3 p.[id] FROM [shop].[person] AS p")
    assert reads_table(view, ("shop", "person"), "mssql") and not reads_table(view, ("shop", "item"), "mssql")
    assert shows_column(view, ("shop", "person"), "id", "mssql") and not shows_column(view, ("shop", "person"), "name", "mssql")

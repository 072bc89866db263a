"""Made-up rows: every table filled, whatever its rules, and rows among them that a change may stumble over."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.model import Check, Column, Database, ForeignKey, Identity, Unique
from tests.database.migration.changes import INTEGER, TEXT, choice, schema, table, varchar

Found = dict[str, list[dict[str, Any]]]


def filled(database: Database, *, tidy: bool = False) -> tuple[Found, tuple[str, ...]]:
    """The rows by table, from a database that holds to its foreign keys, and the tables without."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.connect() as connection:
        connection.execute(sa.text("PRAGMA foreign_keys = ON"))
        to_metadata(database, "sqlite").create_all(connection, checkfirst=False)
        refused = insert_rows(connection, database, tidy=tidy)
        rows = {each.name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {each.name}")).mappings()] for each in database.tables}
        assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []
        return rows, refused


def reference(name: str, target: str, nullable: bool = True) -> tuple[Column, ForeignKey]:
    return Column(name, INTEGER, nullable), ForeignKey((name,), target, ("id",))


def test_rough_rows_have_nulls_and_duplicates_and_every_value_of_an_enumeration() -> None:
    rows, _ = filled(schema(table("book", Column("title", TEXT), Column("code", varchar(9), False), Column("kind", choice("a", "b", "c", "d")), Unique(("code",)))))
    titles = [row["title"] for row in rows["book"]]
    assert None in titles and len([title for title in titles if title is not None]) > len({*titles} - {None})
    assert {row["kind"] for row in rows["book"]} >= {"a", "c", "d"}
    assert len({row["code"] for row in rows["book"]}) == len(rows["book"])


def test_tidy_rows_have_every_value_and_none_twice() -> None:
    rows, _ = filled(schema(table("book", Column("title", TEXT), Column("pages", INTEGER))), tidy=True)
    assert len(rows["book"]) == len({row["title"] for row in rows["book"]}) >= 2
    assert all(value is not None for row in rows["book"] for value in row.values())


def test_tables_that_refer_to_each_other_get_rows_and_keys() -> None:
    rows, refused = filled(schema(table("team", *reference("captain_id", "person")), table("person", *reference("team_id", "team", nullable=False))))
    assert refused == ()
    assert rows["team"][0]["captain_id"] == rows["person"][0]["id"]


def test_a_table_that_refers_to_itself_gets_rows() -> None:
    rows, refused = filled(schema(table("node", *reference("parent_id", "node", nullable=False))))
    assert refused == () and rows["node"][0]["parent_id"] == rows["node"][0]["id"]


def test_keys_that_only_the_database_gives_are_referred_to() -> None:
    own = Column("id", INTEGER, nullable=False, primary_key=True, identity=Identity(always=True))
    author = table("author", Column("name", TEXT))
    author = type(author)(author.name, columns=(own, *author.columns[1:]), primary_key=author.primary_key)
    rows, refused = filled(schema(author, table("book", *reference("author_id", "author", nullable=False))))
    assert refused == () and rows["book"][0]["author_id"] == rows["author"][0]["id"]


def test_what_a_check_lists_is_kept_to() -> None:
    rows, refused = filled(
        schema(
            table(
                "job",
                Column("state", varchar(9), False), Column("share", INTEGER, False), Column("a", TEXT), Column("b", TEXT),
                Check("state IN ('new', 'done')"), Check("share <= 1"), Check("(a IS NULL) <> (b IS NULL)"),
            )
        )
    )  # fmt: skip
    assert refused == () and {row["state"] for row in rows["job"]} <= {"new", "done"}


def test_a_table_that_takes_no_row_is_told() -> None:
    assert filled(schema(table("never", Column("n", INTEGER), Check("n IS NULL AND n = 1 AND 1 = 0"))))[1] == ("never",)

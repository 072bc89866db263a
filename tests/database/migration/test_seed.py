"""The user's own rows: read as values, put into a shadow, and a clear word where they cannot be used."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lsp_server.config import Config
from lsp_server.database.migration.catalogue import read_rows
from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.seed import BadSeed, Seed, load, read_seed
from lsp_server.database.model import Column, Unique
from lsp_server.snapshot import Snapshot
from tests.database.migration.changes import book, varchar

SQL = """
-- written by hand
BEGIN;
SET client_encoding = 'UTF8';
INSERT INTO author (id, name) VALUES (7, 'Ada; Countess'), (8, 'Bob');
INSERT INTO "book" ("id", title, pages) VALUES (1, 'it''s', NULL);
COMMIT;
"""
JSON = '{"author": [{"id": 7, "name": "Ada; Countess"}, {"id": 8, "name": "Bob"}], "book": [{"id": 1, "title": "it\'s", "pages": null}]}'
YAML = """
author:
- {id: 7, name: "Ada; Countess"}
- {id: 8, name: Bob}
book:
- id: 1
  title: it's
  pages: null
"""


def seed(path: str, text: str) -> Seed:
    return read_seed(path, text, path, "sqlite")


def loaded(given: Seed) -> dict[str, list[dict[str, object]]]:
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.connect() as connection:
        to_metadata(book(), "sqlite").create_all(connection)
        load(connection, given, book())
        return read_rows(connection)


@pytest.mark.parametrize(("path", "text"), [("rows.sql", SQL), ("rows.json", JSON), ("rows.yaml", YAML)])
def test_rows_of_every_kind_of_file_are_put_in(path: str, text: str) -> None:
    rows = loaded(seed(path, text))
    assert [(row["id"], row["name"]) for row in rows["author"]] == [(7, "Ada; Countess"), (8, "Bob")]
    assert [(row["title"], row["pages"]) for row in rows["book"]] == [("it's", None)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("INSERT INTO author (id) VALUES (1);\nDROP TABLE author;", "rows.sql, line 2: only INSERT … VALUES is read, not DROP"),
        ("INSERT INTO author SELECT * FROM book;", "rows.sql, line 1: only INSERT … VALUES is read, not INSERT"),
        ("INSERT INTO author (id, name) VALUES (1, pg_read_file('/etc/passwd'))", "rows.sql, line 1: PG_READ_FILE('/etc/passwd') is no value"),
        ("COPY author FROM PROGRAM 'id';", "rows.sql, line 1"),
        ("INSERT INTO author (id) VALUES ('", "rows.sql"),
        ("INSERT INTO author (id) VALUES (-1), (-'x')", "rows.sql, line 1: -'x' is no value"),
    ],
)
def test_what_is_no_row_is_refused_with_its_place(text: str, why: str) -> None:
    with pytest.raises(BadSeed, match="^" + why.replace("(", r"\(").replace(")", r"\)").replace("…", ".")):
        seed("rows.sql", text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"reader": [{"id": 1}]}', "rows.json, reader, row 1: there is no table reader"),
        ('{"author": [{"id": 1, "name": "A"}, {"nick": 1}]}', "rows.json, author, row 2: author has no column nick"),
        ('{"author": [{"id": 1, "name": "A"}, {"id": 1, "name": "B"}]}', "rows.json, author, row 2: UNIQUE constraint failed"),
    ],
)
def test_what_the_schema_does_not_take_is_said_with_its_place(text: str, why: str) -> None:
    with pytest.raises(BadSeed, match=why):
        loaded(seed("rows.json", text))


def test_a_proof_is_made_with_the_rows() -> None:
    proof = prove(plan(book(), book(Column("isbn", varchar(13))), "sqlite"), seed=seed("rows.sql", SQL))
    assert proof.holds and "with the rows of rows.sql" in proof.proved


def test_a_bad_seed_is_not_proved_and_the_rest_is() -> None:
    made = plan(book(), book(Column("isbn", varchar(13))), "sqlite")
    proof = prove(made, seed=seed("rows.json", '{"reader": [{"id": 1}]}'))
    assert proof.holds and "rows kept" in proof.proved
    assert "with the rows of rows.json, reader, row 1: there is no table reader" in proof.not_proved


def test_rows_of_the_user_in_the_way_are_named() -> None:
    twice = '{"author": [{"id": 1, "name": "A"}], "book": [{"id": 1, "title": "same"}, {"id": 2, "title": "same"}]}'
    proof = prove(plan(book(), book(Unique(("title",), "uq_title")), "sqlite"), seed=seed("rows.json", twice))
    assert proof.holds
    assert any(text.startswith("with the rows of rows.json, if they are the ones in the way") for text in proof.not_proved)


def test_the_configuration_names_the_file() -> None:
    snapshot = Snapshot.of({"rows.sql": SQL}, Config(seed="rows.sql"))
    found = snapshot.seed("sqlite")
    assert isinstance(found, Seed) and len(found.rows) == 3
    assert str(Snapshot.of({}, Config(seed="rows.sql")).seed("sqlite")) == "rows.sql: there is no such file in the workspace"
    assert Snapshot.of({}, Config()).seed("sqlite") is None

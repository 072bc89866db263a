"""Other options for a table on MariaDB, there and back, proved on the server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.render import render
from lsp_server.database.model import Column, ColumnType, Database, ForeignKey, Index
from lsp_server.database.table_options import read_options
from tests.database.migration.changes import TEXT, schema, table, varchar
from tests.database.migration.test_servers import assert_proved
from tests.shadow.servers import find, server_url

BINARY = ColumnType("VARCHAR", (20,), collation="utf8mb4_bin")


def books(*parts: object, **options: str) -> Database:
    (made,) = schema(table("book", Column("title", varchar(80), nullable=False), *parts)).tables
    return schema(replace(made, options=read_options(options)))  # type: ignore[arg-type]


def owned(charset: str) -> Database:
    """A table that refers to another by a text, both of one character set."""
    owner = table("owner", Column("code", varchar(20), nullable=False), Index("ix_code", ("code",), unique=True))
    pet = table("pet", Column("owner_code", varchar(20)), ForeignKey(("owner_code",), "owner", ("code",), name="fk_owner"))
    return schema(*(replace(each, options=read_options({"mysql_charset": charset})) for each in (owner, pet)))


def linked(engine: str) -> Database:
    """A table that refers to another: engines other than InnoDB read the key and forget it."""
    owner, pet = table("owner"), table("pet", Column("owner_id", ColumnType("INTEGER")), ForeignKey(("owner_id",), "owner", ("id",)))
    return schema(*(replace(each, options=read_options({"mysql_engine": engine})) for each in (owner, pet)))


CHANGES = {
    "a key that was forgotten": (linked("MyISAM"), linked("InnoDB")),
    "a key that will be forgotten": (linked("InnoDB"), linked("MyISAM")),
    "an engine that leaves something behind": (books(mysql_engine="Aria"), books(mysql_engine="InnoDB")),
    "another engine": (books(mysql_engine="MyISAM"), books(mysql_engine="InnoDB")),
    "an engine that nobody stated": (books(), books(mysql_engine="Aria")),
    "another character set": (books(mysql_charset="latin1"), books(mysql_charset="utf8mb4")),
    "texts keep their size": (books(Column("body", TEXT), mysql_charset="latin1"), books(Column("body", TEXT), mysql_charset="utf8mb4")),
    "a column keeps its own collation": (
        books(Column("code", BINARY), mysql_charset="latin1"), books(Column("code", BINARY), mysql_charset="utf8mb4"),
    ),
    "another collation": (books(mysql_charset="utf8mb4"), books(mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")),
    "another row format": (books(mysql_row_format="COMPACT"), books(mysql_row_format="DYNAMIC")),
    "both at once": (
        books(mysql_engine="MyISAM", mysql_charset="latin1"),
        books(Column("pages", ColumnType("INTEGER")), mysql_engine="InnoDB", mysql_charset="utf8mb4"),
    ),
    "both ends of a key": (owned("latin1"), owned("utf8mb4")),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_proved(name: str, tmp_path: Path) -> None:
    before, after = CHANGES[name]
    planned = plan(before, after, "mysql")
    assert planned.operations
    assert_proved(prove(planned, find=find(server_url("mysql"), tmp_path)))


def test_a_smaller_character_set_may_fail_on_rows() -> None:
    (hazard,) = [
        each for each in plan(books(mysql_charset="utf8mb4"), books(mysql_charset="latin1"), "mysql").hazards if each.code == "may_fail_on_data"
    ]
    assert "smaller character set" in hazard.text


def test_partitions_are_an_obstacle() -> None:
    planned = plan(books(), books(mysql_partition_by="HASH(id)"), "mysql")
    assert not planned.operations
    assert "mysql_partition_by of book" in planned.obstacles[0]


def test_a_new_table_gets_its_options() -> None:
    rendered = render(plan(schema(), books(mysql_engine="MyISAM", sqlite_autoincrement="x"), "mysql"), Conventions())
    assert 'mysql_engine="MyISAM"' in rendered.text
    assert "sqlite" not in rendered.text

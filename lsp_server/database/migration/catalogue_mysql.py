"""What a MariaDB or MySQL database of ours holds, from its own catalogue, every definition as the server spells it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lsp_server.database.migration.shape import VERSION_TABLE, Part, Shape, Shapes

if TYPE_CHECKING:
    import sqlalchemy as sa

MARKER = "specdrift_shadow_marker"  # the table by which we know a database of ours

_TABLES = """
    SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT, CREATE_OPTIONS FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE()"""
_ROW_FORMAT = re.compile(r"row_format=(\w+)", re.IGNORECASE)  # the other options stay behind when an engine goes that knew them
_VIEWS = "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()"


def read(connection: sa.Connection) -> Shapes:
    """All tables and views, but not the table that marks the database."""
    import sqlalchemy as sa

    def rows(query: str) -> list[Any]:
        return list(connection.execute(sa.text(query.replace(":", r"\:"))).all())

    place, usual = rows("SELECT DATABASE(), @@collation_database")[0]
    shapes: Shapes = {}
    for name, sort, engine, collation, comment, others in rows(_TABLES):
        if name in (MARKER, VERSION_TABLE) or sort == "VIEW":
            continue
        # A table that says nothing has its database's collation, which differs from server to server.
        options = {("engine", engine), ("collation", collation if collation != usual else None), ("comment", comment)}
        options |= {("row format", text) for text in _ROW_FORMAT.findall(others or "")}
        quote = connection.dialect.identifier_preparer.quote
        text = rows(f"SHOW CREATE TABLE {quote(name)}")[0][1]
        shapes[f"table {name}"] = Shape(**_parts(text, place), options=frozenset(options))
    for name, query in rows(_VIEWS):
        shapes[f"view {name}"] = Shape(options=frozenset({("query", query.replace(f"`{place}`.", ""))}))
    return shapes


_COLUMN = re.compile(r"`((?:[^`]|``)*)` (.*)", re.DOTALL)
_PART = re.compile(
    r"(?P<primary>PRIMARY KEY)|CONSTRAINT `(?P<constraint>(?:[^`]|``)*)` |(?P<sort>UNIQUE |FULLTEXT |SPATIAL )?KEY `(?P<index>(?:[^`]|``)*)` "
)


def _parts(text: str, place: str) -> dict[str, Any]:
    """The lines of `SHOW CREATE TABLE`, which hold one element each."""
    found: dict[str, set[Part]] = defaultdict(set)
    for line in text.split("\n")[1:-1]:
        line = line.strip().removesuffix(",").replace(f"`{place}`.", "")
        column = _COLUMN.match(line)
        if column is not None:
            found["columns"].add((column[1], column[2]))
            continue
        part = _PART.match(line)
        if part is None:
            found["checks"].add((None, line))
            continue
        rest = line[part.end() :]
        if part["primary"]:
            found["uniques"].add((None, "PRIMARY KEY", rest))
        elif part["constraint"] is not None:
            found["foreign_keys" if rest.startswith("FOREIGN KEY") else "checks"].add((part["constraint"], rest))
        else:
            found["indexes"].add((part["index"], part["sort"], rest))
    return {name: frozenset(items) for name, items in found.items()}

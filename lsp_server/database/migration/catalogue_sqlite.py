"""What a SQLite database of ours holds, from its own catalogue."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from lsp_server.database.migration.shape import VERSION_TABLE, Shape, Shapes

if TYPE_CHECKING:
    import sqlalchemy as sa


Definition = tuple[str, str, tuple[tuple[str, str], ...]]  # a table's name, its statement, its indexes with theirs
_MOST_KNOWN = 4096

# A table is what its statements say, in whatever database: most are looked at several times in one proof.
_known: dict[Definition, Shape] = {}


def read(connection: sa.Connection) -> Shapes:
    """All tables and views of the database, by name."""
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    tables: dict[str, str] = {}
    indexes: dict[str, list[tuple[str, str]]] = {}
    shapes: Shapes = {}
    for sort, name, table, sql in connection.execute(sa.text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")):
        if sort == "view":
            shapes[f"view {name}"] = Shape(options=frozenset({("query", _words(sql))}))
        elif sort == "index":
            indexes.setdefault(table, []).append((name, sql))
        elif sort == "table" and name not in (VERSION_TABLE, "sqlite_sequence"):
            tables[name] = sql
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the inspector names the indexes on expressions that it skips
        for name, sql in tables.items():
            definition = (name, sql, tuple(indexes.get(name, ())))
            shape = _known.get(definition)
            if shape is None:
                shape = _shape(connection, inspector, definition)
                if len(_known) >= _MOST_KNOWN:
                    _known.clear()
                _known[definition] = shape
            shapes[f"table {name}"] = shape
    return shapes


def _shape(connection: sa.Connection, inspector: sa.Inspector, definition: Definition) -> Shape:
    import sqlalchemy as sa

    table, sql, made = definition
    columns = connection.execute(sa.text(f"PRAGMA table_xinfo({_quoted(table)})")).all()
    keys = [
        (
            key["name"],
            tuple(sorted(zip(key["constrained_columns"], key["referred_columns"]))),
            key["referred_table"],
            tuple(sorted((name, value) for name, value in key["options"].items() if value is not None)),
        )
        for key in inspector.get_foreign_keys(table)
    ]
    collations = dict(re.findall(r'^\s*"?(\w+)"? [^,\n]*?COLLATE "?(\w+)"?', sql, re.MULTILINE))
    return Shape(
        frozenset(
            (row[1], row[2].upper(), bool(row[3] or row[5]), _bare(row[4]), row[5], row[6], collations.get(row[1]))
            for row in columns
        ),
        frozenset(keys),
        frozenset((unique["name"], frozenset(unique["column_names"])) for unique in inspector.get_unique_constraints(table)),
        frozenset((row[0], _words(row[1])) for row in made),
        frozenset((check["name"], _words(check["sqltext"])) for check in inspector.get_check_constraints(table)),
    )


def _bare(default: str | None) -> str | None:
    if default is None:
        return None
    text = default.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text


def _words(sql: str) -> str:
    return re.sub(r'[\s"()`]+', " ", sql).strip().lower()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

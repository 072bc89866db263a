"""What a database of ours holds, from its own catalogue: shapes to compare, rows to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.migration import catalogue_mysql, catalogue_postgresql, catalogue_sqlite
from lsp_server.database.migration.shape import VERSION_TABLE, Shapes

if TYPE_CHECKING:
    import sqlalchemy as sa

# Rows by the table's name, with its schema where it has one.
Rows = dict[str, list[dict[str, object]]]


def read_shapes(connection: sa.Connection) -> Shapes:
    """Everything in the database, by what it is and its name."""
    match connection.dialect.name:
        case "postgresql":
            return catalogue_postgresql.read(connection)
        case "mysql" | "mariadb":
            return catalogue_mysql.read(connection)
        case _:
            return catalogue_sqlite.read(connection)


def read_tables(connection: sa.Connection) -> list[tuple[str | None, str]]:
    """The tables with their schemas, None for the default one, without those that are not the project's."""
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    schemas: list[str | None] = [None]
    if connection.dialect.name == "postgresql":
        schemas += [name for name in inspector.get_schema_names() if name not in ("public", "information_schema")]
    aside = (VERSION_TABLE, catalogue_mysql.MARKER)
    return [(schema, name) for schema in schemas for name in inspector.get_table_names(schema) if name not in aside]


def read_rows(connection: sa.Connection) -> Rows:
    """All rows of all tables."""
    import sqlalchemy as sa

    quote = connection.dialect.identifier_preparer.quote
    rows: Rows = {}
    for schema, name in read_tables(connection):
        place = ".".join(quote(part) for part in (schema, name) if part is not None)
        found = connection.execute(sa.text(f"SELECT * FROM {place}".replace(":", r"\:"))).mappings()
        rows[".".join(part for part in (schema, name) if part is not None)] = [dict(row) for row in found]
    return rows


def lost_rows(
    before: Rows,
    after: Rows,
    aside: frozenset[tuple[str, str | None]],
) -> tuple[str, ...]:
    """Tables whose rows changed in columns that both sides have.

    `aside` names (table, column) that may change, and (table, None) for tables that may lose their rows.
    """
    problems = []
    for table, rows in before.items():
        if table not in after or not rows or (table, None) in aside:
            continue
        others = after[table]
        if len(rows) != len(others):
            problems.append(f"{table}: {len(rows)} rows became {len(others)}")
            continue
        common = [name for name in rows[0] if others and name in others[0] and (table, name) not in aside]
        if sorted(repr([row[name] for name in common]) for row in rows) != sorted(
            repr([row[name] for name in common]) for row in others
        ):
            problems.append(f"{table}: values changed")
    return tuple(problems)

"""Made-up rows: two for each table, one with every value, one with NULL wherever the schema lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.model import Column, Database, Table

if TYPE_CHECKING:
    import sqlalchemy as sa


def insert_rows(connection: sa.Connection, database: Database) -> tuple[str, ...]:
    """Fills the tables of a SQLite database of ours. Returns in words which tables took no row."""
    from sqlalchemy.exc import SQLAlchemyError

    refused = []
    for table in database.tables:
        for number in (1, 2):
            names = [column.name for column in table.columns if column.computed is None]
            values = {f"v{position}": _value(table, column, number) for position, column in enumerate(
                column for column in table.columns if column.computed is None
            )}
            if not names:
                continue
            statement = _insert(table.name, names)
            try:
                connection.execute(statement, values)
            except SQLAlchemyError:
                refused.append(f"rows of {table.name}: no made-up row satisfies its checks")
                break
    return tuple(refused)


def _insert(table: str, names: list[str]) -> sa.TextClause:
    import sqlalchemy as sa

    quoted = [_quoted(name) for name in (table, *names)]
    marks = ", ".join(f":v{position}" for position in range(len(names)))
    return sa.text(f"INSERT INTO {quoted[0]} ({', '.join(quoted[1:]).replace(':', chr(92) + ':')}) VALUES ({marks})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _value(table: Table, column: Column, number: int) -> object:
    """A value that differs by number, so that unique constraints hold, and that equals the keys it may refer to."""
    may_be_null = column.nullable is not False and column.name not in (primary_key_of(table) or ())
    if may_be_null and number == 2:
        return None
    enum = column.type.enum
    if enum is not None and isinstance(enum.values, tuple) and enum.values:
        return enum.values[(number - 1) % len(enum.values)]
    family = family_of(column.type)
    count = 100 + number  # large enough for most checks that want "more than"
    values: dict[str | None, object] = {
        "INTEGER": count,
        "BIGINT": count,
        "SMALLINT": count,
        "NUMERIC": count,
        "DOUBLE PRECISION": count + 0.5,
        "REAL": count + 0.5,
        "BOOLEAN": number % 2,
        "DATE": f"2024-01-0{number}",
        "TIMESTAMP WITHOUT TIME ZONE": f"2024-01-0{number} 12:00:00.000000",
        "TIMESTAMP WITH TIME ZONE": f"2024-01-0{number} 12:00:00.000000",
        "TIME WITHOUT TIME ZONE": f"12:00:0{number}.000000",
        "UUID": f"{number:032x}",
        "JSON": f"[{number}]",
        "JSONB": f"[{number}]",
        "BYTEA": bytes([number]),
    }
    return values.get(family, str(count))

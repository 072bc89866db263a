"""Made-up rows: two for each table, one with every value, one with NULL wherever the schema lets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.migration.plan import creation_order
from lsp_server.database.model import Column, Database, Table

if TYPE_CHECKING:
    import sqlalchemy as sa

BIND = r"\:"  # how `text()` takes a colon that is no parameter


def insert_rows(connection: sa.Connection, database: Database) -> tuple[str, ...]:
    """Fills the tables of a database of ours. Returns in words which tables took no row."""
    from sqlalchemy.exc import DBAPIError

    refused = []
    ordered, _ = creation_order(database.tables)
    for table in ordered:
        columns = [column for column in table.columns if column.computed is None and not _always_given(column)]
        if not columns:
            continue
        for number in (1, 2):
            values = {f"v{position}": _value(table, column, number) for position, column in enumerate(columns)}
            statement = _insert(connection, table, [column.name for column in columns])
            try:
                with connection.begin_nested():
                    connection.execute(statement, values)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                refused.append(f"rows of {table.full_name}: no made-up row satisfies its rules")
                break
    return tuple(refused)


def _always_given(column: Column) -> bool:
    """By the database, which takes no value from anybody else."""
    return column.identity is not None and column.identity.always


def _insert(connection: sa.Connection, table: Table, names: list[str]) -> sa.TextClause:
    import sqlalchemy as sa

    quote = connection.dialect.identifier_preparer.quote
    place = ".".join(quote(part) for part in (table.schema, table.name) if part is not None)
    marks = ", ".join(f":v{position}" for position in range(len(names)))
    quoted = ", ".join(map(quote, names))
    return sa.text(f"INSERT INTO {place.replace(':', BIND)} ({quoted.replace(':', BIND)}) VALUES ({marks})")


def _value(table: Table, column: Column, number: int) -> object:
    """A value that differs by number, so that unique constraints hold, and that equals the keys it may refer to."""
    may_be_null = column.nullable is not False and column.name not in (primary_key_of(table) or ())
    if may_be_null and number == 2:
        return None
    enum = column.type.enum
    if enum is not None and isinstance(enum.values, tuple) and enum.values:
        return enum.values[(number - 1) % len(enum.values)]
    family = family_of(column.type)
    if family == "ARRAY":
        return "{}"
    count = 100 + number  # large enough for most checks that want "more than"
    values: dict[str | None, object] = {
        "INTEGER": count,
        "BIGINT": count,
        "SMALLINT": count,
        "NUMERIC": count,
        "DOUBLE PRECISION": count + 0.5,
        "REAL": count + 0.5,
        "BOOLEAN": number % 2 == 1,
        "DATE": f"2024-01-0{number}",
        "TIMESTAMP WITHOUT TIME ZONE": f"2024-01-0{number} 12:00:00.000000",
        "TIMESTAMP WITH TIME ZONE": f"2024-01-0{number} 12:00:00.000000",
        "TIME WITHOUT TIME ZONE": f"12:00:0{number}.000000",
        "UUID": f"{number:032x}",
        "JSON": f"[{number}]",
        "JSONB": f"[{number}]",
        "BYTEA": bytes([number]),
        "INTERVAL": f"{number} days",
        "INET": f"10.0.0.{number}",
        "CIDR": f"10.0.{number}.0/24",
        "MACADDR": f"08:00:2b:01:02:0{number}",
        "TSVECTOR": f"'word':{number}",
        "INT4RANGE": f"[{count},{count + 1})",
        "INT8RANGE": f"[{count},{count + 1})",
        "NUMRANGE": f"[{count},{count + 1})",
        "DATERANGE": f"[2024-01-0{number},2024-01-0{number + 1})",
        "TSRANGE": f"[2024-01-0{number} 12:00,2024-01-0{number} 13:00)",
        "TSTZRANGE": f"[2024-01-0{number} 12:00,2024-01-0{number} 13:00)",
    }
    length = next((argument for argument in column.type.arguments if isinstance(argument, int)), None)
    text = str(number) if length is not None and length < 3 and family in ("VARCHAR", "CHAR") else str(count)
    return values.get(family, text)

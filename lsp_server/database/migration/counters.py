"""How a column counts itself up: a serial with its sequence, an identity, AUTO_INCREMENT; and PostgreSQL's SQL between them.

Identities themselves are changed by Alembic's own operation (`alembic_operations.py`).
"""

from __future__ import annotations

from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.migration.operations import AlterColumn, Counter
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Column, Database, Table
from lsp_server.database.sql_text import quoted
from lsp_server.unknown import Unknown

_WHOLE = ("INTEGER", "BIGINT", "SMALLINT")


def counter_of(table: Table, column: Column, dialect: str | None) -> Counter | None:
    """None where rows must bring their own value."""
    family = family_of(column.type)
    if family not in _WHOLE:
        return None
    if column.identity is not None and dialect == "postgresql":
        return Counter(family, column.identity)
    default = column.server_default
    if default is not None and not isinstance(default, Unknown) and default.sort in ("sql", "sequence") and "nextval" in (default.text or ""):
        return Counter(family)
    keys = primary_key_of(table) or ()
    refers = any(column.name in (key.columns or ()) for key in table.foreign_keys)
    alone = keys == (column.name,) and not refers and column.autoincrement in (None, "auto", True)
    if default is None and (alone or (column.autoincrement is True and column.name in keys)):
        return Counter(family)
    return None


def counts_on_mysql(operation: AlterColumn, state: Database, dialect: str | None) -> bool:
    """Whether MySQL must be told again that the column counts itself up. `state` is the schema before the change."""
    table = state.table(operation.table[1], operation.table[0])
    if table is None or dialect not in ("mysql", "mariadb"):
        return False
    return all(counter_of(table, column, dialect) is not None for column in (operation.before, operation.after))


def released(place: tuple[str | None, str], column: Column, before: Counter | None, after: Counter | None) -> list[str]:
    """PostgreSQL's statements that take a serial's sequence away, or give it another type."""
    if before is None or before.identity is not None:
        return []
    table, name = table_sql(place), name_sql(column.name)
    if after is not None and after.identity is None:
        return [_on_sequence(place, column, "ALTER", f" AS {after.family}")] if before.family != after.family else []
    return [f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT", _on_sequence(place, column, "DROP", "")]


def started(place: tuple[str | None, str], column: Column, before: Counter | None, after: Counter | None) -> list[str]:
    """PostgreSQL's statements that make a serial's sequence, and let any counter go on behind the largest value that is there."""
    if after is None or (before is not None and (before.identity is None) == (after.identity is None)):
        return []
    table, name = table_sql(place), name_sql(column.name)
    statements: list[str] = []
    start, step = 1, 1
    if after.identity is not None:
        start, step = after.identity.start or 1, after.identity.increment or 1
    else:
        own = ".".join(name_sql(part) for part in (place[0], f"{place[1]}_{column.name}_seq") if part)
        statements.append(f"CREATE SEQUENCE {own} AS {after.family} OWNED BY {table}.{name}")
        statements.append(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT nextval({quoted(own)})")
    return [*statements, going_on(place, column, start, step)]


def going_on(place: tuple[str | None, str], column: Column, start: int = 1, step: int = 1) -> str:
    """PostgreSQL's statement that lets a counter go on behind the largest value that is there."""
    following = f"SELECT coalesce(max({name_sql(column.name)}) + {step}, {start}) FROM {table_sql(place)}"
    return f"SELECT setval({_sequence(place, column)}, ({following}), false)"


def _sequence(place: tuple[str | None, str], column: Column) -> str:
    return f"pg_get_serial_sequence({quoted(table_sql(place))}, {quoted(column.name)})"


def _on_sequence(place: tuple[str | None, str], column: Column, verb: str, rest: str) -> str:
    """A statement on the sequence that serves a column, whatever it is called by now."""
    return f"DO $$ BEGIN EXECUTE '{verb} SEQUENCE ' || {_sequence(place, column)} || '{rest}'; END $$"

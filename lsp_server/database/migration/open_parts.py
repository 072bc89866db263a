"""What the text leaves open of two schemas that are to be made all the same: each takes it from the other.

Where models and history are held against each other, what one of them leaves open is no difference, so a database made from
either must not have one there. What neither tells is stood in for, and said.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.operations import Operation
from lsp_server.database.model import Column, ColumnType, Database, Table
from lsp_server.unknown import Unknown

_PARTS = ("type", "nullable", "server_default", "computed", "comment")
_ANY = ColumnType("TEXT")


def settled(before: Database, after: Database, operations: tuple[Operation, ...]) -> tuple[Database, Database, tuple[str, ...]]:
    """Both schemas with nothing open in their columns, and in words what was stood in for."""
    before = _told(before, after)
    after = _told(after, apply_operations(before, operations))
    open_types = dict.fromkeys(
        f"the type of {table.full_name}.{column.name}: the text does not tell it, TEXT stands for it"
        for database in (before, after) for table in database.tables for column in table.columns if _is_open(column.type)
    )  # fmt: skip
    return _with_any(before), _with_any(after), tuple(open_types)


def _is_open(part: object) -> bool:
    return isinstance(part, Unknown) or (isinstance(part, ColumnType) and isinstance(part.family, Unknown))


def _told(database: Database, by: Database) -> Database:
    return replace(database, tables=tuple(_told_table(table, by.table(table.name, table.schema)) for table in database.tables))


def _told_table(table: Table, by: Table | None) -> Table:
    if by is None or not any(_is_open(getattr(column, part)) for column in table.columns for part in _PARTS):
        return table
    return replace(table, columns=tuple(_told_column(column, by.column(column.name)) for column in table.columns))


def _told_column(column: Column, by: Column | None) -> Column:
    if by is None:
        return column
    known = {part: getattr(by, part) for part in _PARTS if _is_open(getattr(column, part)) and not _is_open(getattr(by, part))}
    return replace(column, **known) if known else column


def _with_any(database: Database) -> Database:
    def table(table: Table) -> Table:
        if not any(_is_open(column.type) for column in table.columns):
            return table
        return replace(table, columns=tuple(replace(column, type=_ANY) if _is_open(column.type) else column for column in table.columns))

    return replace(database, tables=tuple(map(table, database.tables)))

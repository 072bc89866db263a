"""Steps of which the text does not tell whether they happen: what they touch becomes unknown, never invented."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.fold.keys import settle_name
from lsp_server.database.fold.objects import perhaps_object
from lsp_server.database.fold.state import State, index_of, named_elements, with_column
from lsp_server.database.model import Column, ColumnType, Table
from lsp_server.database.naming import ConventionalName
from lsp_server.database.objects import OBJECT_OPERATIONS
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Keep,
    Opaque,
    Operation,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Step,
    table_key,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def perhaps(state: State, step: Step, condition: Unknown) -> None:
    operation = step.operation
    if isinstance(operation, CreateTable):
        if operation.table.key not in state.tables:
            state.tables[operation.table.key] = replace(operation.table, maybe=condition)
        return
    if isinstance(operation, Opaque):
        opaque(state, operation, step.location)
        return
    if isinstance(operation, OBJECT_OPERATIONS):
        perhaps_object(state, operation, condition)
        return
    if isinstance(operation, DropIndex) and operation.table is None:
        key = next((key for key, table in state.tables.items() if index_of(table, operation.name)), None)
    else:
        key = getattr(operation, "table", None)
    table = state.tables.get(key) if key is not None else None
    if table is None or key is None:
        return
    if isinstance(operation, DropTable | RenameTable):
        state.tables[key] = replace(table, maybe=condition)
        if isinstance(operation, RenameTable):
            new = table_key(operation.name, key[0] if isinstance(operation.schema, Keep) else operation.schema)
            state.tables.setdefault(new, replace(table, name=new[1], schema=new[0], maybe=condition))
    elif isinstance(operation, AddColumn):
        if table.column(operation.column.name) is None:
            state.tables[key] = replace(table, columns=(*table.columns, replace(operation.column, maybe=condition)))
    elif isinstance(operation, DropColumn):
        state.tables[key] = with_column(table, operation.column, lambda column: replace(column, maybe=condition))
    elif isinstance(operation, AlterColumn):
        column = table.column(operation.column)
        if not isinstance(operation.name, Keep) and column is not None and table.column(operation.name) is None:
            table = replace(table, columns=(*table.columns, replace(column, name=operation.name, maybe=condition)))
        state.tables[key] = with_column(table, operation.column, lambda column: _maybe_altered(column, operation, condition))
    elif isinstance(operation, CreateIndex):
        if index_of(table, operation.index.name) is None:
            state.tables[key] = replace(table, indexes=(*table.indexes, replace(operation.index, unknown=condition)))
    elif isinstance(operation, DropIndex):
        indexes = tuple(replace(each, unknown=condition) if each.name == operation.name else each for each in table.indexes)
        state.tables[key] = replace(table, indexes=indexes)
    elif isinstance(operation, AddConstraint | DropConstraint | RenameConstraint | RenameIndex) and not _settles_name(state, operation, table):
        state.tables[key] = replace(table, incomplete=condition)


def _settles_name(state: State, operation: Operation, table: Table) -> bool:
    """Whether a step only gives a part the name that it has already, where a convention was there before the part."""
    if isinstance(operation, AddConstraint):
        return operation.constraint.name is not None and settle_name(state, table.key, operation.constraint.name)
    if isinstance(operation, RenameConstraint | RenameIndex):
        return settle_name(state, table.key, operation.new_name)
    return isinstance(operation, DropConstraint) and operation.name is not None and any(
        isinstance(each.name, ConventionalName) and each.name.otherwise == operation.name for each in named_elements(table)
    )


def _maybe_altered(column: Column, operation: AlterColumn, condition: Unknown) -> Column:
    if not isinstance(operation.name, Keep):
        return replace(column, maybe=condition)
    if not isinstance(operation.type, Keep) and operation.type.sql != column.type.sql:
        column = replace(column, type=ColumnType(condition))
    if not isinstance(operation.nullable, Keep) and operation.nullable is not column.nullable:
        column = replace(column, nullable=condition)
    if not isinstance(operation.server_default, Keep):
        column = replace(column, server_default=condition)
    return column


def _alter_some(state: State, change: AlterColumn, operation: Opaque) -> None:
    for key, table in list(state.tables.items()):
        if operation.table in (None, key):
            state.tables[key] = replace(table, columns=tuple(_perhaps_altered(column, change, operation.reason) for column in table.columns))


def _perhaps_altered(column: Column, change: AlterColumn, condition: Unknown) -> Column:
    """Some column is altered, of whatever name: a type is taken to be changed within its family only."""
    if not isinstance(change.type, Keep) and change.type.family != column.type.family:
        change = replace(change, type=Keep.KEEP)
    return _maybe_altered(column, change, condition)


def opaque(state: State, operation: Opaque, location: Location) -> None:
    if operation.altered is not None:
        _alter_some(state, operation.altered, operation)
        return
    if operation.table is not None:
        table = state.tables.get(operation.table)
        if table is not None:
            state.tables[operation.table] = replace(table, incomplete=operation.reason)
        return
    if not operation.inside and state.blind is None:
        state.blind = operation.reason
    for key, table in list(state.tables.items()):
        if table.incomplete is None:
            state.tables[key] = replace(table, incomplete=operation.reason)

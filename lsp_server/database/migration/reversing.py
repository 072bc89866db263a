"""The way back of the operations of a migration: what undoes each, and all of them together.

An operation carries whole elements, so nothing is looked up here. Values that were lost do not come back by these; what may
be done about them is in `hazards.py` (what is lost) and `rollback.py` (what rows get).
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.migration.object_operations import (
    ChangeSequence,
    CreateSequence,
    CreateView,
    DropSequence,
    DropView,
    ObjectOperation,
    ReplaceView,
)
from lsp_server.database.migration.operations import (
    STAYS,
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateSchema,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropSchema,
    DropTable,
    FillTable,
    FixComputed,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameTable,
    Stays,
)
from lsp_server.database.migration.whole_table import ChangeTableOptions


def reversed_operations(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    return tuple(map(reverse_of, reversed(operations)))


def reverse_of(operation: Operation) -> Operation:
    """The operation that undoes this one; its own reverse is this one again."""
    if isinstance(operation, ObjectOperation):
        return _reverse_of_object(operation)
    match operation:
        case CreateTable():
            return DropTable(operation.table)
        case DropTable():
            return CreateTable(operation.table)
        case RenameTable():
            schema, _ = operation.target
            back = STAYS if isinstance(operation.moved_to, Stays) else operation.schema
            return RenameTable(schema, operation.after, operation.before, operation.evidence, back)
        case AddColumn():
            return DropColumn(operation.table, operation.column, operation.fill)
        case DropColumn():
            return AddColumn(operation.table, operation.column, operation.fill)
        case RenameColumn():
            renamed = replace(operation.before, name=operation.after)
            return RenameColumn(operation.table, renamed, operation.before.name, operation.evidence)
        case AlterColumn():
            turned = (operation.fill, operation.replaced, operation.zone, operation.back, operation.using)
            return AlterColumn(operation.table, operation.after, operation.before, operation.aspects, *turned)
        case AddConstraint():
            return DropConstraint(operation.table, operation.constraint, operation.name)
        case DropConstraint():
            return AddConstraint(operation.table, operation.constraint, operation.name)
        case RenameConstraint():
            named = replace(operation.constraint, name=operation.after)
            return RenameConstraint(operation.table, named, operation.constraint.name or "")
        case CreateIndex():
            return DropIndex(operation.table, operation.index, operation.name, operation.implicit)
        case DropIndex():
            return CreateIndex(operation.table, operation.index, operation.name, operation.implicit)
        case CreateEnum():
            return DropEnum(operation.enum)
        case DropEnum():
            return CreateEnum(operation.enum)
        case ChangeEnum():
            return ChangeEnum(operation.after, operation.before, operation.uses, operation.replaced)
        case CreateSchema():
            return DropSchema(operation.name, operation.shared)
        case DropSchema():
            return CreateSchema(operation.name, operation.shared)
        case ChangeTableComment():
            return replace(operation, before=operation.after, after=operation.before)
        case ChangeTableOptions():
            return replace(operation, before=operation.after, after=operation.before)
        case ChangeCounter():
            return replace(operation, before=operation.after, after=operation.before)
        case FixComputed() | FillTable():
            return replace(operation, undone=not operation.undone)


def _reverse_of_object(operation: ObjectOperation) -> ObjectOperation:
    match operation:
        case CreateView():
            return DropView(operation.view, operation.remade)
        case DropView():
            return CreateView(operation.view, operation.remade)
        case CreateSequence():
            return DropSequence(operation.sequence)
        case DropSequence():
            return CreateSequence(operation.sequence)
        case ReplaceView():
            return ReplaceView(operation.after, operation.before)
        case ChangeSequence():
            return ChangeSequence(operation.after, operation.before)

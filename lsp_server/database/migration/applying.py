"""What the operations of a migration do to a `Database`: the schema as it is when they have run.

This is the planner's own reckoning, which proofs compare with what a real database says afterwards. Rows, and whether a
database would accept the operation, are not known here; what revisions written by people do is `fold/`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from lsp_server.database.equivalence import default_schema, primary_key_of
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
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    Constraint,
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
)
from lsp_server.database.migration.whole_table import ChangeTableOptions
from lsp_server.database.model import (
    Column,
    Database,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.table_options import keeps_foreign_keys

# The operations that change one table and nothing else.
_OnTable = (
    AddColumn
    | DropColumn
    | AlterColumn
    | AddConstraint
    | DropConstraint
    | RenameConstraint
    | CreateIndex
    | DropIndex
    | ChangeTableComment
    | ChangeTableOptions
    | ChangeCounter
    | FixComputed
)


def apply_operations(database: Database, operations: tuple[Operation, ...]) -> Database:
    """The database as it is when all operations have run."""
    for operation in operations:
        database = applied(operation, database)
    return database


def applied(operation: Operation, database: Database) -> Database:
    """The database as it is when the operation has run."""
    if isinstance(operation, ObjectOperation):
        return _object_applied(operation, database)
    match operation:
        case CreateTable():
            return replace(database, tables=(*database.tables, operation.table))
        case DropTable():
            return replace(database, tables=tuple(table for table in database.tables if table.key != operation.table.key))
        case RenameTable():
            return _table_renamed(operation, database)
        case RenameColumn():
            return _column_renamed(operation, database)
        case CreateEnum():
            return replace(database, enums=(*database.enums, operation.enum))
        case DropEnum():
            key = operation.enum.key
            return replace(database, enums=tuple(enum for enum in database.enums if enum.key != key))
        case ChangeEnum():
            return _enum_changed(operation, database)
        case CreateSchema():
            return replace(database, schemas=(*database.schemas, operation.name))
        case DropSchema():
            gone = () if operation.shared else (operation.name,)
            return replace(database, schemas=tuple(name for name in database.schemas if name not in gone))
        case FillTable():
            return database
        case _:
            tables = (_applied_on(table, operation) if table.key == operation.table else table for table in database.tables)
            return replace(database, tables=tuple(tables))


# One table


def _applied_on(table: Table, operation: _OnTable) -> Table:
    match operation:
        case AddColumn():
            return replace(table, columns=(*table.columns, operation.column))
        case DropColumn():
            return replace(table, columns=tuple(column for column in table.columns if column.name != operation.column.name))
        case AlterColumn():
            return _with_column(table, operation.before.name, lambda _: operation.after)
        case FixComputed():
            now = operation.computed if operation.undone else operation.plain
            return _with_column(table, now.name, lambda _: now)
        case ChangeCounter():
            identity = operation.after.identity if operation.after is not None else None
            return _with_column(table, operation.column.name, lambda column: replace(column, identity=identity))
        case AddConstraint():
            return _with_part(table, operation.constraint)
        case DropConstraint():
            return _without_part(table, operation.constraint)
        case RenameConstraint():
            return _with_part(_without_part(table, operation.constraint), replace(operation.constraint, name=operation.after))
        case CreateIndex():
            return table if operation.implicit else _with_part(table, operation.index)
        case DropIndex():
            return _without_part(table, operation.index)
        case ChangeTableComment():
            return replace(table, comment=operation.after)
        case ChangeTableOptions():
            # Keys that an engine forgot are not there when another one takes over.
            forgotten = not keeps_foreign_keys(operation.before, "mysql")
            return replace(table, options=operation.after, foreign_keys=() if forgotten else table.foreign_keys)


def _with_column(table: Table, name: str, change: Callable[[Column], Column]) -> Table:
    return replace(table, columns=tuple(change(column) if column.name == name else column for column in table.columns))


def _with_part(table: Table, part: Constraint | Index) -> Table:
    if isinstance(part, Index):
        return replace(table, indexes=(*table.indexes, part))
    if isinstance(part, PrimaryKey):
        columns = tuple(replace(column, primary_key=column.name in part.columns) for column in table.columns)
        return replace(table, primary_key=part, columns=columns)
    if isinstance(part, ForeignKey):
        return replace(table, foreign_keys=(*table.foreign_keys, part))
    if isinstance(part, Unique):
        return replace(table, uniques=(*table.uniques, part))
    if isinstance(part, Exclusion):
        return replace(table, exclusions=(*table.exclusions, part))
    return replace(table, checks=(*table.checks, part))


def _without_part(table: Table, part: Constraint | Index) -> Table:
    if isinstance(part, Index):
        return replace(table, indexes=tuple(index for index in table.indexes if index != part))
    if isinstance(part, PrimaryKey):
        keys = primary_key_of(table) or ()
        columns = tuple(
            # What was in a primary key stays NOT NULL when the key goes.
            replace(column, primary_key=False, nullable=False if column.name in keys else column.nullable)
            for column in table.columns
        )
        return replace(table, primary_key=None, columns=columns)
    if isinstance(part, ForeignKey):
        return replace(table, foreign_keys=tuple(key for key in table.foreign_keys if key != part))
    if isinstance(part, Unique):
        return replace(table, uniques=tuple(unique for unique in table.uniques if unique != part))
    if isinstance(part, Exclusion):
        return replace(table, exclusions=tuple(each for each in table.exclusions if each != part))
    return replace(table, checks=tuple(check for check in table.checks if check != part))


# Names that others refer to


def _table_renamed(operation: RenameTable, database: Database) -> Database:
    old, (schema, name) = (default_schema(operation.schema), operation.before), operation.target

    def renamed(table: Table) -> Table:
        keys = tuple(
            replace(key, target_table=name, target_schema=schema) if key.target_key == old else key for key in table.foreign_keys
        )
        if table.key != old:
            return replace(table, foreign_keys=keys)
        return replace(table, schema=schema, name=name, foreign_keys=keys)

    return replace(database, tables=tuple(map(renamed, database.tables)))


def _column_renamed(operation: RenameColumn, database: Database) -> Database:
    """The column under its other name, in its table and in the foreign keys of all tables that refer to it."""
    old, new = operation.before.name, operation.after

    def names(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if column == old else column for column in columns)

    def expression(text: str) -> str:
        """Databases rename the column in their expressions too."""
        return re.sub(rf"(?<![\w'.]){re.escape(old)}(?![\w'(])", new, text)

    def index(index: Index) -> Index:
        columns = tuple(map(expression, index.columns)) if index.columns else None
        return replace(index, columns=columns, where=expression(index.where) if isinstance(index.where, str) else index.where)

    def own(table: Table) -> Table:
        return replace(
            _with_column(table, old, lambda column: replace(column, name=new)),
            primary_key=table.primary_key and replace(table.primary_key, columns=names(table.primary_key.columns)),
            foreign_keys=tuple(replace(key, columns=names(key.columns) if key.columns else None) for key in table.foreign_keys),
            uniques=tuple(replace(each, columns=names(each.columns) if each.columns else None) for each in table.uniques),
            indexes=tuple(map(index, table.indexes)),
            checks=tuple(
                replace(check, expression=expression(check.expression)) if check.expression else check for check in table.checks
            ),
            exclusions=tuple(
                replace(each, elements=tuple((expression(text), operator) for text, operator in each.elements or ()))
                for each in table.exclusions
            ),
        )

    def referring(key: ForeignKey) -> ForeignKey:
        if key.target_key != operation.table or not key.target_columns:
            return key
        return replace(key, target_columns=names(key.target_columns))

    def renamed(table: Table) -> Table:
        table = own(table) if table.key == operation.table else table
        return replace(table, foreign_keys=tuple(map(referring, table.foreign_keys)))

    return replace(database, tables=tuple(map(renamed, database.tables)))


def _enum_changed(operation: ChangeEnum, database: Database) -> Database:
    key = operation.before.key

    def changed(column: Column) -> Column:
        enum = column.type.enum
        if enum is not None and enum.native and enum.key == key:
            return replace(column, type=replace(column.type, enum=operation.after))
        return column

    return replace(
        database,
        enums=tuple(operation.after if enum.key == key else enum for enum in database.enums),
        tables=tuple(replace(table, columns=tuple(map(changed, table.columns))) for table in database.tables),
    )


# Views and sequences


def _object_applied(operation: ObjectOperation, database: Database) -> Database:
    match operation:
        case CreateView():
            others = tuple(view for view in database.views if view.key != operation.view.key)
            return replace(database, views=(*others, operation.view))
        case DropView():
            return replace(database, views=tuple(view for view in database.views if view.key != operation.view.key))
        case ReplaceView():
            views = (operation.after if view.key == operation.before.key else view for view in database.views)
            return replace(database, views=tuple(views))
        case CreateSequence():
            rest = tuple(each for each in database.sequences if each.key != operation.sequence.key)
            return replace(database, sequences=(*rest, operation.sequence))
        case DropSequence():
            return replace(database, sequences=tuple(each for each in database.sequences if each.key != operation.sequence.key))
        case ChangeSequence():
            changed = (operation.after if each.key == operation.before.key else each for each in database.sequences)
            return replace(database, sequences=tuple(changed))

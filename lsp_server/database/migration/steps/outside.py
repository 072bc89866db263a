"""Operations that stand alone, outside a batch, as steps: whole tables, renames, enumerations, schemas, views, sequences, first rows.

What needs a batch, and where it ends, is decided by the writer of the steps; how single operations look in Alembic's words is
said by `alembic_operations.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_server.database.migration.alembic_operations import (
    alter_column,
    change_counter,
    create_index,
    create_table,
    drop_table,
    fix_computed,
    rename_column,
    table_comment,
)
from lsp_server.database.migration.counters import counts_on_mysql, going_on
from lsp_server.database.migration.object_operations import CreateView, DropView, ObjectOperation
from lsp_server.database.migration.object_sql import comment_on, escaped, object_sql
from lsp_server.database.migration.operations import (
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateSchema,
    CreateTable,
    DropEnum,
    DropSchema,
    DropTable,
    FillTable,
    FixComputed,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameTable,
)
from lsp_server.database.migration.renamed_parts import renamed_on_postgresql
from lsp_server.database.migration.sql import enum_sql, name_sql, table_sql
from lsp_server.database.migration.step import Direct, Step
from lsp_server.database.migration.steps.guards import guards_of_values
from lsp_server.database.migration.whole_table import ChangeTableOptions, options_sql
from lsp_server.database.model import ColumnType, Database, EnumType

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation


def steps_outside(operation: Operation, state: Database, dialect: str | None, final_names: bool) -> list[Step]:
    """The steps of one operation; `state` is the schema before it."""
    from alembic.operations import ops

    match operation:
        case CreateTable():
            return [Direct(made) for made in create_table(operation.table, dialect, final_names)]
        case DropTable():
            return [Direct(made) for made in drop_table(operation.table, dialect)]
        case RenameTable():
            return _renamed_table(operation, dialect)
        case RenameColumn():
            return [Direct(rename_column(operation, dialect), _words_for(operation.evidence, "values"))]
        case ChangeTableComment():
            return [Direct(table_comment(operation))]
        case ChangeTableOptions():
            sqls = options_sql(operation, table_sql(operation.table, dialect), dialect)
            again = [AlterColumn(operation.table, column, column, ("type",)) for column in operation.columns]
            altered = [alter_column(each, dialect, counts_on_mysql(each, state, dialect)) for each in again]
            return [*(Direct(ops.ExecuteSQLOp(sql)) for sql in sqls), *map(Direct, altered)]
        case CreateEnum() | DropEnum():
            return [Direct(ops.ExecuteSQLOp(sql)) for sql in enum_sql(operation)]
        case ChangeEnum():
            return _changed_enum(operation, dialect)
        case ChangeCounter():
            return [Direct(made) for made in change_counter(operation, dialect)]
        case RenameConstraint():
            return renamed_on_postgresql(operation)
        case FillTable():
            return _filled_table(operation, dialect)
        case FixComputed():
            return [Direct(made) for made in fix_computed(operation, dialect)]
        case CreateSchema():
            words = "CREATE SCHEMA IF NOT EXISTS" if operation.shared else "CREATE SCHEMA"
            return [Direct(ops.ExecuteSQLOp(f"{words} {name_sql(operation.name)}"))]
        case DropSchema() if not operation.shared:  # others may use a shared one too
            return [Direct(ops.ExecuteSQLOp(f"DROP SCHEMA {name_sql(operation.name)}"))]
        case _ if isinstance(operation, ObjectOperation):
            return _object(operation, dialect)
    return []


def _words_for(evidence: str, kept: str) -> str:
    return f"A rename{f' ({evidence})' if evidence else ''}: the {kept} stay."


def _renamed_table(operation: RenameTable, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    schema = operation.target[0]
    made: list[MigrateOperation] = []
    if schema != operation.schema:
        place = table_sql((operation.schema, operation.before), dialect)
        made.append(ops.ExecuteSQLOp(f"ALTER TABLE {place} SET SCHEMA {name_sql(schema or 'public')}"))
    if operation.before != operation.after:
        made.append(ops.RenameTableOp(operation.before, operation.after, schema=schema))
    comment = _words_for(operation.evidence, "rows")
    return [Direct(each, comment if number == 0 else None) for number, each in enumerate(made)]


def _changed_enum(operation: ChangeEnum, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    steps: list[Step] = []
    for key, column in operation.uses:
        used = replace(column, type=_of_enum(column.type, operation.before))
        steps += guards_of_values(key, used, operation.after, operation.replaced, dialect)
    return [*steps, *(Direct(ops.ExecuteSQLOp(sql)) for sql in enum_sql(operation))]


def _of_enum(type_: ColumnType, enum: EnumType) -> ColumnType:
    """The type with this state of its enumeration: on the way back the values are those of the upgrade's end."""
    return replace(type_, enum=enum) if type_.item is None else replace(type_, item=replace(type_.item, enum=enum))


def _filled_table(operation: FillTable, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    place = table_sql(operation.table, dialect)
    names = ", ".join(name_sql(name, dialect) for name in operation.columns)
    insert = f"INSERT INTO {place} ({names}) {operation.query}"
    steps: list[Step] = [Direct(ops.ExecuteSQLOp(insert), f"The rows of {operation.table[1]} come out of the tables that had them.")]
    counted = operation.counted
    if dialect == "postgresql" and counted is not None and counted.name in operation.columns:
        steps.append(Direct(ops.ExecuteSQLOp(going_on(operation.table, counted))))
    return steps


def _object(operation: ObjectOperation, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    statement = ops.ExecuteSQLOp(escaped(object_sql(operation, dialect)))
    steps: list[Step] = [Direct(statement, comment_on(operation, dialect), isinstance(operation, DropView))]
    if isinstance(operation, CreateView):
        indexes = [CreateIndex(operation.view.key, index, index.name or "") for index in operation.view.indexes]
        steps += [Direct(create_index(index, dialect)) for index in indexes]
    return steps

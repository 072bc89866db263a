"""Looks at the rows before anything is changed: where some of them stand in the way, a revision stops with words.

What would be lost or locked is no guard's business but a hazard (`hazards.py`); a guard speaks only of what the database would refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.equivalence import columns_in
from lsp_server.database.migration.operations import AddColumn, AddConstraint, AlterColumn, Replacements, TableKey
from lsp_server.database.migration.sql import gone_values, name_sql, table_sql
from lsp_server.database.migration.step import Direct, Guard, Step
from lsp_server.database.model import Check, Column, Database, EnumType, ForeignKey, Unique
from lsp_server.database.sql_text import quoted

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation

_WITHOUT_ROLLBACK = ("sqlite", "mysql", "mariadb")  # SQLite through its usual driver, which commits before DDL


def guards_first(steps: list[Step]) -> list[Step]:
    """Guards go before everything but the renames, so that nothing is half done when one of them stops."""
    first = 0
    for step in steps:
        if not isinstance(step, Direct) or not (_is_rename(step.operation) or step.clears_the_way):
            break
        first += 1
    guards = [step for step in steps[first:] if isinstance(step, Guard)]
    rest = [step for step in steps[first:] if not isinstance(step, Guard)]
    if not guards:
        return steps
    cleared = [step for step in steps[:first] if isinstance(step, Direct) and step.clears_the_way]
    return [*(step for step in steps[:first] if step not in cleared), *dict.fromkeys(guards), *cleared, *rest]


def _is_rename(operation: MigrateOperation) -> bool:
    from alembic.operations import ops

    return isinstance(operation, ops.RenameTableOp) or (
        isinstance(operation, ops.AlterColumnOp) and operation.modify_name is not None
    )


def guards_of_rows(operation: AddConstraint, start: Database, state: Database, dialect: str | None) -> tuple[Guard, ...]:
    """Where a failing step leaves the earlier ones behind, rows that break a new rule are counted before.

    `start` is the schema before everything, which a guard asks; `state` the one that the rule is made for.
    """
    part = operation.constraint
    table = start.table(operation.table[1], operation.table[0])
    if dialect not in _WITHOUT_ROLLBACK or table is None:
        return ()
    place = table_sql(operation.table, dialect)
    if isinstance(part, Unique) and part.columns and all(table.column(column) for column in part.columns):
        names = [name_sql(column, dialect) for column in part.columns]
        given = " AND ".join(f"{name} IS NOT NULL" for name in names)
        query = (
            f"SELECT count(*) FROM (SELECT 1 FROM {place} WHERE {given} GROUP BY {', '.join(names)} "
            f"HAVING count(*) > 1) AS alike"
        )
        message = f"{operation.table[1]} has rows with the same {', '.join(part.columns)}: make them differ first"
        return (Guard(query, message),)
    if isinstance(part, ForeignKey) and dialect != "sqlite" and part.columns and all(map(table.column, part.columns)):
        return _guards_of_targets(operation.table, part, place, start, dialect)
    if isinstance(part, Check) and part.expression and columns_in(part.expression, table) == columns_in(
        part.expression, state.table(operation.table[1], operation.table[0]) or table
    ):
        query = f"SELECT count(*) FROM {place} WHERE NOT ({part.expression})"
        return (Guard(query, f"{operation.table[1]} has rows that break {part.expression}: mend them first"),)
    return ()


def _guards_of_targets(
    table: TableKey, key: ForeignKey, place: str, start: Database, dialect: str | None
) -> tuple[Guard, ...]:
    target = start.table(key.target_table or "", key.target_schema)
    columns, others = key.columns or (), key.target_columns or ("id",)
    if target is None or not all(map(target.column, others)):
        return ()
    own = [name_sql(column, dialect) for column in columns]
    given = " AND ".join(f"here.{name} IS NOT NULL" for name in own)
    same = " AND ".join(f"there.{name_sql(other, dialect)} = here.{name}" for other, name in zip(others, own))
    there = table_sql(target.key, dialect)
    query = f"SELECT count(*) FROM {place} AS here WHERE {given} AND NOT EXISTS (SELECT 1 FROM {there} AS there WHERE {same})"
    message = f"{table[1]} has rows whose {', '.join(columns)} is not in {target.name}: mend them first"
    return (Guard(query, message),)


def guards_of_values(
    table: TableKey, column: Column, after: EnumType | None, replaced: Replacements, dialect: str | None
) -> tuple[Guard, ...]:
    """Rows that hold a value which goes, and for which nobody has named another."""
    before = column.type.enum or (column.type.item.enum if column.type.item is not None else None)
    if before is None or after is None or not isinstance(before.values, tuple) or not isinstance(after.values, tuple):
        return ()
    kept = {*after.values, *(value for value, _ in gone_values(before, after, replaced))}
    gone = [value for value in before.values if value not in kept]
    if not gone:
        return ()
    name, values = name_sql(column.name, dialect), ", ".join(map(quoted, gone))
    if dialect != "postgresql":
        where = f"{name} IN ({values})"
    else:
        where = f"{name}::text IN ({values})" if column.type.item is None else f"{name}::text[] && ARRAY[{values}]"
    message = f"{table[1]}.{column.name} has rows with {', '.join(gone)}, which goes: give them another value first"
    return (Guard(f"SELECT count(*) FROM {table_sql(table, dialect)} WHERE {where}", message),)


def guard_of_new_column(operation: AddColumn, dialect: str | None) -> Guard:
    """Rows at all, where a new column must have a value that nobody knows."""
    name = f"{operation.table[1]}.{operation.column.name}"
    return Guard(
        f"SELECT count(*) FROM {table_sql(operation.table, dialect)}",
        f"{name} must have a value and no default is known: write the value for the rows that exist",
    )


def guard_of_nulls(operation: AlterColumn, dialect: str | None) -> Guard:
    """Rows without a value, where a column must have one and nobody knows it."""
    column = operation.before.name
    return Guard(
        f"SELECT count(*) FROM {table_sql(operation.table, dialect)} WHERE {name_sql(column, dialect)} IS NULL",
        f"{operation.table[1]}.{column} becomes NOT NULL, but there are rows without a value: fill them first",
    )

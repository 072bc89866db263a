"""Constraints and indexes under other names, in the words of PostgreSQL and MySQL. Imports Alembic inside its functions.

Where only some databases have the name before (a naming convention came after the history), the others are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_server.database.migration.alembic_operations import add_constraint, drop_constraint
from lsp_server.database.migration.operations import AddConstraint, DropConstraint, RenameConstraint
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.migration.step import Direct, Guard, Perhaps, Step
from lsp_server.database.model import ForeignKey, Index, Unique
from lsp_server.database.sql_text import quoted

if TYPE_CHECKING:
    from alembic.operations.ops import MigrateOperation

_WHY = "Databases that are older than the naming convention have a name that the server chose; in newer ones nothing is to be done."


def renamed_on_postgresql(operation: RenameConstraint) -> list[Step]:
    """`ALTER TABLE … RENAME CONSTRAINT`, `ALTER INDEX … RENAME`."""
    from alembic.operations import ops

    old, new = name_sql(operation.constraint.name or ""), name_sql(operation.after)
    if isinstance(operation.constraint, Index):
        place = table_sql((operation.table[0], operation.constraint.name or ""))
        sql = f"ALTER INDEX {'IF EXISTS ' if operation.doubtful else ''}{place} RENAME TO {new}"
    else:
        sql = f"ALTER TABLE {table_sql(operation.table)} RENAME CONSTRAINT {old} TO {new}"
        if operation.doubtful:
            sql = f"DO $$ BEGIN {sql}; EXCEPTION WHEN undefined_object THEN NULL; END $$"
    return [Direct(ops.ExecuteSQLOp(sql), _WHY if operation.doubtful else None)]


def renamed_on_mysql(operation: RenameConstraint, dialect: str | None, final: Callable[[str], str]) -> list[Step]:
    """Unique keys are indexes there, which can be renamed; foreign keys and checks are made anew.

    The index that the server made for a foreign key follows by itself, as long as nobody gives it a name.
    """
    from alembic.operations import ops

    part, old, new = operation.constraint, operation.constraint.name or "", operation.after
    place, names = table_sql(operation.table, dialect), (name_sql(old, dialect), name_sql(new, dialect))
    made: list[MigrateOperation]
    if isinstance(part, Index | Unique):
        made = [ops.ExecuteSQLOp(f"ALTER TABLE {place} RENAME INDEX {names[0]} TO {names[1]}")]
    else:
        drop = DropConstraint(operation.table, part, old)
        add = AddConstraint(operation.table, replace(part, name=new), new)
        made = [drop_constraint(drop, final(old)), add_constraint(add, final(new))]
    if not operation.doubtful:
        return [Direct(each) for each in made]
    renamed = Perhaps(f"SELECT count(*) FROM {_catalogue(operation)} = {quoted(old)}", tuple(made), _WHY)
    if not isinstance(part, ForeignKey):
        return [renamed]
    # MariaDB numbers unnamed keys in another way since 12.1: better to stop than to pass by one that is there.
    guard = Guard(
        f"SELECT count(*) = 0 FROM {_catalogue(operation)} IN ({quoted(old)}, {quoted(new)})",
        f"{operation.table[1]} has neither {old} nor {new}: this server chooses other names, put the one it chose into this revision",
    )
    return [guard, renamed]


def _catalogue(operation: RenameConstraint) -> str:
    schema, table = operation.table
    place = quoted(schema) if schema is not None else "DATABASE()"
    if isinstance(operation.constraint, Index):
        return f"information_schema.statistics WHERE table_schema = {place} AND table_name = {quoted(table)} AND index_name"
    return f"information_schema.table_constraints WHERE table_schema = {place} AND table_name = {quoted(table)} AND constraint_name"

"""SQLite's tables as a batch copies them: when Alembic has to be told what a table is like, and what it is then told.

What runs in a batch is decided by the writer of the steps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lsp_server.database.equivalence import automatic_name, primary_key_of
from lsp_server.database.migration.metadata import to_table
from lsp_server.database.migration.operations import AddColumn, DropConstraint, Operation
from lsp_server.database.model import Index, PrimaryKey, Table

if TYPE_CHECKING:
    import sqlalchemy as sa


def copy_of(table: Table, operations: list[Operation]) -> sa.Table | None:
    """The table as it is before the batch, where Alembic's own look at it would miss or misname something."""
    import sqlalchemy as sa

    dropped = [item for item in operations if isinstance(item, DropConstraint)]
    if table.incomplete is not None or not _recreates(operations):
        return None
    # A name that PostgreSQL would have given is none here: SQLite gives no names.
    nameless = [
        item
        for item in dropped
        if item.constraint.name in (None, automatic_name(table, replace(item.constraint, name=None), "postgresql"))
    ]
    if not nameless and not _hard_to_reflect(table):
        return None
    names: dict[object, str] = {item.constraint: item.name for item in nameless}
    names |= {replace(item.constraint, name=None): item.name for item in nameless}
    keys = primary_key_of(table)
    if keys:
        names |= {PrimaryKey(keys): item.name for item in nameless if isinstance(item.constraint, PrimaryKey)}
    return to_table(table, sa.MetaData(), "sqlite", names=names)


def _recreates(operations: list[Operation]) -> bool:
    """Does SQLite copy the table for these, or can it add the columns as they are?"""
    for operation in operations:
        if not isinstance(operation, AddColumn):
            return True
        default = operation.column.server_default
        if default is not None and getattr(default, "sort", "") == "sql":
            return True
    return False


def _hard_to_reflect(table: Table) -> bool:
    """Parts that SQLAlchemy does not see, or not wholly, when it looks at a SQLite table."""
    return (
        bool(table.checks)
        or any(column.type.collation or column.computed is not None for column in table.columns)
        or any(_special(index) for index in table.indexes)
        or any(key.deferrable is not None for key in table.foreign_keys)
        or any(column.type.enum is not None and column.type.enum.create_constraint for column in table.columns)
    )


def _special(index: Index) -> bool:
    return index.where is not None or any(not column.replace("_", "a").isalnum() for column in index.columns or ())

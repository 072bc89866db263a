"""Schemas that tables are made in or move to, and who may drop them again.

A schema that nobody is known to make may be somebody else's too, so it is made only if it is not there, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsp_server.database.compare import Difference
from lsp_server.database.migration.operations import CreateSchema, Operation, RenameTable
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.model import Database, Table

_WITH_SCHEMAS = ("postgresql", "mssql")


def create_schemas(builder: Builder, differences: tuple[Difference, ...]) -> None:
    """The schemas of new tables, where the database has any and nobody has made them."""
    if builder.dialect not in _WITH_SCHEMAS:
        return
    there = {table.key[0] for table in builder.before.tables} | set(builder.before.schemas)
    new = [item.after.key[0] for item in differences if item.element == "table" and isinstance(item.after, Table)]
    for name in dict.fromkeys(new):
        if name is not None and name not in there:
            builder.order.schemas.append(made_schema(name, builder.after))


def made_schema(name: str, after: Database) -> CreateSchema:
    """A schema that the models make by a statement of their own goes with the migration; any other may be somebody else's too."""
    own = after.made_schemas + (after.schemas if "view" in after.whole else ())
    return CreateSchema(name, shared=name not in own)


def schemas_of_moves(operations: Iterable[Operation], before: Database, after: Database) -> tuple[CreateSchema, ...]:
    """The schemas that tables move to and nobody has made."""
    there = {table.key[0] for table in before.tables} | set(before.schemas)
    moved = [each.target[0] for each in operations if isinstance(each, RenameTable) and each.target[0] != each.schema]
    return tuple(made_schema(name, after) for name in dict.fromkeys(moved) if name not in (None, "public") and name not in there and name)

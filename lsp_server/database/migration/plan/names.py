"""The names of constraints and indexes as the database has them: cut to its length, or given by it where nobody named them.

What columns and tables were called before is said by `renames.py`, and what conventions would call things by `earlier_names.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from lsp_server.database.equivalence import automatic_name
from lsp_server.database.migration.renames import Rename
from lsp_server.database.model import Check, Database, Exclusion, ForeignKey, Index, PrimaryKey, Table, Unique
from lsp_server.database.naming import kept_name

Part = TypeVar("Part", ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index)


def with_kept_names(database: Database, dialect: str | None) -> Database:
    """Models belong to no database: here their names are cut as this kind of database will have them."""

    def kept(part: Part) -> Part:
        name = kept_name(part.name, dialect) if part.name is not None else None
        return part if name == part.name else replace(part, name=name)

    def table(table: Table) -> Table:
        return replace(
            table,
            primary_key=table.primary_key and kept(table.primary_key),
            foreign_keys=tuple(map(kept, table.foreign_keys)),
            uniques=tuple(map(kept, table.uniques)),
            checks=tuple(map(kept, table.checks)),
            exclusions=tuple(map(kept, table.exclusions)),
            indexes=tuple(map(kept, table.indexes)),
        )

    return replace(database, tables=tuple(map(table, database.tables)))


def with_real_names(database: Database, renames: Iterable[Rename], dialect: str | None) -> Database:
    """Constraints that the database named keep that name when their table or column is renamed."""
    touched = {rename.table for rename in renames}
    if dialect == "sqlite" or not touched:
        return database

    def named(table: Table) -> Table:
        if table.key not in touched:
            return table
        return replace(
            table,
            foreign_keys=tuple(_named(table, key, dialect) for key in table.foreign_keys),
            uniques=tuple(_named(table, unique, dialect) for unique in table.uniques),
            checks=tuple(_named(table, check, dialect) for check in table.checks),
        )

    return replace(database, tables=tuple(map(named, database.tables)))


def _named(table: Table, part: Part, dialect: str | None) -> Part:
    return replace(part, name=part.name or automatic_name(table, part, dialect))

"""What a plan is being built from and into, and what cannot be said of it.

Which operations a difference becomes is said by the rooms for each kind of object.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.operations import TableKey
from lsp_server.database.migration.plan.order import Order
from lsp_server.database.model import Column, Database, Table
from lsp_server.unknown import Unknown


@dataclass(slots=True)
class Builder:
    """A plan on its way; `obstacles` collects what cannot be said. `doubtful`: names that only some databases have."""

    before: Database
    after: Database
    dialect: str | None
    answers: Answers
    doubtful: frozenset[tuple[TableKey, str]] = frozenset()
    obstacles: list[str] = field(default_factory=list)
    order: Order = field(default_factory=Order)

    def knows_all(self, table: Table) -> bool:
        """Whether everything about the table is known; each obstacle is named."""
        if table.incomplete is not None:
            self.obstacles.append(f"table {table.full_name} is not fully known: {table.incomplete.what}")
            return False
        known = [self.knows(table, column) for column in table.columns]  # all of them, not only up to the first
        return all(known)

    def knows(self, table: Table, column: Column) -> bool:
        """Whether everything about the column is known that an operation would have to say."""
        for what in (column.type.family, column.nullable, column.server_default, column.computed):
            if isinstance(what, Unknown):
                self.obstacles.append(f"{table.full_name}.{column.name} is not fully known: {what.what}")
                return False
        return True

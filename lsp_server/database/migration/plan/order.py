"""What must come before what: the operations of a plan by their place, and tables with those that they refer to first.

Why an operation is there is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lsp_server.database.migration.operations import Operation, TableKey
from lsp_server.database.model import Table


@dataclass(slots=True)
class Order:
    """Operations by what must come before what. `freed`: what steps aside before tables and columns change, `bound`: what holds again after.

    Foreign keys are apart (`freed_keys`, `bound_keys`): they go before what they rest on, and come after it.
    """

    schemas: list[Operation] = field(default_factory=list)
    enums: list[Operation] = field(default_factory=list)
    freed_keys: list[Operation] = field(default_factory=list)
    freed: list[Operation] = field(default_factory=list)
    options: list[Operation] = field(default_factory=list)
    created: list[Operation] = field(default_factory=list)
    added: list[Operation] = field(default_factory=list)
    altered: list[Operation] = field(default_factory=list)
    bound: list[Operation] = field(default_factory=list)
    bound_keys: list[Operation] = field(default_factory=list)
    filled: list[Operation] = field(default_factory=list)
    dropped_columns: list[Operation] = field(default_factory=list)
    dropped: list[Operation] = field(default_factory=list)
    dropped_enums: list[Operation] = field(default_factory=list)
    comments: list[Operation] = field(default_factory=list)

    def operations(self, dialect: str | None) -> tuple[Operation, ...]:
        """All of them in one row."""
        inside: list[Operation] = [
            *self.freed_keys,
            *self.freed,
            *self.options,
            *self.added,
            *self.altered,
            *self.bound,
            *self.bound_keys,
            *self.filled,
            *self.dropped_columns,
        ]
        if dialect == "sqlite":
            # There a table is copied for each group of changes: one group per table, and new tables first.
            tables = list(dict.fromkeys(operation.table for operation in inside))  # type: ignore[union-attr]
            inside.sort(key=lambda operation: tables.index(operation.table))  # type: ignore[union-attr]
            middle = [*self.created, *inside]
        else:
            split = len(self.freed_keys) + len(self.freed) + len(self.options)
            middle = [*inside[:split], *self.created, *inside[split:]]
        return (
            *self.schemas,
            *self.enums,
            *middle,
            *self.dropped,
            *self.dropped_enums,
            *self.comments,
        )


def creation_order(tables: Iterable[Table]) -> tuple[list[Table], set[tuple[TableKey, TableKey]]]:
    """Tables with the referenced before the referring, and the (referring, referenced) pairs that close a circle."""
    remaining = {table.key: table for table in tables}
    ordered: list[Table] = []
    late: set[tuple[TableKey, TableKey]] = set()
    while remaining:
        ready = [table for table in remaining.values() if not _waits_for(table, remaining)]
        if not ready:
            # A circle: the first of it goes first, its keys into the circle follow later.
            ready = [next(iter(remaining.values()))]
            late |= {(ready[0].key, target) for target in _waits_for(ready[0], remaining)}
        for table in ready:
            ordered.append(table)
            del remaining[table.key]
    return ordered, late


def _waits_for(table: Table, remaining: Mapping[TableKey, Table]) -> list[TableKey]:
    targets = [key.target_key for key in table.foreign_keys]
    return [target for target in targets if target in remaining and target != table.key]

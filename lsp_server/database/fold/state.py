"""A schema while operations run over it, and the ways to look things up in it.

Looking up what is not there is refused, unless something ran before that may have made it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lsp_server.database.model import Column, Database, EnumType, ForeignKey, Index, Sequence, Table, View
from lsp_server.database.operations import Constraint, Key, table_key
from lsp_server.text import Location
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Refusal:
    """The database refuses an operation. `sort` names the cause:

    "missing" and "exists" (of a name), "unnamed" (a constraint dropped without a name), "depends" (something else needs
    it), "cast" (no automatic conversion: `USING` is missing), "mismatch" (a key that cannot be made), "dialect" (what only another
    database knows).
    """

    sort: str
    message: str
    location: Location


@dataclass(slots=True)
class State:
    """A schema while operations run over it. Tables are replaced, never changed, so copies are cheap."""

    dialect: str = "postgresql"
    tables: dict[Key, Table] = field(default_factory=dict)
    enums: dict[Key, EnumType] = field(default_factory=dict)
    objects: dict[tuple[str, str], str | None] = field(default_factory=dict)  # (sort, name) -> text
    blind: Unknown | None = None  # something ran that may have made or dropped anything
    views: dict[Key, View] = field(default_factory=dict)
    sequences: dict[Key, Sequence] = field(default_factory=dict)

    def copy(self) -> State:
        return State(
            self.dialect, dict(self.tables), dict(self.enums), dict(self.objects), self.blind, dict(self.views), dict(self.sequences)
        )

    def database(self, source: str) -> Database:
        return Database(
            source, tuple(self.tables.values()), tuple(self.enums.values()),
            tuple(sorted(name for sort, name in self.objects if sort == "schema")), self.dialect,
            views=tuple(self.views.values()), incomplete=self.blind, sequences=tuple(self.sequences.values()),
            whole=("view", "sequence", "option") if self.blind is None else (),
        )  # fmt: skip


class Refused(Exception):
    """Carries a refusal out of the operation that meets it. Never leaves this module."""

    def __init__(self, sort: str, message: str) -> None:
        super().__init__(message)
        self.sort = sort


def table_of(state: State, key: Key) -> Table:
    table = state.tables.get(key)
    if table is None:
        if state.blind is not None:
            table = Table(key[1], key[0], incomplete=state.blind, maybe=state.blind)
            state.tables[key] = table
            return table
        raise Refused("missing", f"the table {full_name(key)} does not exist here")
    return table


def object_key(state: State, sort: str, name: str) -> tuple[str, str]:
    """Where an object stands among the state's own. A trigger may be dropped without a word about its table."""
    if (sort, name) not in state.objects and name.endswith(" on ?"):
        own = name.removesuffix("?")
        return next((key for key in state.objects if key[0] == sort and key[1].startswith(own)), (sort, name))
    return (sort, name)


def full_name(key: Key) -> str:
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def column_of(state: State, table: Table, name: str) -> Column | None:
    """The column; None where the table may have one that we do not know."""
    column = table.column(name)
    if column is None and table.incomplete is None:
        raise Refused("missing", f"the table {table.full_name} has no column {name} here")
    return column


def with_column(table: Table, name: str, change: object) -> Table:
    assert callable(change)
    return replace(table, columns=tuple(change(each) if each.name == name else each for each in table.columns))


def points_at(key: ForeignKey, table: Table) -> bool:
    return key.target_table is not None and table_key(key.target_table, key.target_schema) == table.key


def index_of(table: Table, name: str | None) -> Index | None:
    return next((index for index in table.indexes if index.name == name), None)


def named_elements(table: Table) -> list[Constraint | Index]:
    keys = [table.primary_key] if table.primary_key else []
    return [*keys, *table.foreign_keys, *table.uniques, *table.checks, *table.exclusions, *table.indexes]


def mentions(expression: str | None, name: str) -> bool:
    if not expression:
        return False
    padded = f" {expression} ".replace('"', " ")
    start = padded.find(name)
    while start >= 0:
        before, after = padded[start - 1], padded[start + len(name)]
        if not (before.isalnum() or before in "_'") and not (after.isalnum() or after in "_'"):
            return True
        start = padded.find(name, start + 1)
    return False

"""An upgrade step by step: the schema before and after each, and what became of each table and column on the way."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.database.fold import apply
from lsp_server.database.fold.state import State
from lsp_server.database.migration.operations import STAYS
from lsp_server.database.migration.renames import Rename
from lsp_server.database.model import Column, Table
from lsp_server.database.operations import AlterColumn, Keep, Key, RenameTable, Step, table_key

Place = tuple[Key, str]  # a column: its table and its name, as they are called at some moment


@dataclass(frozen=True, slots=True)
class Fate:
    """What a column is at the end of the upgrade: `dropped` is the step that took it, None for one that is still there.

    Two columns of different moments are the same one if their fates are equal.
    """

    place: Place
    dropped: int | None


@dataclass(frozen=True, slots=True)
class Course:
    """`states[n]` is the schema before step n; the last one is that after the upgrade. None of them is to be changed."""

    steps: tuple[Step, ...]
    states: tuple[State, ...]

    def table_before(self, key: Key, moment: int, earlier: int = 0) -> Key | None:
        """The name that a table of state `moment` has in state `earlier`; None for one that was made in between."""
        for number in range(moment - 1, earlier - 1, -1):
            operation = self.steps[number].operation
            if isinstance(operation, RenameTable) and renamed_to(operation) == key and operation.table in self.states[number].tables:
                key = operation.table
            elif key not in self.states[number].tables:
                return None
        return key

    def column_before(self, place: Place, moment: int, earlier: int = 0) -> Place | None:
        """The name that a column of state `moment` has in state `earlier`; None for one that was made in between."""
        (key, name) = place
        for number in range(moment - 1, earlier - 1, -1):
            operation, state = self.steps[number].operation, self.states[number]
            if isinstance(operation, RenameTable) and renamed_to(operation) == key and operation.table in state.tables:
                key = operation.table
            elif isinstance(operation, AlterColumn) and operation.table == key and operation.name == name and has(state, key, operation.column):
                name = operation.column
            if not has(state, key, name):
                return None
        return key, name

    def column_after(self, place: Place, moment: int, later: int) -> Fate:
        """What a column of state `moment` is in state `later`."""
        (key, name) = place
        for number in range(moment, later):
            operation, state = self.steps[number].operation, self.states[number + 1]
            was = (key, name)
            if isinstance(operation, RenameTable) and operation.table == key and renamed_to(operation) in state.tables:
                key = renamed_to(operation)
            elif isinstance(operation, AlterColumn) and (operation.table, operation.column) == was and not isinstance(operation.name, Keep):
                name = operation.name
            if not has(state, key, name):
                return Fate(was, number)
        return Fate((key, name), None)

    def fate(self, place: Place, moment: int) -> Fate:
        return self.column_after(place, moment, len(self.steps))

    def table_after(self, key: Key, moment: int, later: int) -> Key | None:
        """The name that a table of state `moment` has in state `later`; None for one that was dropped in between."""
        for number in range(moment, later):
            operation = self.steps[number].operation
            if isinstance(operation, RenameTable) and operation.table == key:
                key = renamed_to(operation)
            if key not in self.states[number + 1].tables:
                return None
        return key

    def is_kept(self, key: Key, moment: int) -> bool:
        """Whether a table of state `moment` was there before the upgrade and is there after it."""
        return self.table_before(key, moment) is not None and self.table_after(key, moment, len(self.steps)) is not None

    def renames(self, later: int, earlier: int) -> tuple[Rename, ...]:
        """What has another name in state `earlier` than in state `later`, seen from the later one."""
        found: list[Rename] = []
        reason = "the upgrade renames it"
        for key, table in self.states[later].tables.items():
            old = self.table_before(key, later, earlier)
            if old is None:
                continue
            if old != key:
                found.append(Rename(key, None, old[1], True, reason, STAYS if old[0] == key[0] else old[0]))
            for column in table.columns:
                place = self.column_before((key, column.name), later, earlier)
                if place is not None and place[1] != column.name:
                    found.append(Rename(key, column.name, place[1], True, reason))
        return tuple(found)


def course_of(before: State, steps: tuple[Step, ...]) -> Course:
    """The course of an upgrade from the schema before it."""
    states = [before]
    for step in steps:
        state = states[-1].copy()
        apply(state, step)
        states.append(state)
    return Course(steps, tuple(states))


def renamed_to(operation: RenameTable) -> Key:
    return table_key(operation.name, operation.table[0] if isinstance(operation.schema, Keep) else operation.schema)


def has(state: State, key: Key, name: str) -> bool:
    return column_in(state, key, name) is not None


def column_in(state: State, key: Key, name: str) -> Column | None:
    table = state.tables.get(key)
    return table.column(name) if table is not None else None


def table_called(state: State, schema: str | None, name: str) -> Table | None:
    """The table that SQL calls so: by its very name, else by the only one that differs in capitals alone."""
    found = state.tables.get(table_key(name, schema))
    if found is not None:
        return found
    alike = [table for key, table in state.tables.items() if key[0] == table_key(name, schema)[0] and key[1].lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None

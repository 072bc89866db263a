"""A revision's steps, from the last to the first -> the parts of its way back.

Steps that the schema shows are left to a comparison, as many at a time as come without a statement to be undone in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsp_server.database.fold.state import State
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.operations import (
    AlterColumn,
    ChangeProperty,
    ChangeRows,
    CreateObject,
    DropColumn,
    DropEnum,
    DropObject,
    DropTable,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
    Step,
)
from lsp_server.database.undo.course import Course, course_of, has
from lsp_server.database.undo.objects import lost_with_tables, undo_object, undo_property, undo_rename
from lsp_server.database.undo.parts import NOTHING, Check, Statements, Stretch, Undoing, WayBack
from lsp_server.database.undo.types import undo_type

if TYPE_CHECKING:
    from lsp_server.database.undo.rows import Recovery, RowHistory


def way_back(before: State, steps: tuple[Step, ...]) -> WayBack:
    """The way back of an upgrade that has taken these steps from the schema `before`."""
    return _Walk(course_of(before, steps)).parts()


@dataclass(slots=True)
class _Walk:
    """`bounds` are the moments between which each stretch lies, later one first; a part of statements has none."""

    course: Course
    rows: RowHistory | None = None
    found: list[tuple[Stretch | Statements, tuple[int, int] | None]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def parts(self) -> WayBack:
        later = len(self.course.steps)
        for number in range(later - 1, -1, -1):
            if self._is_taken_again(number, later):
                self._stretch(later, number + 1)
                later = number + 1
            undoing, recoveries = self._undo(number)
            if undoing.parts or recoveries:
                self._stretch(later, number + 1)
                later = number
            for recovery in recoveries:
                self._recover(recovery)
            self.found += [(part, None) for part in undoing.parts]
            self.losses += undoing.losses
            self.leftovers += undoing.leftovers
        self._stretch(later, 0)
        unique = (tuple(dict.fromkeys(each)) for each in (self.losses, self.leftovers))
        return WayBack(tuple(part for part, _ in self.found), *unique)

    def _is_taken_again(self, number: int, later: int) -> bool:
        """Whether something else has the name, in state `later`, of the column or table that this step drops: a comparison takes them for one."""
        operation, state = self.course.steps[number].operation, self.course.states[later]
        if isinstance(operation, DropTable):
            return operation.table in state.tables
        return isinstance(operation, DropColumn) and has(state, operation.table, operation.column)

    def _undo(self, number: int) -> tuple[Undoing, tuple[Recovery, ...]]:
        step, state = self.course.steps[number], self.course.states[number]
        operation = step.operation
        if isinstance(operation, DropEnum) and ("type", operation.name) in state.objects:
            operation = DropObject("type", operation.name, operation.if_exists, operation.cascade)
        match operation:
            case ChangeRows(text, whole):
                return self._row_history().undo(number, text, whole and step.condition is None and not step.guarded)
            case CreateObject() | DropObject():
                return undo_object(operation, state, state.dialect, step.guarded), ()
            case RenameEnum() | RenameEnumValue() | RenameIndex() if state.dialect == "postgresql":
                return undo_rename(operation, state), ()
            case AlterColumn():
                return undo_type(operation, state, self.course.states[number + 1]), ()
            case ChangeProperty():
                return undo_property(operation, self.course.states[0], state), ()
        return NOTHING, ()

    def _row_history(self) -> RowHistory:
        if self.rows is None:
            from lsp_server.database.undo.rows import RowHistory

            self.rows = RowHistory(self.course, self.course.states[0].dialect)
        return self.rows

    def _stretch(self, later: int, earlier: int) -> None:
        start, end = self.course.states[later], self.course.states[earlier]
        if not _same_schema(start, end):
            self.found.append((Stretch(start, end, self.course.renames(later, earlier)), (later, earlier)))
            dropped = frozenset(key for key in end.tables if self.course.table_after(key, earlier, later) is None)
            self.found += [(part, None) for part in lost_with_tables(end, dropped)]

    def _recover(self, recovery: Recovery) -> None:
        """Tell the stretch that makes a column again where its values are."""
        from lsp_server.database.undo.updates import evenness

        course, dialect = self.course, self.course.states[0].dialect
        dropped = course.fate(recovery.column, recovery.moment).dropped
        for number, (part, bounds) in enumerate(self.found):
            if not isinstance(part, Stretch) or bounds is None or dropped is None or not bounds[1] <= dropped < bounds[0]:
                continue
            column, copy = (course.column_after(place, recovery.moment, bounds[1]).place for place in (recovery.column, recovery.copy))
            table = part.end.tables[column[0]]
            sql = recovery.image.back(name_sql(copy[1], dialect))
            self.found[number] = (replace(part, derived={**part.derived, f"{table.name}.{column[1]}": sql}), bounds)
            (key, name) = course.column_after(recovery.copy, recovery.moment, bounds[0]).place
            check: Check | None = evenness(part.start.tables[key], table_sql(key, dialect), name, recovery.image, dialect)
            if check is not None:
                self.found.insert(number, (Statements((), checks=(check,)), None))
            return


def _same_schema(one: State, two: State) -> bool:
    """Whether a comparison would find nothing: what stands beside the tables is undone by itself."""
    return (one.tables, one.enums, one.views, one.sequences) == (two.tables, two.enums, two.views, two.sequences)

"""Statements that change rows, undone as far as the text proves it. Loaded only when such a statement is met."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lsp_server.database.equivalence import family_of
from lsp_server.database.fold.state import State, mentions
from lsp_server.database.grammar import grammar_of
from lsp_server.database.model import Column, Table
from lsp_server.database.operations import ChangeRows
from lsp_server.database.undo.course import Course, Fate, Place, column_in, table_called
from lsp_server.database.undo.expressions import Inverse
from lsp_server.database.undo.inserts import deletion, inserted_into, key_of, read_insert
from lsp_server.database.undo.parts import NOTHING, Undoing, changes_nothing, shortened
from lsp_server.database.undo.updates import Exchange, Update, comes_back, literal, plain_value, read_update, restoring

logging.getLogger("sqlglot").setLevel(logging.ERROR)

_PROGRAMS = ("call", "do", "exec", "execute")


@dataclass(frozen=True, slots=True)
class Recovery:
    """A column that the upgrade drops later, and another one that was given its values before and stays. Both as called at `moment`."""

    column: Place
    copy: Place
    image: Inverse
    moment: int


@dataclass(slots=True)
class RowHistory:
    """Goes through the statements from the last to the first, and remembers what a way back cannot rely on any more.

    `spoilt`: columns whose values do not come back. `written`: columns that some later statement writes. `blurred`: tables of which
    a statement that is not understood may have changed anything; `blind`: all of them.
    """

    course: Course
    dialect: str
    spoilt: set[Fate] = field(default_factory=set)
    written: set[Fate] = field(default_factory=set)
    recovered: set[Fate] = field(default_factory=set)
    blurred: set[Fate] = field(default_factory=set)
    blind: bool = False

    def undo(self, number: int, text: str | None, certain: bool) -> tuple[Undoing, tuple[Recovery, ...]]:
        """How the statement of step `number` is undone, and which columns that are dropped later it lets come back."""
        if text is None:
            self.blind = True
            return Undoing(losses=("rows changed by a statement that is made at run time stay changed",)), ()
        if changes_nothing(text):
            return NOTHING, ()
        state = self.course.states[number]
        tree = self._parsed(text) if certain else None
        table = self._table(tree, state)
        if table is not None and table.incomplete is None and table.maybe is None:
            if isinstance(tree, exp.Insert):
                return self._insert(number, text, tree, table), ()
            if isinstance(tree, exp.Update):
                update = read_update(tree, table, self.dialect)
                if update is not None:
                    return self._update(number, text, update)
            if isinstance(tree, exp.Delete | exp.TruncateTable):
                kept = self.course.is_kept(table.key, number)
                return (Undoing(losses=(f"the rows taken by {shortened(text)}",)) if kept else NOTHING), ()
        return self._unread(number, text, state), ()

    def _parsed(self, text: str) -> exp.Expression | None:
        try:
            trees = sqlglot.parse(text, read=grammar_of(self.dialect))
        except (SqlglotError, RecursionError):
            return None
        tree = trees[0] if len(trees) == 1 else None
        return tree if isinstance(tree, exp.Expression) else None

    def _table(self, tree: exp.Expression | None, state: State) -> Table | None:
        target = inserted_into(tree) if isinstance(tree, exp.Insert) else tree.this if isinstance(tree, exp.Update | exp.Delete) else None
        if isinstance(tree, exp.TruncateTable) and len(tree.expressions) == 1:
            target = tree.expressions[0]
        return table_called(state, target.db or None, target.name) if isinstance(target, exp.Table) else None

    def _unread(self, number: int, text: str, state: State) -> Undoing:
        """Every table that the statement names may have changed in any way."""
        named = [table for table in state.tables.values() if mentions(text.lower(), table.name.lower())]
        for table in named:
            self.blurred |= {self.course.fate((table.key, column.name), number) for column in table.columns}
        if not named and text.split(None, 1)[0].lower() in _PROGRAMS:
            self.blind = True
        if named and not any(self.course.is_kept(table.key, number) for table in named):
            return NOTHING
        return Undoing(losses=(f"rows changed by {shortened(text)} stay changed",))

    def _is_usable(self, place: Place, number: int) -> bool:
        """Whether the way back finds in a column, when it comes to this step, what the step has left there."""
        fate = self.course.fate(place, number)
        if self.blind or fate in self.blurred or fate in self.spoilt:
            return False
        return fate.dropped is None or fate in self.recovered

    # Inserts

    def _insert(self, number: int, text: str, tree: exp.Insert, table: Table) -> Undoing:
        if not self.course.is_kept(table.key, number):
            return NOTHING
        insertion = read_insert(tree, table)
        stays = f"the rows brought by {shortened(text)} stay"
        if insertion is None or insertion.query is not None:
            return Undoing(leftovers=(f"{stays}: which ones is known at run time only",))
        if insertion.forgiving:
            return Undoing(leftovers=(f"{stays}: some of them may have been there before",))
        key = key_of(insertion)
        if key is None:
            return Undoing(leftovers=(f"{stays}: nothing in the statement tells them from other rows",))
        if any(self.course.fate((table.key, column), number) in self.spoilt for column in key):
            return Undoing(leftovers=(f"{stays}: their {', '.join(key)} is changed later",))
        state = self.course.states[number]
        new = frozenset(other for other in state.tables if self.course.table_before(other, number) is None)
        return Undoing((deletion(insertion, key, state, self.dialect, new),))

    # Updates

    def _update(self, number: int, text: str, update: Update) -> tuple[Undoing, tuple[Recovery, ...]]:
        key = update.table.key
        fates = {name: self.course.fate((key, name), number) for name in update.images}
        recoveries = tuple(self._recoveries(number, update))
        self.recovered |= {self.course.fate(each.column, number) for each in recoveries}
        earlier = {name for name in update.images if self.course.column_before((key, name), number) is not None}
        wanted = [name for name in update.images if name in earlier and (fates[name].dropped is None or fates[name] in self.recovered)]
        unfit = [name for name in wanted if isinstance(update.images[name], Exchange) and not self._is_reversible(number, key, name, update)]
        asked = all(self._is_usable((key, name), number) for name in update.asked - update.images.keys())
        # Behind what a later statement has spoilt, the old value does not show any more.
        firm = [name for name in wanted if self._is_usable((key, name), number)]
        tried = [name for name in firm if name not in unfit] if asked else []
        parts, done, nearly = restoring(update, tried, lambda name: self._is_usable((key, name), number), self.dialect)
        lost = [name for name in wanted if name not in done]
        self.written |= set(fates.values())
        self.spoilt |= {fates[name] for name in lost}
        losses = []
        if lost and len(lost) == len(update.images):
            losses.append(f"rows changed by {shortened(text)} stay changed")
        elif lost:
            losses += [f"the values of {update.table.name}.{name} before {shortened(text)}" for name in lost]
        losses += [f"the last digits of {update.table.name}.{name}: it is floating point" for name in sorted(nearly)]
        return Undoing(parts, tuple(losses)), recoveries

    def _is_reversible(self, number: int, key: tuple[str | None, str], name: str, update: Update) -> bool:
        image = update.images[name]
        assert isinstance(image, Exchange)
        place = self.course.column_before((key, name), number)
        possible = possible_values(self.course.states[0], place) if place is not None else None
        written = self._written_before(number, (key, name)) if possible is not None else None
        both = possible | written if possible is not None and written is not None else None
        column = update.table.column(name)
        return column is not None and comes_back(image, both, column, self.dialect)

    def _written_before(self, number: int, place: Place) -> frozenset[str] | None:
        """The constants that earlier statements of the upgrade have written into a column; None where that is not known."""
        fate = self.course.fate(place, number)
        found: set[str] = set()
        for earlier, step in enumerate(self.course.steps[:number]):
            then = self.course.column_before(place, number, earlier)
            if not isinstance(step.operation, ChangeRows) or changes_nothing(step.operation.text):
                continue
            text = step.operation.text if step.operation.whole else None
            written = self._written_by(text, earlier, then, fate) if text is not None and then is not None else None
            if written is None:
                return None
            found |= written
        return frozenset(found)

    def _written_by(self, text: str, number: int, place: Place, fate: Fate) -> set[str] | None:
        """The constants that one statement writes into a column; None where it may write anything."""
        tree = self._parsed(text)
        table = self._table(tree, self.course.states[number])
        if table is None:
            return None if mentions(text.lower(), place[0][1].lower()) else set()
        if table.key != place[0] or isinstance(tree, exp.Delete):
            return set()
        update = read_update(tree, table, self.dialect) if isinstance(tree, exp.Update) else None
        if update is None:
            return None
        if place[1] not in update.images:
            return set()
        image = update.images[place[1]]
        return {new for _, new in image.pairs} if isinstance(image, Exchange) and self.course.fate(place, number) == fate else None

    def _recoveries(self, number: int, update: Update) -> Iterator[Recovery]:
        """Columns that a later step drops and whose values this statement has copied to another one that stays."""
        key, course = update.table.key, self.course
        for column in update.table.columns:
            place = (key, column.name)
            lost = course.fate(place, number)
            if lost.dropped is None or lost in self.recovered or course.column_before(place, number) is None or column.name in update.images:
                continue
            for name, image in update.images.items():
                if not isinstance(image, Inverse) or image.source != column.name or image.nearly or image.condition is not None:
                    continue
                copy = course.fate((key, name), number)
                untouched = copy not in self.written and self._is_usable((key, name), number)
                if copy.dropped is None and untouched and self._covers(number, update, column, name):
                    yield Recovery(place, (key, name), image, number)
                    break

    def _covers(self, number: int, update: Update, column: Column, copy: str) -> bool:
        """Whether every row's value was copied."""
        if update.condition is None:
            return True
        new = column_in(self.course.states[number], update.table.key, copy)
        bare = new is not None and new.server_default is None and self.course.column_before((update.table.key, copy), number) is None
        return bare and update.present == column.name


def possible_values(before: State, place: Place) -> frozenset[str] | None:
    """The values, as SQL constants, that a column may have held in a schema; None where it may have been anything."""
    column = column_in(before, *place)
    if column is None:
        return None
    enum = column.type.enum
    values: list[str] | None = None
    if family_of(column.type) == "BOOLEAN":
        values = ["true", "false"]
    elif enum is not None and isinstance(enum.values, tuple) and (enum.create_constraint or (enum.native and before.dialect != "sqlite")):
        values = ["'" + value.replace("'", "''") + "'" for value in enum.values]
    else:
        values = _checked(before, place)
    if values is None:
        return None
    values = [plain_value(value, column) for value in values]
    return frozenset(values if column.nullable is False else [*values, "NULL"])


def _checked(before: State, place: Place) -> list[str] | None:
    """The values that a check `column IN (…)` lets through."""
    table = before.tables[place[0]]
    for check in table.checks:
        if not check.expression or place[1] not in check.expression:
            continue
        try:
            tree = sqlglot.parse_one(check.expression, read="postgres")
        except (SqlglotError, RecursionError):
            continue
        if isinstance(tree, exp.In) and isinstance(tree.this, exp.Column) and tree.this.name == place[1] and tree.args.get("query") is None:
            values = [literal(each) for each in tree.expressions]
            if all(value is not None for value in values):
                return [value for value in values if value is not None]
    return None

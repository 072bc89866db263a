"""Two branches of a history: do their revisions go together, and does it matter which runs first?

Both are replayed from what they share, one after the other in either order. What the second one is refused, and what ends
differently, is said in words that name what both of them do. Static: rows are not known; what no text tells stays open.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.database.alembic import History
from lsp_server.database.fold.state import Refusal, State, full_name
from lsp_server.database.model import ForeignKey, PrimaryKey, Revision
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    ChangeRows,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropTable,
    Keep,
    Key,
    Opaque,
    Operation,
    RenameTable,
    Step,
    table_key,
)
from lsp_server.database.replay import HistoryReplay, Replayer
from lsp_server.database.rollback import Difference, differences
from lsp_server.text import Location


@dataclass(frozen=True, slots=True)
class Conflict:
    """`text` is a clause for people: "both branches add a column named isbn to table book". `places`: where each does it."""

    text: str
    places: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """What a branch does by itself, from where it parts from the other."""

    head: str
    revisions: tuple[Revision, ...]
    steps: tuple[Step, ...]
    end: State


@dataclass(frozen=True, slots=True)
class Meeting:
    """`possible` tells for (first, second) and (second, first) whether that order runs; None: the text does not tell.

    `conflicts` is empty where both orders run and end in the same schema. `unsure` names what no text tells.
    """

    start: State
    branches: tuple[Branch, Branch]
    possible: tuple[bool | None, bool | None]
    conflicts: tuple[Conflict, ...] = ()
    unsure: str | None = None

    @property
    def changes_rows(self) -> bool:
        return any(isinstance(step.operation, ChangeRows) for branch in self.branches for step in branch.steps)


def ancestors(history: History, identifier: str) -> frozenset[str]:
    """A revision and everything it builds on."""
    found: set[str] = set()
    waiting = [identifier]
    while waiting:
        revision = history.revision(waiting.pop())
        if revision is not None and revision.id not in found:
            found.add(revision.id)
            waiting.extend((*revision.down, *revision.depends_on))
    return frozenset(found)


def meet(replayer: Replayer, replay: HistoryReplay, first: str, second: str) -> Meeting | None:
    """The branches of two heads held against each other; None where one of them does not run by itself."""
    history = replay.history
    groups = ancestors(history, first), ancestors(history, second)
    shared = groups[0] & groups[1]
    start = State(history.dialect)
    if _run(replayer, replay, shared, start)[1] is not None:
        return None
    branches = []
    for head, group in zip((first, second), groups):
        end = start.copy()
        steps, refusal = _run(replayer, replay, group - shared, end)
        if refusal is not None:
            return None
        branches.append(Branch(head, tuple(each for each in history.revisions if each.id in group - shared), steps, end))
    one, two = branches
    ends, refusals = [], []
    for earlier, later in ((one, two), (two, one)):
        state = earlier.end.copy()
        refusals.append(_run(replayer, replay, frozenset(each.id for each in later.revisions), state)[1])
        ends.append(state)
    unsure = _unsure((*one.steps, *two.steps))
    possible = tuple(None if refusal is None and unsure is not None else refusal is None for refusal in refusals)
    conflicts = tuple(_conflicts(one, two, (refusals[0], refusals[1]), (ends[0], ends[1])))
    return Meeting(start, (one, two), (possible[0], possible[1]), conflicts, unsure)


def _run(replayer: Replayer, replay: HistoryReplay, identifiers: frozenset[str], state: State) -> tuple[tuple[Step, ...], Refusal | None]:
    steps: list[Step] = []
    for revision in replay.history.revisions:
        if revision.id in identifiers:
            done, refusal = replayer.run(revision, "upgrade", state, replay.environment)
            steps += done
            if refusal is not None:
                return tuple(steps), refusal
    return tuple(steps), None


def _unsure(steps: tuple[Step, ...]) -> str | None:
    for step in steps:
        if step.condition is not None:
            return step.condition.what
        if isinstance(step.operation, Opaque):
            return step.operation.reason.what
    return None


def _conflicts(one: Branch, two: Branch, refusals: tuple[Refusal | None, Refusal | None], ends: tuple[State, State]) -> list[Conflict]:
    refused = [refusal for refusal in refusals if refusal is not None]
    different = [each for each in differences(*ends) if not _only_sorted(each)] if not refused else []
    if not refused and not different:
        return []
    found = [
        Conflict(text, (mine.location, theirs.location))
        for mine in one.steps
        for theirs in two.steps
        if (text := clash(mine.operation, theirs.operation)) is not None
    ]
    if found:
        return list({each.text: each for each in reversed(found)}.values())[::-1]
    if refused:
        heads = (one.head, two.head) if refusals[0] is not None else (two.head, one.head)
        return [Conflict(f"after the revisions up to {heads[0]} those up to {heads[1]} cannot run: {refused[0].message}", (refused[0].location,))]
    return [Conflict(f"the {each.element} {'.'.join(each.subject)} is left as the branch makes it that runs last") for each in different]


def _only_sorted(difference: Difference) -> bool:
    """Values of an enumeration in another order: they were added one after the other."""
    values = [set((text or "").split(", ")) for text in (difference.before, difference.after)]
    return difference.element == "enum" and values[0] == values[1]


# Two operations


def clash(mine: Operation, theirs: Operation) -> str | None:
    """Why two operations of different branches do not go together, or not in any order; None where nothing is to be said."""
    return _both(mine, theirs) or _one_takes(mine, theirs) or _one_takes(theirs, mine)


def _both(mine: Operation, theirs: Operation) -> str | None:
    """Both make, drop or change the same."""
    match mine, theirs:
        case CreateTable(), CreateTable() if mine.table.key == theirs.table.key:
            return f"both branches create a table named {mine.table.full_name}"
        case DropTable(), DropTable() if mine.table == theirs.table:
            return f"both branches drop table {full_name(mine.table)}"
        case RenameTable(), RenameTable() if mine.table == theirs.table:
            return f"both branches rename table {full_name(mine.table)}"
        case DropColumn(), DropColumn() if (mine.table, mine.column) == (theirs.table, theirs.column):
            return f"both branches drop column {mine.column} of table {full_name(mine.table)}"
        case AlterColumn(), AlterColumn() if (mine.table, mine.column) == (theirs.table, theirs.column):
            return _both_alter(mine, theirs)
        case CreateIndex(), CreateIndex() if mine.index.name == theirs.index.name and mine.table[0] == theirs.table[0]:
            return f"both branches make an index named {mine.index.name}"
        case AddConstraint(), AddConstraint() if mine.table == theirs.table:
            if isinstance(mine.constraint, PrimaryKey) and isinstance(theirs.constraint, PrimaryKey):
                return f"both branches give table {full_name(mine.table)} a primary key"
            if mine.constraint.name is not None and mine.constraint.name == theirs.constraint.name:
                return f"both branches add a constraint named {mine.constraint.name} to table {full_name(mine.table)}"
        case CreateEnum(), CreateEnum() if (mine.enum.schema, mine.enum.name) == (theirs.enum.schema, theirs.enum.name):
            return f"both branches create a type named {mine.enum.name}"
        case AddEnumValue(), AddEnumValue() if (mine.schema, mine.name, mine.value) == (theirs.schema, theirs.name, theirs.value):
            return f"both branches add the value {mine.value} to type {mine.name}"
        case CreateObject(), CreateObject() if (mine.sort, mine.name) == (theirs.sort, theirs.name):
            return f"both branches create a {mine.sort} named {mine.name}"
    columns = [_new_column(operation) for operation in (mine, theirs)]
    if columns[0] is not None and columns[0] == columns[1]:
        (key, name) = columns[0]
        return f"both branches add a column named {name} to table {full_name(key)}"
    return None


def _new_column(operation: Operation) -> tuple[Key, str] | None:
    if isinstance(operation, AlterColumn) and isinstance(operation.name, str):
        return operation.table, operation.name
    return (operation.table, operation.column.name) if isinstance(operation, AddColumn) else None


def _both_alter(mine: AlterColumn, theirs: AlterColumn) -> str | None:
    words = {"name": "name", "type": "type", "nullable": "nullability", "server_default": "default", "comment": "comment"}
    for attribute, word in words.items():
        left, right = getattr(mine, attribute), getattr(theirs, attribute)
        if not isinstance(left, Keep) and not isinstance(right, Keep) and left != right:
            return f"both branches change the {word} of column {mine.column} of table {full_name(mine.table)}"
    return None


def _one_takes(mine: Operation, theirs: Operation) -> str | None:
    """One takes away, or calls otherwise, what the other one needs."""
    if isinstance(mine, DropTable | RenameTable):
        verb = "drops" if isinstance(mine, DropTable) else "renames"
        name = full_name(mine.table)
        if _table_of(theirs) == mine.table:
            return f"one branch {verb} table {name}, which the other changes"
        if mine.table in _referred(theirs):
            return f"one branch {verb} table {name}, to which the other refers"
    if isinstance(mine, DropColumn) or (isinstance(mine, AlterColumn) and isinstance(mine.name, str)):
        verb = "drops" if isinstance(mine, DropColumn) else "renames"
        if _table_of(theirs) == mine.table and mine.column in _columns_of(theirs):
            return f"one branch {verb} column {mine.column} of table {full_name(mine.table)}, which the other needs"
    return None


def _table_of(operation: Operation) -> Key | None:
    table = getattr(operation, "table", None)
    return table if isinstance(table, tuple) else None


def _referred(operation: Operation) -> set[Key]:
    keys: tuple[object, ...] = ()
    if isinstance(operation, CreateTable):
        keys = operation.table.foreign_keys
    elif isinstance(operation, AddConstraint):
        keys = (operation.constraint,)
    return {table_key(key.target_table, key.target_schema) for key in keys if isinstance(key, ForeignKey) and key.target_table is not None}


def _columns_of(operation: Operation) -> tuple[str, ...]:
    match operation:
        case AlterColumn() | DropColumn():
            return (operation.column,)
        case CreateIndex():
            return operation.index.columns or ()
        case AddConstraint():
            return tuple(getattr(operation.constraint, "columns", None) or ())
    return ()

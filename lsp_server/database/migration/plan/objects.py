"""Views and sequences around the changes of tables: what must step aside first, what comes back, what is new and what goes.

A view that reads what changes is dropped before and made again after, and so are the views that read it. A view that only the
history makes is kept; where it reads what is dropped for good, the plan says so and stops there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lsp_server.database.compare_objects import views_for
from lsp_server.database.difference import Difference
from lsp_server.database.migration.object_operations import (
    ChangeSequence,
    CreateSequence,
    CreateView,
    DropSequence,
    DropView,
    ReplaceView,
)
from lsp_server.database.migration.object_sql import bare
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeEnum,
    CreateEnum,
    CreateSchema,
    DropColumn,
    DropConstraint,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    TableKey,
)
from lsp_server.database.model import Database, Sequence, View
from lsp_server.database.view_text import in_order, reads_of, reads_table, renamed_query, same_columns, shows_column
from lsp_server.unknown import Unknown

_REPLACING = ("postgresql", "mysql", "mariadb")


def carried(before: Database, after: Database, dialect: str | None) -> Database:
    """The wanted schema with the views and sequences of the one before that it says nothing about: they stay."""
    earlier = {view.key: view for view in views_for(before, dialect)}
    views = tuple(_with_indexes(view, earlier.get(view.key)) for view in views_for(after, dialect))
    sequences = after.sequences
    if "view" not in after.whole:
        known = {view.key for view in views} | {table.key for table in after.tables}
        views += tuple(view for view in earlier.values() if view.key not in known)
    if "sequence" not in after.whole:
        named = {sequence.key for sequence in sequences}
        sequences += tuple(each for each in before.sequences if each.key not in named and not _has_lost_its_use(each, before, after))
    return replace(after, views=views, sequences=sequences)


def followed(after: Database, declared: Database, renames: Iterable[Operation], dialect: str | None) -> Database:
    """The views that only the history makes go on reading what is renamed."""
    renames = tuple(renames)
    own = {view.key for view in declared.views}

    def follow(view: View) -> View:
        for rename in renames if view.key not in own else ():
            if isinstance(view.query, Unknown) or not _touches(rename, view, dialect):
                continue
            query: str | None = None
            if isinstance(rename, RenameTable):
                query = renamed_query(view.query, dialect, (rename.schema, rename.before), rename.target)
            elif isinstance(rename, RenameColumn):
                query = renamed_query(view.query, dialect, rename.table, rename.table, (rename.before.name, rename.after))
            lost = Unknown(f"it reads what is renamed, and how is not understood: {view.query}", view.location)
            view = replace(view, query=query if query is not None else lost)
        return view

    return replace(after, views=tuple(map(follow, after.views)))


def with_objects(
    operations: tuple[Operation, ...], before: Database, after: Database, differences: Iterable[Difference], dialect: str | None,
    obstacles: list[str],
) -> tuple[Operation, ...]:
    """The operations with those of views and sequences in their places. `before` is the schema before everything."""
    differences = tuple(differences)
    gone, come = _views(operations, before, after, differences, dialect, obstacles)
    early, late, last = _sequences(before, after, differences)
    split = _after_schemas(operations)
    return (*gone, *operations[:split], *early, *operations[split:], *late, *last, *come)


def _after_schemas(operations: tuple[Operation, ...]) -> int:
    """How many operations go before everything that may need a sequence: those that make schemas and types."""
    places = [number for number, operation in enumerate(operations) if isinstance(operation, CreateSchema | CreateEnum)]
    return places[-1] + 1 if places else 0


# Views


def _views(
    operations: tuple[Operation, ...], before: Database, after: Database, differences: tuple[Difference, ...], dialect: str | None,
    obstacles: list[str],
) -> tuple[list[Operation], list[Operation]]:
    old = {view.key: view for view in views_for(before, dialect) if view.maybe is None}
    new = {view.key: view for view in views_for(after, dialect) if view.maybe is None}
    items = [item for item in differences if item.element == "view"]
    changed = {item.after.key for item in items if isinstance(item.after, View) and isinstance(item.before, View)}
    aside = {item.before.key for item in items if isinstance(item.before, View) and item.after is None}
    touched = {key for key, view in old.items() if any(_touches(operation, view, dialect) for operation in operations)}
    replaced = {
        key for key in changed - touched
        if dialect in _REPLACING and not old[key].materialized and _may_replace(old[key], new[key], dialect)
    }  # fmt: skip
    aside |= touched | (changed - replaced)
    _take_readers(aside, old, dialect)
    for key in [key for key in sorted(aside, key=str) if key in old]:
        if key not in changed and key in new and (lost := _loses(operations, old[key], dialect)) is not None:
            obstacles.append(f"the {old[key].sort} {old[key].full_name} reads {lost}, which is dropped: change or drop the view first")
    fresh = {item.after.key for item in items if item.before is None and isinstance(item.after, View)}
    made = {key for key in (aside & new.keys()) | fresh if _is_known(new[key], obstacles)}
    remade = {key for key in made if key in old}
    gone = [DropView(view, view.key in remade) for view in reversed(in_order(tuple(old[key] for key in old if key in aside), dialect))]
    come = [CreateView(view, view.key in remade) for view in in_order(tuple(new[key] for key in new if key in made), dialect)]
    exchanged = [ReplaceView(old[key], new[key]) for key in new if key in replaced - aside]
    return [*gone], [*exchanged, *come]


def _may_replace(before: View, after: View, dialect: str | None) -> bool:
    if isinstance(before.query, Unknown) or isinstance(after.query, Unknown):
        return False
    around = [(view.materialized, view.columns, view.modifiers, view.options) for view in (before, after)]
    return around[0] == around[1] and same_columns(before.query, after.query, dialect)


def _take_readers(aside: set[TableKey], views: Mapping[TableKey, View], dialect: str | None) -> None:
    """Whatever reads a view that steps aside must do so too."""
    waiting = list(aside)
    while waiting:
        key = waiting.pop()
        for other, view in views.items():
            if other not in aside and reads_table(view, key, dialect):
                aside.add(other)
                waiting.append(other)


def _with_indexes(view: View, earlier: View | None) -> View:
    """The models seldom say which indexes a materialized view has: they come back with it."""
    return replace(view, indexes=earlier.indexes) if earlier is not None and view.materialized and not view.indexes else view


def _is_known(view: View, obstacles: list[str]) -> bool:
    if isinstance(view.query, Unknown):
        obstacles.append(f"the query of the view {view.full_name} is not known: {view.query.what}")
        return False
    return True


def _touches(operation: Operation, view: View, dialect: str | None) -> bool:
    """Whether a database refuses an operation as long as the view is there, or leaves the view as it was although it shows more."""
    match operation:
        case RenameTable():
            return reads_table(view, (operation.schema, operation.before), dialect)
        case RenameColumn():
            return shows_column(view, operation.table, operation.before.name, dialect)
        case DropTable():
            return reads_table(view, operation.table.key, dialect)
        case AddColumn() | DropColumn() | AlterColumn() | AddConstraint() | DropConstraint() if dialect == "sqlite":
            return reads_table(view, operation.table, dialect)  # the table may be copied, and be gone for a moment
        case DropColumn():
            return shows_column(view, operation.table, operation.column.name, dialect)
        case AddColumn():
            found = reads_of(view, dialect)
            return reads_table(view, operation.table, dialect) and found is not None and found.every
        case AlterColumn():
            changes = "type" in operation.aspects and dialect == "postgresql"
            return changes and shows_column(view, operation.table, operation.before.name, dialect)
        case ChangeEnum() if not operation.only_adds:
            return any(shows_column(view, key, column.name, dialect) for key, column in operation.uses)
    return False


def _loses(operations: tuple[Operation, ...], view: View, dialect: str | None) -> str | None:
    """What a view reads by name and the operations drop for good, in words."""
    found = reads_of(view, dialect)
    if found is None:
        return None
    added = {(operation.table, operation.column.name) for operation in operations if isinstance(operation, AddColumn)}
    for operation in operations:
        if isinstance(operation, DropTable) and reads_table(view, operation.table.key, dialect):
            return operation.table.full_name
        if not isinstance(operation, DropColumn) or (operation.table, operation.column.name) in added:
            continue
        name = operation.column.name
        if name in found.columns and shows_column(view, operation.table, name, dialect):
            return f"{operation.table[1]}.{name}"
    return None


# Sequences


@dataclass(frozen=True, slots=True)
class _Use:
    """A column whose values a sequence feeds."""

    table: TableKey
    column: str


def _sequences(
    before: Database, after: Database, differences: tuple[Difference, ...]
) -> tuple[list[Operation], list[Operation], list[Operation]]:
    """What goes before the tables' own changes, what behind them, and what is dropped when nothing needs it any more."""
    early: list[Operation] = []
    late: list[Operation] = []
    last: list[Operation] = []
    items = [item for item in differences if item.element == "sequence"]
    gone = [item.before for item in items if isinstance(item.before, Sequence) and item.after is None]
    if "sequence" not in after.whole:
        gone += [sequence for sequence in before.sequences if _has_lost_its_use(sequence, before, after)]
    for item in items:
        if isinstance(item.after, Sequence) and item.before is None:
            early.append(CreateSequence(bare(item.after)))
            if item.after.owner is not None:
                late.append(ChangeSequence(bare(item.after), item.after))
        elif isinstance(item.after, Sequence) and isinstance(item.before, Sequence):
            kept = item.after if "sequence" in after.whole else replace(item.after, owner=item.before.owner)
            late.append(ChangeSequence(item.before, kept))
    for sequence in gone:
        if sequence.owner is not None:
            early.append(ChangeSequence(sequence, bare(sequence)))
        last.append(DropSequence(bare(sequence)))
    return early, late, last


def _has_lost_its_use(sequence: Sequence, before: Database, after: Database) -> bool:
    """Whether it fed a column, or belonged to one, and nothing in the wanted schema names it any more."""
    if sequence.maybe is not None or any(each.key == sequence.key for each in after.sequences):
        return False
    uses = _uses(sequence, before)
    if sequence.owner is not None:
        uses.add(_Use(sequence.owner[:2], sequence.owner[2]))
    if not uses or _uses(sequence, after):
        return False
    for use in uses:
        table = after.table(use.table[1], use.table[0])
        column = table.column(use.column) if table is not None else None
        default = column.server_default if column is not None else None
        if isinstance(default, Unknown) or (table is not None and table.incomplete is not None):
            return False
        if column is not None and default is None and column.default is not None:
            return False  # Python may be the one that asks it
        if default is not None and default.sort == "sequence":
            return False
    return after.incomplete is None


def _uses(sequence: Sequence, database: Database) -> set[_Use]:
    """The columns whose default asks the sequence."""
    found = set()
    for table in database.tables:
        for column in table.columns:
            text = getattr(column.server_default, "text", None)
            named = re.search(r"nextval\(\s*'([^']+)'", text or "", re.IGNORECASE)
            if named is not None and [part.strip('"') for part in named[1].split(".")][-1] == sequence.name:
                found.add(_Use(table.key, column.name))
    return found

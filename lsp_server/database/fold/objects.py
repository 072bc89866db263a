"""Views and sequences: made, changed, dropped, and what happens to them when the tables below them do.

PostgreSQL refuses to drop what a view reads; where a history drops it all the same, something here was not seen, and nothing
is refused. What CASCADE takes along is taken.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.fold.state import State, mentions
from lsp_server.database.model import Index
from lsp_server.database.objects import (
    AlterSequence,
    CreateSequence,
    CreateView,
    DropSequence,
    DropView,
    ObjectOperation,
    RenameView,
)
from lsp_server.database.operations import CreateIndex, Key
from lsp_server.database.view_text import reads_table, renamed_query, shows_column
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def create_view(state: State, operation: CreateView, location: Location) -> None:
    if operation.view.key in state.views and operation.if_not_exists:
        return
    state.views[operation.view.key] = operation.view


def drop_view(state: State, operation: DropView, location: Location) -> None:
    if not operation.key[1]:  # the name is not known
        unsure = Unknown("views of which one was dropped", location)
        state.views = {key: replace(view, maybe=unsure) for key, view in state.views.items()}
        return
    gone = state.views.pop(operation.key, None)
    if gone is not None and operation.cascade:
        take_views_along(state, operation.key)


def perhaps_object(state: State, operation: ObjectOperation, condition: Unknown) -> None:
    """What a step makes or drops that is not sure to happen may be there and may not."""
    match operation:
        case CreateView(view):
            known = state.views.get(view.key)
            unsure = replace(known or view, maybe=condition)
            state.views[view.key] = unsure
        case CreateSequence(sequence):
            state.sequences[sequence.key] = replace(state.sequences.get(sequence.key, sequence), maybe=condition)
        case DropView(key) | RenameView(key):
            if key in state.views:
                state.views[key] = replace(state.views[key], maybe=condition)
            if isinstance(operation, RenameView) and key in state.views:
                schema, name = operation.new_key
                state.views[operation.new_key] = replace(state.views[key], schema=schema, name=name)
        case DropSequence(key) | AlterSequence(key):
            if key in state.sequences:
                state.sequences[key] = replace(state.sequences[key], maybe=condition)


def rename_view(state: State, operation: RenameView, location: Location) -> None:
    view = state.views.pop(operation.key, None)
    if view is not None:
        schema, name = operation.new_key
        state.views[operation.new_key] = replace(view, schema=schema, name=name, written=None)


def create_sequence(state: State, operation: CreateSequence, location: Location) -> None:
    if operation.sequence.key in state.sequences and operation.if_not_exists:
        return
    state.sequences[operation.sequence.key] = operation.sequence


def drop_sequence(state: State, operation: DropSequence, location: Location) -> None:
    state.sequences.pop(operation.key, None)


def alter_sequence(state: State, operation: AlterSequence, location: Location) -> None:
    sequence = state.sequences.get(operation.key)
    if sequence is None:
        return
    sequence = replace(sequence, options=replace(sequence.options, **dict(operation.options)), family=operation.family or sequence.family)
    if operation.disowned:
        sequence = replace(sequence, owner=operation.owner)
    if operation.new_key is not None:
        del state.sequences[operation.key]
        sequence = replace(sequence, schema=operation.new_key[0], name=operation.new_key[1])
    state.sequences[sequence.key] = sequence


# Indexes of materialized views


def index_of_view(state: State, operation: CreateIndex) -> bool:
    """Put an index on a materialized view; False where the name is none of a view's."""
    view = state.views.get(operation.table)
    if view is None:
        return False
    others = tuple(each for each in view.indexes if each.name != operation.index.name)
    state.views[operation.table] = replace(view, indexes=(*others, operation.index))
    return True


def without_index(state: State, name: str | None, renamed: Index | None = None) -> bool:
    """Take an index off its materialized view, or put `renamed` in its place; False where no view has it."""
    for key, view in state.views.items():
        if any(index.name == name for index in view.indexes):
            kept = tuple(index if index.name != name else renamed for index in view.indexes)
            state.views[key] = replace(view, indexes=tuple(index for index in kept if index is not None))
            return True
    return False


def view_index(state: State, name: str) -> Index | None:
    return next((index for view in state.views.values() for index in view.indexes if index.name == name), None)


# What hangs on tables


def take_views_along(state: State, table: Key, column: str | None = None) -> None:
    """CASCADE: the views that read a table, or one of its columns, go with it, and those that read them."""
    gone = [
        key for key, view in state.views.items()
        if (reads_table(view, table, state.dialect) if column is None else shows_column(view, table, column, state.dialect))
    ]  # fmt: skip
    for key in gone:
        if key != table and state.views.pop(key, None) is not None:
            take_views_along(state, key)


def take_sequences_along(state: State, table: Key, column: str | None = None) -> None:
    """A sequence that a column owns goes with it."""
    for key, sequence in list(state.sequences.items()):
        if sequence.owner is not None and sequence.owner[:2] == table and column in (None, sequence.owner[2]):
            del state.sequences[key]


def move_owner(state: State, before: Key, after: Key, columns: tuple[str, str] | None = None) -> None:
    """A table, or one of its columns, has another name: sequences go on belonging to it, views go on reading it."""
    for key, sequence in list(state.sequences.items()):
        if sequence.owner is not None and sequence.owner[:2] == before:
            column = sequence.owner[2]
            if columns is not None and column == columns[0]:
                column = columns[1]
            state.sequences[key] = replace(sequence, owner=(*after, column))
    old = columns[0] if columns is not None else before[1]
    for key, view in list(state.views.items()):
        if state.dialect not in ("mysql", "mariadb") and isinstance(view.query, str) and _names(view.query, old, before[1], columns is None):
            unknown = Unknown(f"the query of a view over {old}, which was renamed since", view.location)
            query = renamed_query(view.query, state.dialect, before, after, columns, keeps_names=state.dialect != "sqlite")
            state.views[key] = replace(view, query=query if query is not None else unknown)


def _names(query: str, word: str, table: str, whole: bool) -> bool:
    """Whether a query may name what was renamed: a table, or a column of it."""
    text = query.lower()
    return mentions(text, table.lower()) and (whole or mentions(text, word.lower()) or "*" in text)

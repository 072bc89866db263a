"""What the rules about risky operations look at: the operations of the latest revisions, each with the schema it meets.

Only heads count. What lies behind a head has usually run everywhere already, and nobody can act on it any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_server.database.fold import apply
from lsp_server.database.fold.state import State
from lsp_server.database.hazards.server import Server
from lsp_server.database.hazards.transactions import autocommit_spans
from lsp_server.database.model import Column, ColumnType, Table
from lsp_server.database.operations import (
    AddColumn,
    AlterColumn,
    ChangeRows,
    CreateTable,
    Key,
    Opaque,
    RenameTable,
    Step,
    table_key,
)
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Moment:
    """One operation that happens for sure. `schema` is what it meets, `new` the tables and columns of this same revision.

    `rows` are the statements on rows before it in the revision; None is one whose text is not known.
    """

    replay: HistoryReplay
    revision: RevisionReplay
    step: Step
    schema: State
    new: frozenset[Key | tuple[Key, str]]
    rows: tuple[str | None, ...]
    server: Server
    earlier: tuple[Step, ...] = ()  # the steps before it in the revision

    @property
    def dialect(self) -> str:
        return self.replay.history.dialect

    @property
    def identifier(self) -> str:
        return self.revision.revision.id

    def table(self, key: Key) -> Table | None:
        """A table that may have rows: it was there before the revision, for sure."""
        table = self.schema.tables.get(key)
        return None if table is None or key in self.new or table.maybe is not None else table

    def column(self, key: Key, name: str) -> Column | None:
        """A column that rows may have values in: it was there before the revision, for sure."""
        table = self.table(key)
        column = table.column(name) if table is not None else None
        return None if column is None or (key, name) in self.new or column.maybe is not None else column

    def present(self, kind: ColumnType) -> ColumnType:
        """A type as the database knows it: an enumeration that is only named has the values it was made with."""
        enum = kind.enum
        if enum is None or not enum.native or enum.name is None:
            return kind
        return replace(kind, enum=self.schema.enums.get(table_key(enum.name, enum.schema), enum))

    def is_cared_for(self, *names: str) -> bool:
        """Whether the revision may have looked after the rows before: a statement that names all of these, or an unknown one."""
        return any(text is None or mentions(text, *names) for text in self.rows)

    def subject(self, *parts: str) -> tuple[str, ...]:
        return ("revision", self.identifier, *parts)


def mentions(text: str, *names: str) -> bool:
    return all(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names)


def heads(snapshot: Snapshot) -> Iterator[tuple[HistoryReplay, RevisionReplay]]:
    """The revisions that nothing follows, as far as they replay."""
    for replay in snapshot.histories:
        for identifier in replay.history.heads:
            found = replay.revision(identifier)
            if found is not None and found.refusal is None:
                yield replay, found


def moments(snapshot: Snapshot) -> Iterator[Moment]:
    """Every certain operation of the heads. Behind a statement that may do anything, nothing is certain."""
    for replay, found in heads(snapshot):
        schema = found.before.copy()
        new: set[Key | tuple[Key, str]] = set()
        rows: list[str | None] = []
        server = Server.of(replay.history.dialect, snapshot.config.dialect_version)
        for number, step in enumerate(found.steps):
            operation = step.operation
            if isinstance(operation, Opaque):
                break
            if step.condition is None and not step.guarded:
                yield Moment(replay, found, step, schema.copy(), frozenset(new), tuple(rows), server, found.steps[:number])
            if isinstance(operation, ChangeRows):
                rows.append(operation.text)
            _note(operation, new)
            if apply(schema, step) is not None:
                break


def _note(operation: object, new: set[Key | tuple[Key, str]]) -> None:
    match operation:
        case CreateTable(table):
            new.add(table.key)
        case RenameTable(table, name) if table in new:
            new.add((table[0], name))
        case AddColumn(table, column):
            new.add((table, column.name))
        case AlterColumn(table, column, str() as name) if (table, column) in new:
            new.add((table, name))


def rows_before(moment: Moment, *names: str) -> bool:
    """Whether an earlier revision may have filled or cleaned rows: it names all of these, or the one just before is unknown."""
    parents = moment.revision.revision.down
    for each in moment.replay.revisions:
        for step in each.steps:
            if isinstance(step.operation, ChangeRows):
                text = step.operation.text
                if mentions(text, *names) if text is not None else each.revision.id in parents:
                    return True
    return False


def source(snapshot: Snapshot, step: Step) -> str:
    """The text of the call that asks for an operation."""
    document = snapshot.document(step.location.path)
    return "" if document is None else document.text[slice(*step.location.span)]


def is_outside_transaction(snapshot: Snapshot, step: Step) -> bool:
    """Whether an operation stands in an `autocommit_block`."""
    spans = autocommit_spans(snapshot.module(step.location.path).body)
    return any(span.covers(step.location.span) for span in spans)


def text_of(snapshot: Snapshot, path: str | None) -> str | None:
    """The text of a file; None for one that is not there."""
    document = snapshot.document(path) if path is not None else None
    return None if document is None else document.text

"""The named things of a workspace with their places, and what stands at their other ends.

An operation in a spec and the route that answers it, a schema and its model, a table and the revisions that made it:
what people want to see listed, to be told about, and to go to. Made from views alone; how it is shown is a shell's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lsp_server.api.pair import route_key, spec_key
from lsp_server.database.operations import AddColumn, AlterColumn, CreateTable, Keep, Key, RenameTable
from lsp_server.text import Location, Span

if TYPE_CHECKING:
    from lsp_server.api.model import Api, Operation
    from lsp_server.database.model import Table
    from lsp_server.database.replay import HistoryReplay
    from lsp_server.snapshot import Snapshot
    from lsp_server.snapshot.api import Contract

_CLASS = re.compile(r"\bclass[ \t]+(\w+)")


class Sort(StrEnum):
    OPERATION = "operation"
    ROUTE = "route"
    SCHEMA = "schema"
    MODEL = "model"
    TABLE = "table"
    COLUMN = "column"
    STEP = "step"  # what a revision does to a table or a column
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing. `name` is where its name stands, `whole` its declaration; `others` are the things it should agree with.

    `head` is the part a person points at: from the first decorator to the end of the line with the name.
    """

    sort: Sort
    title: str
    name: Location
    whole: Location
    head: Location
    detail: str = ""
    others: tuple[Entry, ...] = ()


class Outline:
    """The entries of a workspace by path, in order of place."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        found: dict[str, list[Entry]] = {}
        for entry in entries:
            found.setdefault(entry.whole.path, []).append(entry)
        self.by_path: Mapping[str, tuple[Entry, ...]] = {
            path: tuple(sorted(listed, key=lambda entry: (entry.whole.span, entry.title))) for path, listed in found.items()
        }

    def at(self, path: str, offset: int) -> tuple[Entry, ...]:
        """The things whose head holds the offset; of nested ones the innermost."""
        here = [entry for entry in self.by_path.get(path, ()) if entry.head.span.start <= offset <= entry.head.span.end]
        first = max((entry.whole.span.start for entry in here), default=0)
        return tuple(entry for entry in here if entry.whole.span.start == first)


def outline(snapshot: Snapshot) -> Outline:
    return Outline(_entries(snapshot))


def _entries(snapshot: Snapshot) -> Iterator[Entry]:
    yield from _api(snapshot)
    yield from _database(snapshot)
    yield from _revisions(snapshot)


# The API: operations and routes, schemas and models


def _api(snapshot: Snapshot) -> Iterator[Entry]:
    operations = {api.source: [_operation(snapshot, operation) for operation in api.operations] for api in snapshot.promised}
    routes = {id(api): [_route(snapshot, route) for route in api.operations] for api in snapshot.implemented}
    ends: dict[Location, list[Entry]] = {}
    for contract in snapshot.contracts:
        _join(contract, operations[contract.promised.source], routes.get(id(contract.implemented), []), ends)
    for entry in (*(one for group in operations.values() for one in group), *(one for group in routes.values() for one in group)):
        yield replace(entry, others=_distinct(ends.get(entry.whole, ())))
    yield from _schemas(snapshot)


def _join(contract: Contract, operations: list[Entry], routes: list[Entry], ends: dict[Location, list[Entry]]) -> None:
    """Note for each operation the routes that answer it, and the reverse."""
    answering: dict[tuple[str, str], list[Entry]] = {}
    for route, entry in zip(contract.implemented.operations, routes):
        answering.setdefault(route_key(route), []).append(entry)
    for operation, entry in zip(contract.promised.operations, operations):
        for other in answering.get(spec_key(operation, contract.pairing), ()):
            ends.setdefault(entry.whole, []).append(other)
            ends.setdefault(other.whole, []).append(entry)


def _operation(snapshot: Snapshot, operation: Operation) -> Entry:
    detail = operation.operation_id if isinstance(operation.operation_id, str) else ""
    whole = operation.declaration or operation.location
    title = f"{operation.method} {operation.path}"
    return Entry(Sort.OPERATION, title, operation.location, whole, _head(snapshot, whole, operation.location), detail)


def _route(snapshot: Snapshot, route: Operation) -> Entry:
    detail = (route.handler or "").rpartition(":")[2]
    whole = route.declaration or route.location
    name = route.handler_location or route.location
    return Entry(Sort.ROUTE, f"{route.method} {route.path}", name, whole, _head(snapshot, whole, name), detail)


def _head(snapshot: Snapshot, whole: Location, name: Location) -> Location:
    """From the start of the declaration to the end of the line with the name; that line alone if it stands elsewhere."""
    document = snapshot.document(name.path)
    if document is None:
        return name
    line = document.lines.line_span(document.text, document.lines.position(name.span.start).line)
    inside = whole.path == name.path and whole.span.start <= name.span.start
    return Location(name.path, Span(whole.span.start if inside else name.span.start, line.end))


def _schemas(snapshot: Snapshot) -> Iterator[Entry]:
    """Named shapes of both sides. They are each other's end where a name means one shape on each side of a contract."""
    promised = {api.source: _shapes(snapshot, api, Sort.SCHEMA) for api in snapshot.promised}
    implemented = {id(api): _shapes(snapshot, api, Sort.MODEL) for api in snapshot.implemented}
    ends: dict[Location, list[Entry]] = {}
    for contract in snapshot.contracts:
        models: dict[str, list[Entry]] = {}
        for model in implemented.get(id(contract.implemented), ()):
            models.setdefault(model.title, []).append(model)
        for schema in promised[contract.promised.source]:
            namesakes = models.get(schema.title, [])
            if len({model.whole for model in namesakes}) == 1:
                ends.setdefault(schema.whole, []).append(namesakes[0])
                ends.setdefault(namesakes[0].whole, []).append(schema)
    seen: set[tuple[Location, str]] = set()
    for entry in (*(one for group in promised.values() for one in group), *(one for group in implemented.values() for one in group)):
        if (entry.whole, entry.title) not in seen:
            seen.add((entry.whole, entry.title))
            yield replace(entry, others=_distinct(ends.get(entry.whole, ())))


def _shapes(snapshot: Snapshot, api: Api, sort: Sort) -> list[Entry]:
    """The shapes that have a declaration of their own; those that a framework makes up have none."""
    found = []
    for name, schema in api.schemas.items():
        whole = schema.location
        document = snapshot.document(whole.path) if whole is not None else None
        if whole is None or document is None:
            continue
        written = whole
        if sort is Sort.MODEL:
            match = _CLASS.search(document.text, whole.span.start, whole.span.end)
            if match is None:
                continue
            written = Location(whole.path, Span(*match.span(1)))
        title = name.rpartition("/")[2].rpartition(":")[2].rpartition(".")[2]
        found.append(Entry(sort, title, written, whole, _head(snapshot, whole, written)))
    return found


def _distinct(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple({(entry.whole, entry.title): entry for entry in entries}.values())


# The database: tables and columns of models, and the steps of revisions that made them


def _database(snapshot: Snapshot) -> Iterator[Entry]:
    for drift in snapshot.drifts:
        steps = _steps(snapshot, drift.replay)
        ends: dict[Location, list[Entry]] = {}
        for table in drift.mapped.tables:
            for column, mapped in _mapped(snapshot, table):
                made = steps.get((table.key, column), [])
                for step in made:
                    ends.setdefault(step.whole, []).append(mapped)
                yield replace(mapped, others=_distinct(made))
        for group in steps.values():
            for step in group:
                yield replace(step, others=_distinct(ends.get(step.whole, ())))


def _mapped(snapshot: Snapshot, table: Table) -> Iterator[tuple[str | None, Entry]]:
    """A mapped table (None) and its columns by name."""
    if table.location is not None:
        name = table.name_location or table.location
        yield None, Entry(Sort.TABLE, table.full_name, name, table.location, _head(snapshot, table.location, name))
    for column in table.columns:
        if column.location is not None and column.location != table.location:
            title = f"{table.full_name}.{column.name}"
            yield column.name, Entry(Sort.COLUMN, title, column.location, column.location, column.location, column.type.sql or "")


def _steps(snapshot: Snapshot, replay: HistoryReplay) -> dict[tuple[Key, str | None], list[Entry]]:
    """What made or altered each table (None) and column, in the order of the revisions, under today's names."""
    found: dict[tuple[Key, str | None], list[Entry]] = {}

    def note(key: Key, column: str | None, location: Location, revision: str) -> None:
        title = f"{key[1]}.{column}" if column else key[1]
        found.setdefault((key, column), []).append(Entry(Sort.STEP, title, location, location, location, f"revision {revision}"))

    for done in replay.revisions:
        for step in done.steps:
            match step.operation:
                case CreateTable(table):
                    note(table.key, None, step.location, done.revision.id)
                    for column in table.columns:
                        note(table.key, column.name, column.location or step.location, done.revision.id)
                case AddColumn(table, column):
                    note(_key(table), column.name, step.location, done.revision.id)
                case AlterColumn(table, name, new):
                    note(_key(table), name, step.location, done.revision.id)
                    if isinstance(new, str) and not isinstance(new, Keep):
                        found.setdefault((_key(table), new), []).extend(found.pop((_key(table), name)))
                case RenameTable(table, name):
                    moved = [(key, column) for key, column in found if key == _key(table)]
                    for key, part in moved:
                        found[((key[0], name), part)] = found.pop((key, part))
                    note((_key(table)[0], name), None, step.location, done.revision.id)
                case _:
                    pass
    return found


def _key(table: Key) -> Key:
    return (None if table[0] == "public" else table[0], table[1])


def _revisions(snapshot: Snapshot) -> Iterator[Entry]:
    """A revision stands at its identifier, and each direction at its function."""
    for replay in snapshot.histories:
        for revision in replay.history.revisions:
            title = f"{revision.id} {revision.message or ''}".strip()
            yield Entry(Sort.REVISION, title, revision.location, revision.location, revision.location)
            for direction, whole in (("upgrade", revision.upgrade), ("downgrade", revision.downgrade)):
                if whole is not None:
                    yield Entry(Sort.REVISION, f"{direction} {revision.id}", whole, whole, _first_line(snapshot, whole))


def _first_line(snapshot: Snapshot, whole: Location) -> Location:
    document = snapshot.document(whole.path)
    if document is None:
        return whole
    line = document.lines.line_span(document.text, document.lines.position(whole.span.start).line)
    return Location(whole.path, Span(whole.span.start, min(line.end, whole.span.end)))


def revision_sql(snapshot: Snapshot, entry: Entry) -> tuple[tuple[str, str], ...]:
    """The SQL of a revision by direction, as far as its schemas tell; empty for entries that are no revision.

    What a revision does to rows is not in it. Loads SQLAlchemy and Alembic.
    """
    if entry.sort is not Sort.REVISION:
        return ()
    from lsp_server.database.migration.offline import sql_between

    for replay in snapshot.histories:
        for done in replay.revisions:
            revision = done.revision
            if entry.whole not in (revision.location, revision.upgrade, revision.downgrade):
                continue
            dialect, source = replay.history.dialect, replay.history.folder
            before, after = done.before.database(source), done.after.database(source)
            found = []
            if entry.whole != revision.downgrade:
                found.append(("upgrade", sql_between(before, after, dialect)))
            if entry.whole != revision.upgrade and revision.downgrade is not None:
                undone = done.after.copy()
                _, refusal = snapshot.replayer.run(revision, "downgrade", undone, replay.environment)
                back = None if refusal is not None else sql_between(after, undone.database(source), dialect)
                found.append(("downgrade", back))
            return tuple((direction, sql) for direction, sql in found if sql is not None)
    return ()

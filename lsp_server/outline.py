"""The named things of a workspace with their places, and what stands at their other ends.

An operation in a spec and the route that answers it, a schema and its model, a table and the revisions that made it:
what people want to see listed, to be told about, and to go to. Made from views alone; how it is shown is a shell's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_server.api.model import Api, Operation
from lsp_server.api.pair import route_key, spec_key
from lsp_server.snapshot import Contract, Snapshot
from lsp_server.text import Location, Span

_CLASS = re.compile(r"\bclass[ \t]+(\w+)")


class Sort(StrEnum):
    OPERATION = "operation"
    ROUTE = "route"
    SCHEMA = "schema"
    MODEL = "model"
    TABLE = "table"
    COLUMN = "column"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing. `name` is where its name stands, `whole` its declaration; `others` are the things it should agree with.

    `head` is the part a person points at: from the first decorator to the end of the line with the name. `notes` are
    blocks of Markdown that belong to it (the SQL of a revision).
    """

    sort: Sort
    title: str
    name: Location
    whole: Location
    head: Location
    detail: str = ""
    others: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()


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

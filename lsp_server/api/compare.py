"""A promised Api beside the implemented one it was paired with: which operations are missing, which nobody asked for, and
what every operation disagrees about with its route. The only maker of `Difference`s about an API.

What is unknown on either end gives nothing. An operation that only may exist keeps a promise and is not looked at further;
an application that was not seen whole proves no absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_server.api.compare_context import Context, label, meeting_path, sides
from lsp_server.api.compare_operation import compare_operation
from lsp_server.api.compare_schemas import Meeting, SchemaComparison
from lsp_server.api.compare_shapes import Shapes
from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import ANY_METHOD, Api, Operation, Schema, anonymous_path, path_parameters
from lsp_server.api.pair import Key, Pairing, code_path, route_key, spec_key
from lsp_server.unknown import Unknown

_UNASKED_METHODS = ("HEAD", "OPTIONS", "TRACE")  # servers and middleware answer them without being told


def compare(promised: Api, implemented: Api, pairing: Pairing) -> tuple[Difference, ...]:
    """All differences, in the order of the spec's operations, then the routes nobody asked for, then shared schemas."""
    routes = _index(implemented.operations)
    context = _context(promised, implemented)
    differences: list[Difference] = []
    users: dict[Meeting, list[tuple[Operation, Operation]]] = {}
    answered: set[Key] = set()
    promises = {spec_key(operation, pairing) for operation in promised.operations}
    for operation in promised.operations:
        key = spec_key(operation, pairing)
        found = routes.get(key) or routes.get((ANY_METHOD, key[1]), [])
        if not found:
            differences.extend(_missing(operation, key, routes, answered, promises, implemented, pairing))
            continue
        answered.add(key)
        route = _spelled_alike(found, code_path(operation, pairing))
        if operation.maybe is not None or any(each.maybe is not None for each in found):
            continue
        outcome = compare_operation(operation, route, code_path(operation, pairing), context)
        differences.extend(outcome.differences)
        for meeting in outcome.meetings:
            users.setdefault(meeting, []).append((operation, route))
    differences.extend(_unrequested(promised, pairing, routes, promises | answered))
    differences.extend(_shared(context.schemas, users))
    return tuple(_once(differences))


def _index(operations: Iterable[Operation]) -> dict[Key, list[Operation]]:
    found: dict[Key, list[Operation]] = {}
    for operation in operations:
        found.setdefault(route_key(operation), []).append(operation)
    return found


def _spelled_alike(routes: list[Operation], path: str) -> Operation:
    """Of several routes for one key the one whose path is spelled alike, else the first: it wins in every framework."""
    same = [route for route in routes if route.path == path]
    alike = [route for route in routes if anonymous_path(route.path) == anonymous_path(path)]
    return (same or alike or routes)[0]


def _context(promised: Api, implemented: Api) -> Context:
    declared = frozenset(
        response.status
        for route in implemented.operations
        if not isinstance(route.responses, Unknown)
        for response in route.responses
        if response.status.startswith("4") and not response.automatic
    )
    stated = bool(promised.security_schemes) or any(
        isinstance(operation.security, tuple) and operation.security for operation in promised.operations
    )
    schemas = SchemaComparison(Shapes(promised), Shapes(implemented))
    limited = any(isinstance(route.rate_limit, str) for route in implemented.operations)
    return Context(promised, implemented, schemas, declared, stated, limited)


# --- operations -----------------------------------------------------------------------------------------------------


def _missing(
    operation: Operation,
    key: Key,
    routes: dict[Key, list[Operation]],
    answered: set[Key],
    promises: set[Key],
    implemented: Api,
    pairing: Pairing,
) -> Iterator[Difference]:
    if implemented.incomplete is not None or operation.maybe is not None or key in pairing.promises_elsewhere:
        return
    if any(key[1].startswith(anonymous_path(prefix)) for prefix in implemented.elsewhere):
        return
    if operation.method in ("OPTIONS", "TRACE") or (operation.method == "HEAD" and ("GET", key[1]) in routes):
        return
    general = _general_route(key, routes, promises)
    if general is not None:
        answered.add(route_key(general))
        return
    yield Difference(
        Kind.MISSING, Element.OPERATION, operation.subject, "presence", operation, None,
        operation.location, implemented.location, operation, None, (label(operation),),
    )  # fmt: skip


def _general_route(key: Key, routes: dict[Key, list[Operation]], promises: set[Key]) -> Operation | None:
    """A route whose parameter takes the place of a word in the path, and that no promise of its own accounts for.

    A spec may write out `/reports/daily` and `/reports/weekly` where the code has `/reports/{kind}`.
    """
    words = key[1].split("/")
    for index in range(len(words)):
        if words[index] in ("", "{}") or len(words) == 2:
            continue
        candidate = (key[0], "/".join((*words[:index], "{}", *words[index + 1 :])))
        if candidate in routes and candidate not in promises and _takes_words(routes[candidate][0], words[:index]):
            return routes[candidate][0]
    return None


def _takes_words(route: Operation, before: list[str]) -> bool:
    """Whether the path parameter after `before` may be a word: unless it is known to be something else."""
    names = path_parameters(route.path)
    place = before.count("{}")
    if isinstance(route.parameters, Unknown) or place >= len(names):
        return True
    parameter = next((each for each in route.parameters if each.where == "path" and each.name == names[place]), None)
    if parameter is None:
        return True
    schema: Schema = parameter.schema
    return schema.ref is not None or not schema.types or ("string" in schema.types and schema.format is None)


def _unrequested(
    promised: Api, pairing: Pairing, routes: dict[Key, list[Operation]], asked: set[Key]
) -> Iterator[Difference]:
    if promised.incomplete is not None or not pairing.covers:
        return
    for key, found in routes.items():
        if key in asked or key in pairing.routes_elsewhere or key[0] in _UNASKED_METHODS:
            continue
        route = next((each for each in found if each.documented and each.maybe is None), None)
        if route is None or not all(each.documented for each in found):
            continue
        yield Difference(
            Kind.UNREQUESTED, Element.OPERATION, route.subject, "presence", None, route,
            promised.location, route.location, None, route, (label(route),),
        )  # fmt: skip


# --- shared schemas -------------------------------------------------------------------------------------------------


def _shared(schemas: SchemaComparison, users: dict[Meeting, list[tuple[Operation, Operation]]]) -> Iterator[Difference]:
    """Each meeting's disagreements once, with all operations from which it is reached."""
    leads_from: dict[Meeting, list[Meeting]] = {}
    pending = list(users)
    reached = dict.fromkeys(pending)
    while pending:
        meeting = pending.pop()
        for inner in schemas.meet(meeting).meetings:
            leads_from.setdefault(inner, []).append(meeting)
            if inner not in reached:
                reached[inner] = None
                pending.append(inner)
    for meeting in reached:
        outcome = schemas.meet(meeting)
        if not outcome.differences:
            continue
        concerned = _operations_above(meeting, leads_from, users)
        operation, route = concerned[0]
        element = Element.REQUEST_FIELD if meeting.direction is Direction.REQUEST else Element.RESPONSE_FIELD
        path = meeting_path(meeting)
        for part in outcome.differences:
            yield Difference(
                part.clash.kind, element, (*path, part.path) if part.path else path, part.clash.aspect, *sides(part),
                part.promised or operation.location, part.implemented or route.location,
                operation, route, tuple(dict.fromkeys(label(each) for each, _ in concerned)),
            )  # fmt: skip


def _operations_above(
    meeting: Meeting,
    leads_from: dict[Meeting, list[Meeting]],
    users: dict[Meeting, list[tuple[Operation, Operation]]],
) -> list[tuple[Operation, Operation]]:
    """The operations that reach a meeting, in the order of the spec's text."""
    found: dict[tuple[str, ...], tuple[Operation, Operation]] = {}
    seen = {meeting}
    pending = [meeting]
    while pending:
        current = pending.pop()
        for operation, route in users.get(current, ()):
            found[operation.subject] = (operation, route)
        for outer in leads_from.get(current, ()):
            if outer not in seen:
                seen.add(outer)
                pending.append(outer)
    return sorted(found.values(), key=lambda pair: pair[0].location)


def _once(differences: Iterable[Difference]) -> Iterator[Difference]:
    """One difference for one pair of places: a shared parameter, an inherited field, one model asked for and answered."""
    found: dict[object, Difference] = {}
    for difference in differences:
        fields = difference.element in (Element.REQUEST_FIELD, Element.RESPONSE_FIELD)
        key = (
            difference.kind,
            "field" if fields else difference.element,
            difference.aspect,
            "" if difference.path[0] == "schema" and len(difference.path) == 3 else difference.name.rsplit(".", 1)[-1],
            difference.promised,
            difference.implemented,
        )
        first = found.get(key)
        if first is None:
            found[key] = difference
        else:
            found[key] = replace(first, uses=tuple(dict.fromkeys((*first.uses, *difference.uses))))
    return iter(found.values())

"""The routes that a FastAPI application or a loose router leads to, each with what the inclusions above it add.

Also what the program itself sees when it asks for them (`app.routes`): programs go through the list to name operations, to
hide some of them, or to serve them a second time. What a route takes and answers is read elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_server.api.fastapi_identity import handler_function, identity_of, route_name
from lsp_server.api.fastapi_placement import Placement, unplaced
from lsp_server.api.fastapi_responses import is_response
from lsp_server.api.fastapi_routing import APPLICATION, ROUTER, Routing
from lsp_server.api.names import is_a
from lsp_server.api.routing import DEEPEST, Inclusion, Options, Places, Route, Router, doubt_about
from lsp_server.python.execution import Execution
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Certainty, External, Instance, Method, Value
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Listing:
    """Every route that an application or a loose router leads to, found without reading what the routes take and answer."""

    router: Router
    routes: tuple[tuple[Route, Router, Placement], ...]
    unknowns: tuple[Unknown, ...]
    hole: Unknown | None
    mounts: tuple[tuple[str, Places], ...] = ()

    @property
    def served(self) -> bool:
        return self.router.application or self.router.included

    @property
    def operations(self) -> int:
        return sum(len(route.methods) for route, _, _ in self.routes if not isinstance(route.methods, Unknown))


def list_routes(router: Router, prefix: str = "", doubt: Unknown | None = None) -> Listing:
    """All routes below an application or router; those of mounted applications are theirs."""
    routes: list[tuple[Route, Router, Placement]] = []
    unknowns: list[Unknown] = []
    holes: list[Unknown] = []
    mounts: list[tuple[str, Places]] = []
    start = replace(Placement.of_router(router, prefix), guard=router.guard)
    if doubt is not None:
        start = start.doubted(doubt)

    def walk(current: Router, placement: Placement, depth: int) -> None:
        if current.escaped is not None:
            unknowns.append(current.escaped)
            holes.append(current.escaped)
        for entry in current.entries:
            entry_doubt = doubt_about(entry, current)
            if isinstance(entry, Route):
                own = placement if entry_doubt is None else placement.doubted(entry_doubt)
                refusal = unplaced(entry, own)
                if refusal is None:
                    routes.append((entry, current, own))
                    continue
                unknowns.append(refusal)
                if entry_doubt is None or entry.certainty is Certainty.CONDITIONAL:
                    holes.append(refusal)
            elif isinstance(entry.target, tuple):
                if isinstance(entry.prefix, str) and isinstance(placement.prefix, str):
                    mounts.append((placement.prefix + entry.prefix.rstrip("/"), entry.target))
            elif entry.mounted or depth > DEEPEST:
                continue
            elif isinstance(entry.target, Unknown):
                hole = Unknown(entry.target.what, entry.location)
                unknowns.append(hole)
                holes.append(hole)
            else:
                inner = placement.including(entry, entry.target)
                walk(entry.target, inner if entry_doubt is None else inner.doubted(entry_doubt), depth + 1)

    walk(router, start, 0)
    return Listing(router, tuple(routes), tuple(unknowns), holes[0] if holes else None, tuple(mounts))


# What a program sees of its routes

_SEEN = "routes, as the program sees them"  # the attribute under which an application keeps them
_CHANGEABLE = ("operation_id", "include_in_schema", "deprecated", "summary", "description")
_GIVEN = (
    "response_model", "status_code", "summary", "description", "response_description", "response_class", "operation_id", "callbacks",
    "openapi_extra", "response_model_include", "response_model_exclude", "response_model_by_alias", "response_model_exclude_unset",
    "response_model_exclude_defaults", "response_model_exclude_none", "generate_unique_id_function",
)  # fmt: skip
_ROUTE = External("fastapi.routing.APIRoute")


def routes_seen(interpreter: Interpreter, value: Value) -> Value:
    """What `app.routes` holds at this moment, as far as it is known and certain; None where the value is no application.

    What the program later sets on these objects is heeded by `changed`.
    """
    app = value.receiver if isinstance(value, Method) and value.name == "router" else value
    if not is_a(app, APPLICATION, ROUTER):
        return None
    so_far = _seen_so_far(interpreter)
    router = so_far.routing.router_of(app)
    if router is None:
        return None
    interpreter.rest_on(app, _behind(router, so_far))
    known: dict[object, Instance] = app.attributes.setdefault(_SEEN, {})
    seen = []
    for route, _, placement in changed(list_routes(router)).routes:
        if route.plain or placement.doubt is not None:
            continue
        key = _key(route, placement)
        if key not in known:
            known[key] = _as_seen(interpreter, route, placement)
        seen.append(known[key])
    return seen


@dataclass(slots=True)
class _SoFar:
    """What has been seen of a program that still runs; the executions are held so that their ids stay theirs."""

    routing: Routing
    fed: dict[int, tuple[Execution, int]]
    touched: dict[int, set[str]]  # by the id of an object: the modules that called its methods


def _seen_so_far(interpreter: Interpreter) -> _SoFar:
    held = interpreter.notes.setdefault(_SEEN, _SoFar(Routing(interpreter), {}, {}))
    assert isinstance(held, _SoFar)
    for execution in interpreter.all_executions():
        _, count = held.fed.get(id(execution), (execution, 0))
        if len(execution.events) > count:
            new = execution.events[count:]
            held.fed[id(execution)] = (execution, count + len(new))
            held.routing.feed(new)
            for event in new:
                if isinstance(event.callee, Method):
                    held.touched.setdefault(id(event.callee.receiver), set()).add(execution.path)
    return held


def _behind(router: Router, so_far: _SoFar) -> set[str]:
    """The modules that made a router and those below it, and that did something to them."""
    paths: set[str] = set()
    waiting, known = [router], {id(router)}
    while waiting:
        current = waiting.pop()
        paths |= {current.location.path} | so_far.touched.get(id(current.value), set())
        for entry in current.entries:
            if isinstance(entry, Inclusion) and isinstance(entry.target, Router) and id(entry.target) not in known:
                known.add(id(entry.target))
                waiting.append(entry.target)
    return paths


def _key(route: Route, placement: Placement) -> object:
    path = placement.of_route(route).prefix
    return (route.location, path.removeprefix(placement.mount) if isinstance(path, str) else path, route.methods)


def _as_seen(interpreter: Interpreter, route: Route, placement: Placement) -> Instance:
    own = placement.of_route(route)
    made = Instance(_ROUTE, (), route.location)
    function = handler_function(route.endpoint)
    given = {name: route.options.get(name) for name in _GIVEN}
    if "response_model" not in route.options and function is not None and function.returns is not None:
        returned = interpreter.annotation(function.returns)
        given["response_model"] = None if is_response(returned) else returned
    methods = route.methods if isinstance(route.methods, tuple) else ()
    responses = [each for each in own.responses if isinstance(each, dict)]
    made.attributes.update(given)
    made.attributes.update({
        "path": own.prefix, "path_format": own.prefix, "name": route_name(route), "endpoint": route.endpoint, "methods": set(methods),
        "tags": list(own.tags) if isinstance(own.tags, tuple) else own.tags, "dependencies": list(own.dependencies),
        "responses": {code: entry for each in responses for code, entry in each.items()},
        "deprecated": None if own.deprecated is False else own.deprecated, "include_in_schema": own.documented,
        "unique_id": identity_of(interpreter, route, own),
    })  # fmt: skip
    made.attributes["as made"] = {name: made.attributes.get(name) for name in _CHANGEABLE}
    return made


def changed(listing: Listing) -> Listing:
    """A listing with what the program has set on the routes that it saw."""
    seen: dict[object, Instance] = listing.router.value.attributes.get(_SEEN) or {}
    if not seen:
        return listing
    return replace(listing, routes=tuple(_heeding(entry, seen) for entry in listing.routes))


def _heeding(entry: tuple[Route, Router, Placement], seen: dict[object, Instance]) -> tuple[Route, Router, Placement]:
    route, owner, placement = entry
    made = seen.get(_key(route, placement))
    if made is None:
        return entry
    before = made.attributes["as made"]
    news = {name: made.attributes[name] for name in _CHANGEABLE if made.attributes.get(name) is not before[name]}
    if not news:
        return entry
    options = Options({**route.options.values, **news}, {**route.options.places, **dict.fromkeys(news, route.location)}, route.options.hidden)
    if news.get("include_in_schema") is True:
        placement = replace(placement, documented=True)
    return replace(route, options=options), owner, placement

"""aiohttp servers: routes added to `app.router` one by one or as lists, tables of decorated routes, resources, class-based
views, applications put into others under a prefix.

Knows aiohttp's own calls, and `aiohttp_cors`, which is handed resources and routes and gives them back. Static folders are
no operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_server.api.bare import VERBS, api_of, bare_operation, handler_of, unseen_bases, view_methods
from lsp_server.api.discovery import discover
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation, Schema
from lsp_server.api.names import is_a, is_class_of, name_of
from lsp_server.api.path_patterns import schema_of_pattern
from lsp_server.api.routing import (
    Inclusion,
    Options,
    PlacedRoute,
    Route,
    Router,
    applications_first,
    give_away,
    list_routes,
    methods_named,
    one_per_place,
    places_of,
)
from lsp_server.api.starting_points import make_own_kinds
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Certainty, ClassValue, Event, External, Instance, Method, Value
from lsp_server.unknown import Unknown

APPLICATION = ("aiohttp.web.Application", "aiohttp.web_app.Application")
TABLE = ("aiohttp.web.RouteTableDef", "aiohttp.web_routedef.RouteTableDef")
DISPATCHER = ("aiohttp.web.UrlDispatcher", "aiohttp.web_urldispatcher.UrlDispatcher")
VIEW = ("aiohttp.web.View", "aiohttp.web_urldispatcher.View", "aiohttp.abc.AbstractView",
        "aiohttp_cors.CorsViewMixin", "aiohttp_cors.mixin.CorsViewMixin")  # fmt: skip
_ROUTER_WORDS = {f"add_{word}": word for word in (*VERBS, "view", "route")}  # methods of an application's router
_TABLE_WORDS = {word: word for word in (*VERBS, "view", "route")}  # methods of a table, and functions that make one route
_FUNCTIONS = {f"{module}.{word}": word for module in ("aiohttp.web", "aiohttp.web_routedef") for word in _TABLE_WORDS}
_FUNCTIONS |= {"aiohttp.web.RouteDef": "route", "aiohttp.web_routedef.RouteDef": "route"}
_PATTERNS = ("re.compile",)
_ANY = tuple(verb.upper() for verb in VERBS if verb != "trace")
_PARAMETER = re.compile(r"\{(?P<name>[_a-zA-Z]\w*)(?::(?P<pattern>[^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}")


class _Routing:
    """Collects applications, tables and resources from events."""

    def __init__(self) -> None:
        self.routers: dict[int, Router] = {}
        self.resources: dict[int, tuple[Router, Value]] = {}  # what `add_resource` gave: its router and path
        self.pending: dict[int, Event] = {}  # `routes.get("/x")` not yet applied to a function
        self.alive: list[Value] = []  # ids stay ours as long as the objects live

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            give_away(event, self.router_of)
            router, resource = self.router_of(event.receiver), self._resource_of(event.receiver)
            if router is not None and is_a(router.value, *TABLE):
                self._on_table(router, event)
            elif router is not None:
                self._on_router(router, event)
            elif resource is not None and event.method == "add_route":
                options = Options.of(event.arguments, ("method", "handler"))
                self._add(resource[0], event, "route", options, resource[1])
            elif isinstance(event.callee, Instance) and id(event.callee) in self.pending and event.arguments:
                self._decorated(self.pending[id(event.callee)], event.arguments[0].value)
            else:
                self.router_of(event.result, event.certainty, event.condition)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        """The application, table or dispatcher a value is; `app.router` is the application itself."""
        if isinstance(value, Method) and value.name == "router":
            return self.router_of(value.receiver)
        if not is_a(value, *APPLICATION, *TABLE, *DISPATCHER):
            return None
        if id(value) not in self.routers:
            given = value.base_arguments if value.base_arguments is not None else value.arguments
            router = Router(value, value.location, is_a(value, *APPLICATION), Options.of(given), certainty, condition)
            self.routers[id(value)] = router
            if router.options.get("router") is not None:
                self._include(router, router.options.get("router"), "", router)
        return self.routers[id(value)]

    def _resource_of(self, value: Value) -> tuple[Router, Value] | None:
        """The router and path of a resource, also behind `cors.add(resource)`."""
        if not isinstance(value, Instance):
            return None
        if id(value) in self.resources:
            return self.resources[id(value)]
        handed_through = isinstance(value.origin, Method) and value.origin.name == "add" and value.arguments
        return self._resource_of(value.arguments[0].value) if handed_through else None

    def _on_table(self, table: Router, event: Event) -> None:
        if event.callee.name in _TABLE_WORDS:
            self.pending[id(event.result)] = event
            self.alive.append(event.result)
            if event.decorates is not None:
                self._decorated(event, event.decorates)

    def _decorated(self, event: Event, endpoint: Value) -> None:
        table, word = self.router_of(event.receiver), event.callee.name
        options = Options.of(event.arguments, ("method", "path") if word == "route" else ("path",))
        options.values["handler"] = endpoint
        if table is not None:
            self._add(table, event, word, options, options.get("path"))

    def _on_router(self, router: Router, event: Event) -> None:
        name = event.callee.name
        if name in _ROUTER_WORDS:
            word = _ROUTER_WORDS[name]
            options = Options.of(event.arguments, ("method", "path", "handler") if word == "route" else ("path", "handler"))
            self._add(router, event, word, options, options.get("path"))
        elif name == "add_routes":
            self._add_all(router, event, Options.of(event.arguments, ("routes",)).get("routes"))
        elif name == "add_resource":
            self.resources[id(event.result)] = (router, Options.of(event.arguments, ("path",)).get("path"))
            self.alive.append(event.result)
        elif name == "add_subapp":
            options = Options.of(event.arguments, ("prefix", "subapp"))
            self._include(router, options.get("subapp"), options.get("prefix"), event)
        elif name == "add_domain":
            hosted = replace(event, certainty=Certainty.CONDITIONAL, condition=Unknown("the host of the request", event.location))
            self._include(router, Options.of(event.arguments, ("domain", "subapp")).get("subapp"), "", hosted)

    def _add_all(self, router: Router, event: Event, routes: Value) -> None:
        """What `add_routes` is given: a table, or a list of `web.get(…)` and the like."""
        if self.router_of(routes) is not None:
            self._include(router, routes, "", event)
            return
        items = items_of(routes)
        for item in items if items is not None else [Unknown("a list of routes computed at run time", event.location)]:
            if isinstance(item, Instance) and (word := _FUNCTIONS.get(name_of(item.origin) or "")) is not None:
                options = Options.of(item.arguments, ("method", "path", "handler") if word == "route" else ("path", "handler"))
                self._add(router, event, word, options, options.get("path"))
            elif isinstance(item, Unknown) or self.router_of(item) is not None:
                self._include(router, item, "", event)

    def _include(self, router: Router, value: Value, prefix: Value, place: Event | Router) -> None:
        target: Router | Unknown | None = self.router_of(value)
        if isinstance(target, Router):
            target.included = True
        else:
            target = value if isinstance(value, Unknown) else Unknown("routes that another package makes", place.location)
        prefix = prefix.rstrip("/") if isinstance(prefix, str) else prefix
        router.entries.append(Inclusion(target, prefix, Options.of(()), place.location, place.certainty, place.condition))

    def _add(self, router: Router, event: Event, word: str, options: Options, path: Value) -> None:
        """A route. `word` is what its declaration is called: a method, "view" or "route"."""
        handler = options.get("handler")
        view = handler if isinstance(handler, ClassValue) and is_class_of(handler, *VIEW) else None
        named = options.get("method") if word == "route" else "*" if word == "view" else word
        if is_a(path, *_PATTERNS):
            path = Unknown("a path that is a regular expression", event.location)
        given: list[tuple[str, ...] | Unknown] = [_methods(named, view)]
        if word == "view" and view is None:
            given = [handler if isinstance(handler, Unknown) else Unknown("what a view of another package answers", event.location)]
        elif view is not None and (unseen := unseen_bases(view, VIEW)) is not None:
            given.append(unseen)
        for methods in given:
            route = Route(path, handler, methods, options, event.location, event.certainty, event.condition, view=view)
            router.entries.append(route)


def _methods(named: Value, view: ClassValue | None) -> tuple[str, ...] | Unknown:
    if view is not None:
        own = view_methods(view)
        return tuple(method for method in own if named == "*" or method == str(named).upper())
    if named in ("*", "ANY"):
        return _ANY
    if isinstance(named, External) and named.name.startswith("aiohttp.hdrs.METH_"):
        named = named.name.removeprefix("aiohttp.hdrs.METH_")
        return _methods("*", None) if named == "ANY" else (named,)
    return methods_named(named)


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    schemas: dict[str, Schema] = {}
    for parameter in _PARAMETER.finditer(placed.path):
        schemas[parameter["name"]] = schema_of_pattern(parameter["pattern"])
    path = _PARAMETER.sub(lambda match: "{" + match["name"] + "}", placed.path)
    route = placed.route
    assert isinstance(route.methods, tuple)
    own = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        operation = bare_operation(interpreter, placed, method, path, own.get(method) or handler_of(route.endpoint), schemas)
        # What takes any method says of none that it is meant, and others may answer some of them first.
        whichever = Unknown("whether the method is meant: any is taken", route.location) if route.methods is _ANY else None
        yield replace(operation, maybe=whichever if operation.maybe is None else operation.maybe, view=route.view.location if route.view is not None else None)


def _is_application(value: Value) -> bool:
    return is_class_of(value, *APPLICATION)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter, routing = program.interpreter, _Routing()
    paths = tuple(candidates)
    discover(interpreter, paths, routing.feed, (_is_application,), lambda: places_of(routing.routers), scripts=True, users=True)
    own = make_own_kinds(interpreter, paths, routing.feed, _is_application, [router.value for router in routing.routers.values()])
    # A constructor may have been followed twice: what is included once is not loose.
    included = {router.location for router in routing.routers.values() if router.included}
    roots = [
        router for router in applications_first(routing.routers.values())
        if not router.included and (router.application or router.location not in included)
    ]  # fmt: skip
    apis = (
        api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed))
        for listing in one_per_place(list_routes(router) for router in roots)
        if listing.routes or listing.unknowns or listing.router.location not in own
    )
    return tuple(api for api in apis if api.operations or api.served)


# Servers only: many more programs speak of aiohttp as its clients.

FRAMEWORK = Framework("aiohttp", _read)

"""Starlette applications: routes given as lists, decorated or added one by one, mounted under prefixes.

Knows Starlette's own calls. FastAPI's applications are Starlette's too, but are read by `fastapi.py` alone; where one serves
the other, each says where (`api/mounts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsp_server.api.bare import VERBS, api_of, bare_operation, handler_of, template, view_methods
from lsp_server.api.discovery import call_callers, discover
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.names import is_a, is_class_of
from lsp_server.api.routing import (
    Inclusion,
    Listing,
    Options,
    PlacedRoute,
    Places,
    Route,
    Router,
    applications_first,
    list_routes,
    methods_named,
    one_per_place,
    places_within,
)
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    Certainty,
    ClassValue,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

APPLICATION = ("starlette.applications.Starlette",)
ROUTER = ("starlette.routing.Router",)
ROUTE = ("starlette.routing.Route",)
MOUNT = ("starlette.routing.Mount",)
HOST = ("starlette.routing.Host",)
ENDPOINT = ("starlette.endpoints.HTTPEndpoint",)
FASTAPI = ("fastapi.FastAPI", "fastapi.APIRouter")
_PARAMETER = re.compile(r"\{(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>[a-zA-Z_]\w*))?\}")
_ANY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NO_OPTIONS = Options({}, {})


def _is_ours(value: Value) -> bool:
    return is_a(value, *APPLICATION, *ROUTER) and not is_a(value, *FASTAPI)


class _Routing:
    """Collects applications and routers from events."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.routers: dict[int, Router] = {}
        self._pending: dict[int, Event] = {}  # `app.route("/x")` not yet applied to a function

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            owner = self.router_of(event.receiver) if isinstance(event.callee, Method) else None
            if owner is not None:
                self._on_router(owner, event)
            elif isinstance(event.callee, Method) and self._listed(event.callee.receiver) is not None:
                self._on_list(event)
            elif isinstance(event.callee, Instance) and id(event.callee) in self._pending:
                declared = self._pending[id(event.callee)]
                given = event.argument("func", 0)
                owner = self.router_of(declared.receiver)
                if owner is not None and given is not None:
                    self._declare(owner, declared, given.value)
            elif isinstance(event.callee, Unknown):
                self._given_away(event)
            elif _is_ours(event.result):
                self.router_of(event.result, event.certainty, event.condition)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        """The router a value is; `app.router` is the application itself."""
        if isinstance(value, Method) and value.name == "router":
            return self.router_of(value.receiver)
        if not _is_ours(value):
            return None
        known = self.routers.get(id(value))
        if known is None:
            application = is_a(value, *APPLICATION)
            options = Options.of(_given(value), ("debug", "routes") if application else ("routes",))
            known = Router(value, value.location, application or self._is_served(value), options, certainty, condition)
            self.routers[id(value)] = known
            self._add_all(known, options.get("routes"), value.location)
        return known

    def _is_served(self, value: Instance) -> bool:
        """A bare router serves by itself where a module offers it under the name that servers are told."""
        execution = self.interpreter.executions.get(value.location.path)
        names = execution.scope.names if execution is not None else {}
        return any(names.get(name) is value for name in ("app", "application"))

    def _listed(self, value: Value) -> Router | None:
        """The router whose list of routes a value is: `app.routes`, `app.router.routes`."""
        return self.router_of(value.receiver) if isinstance(value, Method) and value.name == "routes" else None

    def _given_away(self, event: Event) -> None:
        """An application in the hands of something that cannot be followed, which may put routes on it."""
        for argument in event.arguments if event.certainty is not Certainty.DORMANT else ():
            router = self.router_of(argument.value)
            if router is not None and router.escaped is None:
                router.escaped = Unknown("what something that cannot be followed puts on the application", event.location)

    # Lists of routes

    def _add_all(self, router: Router, routes: Value, location: Location) -> None:
        for item in self._items(routes, location):
            self._add(router, item, location)

    def _items(self, routes: Value, location: Location) -> list[Value]:
        """The routes of a list, of another router's list, or of several lists joined."""
        if routes is None:
            return []
        items = items_of(routes)
        if items is not None:
            return items
        if self._listed(routes) is not None:
            return [routes.receiver]
        if isinstance(routes, Instance) and isinstance(routes.origin, External) and routes.origin.name == "operator.+":
            return [item for part in routes.arguments for item in self._items(part.value, location)]
        return [routes if isinstance(routes, Unknown) else Unknown("a list of routes computed at run time", location)]

    def _add(self, router: Router, item: Value, location: Location, event: Event | None = None) -> None:
        certainty, condition = (event.certainty, event.condition) if event is not None else (router.certainty, router.condition)
        inner = self.router_of(item)
        if is_a(item, *ROUTE):
            options = Options.of(_given(item), ("path", "endpoint"))
            endpoint = options.get("endpoint")
            router.entries.append(
                Route(options.get("path"), endpoint, _methods(endpoint, options), options, item.location, certainty, condition,
                      view=_view(endpoint))
            )  # fmt: skip
        elif is_a(item, *MOUNT):
            self._mount(router, item, Options.of(_given(item), ("path", "app", "routes")), "path", certainty, condition)
        elif is_a(item, *HOST):
            self._mount(router, item, Options.of(_given(item), ("host", "app")), "", certainty, condition)
        elif inner is not None:
            inner.included = True
            router.entries.append(Inclusion(inner, "", _NO_OPTIONS, location, certainty, condition))
        elif isinstance(item, Unknown):
            router.entries.append(Inclusion(item, "", _NO_OPTIONS, location, certainty, condition))

    def _mount(
        self, router: Router, item: Instance, options: Options, named: str, certainty: Certainty, condition: Unknown | None
    ) -> None:
        app, location = options.get("app"), item.location
        target: Router | Places | Unknown | None = self._application_in(app)
        if target is None and options.get("routes") is not None:
            target = Router(item, location, False, options, certainty, condition)
            self._add_all(target, options.get("routes"), location)
        elif target is None:
            target = app if isinstance(app, Unknown) else places_within(app)
        if isinstance(target, Router):
            target.included = True
        prefix = options.get(named) if named else ""
        prefix = prefix.rstrip("/") if isinstance(prefix, str) else prefix
        router.entries.append(Inclusion(target, prefix, options, location, certainty, condition, True))

    def _application_in(self, value: Value, depth: int = 0) -> Router | None:
        """An application, or the one that middleware is put around."""
        router = self.router_of(value)
        if router is not None or depth > 4 or not isinstance(value, Instance):
            return router
        inner = value.argument("app", 0)
        return self._application_in(inner.value, depth + 1) if inner is not None else None

    # Calls on a router

    def _on_router(self, router: Router, event: Event) -> None:
        name = event.callee.name
        if name == "route":
            if event.decorates is not None:
                self._declare(router, event, event.decorates)
            else:
                self._pending[id(event.result)] = event
        elif name == "add_route":
            options = Options.of(event.arguments, ("path", "route", "methods"))
            self._put(router, event, options, options.get("route") if "route" in options else options.get("endpoint"))
        elif name in ("mount", "host") and isinstance(event.result, Instance):
            named = "path" if name == "mount" else ""
            options = Options.of(event.arguments, (named or "host", "app"))
            self._mount(router, event.result, options, named, event.certainty, event.condition)

    def _declare(self, router: Router, event: Event, endpoint: Value) -> None:
        self._put(router, event, Options.of(event.arguments, ("path", "methods")), endpoint)

    def _put(self, router: Router, event: Event, options: Options, endpoint: Value) -> None:
        router.entries.append(
            Route(options.get("path"), endpoint, _methods(endpoint, options), options, event.location, event.certainty,
                  event.condition, view=_view(endpoint))
        )  # fmt: skip

    def _on_list(self, event: Event) -> None:
        """`app.routes.append(…)`, `.insert(0, …)`, `.extend(…)`."""
        router = self._listed(event.callee.receiver)
        given = [argument.value for argument in event.arguments]
        if router is None or not given:
            return
        if event.callee.name in ("append", "insert"):
            self._add(router, given[-1], event.location, event)
        elif event.callee.name == "extend":
            for item in self._items(given[0], event.location):
                self._add(router, item, event.location, event)


def _given(item: Instance) -> tuple[Argument, ...]:
    """The arguments that reach Starlette's own constructor."""
    return item.base_arguments if item.base_arguments is not None else item.arguments


def _view(endpoint: Value) -> ClassValue | None:
    return endpoint if isinstance(endpoint, ClassValue) and is_class_of(endpoint, *ENDPOINT) else None


def _methods(endpoint: Value, options: Options) -> tuple[str, ...] | Unknown:
    """What a route answers: GET for a function that says nothing, everything for an application as endpoint."""
    given, view = options.get("methods"), _view(endpoint)
    if given is not None:
        return methods_named(given)
    if view is not None:
        foreign = view.unknown_bases()
        return foreign[0] if foreign else tuple(method for method in view_methods(view, VERBS))
    return _ANY_METHOD if isinstance(endpoint, ClassValue) or _is_object(endpoint) else ("GET",)


def _is_object(value: Value) -> bool:
    """Whether a value is an object of a class: of ours, or of another package's as its name tells (`RedirectResponse(…)`)."""
    if not isinstance(value, Instance):
        return False
    origin = value.origin
    return isinstance(origin, ClassValue) or (isinstance(origin, External) and origin.name.rpartition(".")[2][:1].isupper())


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    path, parameters = template(placed.path, _PARAMETER)
    route = placed.route
    assert isinstance(route.methods, tuple)
    own = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        yield bare_operation(interpreter, placed, method, path, own.get(method) or _handler(route.endpoint), parameters)


def _handler(endpoint: Value) -> FunctionValue | None:
    called = endpoint.origin if isinstance(endpoint, Instance) else endpoint
    found = called.find("__call__") if isinstance(called, ClassValue) else None
    if found is not None and isinstance(found[1], FunctionValue | BoundMethod):
        return handler_of(found[1])
    return handler_of(endpoint)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter, paths = program.interpreter, tuple(candidates)
    routing = _Routing(interpreter)
    wanted = (lambda value: is_class_of(value, *APPLICATION) and not is_class_of(value, *FASTAPI),)
    discover(interpreter, paths, routing.feed, wanted, lambda: {router.location for router in routing.routers.values()})
    call_callers(interpreter, paths, routing.feed, lambda: _unplaced(_listings(routing)))
    apis = (api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed)) for listing in _listings(routing))
    return tuple(api for api in apis if api.operations or api.served)


def _listings(routing: _Routing) -> list[Listing]:
    return one_per_place(list_routes(router) for router in applications_first(routing.routers.values()))


def _unplaced(listings: Iterable[Listing]) -> set[Location]:
    """Applications of which no route is placed, though there are some: their factory is told something that decides it."""
    return {each.router.location for each in listings if each.router.application and each.hole is not None and not each.routes}


FRAMEWORK = Framework("Starlette", _read)

"""Starlette applications: routes given as lists, decorated or added one by one, mounted under prefixes.

Knows Starlette's own calls. FastAPI's applications are Starlette's too, but are read by `fastapi.py` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsp_server.api.bare import api_of, bare_operation, handler_of, template, view_methods
from lsp_server.api.discovery import discover
from lsp_server.api.fastapi_names import is_a, is_class_of
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.routing import (
    Inclusion,
    Options,
    PlacedRoute,
    Route,
    Router,
    applications_first,
    list_routes,
    methods_named,
    one_per_place,
)
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Certainty, ClassValue, Event, Instance, Method, Value
from lsp_server.unknown import Unknown

APPLICATION = ("starlette.applications.Starlette",)
ROUTER = ("starlette.routing.Router",)
ROUTE = ("starlette.routing.Route",)
MOUNT = ("starlette.routing.Mount", "starlette.routing.Host")
ENDPOINT = ("starlette.endpoints.HTTPEndpoint",)
FASTAPI = ("fastapi.FastAPI", "fastapi.APIRouter")
_PARAMETER = re.compile(r"\{(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>[a-zA-Z_]\w*))?\}")


class _Routing:
    """Collects applications and routers from events."""

    def __init__(self) -> None:
        self.routers: dict[int, Router] = {}

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            receiver = self.router_of(event.receiver) if isinstance(event.callee, Method) else None
            if receiver is not None:
                self._on_router(receiver, event)
            elif is_a(event.result, *APPLICATION, *ROUTER) and not is_a(event.result, *FASTAPI):
                self.router_of(event.result, event.certainty, event.condition)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        """The router a value is; `app.router` is the application itself."""
        if isinstance(value, Method) and value.name == "router":
            return self.router_of(value.receiver)
        if not is_a(value, *APPLICATION, *ROUTER) or is_a(value, *FASTAPI):
            return None
        if id(value) not in self.routers:
            given = value.base_arguments if value.base_arguments is not None else value.arguments
            options = Options.of(given, ("debug", "routes") if is_a(value, *APPLICATION) else ("routes",))
            router = Router(value, value.location, is_a(value, *APPLICATION), options, certainty, condition)
            self.routers[id(value)] = router
            self._add_all(router, options.get("routes"))
        return self.routers[id(value)]

    def _add_all(self, router: Router, routes: Value) -> None:
        items = [] if routes is None else items_of(routes)
        for item in items if items is not None else [Unknown("a list of routes computed at run time", router.location)]:
            self._add(router, item)

    def _add(self, router: Router, item: Value) -> None:
        if is_a(item, *ROUTE):
            options = Options.of(item.arguments, ("path", "endpoint"))
            router.entries.append(_route(router, item, options))
        elif is_a(item, *MOUNT):
            self._mount(router, item, Options.of(item.arguments, ("path", "app", "routes")))
        elif isinstance(item, Unknown):
            router.entries.append(Inclusion(item, "", Options.of(()), router.location, router.certainty, router.condition))

    def _mount(self, router: Router, item: Instance, options: Options) -> None:
        app, location = options.get("app"), item.location
        target: Router | Unknown | None = self.router_of(app)
        if target is None and options.get("routes") is not None:
            target = Router(item, location, False, options, router.certainty, router.condition)
            self._add_all(target, options.get("routes"))
        elif target is None and isinstance(app, Unknown):
            target = app
        if target is None:
            return  # Static files, or an application of another kind.
        if isinstance(target, Router):
            target.included = True
        prefix = options.get("path")
        prefix = prefix.rstrip("/") if isinstance(prefix, str) else prefix
        router.entries.append(Inclusion(target, prefix, options, location, router.certainty, router.condition, True))

    def _on_router(self, router: Router, event: Event) -> None:
        name = event.callee.name
        if name in ("route", "add_route"):
            options = Options.of(event.arguments, ("path", "methods") if name == "route" else ("path", "route", "methods"))
            endpoint = event.decorates if name == "route" else options.get("route", ) or options.get("endpoint")
            router.entries.append(
                Route(options.get("path"), endpoint, _methods(endpoint, options), options, event.location,
                      event.certainty, event.condition, view=_view(endpoint))
            )  # fmt: skip
        elif name in ("mount", "host"):
            options = Options.of(event.arguments, ("path", "app"))
            if isinstance(event.result, Instance):
                self._mount(router, Instance(event.result.origin, event.arguments, event.location), options)


def _route(router: Router, item: Instance, options: Options) -> Route:
    endpoint = options.get("endpoint")
    return Route(
        options.get("path"), endpoint, _methods(endpoint, options), options, item.location, router.certainty, router.condition,
        view=_view(endpoint),
    )  # fmt: skip


def _view(endpoint: Value) -> ClassValue | None:
    return endpoint if isinstance(endpoint, ClassValue) and is_class_of(endpoint, *ENDPOINT) else None


def _methods(endpoint: Value, options: Options) -> tuple[str, ...] | Unknown:
    given, view = options.get("methods"), _view(endpoint)
    if given is None and view is not None:
        return tuple(view_methods(view))
    return methods_named(given)


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    path, parameters = template(placed.path, _PARAMETER)
    route = placed.route
    assert isinstance(route.methods, tuple)
    own = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        yield bare_operation(interpreter, placed, method, path, own.get(method) or handler_of(route.endpoint), parameters)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter, routing = program.interpreter, _Routing()
    wanted = (lambda value: is_class_of(value, *APPLICATION) and not is_class_of(value, *FASTAPI),)
    discover(interpreter, candidates, routing.feed, wanted, lambda: {router.location for router in routing.routers.values()})
    listings = one_per_place(list_routes(router) for router in applications_first(routing.routers.values()))
    apis = (api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed)) for listing in listings)
    return tuple(api for api in apis if api.operations or api.served)


FRAMEWORK = Framework("Starlette", lambda text: "starlette" in text, _read)

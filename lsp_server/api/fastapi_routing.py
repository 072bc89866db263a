"""Which routers, routes and inclusions a FastAPI program makes, in the words of FastAPI itself.

Reads the interpreter's events. What a route means as an operation (paths put together, parameters, responses) is
`fastapi_operations.py`; which functions have to be run to see everything is decided in `fastapi.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsp_server.api.guards import of_listed, of_middleware
from lsp_server.api.names import is_a
from lsp_server.api.routing import Inclusion, Options, Route, Router, methods_named, places_within
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    Certainty,
    ClassValue,
    Event,
    FunctionValue,
    Instance,
    Method,
    Specialized,
    Value,
)
from lsp_server.unknown import Unknown

APPLICATION = "fastapi.FastAPI"
ROUTER = "fastapi.APIRouter"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Routing:
    """Collects routers from events; feed it every event once, in order."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.routers: dict[int, Router] = {}
        self.startup: list[tuple[Router, Value]] = []  # what applications run when they start
        self._pending: dict[int, Event] = {}  # `router.get("/x")` not yet applied to a function
        self._alive: list[object] = []  # ids stay ours as long as the objects live

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            self._event(event)

    def _event(self, event: Event) -> None:
        result = event.result
        if isinstance(event.callee, Method):
            router = self.router_of(event.callee.receiver)
            if router is not None:
                self._alive.append(event)
                self._on_router(router, event.callee.name, event)
                return
        elif isinstance(event.callee, Instance) and id(event.callee) in self._pending:
            declared = self._pending[id(event.callee)]
            router = self.router_of(declared.receiver)
            endpoint = event.argument("func", 0)
            if router is not None and endpoint is not None:
                self._declare(router, declared, endpoint.value)
            return
        elif isinstance(event.callee, Unknown):
            self._given_away(event)
        if is_a(result, APPLICATION, ROUTER):
            self._note(result, event)

    def _given_away(self, event: Event) -> None:
        """An application or a router in the hands of something that cannot be followed, which may put routes on it."""
        if event.certainty is Certainty.DORMANT:
            return
        for argument in event.arguments:
            router = self.router_of(argument.value)
            if router is not None and router.escaped is None:
                router.escaped = Unknown("what something that cannot be followed puts on the application", event.location)

    def _note(self, value: Instance, event: Event) -> Router:
        known = self.routers.get(id(value))
        if known is not None:
            return known
        arguments = value.base_arguments if value.base_arguments is not None else value.arguments
        router = Router(value, value.location, is_a(value, APPLICATION), Options.of(arguments), event.certainty, event.condition)
        self.routers[id(value)] = router
        router.guard = of_listed(router.options.get("middleware"), router.location)
        listed = router.options.get("on_startup")
        handlers = [router.options.get("lifespan"), *(listed if isinstance(listed, list | tuple) else ())]
        self.startup.extend((router, handler) for handler in handlers if handler is not None)
        return router

    def router_of(self, value: Value) -> Router | None:
        """The router a value is; `app.router` is the application itself."""
        if isinstance(value, Method) and value.name == "router":
            return self.router_of(value.receiver)
        if not isinstance(value, Instance):
            return None
        router = self.routers.get(id(value))
        if router is None and is_a(value, APPLICATION, ROUTER):
            # Made without an event we were shown, in a module that is still running.
            arguments = value.base_arguments if value.base_arguments is not None else value.arguments
            router = Router(value, value.location, is_a(value, APPLICATION), Options.of(arguments), Certainty.CERTAIN, None)
            self.routers[id(value)] = router
        return router

    # Calls on a router

    def _on_router(self, router: Router, name: str, event: Event) -> None:
        if name in VERBS or name in ("api_route", "route"):
            if event.decorates is not None:
                self._declare(router, event, event.decorates)
            else:
                self._pending[id(event.result)] = event
        elif name in ("add_api_route", "add_route"):
            options = Options.of(event.arguments, ("path", "endpoint", "methods") if name == "add_route" else ("path", "endpoint"))
            endpoint = options.get("endpoint")
            self._add(router, event, options, endpoint, methods_named(options.get("methods")), plain=name == "add_route")
        elif name in ("on_event", "add_event_handler"):
            options = Options.of(event.arguments, ("event_type", "func"))
            if options.get("event_type") == "startup" and event.certainty is not Certainty.DORMANT:
                self.startup.append((router, event.decorates if name == "on_event" else options.get("func")))
        elif name in ("add_middleware", "middleware"):
            options = Options.of(event.arguments, ("middleware_class",) if name == "add_middleware" else ("middleware_type",))
            given = event.decorates if name == "middleware" else options.get("middleware_class")
            if router.guard is None and event.certainty is not Certainty.DORMANT:
                router.guard = of_middleware(given, options, event.location)
        elif name == "include_router":
            options = Options.of(event.arguments, ("router",))
            self._include(router, event, options, options.get("router"), options.get("prefix"), mounted=False)
        elif name == "mount":
            options = Options.of(event.arguments, ("path", "app"))
            self._include(router, event, options, options.get("app"), options.get("path"), mounted=True)

    def _include(
        self, router: Router, event: Event, options: Options, target: Value, prefix: Value, mounted: bool
    ) -> None:
        included = self.router_of(target)
        if included is not None:
            included.included = True
            part: Router | Unknown = included
        elif mounted and not isinstance(target, Unknown):
            # Another kind of application (static files, WSGI): it has no operations of ours.
            places = places_within(target)
            router.entries.append(Inclusion(places, prefix, options, event.location, event.certainty, event.condition, mounted))
            return
        else:
            part = target if isinstance(target, Unknown) else Unknown("a router made by another package", event.location)
            if mounted:
                return
        router.entries.append(
            Inclusion(part, "" if prefix is None else prefix, options, event.location, event.certainty, event.condition, mounted)
        )

    def _declare(self, router: Router, event: Event, endpoint: Value) -> None:
        name = event.callee.name
        options = Options.of(event.arguments, ("path",))
        if name in VERBS:
            methods: tuple[str, ...] | Unknown = (name.upper(),)
        else:
            methods = methods_named(options.get("methods"))
        if not self._overridden(router, event, name, options, endpoint, methods):
            self._add(router, event, options, endpoint, methods, plain=name == "route")

    def _overridden(
        self, router: Router, event: Event, name: str, options: Options, endpoint: Value, methods: tuple[str, ...] | Unknown
    ) -> bool:
        """Follow a workspace subclass's own `api_route` or `add_api_route`, through which FastAPI sends decorated routes."""
        origin = router.value.origin.origin if isinstance(router.value.origin, Specialized) else router.value.origin
        if not isinstance(origin, ClassValue) or name == "route":
            return False
        place = event.location
        keywords = [
            Argument(key, value, options.places[key]) for key, value in options.values.items() if key not in ("path", "methods")
        ]
        named_methods = Argument("methods", list(methods) if isinstance(methods, tuple) else methods, place)
        me, path = Argument(None, router.value, place), Argument(None, options.get("path"), place)
        events: list[Event] = []
        decorate, add = _own_method(origin, "api_route"), _own_method(origin, "add_api_route")
        if decorate is not None and name != "api_route":
            decorator, events = self.interpreter.call_detached(decorate, (me, path, named_methods, *keywords))
            if isinstance(decorator, FunctionValue):
                _, inner = self.interpreter.call_detached(decorator, (Argument(None, endpoint, place),))
                events = [*events, *inner]
        elif add is not None:
            given = (me, path, Argument("endpoint", endpoint, place), named_methods, *keywords)
            _, events = self.interpreter.call_detached(add, given)
        seen = False
        for inner_event in events:
            if inner_event.method == "add_api_route" and inner_event.receiver is router.value:
                passed = Options.of(inner_event.arguments, ("path", "endpoint"))
                self._add(router, event, passed, passed.get("endpoint"), methods_named(passed.get("methods")))
                seen = True
        return seen

    def _add(
        self, router: Router, event: Event, options: Options, endpoint: Value, methods: tuple[str, ...] | Unknown,
        plain: bool = False,
    ) -> None:  # fmt: skip
        route = Route(options.get("path"), endpoint, methods, options, event.location, event.certainty, event.condition, plain)
        if isinstance(endpoint, BoundMethod):
            pass
        elif isinstance(endpoint, FunctionValue) and endpoint.owner is not None and endpoint.kind == "plain":
            route.view = endpoint.owner
        router.entries.append(route)


def _own_method(cls: ClassValue, name: str) -> FunctionValue | None:
    found = cls.find(name)
    return found[1] if found and isinstance(found[1], FunctionValue) else None

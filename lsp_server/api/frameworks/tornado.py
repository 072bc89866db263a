"""Tornado applications: lists of rules, each a regular expression and a handler class whose `get`, `post` … answer.

Knows Tornado's own calls. A group of a pattern is named after the parameter of the handler's method that takes it. Static
folders, redirects and WebSockets are no operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_server.api.bare import api_of, bare_operation, unseen_bases, view_methods
from lsp_server.api.discovery import discover
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.names import is_a, is_class_of, name_of
from lsp_server.api.path_patterns import read_pattern
from lsp_server.api.routing import (
    Inclusion,
    Options,
    PlacedRoute,
    Route,
    Router,
    applications_first,
    give_away,
    list_routes,
    one_per_place,
    places_of,
)
from lsp_server.api.starting_points import make_own_kinds
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import Certainty, ClassValue, Event, FunctionValue, Value
from lsp_server.unknown import Unknown

APPLICATION = ("tornado.web.Application",)
ROUTER = ("tornado.routing.RuleRouter", "tornado.routing.ReversibleRuleRouter")
RULE = ("tornado.web.URLSpec", "tornado.web.url", "tornado.routing.URLSpec", "tornado.routing.Rule")
_PATH = ("tornado.routing.PathMatches",)
_ANY_PATH = ("tornado.routing.HostMatches", "tornado.routing.AnyMatches", "tornado.routing.DefaultHostMatches")
HANDLER = ("tornado.web.RequestHandler",)
# Handlers of Tornado's own that serve no operations: files, pages moved elsewhere, WebSockets.
_NO_OPERATIONS = frozenset(
    ["tornado.web.StaticFileHandler", "tornado.web.RedirectHandler", "tornado.web.ErrorHandler", "tornado.web.FallbackHandler",
     "tornado.websocket.WebSocketHandler"]
)  # fmt: skip
_SEEN = (*HANDLER, *_NO_OPERATIONS, "tornado.web.TemplateModule", "tornado.auth.OAuth2Mixin", "tornado.auth.GoogleOAuth2Mixin")
_VERBS = ("get", "head", "post", "delete", "patch", "put", "options")


class _Routing:
    """Collects applications and their rules from events."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.routers: dict[int, Router] = {}

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            give_away(event, self.router_of)
            router = self.router_of(event.receiver)
            if router is None:
                self.router_of(event.result, event.certainty, event.condition)
            elif event.method == "add_handlers":
                options = Options.of(event.arguments, ("host_pattern", "host_handlers"))
                self._add_all(router, options.get("host_handlers"), _for_host(event, options.get("host_pattern")))
            elif event.method == "add_rules":
                self._add_all(router, Options.of(event.arguments, ("rules",)).get("rules"), event)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        """The application or router of rules a value is; `app.wildcard_router` is the application itself."""
        if not is_a(value, *APPLICATION, *ROUTER):
            return None
        if id(value) not in self.routers:
            given = value.base_arguments if value.base_arguments is not None else value.arguments
            application = is_a(value, *APPLICATION)
            options = Options.of(given, ("handlers", "default_host", "transforms") if application else ("rules",))
            router = Router(value, value.location, application, options, certainty, condition)
            self.routers[id(value)] = router
            self._add_all(router, options.get("handlers" if application else "rules"), router)
        return self.routers[id(value)]

    def _add_all(self, router: Router, rules: Value, place: Event | Router) -> None:
        items = [] if rules is None else items_of(rules)
        for item in items if items is not None else [Unknown("a list of handlers computed at run time", place.location)]:
            self._add(router, item, place)

    def _add(self, router: Router, item: Value, place: Event | Router) -> None:
        """One rule: a tuple or a `URLSpec` of a pattern, what answers, and arguments that do not matter here."""
        if is_a(item, *RULE):
            options = Options.of(item.arguments, ("pattern", "handler") if not is_a(item, "tornado.routing.Rule") else ("matcher", "target"))
            pattern = options.get("pattern") if "pattern" in options else options.get("matcher")
            target = options.get("handler") if "handler" in options else options.get("target")
        elif isinstance(item, tuple | list) and len(item) >= 2:
            pattern, target = item[0], item[1]
        else:
            unseen = item if isinstance(item, Unknown) else Unknown("a handler made by another package", place.location)
            self._include(router, unseen, place)
            return
        if is_a(pattern, *_PATH):
            pattern = Options.of(pattern.arguments, ("path_pattern",)).get("path_pattern")
        whole = is_a(pattern, *_ANY_PATH)
        place = _for_host(place, pattern) if is_a(pattern, "tornado.routing.HostMatches") else place
        inner = self.router_of(target)
        if inner is None and isinstance(target, list):
            inner = Router(router.value, place.location, False, Options.of(()), place.certainty, place.condition)
            self._add_all(inner, target, place)
        if inner is not None:
            self._include(router, inner, place)
        elif not whole:
            self._route(router, pattern, self._class_named(target, place), place)

    def _class_named(self, target: Value, place: Event | Router) -> Value:
        """A handler, which may be given as the dotted name of its class."""
        module, _, name = target.rpartition(".") if isinstance(target, str) else ("", "", "")
        path = self.interpreter.program.find(module, place.location.path) if module else None
        return self.interpreter.member(path, name) if path is not None else target

    def _route(self, router: Router, pattern: Value, handler: Value, place: Event | Router) -> None:
        def add(methods: tuple[str, ...] | Unknown, view: ClassValue | None) -> None:
            location = place.location if view is None else view.name_location
            router.entries.append(Route(pattern, handler, methods, Options.of(()), location, place.certainty, place.condition, view=view))

        if isinstance(handler, ClassValue):
            if handler.inherits(_SOCKET):
                return
            add(_methods(handler), handler)
            unseen = unseen_bases(handler, _SEEN)
            if unseen is not None:
                add(unseen, handler)
        elif name_of(handler) not in _NO_OPERATIONS:
            add(handler if isinstance(handler, Unknown) else Unknown("a handler that another package defines", place.location), None)

    def _include(self, router: Router, target: Router | Unknown, place: Event | Router) -> None:
        if isinstance(target, Router) and router.application:
            target.included = True
        router.entries.append(Inclusion(target, "", Options.of(()), place.location, place.certainty, place.condition))


def _for_host(place: Event | Router, host: Value) -> Event:
    """A place whose rules hold for requests to one host only."""
    if isinstance(place, Event) and isinstance(host, str) and host.startswith((".*", ".+")):
        return place
    hosted = Unknown("the host of the request", place.location)
    return Event(Unknown("a rule for a host"), (), place.location, Certainty.CONDITIONAL, condition=hosted)


_SOCKET = "tornado.websocket.WebSocketHandler"


def _methods(handler: ClassValue) -> tuple[str, ...]:
    """The methods that a handler overrides, less those that its `SUPPORTED_METHODS` leaves out."""
    found = tuple(view_methods(handler, _VERBS))
    stated = handler.find("SUPPORTED_METHODS")
    names = items_of(stated[1]) if stated is not None else None
    if names is None or not all(isinstance(name, str) for name in names):
        return found
    return tuple(method for method in found if method in names)


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    """One operation for each method and each path that the pattern says."""
    route = placed.route
    assert isinstance(route.methods, tuple) and route.view is not None
    own = view_methods(route.view, _VERBS)
    for method in route.methods:
        handler = own.get(method)
        pattern = read_pattern(placed.path, _positional(handler))
        if not pattern.readings:
            operation = bare_operation(interpreter, placed, method, pattern.text, handler, {})
            yield replace(operation, pattern=pattern.text, view=route.view.location)
        for reading in pattern.readings:
            path = reading.path if reading.path.startswith("/") else "/" + reading.path
            operation = bare_operation(interpreter, placed, method, path, handler, dict(reading.parameters))
            yield replace(operation, pattern=pattern.text if pattern.text != path else None, view=route.view.location)


def _positional(handler: FunctionValue | None) -> tuple[str, ...]:
    """The names of a method's parameters behind `self`, as far as they can be given by position."""
    if handler is None:
        return ()
    return tuple(each.name for each in handler.parameters[1:] if each.sort in ("positional", "normal"))


def _answers(router: Router) -> bool:
    """Whether a router is more than a way to others."""
    return router.application or any(isinstance(entry, Route) for entry in router.entries)


def _is_application(value: Value) -> bool:
    return is_class_of(value, *APPLICATION)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter = program.interpreter
    routing = _Routing(interpreter)
    paths = tuple(candidates)
    discover(interpreter, paths, routing.feed, (_is_application,), lambda: places_of(routing.routers), scripts=True, users=True)
    own = make_own_kinds(interpreter, paths, routing.feed, _is_application, [router.value for router in routing.routers.values()])
    roots = [router for router in applications_first(routing.routers.values()) if not router.included and _answers(router)]
    apis = (
        api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed))
        for listing in one_per_place(list_routes(router) for router in roots)
        if listing.routes or listing.unknowns or listing.router.location not in own
    )
    return tuple(api for api in apis if api.operations or api.served)


FRAMEWORK = Framework("Tornado", _read)

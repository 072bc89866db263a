"""Falcon applications: `add_route` with resources whose `on_get`, `on_post` … answer.

Knows Falcon's own calls and URI templates. A resource is an object of a class, or a whole module with responders in it.
Sinks and static routes answer whole subtrees, whatever the method: they are no operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lsp_server.api.bare import VERBS, api_of, bare_operation, handler_of, template, unseen_bases, view_methods
from lsp_server.api.discovery import discover
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.names import is_a, is_class_of
from lsp_server.api.routing import Options, PlacedRoute, Route, Router, give_away, list_routes, one_per_place, places_of
from lsp_server.api.starting_points import make_own_kinds
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Certainty, ClassValue, Event, FunctionValue, Instance, ModuleValue, Value
from lsp_server.unknown import Unknown

APPLICATION = (
    "falcon.App", "falcon.API", "falcon.asgi.App", "falcon.app.App", "falcon.api.API", "falcon.asgi.app.App",
)  # fmt: skip
_PARAMETER = re.compile(r"\{(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>[a-zA-Z_]\w*(?:\([^)]*\))?))?\}")


class _Routing:
    """Collects applications and their routes from events."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.routers: dict[int, Router] = {}

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            give_away(event, self.router_of)
            router = self.router_of(event.receiver)
            if router is not None and event.method == "add_route":
                self._add(router, event)
            elif router is None:
                self.router_of(event.result, event.certainty, event.condition)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        """The application a value is."""
        if not is_a(value, *APPLICATION):
            return None
        if id(value) not in self.routers:
            self.routers[id(value)] = Router(value, value.location, True, Options.of(value.arguments), certainty, condition)
        return self.routers[id(value)]

    def _add(self, router: Router, event: Event) -> None:
        options = Options.of(event.arguments, ("uri_template", "resource"))
        resource, suffix = options.get("resource"), options.get("suffix")
        found = self._responders(resource, suffix, event)
        for method, handler in found.items():
            router.entries.append(_route(options, (method,), handler or resource, event))
        more = self._others(resource, event) if isinstance(suffix, str | None) else Unknown("a suffix computed at run time", event.location)
        if more is not None:
            router.entries.append(_route(options, more, resource, event))

    def _responders(self, resource: Value, suffix: Value, event: Event) -> dict[str, FunctionValue | None]:
        if not isinstance(suffix, str | None):
            return {}
        ending = f"_{suffix}" if suffix else ""
        if isinstance(resource, ModuleValue):
            names = {} if resource.path.endswith("/") else self.interpreter.run(resource.path).scope.names
            answers = {verb.upper(): f"on_{verb}{ending}" for verb in VERBS}
            return {
                method: handler_of(self.interpreter.member(resource.path, name)) for method, name in answers.items() if name in names
            }
        cls = resource.origin if isinstance(resource, Instance) else resource
        found = view_methods(cls, VERBS, "on_", ending) if isinstance(cls, ClassValue) else {}
        for verb in VERBS if isinstance(resource, Instance) else ():
            own = resource.attributes.get(f"on_{verb}{ending}")
            if own is not None:
                found[verb.upper()] = handler_of(own)
        return found

    def _others(self, resource: Value, event: Event) -> Unknown | None:
        """Why a resource may answer more methods than were seen."""
        cls = resource.origin if isinstance(resource, Instance) else resource
        if isinstance(cls, ClassValue):
            return unseen_bases(cls)
        if isinstance(resource, ModuleValue) and not resource.path.endswith("/"):
            return None
        return resource if isinstance(resource, Unknown) else Unknown("what a resource of another package answers", event.location)


def _route(options: Options, methods: tuple[str, ...] | Unknown, endpoint: Value, event: Event) -> Route:
    return Route(options.get("uri_template"), endpoint, methods, options, event.location, event.certainty, event.condition)


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    path, parameters = template(placed.path, _PARAMETER)
    assert isinstance(placed.route.methods, tuple)
    for method in placed.route.methods:
        yield bare_operation(interpreter, placed, method, path, handler_of(placed.route.endpoint), parameters)


def _is_application(value: Value) -> bool:
    return is_class_of(value, *APPLICATION)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter = program.interpreter
    routing = _Routing(interpreter)
    paths = tuple(candidates)
    discover(interpreter, paths, routing.feed, (_is_application,), lambda: places_of(routing.routers), scripts=True, users=True)
    own = make_own_kinds(interpreter, paths, routing.feed, _is_application, [router.value for router in routing.routers.values()])
    listings = one_per_place(list_routes(router) for router in routing.routers.values())
    return tuple(
        api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed)) for listing in listings
        if listing.routes or listing.unknowns or listing.router.location not in own
    )  # fmt: skip


FRAMEWORK = Framework("Falcon", _read)

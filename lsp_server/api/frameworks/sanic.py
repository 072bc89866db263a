"""Sanic applications: decorated and added handlers, class-based views, blueprints, their groups and versions.

Knows Sanic's own calls and how a version comes before everything else in a path. Signals, sockets and static files answer
no operation; what `sanic-ext` documents besides is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_server.api.bare import VERBS, api_of, bare_operation, handler_of, template, view_methods
from lsp_server.api.discovery import discover
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

_APPLICATION = ("sanic.Sanic", "sanic.app.Sanic")
_BLUEPRINT = ("sanic.Blueprint", "sanic.blueprints.Blueprint")
_GROUP = ("sanic.blueprints.BlueprintGroup", "sanic.blueprint_group.BlueprintGroup", *(f"{name}.group" for name in _BLUEPRINT))
_VIEW = ("sanic.views.HTTPMethodView",)
_PARAMETER = re.compile(r"<(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>[^>]*))?>")
_VERSION_PREFIX = "/v"


def _is_of(value: Value, names: tuple[str, ...]) -> bool:
    """Whether a value is an object of one of the named classes, or of a class of ours below one."""
    origin = value.origin if isinstance(value, Instance) else None
    if isinstance(origin, ClassValue):
        return origin.inherits(*names)
    return isinstance(origin, External) and origin.name in names


class _Routing:
    """Collects applications, blueprints and groups from events."""

    def __init__(self) -> None:
        self.routers: dict[int, Router] = {}
        self._views: dict[int, ClassValue] = {}  # what `View.as_view()` gave

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event.callee, Method):
                owner = self.router_of(event.callee.receiver)
                if owner is not None:
                    self._on_router(owner, event)
                elif event.callee.name == "attach" and isinstance(event.callee.receiver, ClassValue):
                    self.attach(event.callee.receiver, event.arguments, event.location, event.certainty, event.condition)
            self.router_of(event.result, event.certainty, event.condition)

    def router_of(self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None) -> Router | None:
        application, group = _is_of(value, _APPLICATION), _is_of(value, _GROUP)
        if not (application or group or _is_of(value, _BLUEPRINT)):
            return None
        known = self.routers.get(id(value))
        if known is None:
            given = value.base_arguments if value.base_arguments is not None else value.arguments
            named = [argument for argument in given if argument.name is not None or argument.star] if group else given
            options = Options.of(named, () if application or group else ("name", "url_prefix", "host", "version"))
            known = Router(value, value.location, application, options, certainty, condition)
            self.routers[id(value)] = known
            for argument in given if group else ():
                if argument.name is None:
                    self._include(known, argument.value, argument.location, certainty, condition)
        return known

    def _on_router(self, router: Router, event: Event) -> None:
        name = event.callee.name
        if name in VERBS or name == "route":
            options = Options.of(event.arguments, ("uri", "methods") if name == "route" else ("uri",))
            methods = methods_named(options.get("methods")) if name == "route" else (name.upper(),)
            if event.decorates is not None:
                self._add(router, event.decorates, methods, options, event)
        elif name == "add_route":
            options = Options.of(event.arguments, ("handler", "uri", "methods"))
            self._add(router, options.get("handler"), methods_named(options.get("methods")), options, event)
        elif name in ("blueprint", "append", "insert", "extend"):
            self._serve(router, event)

    def _add(self, router: Router, handler: Value, methods: tuple[str, ...] | Unknown, options: Options, event: Event) -> None:
        view = _view_of(handler)
        if view is not None:
            methods = tuple(view_methods(view))
        router.entries.append(
            Route(options.get("uri"), handler, methods, options, event.location, event.certainty, event.condition, view=view)
        )

    def _serve(self, router: Router, event: Event) -> None:
        """`app.blueprint(…)`, with options that stand between the application and the blueprint; a group's own list."""
        positional = [argument.value for argument in event.arguments if argument.name is None and not argument.star]
        stated = event.argument("blueprint")
        target = stated.value if stated is not None else positional[-1] if positional else None
        if event.callee.name != "blueprint" or not isinstance(event.result, Instance):
            self._include(router, target, event.location, event.certainty, event.condition)
            return
        given = Options.of([argument for argument in event.arguments if argument.name is not None or argument.star])
        between = Router(event.result, event.location, False, given, event.certainty, event.condition)
        between.included = True
        prefix = given.get("url_prefix")
        alone = self.router_of(target)
        if alone is not None and not _is_of(target, _GROUP) and "url_prefix" in given:
            alone.included = True
            between.entries.append(Inclusion(alone, "", given, event.location, event.certainty, event.condition))
        else:
            self._include(between, target, event.location, event.certainty, event.condition)
        router.entries.append(Inclusion(between, prefix, given, event.location, event.certainty, event.condition))

    def _include(self, owner: Router, target: Value, location: Location, certainty: Certainty, condition: Unknown | None) -> None:
        inner = self.router_of(target)
        items = items_of(target) if isinstance(target, list | tuple | set | frozenset) else None
        if inner is not None:
            inner.included = True
            owner.entries.append(Inclusion(inner, inner.options.get("url_prefix"), inner.options, location, certainty, condition))
        elif items is not None:
            for item in items:
                self._include(owner, item, location, certainty, condition)
        else:
            what = target if isinstance(target, Unknown) else Unknown("a blueprint of another package", location)
            owner.entries.append(Inclusion(what, "", Options({}, {}), location, certainty, condition))

    def attach(
        self, view: ClassValue, arguments: tuple[Argument, ...], location: Location, certainty: Certainty, condition: Unknown | None
    ) -> None:
        """`View.attach(app, "/x")`, and `class View(HTTPMethodView, attach=app, uri="/x")`."""
        options = Options.of(arguments, ("to", "uri"))
        target = options.get("attach") if options.get("attach") is not None else options.get("to")
        router = self.router_of(target)
        if router is not None and view.inherits(*_VIEW):
            path = options.get("uri")
            router.entries.append(Route(path, view, tuple(view_methods(view)), options, location, certainty, condition, view=view))


def _view_of(handler: Value) -> ClassValue | None:
    """The class of `View.as_view()`."""
    made = handler.origin if isinstance(handler, Instance) else None
    if isinstance(made, Method) and made.name == "as_view" and isinstance(made.receiver, ClassValue):
        return made.receiver
    return None


def _join(prefix: str, path: str) -> str:
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path else prefix


def _versioned(placed: PlacedRoute) -> str | Unknown:
    """The whole path: a version stands before all prefixes, the nearest statement counts; a last slash counts where it is strict."""
    layers = [placed.route.options, *(router.options for router in reversed(placed.above) if not router.application)]
    version = next((value for layer in layers if (value := layer.get("version")) is not None), None)
    prefix = next((value for layer in layers if (value := layer.get("version_prefix")) not in (None, _VERSION_PREFIX)), _VERSION_PREFIX)
    strict = next((value for layer in (*layers, placed.above[0].options) if (value := layer.get("strict_slashes")) is not None), False)
    path = placed.path if placed.path.startswith("/") else f"/{placed.path}"
    path = path if strict is True else path.rstrip("/") or "/"
    if version is None:
        return path
    if not isinstance(version, str | int | float) or not isinstance(prefix, str):
        return Unknown("a version computed at run time", placed.route.location)
    return f"{prefix}{str(version).strip('/').lstrip('v')}/{path.lstrip('/')}"


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    whole = _versioned(placed)
    route = placed.route
    if isinstance(whole, Unknown) or not isinstance(route.methods, tuple):
        return
    placed = replace(placed, path=whole)
    path, parameters = template(whole, _PARAMETER)
    own: dict[str, FunctionValue | None] = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        endpoint = route.endpoint if isinstance(route.endpoint, FunctionValue | BoundMethod | Instance) else None
        yield bare_operation(interpreter, placed, method, path, own.get(method) or handler_of(endpoint), parameters)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter, routing = program.interpreter, _Routing()
    wanted = (lambda value: _names(value, _APPLICATION),)
    discover(interpreter, candidates, routing.feed, wanted, lambda: {router.location for router in routing.routers.values()})
    for execution in list(interpreter.executions.values()):
        for view in execution.classes:
            if view.keywords and view.inherits(*_VIEW):
                routing.attach(view, tuple(view.keywords), view.location, view.certainty, view.condition)
    listings = one_per_place(list_routes(router, "", _join) for router in applications_first(routing.routers.values()))
    apis = (api_of(FRAMEWORK.name, listing, lambda placed: _operations(interpreter, placed)) for listing in listings)
    return tuple(api for api in apis if api.operations or api.served)


def _names(value: Value, names: tuple[str, ...]) -> bool:
    if isinstance(value, ClassValue):
        return value.inherits(*names)
    return isinstance(value, External) and value.name in names


FRAMEWORK = Framework("Sanic", _read)

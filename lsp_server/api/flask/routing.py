"""Which applications, blueprints and rules a Flask or Quart program makes.

Reads the interpreter's events and turns them into the words of `api/routing.py`. Extensions that bring calls of their own
(`Api.add_resource`, `@ns.route`) stand on this: an `Extension` is asked first about every event, and puts what it
understands on the same routers with `add` and `include`. Which modules run is decided in `frameworks/flask.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsp_server.api.flask.classes import class_of, own_method
from lsp_server.api.flask.names import (
    APPLICATION,
    APPLICATION_ARGUMENTS,
    BLUEPRINT,
    BLUEPRINT_ARGUMENTS,
    CURRENT_APPLICATION,
    REGISTERING,
    RULE,
    VERBS,
)
from lsp_server.api.flask.setup import settle
from lsp_server.api.flask.views import View, view_of
from lsp_server.api.model import Operation
from lsp_server.api.names import is_a
from lsp_server.api.routing import Inclusion, Options, PlacedRoute, Route, Router, methods_named
from lsp_server.python.interpret import Interpreter
from lsp_server.python.joining import RANK
from lsp_server.python.objects import in_use
from lsp_server.python.values import (
    Argument,
    Certainty,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

RULE_ARGUMENTS = ("rule", "endpoint", "view_func", "provide_automatic_options")
ReadRoute = Callable[[Interpreter, PlacedRoute], Iterable[Operation]]


@dataclass(frozen=True, slots=True)
class Extension:
    """What a Flask extension adds to the program's words.

    `applications` and `blueprints` are names of classes that are used like Flask's own, `methods` those of calls that put
    routes on something; `hear` is given every event before
    Flask's own meaning and says whether it took it; `finish` is called once when all events are heard.
    """

    name: str
    applications: tuple[str, ...] = ()
    blueprints: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    hear: Callable[[FlaskRouting, Event], bool] = lambda routing, event: False
    finish: Callable[[FlaskRouting], None] = lambda routing: None


class FlaskRouting:
    """Collects applications and blueprints; feed it every event once, in order.

    `readers` says for routes of extensions how they become operations (by the route's id); `views` what stands behind a
    route's endpoint.
    """

    def __init__(
        self, interpreter: Interpreter, extensions: Sequence[Extension] = (), described: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.interpreter = interpreter
        self.described = described or {}  # view classes of other packages, as the configuration describes them
        self.extensions = tuple(extensions)
        self.applications = APPLICATION + tuple(name for each in extensions for name in each.applications)
        self.blueprints = BLUEPRINT + tuple(name for each in extensions for name in each.blueprints)
        self.methods = frozenset(REGISTERING + tuple(name for each in extensions for name in each.methods))
        self.heard: set[Location] = set()  # where those are called
        self.routers: dict[int, Router] = {}
        self.readers: dict[int, ReadRoute] = {}
        self.views: dict[int, View] = {}
        self.recorded: dict[int, list[Value]] = {}  # what a blueprint wants to be called when it is registered
        self._pending: dict[int, Event] = {}  # `app.route("/x")` not yet applied to a function
        self._said: dict[tuple[object, ...], tuple[Route | Inclusion, Event]] = {}  # factories that are called twice say everything twice
        self._early: list[Event] = []  # calls of `current_app`'s before an application was made
        self._alive: list[object] = []  # ids stay ours as long as the objects live

    def feed(self, events: Iterable[Event]) -> None:
        for event in map(self._addressed, events):
            if event.method in self.methods:
                self.heard.add(event.location)
            if not any(extension.hear(self, event) for extension in self.extensions):
                self._hear(event)

    def _addressed(self, event: Event) -> Event:
        """The event itself; a call of `current_app`'s as one of the application that it means."""
        if isinstance(event.callee, External) and event.callee.name.startswith(("flask.", "quart.")):
            owner, _, name = event.callee.name.rpartition(".")
            application = in_use(self.interpreter, owner, event.location) if owner in CURRENT_APPLICATION else None
            if application is not None:
                return replace(event, callee=Method(application, name))
            if owner in CURRENT_APPLICATION:
                self._early.append(event)
        return event

    def finish(self) -> None:
        early, self._early = self._early, []
        self.feed(early)
        for extension in self.extensions:
            extension.finish(self)
        settle(self)

    def _hear(self, event: Event) -> None:
        if isinstance(event.callee, Method):
            router = self.router_of(event.callee.receiver)
            if router is None and event.callee.name == "add":
                self._add_to_map(event)
            if router is not None:
                self._alive.append(event)
                self._on_router(router, event.callee.name, event)
                return
        elif isinstance(event.callee, Instance) and id(event.callee) in self._pending:
            declared = self._pending[id(event.callee)]
            router, view = self.router_of(declared.receiver), event.argument("f", 0)
            if router is not None and view is not None:
                self._decorated(router, declared.callee.name, declared, view.value)
            return
        elif isinstance(event.callee, Unknown):
            self._given_away(event)
        self.router_of(event.result, event.certainty, event.condition)

    def _given_away(self, event: Event) -> None:
        """A router in the hands of something that cannot be followed, which may put rules on it."""
        if event.certainty is Certainty.DORMANT:
            return
        for argument in event.arguments:
            router = self.router_of(argument.value)
            if router is not None and router.escaped is None:
                router.escaped = Unknown("what something that cannot be followed puts on the application", event.location)

    # Routers

    def router_of(
        self, value: Value, certainty: Certainty = Certainty.CERTAIN, condition: Unknown | None = None
    ) -> Router | None:
        """The application or blueprint that a value is, None for everything else."""
        if not isinstance(value, Instance):
            return None
        known = self.routers.get(id(value))
        if known is not None:
            return known
        application = is_a(value, *self.applications)
        if not application and not is_a(value, *self.blueprints):
            return None
        given = value.base_arguments if value.base_arguments is not None else value.arguments
        options = Options.of(given, APPLICATION_ARGUMENTS if application else BLUEPRINT_ARGUMENTS)
        return self.note(Router(value, value.location, application, options, certainty, condition))

    def note(self, router: Router) -> Router:
        """Keep a router that an extension made, or another one."""
        self.routers[id(router.value)] = router
        return router

    # Rules

    def _on_router(self, router: Router, name: str, event: Event) -> None:
        if name == "route" or name in VERBS:
            if event.decorates is not None:
                self._decorated(router, name, event, event.decorates)
            else:
                self._pending[id(event.result)] = event
        elif name == "add_url_rule":
            self.add_rule(router, event)
        elif name == "register_blueprint":
            options = Options.of(event.arguments, ("blueprint",))
            self.include(router, event, options, options.get("blueprint"))
        elif name in ("record", "record_once") and event.arguments:
            self.recorded.setdefault(id(router.value), []).append(event.arguments[0].value)

    def _add_to_map(self, event: Event) -> None:
        """`app.url_map.add(Rule("/x", endpoint="x"))`: the view is found by the endpoint's name only when it is served."""
        rules, owner = event.argument("rulefactory", 0), event.receiver
        router = self.router_of(owner.receiver) if isinstance(owner, Method) and owner.name == "url_map" else None
        if router is not None and rules is not None and is_a(rules.value, *RULE):
            options = Options.of(rules.value.arguments, ("rule",))
            if "string" in options.values:
                options.values["rule"] = options.values["string"]
            self.add(router, event, options, None)

    def add_rule(self, router: Router, event: Event) -> None:
        """Put the rule of an `add_url_rule` on a router."""
        options = Options.of(event.arguments, RULE_ARGUMENTS)
        self.add(router, event, options, options.get("view_func"))

    def copied(self, route: Route, path: Value) -> Route:
        """The same rule at another path."""
        twin = replace(route, path=path)
        self.views[id(twin)] = self.views[id(route)]
        if id(route) in self.readers:
            self.readers[id(twin)] = self.readers[id(route)]
        return twin

    def _decorated(self, router: Router, name: str, event: Event, view: Value) -> None:
        options = Options.of(event.arguments, ("rule",))
        if name in VERBS:
            options.values["methods"] = [name.upper()]
            options.places["methods"] = event.location
        if not self._overridden(router, event, options, view):
            self.add(router, event, options, view)

    def _overridden(self, router: Router, event: Event, options: Options, view: Value) -> bool:
        """Follow a workspace subclass's own `add_url_rule`, through which Flask sends decorated rules."""
        own = own_method(router.value, "add_url_rule")
        if own is None:
            return False
        place = event.location
        given = [
            Argument(None, router.value, place),
            Argument(None, options.get("rule"), place),
            Argument(None, options.get("endpoint"), place),
            Argument(None, view, place),
        ]
        given += [
            Argument(name, value, options.places[name])
            for name, value in options.values.items()
            if name not in ("rule", "endpoint")
        ]
        _, events = self.interpreter.call_detached(own, tuple(given))
        for inner in events:
            inner.certainty, inner.condition = event.certainty, event.condition
        self.feed(events)
        return any(inner.method == "add_url_rule" and inner.receiver is router.value for inner in events)

    def add(
        self, router: Router, event: Event, options: Options, endpoint: Value,
        methods: tuple[str, ...] | Unknown | None = None, read: ReadRoute | None = None,
    ) -> Route | None:  # fmt: skip
        """Put a rule on a router: `options` has Flask's `rule` and `methods`. None where the same was said before."""
        view = view_of(endpoint)
        if methods is None:
            methods = self._methods(options.get("methods"), view)
        place = place_of(router, event)
        path = options.get("rule")
        said = ("rule", id(router), path if isinstance(path, str) else None, methods, place)
        if said in self._said:
            _heard_again(*self._said[said], event)
            return None
        route = Route(path, endpoint, methods, options, place, event.certainty, event.condition, view=view.cls)
        self._said[said] = (route, event)
        router.entries.append(route)
        self.views[id(route)] = view
        if read is not None:
            self.readers[id(route)] = read
        return route

    @staticmethod
    def _methods(given: Value, view: View) -> tuple[str, ...] | Unknown:
        if given is not None:
            return methods_named(given)
        return view.methods if view.methods is not None else ("GET",)

    # Blueprints

    def include(self, router: Router, event: Event, options: Options, target: Value, prefix: Value = None) -> None:
        """Register a blueprint: under `prefix`, the registration's `url_prefix`, or its own, in this order."""
        included = self.router_of(target)
        if prefix is None:
            prefix = options.get("url_prefix")
        if prefix is None and included is not None:
            prefix = own_prefix(included)
        part: Router | Unknown
        if included is not None:
            included.included = True
            part = included
        else:
            part = target if isinstance(target, Unknown) else Unknown("a blueprint made by another package", event.location)
        place = place_of(router, event)
        said = ("blueprint", id(router), id(included), prefix if isinstance(prefix, str) else None, place if included is None else None)
        if said in self._said:
            _heard_again(*self._said[said], event)
            return
        inclusion = Inclusion(part, "" if prefix is None else prefix, options, place, event.certainty, event.condition)
        self._said[said] = (inclusion, event)
        router.entries.append(inclusion)


def _heard_again(entry: Route | Inclusion, first: Event, event: Event) -> None:
    """The same said from elsewhere, as when a factory is called in doubt and then by itself: what is surer holds.

    What is said under one condition from two places is said in both of its branches (`if nested: return f()`, then `f()`).
    """
    if event.condition is not None and event.condition == first.condition and event.caller != first.caller:
        entry.certainty, entry.condition = Certainty.CERTAIN, None
    elif RANK[event.certainty] <= RANK[entry.certainty]:
        entry.certainty, entry.condition = event.certainty, event.condition


def own_prefix(router: Router) -> Value:
    """A blueprint's `url_prefix`: the attribute, if the program sets it, else what it was made with."""
    attributes = router.value.attributes
    return attributes["url_prefix"] if "url_prefix" in attributes else router.options.get("url_prefix")


def place_of(router: Router, event: Event) -> Location:
    """Where somebody says a rule: outside of the methods with which a subclass of the workspace passes it on."""
    cls = class_of(router.value)
    methods = () if cls is None else tuple(
        each.location for entry in cls.lineage() for each in entry.names.values() if isinstance(each, FunctionValue)
    )  # fmt: skip
    places = [event.location, *reversed(event.caller)]
    for place in places:
        if not any(method.path == place.path and method.span.start <= place.span.start <= method.span.end for method in methods):
            return place
    return event.location

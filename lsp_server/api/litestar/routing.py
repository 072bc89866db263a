"""Which routers, controllers and handlers a Litestar program puts where, in the words of Litestar itself.

Reads the interpreter's events. A controller becomes a router at each place where it is registered; what hooks and plugins
of the workspace register when the application is made is followed too. What a route takes and answers is
`litestar/operations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsp_server.api.litestar.names import (
    APPLICATIONS,
    CONTROLLER,
    HANDLERS,
    MOUNTS,
    QUIET_PLUGINS,
    ROUTER,
    SILENT,
    given_to,
    made_from,
    package_of,
    words_of,
)
from lsp_server.api.routing import Inclusion, Options, Route, Router, methods_named, places_within
from lsp_server.python.execution import UNANSWERED
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

CONFIG = External("litestar.config.app.AppConfig")
_LAYER = ("path", "tags", "dto", "return_dto", "include_in_schema", "dependencies", "parameters", "security")
_LISTS = ("route_handlers", "plugins", "on_app_init")
# Python's own bases: they bring no handlers.
_PLAIN_BASES = ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC")
_MOST_HOOKS = 200


class Routing:
    """Collects what is registered from events; feed it every event once, in order, then `start` the applications."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.routers: dict[int, Router] = {}
        self._marks: dict[int, list[Instance]] = {}  # handler decorators by the function they are put on
        self._registered: list[Event] = []
        self._alive: list[object] = []  # ids stay ours as long as the objects live

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event.callee, Method) and event.callee.name == "register":
                self._registered.append(event)
            if event.decorates is not None and _is_mark(event.result):
                self._mark(event.decorates, event.result)
            elif isinstance(event.callee, Instance) and _is_mark(event.callee):
                given = event.argument("fn", 0)
                if given is not None and isinstance(given.value, FunctionValue | BoundMethod):
                    self._mark(given.value, event.callee)
            self._note(event.result, event.certainty, event.condition)

    def _mark(self, target: object, mark: Instance) -> None:
        self._alive.append(target)
        marks = self._marks.setdefault(id(target), [])
        if not any(mark is known for known in marks):
            marks.append(mark)

    def _note(self, value: Value, certainty: Certainty, condition: Unknown | None) -> Router | None:
        if not isinstance(value, Instance):
            return None
        words = made_from(value)
        application = any(word in APPLICATIONS for word in words)
        configured = isinstance(value.origin, External) and value.origin.name.endswith(".from_config") and not application
        if not (application or configured or ROUTER in words):
            return None
        known = self.routers.get(id(value))
        if known is None:
            given = value.base_arguments if value.base_arguments is not None else value.arguments
            options = Options.of(given, ("route_handlers",) if application else ("config",) if configured else ("path",))
            known = Router(value, value.location, application or configured, options, certainty, condition)
            self.routers[id(value)] = known
        return known

    def applications(self) -> list[Router]:
        return [router for router in self.routers.values() if router.application]

    # Registering

    def fill(self) -> None:
        """Put on every router and application what it was given, after their hooks have run."""
        for router in list(self.routers.values()):
            self._register_all(router, router.options.get("route_handlers"), router.location)
        for event in self._registered:
            receiver = self.routers.get(id(event.receiver))
            given = event.argument("value", 0)
            if receiver is not None and given is not None:
                self._register(receiver, given.value, event.location, event.certainty, event.condition)

    def _register_all(self, router: Router, handlers: Value, location: Location) -> None:
        items = [] if handlers is None else items_of(handlers)
        if items is None:
            items = [handlers if isinstance(handlers, Unknown) else Unknown("route handlers computed at run time", location)]
        for item in items:
            self._register(router, item, location, router.certainty, router.condition)

    def _register(
        self, owner: Router, value: Value, location: Location, certainty: Certainty, condition: Unknown | None
    ) -> None:
        inner = self.routers.get(id(value))
        if inner is None and isinstance(value, Instance):
            inner = self._note(value, certainty, condition)
            if inner is not None:
                self._register_all(inner, inner.options.get("route_handlers"), inner.location)
        if inner is not None:
            inner.included = True
            owner.entries.append(Inclusion(inner, inner.options.get("path"), inner.options, location, certainty, condition))
        elif isinstance(value, ClassValue) and CONTROLLER in words_of(value):
            controller = self._controller(value, certainty, condition)
            owner.entries.append(
                Inclusion(controller, controller.options.get("path"), controller.options, location, certainty, condition)
            )
        elif not self._handler(owner, value, certainty, condition) and not _is_silent(value):
            what = value if isinstance(value, Unknown) else Unknown("a route handler of another package", location)
            owner.entries.append(Inclusion(what, "", Options({}, {}), location, certainty, condition))

    def _controller(self, cls: ClassValue, certainty: Certainty, condition: Unknown | None) -> Router:
        stated: dict[str, Value] = {}
        places: dict[str, Location] = {}
        for name in _LAYER:
            found = cls.find(name)
            if found is not None:
                stated[name], places[name] = found[1], found[0].places.get(name, cls.location)
        router = Router(Instance(cls, (), cls.location), cls.location, False, Options(stated, places), certainty, condition)
        router.included = True
        bound: dict[str, Value] = {}
        for entry in reversed(list(cls.lineage())):
            bound.update(entry.names)
        for value in bound.values():
            if isinstance(value, FunctionValue | Instance):
                self._handler(router, value, certainty, condition)
        foreign = [base for base in cls.externals() if base not in _PLAIN_BASES and base.partition(".")[0] not in ("litestar", "starlite")]
        if cls.unknown_bases() or foreign:
            router.escaped = Unknown(f"the handlers that `{cls.name}` inherits from elsewhere", cls.location)
        return router

    def _handler(self, owner: Router, value: Value, certainty: Certainty, condition: Unknown | None) -> bool:
        """Put a decorated function on a router; False where the value is none."""
        marks = list(self._marks.get(id(value), ()))
        endpoint = value
        if isinstance(value, Instance):
            applied = given_to(value)
            if applied is not None and _is_mark(applied):
                given = value.argument("fn", 0)
                marks, endpoint = [applied], given.value if given is not None else None
            elif _is_mark(value) and (given := value.argument("fn")) is not None:
                marks, endpoint = [value], given.value
        for mark in marks:
            if any(word in MOUNTS for word in made_from(mark)):
                self._mount(owner, mark, endpoint, certainty, condition)
            elif any(word in HANDLERS for word in made_from(mark)):
                self._route(owner, mark, endpoint, certainty, condition)
        return bool(marks)

    def _route(self, owner: Router, mark: Instance, endpoint: Value, certainty: Certainty, condition: Unknown | None) -> None:
        given = mark.base_arguments if mark.base_arguments is not None else mark.arguments
        options = Options.of(given, ("path",))
        word = next(word for word in made_from(mark) if word in HANDLERS)
        fixed = HANDLERS[word]
        methods = fixed if fixed is not None else methods_named(options.get("http_method"))
        stated = options.get("path")
        paths = items_of(stated) if isinstance(stated, list | tuple | set) else [stated]
        for path in paths or [None]:
            owner.entries.append(Route(path, endpoint, methods, options, mark.location, certainty, condition))

    def _mount(self, owner: Router, mark: Instance, endpoint: Value, certainty: Certainty, condition: Unknown | None) -> None:
        options = Options.of(mark.arguments, ("path",))
        places = places_within(endpoint)
        owner.entries.append(Inclusion(places, options.get("path"), options, mark.location, certainty, condition, True))

    # Hooks

    def start(self, application: Router) -> list[Event]:
        """Run the hooks and plugins of an application, which may change its configuration; gives what happened."""
        config, events = self._configuration(application), []
        hooks, done = [*_listed(config, "on_app_init")], 0
        for hook in hooks:
            events.extend(self._run(hook, config, application))
        while done < min(len(plugins := _listed(config, "plugins")), _MOST_HOOKS):
            plugin = plugins[done]
            done += 1
            hook = _hook_of(plugin)
            if hook is not None:
                events.extend(self._run(hook, config, application))
            elif package_of(plugin) not in QUIET_PLUGINS and not _is_ours(plugin):
                self._doubt(application, plugin if isinstance(plugin, Unknown) else Unknown("a plugin of another package"))
        for name in (*_LAYER, "route_handlers", "openapi_config"):
            if name in config.attributes:
                application.options.values[name] = config.attributes[name]
        return events

    def _configuration(self, application: Router) -> Instance:
        """A stand-in for the `AppConfig` that Litestar makes of an application's arguments."""
        options = application.options
        given = options.get("config")
        if isinstance(given, Instance) and "AppConfig" in made_from(given):
            stated = {argument.name: argument.value for argument in given.arguments if argument.name is not None}
            options = Options({**stated, **given.attributes}, {})
        config = Instance(CONFIG, (), application.location)
        config.attributes.update({name: value for name, value in options.values.items() if name not in _LISTS})
        for name in _LISTS:
            value = options.get(name)
            items = [] if value is None else items_of(value)
            config.attributes[name] = list(items) if items is not None else [_unknown(value, application.location)]
        return config

    def _run(self, hook: Value, config: Instance, application: Router) -> list[Event]:
        if package_of(hook) in QUIET_PLUGINS:
            return []
        function = hook.function if isinstance(hook, BoundMethod) else hook
        if not isinstance(function, FunctionValue):
            self._doubt(application, hook if isinstance(hook, Unknown) else Unknown("a hook of another package"))
            return []
        place = application.location
        arguments: tuple[Argument, ...] = (Argument(None, config, place),)
        if isinstance(hook, BoundMethod):
            arguments = (Argument(None, hook.receiver, place), *arguments)
        outer, self.interpreter.outside = self.interpreter.outside, _Hooks()
        try:
            result, events = self.interpreter.call_detached(function, arguments)
        finally:
            self.interpreter.outside = outer
        if isinstance(result, Instance) and result is not config and "AppConfig" in made_from(result):
            config.attributes.update(result.attributes)
        return events

    def _doubt(self, application: Router, what: Unknown) -> None:
        if application.escaped is None:
            application.escaped = Unknown(what.what, application.location)


class _Hooks:
    """What other packages' plugins answer while an application starts: the configuration that they were given."""

    def called(self, event: Event) -> Value:
        if event.method == "on_app_init":
            for argument in event.arguments:
                if "AppConfig" in made_from(argument.value):
                    return argument.value
        return UNANSWERED

    def attribute(self, receiver: Value, name: str) -> Value:
        return UNANSWERED


def _is_mark(value: Value) -> bool:
    return any(word in HANDLERS or word in MOUNTS or word in SILENT for word in made_from(value))


def _is_silent(value: Value) -> bool:
    """Whether something that is registered is known to answer no operation: sockets, static files."""
    return any(word in SILENT for word in (*made_from(value), *words_of(value)))


def _is_ours(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.origin, ClassValue)


def _hook_of(plugin: Value) -> Value:
    if isinstance(plugin, Instance) and isinstance(plugin.origin, ClassValue):
        found = plugin.origin.find("on_app_init")
        return BoundMethod(plugin, found[1]) if found is not None and isinstance(found[1], FunctionValue) else None
    return None


def _listed(config: Instance, name: str) -> list[Value]:
    value = config.attributes.get(name)
    items = items_of(value) if value is not None else []
    return items if items is not None else [_unknown(value, config.location)]


def _unknown(value: Value, location: Location) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown("a list computed at run time", location)

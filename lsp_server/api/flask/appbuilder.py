"""Flask-AppBuilder: classes of views and REST resources that an AppBuilder serves, with the routes their bases bring.

What the library's own classes bring is described in `flask/appbuilder.toml`. The views that an AppBuilder serves by itself
(login, users, roles) are the library's and are left out, unless the project puts a class of its own in their place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from lsp_server.api.bare import handler_of
from lsp_server.api.flask.classes import class_of
from lsp_server.api.flask.routing import Extension, FlaskRouting
from lsp_server.api.flask.views import View
from lsp_server.api.names import is_a
from lsp_server.api.routing import Inclusion, Options, Route, Router, methods_named
from lsp_server.python.attributes import attribute
from lsp_server.python.discoveries import named_by
from lsp_server.python.interpret import Interpreter
from lsp_server.python.joining import RANK
from lsp_server.python.values import (
    Argument,
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

BUILDER = ("flask_appbuilder.AppBuilder", "flask_appbuilder.base.AppBuilder")
_ARGUMENTS = ("app", "session", "menu", "indexview")
_ADDING = ("add_view", "add_view_no_menu", "add_api")
_VERSION = "v1"
Described = Mapping[str, Any]


@cache
def _table(name: str) -> Mapping[str, Any]:
    text = files(__package__).joinpath("appbuilder.toml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = tomllib.loads(text)[name]
    return table


@cache
def shipped() -> Mapping[str, Described]:
    """What is known of other packages' view classes, each entry with what it inherits."""
    return flattened(_table("views"))


def _views(routing: FlaskRouting) -> Mapping[str, Described]:
    """What is shipped, with what the configuration adds to it."""
    return flattened({**_table("views"), **routing.described}) if routing.described else shipped()


def flattened(table: Mapping[str, Described]) -> Mapping[str, Described]:
    """Descriptions with what they inherit from others of the table."""

    def whole(name: str, above: tuple[str, ...]) -> dict[str, Any]:
        entry = table.get(name, {})
        parent = entry.get("inherits")
        inherited = whole(parent, (*above, name)) if isinstance(parent, str) and parent not in above else {}
        return {**inherited, **entry, "routes": {**inherited.get("routes", {}), **entry.get("routes", {})}}

    return {name: whole(name, ()) for name in table}


# Builders


def hear(routing: FlaskRouting, event: Event) -> bool:
    """Builders and what is added to them."""
    callee = event.callee
    if isinstance(callee, Method):
        if callee.name == "create_blueprint":
            return _made_by_hand(routing, event)
        builder = _builder_of(routing, callee.receiver)
        if builder is None:
            return False
        if callee.name == "init_app":
            _join(routing, event, builder, Options.of(event.arguments, ("app",)).get("app"))
        elif callee.name in _ADDING:
            _serve(routing, event, builder, Options.of(event.arguments, ("baseview",)).get("baseview"))
        return True
    builder = _builder_of(routing, event.result)
    if builder is None:
        return False
    _join(routing, event, builder, builder.options.get("app"))
    return True


def _builder_of(routing: FlaskRouting, value: Value) -> Router | None:
    """The AppBuilder that a value is: a part of its application without a path of its own."""
    if not isinstance(value, Instance) or not is_a(value, *BUILDER):
        return None
    known = routing.routers.get(id(value))
    if known is not None:
        return known
    given = value.base_arguments if value.base_arguments is not None else value.arguments
    return routing.note(Router(value, value.location, False, Options.of(given, _ARGUMENTS), Certainty.CERTAIN, None))


def _join(routing: FlaskRouting, event: Event, builder: Router, application: Value) -> None:
    owner = routing.router_of(application) if application is not None else None
    if owner is not None:
        routing.include(owner, event, Options.of(()), builder.value, "")


def _serve(routing: FlaskRouting, event: Event, builder: Router, view: Value) -> None:
    """Put the view that is added, a class or an object of one, on its builder."""
    cls = class_of(view) if isinstance(view, Instance) else view
    if isinstance(cls, ClassValue):
        routing.include(builder, event, Options.of(()), _router_of(routing, cls).value)
    elif isinstance(cls, Unknown):
        routing.include(builder, event, Options.of(()), cls)


def _made_by_hand(routing: FlaskRouting, event: Event) -> bool:
    """`app.register_blueprint(view.create_blueprint(builder))`: the blueprint is the view's."""
    receiver = event.callee.receiver
    cls = class_of(receiver) if isinstance(receiver, Instance) else None
    if cls is None or _style(routing, cls) is None:
        return False
    routing.routers[id(event.result)] = _router_of(routing, cls)
    return True


# What a builder is told by name: the first page, and a security manager with views of the project's own


def finish(routing: FlaskRouting) -> None:
    """Put on each builder the views that its attributes and the application's settings name, once all are known."""
    for owner in list(routing.routers.values()):
        for entry in list(owner.entries):
            if isinstance(entry, Inclusion) and isinstance(entry.target, Router) and is_a(entry.target.value, *BUILDER):
                event = Event(External("flask_appbuilder"), (), entry.location, entry.certainty, condition=entry.condition)
                config = owner.value.attributes.get("config")
                settings = config.content if isinstance(config, Instance) and isinstance(config.content, dict) else {}
                index = _told(routing, event, entry.target, settings, "indexview", "FAB_INDEX_VIEW")
                if isinstance(index, ClassValue):
                    _serve(routing, event, entry.target, index)
                _secure(routing, event, entry.target, settings)


def _told(
    routing: FlaskRouting, event: Event, builder: Router, settings: Mapping[Value, Value], attribute_name: str, setting: str
) -> Value:
    """A class that a builder is told by an attribute, an argument or the dotted name in a setting."""
    given = builder.value.attributes.get(attribute_name)
    given = builder.options.get(attribute_name) if given is None else given
    given = settings.get(setting) if given is None else given
    return named_by(routing.interpreter, given, event.location) if isinstance(given, str) else given


def _secure(routing: FlaskRouting, event: Event, builder: Router, settings: Mapping[Value, Value]) -> None:
    manager = _told(routing, event, builder, settings, "security_manager_class", "FAB_SECURITY_MANAGER_CLASS")
    if not isinstance(manager, ClassValue) or settings.get("FAB_ADD_SECURITY_VIEWS") is False:
        return
    self_value = Instance(manager, (), manager.location, {"appbuilder": builder.value})
    register = manager.find("register_views")
    if register is not None and isinstance(register[1], FunctionValue):
        _, events = routing.interpreter.call_detached(register[1], (Argument(None, self_value, event.location),))
        routing.feed(_below(inner, event) for inner in events)
        if not any(inner.method == "register_views" for inner in events):
            return
    for name, conditions in _table("security").items():
        view = self_value.attributes.get(name, _stated(routing.interpreter, manager, name))
        if isinstance(view, ClassValue) and all(_holds(settings, key, *said) for key, said in conditions.items()):
            _serve(routing, event, builder, view)


def _below(inner: Event, event: Event) -> Event:
    """An event of a call that is as certain as another event."""
    if RANK[inner.certainty] >= RANK[event.certainty]:
        return inner
    return replace(inner, certainty=event.certainty, condition=event.condition)


def _holds(settings: Mapping[Value, Value], name: str, wanted: Value, default: Value) -> bool:
    value = settings.get(name, default)
    if isinstance(value, External):  # flask_appbuilder.const.AUTH_OAUTH
        value = _AUTHENTICATIONS.get(value.name.rpartition(".")[2])
    return type(value) is type(wanted) and bool(value == wanted)


_AUTHENTICATIONS = {"AUTH_OID": 0, "AUTH_DB": 1, "AUTH_LDAP": 2, "AUTH_REMOTE_USER": 3, "AUTH_OAUTH": 4, "AUTH_SAML": 5}


# Views


def _router_of(routing: FlaskRouting, cls: ClassValue) -> Router:
    """The blueprint that a view class makes; one for each class."""
    known = routing.routers.get(id(cls))
    if known is not None:
        return known
    interpreter = routing.interpreter
    options = Options({"url_prefix": _base(routing, cls)}, {})
    router = Router(Instance(cls, (), cls.location), cls.location, False, options, Certainty.CERTAIN, None)
    routing.routers[id(cls)] = routing.routers[id(router.value)] = router
    for name, path, methods, function, place in _exposed(routing, cls):
        if not _is_chosen(interpreter, cls, name):
            continue
        route = Route(path, function, methods_named(methods), Options.of(()), place, Certainty.CERTAIN, None, view=cls)
        router.entries.append(route)
        routing.views[id(route)] = View(function)
    if _style(routing, cls) is None or cls.unknown_bases():
        router.escaped = Unknown(f"what the bases of `{cls.name}` bring, which are not all known", cls.name_location)
    return router


def _style(routing: FlaskRouting, cls: ClassValue) -> Described | None:
    """The description of the nearest base that has one."""
    views = _views(routing)
    return next((found for base in cls.externals() if (found := _described(views, base)) is not None), None)


def _described(views: Mapping[str, Described], name: str) -> Described | None:
    return views.get(name) or views.get(f"{name.partition('.')[0]}.{name.rpartition('.')[2]}")


def _stated(interpreter: Interpreter, cls: ClassValue, name: str) -> Value:
    """What a class or its bases of the workspace say of an attribute; None where they say nothing."""
    return attribute(interpreter, cls, name, cls.name_location) if cls.find(name) is not None else None


def _base(routing: FlaskRouting, cls: ClassValue) -> Value:
    """The path that a view is served under."""
    interpreter, described = routing.interpreter, _style(routing, cls) or {}
    given = _stated(interpreter, cls, "route_base")
    if given is None:
        given = described.get("base")
    if given is not None:
        return given
    if described.get("style") != "api":
        return f"/{cls.name.lower()}" if described else Unknown(f"the path of `{cls.name}`", cls.name_location)
    version = _stated(interpreter, cls, "version")
    name = _stated(interpreter, cls, "resource_name")
    for part in (version, name):
        if part is not None and not isinstance(part, str):
            return part if isinstance(part, Unknown) else Unknown(f"the path of `{cls.name}`", cls.name_location)
    return f"/api/{version or _VERSION}/{(name or described.get('name') or cls.name).lower()}"


def _is_chosen(interpreter: Interpreter, cls: ClassValue, name: str) -> bool:
    """Whether a class serves one of its functions: `include_route_methods`, `exclude_route_methods`."""
    included, excluded = _stated(interpreter, cls, "include_route_methods"), _stated(interpreter, cls, "exclude_route_methods")
    if isinstance(included, _GROUPS) and name not in included:
        return False
    return not (isinstance(excluded, _GROUPS) and name in excluded)


_GROUPS = (set, frozenset, list, tuple, str)  # AppBuilder only asks whether the name is in it
Exposed = tuple[str, Value, Value, FunctionValue | None, Location]


def _exposed(routing: FlaskRouting, cls: ClassValue) -> Iterator[Exposed]:
    """Every function that a class and its bases expose: name, path, methods, function, place of the declaration."""
    interpreter, views = routing.interpreter, _views(routing)
    seen: set[str] = set()
    for base in cls.mro():
        if isinstance(base, ClassValue):
            for name in base.names:
                if name in seen:
                    continue
                seen.add(name)
                function = handler_of(attribute(interpreter, base, name, base.name_location))
                if function is not None:
                    yield from ((name, path, methods, function, place) for path, methods, place in _urls(function))
        elif isinstance(base, External) and (described := _described(views, base.name)) is not None:
            for name, rules in described["routes"].items():
                if name not in seen:
                    yield from ((name, rule[0], list(rule[1:]), None, cls.location) for rule in rules)
            seen.update(described["routes"])


def _urls(function: FunctionValue) -> Iterator[tuple[Value, Value, Location]]:
    """The paths and methods of a function's `@expose` decorators."""
    for mark, place in function.decorators:
        made = mark.origin if isinstance(mark, Instance) else None
        name = made.name if isinstance(made, External) else ""
        if not isinstance(mark, Instance) or not name.startswith("flask_appbuilder.") or not name.endswith((".expose", ".expose_api")):
            continue
        options = Options.of(mark.arguments, ("url", "methods") if name.endswith(".expose") else ("name", "url", "methods"))
        path = options.get("url")
        if path is None:
            path = "/" if name.endswith(".expose") else f"/api/{options.get('name') or ''}"
        methods = options.get("methods")
        yield path, ("GET",) if methods is None else methods, place


EXTENSION = Extension("Flask-AppBuilder", methods=_ADDING, hear=hear, finish=finish)

"""Flask-Classful (and Flask-Classy before it): every public function of a view class is a route.

Knows how paths are made of class, function and parameters; a class is served by the `register` that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.api.bare import handler_of
from lsp_server.api.flask.names import PARAMETER
from lsp_server.api.flask.routing import Extension, FlaskRouting
from lsp_server.api.flask.views import View
from lsp_server.api.names import is_class_of
from lsp_server.api.routing import Options, methods_named
from lsp_server.python.attributes import attribute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, Event, External, FunctionValue, Instance, Method, Value

VIEW = ("flask_classful.FlaskView", "flask_classy.FlaskView")
_DECORATORS = ("flask_classful.", "flask_classy.")
_ARGUMENTS = ("app", "route_base", "subdomain", "route_prefix", "trailing_slash", "method_dashified", "base_class")
_SPECIAL = {"get": "GET", "index": "GET", "put": "PUT", "patch": "PATCH", "post": "POST", "delete": "DELETE"}
_OF_THE_BASE = frozenset(("register", "parse_options", "make_proxy_method", "build_rule", "get_route_base", "default_route_base", "build_route_name"))
_HINTS = {"builtins.str": "string", "builtins.int": "int", "builtins.float": "float", "uuid.UUID": "uuid"}
_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


def hear(routing: FlaskRouting, event: Event) -> bool:
    """`SomeView.register(app, route_base="/some")`."""
    callee = event.callee
    if not isinstance(callee, Method) or callee.name != "register" or not isinstance(callee.receiver, ClassValue):
        return False
    cls = callee.receiver
    options = Options.of(event.arguments, _ARGUMENTS)
    router = routing.router_of(options.get("app"))
    if router is None or not is_class_of(cls, *VIEW):
        return False
    settings = {name: _setting(routing.interpreter, cls, options, name) for name in _DEFAULTS}
    for name, function in _functions(routing.interpreter, cls):
        for rule, methods in _rules(routing.interpreter, cls, settings, name, function):
            route = routing.add(router, event, Options({"rule": rule}, {}), function, methods_named(methods))
            if route is not None:
                routing.views[id(route)] = View(handler_of(function))
    return True


_DEFAULTS: dict[str, Value] = {
    "route_base": None, "route_prefix": None, "trailing_slash": True, "method_dashified": False, "excluded_methods": (),
    "inspect_args": True, "default_methods": ["GET"],
}  # fmt: skip


def _setting(interpreter: Interpreter, cls: ClassValue, options: Options, name: str) -> Value:
    """What the registration says of a class attribute, else the class, else what the library holds for usual."""
    given = options.get(name)
    if given is None and cls.find(name) is not None:
        given = attribute(interpreter, cls, name, cls.name_location)
    return _DEFAULTS[name] if given is None else given


def _functions(interpreter: Interpreter, cls: ClassValue) -> Iterator[tuple[str, FunctionValue]]:
    """The functions that become routes, by name."""
    names = dict.fromkeys(name for entry in cls.lineage() for name in entry.names)
    for name in names:
        value = attribute(interpreter, cls, name, cls.name_location)
        hidden = name.startswith(("_", "before_", "after_")) or name in _OF_THE_BASE
        if not hidden and isinstance(value, FunctionValue) and value.kind == "plain":
            yield name, value


Settings = dict[str, Value]


def _rules(
    interpreter: Interpreter, cls: ClassValue, settings: Settings, name: str, function: FunctionValue
) -> Iterator[tuple[Value, Value]]:
    """The paths of a function with their methods."""
    excluded = settings["excluded_methods"]
    if isinstance(excluded, list | tuple | set | frozenset) and name in excluded:
        return
    original, slash = function.original(), settings["trailing_slash"] is not False
    marks = [mark for mark, _ in original.decorators if isinstance(mark, Instance) and isinstance(mark.origin, External)]
    stated = [Options.of(mark.arguments, ("rule",)) for mark in marks if _is(mark, "route")]
    if stated:
        for options in stated:
            rule = options.get("rule")
            methods = options.get("methods")
            yield _path(cls, settings, [rule]) if isinstance(rule, str) else rule, ["GET"] if methods is None else methods
        return
    parameters = _parameters(interpreter, original, settings["route_base"]) if settings["inspect_args"] is not False else []
    if name in _SPECIAL:
        yield _slashed(_path(cls, settings, ["/", *parameters]), slash), [_SPECIAL[name]]
        return
    own = [mark.arguments[0].value for mark in marks if _is(mark, "method") and mark.arguments]
    shown = name.replace("_", "-") if settings["method_dashified"] is True else name
    yield _slashed(_path(cls, settings, [f"/{shown}/", *parameters]), slash), own or settings["default_methods"]


def _is(mark: Instance, name: str) -> bool:
    made = mark.origin.name
    return bool(made.startswith(_DECORATORS) and made.rpartition(".")[2] == name)


def _parameters(interpreter: Interpreter, function: FunctionValue, base: Value) -> list[str]:
    """`<int:id>` for each parameter that has no default and is not in the class' own path."""
    found = []
    taken = {match["name"] for match in PARAMETER.finditer(base)} if isinstance(base, str) else set()
    for parameter in function.parameters[1:]:
        if parameter.name in taken or parameter.sort not in ("normal", "positional") or parameter.default is not None:
            continue
        meant = interpreter.annotation(parameter.annotation) if parameter.annotation is not None else None
        hint = _HINTS.get(meant.name) if isinstance(meant, External) else None
        found.append(f"<{hint}:{parameter.name}>" if hint is not None else f"<{parameter.name}>")
    return found


def _path(cls: ClassValue, settings: Settings, parts: list[str]) -> Value:
    base, prefix = settings["route_base"], settings["route_prefix"]
    if base is None:
        base = _CAPITALS.sub("-", cls.name[:-4] if cls.name.endswith("View") else cls.name).lower()
    for part in (base, prefix):
        if part is not None and not isinstance(part, str):
            return part
    whole = [each for each in (prefix, base.strip("/"), *parts) if each]
    return re.sub(r"/+", "/", "/" + "/".join(whole))


def _slashed(path: Value, slash: bool) -> Value:
    if not isinstance(path, str) or path == "/":
        return path
    return path.rstrip("/") + ("/" if slash else "")


EXTENSION = Extension("Flask-Classful", methods=("register",), hear=hear)

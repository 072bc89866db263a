"""What stands behind a path of Django's: functions, classes and viewsets, and the methods that they answer.

A function answers what it checks for itself: unless a decorator says more, its methods are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.api.bare import VERBS, handler_of
from lsp_server.api.django_world import is_described, is_open, marked
from lsp_server.api.model import ANY_METHOD
from lsp_server.python.attributes import attribute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import (
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Method,
    Specialized,
    Value,
)

_AUTOMATIC = ("OPTIONS", "HEAD", "TRACE")


@dataclass(frozen=True, slots=True)
class View:
    """A function, or a class with what `as_view` was given. `actions`: methods to names, of a viewset."""

    function: FunctionValue | None = None
    cls: ClassValue | None = None
    given: Value = None
    actions: Value = None
    called: bool = False  # an object that is called
    package: bool = False  # another package's view, of which no description tells


def view_of(value: Value, depth: int = 0) -> View | None:
    """The view that a value is or wraps; None where it is none that can be seen."""
    if depth > 20:
        return None
    if isinstance(value, BoundMethod | FunctionValue):
        return _behind(value, depth)
    if isinstance(value, External):
        return View(package=True)
    if isinstance(value, ClassValue):
        return View(cls=value)
    if not isinstance(value, Instance):
        return None
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, ClassValue):
        if is_described(origin) and origin.name == "Callback":
            cls = value.attributes.get("view_class")
            return View(cls=cls, given=value.attributes.get("given"), actions=value.attributes.get("actions")) if isinstance(cls, ClassValue) else None
        return View(cls=origin, called=True)
    if isinstance(origin, Method) and origin.name == "as_view":
        return View(cls=origin.receiver, actions=_actions(value)) if isinstance(origin.receiver, ClassValue) else View(package=True)
    if isinstance(origin, External) and origin.name.endswith(".as_view"):
        return View(package=True)
    for argument in value.arguments:  # a decorator of another package around a view
        if isinstance(argument.value, Instance | FunctionValue | BoundMethod):
            inner = view_of(argument.value, depth + 1)
            if inner is not None:
                return inner
    return View(package=True) if isinstance(origin, External | Method | Instance) else None


def _actions(call: Instance) -> Value:
    given = call.argument("actions", 0)
    return given.value if given is not None else None


def _behind(value: BoundMethod | FunctionValue, depth: int) -> View:
    """A function, or the class-based view that a decorator of the project wrapped into one."""
    function = value.function if isinstance(value, BoundMethod) else value
    if function.wrapped is None and function.owner is None:
        for held in function.scope.names.values() if function.scope.parent is not None else ():
            inner = view_of(held, depth + 1) if isinstance(held, Instance | FunctionValue) and held is not function else None
            if inner is not None and (inner.cls is not None or inner.function is not None) and not inner.package:
                return inner
    return View(function=function)


def methods_of(interpreter: Interpreter, view: View) -> Iterator[tuple[str, FunctionValue | None]]:
    """Methods with the function that answers each; `ANY_METHOD` where some are answered that nobody can see."""
    if view.function is not None:
        yield from _function_methods(view.function)
    elif view.cls is not None and not view.called:
        yield from _class_methods(interpreter, view, view.cls)
    else:
        yield ANY_METHOD, handler_of(view.cls.names.get("__call__")) if view.cls is not None else None


def _function_methods(function: FunctionValue) -> Iterator[tuple[str, FunctionValue | None]]:
    holder = marked(function, "answers")
    stated = items_of(holder.attributes["answers"]) if holder is not None else None
    if stated is None or not all(isinstance(method, str) for method in stated):
        yield ANY_METHOD, function.original()
        return
    for method in stated:
        if method not in _AUTOMATIC:
            yield method, function.original()


def _class_methods(interpreter: Interpreter, view: View, cls: ClassValue) -> Iterator[tuple[str, FunctionValue | None]]:
    allowed = _allowed(interpreter, view, cls)
    if isinstance(view.actions, dict):
        pairs = [(method.upper(), action) for method, action in view.actions.items() if isinstance(method, str)]
    else:
        pairs = [(verb.upper(), verb) for verb in VERBS]
    for method, name in pairs:
        held = cls.find(name) if isinstance(name, str) else None
        if held is None or held[1] is None or (allowed is not None and method not in allowed):
            continue
        function = handler_of(held[1])
        if method not in _AUTOMATIC:
            yield method, function if function is not None and not is_described(function) else None
    missing = any(not isinstance(name, str) or cls.find(name) is None for _, name in pairs)
    nothing = not any(isinstance(name, str) and method not in _AUTOMATIC and cls.find(name) is not None for method, name in pairs)
    if nothing or (missing and is_open(cls)):
        yield ANY_METHOD, None


def _allowed(interpreter: Interpreter, view: View, cls: ClassValue) -> frozenset[str] | None:
    """The methods that `http_method_names` leaves; None where it is not known."""
    given = view.given.get("http_method_names") if isinstance(view.given, dict) else None
    names = items_of(given if given is not None else attribute(interpreter, cls, "http_method_names", cls.name_location))
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    return frozenset(name.upper() for name in names)

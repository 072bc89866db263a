"""What stands behind a view function: a function, or a class that `as_view` turned into one, perhaps wrapped by decorators.

Knows which methods a view answers when its rule names none. What a rule is, is `flask/routing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_server.api.bare import handler_of, view_methods
from lsp_server.api.flask.names import METHOD_VIEW, VIEW
from lsp_server.api.names import is_class_of
from lsp_server.api.routing import methods_named
from lsp_server.python.values import BoundMethod, ClassValue, FunctionValue, Instance, Method, Value
from lsp_server.unknown import Unknown

_WRAPPINGS = 10  # decorators around decorators


@dataclass(frozen=True, slots=True)
class View:
    """`methods`: those that the view itself says, None where it says none (a rule then takes GET)."""

    function: FunctionValue | None = None
    cls: ClassValue | None = None
    methods: tuple[str, ...] | Unknown | None = None

    def handlers(self) -> Mapping[str, FunctionValue | None]:
        """The functions that answer single methods, where the view is a class."""
        return view_methods(self.cls) if self.cls is not None else {}


def view_of(value: Value) -> View:
    """The view that a value is, looked for behind decorators of other packages."""
    for _ in range(_WRAPPINGS):
        if isinstance(value, FunctionValue | BoundMethod):
            function = value.function if isinstance(value, BoundMethod) else value
            stated = function.attributes.get("methods")
            return View(handler_of(value), None, None if stated is None else methods_named(stated))
        if not isinstance(value, Instance):
            break
        made = value.origin
        if isinstance(made, Method) and made.name == "as_view" and isinstance(made.receiver, ClassValue):
            return class_view(made.receiver)
        if isinstance(made, ClassValue):
            called = made.find("__call__")
            return View(handler_of(called[1]) if called is not None else None)
        inside = [argument.value for argument in value.arguments if _is_view(argument.value)]
        if not inside:
            break
        value = inside[0]
    return View()


def _is_view(value: Value) -> bool:
    return isinstance(value, FunctionValue | BoundMethod | Instance)


def class_view(cls: ClassValue) -> View:
    """The view that `cls.as_view()` makes."""
    dispatch = cls.find("dispatch_request")
    return View(handler_of(dispatch[1]) if dispatch is not None else None, cls, class_methods(cls))


def class_methods(cls: ClassValue) -> tuple[str, ...] | Unknown | None:
    """The methods a view class answers: those its attribute `methods` names, else those it has functions for.

    None for a class that says neither. A class below another package's class is taken for a `MethodView`.
    """
    if is_class_of(cls, *VIEW) and not is_class_of(cls, *METHOD_VIEW):
        held = cls.find("methods")
        stated = methods_named(held[1], ()) if held is not None else ()
        return None if stated == () else stated
    found = _collected(cls)
    if not found and cls.unknown_bases():
        return Unknown(f"the methods of `{cls.name}`, whose bases are not all known")
    return found if found is None or isinstance(found, Unknown) else found or None


def _collected(cls: ClassValue) -> tuple[str, ...] | Unknown:
    """As `MethodView` collects them: what the class states, else what its bases answer and what it has functions for."""
    if cls.names.get("methods") is not None:
        return methods_named(cls.names["methods"], ())
    found: dict[str, None] = {}
    for base in cls.bases:
        if isinstance(base, ClassValue) and base is not cls:
            inherited = _collected(base)
            if isinstance(inherited, Unknown):
                return inherited
            found.update(dict.fromkeys(inherited))
    return tuple(found | dict.fromkeys(view_methods(cls)))

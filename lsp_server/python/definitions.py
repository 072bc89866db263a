"""Functions and classes as the interpreter makes them: parameters, bases, bodies, decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.python.annotations import annotation as type_meant
from lsp_server.python.calls import call_value
from lsp_server.python.judge import items_of
from lsp_server.python.lower import Node
from lsp_server.python.packages import FUNCTION_KINDS
from lsp_server.python.values import (
    Annotation,
    Argument,
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Method,
    Parameter,
    Scope,
    TypeVariable,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def function(self: Interpreter, node: Node, scope: Scope) -> Value:
    _, start, end, name, name_span, parameters, returns, decorators, body, sort, _ = node
    closure = scope
    owner = scope.owner if scope.owner is not None and scope.owner.scope is scope else None
    if owner is not None:
        closure = scope.parent or scope
    function = FunctionValue(
        name, scope.path, Location(scope.path, Span(start, end)), Location(scope.path, Span(*name_span)),
        parameters_of(self, parameters, scope), Annotation(returns, scope) if returns else None, body, closure, sort,
        owner, qualname=f"{owner.qualname}.{name}" if owner else name, defaults_scope=scope,
    )  # fmt: skip
    if self._stack:
        self._stack[-1].functions.append(function)
    if owner is not None and name in ("__init_subclass__", "__class_getitem__"):
        function.kind = "class"
    return _decorate(self, function, decorators, scope)


def parameters_of(self: Interpreter, nodes: tuple[Node, ...], scope: Scope) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name, sort, Annotation(annotation, scope) if annotation else None, default,
                  Location(scope.path, Span(start, end)))
        for name, sort, annotation, default, start, end in nodes
    )  # fmt: skip


def _decorate(self: Interpreter, target: Value, decorators: tuple[Node, ...], scope: Scope) -> Value:
    """Apply decorators from the last to the first. A decorator we cannot follow leaves the target as it is."""
    values = [(self.evaluate(node, scope), self.location(node, scope)) for node in decorators]
    target.decorators.extend(values)
    current = target
    for value, location in reversed(values):
        if isinstance(value, ClassValue) and isinstance(current, FunctionValue) and value.find("__get__"):
            # A descriptor of the workspace. Put on a class method, or named so, it is a property of the class.
            by_class = current.kind == "class" or "class" in value.name.lower()
            current.kind = "class property" if by_class else "property"
            continue
        result = _apply_decorator(self, value, current, target, location)
        made_for_it = isinstance(result, FunctionValue) and result is not current and result.scope.parent is not None
        if made_for_it and isinstance(current, FunctionValue) and result.around is None:
            result.around = current
        if isinstance(result, FunctionValue | ClassValue | BoundMethod | Instance) and result is not current:
            current = result
    return current


def _apply_decorator(self: Interpreter, value: Value, current: Value, target: Value, location: Location) -> Value:
    if isinstance(value, External):
        kind = FUNCTION_KINDS.get(value.name)
        if kind and isinstance(current, FunctionValue):
            current.kind = kind
            return current
        self.emit(value, (Argument(None, current, location),), location)
        _mark(self, current)
        return current
    if isinstance(value, Instance):
        if isinstance(value.origin, External) and value.origin.name == "functools.wraps":
            original = value.argument("wrapped", 0)
            if original and isinstance(original.value, FunctionValue) and isinstance(current, FunctionValue):
                current.wrapped = original.value
            return current
        for event in reversed(self._stack[-1].events if self._stack else []):
            if event.result is value:
                event.decorates = current if isinstance(current, FunctionValue | ClassValue) else target
                return current
    if isinstance(value, FunctionValue | BoundMethod | ClassValue | Instance):
        result = call_value(self, value, (Argument(None, current, location),), location)
        if isinstance(result, Unknown) or result is None:
            return current
        if isinstance(result, Instance) and isinstance(result.origin, ClassValue) and not isinstance(value, ClassValue):
            return result
        return result if isinstance(result, FunctionValue | ClassValue | BoundMethod) else current
    if isinstance(value, Method):
        if value.name in ("setter", "getter", "deleter"):
            return current
        self.emit(value, (Argument(None, current, location),), location)
        _mark(self, current)
    return current


def _mark(self: Interpreter, current: Value) -> None:
    if self._stack and isinstance(current, FunctionValue | ClassValue):
        self._stack[-1].events[-1].decorates = current


def class_(self: Interpreter, node: Node, scope: Scope) -> Value:
    _, start, end, name, name_span, bases, keywords, decorators, body, names = node
    inner = Scope(scope.path, {}, scope)
    for parameter in names:
        inner.names[parameter] = TypeVariable(parameter)
    outer = scope.owner
    cls = ClassValue(
        name, scope.path, Location(scope.path, Span(start, end)), Location(scope.path, Span(*name_span)),
        [], [], inner.names, {}, inner.places, inner, f"{outer.qualname}.{name}" if outer else name, names, node=node,
    )  # fmt: skip
    for base in bases:
        if base[0] == "star":
            cls.bases.extend(items_of(self.evaluate(base[3], inner)) or [Unknown("base classes given with *")])
        else:
            cls.bases.append(type_meant(self, base, inner))
    for keyword, value, first, last in keywords:
        place = Location(scope.path, Span(first, last))
        cls.keywords.append(Argument(keyword, self.evaluate(value, inner), place, keyword is None))
    cls.certainty, cls.condition = self.certainty, self.condition
    inner.owner = cls
    self.block(body, inner)
    for parameter in names:
        if isinstance(inner.names.get(parameter), TypeVariable):
            del inner.names[parameter]
    if names:  # Methods and annotations still see the parameters, attribute look-ups do not.
        scope_of_parameters = Scope(scope.path, {parameter: TypeVariable(parameter) for parameter in names}, scope)
        inner.parent = scope_of_parameters
    if self._stack:
        self._stack[-1].classes.append(cls)
    _init_subclass(self, cls)
    return _decorate(self, cls, decorators, scope)


def make_class(self: Interpreter, name: str, bases: tuple[Value, ...], names: dict[str, Value], location: Location) -> ClassValue:
    """What `type(name, bases, {…})` makes: a class without a body."""
    scope = Scope(location.path, dict(names))
    cls = ClassValue(name, location.path, location, location, list(bases), [], scope.names, {}, scope.places, scope, name)
    scope.owner = cls
    cls.certainty, cls.condition = self.certainty, self.condition
    if self._stack:
        self._stack[-1].classes.append(cls)
    _init_subclass(self, cls)
    return cls


def _init_subclass(self: Interpreter, cls: ClassValue) -> None:
    for entry in list(cls.lineage())[1:]:
        hook = entry.names.get("__init_subclass__")
        if isinstance(hook, FunctionValue):
            keywords = tuple(argument for argument in cls.keywords if argument.name != "metaclass")
            self.call(hook, (Argument(None, cls, cls.name_location), *keywords), cls.name_location)
            break

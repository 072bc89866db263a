"""Calls of any value: the workspace's own are followed, other packages' are written down as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsp_server.python.judge import ENUMS, items_of, members, same
from lsp_server.python.lower import Node
from lsp_server.python.traits import of_traitlets
from lsp_server.python.values import (
    NATIVE,
    Argument,
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Place,
    Scope,
    Specialized,
    Super,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def receiver_at(self: Interpreter, location: Location) -> Value:
    """What `X` is worth in the expression `X.name` that stands at a location of a module; Unknown where none does."""
    from lsp_server.python.expressions import evaluate

    waiting: list[Any] = [self.program.load(location.path).body]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, tuple):
            continue
        located = len(node) > 2 and isinstance(node[0], str) and isinstance(node[1], int) and isinstance(node[2], int)
        if located and not node[1] <= location.span.start <= location.span.end <= node[2]:
            continue
        if located and node[0] == "attr" and (node[1], node[2]) == tuple(location.span):
            return evaluate(self, node[3], self.run(location.path).scope)
        waiting.extend(node)
    return Unknown("the owner of an attribute", location)


def arguments_of(self: Interpreter, node: Node, scope: Scope) -> tuple[Argument, ...]:
    """The arguments of a call node, evaluated; `*` and `**` unpacked where their content is known."""
    from lsp_server.python.expressions import evaluate

    result: list[Argument] = []
    for part in node[4]:
        location = self.location(part, scope)
        if part[0] == "star":
            value = evaluate(self, part[3], scope)
            items = items_of(value)
            if items is None:
                result.append(Argument(None, value, location, star=True))
            else:
                result.extend(Argument(None, item, location) for item in items)
        else:
            result.append(Argument(None, evaluate(self, part, scope), location))
    for name, part, start, end in node[5]:
        location = Location(scope.path, Span(start, end))
        value = evaluate(self, part, scope)
        if name is not None:
            result.append(Argument(name, value, location))
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            result.extend(Argument(key, item, location) for key, item in value.items())
        else:
            result.append(Argument(None, value, location, star=True))
    return tuple(result)


def call_node(self: Interpreter, node: Node, scope: Scope) -> Value:
    from lsp_server.python.expressions import evaluate

    location = self.location(node, scope)
    callee_node = node[3]
    if callee_node[0] == "name" and callee_node[3] == "super" and scope.find("super") is None:
        return _super(self, node, scope, location)
    if callee_node[0] == "name" and callee_node[3] in ("locals", "globals", "vars") and not node[4]:
        return _names_here(self, callee_node[3], scope, location)
    callee = evaluate(self, callee_node, scope)
    return call_value(self, callee, arguments_of(self, node, scope), location)


def _names_here(self: Interpreter, function: str, scope: Scope, location: Location) -> Value:
    """`globals()`, and `locals()` of a module: what its names are bound to now."""
    from lsp_server.python.discoveries import names_in

    if (function == "globals" or scope.parent is None) and "*" not in self.run(scope.path).scope.names:
        return names_in(self, ModuleValue(scope.path))
    return Unknown(f"`{function}()`", location)


def _super(self: Interpreter, node: Node, scope: Scope, location: Location) -> Value:
    holder: Scope | None = scope
    while holder is not None and holder.owner is None:
        holder = holder.parent
    if holder is None or holder.owner is None:
        return Unknown("`super()` outside a class", location)
    receiver = next(iter(holder.names.values()), None)
    return Super(holder.owner, receiver)


def call_value(self: Interpreter, callee: Value, arguments: tuple[Argument, ...], location: Location) -> Value:
    """Call any value: ours is followed, another package's is written down as an event."""
    from lsp_server.python import discoveries, methods, objects, patterns, places, standard

    if isinstance(callee, FunctionValue):
        return self.call(callee, arguments, location)
    if isinstance(callee, BoundMethod):
        return self.call(callee.function, (Argument(None, callee.receiver, location), *arguments), location)
    if isinstance(callee, ClassValue):
        if callee.inherits(*ENUMS) and arguments:
            return _enum_by_value(callee, arguments[0].value, location)
        return self.instantiate(callee, arguments, location)
    if isinstance(callee, External):
        place = places.call(self, callee, arguments, location)
        if place is not None:
            return place
        known = standard.FUNCTIONS.get(callee.name)
        if known is not None:
            return known(self, arguments, location)
        if callee.name in standard.QUIET:
            return Instance(callee, arguments, location)
        return self.emit(callee, arguments, location)
    if isinstance(callee, Method):
        if isinstance(callee.receiver, Place):
            found = discoveries.call_method(self, callee.receiver, callee.name, arguments, location)
            return places.call_method(callee.receiver, callee.name, arguments, location) if found is None else found
        if isinstance(callee.receiver, NATIVE):
            return methods.call_method(self, callee.receiver, callee.name, arguments, location)
        if isinstance(callee.receiver, Instance):
            matched = patterns.call_method(self, callee.receiver, callee.name, arguments, location)
            if matched is None:
                matched = discoveries.method_of_finder(self, callee.receiver, callee.name, arguments, location)
            if matched is not None:
                return matched
            described = objects.call_method(self, callee.receiver, callee.name, arguments, location)
            if described is not None:
                return described[0]
        given_back = of_traitlets(callee, arguments) if callee.name in ("tag", "validate") else None
        if given_back is not None:
            return given_back.value
        if isinstance(callee.receiver, Super):
            return _call_super(self, callee, arguments, location)
        return self.emit(callee, arguments, location)
    if isinstance(callee, Specialized):
        if isinstance(callee.origin, ClassValue):
            value = self.instantiate(callee.origin, arguments, location)
            if isinstance(value, Instance):
                value.origin = callee
            return value
        return call_value(self, callee.origin, arguments, location)
    if isinstance(callee, Instance):
        return _call_instance(self, callee, arguments, location)
    what = callee.what if isinstance(callee, Unknown) else "a value that cannot be called"
    if isinstance(callee, Unknown):
        self.hand_out(callee, arguments, location)
    return Unknown(f"the result of calling {what}", location)


def _call_instance(self: Interpreter, callee: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    if isinstance(callee.origin, ClassValue):
        found = callee.origin.find("__call__")
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, callee, location), *arguments), location)
    if isinstance(callee.origin, External) and callee.origin.name == "functools.partial" and callee.arguments:
        return call_value(self, callee.arguments[0].value, (*callee.arguments[1:], *arguments), location)
    return self.emit(callee, arguments, location)


_CONTAINERS = ("builtins.dict", "builtins.list", "builtins.set", "collections.defaultdict", "collections.OrderedDict")


def container_of(self: Interpreter, cls: ClassValue, arguments: tuple[Argument, ...], location: Location) -> Value:
    """The list, set or dictionary that an object of a class derived from one holds when it is made; None for others."""
    from lsp_server.python import standard

    base = next((name for name in cls.externals() if name in _CONTAINERS), None)
    if base is None:
        return None
    own = cls.find("__init__") is not None  # which hands on what it likes
    content = standard.FUNCTIONS[base](self, () if own else arguments, location)
    return content if isinstance(content, list | set | dict) else None


def _call_super(self: Interpreter, method: Method, arguments: tuple[Argument, ...], location: Location) -> Value:
    from lsp_server.python import methods, objects

    receiver = method.receiver.receiver
    if isinstance(receiver, Instance) and receiver.content is not None and method.name != "__init__":
        return methods.call_method(self, receiver.content, method.name, arguments, location)
    if method.name == "__init__" and isinstance(receiver, Instance):
        receiver.base_arguments = arguments
        objects.furnish(self, receiver, arguments, location)
        if isinstance(receiver.content, dict):
            methods.call_method(self, receiver.content, "update", arguments, location)
        elif isinstance(receiver.content, list) and arguments:
            methods.call_method(self, receiver.content, "extend", arguments, location)
        for argument in arguments:
            if argument.name is not None and not argument.star:
                receiver.attributes.setdefault(argument.name, argument.value)
        return None
    if method.name == "__new__" and isinstance(receiver, ClassValue):
        return Instance(receiver, arguments, location)
    return self.emit(Method(receiver, method.name), arguments, location)


def _enum_by_value(cls: ClassValue, value: Value, location: Location) -> Value:
    for member in members(cls):
        if same(member.value, value):
            return member
    return Unknown("an enumeration member looked up at run time", location)

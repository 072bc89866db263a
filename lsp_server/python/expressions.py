"""Expressions to values: operators, attributes, calls, comprehensions and annotations.

The second half of the interpreter (`interpret.py` holds statements). Python's own built-ins and the few standard-library
functions that decide names and paths are in `standard.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lsp_server.python.annotations import specialize
from lsp_server.python.attributes import attribute
from lsp_server.python.calls import call_node, call_value
from lsp_server.python.judge import ENUMS, LONGEST, hashable, items_of, member_of, plain, text_of, truth
from lsp_server.python.lower import Node
from lsp_server.python.objects import kind_of
from lsp_server.python.operators import binary, compare_pair, harmless
from lsp_server.python.places import extended
from lsp_server.python.values import (
    Argument,
    ClassValue,
    Defaulting,
    External,
    FunctionValue,
    Instance,
    Method,
    Place,
    Scope,
    Specialized,
    TypeVariable,
    UnknownText,
    Unset,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def evaluate(self: Interpreter, node: Node, scope: Scope) -> Value:
    return _EXPRESSIONS[node[0]](self, node, scope)


def _name(self: Interpreter, node: Node, scope: Scope) -> Value:
    name = node[3]
    found: Scope | None = scope
    while found is not None:  # The usual case, without making a place that nobody needs.
        if name in found.names:
            if name in found.configured:
                self.touched_settings = True
            return self.resolve(found, name)
        found = found.parent
    return self.lookup(scope, name, self.location(node, scope))


def _attribute(self: Interpreter, node: Node, scope: Scope) -> Value:
    return attribute(self, evaluate(self, node[3], scope), node[4], self.location(node, scope))


def _sequence(self: Interpreter, nodes: Iterable[Node], scope: Scope) -> list[Value] | None:
    values: list[Value] = []
    for node in nodes:
        if node[0] == "star":
            items = items_of(evaluate(self, node[3], scope))
            if items is None:
                return None
            values.extend(items)
        else:
            values.append(evaluate(self, node, scope))
    return values


def _list(self: Interpreter, node: Node, scope: Scope) -> Value:
    """The items of a list; one unknown item where several may stand that are not known."""
    values: list[Value] = []
    for part in node[3]:
        items = _sequence(self, (part,), scope)
        values.extend(items if items is not None else [Unknown("a list with unknown parts", self.location(part, scope))])
    return values


def _tuple(self: Interpreter, node: Node, scope: Scope) -> Value:
    values = _sequence(self, node[3], scope)
    return tuple(values) if values is not None else Unknown("a tuple with unknown parts", self.location(node, scope))


def _set(self: Interpreter, node: Node, scope: Scope) -> Value:
    values = _sequence(self, node[3], scope)
    if values is None or not all(hashable(value) for value in values):
        return Unknown("a set with unknown parts", self.location(node, scope))
    return set(values)


def _dict(self: Interpreter, node: Node, scope: Scope) -> Value:
    result: dict[Value, Value] = {}
    for key_node, value_node in zip(node[3], node[4]):
        value = evaluate(self, value_node, scope)
        if key_node is None:
            if not isinstance(value, dict):
                return Unknown("a dictionary with unknown parts", self.location(node, scope))
            result.update(value)
            continue
        key = evaluate(self, key_node, scope)
        if not hashable(key):
            return Unknown("a dictionary with unknown keys", self.location(node, scope))
        result[key] = value
    return result


def _fstring(self: Interpreter, node: Node, scope: Scope) -> Value:
    parts: list[str] = []
    base: list[Place] = []  # a place that the text begins with
    for part in node[3]:
        if part[0] == "const":
            parts.append(part[3])
            continue
        value = evaluate(self, part[3], scope)
        if part[5] is not None:
            spec = _fstring(self, part[5], scope)
            if not isinstance(spec, str) or not isinstance(value, str | int | float):
                return Unknown("a text put together at run time", self.location(node, scope))
            try:
                parts.append(format(value, spec) if harmless(spec) else "")
            except ValueError:
                return Unknown("a text put together at run time", self.location(node, scope))
            continue
        if isinstance(value, Place) and not parts and not base:
            base.append(value)
            continue
        text = repr(value) if part[4] == "r" and plain(value) else text_of(value)
        if text is None:
            what = value.what if isinstance(value, Unknown) else "a part computed at run time"
            beginning = "" if base else "".join(parts) + (value.beginning if isinstance(value, UnknownText) else "")
            return UnknownText(f"a text that holds {what}", self.location(node, scope), beginning=beginning)
        parts.append(text)
    return extended(base[0], "".join(parts)) if base else "".join(parts)


def _binop(self: Interpreter, node: Node, scope: Scope) -> Value:
    left, right = evaluate(self, node[4], scope), evaluate(self, node[5], scope)
    return binary(self, node[3], left, right, self.location(node, scope))


def _unary(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[4], scope)
    location = self.location(node, scope)
    if node[3] == "not":
        known = truth(value)
        if known is None:
            return Unknown(
                value.what if isinstance(value, Unknown) else "a condition that the text does not decide", location
            )
        return not known
    if isinstance(value, int | float):
        match node[3]:
            case "-":
                return -value
            case "+":
                return value
            case "~" if isinstance(value, int): return ~value  # fmt: skip
    return Unknown("an operation on a value that is not known", location)


def _bool(self: Interpreter, node: Node, scope: Scope) -> Value:
    wanted = node[3] == "or"
    unknown: Unknown | None = None
    value: Value = None
    for part in node[4]:
        value = evaluate(self, part, scope)
        known = truth(value)
        if isinstance(value, Unset) and wanted and part is not node[4][-1]:
            self.touched_settings = True
            continue  # `os.getenv("X") or "default"`: nobody has set it.
        if known is None:
            if isinstance(value, Instance | External) and wanted:
                return value  # `x or default`: an object that is there
            what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
            unknown = Unknown(what, self.location(part, scope)) if unknown is None else unknown
        elif known is wanted:
            return value if unknown is None else unknown
    return value if unknown is None else unknown


def _compare(self: Interpreter, node: Node, scope: Scope) -> Value:
    left = evaluate(self, node[3], scope)
    location = self.location(node, scope)
    for operator, part in zip(node[4], node[5]):
        right = evaluate(self, part, scope)
        result = compare_pair(operator, left, right, location)
        if not isinstance(result, bool) or not result:
            return result
        left = right
    return True


def _conditional(self: Interpreter, node: Node, scope: Scope) -> Value:
    from lsp_server.python.joining import join_values

    value = evaluate(self, node[3], scope)
    known = truth(value)
    if known is not None:
        return evaluate(self, node[4] if known else node[5], scope)
    what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
    parts = [evaluate(self, node[4], scope), evaluate(self, node[5], scope)]
    return join_values(parts, Unknown(what, self.location(node, scope)))


def _subscript(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[3], scope)
    location = self.location(node, scope)
    if isinstance(value, ClassValue | Specialized | TypeVariable) and not (
        isinstance(value, ClassValue) and value.inherits(*ENUMS)
    ):
        return specialize(self, value, node[4], scope, location)
    key = evaluate(self, node[4], scope) if node[4][0] != "slice" else _slice(self, node[4], scope)
    if isinstance(value, ClassValue):
        found = value.find(key) if isinstance(key, str) else None
        return member_of(value, key, found[1]) if found else Unknown("a member looked up at run time", location)
    if isinstance(value, Unknown):
        return Unknown(value.what, location)
    if isinstance(value, External):
        if value.name == "os.environ":
            self.touched_settings = True
            return Unknown(
                f"the environment variable {key}" if isinstance(key, str) else "an environment variable", location
            )
        return Specialized(value, key if isinstance(key, tuple) else (key,), location)
    if isinstance(value, dict | str | list | tuple) and (isinstance(value, dict) or isinstance(key, int | slice)):
        return item(self, value, key, location)
    if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
        found = value.origin.find("__getitem__")
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, value, location), Argument(None, key, location)), location)
    if isinstance(value, Instance) and value.content is not None:
        kind = kind_of(self, value)
        self.touched_settings = self.touched_settings or (kind is not None and kind.settings)
        return item(self, value.content, key, location)
    if isinstance(value, Instance | Method):
        return Instance(Method(value, "__getitem__"), (Argument(None, key, location),), location)
    return Unknown("an item of a value that is not known", location)


def item(self: Interpreter, value: Value, key: Value, location: Location) -> Value:
    """An item of a container, as `value[key]` sees it."""
    if isinstance(value, dict):
        if hashable(key) and key in value:
            return value[key]
        if isinstance(value, Defaulting) and hashable(key) and value.factory is not None:
            value[key] = call_value(self, value.factory, (), location)
            return value[key]
        return Unknown("an entry that is not known", location)
    if isinstance(value, str | list | tuple) and isinstance(key, int | slice):
        try:
            return value[key]
        except (IndexError, ValueError):
            return Unknown("an item that is not there", location)
    return Unknown("an item of a value that is not known", location)


def _slice(self: Interpreter, node: Node, scope: Scope) -> Value:
    parts = [None if part is None else evaluate(self, part, scope) for part in node[3:6]]
    if all(part is None or isinstance(part, int) for part in parts):
        return slice(*parts)
    return Unknown("a slice that is not known", self.location(node, scope))


def _lambda(self: Interpreter, node: Node, scope: Scope) -> Value:
    from lsp_server.python.definitions import parameters_of

    location = self.location(node, scope)
    body = (("return", node[1], node[2], node[4]),)
    return FunctionValue("<lambda>", scope.path, location, location, parameters_of(self, node[3], scope), None, body,
                         _closure(scope), qualname="<lambda>", defaults_scope=scope)  # fmt: skip


def _closure(scope: Scope) -> Scope:
    return scope.parent if scope.owner is not None and scope.owner.scope is scope and scope.parent else scope


def _comprehension(self: Interpreter, node: Node, scope: Scope) -> Value:
    _, _, _, sort, element, generators = node
    location = self.location(node, scope)
    inner = Scope(scope.path, {}, scope, owner=None)
    results: list[Value] = []

    def walk(position: int) -> bool:
        if position == len(generators):
            if sort == "dict":
                results.append((evaluate(self, element[0], inner), evaluate(self, element[1], inner)))
            else:
                results.append(evaluate(self, element, inner))
            return len(results) <= LONGEST
        target, iterable, conditions = generators[position]
        items = items_of(evaluate(self, iterable, inner))
        if items is None:
            return False
        for item in items:
            self.assign(target, item, inner)
            kept = [truth(evaluate(self, condition, inner)) for condition in conditions]
            if False in kept:
                continue
            if None in kept:
                if sort not in ("list", "generator"):
                    return False
                results.append(Unknown("an item that is there under a condition that the text does not decide", location))
                continue
            if not walk(position + 1):
                return False
        return True

    if not walk(0):
        return Unknown("a comprehension over values that are not known", location)
    if sort == "dict":
        if not all(hashable(key) for key, _ in results):
            return Unknown("a dictionary with unknown keys", location)
        return dict(results)
    if sort == "set":
        return (
            set(results)
            if all(hashable(result) for result in results)
            else Unknown("a set with unknown parts", location)
        )
    return results


def _walrus(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[4], scope)
    self.bind(scope, node[3], value, self.location(node, scope))
    return value


def _yield(self: Interpreter, node: Node, scope: Scope) -> Value:
    location = self.location(node, scope)
    value = None if node[3] is None else evaluate(self, node[3], scope)
    self.yield_(value, node[4], location)
    return Unknown("what is sent to a generator", location)


_EXPRESSIONS: dict[str, Any] = {
    "const": lambda self, node, scope: node[3],
    "name": _name, "attr": _attribute, "call": call_node, "list": _list, "tuple": _tuple, "set": _set, "dict": _dict,
    "star": lambda self, node, scope: evaluate(self, node[3], scope),
    "binop": _binop, "unary": _unary, "bool": _bool, "compare": _compare, "if": _conditional, "fstring": _fstring,
    "subscript": _subscript, "slice": _slice, "lambda": _lambda, "comp": _comprehension,
    "await": lambda self, node, scope: evaluate(self, node[3], scope),
    "walrus": _walrus,
    "yield": _yield,
    "opaque": lambda self, node, scope: Unknown(f"an expression ({node[3]})", self.location(node, scope)),
    "format": lambda self, node, scope: evaluate(self, node[3], scope),
}  # fmt: skip

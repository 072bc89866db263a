"""The type that a node means where a type is expected: quoted names are read, `X | None` is a union."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.python.lower import Node, lower_expression
from lsp_server.python.operators import union
from lsp_server.python.syntax import parse_expression
from lsp_server.python.values import ClassValue, External, Scope, Specialized, TypeVariable, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def specialize(self: Interpreter, origin: Value, index: Node, scope: Scope, location: Location) -> Specialized:
    nodes = index[3] if index[0] == "tuple" else (index,)
    return Specialized(origin, tuple(annotation(self, node, scope) for node in nodes), location)


_LITERALS = ("typing.Literal",)
_ANNOTATED = ("typing.Annotated",)


def annotation(self: Interpreter, node: Node, scope: Scope) -> Value:
    """The type a node means where a type is expected: quoted names are read, `X | None` is a union."""
    from lsp_server.python.expressions import evaluate

    kind = node[0]
    if kind == "const":
        return _quoted(self, node, scope) if isinstance(node[3], str) else node[3]
    if kind == "binop" and node[3] == "|":
        parts = (annotation(self, node[4], scope), annotation(self, node[5], scope))
        return union(parts, self.location(node, scope))
    if kind == "subscript":
        return _annotation_subscript(self, node, scope)
    if kind == "list":
        return [annotation(self, item, scope) for item in node[3]]
    if kind == "tuple":
        return tuple(annotation(self, item, scope) for item in node[3])
    value = evaluate(self, node, scope)
    if isinstance(value, str) and kind in ("name", "attr"):
        return _parse_quoted(self, value, node, scope)
    return value


def _quoted(self: Interpreter, node: Node, scope: Scope) -> Value:
    return _parse_quoted(self, node[3], node, scope)


def _parse_quoted(self: Interpreter, text: str, node: Node, scope: Scope) -> Value:
    expression = parse_expression(text)
    if expression is None:
        return Unknown("a quoted annotation that is no type", self.location(node, scope))
    lowered = lower_expression(expression, node[1], node[2])
    if lowered[0] == "const" and isinstance(lowered[3], str):
        return Unknown("a quoted annotation that is no type", self.location(node, scope))
    return annotation(self, lowered, scope)


def _annotation_subscript(self: Interpreter, node: Node, scope: Scope) -> Value:
    from lsp_server.python.expressions import evaluate

    origin = annotation(self, node[3], scope)
    location = self.location(node, scope)
    index = node[4]
    nodes = index[3] if index[0] == "tuple" else (index,)
    if isinstance(origin, External):
        if origin.name in _LITERALS:
            return Specialized(origin, tuple(evaluate(self, part, scope) for part in nodes), location)
        if origin.name in _ANNOTATED:
            rest = tuple(evaluate(self, part, scope) for part in nodes[1:])
            return Specialized(origin, (annotation(self, nodes[0], scope), *rest), location)
        if origin.name == "typing.Optional":
            return union((annotation(self, nodes[0], scope), None), location)
        if origin.name == "typing.Union":
            return union(tuple(annotation(self, part, scope) for part in nodes), location)
    if isinstance(origin, External | ClassValue | Specialized | TypeVariable):
        return Specialized(origin, tuple(annotation(self, part, scope) for part in nodes), location)
    if isinstance(origin, Unknown):
        return origin
    return evaluate(self, node, scope)

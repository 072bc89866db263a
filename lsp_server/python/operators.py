"""Operators on values: arithmetic, texts, containers, comparisons, and unions of types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.python import places
from lsp_server.python.judge import ENUMS, LONGEST, beginning_of, members, plain, same, settled, unwrap_enum
from lsp_server.python.values import (
    Argument,
    ClassValue,
    Comparison,
    External,
    FunctionValue,
    Instance,
    Method,
    Place,
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


def harmless(spec: str) -> bool:
    """A width of a billion would build a text of a gigabyte."""
    return sum(character.isdigit() for character in spec) <= 3


_SMALL = 1 << 64


def binary(self: Interpreter, operator: str, left: Value, right: Value, location: Location) -> Value:
    """The result of a binary operator; unions of types become `Specialized(typing.Union)`."""
    if operator == "|" and (_is_type(left) or _is_type(right)):
        return union((left, right), location)
    left, right = unwrap_enum(left), unwrap_enum(right)
    if operator in ("/", "+") and isinstance(left, Place) and isinstance(right, str):
        return places.joined(left, (right,), location) if operator == "/" else places.extended(left, right)
    if operator == "+" and isinstance(left, UnknownText):
        return left
    if operator == "+" and isinstance(left, list) and isinstance(right, Unknown):
        return [*left, Unknown(right.what, right.location or location)]
    if operator == "+" and isinstance(left, Unknown) and isinstance(right, list):
        return [Unknown(left.what, left.location or location), *right]
    if operator in ("&", "|") and isinstance(left, Comparison) and isinstance(right, Comparison):
        return Comparison(left.what, left.location or location, operator, left, right)
    if isinstance(left, Unknown):
        return Unknown(left.what, left.location or location)
    if isinstance(right, Unknown):
        start = beginning_of(left) if operator == "+" else ""
        if start:
            beginning = start + beginning_of(right) if isinstance(left, str) else start
            return UnknownText(f"a text that holds {right.what}", location, beginning=beginning)
        return Unknown(right.what, right.location or location)
    try:
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list | tuple | int | float | bytes):
            return (
                left + right if isinstance(left, int | float) or len(left) + len(right) <= LONGEST else _large(location)
            )
        if operator == "%" and isinstance(left, str) and plain(right) and harmless(left):
            return left % right
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _arithmetic(operator, left, right, location)
        if operator == "*" and isinstance(left, str | list | tuple) and isinstance(right, int):
            return left * right if len(left) * max(right, 0) <= LONGEST else _large(location)
        if operator in "|&-^" and isinstance(left, set | frozenset) and isinstance(right, set | frozenset):
            return {"|": left | right, "&": left & right, "-": left - right, "^": left ^ right}[operator]
        if operator == "|" and isinstance(left, dict) and isinstance(right, dict):
            return {**left, **right}
    except (TypeError, ValueError, ArithmeticError, KeyError):
        return Unknown("an expression that would fail", location)
    if isinstance(left, Instance) and isinstance(left.origin, ClassValue):
        name = {"/": "__truediv__", "+": "__add__", "|": "__or__"}.get(operator)
        found = left.origin.find(name) if name else None
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, left, location), Argument(None, right, location)), location)
    if isinstance(left, Instance | External | Method) or isinstance(right, Instance | External | Method):
        given = (Argument(None, left, location), Argument(None, right, location))
        return Instance(External(f"operator.{operator}"), given, location)
    return Unknown("an operation on values that are not known", location)


def _arithmetic(operator: str, left: float, right: float, location: Location) -> Value:
    if abs(left) > _SMALL or abs(right) > _SMALL:
        return _large(location)
    if operator in ("<<", "**") and right > 64:
        return _large(location)
    whole = isinstance(left, int) and isinstance(right, int)
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "//":
            return left // right
        case "%":
            return left % right
        case "**":
            return left**right
        case "<<" if whole:
            return int(left) << int(right)
        case ">>" if whole:
            return int(left) >> int(right)
        case "|" if whole:
            return int(left) | int(right)
        case "&" if whole:
            return int(left) & int(right)
        case "^" if whole:
            return int(left) ^ int(right)
    return Unknown("an operation on numbers", location)  # fmt: skip


def _large(location: Location) -> Unknown:
    return Unknown("a value too large to be worked out", location)


def _is_type(value: Value) -> bool:
    return isinstance(value, ClassValue | Specialized | TypeVariable) or (
        isinstance(value, External) and value.name != "builtins.None"
    )


def union(parts: tuple[Value, ...], location: Location) -> Specialized:
    flat: list[Value] = []
    for part in parts:
        if isinstance(part, Specialized) and isinstance(part.origin, External) and part.origin.name == "typing.Union":
            flat.extend(part.arguments)
        else:
            flat.append(part)
    return Specialized(External("typing.Union"), tuple(flat), location)


def compare_pair(operator: str, left: Value, right: Value, location: Location) -> Value:
    if operator in ("==", "!=") and isinstance(left, Unset) and isinstance(right, str) and right:
        return operator == "!="  # Nobody has set it; `touched_settings` says that this can change.
    for value in (left, right):
        if isinstance(value, Unknown):
            return Unknown(value.what, location)
    if isinstance(left, External) and left.name == "sys.version_info" and isinstance(right, tuple):
        return operator in (">", ">=", "!=")  # The newest Python is as good a guess as any, and it is what people run.
    if operator in ("is", "is not", "==", "!="):
        equal = same(left, right)
        if equal is None:
            return Comparison("a comparison of values that are not known", location, operator, left, right)
        return equal if operator in ("is", "==") else not equal
    left, right = unwrap_enum(left), unwrap_enum(right)
    if isinstance(right, Instance) and isinstance(right.content, dict) and operator in ("in", "not in") and left in right.content:
        return operator == "in"
    try:
        if operator in ("in", "not in"):
            if isinstance(right, ClassValue) and right.inherits(*ENUMS):
                right = [*members(right)]
            if isinstance(right, str | list | tuple | set | frozenset | dict) and plain(left) and plain(right):
                return (left in right) is (operator == "in")
            if isinstance(right, list | tuple | set | frozenset | dict) and not isinstance(left, Instance | External):
                found = _holds(right, left)
                if found is not None:
                    return found is (operator == "in")
        elif plain(left) and plain(right):
            return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    except TypeError:
        pass
    return Comparison("a comparison of values that are not known", location, operator, left, right)


def _holds(group: list[Value] | tuple[Value, ...] | set[Value] | frozenset[Value] | dict[Value, Value], value: Value) -> bool | None:
    """Whether one of a group's items equals a value; None where one may.

    A cache by arguments (`if (function, arguments) in cache`) is asked a thousand times, and holds a thousand.
    """
    if isinstance(group, set | frozenset | dict) and isinstance(value, tuple) and settled(value):
        if value in group:
            return True
        return False if all(settled(item) or same(value, item) is False for item in group) else None
    found = [same(value, item) for item in group]
    return True if True in found else None if None in found else False

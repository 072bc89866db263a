"""Two shapes side by side: what can be proved to disagree about one value, its parts left aside.

A request goes from the client, who trusts the spec, to the code: what the spec allows the code must take. A response goes
the other way. A difference that no client can notice is silent; so is one that only a person could decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lsp_server.api.compare_shapes import Shape, limits
from lsp_server.api.difference import Kind
from lsp_server.api.model import Constant, Missing
from lsp_server.unknown import Unknown


class Direction(StrEnum):
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Clash:
    """One aspect of one value on which two shapes disagree."""

    kind: Kind
    aspect: str
    left: Constant
    right: Constant


# Formats that mean the same, and only formats that a value either has or has not: nobody rejects a wrong `int64`.
_FORMATS = {
    "uuid": "uuid", "uuid1": "uuid", "uuid3": "uuid", "uuid4": "uuid", "uuid5": "uuid", "guid": "uuid",
    "date": "date", "date-time": "date-time", "datetime": "date-time", "time": "time", "duration": "duration",
    "email": "email", "idn-email": "email", "uri": "uri", "url": "uri", "iri": "uri",
    "ipv4": "ipv4", "ipv6": "ipv6", "binary": "binary",
}  # fmt: skip


def clashes(left: Shape, right: Shape, direction: Direction, *, textual: bool = False) -> tuple[Clash, ...]:
    """Everything but nullability and presence. `textual`: the value travels as text (parameters, forms)."""
    if not left.known or not right.known or left.is_anything or right.is_anything:
        return ()
    of_type = type_clash(left, right, direction, textual=textual)
    if of_type is not None:
        return (of_type,)
    if left.variants or right.variants or left.types != right.types:
        return ()
    found = [*_enum(left, right, direction), *_format(left, right)]
    if left.enum is None and right.enum is None:
        found.extend(_limits(left, right, direction))
    if direction is Direction.REQUEST:
        default = default_clash(left, right)
        found.extend((default,) if default else ())
    return tuple(found)


def type_clash(left: Shape, right: Shape, direction: Direction, *, textual: bool) -> Clash | None:
    spec, code = _wide(left.types), _wide(right.types)
    if not spec or not code or (textual and ("array" in spec) != ("array" in code)):
        return None  # "a,b" is a list to one end and text to the other, and both are right
    sender, taker = (spec, code) if direction is Direction.REQUEST else (code, spec)
    if sender <= taker or (textual and taker == {"string"} and sender & taker):
        return None
    return Clash(Kind.CONTRADICTS, "type", tuple(sorted(left.types)), tuple(sorted(right.types)))


def _wide(types: frozenset[str]) -> frozenset[str]:
    """A number takes every integer."""
    return types | {"integer"} if "number" in types else types


def null_clash(left_null: bool, right_null: bool, direction: Direction) -> Clash | None:
    """Null sent by the end that may send it, to the end that does not expect it."""
    sent, expected = (left_null, right_null) if direction is Direction.REQUEST else (right_null, left_null)
    return Clash(Kind.CONTRADICTS, "nullable", left_null, right_null) if sent and not expected else None


def _enum(left: Shape, right: Shape, direction: Direction) -> Iterator[Clash]:
    spec, code = left.enum, right.enum
    if spec is None and code is None:
        return
    if spec is None:
        if direction is Direction.REQUEST:
            yield Clash(Kind.CONTRADICTS, "enum", None, code)
    elif code is None:
        if direction is Direction.REQUEST and left.types != {"boolean"}:
            yield Clash(Kind.PARTIAL, "enum", spec, None)
    else:
        promised = {_plain(value) for value in spec}
        implemented = {_plain(value) for value in code}
        if (promised != implemented) if direction is Direction.REQUEST else (implemented - promised):
            yield Clash(Kind.CONTRADICTS, "enum", spec, code)


def _plain(value: Constant) -> tuple[str, object]:
    """Equal for values that are equal in JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return ("boolean", value)
    return ("number", float(value)) if isinstance(value, (int, float)) else (type(value).__name__, value)


def _format(left: Shape, right: Shape) -> Iterator[Clash]:
    spec, code = (_FORMATS.get((shape.format or "").lower()) for shape in (left, right))
    if left.types == {"string"} and spec and code and spec != code:
        yield Clash(Kind.CONTRADICTS, "format", left.format, right.format)


def _limits(left: Shape, right: Shape, direction: Direction) -> Iterator[Clash]:
    spec, code = limits(left), limits(right)
    for name in dict.fromkeys((*spec, *code)):
        ours, theirs = spec.get(name), code.get(name)
        if ours == theirs:
            continue
        answered = direction is Direction.RESPONSE
        if answered and (ours is None or theirs is None or not _wider(name, theirs, ours)):
            continue  # what code never says of its answers it may still keep
        yield Clash(Kind.PARTIAL if theirs is None else Kind.CONTRADICTS, *_spelled(name, ours, theirs))


def _wider(name: str, one: float | tuple[float, bool], other: float | tuple[float, bool]) -> bool:
    """Whether the first bound lets more through than the second."""
    if name == "multiple_of":
        return False
    first = one if isinstance(one, tuple) else (one, False)
    second = other if isinstance(other, tuple) else (other, False)
    if first[0] == second[0]:
        return second[1] and not first[1]
    return first[0] < second[0] if name.startswith("min") else first[0] > second[0]


def _spelled(
    name: str, ours: float | tuple[float, bool] | None, theirs: float | tuple[float, bool] | None
) -> tuple[str, Constant, Constant]:
    """The aspect and both numbers; "exclusive_minimum" if that is how one end means it."""
    strict = any(isinstance(bound, tuple) and bound[1] for bound in (ours, theirs))
    left, right = ((bound[0] if isinstance(bound, tuple) else bound) for bound in (ours, theirs))
    if strict and left is not None and right is not None and left == right:
        # The same number, on one end excluded: only the words can tell them apart.
        said = ["exclusive" if isinstance(bound, tuple) and bound[1] else "inclusive" for bound in (ours, theirs)]
        return f"exclusive_{name}", f"{_number(left)} {said[0]}", f"{_number(right)} {said[1]}"
    return name, _number(left), _number(right)


def _number(value: float | None) -> Constant:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def default_clash(left: Shape, right: Shape) -> Clash | None:
    """Two stated defaults that differ. Null is how code says that there is none."""
    spec, code = left.default, right.default
    if isinstance(spec, (Missing, Unknown)) or isinstance(code, (Missing, Unknown)) or spec is None or code is None:
        return None
    one, other = _plain(spec), _plain(code)
    return Clash(Kind.CONTRADICTS, "default", spec, code) if one != other and one[0] == other[0] else None

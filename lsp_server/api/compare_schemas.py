"""Schemas of two Apis side by side, part by part.

Two named schemas that meet are compared once, however many operations use them and however they refer to each other: each
such meeting is a `Meeting`, its disagreements are kept with it, and so are the meetings it leads to. Nothing recurses along
references, so cycles and deep schemas cost what they are long. What is inline is compared where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lsp_server.api.compare_shapes import Shape, Shapes, unwrap
from lsp_server.api.compare_values import Clash, Direction, clashes, default_clash, null_clash
from lsp_server.api.difference import Kind
from lsp_server.api.model import Missing, Property, Schema
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_DEPTH = 24  # inline levels below one named schema


class Meeting(NamedTuple):
    """A spec's named schema and the code's, met in one direction. `textual`: the values travel as text (forms)."""

    left: str
    right: str
    direction: Direction
    textual: bool


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A disagreement inside a schema. `path` names the part ("items[].price"; empty: the value itself).

    `left` and `right` are the two properties where the part is one; the end that lacks it has None.
    """

    path: str
    clash: Clash
    promised: Location | None
    implemented: Location | None
    left: Property | None = None
    right: Property | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comparing two schemas gave: its own disagreements, and the meetings of named schemas it leads to."""

    differences: tuple[PartDifference, ...] = ()
    meetings: tuple[Meeting, ...] = ()


class _Part(NamedTuple):
    """Two schemas at one place, and the properties they belong to, if any."""

    left: Schema
    right: Schema
    path: str = ""
    depth: int = 0
    left_property: Property | None = None
    right_property: Property | None = None


class SchemaComparison:
    """Compares the schemas of two Apis and remembers every meeting of named ones."""

    def __init__(self, promised: Shapes, implemented: Shapes) -> None:
        self._left = promised
        self._right = implemented
        self._met: dict[Meeting, Outcome] = {}

    def meet(self, meeting: Meeting) -> Outcome:
        """The disagreements of two named schemas; computed once."""
        known = self._met.get(meeting)
        if known is None:
            left = self._left.api.schemas.get(meeting.left)
            right = self._right.api.schemas.get(meeting.right)
            known = Outcome()
            if left is not None and right is not None:
                known = _Walk(self._left, self._right, meeting.direction, meeting.textual).run(left, right)
            self._met[meeting] = known
        return known

    def compare(self, left: Schema, right: Schema, direction: Direction, textual: bool = False) -> Outcome:
        """The disagreements of what is inline in two schemas, and the meetings they lead to."""
        walk = _Walk(self._left, self._right, direction, textual)
        walk.edge(_Part(left, right, "", 0))
        return walk.run(left, right)


class _Walk:
    """One pass over what is inline in two schemas."""

    def __init__(self, lefts: Shapes, rights: Shapes, direction: Direction, textual: bool) -> None:
        self._lefts = lefts
        self._rights = rights
        self._direction = direction
        self._textual = textual
        self._differences: list[PartDifference] = []
        self._meetings: dict[Meeting, None] = {}
        self._stack: list[_Part] = []

    def run(self, left: Schema, right: Schema) -> Outcome:
        seen: set[tuple[int, int]] = set()
        self._stack.append(_Part(left, right))
        while self._stack:
            part = self._stack.pop()
            if (id(part.left), id(part.right)) in seen or part.depth > _DEPTH:
                continue
            seen.add((id(part.left), id(part.right)))
            if _both_named(part):
                names = (unwrap(part.left).ref or "", unwrap(part.right).ref or "")
                self._meetings[Meeting(*names, self._direction, self._textual)] = None
                continue
            one, other = self._lefts.of(part.left), self._rights.of(part.right)
            if one.known and other.known:
                for clash in clashes(one, other, self._direction, textual=self._textual):
                    self._report(part, clash)
                self._descend(part, one, other)
        return Outcome(tuple(self._differences), tuple(self._meetings))

    def edge(self, part: _Part, *, absent_is_null: bool = False) -> None:
        """What a use of a schema says beside it: null, and a default next to a reference."""
        one, other = self._lefts.of(part.left), self._rights.of(part.right)
        if not one.known or not other.known or one.is_anything or other.is_anything:
            return
        if not self._textual and not absent_is_null and self._rights.api.states_null:
            clash = null_clash(one.nullable, other.nullable, self._direction)
            if clash is not None:
                self._report(part, clash)
        if self._direction is Direction.REQUEST and _both_named(part):
            clash = default_clash(one, other)
            if clash is not None:
                self._report(part, clash)

    def _report(self, part: _Part, clash: Clash) -> None:
        left, right = part.left_property, part.right_property
        promised = (left and left.location) or part.left.location
        implemented = (right and right.location) or part.right.location
        self._differences.append(PartDifference(part.path, clash, promised, implemented, left, right))

    def _descend(self, part: _Part, one: Shape, other: Shape) -> None:
        if one.variants or other.variants:
            self._variants(part, one, other)
            return
        if one.items is not None and other.items is not None and not one.tuple_of and not other.tuple_of:
            self._follow(part, one.items, other.items, "[]")
        if "object" in one.types and "object" in other.types:
            self._properties(part, one, other)
            if isinstance(one.additional, Schema) and isinstance(other.additional, Schema):
                self._follow(part, one.additional, other.additional, "{}")

    def _follow(self, part: _Part, left: Schema, right: Schema, step: str) -> None:
        """On to the entries of a list or map, which are told of at the property that holds them."""
        inner = part._replace(left=left, right=right, path=part.path + step, depth=part.depth + 1)
        self.edge(inner)
        self._stack.append(inner)

    def _variants(self, part: _Part, one: Shape, other: Shape) -> None:
        """Alternatives meet where their schemas have the same name; which of the others belong together is a guess."""
        lefts, rights = _by_name(one.variants), _by_name(other.variants)
        for name, left in lefts.items():
            if name in rights:
                self._stack.append(part._replace(left=left, right=rights[name], depth=part.depth + 1))

    def _properties(self, part: _Part, one: Shape, other: Shape) -> None:
        if not one.properties or not other.properties:
            return  # one end says "some object" and no more
        for name in dict.fromkeys((*one.properties, *other.properties)):
            left, right = one.properties.get(name), other.properties.get(name)
            if (left and self._hidden(self._lefts.of(left.schema))) or (
                right and self._hidden(self._rights.of(right.schema))
            ):
                continue
            path = f"{part.path}.{name}" if part.path else name
            place = part._replace(path=path, depth=part.depth + 1, left_property=left, right_property=right)
            if left is not None and right is not None:
                self._property(place, left, right)
            elif left is not None and _is_closed(other):
                self._report(place._replace(right_property=None), Clash(Kind.MISSING, "presence", None, None))
            elif right is not None and _is_closed(one):
                self._report(place._replace(left_property=None), Clash(Kind.UNREQUESTED, "presence", None, None))

    def _hidden(self, shape: Shape) -> bool:
        """Whether a property does not take part in this direction."""
        return shape.read_only if self._direction is Direction.REQUEST else shape.write_only

    def _property(self, place: _Part, left: Property, right: Property) -> None:
        place = place._replace(left=left.schema, right=right.schema)
        required = self._required(left, right)
        if required is not None:
            self._report(place, required)
        self.edge(place, absent_is_null=required is not None or self._absent_is_null(left, right))
        self._stack.append(place)

    def _required(self, left: Property, right: Property) -> Clash | None:
        spec, code = left.required, right.required
        if isinstance(spec, Unknown) or isinstance(code, Unknown) or spec == code:
            return None
        has_default = not isinstance(self._rights.of(right.schema).default, Missing)
        if self._direction is Direction.RESPONSE and (code or has_default):
            return None  # answered more often than promised is fine, and a field with a default is answered all the same
        return Clash(Kind.CONTRADICTS, "required", spec, code)

    def _absent_is_null(self, left: Property, right: Property) -> bool:
        """The spec lets the property be left out, and the null that code answers in its place means just that."""
        has_default = not isinstance(self._rights.of(right.schema).default, Missing)
        answered = self._direction is Direction.RESPONSE
        return answered and left.required is False and (right.required is False or has_default)


def _both_named(part: _Part) -> bool:
    return unwrap(part.left).ref is not None and unwrap(part.right).ref is not None


def _is_closed(shape: Shape) -> bool:
    """Whether a property that is not listed is not there: no part is unknown and nothing invites others."""
    return shape.closed and not (shape.additional is True or isinstance(shape.additional, Schema))


def _by_name(variants: tuple[Schema, ...]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for schema in variants:
        if schema.ref is not None:
            found.setdefault(schema_name(schema.ref), schema)
    return found


def schema_name(key: str) -> str:
    """The name for people of a key of `Api.schemas`; the halves of FastAPI's split (`Item-Input`) have one name."""
    name = key.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    for suffix in ("-Input", "-Output"):
        name = name.removesuffix(suffix)
    return name

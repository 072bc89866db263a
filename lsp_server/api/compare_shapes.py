"""One schema as a value sees it: references followed, `allOf` merged, unions of simple values collapsed.

`Schema` keeps what the author wrote, `Shape` is what follows from it. A shape says where it does not know enough: `known` is
false where nothing may be believed, `closed` is false where properties may exist that are not listed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lsp_server.api.model import MISSING, Api, Constant, Missing, Property, Schema
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_DEPTH = 32  # `allOf` inside `allOf`: deeper is a broken or hostile document

BOUNDS = (
    "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "multiple_of",
    "min_length", "max_length", "min_items", "max_items",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """`types` empty: anything. `variants` are the alternatives of a union that is more than simple values."""

    types: frozenset[str] = frozenset()
    nullable: bool = False
    format: str | None = None
    enum: tuple[Constant, ...] | None = None
    properties: dict[str, Property] = field(default_factory=dict)
    closed: bool = True
    additional: Schema | bool | None = None
    items: Schema | None = None
    tuple_of: int = 0  # entries with a meaning by position
    variants: tuple[Schema, ...] = ()
    bounds: tuple[tuple[str, float], ...] = ()
    default: Constant | Missing | Unknown = MISSING
    read_only: bool = False
    write_only: bool = False
    location: Location | None = None
    known: bool = True

    @property
    def is_anything(self) -> bool:
        return not (self.types or self.enum or self.properties or self.items or self.variants)

    @property
    def is_simple(self) -> bool:
        """A single value without parts, or null alone."""
        return self.known and not (
            self.properties or self.items or self.variants or self.types & {"object", "array"}
        ) and (bool(self.types) or self.nullable)

    def bound(self, name: str) -> float | None:
        return next((value for key, value in self.bounds if key == name), None)


UNKNOWN_SHAPE = Shape(known=False, closed=False)


class Shapes:
    """The shapes of one Api's schemas; each is worked out once."""

    __slots__ = ("_known", "api")

    def __init__(self, api: Api) -> None:
        self.api = api
        self._known: dict[int, tuple[Schema, Shape]] = {}  # the schema is held so that its id stays its own

    def of(self, schema: Schema) -> Shape:
        held = self._known.get(id(schema))
        if held is None:
            held = (schema, self._work_out(schema, frozenset(), 0))
            self._known[id(schema)] = held
        return held[1]

    def _work_out(self, schema: Schema, inside: frozenset[str], depth: int) -> Shape:
        if depth > _DEPTH or schema.unknown is not None:
            return replace(UNKNOWN_SHAPE, location=schema.location)
        if schema.ref is not None:
            target = self.api.schemas.get(schema.ref)
            if target is None or schema.ref in inside:
                return replace(UNKNOWN_SHAPE, location=schema.location)
            return self._work_out(target, inside | {schema.ref}, depth + 1)
        parts = [_own(schema)]
        parts.extend(self._work_out(part, inside, depth + 1) for part in schema.all_of)
        for alternatives in (schema.any_of, schema.one_of):
            if alternatives:
                parts.append(_union([(each, self._work_out(each, inside, depth + 1)) for each in alternatives]))
        return parts[0] if len(parts) == 1 else _merge(parts)


def unwrap(schema: Schema) -> Schema:
    """The schema inside wrappers that add nothing but null, a default or prose.

    `anyOf: [X, null]` and `allOf: [X]` are how documents decorate a reference.
    """
    for _ in range(_DEPTH):
        inner = schema.all_of + schema.any_of + schema.one_of
        if schema.ref is not None or len(inner) != 1 or schema.types or schema.properties or schema.enum is not None:
            break
        schema = inner[0]
    return schema


def _own(schema: Schema) -> Shape:
    """What the schema says besides its `allOf`, `anyOf` and `oneOf`."""
    types = set(schema.types)
    form = schema.format
    if "file" in types:  # OpenAPI 2's uploads
        types, form = (types - {"file"}) | {"string"}, "binary"
    if not types:
        types = _implied_types(schema)
    enum = schema.enum
    nullable = schema.nullable
    if enum is not None and None in enum:
        nullable = True
        enum = tuple(value for value in enum if value is not None)
    return Shape(
        types=frozenset(types),
        nullable=nullable,
        format=form,
        enum=enum,
        properties={each.name: each for each in schema.properties},
        additional=schema.additional,
        items=schema.items,
        tuple_of=len(schema.prefix_items),
        bounds=tuple((name, value) for name in BOUNDS if (value := getattr(schema, name)) is not None),
        default=schema.default,
        read_only=schema.read_only,
        write_only=schema.write_only,
        location=schema.location,
    )


def _implied_types(schema: Schema) -> set[str]:
    if schema.properties or isinstance(schema.additional, Schema):
        return {"object"}
    if schema.items is not None or schema.prefix_items:
        return {"array"}
    return {_type_of(value) for value in schema.enum or () if value is not None}


def _type_of(value: Constant) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "string" if isinstance(value, str) else "array"


def _union(alternatives: list[tuple[Schema, Shape]]) -> Shape:
    """Simple alternatives become one set of types; anything else stays a list of variants."""
    if len(alternatives) == 1:
        return alternatives[0][1]
    shapes = [shape for _, shape in alternatives]
    if any(not shape.known for shape in shapes):
        return UNKNOWN_SHAPE
    nullable = any(shape.nullable for shape in shapes)
    typed = [shape for shape in shapes if shape.types or not shape.nullable]
    if any(shape.is_anything for shape in typed):
        return Shape(nullable=True, closed=False)
    if not all(shape.is_simple for shape in typed):
        return Shape(
            types=frozenset().union(*(shape.types for shape in typed)),
            nullable=nullable,
            closed=False,
            variants=tuple(schema for schema, shape in alternatives if shape.types or not shape.nullable),
        )
    if len(typed) == 1:
        return replace(typed[0], nullable=nullable)
    formats = {shape.format for shape in typed}
    enums = [shape.enum for shape in typed]
    return Shape(
        types=frozenset().union(*(shape.types for shape in typed)),
        nullable=nullable,
        format=formats.pop() if len(formats) == 1 else None,
        enum=tuple(value for enum in enums for value in enum or ()) if all(enum is not None for enum in enums) else None,
    )


def _merge(parts: list[Shape]) -> Shape:
    """All parts at once, as `allOf` means it. The first part is the schema's own words and wins where both speak."""
    merged = parts[0]
    for part in parts[1:]:
        if not part.known:
            merged = replace(merged, closed=False, known=merged.known and bool(merged.properties))
            continue
        properties = dict(part.properties)
        for name, own in merged.properties.items():
            properties[name] = _both(own, properties[name]) if name in properties else own
        merged = Shape(
            types=(merged.types & part.types or merged.types) if merged.types and part.types else merged.types | part.types,
            nullable=merged.nullable or part.nullable,
            format=merged.format or part.format,
            enum=merged.enum if merged.enum is not None else part.enum,
            properties=properties,
            closed=merged.closed and part.closed,
            additional=merged.additional if merged.additional is not None else part.additional,
            items=merged.items or part.items,
            tuple_of=max(merged.tuple_of, part.tuple_of),
            variants=merged.variants + part.variants,
            bounds=_first_of_each((*merged.bounds, *part.bounds)),
            default=part.default if isinstance(merged.default, Missing) else merged.default,
            read_only=merged.read_only or part.read_only,
            write_only=merged.write_only or part.write_only,
            location=merged.location or part.location,
            known=merged.known,
        )
    return merged


def _both(own: Property, other: Property) -> Property:
    """One property that two parts describe; `required: [name]` beside an `allOf` describes nothing but presence."""
    required = own.required
    if isinstance(other.required, Unknown) or other.required:
        required = other.required if isinstance(own.required, Unknown) or not own.required else own.required
    if own.schema.is_anything:
        schema = other.schema
    elif other.schema.is_anything or own.schema is other.schema:
        schema = own.schema
    else:
        schema = Schema(all_of=(own.schema, other.schema), location=own.schema.location)
    return Property(own.name, schema, required, own.location or other.location)


def _first_of_each(bounds: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    found: dict[str, float] = {}
    for name, value in bounds:
        found.setdefault(name, value)
    return tuple(found.items())


def limits(shape: Shape) -> dict[str, float | tuple[float, bool]]:
    """The bounds in one spelling: `exclusiveMinimum: 0` of an integer is `minimum: 1`, and a bound of nothing is left out.

    The value of "minimum" and "maximum" is (number, exclusive).
    """
    found: dict[str, float | tuple[float, bool]] = {}
    whole = shape.types == {"integer"}
    for name, step in (("minimum", 1), ("maximum", -1)):
        plain, exclusive = shape.bound(name), shape.bound(f"exclusive_{name}")
        candidates = [(value, strict) for value, strict in ((plain, False), (exclusive, True)) if value is not None]
        if not candidates:
            continue
        if whole:
            closed = [_whole(value, strict, step) for value, strict in candidates]
            found[name] = ((max if step > 0 else min)(closed), False)
        else:
            # The tighter one counts; of two equal ones the strict one is tighter.
            found[name] = max(candidates, key=lambda each: (step * each[0], each[1]))
    for name in ("multiple_of", "min_length", "max_length", "min_items", "max_items"):
        value = shape.bound(name)
        if value is not None and not (name.startswith("min") and value <= 0):
            found[name] = value
    return found


def _whole(value: float, strict: bool, step: int) -> float:
    if not math.isfinite(value):
        return value
    edge = math.ceil(value) if step > 0 else math.floor(value)
    return edge + step if strict and edge == value else edge

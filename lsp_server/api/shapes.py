"""What a schema amounts to: references followed and `allOf` merged into one shape, for those who compare or write.

Pure on `Schema`, whatever observer made it. Says unknown where the parts contradict each other or one of them is
unknown; never looks inside properties or choices (`anyOf`, `oneOf`): those are merged when they are asked for.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.api.model import MISSING, Api, Property, Schema
from lsp_server.unknown import Unknown

_LIMIT = 500  # parts of one schema
_NOTES = ("title", "description", "discriminator", "format", "pattern", "items", "multiple_of", "enum", "additional")
_LARGER = ("minimum", "exclusive_minimum", "min_length", "min_items")
_SMALLER = ("maximum", "exclusive_maximum", "max_length", "max_items")
_WIDER = {"integer": "number"}


def merged(api: Api, schema: Schema) -> Schema:
    """One schema without `ref` and `all_of` that means the same; its location is the given schema's own.

    `unknown` is set where a reference leads nowhere, parts contradict, or a part is unknown; what is known of
    properties is kept all the same, so that a reader may still say that one exists.
    """
    parts = list(_parts(api, schema))
    result = parts[0]
    for part in parts[1:]:
        result = _both(result, part)
    return replace(result, nullable=_nullable(api, schema, 0), location=schema.location or result.location)


def properties(api: Api, schema: Schema) -> dict[str, Property]:
    """The properties of an object by name, those of `allOf` included."""
    return {one.name: one for one in merged(api, schema).properties}


def _parts(api: Api, schema: Schema) -> list[Schema]:
    """A schema and all it is made of, outermost first, each without `ref` and `all_of`."""
    found: list[Schema] = []
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if len(found) >= _LIMIT:
            found.append(Schema(unknown=Unknown("a schema with too many parts", part.location)))
            break
        if part.ref is None:
            found.append(replace(part, all_of=()) if part.all_of else part)
            waiting.extend(reversed(part.all_of))
            continue
        target = api.schemas.get(part.ref)
        if target is None:
            found.append(Schema(unknown=Unknown(f"the schema {part.ref}", part.location), location=part.location))
        elif part.ref in seen:
            if _is_circle(api, part.ref):
                found.append(Schema(unknown=Unknown(f"the schema {part.ref}, part of itself", part.location)))
        else:
            seen.add(part.ref)
            waiting.append(target)
    return found or [Schema(location=schema.location)]


def _is_circle(api: Api, name: str) -> bool:
    """Whether a schema is part of itself; a part that is named twice is none."""
    seen: set[str] = set()
    waiting = [part.ref for part in _direct(api.schemas[name])]
    while waiting:
        ref = waiting.pop()
        if ref == name:
            return True
        if ref is not None and ref not in seen and (target := api.schemas.get(ref)) is not None:
            seen.add(ref)
            waiting.extend(part.ref for part in _direct(target))
    return False


def _direct(schema: Schema) -> list[Schema]:
    """The references among the parts of a schema."""
    found: list[Schema] = []
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if part.ref is not None:
            found.append(part)
        waiting.extend(part.all_of)
    return found


def _both(first: Schema, second: Schema) -> Schema:
    """What holds where both hold; `first` is the outer one, whose notes win."""
    values: dict[str, object] = {}
    unknown = first.unknown if first.unknown is not None else second.unknown
    types = _types(first.types, second.types)
    if types is None:
        unknown = unknown if unknown is not None else Unknown("parts of different types", second.location)
    else:
        values["types"] = types
    for name in _NOTES:
        mine, other = getattr(first, name), getattr(second, name)
        values[name] = other if mine is None else mine
    if first.enum is not None and second.enum is not None:
        values["enum"] = tuple(item for item in first.enum if item in second.enum)
        if not values["enum"]:
            unknown = unknown if unknown is not None else Unknown("parts with different values", second.location)
    for name in ("format", "pattern", "multiple_of", "items"):
        mine, other = getattr(first, name), getattr(second, name)
        if mine is not None and other is not None and mine != other:
            if name == "items":
                values[name] = Schema(all_of=(mine, other), location=mine.location)
            elif name != "format":
                unknown = unknown if unknown is not None else Unknown(f"parts with different {name}s", second.location)
    for names, choose in ((_LARGER, max), (_SMALLER, min)):
        for name in names:
            stated = [bound for bound in (getattr(first, name), getattr(second, name)) if bound is not None]
            values[name] = choose(stated) if stated else None
    for name in ("unique_items", "read_only", "write_only", "deprecated"):
        values[name] = getattr(first, name) or getattr(second, name)
    values["default"] = second.default if first.default is MISSING else first.default
    values["prefix_items"] = first.prefix_items or second.prefix_items
    values["properties"] = _properties(first.properties, second.properties)
    for name in ("any_of", "one_of"):
        mine, other = getattr(first, name), getattr(second, name)
        if mine and other and mine != other:
            unknown = unknown if unknown is not None else Unknown("several choices at once", second.location)
        values[name] = mine or other
    if (first.any_of or second.any_of) and (first.one_of or second.one_of):
        unknown = unknown if unknown is not None else Unknown("several choices at once", second.location)
    closed, others = (first, second) if first.additional is False else (second, first)
    if closed.additional is False and {one.name for one in others.properties} - {one.name for one in closed.properties}:
        values["additional"] = None  # by the letter nothing fits; what is meant is not known
    return replace(first, unknown=unknown, **values)  # type: ignore[arg-type]


def _types(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...] | None:
    """The types both allow, () for any; None where there is none."""
    if not first or not second:
        return first or second
    common: list[str] = []
    for one in first:
        for other in second:
            if one == other or _WIDER.get(one) == other:
                common.append(one)
            elif _WIDER.get(other) == one:
                common.append(other)
    return tuple(dict.fromkeys(common)) or None


def _properties(first: tuple[Property, ...], second: tuple[Property, ...]) -> tuple[Property, ...]:
    if not first or not second:
        return first or second
    found = {one.name: one for one in first}
    for other in second:
        one = found.get(other.name)
        if one is None:
            found[other.name] = other
            continue
        if one.required is True or other.required is True:
            required: bool | Unknown = True
        else:
            required = one.required if isinstance(one.required, Unknown) else other.required
        if _says_nothing(other.schema) or other.schema == one.schema:
            schema, location = one.schema, one.location
        elif _says_nothing(one.schema):
            schema, location = other.schema, other.location
        else:
            schema = Schema(all_of=(one.schema, other.schema), location=one.schema.location)
            location = one.location
        found[other.name] = Property(one.name, schema, required, location)
    return tuple(found.values())


def _says_nothing(schema: Schema) -> bool:
    return replace(schema, location=None) == Schema()


def _nullable(api: Api, schema: Schema, depth: int) -> bool:
    """Whether null is allowed: said outside, or by every part where the outside says nothing of types."""
    schema = api.resolve(schema)
    if schema.nullable:
        return True
    if schema.types or schema.enum or not schema.all_of or depth > 20:
        return False
    speaking = [part for part in schema.all_of if not _says_nothing(part)]
    return bool(speaking) and all(_nullable(api, part, depth + 1) for part in speaking)

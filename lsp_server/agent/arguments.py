"""Whether a call's arguments fit the schema of its tool. Knows the part of JSON Schema that tools are described with; leaves the rest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,), "null": (type(None),),
}  # fmt: skip


def fault_of(value: Any, schema: Mapping[str, Any], place: str = "") -> str | None:
    """What is wrong, in words for the model that wrote the arguments; None where they fit."""
    where = f"`{place}`" if place else "the arguments"
    kinds = schema.get("type")
    if kinds is not None and not any(_is(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return f"{where} must be of type {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            return f"{where} must be at least {schema['minimum']}"
        if value > schema.get("maximum", value):
            return f"{where} must be at most {schema['maximum']}"
    if isinstance(value, dict):
        return _fault_of_object(value, schema, place)
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        faults = (fault_of(item, schema["items"], f"{place}[{number}]") for number, item in enumerate(value))
        return next((fault for fault in faults if fault is not None), None)
    return None


def _fault_of_object(value: dict[str, Any], schema: Mapping[str, Any], place: str) -> str | None:
    properties = schema.get("properties") or {}
    for name in schema.get("required") or ():
        if name not in value:
            return f"`{_inside(place, name)}` is missing"
    if schema.get("additionalProperties") is False:
        for name in value:
            if name not in properties:
                return f"there is no argument `{_inside(place, name)}`; known: {', '.join(properties) or 'none'}"
    for name, inner in properties.items():
        if name in value and isinstance(inner, Mapping) and (fault := fault_of(value[name], inner, _inside(place, name))) is not None:
            return fault
    return None


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))

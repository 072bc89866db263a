"""JSON Schema as OpenAPI 2.0, 3.0, 3.1 and 3.2 write it -> `Schema`: one shape whatever the dialect.

Knows keywords and their spellings, references only as keys that `References` names. Merges nothing: `allOf` stays
`allOf` (`shapes` merges). Two spellings become one here: nullability, exclusive bounds, `const`, files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from enum import IntEnum
from typing import Any

from lsp_server.api.model import Constant, Property, Schema
from lsp_server.api.references import References, Source, Target, reference_in
from lsp_server.text import Location
from lsp_server.tree.node import Node
from lsp_server.unknown import Unknown


class Dialect(IntEnum):
    """The version of OpenAPI whose rules hold; ordered."""

    SWAGGER_2 = 20
    OPENAPI_3_0 = 30
    OPENAPI_3_1 = 31
    OPENAPI_3_2 = 32


TYPES = ("string", "number", "integer", "boolean", "object", "array")
_TEXTS = {"format": "format", "pattern": "pattern", "title": "title"}
_NUMBERS = {"minimum": "minimum", "maximum": "maximum", "multipleOf": "multiple_of"}
_COUNTS = {"minLength": "min_length", "maxLength": "max_length", "minItems": "min_items", "maxItems": "max_items"}
_FLAGS = {"uniqueItems": "unique_items", "readOnly": "read_only", "writeOnly": "write_only", "deprecated": "deprecated"}
_EXCLUSIVE = {"exclusiveMinimum": ("minimum", "exclusive_minimum"), "exclusiveMaximum": ("maximum", "exclusive_maximum")}
_LISTS = {"allOf": "all_of", "anyOf": "any_of", "oneOf": "one_of", "prefixItems": "prefix_items"}
_BEYOND = ("if", "then", "else", "dependentSchemas", "patternProperties", "$dynamicRef", "$recursiveRef")
_BESIDE_REFERENCE = frozenset(
    ("$ref", "description", "summary", "title", "example", "examples", "$comment", "externalDocs", "xml")
)
_IGNORED_BESIDE_REFERENCE = frozenset(("nullable", "x-nullable", "readOnly", "writeOnly", "default", "deprecated"))
_SHORT = 200
_BUDGET = 20  # how often each node may be read on average: references into the middle of things read them again
_FREE = 200_000


def short(node: Node | None) -> str | None:
    """The first line of a description, at most 200 characters."""
    if node is None or not node.is_scalar:
        return None
    text = node.text.lstrip()[: _SHORT + 1]
    line = text.split("\n", 1)[0].rstrip()
    return (line[: _SHORT - 1] + "…" if len(line) > _SHORT else line) or None


def is_true(node: Node | None) -> bool:
    return node is not None and node.value is True


def constant(value: Any) -> Constant | Unknown:
    """A value in hashable form; Unknown where an alias in it cannot be followed."""
    if isinstance(value, dict):
        items = [constant(inner) for inner in value.values()]
        frozen: Any = tuple(zip(value, items))
    elif isinstance(value, list):
        items = [constant(inner) for inner in value]
        frozen = tuple(items)
    else:
        items, frozen = [], value
    return next((item for item in items if isinstance(item, Unknown)), frozen)


class SchemaReader:
    """Reads schemas of one specification. `named` grows: every reference puts its target in the queue."""

    def __init__(self, references: References, dialect: Dialect) -> None:
        self.references = references
        self.faults = references.faults
        self.dialect = dialect
        self.named: dict[str, Schema] = {}
        self.exhausted = False
        self._waiting: dict[str, tuple[Source, Node]] = {}
        self._read = 0

    def name(self, key: str, source: Source, node: Node) -> None:
        """Have a named schema read."""
        if key not in self.named and key not in self._waiting:
            self._waiting[key] = (source, node)

    def finish(self) -> None:
        """Read all named schemas and whatever they lead to."""
        while self._waiting:
            key = next(iter(self._waiting))
            source, node = self._waiting[key]
            location = source.at_key(node)
            if source.holds_break(node.span):
                self.named[key] = Schema(unknown=Unknown(f"the schema {key}, which does not parse", location), location=location)
            else:
                self.named[key] = self.read(source, node, location)
            del self._waiting[key]

    def report_circles(self) -> None:
        """Schemas that are nothing but references to one another."""
        sound: set[str] = set()
        for name in self.named:
            chain: dict[str, Schema] = {}
            while (schema := self.named.get(name)) is not None and schema.ref is not None and name not in chain:
                chain[name] = schema
                if (name := schema.ref) in sound:
                    break
            if name in chain and name not in sound and chain[name].location is not None:
                location = chain[name].location
                assert location is not None
                message = f"the schema {name} is only a reference that leads back to itself"
                self.faults.add("reference", message, location, ("schema", name))
            sound.update(chain)

    def read(self, source: Source, node: Node, location: Location | None = None, beside: bool = False) -> Schema:
        """The schema a node describes. `beside`: a parameter or header of Swagger 2.0, whose `required` is not ours."""
        location = location or source.at(node)
        self._read += 1
        if self._read > _FREE + _BUDGET * sum(len(one.tree.columns) for one in self.references.sources.values()):
            self.exhausted = True
            return Schema(unknown=Unknown("a schema beyond the limit of work", location), location=location)
        if not node.is_mapping:
            if node.is_scalar and node.value is True:
                return Schema(location=location)
            return Schema(unknown=Unknown("a schema that is no mapping", location), location=location)
        reference = reference_in(node)
        if reference is not None:
            return self._referring(source, node, reference, location)
        return self._keywords(source, node, location, beside)

    def _referring(self, source: Source, node: Node, reference: Node, location: Location) -> Schema:
        found = self.references.target(source, reference)
        at = source.at(reference)
        if isinstance(found, Target):
            self.name(found.key, found.source, found.node)
            schema = Schema(ref=found.key, location=at)
        else:
            schema = Schema(unknown=found, location=at)
        beside = {key for key, _ in node.items() if not key.startswith("x-") or key == "x-nullable"} - _BESIDE_REFERENCE
        if self.dialect < Dialect.OPENAPI_3_1:
            beside &= _IGNORED_BESIDE_REFERENCE  # ignored by the letter, but written because they are meant
        if not beside:
            return schema
        outer = self._keywords(source, node, location, False, beside)
        return replace(outer, all_of=(schema, *outer.all_of))

    def _keywords(
        self, source: Source, node: Node, location: Location, beside: bool, only: set[str] | None = None
    ) -> Schema:
        values: dict[str, Any] = {"location": location}
        extra: dict[str, Node] = {}
        for key, value in node.items():
            if only is not None and key not in only:
                continue
            if key in _TEXTS:
                if value.is_scalar:
                    values[_TEXTS[key]] = value.text
            elif key == "description":
                values[key] = short(value)
            elif key in _NUMBERS:
                _set_number(values, _NUMBERS[key], value)
            elif key in _COUNTS:
                _set_number(values, _COUNTS[key], value)
            elif key in _FLAGS:
                if is_true(value):
                    values[_FLAGS[key]] = True
            elif key in _LISTS:
                values[_LISTS[key]] = tuple(self.read(source, item) for item in value.elements())
            else:
                extra[key] = value
        if "default" in extra:
            values["default"] = constant(extra["default"].value)
        self._set_types(source, values, extra)
        self._set_exclusive(values, extra)
        self._set_enum(values, extra)
        if "properties" in extra or "required" in extra:
            values["properties"] = self._properties(source, extra, beside)
        self._set_inner(source, values, extra, node)
        if "discriminator" in extra:
            named = extra["discriminator"].get("propertyName") or extra["discriminator"]
            values["discriminator"] = named.text or None
        if any(key in extra for key in _BEYOND):
            unknown = Unknown("conditions beyond what is compared", location)
            values["all_of"] = (*values.get("all_of", ()), Schema(unknown=unknown, location=location))
        return _without_null(Schema(**values))

    def _set_types(self, source: Source, values: dict[str, Any], extra: dict[str, Node]) -> None:
        node = extra.get("type")
        nullable = is_true(extra.get("nullable")) or is_true(extra.get("x-nullable"))
        if node is not None:
            types: list[str] = []
            for item in node.elements() if node.is_sequence else (node,):
                name = item.text
                if name in TYPES:
                    types.append(name)
                elif name == "null":
                    nullable = True
                elif name == "file" and self.dialect is Dialect.SWAGGER_2:
                    types.append("string")
                    values["format"] = "binary"
                else:
                    self._refuse_type(source, item)
                    values["unknown"] = Unknown(f"the type {name or 'that is not written'}", source.at(item))
            values["types"] = tuple(types)
            if nullable and not types and "unknown" not in values:
                values["enum"] = (None,)
        values["nullable"] = nullable
        if "format" not in values:
            if "contentEncoding" in extra:
                values["format"] = "byte"
            elif "contentMediaType" in extra:
                values["format"] = "binary"

    def _refuse_type(self, source: Source, node: Node) -> None:
        if not node.is_scalar or (not node.text and not source.tree.complete):
            return
        if not node.text:
            message = "a type must be named here"
        else:
            close = get_close_matches(node.text.lower(), TYPES, 1, 0.5)
            message = f"{node.text} is no type" + (f"; did you mean {close[0]}?" if close else f": one of {', '.join(TYPES)}")
        self.faults.add("invalid", message, source.at(node), ("pointer", *node.pointer))

    def _set_exclusive(self, values: dict[str, Any], extra: dict[str, Node]) -> None:
        for key, (bound, exclusive) in _EXCLUSIVE.items():
            if key not in extra:
                continue
            if is_true(extra[key]):
                if bound in values:
                    values[exclusive] = values.pop(bound)
            else:
                _set_number(values, exclusive, extra[key])

    def _set_enum(self, values: dict[str, Any], extra: dict[str, Node]) -> None:
        if "const" in extra:
            found = [constant(extra["const"].value)]
        elif "enum" in extra and extra["enum"].is_sequence:
            found = [constant(item.value) for item in extra["enum"].elements()]
        else:
            return
        if any(isinstance(item, Unknown) for item in found):
            return
        rest = tuple(item for item in found if item is not None)
        if len(rest) < len(found) and (self.dialect < Dialect.OPENAPI_3_1 or not values.get("types")):
            values["nullable"] = True
        values["enum"] = rest or (None,)

    def _properties(self, source: Source, extra: dict[str, Node], beside: bool) -> tuple[Property, ...]:
        required = () if beside else tuple(self._required(source, extra.get("required")))
        wanted = set(required)
        found: dict[str, Property] = {}
        node = extra.get("properties")
        if node is not None:
            for name, value in node.items():
                schema = self.read(source, value)
                found[name] = Property(name, schema, name in wanted, source.at_key(value))
        for name, location in ((item, source.at(extra["required"])) for item in required):
            if name not in found:
                found[name] = Property(name, Schema(location=location), True, location)
        return tuple(found.values())

    def _required(self, source: Source, node: Node | None) -> Iterator[str]:
        if node is None:
            return
        if not node.is_sequence:
            if node.raw or source.tree.complete:
                message = "required must be a list of property names"
                if node.is_scalar and isinstance(node.value, bool):
                    message += ", in the schema that has the properties"
                self.faults.add("invalid", message, source.at(node), ("pointer", *node.pointer))
            return
        for item in node.elements():
            if item.is_scalar and isinstance(item.value, str):
                yield item.text
            elif item.raw:
                message = "required must be a list of property names, this is none"
                self.faults.add("invalid", message, source.at(item), ("pointer", *item.pointer))

    def _set_inner(self, source: Source, values: dict[str, Any], extra: dict[str, Node], node: Node) -> None:
        items = extra.get("items")
        if items is not None:
            if items.is_sequence:
                values["prefix_items"] = tuple(self.read(source, item) for item in items.elements())
            elif items.is_mapping:
                values["items"] = self.read(source, items)
        elif "array" in values.get("types", ()) and self.dialect < Dialect.OPENAPI_3_1 and source.tree.complete:
            message = "an array must say what its items are"
            self.faults.add("invalid", message, source.at(extra["type"]), ("pointer", *node.pointer, "items"))
        additional = extra.get("additionalProperties") or extra.get("unevaluatedProperties")
        if additional is not None:
            if additional.is_mapping:
                values["additional"] = self.read(source, additional)
            elif isinstance(additional.value, bool):
                values["additional"] = additional.value


def _set_number(values: dict[str, Any], name: str, node: Node) -> None:
    value = node.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        values[name] = value


def _is_null(schema: Schema) -> bool:
    return schema.enum == (None,) and schema.nullable and not schema.types


_NOTES = ("title", "description", "default", "deprecated", "read_only", "write_only", "discriminator")
_NOTHING = Schema()


def _without_null(schema: Schema) -> Schema:
    """`anyOf: [X, {type: "null"}]` is X, nullable; a choice of one is no choice."""
    for name in ("any_of", "one_of"):
        choices: tuple[Schema, ...] = getattr(schema, name)
        if not choices:
            continue
        rest = tuple(choice for choice in choices if not _is_null(choice))
        nullable = schema.nullable or len(rest) < len(choices)
        outer = replace(schema, **{name: (), "nullable": nullable})  # type: ignore[arg-type]
        if not rest:
            schema = replace(outer, nullable=True, enum=(None,))
        elif len(rest) == 1:
            schema = _folded(outer, rest[0])
        elif len(rest) < len(choices):
            schema = replace(outer, **{name: rest})  # type: ignore[arg-type]
    return schema


def _folded(outer: Schema, inner: Schema) -> Schema:
    """One schema for a mapping that only annotates another; `all_of` where it is a reference or says more."""
    notes = {name: getattr(outer, name) for name in _NOTES if getattr(outer, name) != getattr(_NOTHING, name)}
    bare = replace(_NOTHING, nullable=outer.nullable, location=outer.location, **notes)
    if inner.ref is not None or inner.unknown is not None or bare != outer:
        return replace(outer, all_of=(*outer.all_of, inner))
    return replace(inner, nullable=inner.nullable or outer.nullable, location=outer.location, **notes)

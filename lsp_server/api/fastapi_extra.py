"""What a FastAPI route says of itself by hand, in `openapi_extra`, laid over what FastAPI says of it.

FastAPI merges the dictionary into its own description: dictionaries into dictionaries, lists behind lists. Read here are
parameters, bodies, answers and the JSON Schemas in them; whatever is merged into a schema that FastAPI has made is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lsp_server.api.model import Body, Parameter, Property, Response, Schema
from lsp_server.api.names import made_by, name_of
from lsp_server.api.pydantic import Shapes
from lsp_server.api.python_types import ANYTHING, argument_of, constant, nullable
from lsp_server.python.values import ClassValue, Instance, Method, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_REFERENCE = "#/components/schemas/"
_OF_CLASS = ("model_json_schema", "schema")
_TEXTS = {"format": "format", "pattern": "pattern"}
_NUMBERS = {
    "minimum": "minimum", "maximum": "maximum", "exclusiveMinimum": "exclusive_minimum", "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of", "minLength": "min_length", "maxLength": "max_length", "minItems": "min_items", "maxItems": "max_items",
}  # fmt: skip
_GROUPS = {"allOf": "all_of", "anyOf": "any_of", "oneOf": "one_of"}

Parameters = tuple[Parameter, ...] | Unknown
Responses = tuple[Response, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Extra:
    """The `openapi_extra` of one route. `given`: a dictionary, None, or what could not be read."""

    shapes: Shapes
    given: Value
    location: Location

    @property
    def unknown(self) -> Unknown:
        return Unknown("what `openapi_extra` says by hand", self.location)

    def __contains__(self, word: str) -> bool:
        return self.given is not None and (not isinstance(self.given, dict) or word in self.given)

    def parameters(self, known: Parameters) -> Parameters:
        if "parameters" not in self or isinstance(known, Unknown):
            return known
        listed = self.given["parameters"] if isinstance(self.given, dict) else None
        if not isinstance(listed, list | tuple):
            return self.unknown
        added = [self._parameter(entry) for entry in listed]
        if any(entry is None for entry in added):
            return self.unknown
        return (*known, *(entry for entry in added if entry is not None))

    def _parameter(self, entry: Value) -> Parameter | None:
        if not isinstance(entry, dict):
            return None
        name, where, required = entry.get("name"), entry.get("in"), entry.get("required", False)
        if not isinstance(name, str) or where not in ("query", "path", "header", "cookie") or not isinstance(required, bool):
            return None
        return Parameter(name, where, self._schema(entry.get("schema", {})), required, location=self.location)

    def body(self, known: Body | Unknown | None) -> Body | Unknown | None:
        if "requestBody" not in self or isinstance(known, Unknown):
            return known
        stated = self.given["requestBody"] if isinstance(self.given, dict) else None
        if not isinstance(stated, dict) or "$ref" in stated:
            return self.unknown
        before = known if known is not None else Body(location=self.location)
        content = self._content(before.content, stated.get("content", {}))
        required = stated.get("required", before.required)
        if content is None or not isinstance(required, bool | Unknown):
            return self.unknown
        return replace(before, content=content, required=required)

    def responses(self, known: Responses) -> Responses:
        if "responses" not in self or isinstance(known, Unknown):
            return known
        stated = self.given["responses"] if isinstance(self.given, dict) else None
        if not isinstance(stated, dict):
            return self.unknown
        answers = {response.status: response for response in known}
        for key, entry in stated.items():
            if not isinstance(key, str | int):
                return self.unknown
            before = answers.get(str(key), Response(str(key), location=self.location))
            content = self._content(before.content, entry.get("content", {})) if isinstance(entry, dict) else None
            answers[str(key)] = replace(before, unknown=self.unknown) if content is None else replace(
                before, content=content, automatic=False)  # fmt: skip
        return tuple(answers.values())

    def _content(self, known: tuple[tuple[str, Schema], ...], stated: Value) -> tuple[tuple[str, Schema], ...] | None:
        """A schema per media type; None where it is not known which there are."""
        if not isinstance(stated, dict) or not all(isinstance(name, str) for name in stated):
            return None
        content = dict(known)
        for name, described in stated.items():
            if not isinstance(described, dict):
                content[name] = Schema(unknown=self.unknown)
            elif "schema" in described:
                merged = name in content and not content[name].is_anything
                content[name] = Schema(unknown=self.unknown) if merged else self._schema(described["schema"])
            else:
                content.setdefault(name, ANYTHING)
        return tuple(content.items())

    # JSON Schema written in Python

    def _schema(self, value: Value, depth: int = 0) -> Schema:
        if isinstance(value, Instance):
            return self._of_type(value)
        if value is True or value == {}:
            return ANYTHING
        if not isinstance(value, Mapping) or depth > 30:
            return Schema(unknown=self.unknown)
        if "$ref" in value:
            name = _named(value["$ref"])
            return Schema(ref=name, location=self.location) if name is not None else Schema(unknown=self.unknown)
        types = value.get("type", [])
        types = [types] if isinstance(types, str) else types
        if not isinstance(types, list | tuple) or not all(isinstance(each, str) for each in types):
            return Schema(unknown=self.unknown)
        stated: dict[str, object] = {field: value[word] for word, field in _TEXTS.items() if isinstance(value.get(word), str)}
        stated |= {field: value[word] for word, field in _NUMBERS.items() if type(value.get(word)) in (int, float)}
        if "enum" in value or "const" in value:
            values = constant(list(value["enum"]) if isinstance(value.get("enum"), list | tuple) else [value.get("const")])
            if isinstance(values, Unknown):
                return Schema(unknown=self.unknown)
            stated["enum"] = values
        schema = Schema(
            types=tuple(each for each in types if each != "null"), location=self.location,
            properties=tuple(self._properties(value, depth)),
            items=self._schema(value["items"], depth + 1) if "items" in value else None,
            additional=self._additional(value.get("additionalProperties"), depth),
            **stated,  # type: ignore[arg-type]
        )  # fmt: skip
        for word, field in _GROUPS.items():
            if word in value:
                parts = value[word] if isinstance(value[word], list | tuple) else [Unknown("alternatives")]
                grouped = {field: tuple(self._schema(part, depth + 1) for part in parts)}
                schema = replace(schema, **grouped)  # type: ignore[arg-type]
        return nullable(schema) if "null" in types or value.get("nullable") is True else schema

    def _properties(self, value: Mapping[Value, Value], depth: int) -> Iterable[Property]:
        listed, required = value.get("properties", {}), value.get("required", [])
        for name, inner in listed.items() if isinstance(listed, dict) else ():
            if isinstance(name, str):
                needed = name in required if isinstance(required, list | tuple) else Unknown("which properties are required")
                yield Property(name, self._schema(inner, depth + 1), needed, self.location)

    def _additional(self, value: Value, depth: int) -> Schema | bool | None:
        return value if value is None or isinstance(value, bool) else self._schema(value, depth + 1)

    def _of_type(self, value: Instance) -> Schema:
        """`Model.model_json_schema()` and `TypeAdapter(T).json_schema()`."""
        if isinstance(value.origin, Method):
            receiver, name = value.origin.receiver, value.origin.name
            output = argument_of(value.arguments, "mode") == "serialization"
            if isinstance(receiver, ClassValue) and name in _OF_CLASS:
                return self.shapes.of(receiver, output, self.location)
            if made_by(receiver) == "pydantic.TypeAdapter" and name == "json_schema" and receiver.arguments:
                return self.shapes.of(receiver.arguments[0].value, output, self.location)
        return Schema(unknown=self.unknown)


def _named(reference: Value) -> str | None:
    """The name of the schema that a reference, as a text or as FastAPI's own template filled in, leads to."""
    if isinstance(reference, str) and reference.startswith(_REFERENCE):
        return reference.removeprefix(_REFERENCE)
    if isinstance(reference, Instance) and name_of(reference.origin) == "fastapi.openapi.constants.REF_TEMPLATE.format":
        model = argument_of(reference.arguments, "model")
        return model if isinstance(model, str) else None
    return None

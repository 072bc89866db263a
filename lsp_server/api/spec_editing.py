"""One change of a specification while it is made: the draft of its files, and the names that values refer to.

Knows how a value settles into what is written (equal parts stay untouched, keys nobody reads stay too), which named
schema or security scheme of the specification stands for one of the code, and how a new one becomes a component.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from lsp_server.api.compare_shapes import Shape, Shapes, limits
from lsp_server.api.json_schema import Dialect
from lsp_server.api.model import Api, Response, Schema, SecurityRequirement, SecurityScheme
from lsp_server.api.spec_places import Specification
from lsp_server.api.spec_text import (
    SCHEMA_KEYS,
    content_value,
    response_value,
    schema_value,
    scheme_value,
    security_value,
)
from lsp_server.text import Edit
from lsp_server.tree.draft import Draft
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Pointer
from lsp_server.unknown import Unknown

_PROSE = ("title", "description")  # what a person wrote stays
_DEPTH = 12  # of schemas that are compared
_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")


class Editing:
    """One change of a specification. `others` are the named schemas that the given values refer to."""

    def __init__(self, specification: Specification, others: Mapping[str, Schema] | None = None) -> None:
        self.specification = specification
        self.api = specification.api
        self.dialect = specification.dialect
        self.draft = Draft(specification.trees)
        self._others = others or {}
        self._names: dict[str, str] = {}
        self._new: dict[str, Schema] = {}

    # --- names of schemas ---

    def name(self, key: str) -> str:
        """The name the specification has for a schema: its own, an equal one's, or a new one."""
        if key in self._names:
            return self._names[key]
        schema = self._others.get(key)
        if schema is None or key in self.api.schemas:
            self._names[key] = key
            return key
        plain = _FORBIDDEN.sub("_", key).strip("_") or "Schema"
        equal = self._equal(schema)
        if equal is not None:
            self._names[key] = equal
        else:
            taken = set(self.api.schemas) | set(self._names.values())
            self._names[key] = next(n for n in (plain, *(f"{plain}{i}" for i in range(2, 10_000))) if n not in taken)
            self._new[self._names[key]] = schema
        return self._names[key]

    def _equal(self, schema: Schema) -> str | None:
        """The one named schema of the specification that takes and gives the same values."""
        wanted = _signature(Shapes(Api("", schemas=self._others)), schema)
        if wanted is None:
            return None
        own = Shapes(self.api)
        found = [
            name
            for name, other in self.api.schemas.items()
            if "#" not in name and _signature(own, other) == wanted
        ]
        return found[0] if len(found) == 1 else None

    def response(self, response: Response) -> dict[str, Any]:
        """An answer as the specification writes it: an error that others share by the reference that they use."""
        value = response_value(response, self.dialect, self.name)
        if response.status.startswith("2"):
            return value
        wanted = content_value(response.content, self.dialect, self.name)
        used: Counter[str] = Counter()
        for operation in self.api.operations:
            declared = operation.response(response.status)
            path, pointer = self.specification.pointer(operation.location)
            node = self.draft.node(path, (*pointer, "responses", response.status))
            reference = node.get("$ref") if node is not None else None
            if declared is None or reference is None or path != self.api.source or not reference.text.startswith("#/"):
                continue
            if content_value(declared.content, self.dialect, self.name) == wanted:
                used[reference.text] += 1
        return {"$ref": used.most_common(1)[0][0]} if used else value

    def write_schemas(self) -> None:
        """Write the new named schemas, and those they refer to."""
        written: set[str] = set()
        while waiting := [name for name in self._new if name not in written]:
            for name in waiting:
                written.add(name)
                value = schema_value(self._new[name], self.dialect, self.name)
                self.draft_component("schemas", "definitions", name, value)

    def draft_component(self, section: str, swagger_section: str, name: str, value: Any) -> None:
        """Write a shared part under its section, which is made where there is none."""
        path = self.api.source
        outer: Pointer = () if self.dialect is Dialect.SWAGGER_2 else ("components",)
        section = swagger_section if self.dialect is Dialect.SWAGGER_2 else section
        if outer and self.draft.node(path, outer) is None:
            self.draft.add(path, (), "components", {section: {name: value}})
            return
        if self.draft.node(path, (*outer, section)) is None:
            self.draft.add(path, outer, section, {name: value})
        else:
            self.draft.add(path, (*outer, section), name, value)

    def edits(self) -> tuple[Edit, ...]:
        self.write_schemas()
        return self.draft.edits()

    # --- values into place ---

    def schema(self, schema: Schema) -> dict[str, Any]:
        return schema_value(schema, self.dialect, self.name)

    def settle(self, path: str, pointer: Pointer, value: Mapping[str, Any], order: tuple[str, ...]) -> None:
        """Make a mapping say a value: what is equal stays as it is written, keys that nobody reads stay too."""
        node = self.draft.node(path, pointer)
        if node is None or not node.is_mapping or "$ref" in node or "$ref" in value:
            if node is None or node.value != value:
                self.draft.set(path, pointer, dict(value))
            return
        if "const" in value and "enum" in node:  # the same in other words
            value = {**{key: inner for key, inner in value.items() if key != "const"}, "enum": [value["const"]]}
        for key in [key for key, _ in node.items() if key in order and key not in value]:
            self.draft.remove(path, pointer, key)
        for key, inner in value.items():
            here = self.draft.node(path, (*pointer, key))
            if key in _PROSE and here is not None:
                continue
            if isinstance(inner, Mapping) and here is not None and here.is_mapping and "$ref" not in inner:
                if key == "properties":
                    self._settle_properties(path, (*pointer, key), inner)
                else:
                    self.settle(path, (*pointer, key), inner, order)
            else:
                self.draft.put(path, pointer, key, inner, order)

    def _settle_properties(self, path: str, pointer: Pointer, value: Mapping[str, Any]) -> None:
        node = self.draft.node(path, pointer)
        for name in [name for name, _ in node.items() if name not in value] if node is not None else ():
            self.draft.remove(path, pointer, name)
        for name, inner in value.items():
            if self.draft.node(path, (*pointer, name)) is None:
                self.draft.add(path, pointer, name, inner)
            else:
                self.settle(path, (*pointer, name), inner, SCHEMA_KEYS)


def security_said(
    editing: Editing, security: tuple[SecurityRequirement, ...] | Unknown, schemes: tuple[SecurityScheme, ...]
) -> list[dict[str, list[str]]] | None:
    """What an operation must say for a security; None where the document says it for all, or it is not known."""
    if isinstance(security, Unknown):
        return None
    value: list[dict[str, list[str]]] = []
    for alternative in security:
        named = tuple((_scheme(editing, name, schemes), scopes) for name, scopes in alternative.schemes)
        value += security_value((SecurityRequirement(named),))
    root = editing.draft.node(editing.api.source, ("security",))
    general = root.value if root is not None else []
    return None if value == general else value


def _scheme(editing: Editing, name: str, schemes: tuple[SecurityScheme, ...]) -> str:
    """The specification's name for a security scheme; a new component where it has none."""
    own = editing.api.security_schemes
    if any(one.name == name for one in own):
        return name
    scheme = next((one for one in schemes if one.name == name), None)
    if scheme is None:
        raise Unwritable(f"the specification has no security scheme {name}")
    if isinstance(scheme.sort, Unknown):
        raise Unwritable(f"what the security scheme {name} is, is not known")
    same = [one.name for one in own if _alike(one, scheme)]
    if len(same) == 1:
        return same[0]
    value = scheme_value(scheme, editing.dialect)
    if value is None:
        raise Unwritable(f"too little is known of the security scheme {name}")
    outer = ("securityDefinitions",) if editing.dialect is Dialect.SWAGGER_2 else ("components", "securitySchemes")
    if editing.draft.node(editing.api.source, (*outer, name)) is None:
        editing.draft_component("securitySchemes", "securityDefinitions", name, value)
    return name


def _alike(one: SecurityScheme, other: SecurityScheme) -> bool:
    def carrier(scheme: SecurityScheme) -> tuple[Any, ...]:
        if scheme.sort == "apiKey":
            return ("apiKey", scheme.where, (scheme.parameter or "").lower())
        return ("basic",) if scheme.scheme == "basic" else ("bearer",)

    return not isinstance(one.sort, Unknown) and carrier(one) == carrier(other)


def _signature(shapes: Shapes, schema: Schema) -> object | None:
    """Equal for schemas of objects or enumerations that take the same values; None for others and for what is not known."""
    shape = shapes.of(schema)
    return _values(shapes, schema, ()) if shape.properties or shape.enum is not None else None


def _values(shapes: Shapes, schema: Schema, inside: tuple[Shape, ...]) -> object | None:
    shape = shapes.of(schema)
    circle = next((number for number, outer in enumerate(inside) if outer.properties == shape.properties != {}), None)
    if circle is not None:
        return ("again", circle)
    if not shape.known or len(inside) > _DEPTH:
        return None
    inner = (*inside, shape)
    fields = {name: (one.required, _values(shapes, one.schema, inner)) for name, one in sorted(shape.properties.items())}
    parts = [part for part in (shape.items, shape.additional, *shape.variants) if isinstance(part, Schema)]
    below = [_values(shapes, part, inner) for part in parts]
    if None in below or any(value is None or isinstance(required, Unknown) for required, value in fields.values()):
        return None
    enum = frozenset(map(repr, shape.enum)) if shape.enum is not None else None
    limited = tuple(sorted(limits(shape).items()))
    kind = "integer" if shape.types == {"integer"} else shape.format
    return (shape.types, shape.nullable, kind, enum, limited, tuple(fields.items()), tuple(below), shape.additional is False)

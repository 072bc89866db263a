"""Edits that make a specification say something else: an operation, a parameter, a field, a status more or less.

Knows where things stand in a specification and what else must be said when one is said (a component for a named
schema, a `required` list). How values are spelled in each dialect is `spec_text`, how text is edited is `tree.draft`:
comments, order and quotes of everything else stay. Where an edit would reach further than asked (a parameter that
other operations share), it is refused with Unwritable, whose message is for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lsp_server.api.json_schema import Dialect
from lsp_server.api.model import (
    Api,
    Body,
    Operation,
    Parameter,
    Property,
    Response,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    anonymous_path,
    path_parameters,
    walk,
)
from lsp_server.api.openapi import dialect_of
from lsp_server.api.shapes import merged
from lsp_server.api.spec_text import (
    OPERATION_KEYS,
    SCHEMA_KEYS,
    body_value,
    operation_value,
    parameter_value,
    response_value,
    schema_value,
    scheme_value,
    security_value,
    swagger_body_values,
)
from lsp_server.text import Edit, Location
from lsp_server.tree.draft import Draft
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Node, Pointer, Tree
from lsp_server.unknown import Unknown

__all__ = ["Specification", "Unwritable", "add_operation", "remove_operation", "remove_parameter", "remove_property",
           "remove_response", "set_body", "set_deprecated", "set_operation_id", "set_parameter", "set_property", "set_required",
           "set_response", "set_schema", "set_security"]  # fmt: skip

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Specification:
    """A specification as it was read, with the trees of its files."""

    api: Api
    trees: Mapping[str, Tree]

    @property
    def dialect(self) -> Dialect:
        root = self.trees[self.api.source].root
        return dialect_of(root) if root is not None else Dialect.OPENAPI_3_1

    def pointer(self, location: Location | None) -> tuple[str, Pointer]:
        """The file and the pointer of the element at a location: of the value, where the location is its key's."""
        tree = self.trees.get(location.path) if location is not None else None
        node = tree.node_at(location.span.start) if tree is not None and location is not None else None
        while node is not None and location is not None and node.span != location.span:
            node = node.parent
        if node is None or location is None:
            raise Unwritable("this is not written in the specification")
        return location.path, node.pointer

    def mapping(self, location: Location | None) -> tuple[str, Pointer]:
        """As `pointer`, but of the mapping around where the location is that of a value that names it."""
        path, pointer = self.pointer(location)
        node = self.trees[path].at(pointer)
        return path, pointer if node is None or not node.is_scalar else pointer[:-1]


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
        """The one named schema of the specification with the same properties of the same types."""
        fields = _fields(merged(Api("", schemas=self._others), schema))
        if not fields:
            return None
        found = [
            name
            for name, own in self.api.schemas.items()
            if not name.startswith("#") and "#" not in name and _fields(merged(self.api, own)) == fields
        ]
        return found[0] if len(found) == 1 else None

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
        for key in [key for key, _ in node.items() if key in order and key not in value]:
            self.draft.remove(path, pointer, key)
        for key, inner in value.items():
            here = self.draft.node(path, (*pointer, key))
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


def add_operation(
    specification: Specification,
    operation: Operation,
    schemas: Mapping[str, Schema],
    schemes: tuple[SecurityScheme, ...] = (),
) -> tuple[Edit, ...]:
    """Document an operation. `schemas` and `schemes` are those of the API it comes from; its path may have a base path."""
    editing = Editing(specification, schemas)
    operation = replace(operation, path=_below_base(specification.api, operation.path))
    sibling = _sibling(specification.api, operation)
    path = specification.api.source
    item: Pointer = ("paths", operation.path)
    if sibling is not None:
        operation = _with_names_of(operation, sibling.path)
        path, pointer = specification.pointer(sibling.location)
        item = pointer[:-1]
        operation = _without_shared(specification, operation, path, item)
    elif (there := _item_of(specification, operation)) is not None:
        operation = _with_names_of(operation, there)
        item = ("paths", there)
        operation = _without_shared(specification, operation, path, item)
    security = _security(editing, operation.security, schemes)
    value = operation_value(operation, editing.dialect, editing.name, security)
    method = operation.method.lower()
    draft = editing.draft
    if draft.node(path, item) is not None:
        draft.add(path, item, method, value)
    elif draft.node(path, ("paths",)) is None:
        draft.add(path, (), "paths", {operation.path: {method: value}})
    else:
        draft.add(path, ("paths",), operation.path, {method: value}, _neighbour(draft.node(path, ("paths",)), operation.path))
    return editing.edits()


def remove_operation(specification: Specification, operation: Operation) -> tuple[Edit, ...]:
    """Take an operation out; its path with it where nothing else is there."""
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    item = editing.draft.node(path, pointer[:-1])
    if item is not None and len(item) == 1 and len(pointer) == 3:
        editing.draft.remove(path, pointer[:-2], pointer[-2])
    else:
        editing.draft.remove(path, pointer[:-1], pointer[-1])
    return editing.edits()


def set_operation_id(specification: Specification, operation: Operation, name: str | None) -> tuple[Edit, ...]:
    return _set_key(specification, operation, "operationId", name)


def set_deprecated(specification: Specification, operation: Operation, deprecated: bool) -> tuple[Edit, ...]:
    return _set_key(specification, operation, "deprecated", True if deprecated else None)


def set_security(
    specification: Specification,
    operation: Operation,
    security: tuple[SecurityRequirement, ...],
    schemes: tuple[SecurityScheme, ...] = (),
) -> tuple[Edit, ...]:
    """Give an operation its own security, or none of its own where the document says the same for all."""
    editing = Editing(specification)
    value = _security(editing, security, schemes)
    path, pointer = specification.pointer(operation.location)
    if value is None:
        editing.draft.remove(path, pointer, "security")
    else:
        editing.draft.put(path, pointer, "security", value, OPERATION_KEYS)
    return editing.edits()


def set_parameter(
    specification: Specification, operation: Operation, parameter: Parameter, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Add a parameter or make it say something else, for this operation alone: a shared one is overridden."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    value = parameter_value(parameter, editing.dialect, editing.name)
    listed = (*pointer, "parameters")
    number = _number_of(specification, operation, parameter)
    if number is None:
        if editing.draft.node(path, listed) is None:
            editing.draft.put(path, pointer, "parameters", [value], OPERATION_KEYS)
        else:
            editing.draft.add_item(path, listed, value)
    else:
        here = editing.draft.node(path, (*listed, str(number)))
        if here is not None and "$ref" in here:
            editing.draft.set(path, (*listed, str(number)), value)
        else:
            order = ("required", "deprecated", *SCHEMA_KEYS) if editing.dialect is Dialect.SWAGGER_2 else ("required", "deprecated", "schema")
            known = {key: inner for key, inner in value.items() if key not in ("name", "in", "description")}
            _settle_parameter(editing, path, (*listed, str(number)), known, order)
    return editing.edits()


def _settle_parameter(editing: Editing, path: str, pointer: Pointer, value: dict[str, Any], order: tuple[str, ...]) -> None:
    schema = value.pop("schema", None)
    for key in order:
        if key == "schema":
            continue
        if key in value:
            editing.draft.put(path, pointer, key, value[key], ("name", "in", *order))
        else:
            editing.draft.remove(path, pointer, key)
    if schema is None:
        return
    if editing.draft.node(path, (*pointer, "schema")) is None:
        editing.draft.remove(path, pointer, "content")
        editing.draft.put(path, pointer, "schema", schema)
    else:
        editing.settle(path, (*pointer, "schema"), schema, SCHEMA_KEYS)


def remove_parameter(specification: Specification, operation: Operation, parameter: Parameter) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    number = _number_of(specification, operation, parameter)
    if number is None:
        raise Unwritable(f"the parameter {parameter.name} belongs to all operations of {operation.path}")
    listed = editing.draft.node(path, (*pointer, "parameters"))
    if listed is not None and len(listed) == 1:
        editing.draft.remove(path, pointer, "parameters")
    else:
        editing.draft.remove_item(path, (*pointer, "parameters"), number)
    return editing.edits()


def set_body(
    specification: Specification, operation: Operation, body: Body | None, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Give an operation another request body, or none."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    if editing.dialect is Dialect.SWAGGER_2:
        _set_swagger_body(editing, path, pointer, body)
    elif body is None:
        editing.draft.remove(path, pointer, "requestBody")
    else:
        value = body_value(body, editing.dialect, editing.name)
        editing.draft.put(path, pointer, "requestBody", value, OPERATION_KEYS)
    return editing.edits()


def _set_swagger_body(editing: Editing, path: str, pointer: Pointer, body: Body | None) -> None:
    listed = (*pointer, "parameters")
    node = editing.draft.node(path, listed)
    places = [n for n, item in enumerate(node.elements()) if _text(item, "in") in ("body", "formData")] if node is not None else []
    for number in reversed(places):
        editing.draft.remove_item(path, listed, number)
    for value in swagger_body_values(body, editing.name) if body is not None else ():
        if editing.draft.node(path, listed) is None:
            editing.draft.put(path, pointer, "parameters", [value], OPERATION_KEYS)
        else:
            editing.draft.add_item(path, listed, value)
    if body is not None:
        media_types = [media_type for media_type, _ in body.content]
        editing.draft.put(path, pointer, "consumes", media_types, OPERATION_KEYS)


def set_response(
    specification: Specification, operation: Operation, response: Response, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Add an answer, or make the one of the same status say something else."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    value = response_value(response, editing.dialect, editing.name)
    listed = (*pointer, "responses")
    here = editing.draft.node(path, listed)
    if here is None:
        editing.draft.put(path, pointer, "responses", {response.status: value}, OPERATION_KEYS)
    elif response.status not in here:
        editing.draft.add(path, listed, response.status, value, _status_before(here, response.status))
    else:
        old = here.get(response.status)
        said = _text(old, "description") if old is not None else None
        if said and response.description is None:
            value["description"] = said
        editing.draft.set(path, (*listed, response.status), value)
    return editing.edits()


def remove_response(specification: Specification, operation: Operation, status: str) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    node = editing.draft.node(path, (*pointer, "responses"))
    if node is None or status not in node:
        raise Unwritable(f"there is no response {status}")
    if len(node) == 1:
        raise Unwritable("an operation must have a response")
    editing.draft.remove(path, (*pointer, "responses"), status)
    return editing.edits()


def set_property(
    specification: Specification, owner: Schema, wanted: Property, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Add a property to an object schema of the specification, or make it say something else."""
    editing = Editing(specification, schemas)
    path, pointer = _object(specification, owner, wanted.name)
    value = editing.schema(wanted.schema)
    place = (*pointer, "properties")
    if editing.draft.node(path, place) is None:
        editing.draft.put(path, pointer, "properties", {wanted.name: value}, SCHEMA_KEYS)
    elif editing.draft.node(path, (*place, wanted.name)) is None:
        editing.draft.add(path, place, wanted.name, value)
    else:
        editing.settle(path, (*place, wanted.name), value, SCHEMA_KEYS)
    if isinstance(wanted.required, bool):
        _set_required(editing, path, pointer, wanted.name, wanted.required)
    return editing.edits()


def remove_property(specification: Specification, owner: Schema, name: str) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = _object(specification, owner, name)
    place = (*pointer, "properties")
    node = editing.draft.node(path, place)
    if node is None or name not in node:
        raise Unwritable(f"the property {name} is not written here")
    editing.draft.remove(path, place, name)
    _set_required(editing, path, pointer, name, False)
    return editing.edits()


def set_required(specification: Specification, owner: Schema, name: str, required: bool) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = _object(specification, owner, name)
    _set_required(editing, path, pointer, name, required)
    return editing.edits()


def set_schema(
    specification: Specification, old: Schema, new: Schema, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Make the schema at a place say something else; prose, examples and extensions beside it stay."""
    editing = Editing(specification, schemas)
    path, pointer = specification.mapping(old.location)
    node = editing.draft.node(path, pointer)
    order: tuple[str, ...] = SCHEMA_KEYS
    if editing.dialect is Dialect.SWAGGER_2 and node is not None and "in" in node:
        order = tuple(key for key in SCHEMA_KEYS if key != "required")  # a parameter is its own schema
    editing.settle(path, pointer, editing.schema(new), order)
    return editing.edits()


# --- places ---


def _set_key(specification: Specification, operation: Operation, key: str, value: Any) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    if value is None:
        editing.draft.remove(path, pointer, key)
    else:
        editing.draft.put(path, pointer, key, value, OPERATION_KEYS)
    return editing.edits()


def _set_required(editing: Editing, path: str, pointer: Pointer, name: str, required: bool) -> None:
    place = (*pointer, "required")
    node = editing.draft.node(path, place)
    names = [item.text for item in node.elements()] if node is not None else []
    if required and name not in names:
        if node is None:
            order = ("type", "nullable", "description", "title", "required")
            editing.draft.put(path, pointer, "required", [name], order)
        else:
            editing.draft.add_item(path, place, name)
    elif not required and name in names:
        if len(names) == 1:
            editing.draft.remove(path, pointer, "required")
        else:
            editing.draft.remove_item(path, place, names.index(name))


def _object(specification: Specification, owner: Schema, name: str) -> tuple[str, Pointer]:
    """The mapping whose `properties` have a property, or should: inside an `allOf`, the part written in place."""
    if owner.ref is not None:
        owner = specification.api.resolve(owner)
    path, pointer = specification.mapping(owner.location)
    tree = specification.trees[path]
    for _ in range(20):
        node = tree.at(pointer)
        parts = node.get("allOf") if node is not None else None
        if node is None or parts is None or "properties" in node:
            break
        inline = [(n, part) for n, part in enumerate(parts.elements()) if "$ref" not in part and part.is_mapping]
        having = [n for n, part in inline if (inner := part.get("properties")) is not None and name in inner]
        open_ = [n for n, part in inline if "properties" in part or "allOf" in part]
        if not (having or open_):
            break
        pointer = (*pointer, "allOf", str((having or open_)[0]))
    return path, pointer


def _number_of(specification: Specification, operation: Operation, parameter: Parameter) -> int | None:
    """Which item of an operation's own list a parameter is; None for one of its path, or a new one."""
    declared = operation.parameter(parameter.where, parameter.name)
    if declared is None:
        return None
    path, pointer = specification.pointer(operation.location)
    own_path, place = specification.pointer(declared.location)
    listed = (*pointer, "parameters")
    return int(place[len(listed)]) if own_path == path and place[: len(listed)] == listed else None


def _below_base(api: Api, path: str) -> str:
    """A path without the longest base path of the specification that it begins with."""
    bases = [base for base in api.base_paths if base and (path == base or path.startswith(base + "/"))]
    return path[len(max(bases, key=len)) :] or "/" if bases else path


def _sibling(api: Api, operation: Operation) -> Operation | None:
    """Another operation of the same path."""
    wanted = anonymous_path(operation.path)
    found = [one for one in api.operations if anonymous_path(one.path) == wanted]
    if any(one.method == operation.method for one in found):
        raise Unwritable(f"{operation.method} {operation.path} is there already")
    return found[0] if found else None


def _item_of(specification: Specification, operation: Operation) -> str | None:
    """The same path, written without an operation."""
    tree = specification.trees[specification.api.source]
    paths = tree.at(("paths",))
    wanted = anonymous_path(operation.path)
    return next((path for path, _ in paths.items() if anonymous_path(path) == wanted), None) if paths is not None else None


def _with_names_of(operation: Operation, path: str) -> Operation:
    """The operation with the names another template has for its path parameters."""
    names = dict(zip(path_parameters(operation.path), path_parameters(path)))
    if isinstance(operation.parameters, Unknown):
        return replace(operation, path=path)
    renamed = tuple(
        replace(one, name=names.get(one.name, one.name)) if one.where == "path" else one for one in operation.parameters
    )
    return replace(operation, path=path, parameters=renamed)


def _without_shared(specification: Specification, operation: Operation, path: str, item: Pointer) -> Operation:
    """The operation without the path parameters that its path declares for all."""
    node = specification.trees[path].at((*item, "parameters"))
    if node is None or isinstance(operation.parameters, Unknown):
        return operation
    places = [part.span for part in node.elements()]
    shared = {
        parameter.name
        for one in specification.api.operations
        if one.path == operation.path and not isinstance(one.parameters, Unknown)
        for parameter in one.parameters
        if parameter.where == "path" and parameter.location is not None and parameter.location.path == path
        and any(place.covers(parameter.location.span) for place in places)
    }  # fmt: skip
    left = tuple(one for one in operation.parameters if one.where != "path" or one.name not in shared)
    return replace(operation, parameters=left)


def _neighbour(paths: Node | None, path: str) -> str | None:
    """The path behind which a new one stands best: the last of those that begin alike for longest."""
    best: tuple[int, str | None] = (0, None)
    parts = path.split("/")[1:]
    for other, _ in paths.items() if paths is not None else ():
        alike = 0
        for mine, theirs in zip(parts, other.split("/")[1:]):
            if anonymous_path(mine) != anonymous_path(theirs):
                break
            alike += 1
        if alike and alike >= best[0]:
            best = (alike, other)
    return best[1]


def _status_before(responses: Node, status: str) -> str | None:
    """The status behind which another stands in order; None for the end."""
    lower = [key for key, _ in responses.items() if key < status and not key.startswith("x-")]
    return lower[-1] if lower and status != "default" else None


def _security(
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


def _fields(schema: Schema) -> dict[str, tuple[Any, ...]]:
    """What tells object schemas apart: names, presence and types of their properties."""
    if schema.unknown is not None or any(part.unknown is not None for part in walk(schema)):
        return {}
    return {one.name: (one.required, tuple(sorted(one.schema.types)), one.schema.nullable, one.schema.format) for one in schema.properties}


def _text(node: Node, key: str) -> str | None:
    inner = node.get(key)
    return inner.text if inner is not None and inner.is_scalar else None

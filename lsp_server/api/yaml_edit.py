"""Edits that make a specification say something else: an operation, a parameter, a field, a status more or less.

Each function gives the edits of one change, in YAML and JSON alike. Where things stand is `spec_places`, how values are
spelled in each dialect `spec_text`, how they settle into what is written `spec_editing`: comments, order and quotes of
everything else stay. Where an edit would reach further than asked (a parameter that other operations share), it is
refused with Unwritable, whose message is for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lsp_server.api.json_schema import Dialect
from lsp_server.api.model import (
    METHODS,
    Body,
    Operation,
    Parameter,
    Property,
    Response,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)
from lsp_server.api.spec_editing import Editing, security_said
from lsp_server.api.spec_places import (
    Specification,
    below_base,
    neighbour_of,
    number_of,
    object_of,
    sibling_of,
    status_before,
    template_of,
    text_of,
    with_names_of,
    without_shared,
)
from lsp_server.api.spec_text import (
    OPERATION_KEYS,
    SCHEMA_KEYS,
    body_value,
    operation_value,
    parameter_value,
    response_value,
    swagger_body_values,
)
from lsp_server.text import Edit
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Pointer
from lsp_server.unknown import Unknown

__all__ = ["Specification", "Unwritable", "add_operation", "remove_operation", "remove_parameter", "remove_property",
           "remove_response", "replace_parameter", "set_body", "set_body_required", "set_content", "set_deprecated", "set_operation_id", "set_parameter", "set_property", "set_required",
           "set_response", "set_schema", "set_security"]  # fmt: skip


def add_operation(
    specification: Specification,
    operation: Operation,
    schemas: Mapping[str, Schema],
    schemes: tuple[SecurityScheme, ...] = (),
) -> tuple[Edit, ...]:
    """Document an operation. `schemas` and `schemes` are those of the API it comes from; its path may have a base path."""
    editing = Editing(specification, schemas)
    operation = replace(operation, path=below_base(specification.api, operation.path))
    sibling = sibling_of(specification.api, operation)
    path = specification.api.source
    item: Pointer = ("paths", operation.path)
    if sibling is not None:
        operation = with_names_of(operation, sibling.path)
        path, pointer = specification.pointer(sibling.location)
        item = pointer[:-1]
        operation = without_shared(specification, operation, path, item)
    elif (there := template_of(specification, operation)) is not None:
        operation = with_names_of(operation, there)
        item = ("paths", there)
        operation = without_shared(specification, operation, path, item)
    security = security_said(editing, operation.security, schemes)
    value = operation_value(operation, editing.dialect, editing.name, security)
    for response in operation.responses if not isinstance(operation.responses, Unknown) else ():
        if response.status in value["responses"]:
            value["responses"][response.status] = editing.response(response)
    method = operation.method.lower()
    draft = editing.draft
    if draft.node(path, item) is not None:
        draft.add(path, item, method, value)
    elif draft.node(path, ("paths",)) is None:
        draft.add(path, (), "paths", {operation.path: {method: value}})
    else:
        draft.add(path, ("paths",), operation.path, {method: value}, neighbour_of(draft.node(path, ("paths",)), operation.path))
    return editing.edits()


def remove_operation(specification: Specification, operation: Operation) -> tuple[Edit, ...]:
    """Take an operation out; its path with it where it was the only one."""
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    item = editing.draft.node(path, pointer[:-1])
    others = [key for key, _ in item.items() if key.upper() in METHODS and key != pointer[-1]] if item is not None else []
    if item is not None and not others and "$ref" not in item and len(pointer) == 3:
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
    value = security_said(editing, security, schemes)
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
    number = number_of(specification, operation, parameter)
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
        elif (here := editing.draft.node(path, (*pointer, key))) is not None and here.value is not False:
            editing.draft.remove(path, pointer, key)
    if schema is None:
        return
    if editing.draft.node(path, (*pointer, "schema")) is None:
        editing.draft.remove(path, pointer, "content")
        editing.draft.put(path, pointer, "schema", schema)
    else:
        editing.settle(path, (*pointer, "schema"), schema, SCHEMA_KEYS)


def replace_parameter(
    specification: Specification,
    operation: Operation,
    old: Parameter,
    new: Parameter,
    schemas: Mapping[str, Schema] | None = None,
) -> tuple[Edit, ...]:
    """Put a parameter in the place of another, which keeps its description. For this operation alone."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    number = number_of(specification, operation, old)
    if number is None:
        raise Unwritable(f"the parameter {old.name} belongs to all operations of {operation.path}")
    if new.description is None:
        new = replace(new, description=old.description)
    editing.draft.set(path, (*pointer, "parameters", str(number)), parameter_value(new, editing.dialect, editing.name))
    return editing.edits()


def remove_parameter(
    specification: Specification, operation: Operation, parameter: Parameter, for_all: bool = False
) -> tuple[Edit, ...]:
    """Take a parameter out. One that its path declares is taken from all operations of the path, if that is meant."""
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    number = number_of(specification, operation, parameter)
    if number is None:
        pointer = pointer[:-1]
        own_path, place = specification.mapping(parameter.location)
        if not for_all or own_path != path or place[:-1] != (*pointer, "parameters"):
            raise Unwritable(f"the parameter {parameter.name} belongs to all operations of {operation.path}")
        number = int(place[-1])
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
    places = [n for n, item in enumerate(node.elements()) if text_of(item, "in") in ("body", "formData")] if node is not None else []
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


def set_body_required(specification: Specification, operation: Operation, required: bool) -> tuple[Edit, ...]:
    """Say whether a request must have its body; refused where the body is shared."""
    editing = Editing(specification)
    path, pointer = specification.pointer(operation.location)
    place = (*pointer, "requestBody")
    node = editing.draft.node(path, place)
    if node is None or "$ref" in node:
        raise Unwritable("the request body is not written here")
    if required:
        editing.draft.put(path, place, "required", True, ("description", "required"))
    else:
        editing.draft.remove(path, place, "required")
    return editing.edits()


def set_response(
    specification: Specification, operation: Operation, response: Response, schemas: Mapping[str, Schema] | None = None
) -> tuple[Edit, ...]:
    """Add an answer, or make the one of the same status say something else."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    value = editing.response(response)
    listed = (*pointer, "responses")
    here = editing.draft.node(path, listed)
    if here is None:
        editing.draft.put(path, pointer, "responses", {response.status: value}, OPERATION_KEYS)
    elif response.status not in here:
        editing.draft.add(path, listed, response.status, value, status_before(here, response.status))
    else:
        old = here.get(response.status)
        said = text_of(old, "description") if old is not None else None
        if "$ref" not in value and said and response.description is None:
            value["description"] = said
        editing.draft.set(path, (*listed, response.status), value)
    return editing.edits()


def set_content(
    specification: Specification,
    operation: Operation,
    status: str,
    content: tuple[tuple[str, Schema], ...],
    schemas: Mapping[str, Schema] | None = None,
) -> tuple[Edit, ...]:
    """Give an answer another content; its headers and links stay. One that is shared is overridden."""
    editing = Editing(specification, schemas)
    path, pointer = specification.pointer(operation.location)
    place = (*pointer, "responses", status)
    here = editing.draft.node(path, place)
    declared = operation.response(status)
    if here is None or declared is None or editing.dialect is Dialect.SWAGGER_2:
        raise Unwritable(f"the response {status} is not written here")
    value = response_value(replace(declared, content=content), editing.dialect, editing.name)
    if "$ref" in here:
        editing.draft.set(path, place, value)
    elif "content" in value:
        editing.draft.put(path, place, "content", value["content"], ("description", "headers", "content"))
    else:
        editing.draft.remove(path, place, "content")
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
    path, pointer = object_of(specification, owner, wanted.name)
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
    path, pointer = object_of(specification, owner, name)
    place = (*pointer, "properties")
    node = editing.draft.node(path, place)
    if node is None or name not in node:
        raise Unwritable(f"the property {name} is not written here")
    editing.draft.remove(path, place, name)
    _set_required(editing, path, pointer, name, False)
    return editing.edits()


def set_required(specification: Specification, owner: Schema, name: str, required: bool) -> tuple[Edit, ...]:
    editing = Editing(specification)
    path, pointer = object_of(specification, owner, name)
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

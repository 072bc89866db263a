"""The words of an API as the values a specification writes them in, for each dialect of OpenAPI.

The opposite of `json_schema` and `openapi_parts`: what is made here reads back as the same `Schema`, `Parameter`, `Body`
and `Response`. Makes plain values in the usual order of keys; where they go and how they look is `yaml_edit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from lsp_server.api.json_schema import Dialect
from lsp_server.api.model import (
    MISSING,
    Body,
    Constant,
    Operation,
    Parameter,
    Property,
    Response,
    Schema,
    SecurityRequirement,
    SecurityScheme,
)
from lsp_server.unknown import Unknown

Names = Callable[[str], str]
"""From a key of the API's `schemas` to the name under which the specification has it."""

OPERATION_KEYS = ("tags", "summary", "description", "operationId", "deprecated", "security", "consumes", "produces",
                  "parameters", "requestBody", "responses")  # fmt: skip
SCHEMA_KEYS = ("type", "nullable", "x-nullable", "format", "enum", "const", "minimum", "maximum",
               "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems",
               "uniqueItems", "default", "readOnly", "writeOnly", "deprecated", "items", "prefixItems", "required", "properties",
               "additionalProperties", "allOf", "anyOf", "oneOf", "discriminator", "$ref")  # fmt: skip

_PREFIXES = {Dialect.SWAGGER_2: "#/definitions/"}
_BOUNDS = (("minimum", "minimum"), ("maximum", "maximum"), ("multiple_of", "multipleOf"), ("min_length", "minLength"),
           ("max_length", "maxLength"), ("pattern", "pattern"), ("min_items", "minItems"), ("max_items", "maxItems"))  # fmt: skip
_FLAGS = (("unique_items", "uniqueItems"), ("read_only", "readOnly"), ("write_only", "writeOnly"), ("deprecated", "deprecated"))


def reference_value(name: str, dialect: Dialect) -> dict[str, Any]:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return {"$ref": _PREFIXES.get(dialect, "#/components/schemas/") + escaped}


def schema_value(schema: Schema, dialect: Dialect, names: Names) -> dict[str, Any]:
    """A schema; `{}` for one that is not known."""
    if schema.unknown is not None:
        return {}
    if schema.ref is not None:
        return reference_value(names(schema.ref), dialect)
    value: dict[str, Any] = {}
    if schema.title is not None:
        value["title"] = schema.title
    if schema.description is not None:
        value["description"] = schema.description
    _add_type(value, schema, dialect)
    if schema.format is not None:
        value["format"] = schema.format
    _add_enum(value, schema, dialect)
    for name, keyword in _BOUNDS:
        if (bound := getattr(schema, name)) is not None:
            value[keyword] = _number(bound)
    _add_exclusive(value, schema, dialect)
    if schema.default is not MISSING and not isinstance(schema.default, Unknown):
        value["default"] = thawed(schema.default, "object" in schema.types)  # type: ignore[arg-type]
    for name, keyword in _FLAGS:
        if getattr(schema, name):
            value[keyword] = True
    if schema.items is not None:
        value["items"] = schema_value(schema.items, dialect, names)
    elif "array" in schema.types and not schema.prefix_items and dialect < Dialect.OPENAPI_3_1:
        value["items"] = {}
    if schema.prefix_items:
        value["prefixItems"] = [schema_value(item, dialect, names) for item in schema.prefix_items]
    _add_properties(value, schema.properties, dialect, names)
    if schema.additional is not None:
        additional = schema.additional
        value["additionalProperties"] = additional if isinstance(additional, bool) else schema_value(additional, dialect, names)
    _add_choices(value, schema, dialect, names)
    if schema.discriminator is not None:
        named = schema.discriminator
        value["discriminator"] = named if dialect is Dialect.SWAGGER_2 else {"propertyName": named}
    return value


def parameter_value(parameter: Parameter, dialect: Dialect, names: Names) -> dict[str, Any]:
    value: dict[str, Any] = {"name": parameter.name, "in": parameter.where}
    if parameter.required is True:
        value["required"] = True
    if parameter.deprecated and dialect is not Dialect.SWAGGER_2:
        value["deprecated"] = True
    if parameter.description is not None:
        value["description"] = parameter.description
    schema = schema_value(parameter.schema, dialect, names)
    if dialect is Dialect.SWAGGER_2:
        value.update({key: inner for key, inner in schema.items() if key not in value})
        value.setdefault("type", "string")
    else:
        value["schema"] = schema
    return value


def body_value(body: Body, dialect: Dialect, names: Names) -> dict[str, Any]:
    """A `requestBody`; not for Swagger 2.0, where bodies are parameters."""
    value: dict[str, Any] = {"description": body.description} if body.description is not None else {}
    if body.required is True:
        value["required"] = True
    value["content"] = content_value(body.content, dialect, names)
    return value


def swagger_body_values(body: Body, names: Names) -> list[dict[str, Any]]:
    """The parameters that are a body in Swagger 2.0."""
    if not body.content:
        return []
    media_type, schema = body.content[0]
    if media_type.startswith(("multipart/", "application/x-www-form")) and schema.ref is None:
        found = []
        for one in schema.properties:
            value = parameter_value(Parameter(one.name, "formData", one.schema, one.required), Dialect.SWAGGER_2, names)
            if value.get("format") == "binary" and value["type"] == "string":
                value["type"] = "file"
                del value["format"]
            found.append(value)
        return found
    value = {"name": "body", "in": "body"}
    if body.required is True:
        value["required"] = True
    return [{**value, "schema": schema_value(schema, Dialect.SWAGGER_2, names)}]


def content_value(content: tuple[tuple[str, Schema], ...], dialect: Dialect, names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for media_type, schema in content:
        shown = schema_value(schema, dialect, names)
        found[media_type] = {"schema": shown} if shown else {}
    return found


def response_value(response: Response, dialect: Dialect, names: Names) -> dict[str, Any]:
    value: dict[str, Any] = {"description": response.description or _phrase(response.status)}
    if response.headers:
        shape = {"type": "string"} if dialect is Dialect.SWAGGER_2 else {"schema": {"type": "string"}}
        value["headers"] = {name: dict(shape) for name in response.headers}
    if not response.content:
        return value
    if dialect is Dialect.SWAGGER_2:
        value["schema"] = schema_value(response.content[0][1], dialect, names)
    else:
        value["content"] = content_value(response.content, dialect, names)
    return value


def responses_value(responses: tuple[Response, ...], dialect: Dialect, names: Names) -> dict[str, Any]:
    """What is declared; a response of unknown content says only that it exists."""
    declared = [response for response in responses if not response.automatic]
    return {response.status: response_value(response, dialect, names) for response in declared}


def security_value(security: tuple[SecurityRequirement, ...]) -> list[dict[str, list[str]]]:
    return [{name: list(scopes) for name, scopes in alternative.schemes} for alternative in security]


def scheme_value(scheme: SecurityScheme, dialect: Dialect) -> dict[str, Any] | None:
    """A security scheme; None where too little is known. What carries a token of an unknown issuer is a bearer token."""
    if isinstance(scheme.sort, Unknown):
        return None
    if scheme.sort == "apiKey":
        if scheme.where is None or scheme.parameter is None:
            return None
        return {"type": "apiKey", "in": scheme.where, "name": scheme.parameter}
    name = scheme.scheme or "bearer"
    if dialect is Dialect.SWAGGER_2:
        return {"type": "basic"} if name == "basic" else {"type": "apiKey", "in": "header", "name": "Authorization"}
    return {"type": "http", "scheme": name}


def operation_value(
    operation: Operation, dialect: Dialect, names: Names, security: list[dict[str, list[str]]] | None
) -> dict[str, Any]:
    """An operation; what is not known of it is left out. `security` None: as the document says for all."""
    value: dict[str, Any] = {}
    if not isinstance(operation.tags, Unknown) and operation.tags:
        value["tags"] = list(operation.tags)
    for key, text in (("summary", operation.summary), ("description", operation.description)):
        if text is not None:
            value[key] = text
    if isinstance(operation.operation_id, str):
        value["operationId"] = operation.operation_id
    if operation.deprecated is True:
        value["deprecated"] = True
    if security is not None:
        value["security"] = security
    known = () if isinstance(operation.parameters, Unknown) else operation.parameters
    parameters = [parameter_value(one, dialect, names) for one in known]
    responses = () if isinstance(operation.responses, Unknown) else operation.responses
    if isinstance(operation.body, Body):
        if dialect is Dialect.SWAGGER_2:
            parameters += swagger_body_values(operation.body, names)
            value["consumes"] = [media_type for media_type, _ in operation.body.content]
        else:
            value["requestBody"] = body_value(operation.body, dialect, names)
    if dialect is Dialect.SWAGGER_2:
        media_types = [media_type for response in responses for media_type, _ in response.content]
        if media_types:
            value["produces"] = list(dict.fromkeys(media_types))
    if parameters:
        value["parameters"] = parameters
    value["responses"] = responses_value(responses, dialect, names) or {"default": {"description": "Not described."}}
    return {key: value[key] for key in OPERATION_KEYS if key in value}


def thawed(value: Constant, is_object: bool = False) -> Any:
    """A constant as plain data. A tuple of pairs that begin with texts is a mapping."""
    if not isinstance(value, tuple):
        return value
    if (value or is_object) and all(isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in value):
        return {one[0]: thawed(one[1]) for one in value}  # type: ignore[index]
    return [thawed(one) for one in value]


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return "Not described."


def _add_type(value: dict[str, Any], schema: Schema, dialect: Dialect) -> None:
    types = list(schema.types)
    if not types:
        if schema.nullable and dialect < Dialect.OPENAPI_3_1:
            value[_nullable_key(dialect)] = True
        return
    if dialect >= Dialect.OPENAPI_3_1:
        types += ["null"] if schema.nullable else []
        value["type"] = types[0] if len(types) == 1 else types
        return
    if len(types) == 1:
        value["type"] = types[0]
    elif dialect is Dialect.OPENAPI_3_0 and not schema.any_of:
        value["anyOf"] = [{"type": name, **({"items": {}} if name == "array" else {})} for name in types]
    if schema.nullable:
        value[_nullable_key(dialect)] = True


def _nullable_key(dialect: Dialect) -> str:
    return "x-nullable" if dialect is Dialect.SWAGGER_2 else "nullable"


def _add_enum(value: dict[str, Any], schema: Schema, dialect: Dialect) -> None:
    if schema.enum is None:
        return
    members = [thawed(one) for one in schema.enum]
    if schema.nullable and None not in members:
        members.append(None)
    if len(members) == 1 and dialect >= Dialect.OPENAPI_3_1:
        value["const"] = members[0]
    else:
        value["enum"] = members


def _add_exclusive(value: dict[str, Any], schema: Schema, dialect: Dialect) -> None:
    for keyword, plain, bound in (
        ("exclusiveMinimum", "minimum", schema.exclusive_minimum),
        ("exclusiveMaximum", "maximum", schema.exclusive_maximum),
    ):
        if bound is None:
            continue
        if dialect >= Dialect.OPENAPI_3_1:
            value[keyword] = _number(bound)
        else:
            value[plain], value[keyword] = _number(bound), True


def _add_properties(value: dict[str, Any], properties: tuple[Property, ...], dialect: Dialect, names: Names) -> None:
    required = [one.name for one in properties if one.required is True]
    if required:
        value["required"] = required
    if properties:
        value["properties"] = {one.name: schema_value(one.schema, dialect, names) for one in properties}


def _add_choices(value: dict[str, Any], schema: Schema, dialect: Dialect, names: Names) -> None:
    """`allOf`, `anyOf`, `oneOf`; null is one more choice where the dialect has no other word for it."""
    null_said = bool(schema.types) or not schema.nullable or dialect < Dialect.OPENAPI_3_1 or schema.enum is not None
    lists: dict[str, list[dict[str, Any]]] = {}
    for name, keyword in (("all_of", "allOf"), ("any_of", "anyOf"), ("one_of", "oneOf")):
        parts: Mapping[str, Any] | tuple[Schema, ...] = getattr(schema, name)
        if parts and (keyword == "allOf" or dialect is not Dialect.SWAGGER_2):
            lists[keyword] = [schema_value(part, dialect, names) for part in parts]  # type: ignore[arg-type]
    if not null_said:
        if "anyOf" in lists or "oneOf" in lists:
            lists["anyOf" if "anyOf" in lists else "oneOf"].append({"type": "null"})
        elif len(lists.get("allOf", ())) == 1:
            lists["anyOf"] = [*lists.pop("allOf"), {"type": "null"}]
        elif "allOf" in lists:
            lists["anyOf"] = [{"allOf": lists.pop("allOf")}, {"type": "null"}]
    elif schema.nullable and dialect < Dialect.OPENAPI_3_1 and len(schema.any_of) == 1 and not schema.all_of:
        lists["allOf"] = lists.pop("anyOf")
    value.update(lists)

"""What the API's observers see, as the JSON of `--facts routes` and `--facts spec`. Shapes are those of the contract.

Positions become line numbers through the texts that the caller hands in; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lsp_server.api.model import ANY_METHOD, Api, Body, Choice, Dormant, Operation, Parameter, Response, Schema
from lsp_server.api.principal import Aside, place_beside, principal
from lsp_server.text import Location
from lsp_server.unknown import Unknown

LineOf = Callable[[Location], int]
Json = dict[str, Any]


def routes_facts(
    apis: Iterable[Api], line_of: LineOf, root_of: Callable[[str], str] = lambda path: path.rpartition("/")[0],
    asked: Sequence[str] = (),
) -> Json:  # fmt: skip
    """Routes of the applications that the project is there to serve; the others are named under `aside`, with the reason.

    Routes of loose routers, whose full path nobody knows, only where there is no such application. `line_of` gives the
    1-based line of a location's start; for the rest see `principal`.
    """
    everything = tuple(apis)
    loose = [api for api in everything if not api.served and not place_beside(api.source)]
    chosen, aside = principal([api for api in everything if api.served], root_of, asked)
    if loose and all(place_beside(api.source) for api in chosen):
        chosen, aside = loose, [Aside(api, "it is made in a place of tests or examples") for api in chosen]
    answer = _facts(tuple(chosen) or everything, line_of)
    if aside:
        answer["aside"] = [_aside(each, line_of) for each in aside]
    return answer


def _aside(each: Aside, line_of: LineOf) -> Json:
    place = each.api.location
    line = line_of(place) if place is not None else None
    return {"file": each.api.source, "line": line, "routes": len(each.api.operations), "why": each.reason}


def spec_facts(apis: Iterable[Api], line_of: LineOf) -> Json:
    """The operations that specs promise, in the form of routes."""
    return _facts(tuple(apis), line_of)


def _facts(apis: tuple[Api, ...], line_of: LineOf) -> Json:
    """Routes that an undecided condition may leave out are no routes but listed under `maybe`, each with an unknown."""
    routes: list[Json] = []
    schemas: Json = {}
    perhaps: list[Json] = []
    unknowns: list[Json] = []
    for api in apis:
        names = _schema_names(api, schemas)
        for name, schema in api.schemas.items():
            schemas[names[name]] = schema_json(schema, names)
        patterns: set[tuple[str, str]] = set()
        # Where most routes hang on a condition it is the application that does: its routes are there if it is.
        in_doubt = 2 * sum(operation.maybe is not None for operation in api.operations) > len(api.operations)
        for operation in api.operations:
            place = operation.location
            if isinstance(operation.maybe, Dormant):
                left_out = f"`{operation.method} {operation.path}`, which is only there under other settings than the default ones"
                unknowns.append(_unknown(Unknown(left_out, operation.location), line_of))
                continue
            if operation.pattern is not None:
                if (operation.method, operation.pattern) in patterns:
                    continue  # Another reading of the same declaration.
                patterns.add((operation.method, operation.pattern))
            route = _route(operation, names, line_of)
            if not api.served:
                route["path"] = None
                unknowns.append(_unknown(Unknown(f"under which prefix `{operation.path}` is served", operation.location), line_of))
            if operation.maybe is not None and not in_doubt:
                perhaps.append(route)
                unknowns.append(_unknown(Unknown(f"whether `{operation.method} {operation.path}` exists: {operation.maybe.what}", place), line_of))
            else:
                routes.append(route)
        unknowns.extend(_unknown(unknown, line_of) for unknown in api.unknowns)
    answer: Json = {"routes": routes, "schemas": schemas, "unknowns": unknowns}
    return {**answer, "maybe": perhaps} if perhaps else answer


def _schema_names(api: Api, taken: Mapping[str, object]) -> dict[str, str]:
    """Names for an Api's schemas that no Api before it used."""
    names = {}
    for name in api.schemas:
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}~{count}"
        names[name] = unique
    return names


def _route(operation: Operation, names: Mapping[str, str], line_of: LineOf) -> Json:
    place = operation.view or operation.declaration or operation.location
    route: Json = {
        "method": None if operation.method == ANY_METHOD else operation.method,
        "path": operation.path if operation.pattern is None else operation.pattern, "operation_id": known(operation.operation_id),
        "handler": operation.handler, "file": place.path, "line": line_of(place),
        "parameters": None if isinstance(operation.parameters, Unknown) else [_parameter(item, names) for item in operation.parameters],
    }  # fmt: skip
    if isinstance(operation.operation_id, Choice):
        # It is one of these; where one of the methods is GET, its id stands for them.
        route["operation_ids"] = list(operation.operation_id.values)
        route["operation_id"] = next((each for each in operation.operation_id.values if each.lower().endswith("get")), None)
    if isinstance(operation.body, Unknown):
        route["request"] = None
    elif operation.body is not None:
        route["request"] = _content(operation.body.content, names)
    if isinstance(operation.responses, Unknown):
        route["responses"] = None
    else:
        declared = [response for response in operation.responses if not response.automatic]
        route["responses"] = {response.status: _response(response, names) for response in declared}
    if isinstance(operation.security, Unknown):
        route["security"] = None
    else:
        route["security"] = [{name: list(scopes) for name, scopes in entry.schemes} for entry in operation.security]
    route["tags"] = None if isinstance(operation.tags, Unknown) else list(operation.tags)
    route["deprecated"] = known(operation.deprecated)
    if operation.maybe is not None:
        route["maybe"] = operation.maybe.what
    if operation.runtime:
        route["origin"] = dict.fromkeys(operation.runtime, "runtime")
    if not operation.documented:
        route["documented"] = False
    return route


def _parameter(parameter: Parameter, names: Mapping[str, str]) -> Json:
    return {"name": parameter.name, "in": parameter.where, "required": known(parameter.required), "schema": schema_json(parameter.schema, names)}


def _response(response: Response, names: Mapping[str, str]) -> Json | None:
    if response.unknown is not None:
        return None
    return _content(response.content, names)


def _content(content: tuple[tuple[str, Schema], ...], names: Mapping[str, str]) -> Json | None:
    """One schema for all media types: the JSON one where there is one, else what there is."""
    body = Body(content)
    chosen = body.schema() or next((schema for _, schema in content), None)
    return {} if chosen is None else schema_json(chosen, names)


def _unknown(unknown: Unknown, line_of: LineOf) -> Json:
    place = unknown.location
    return {"file": place.path if place else None, "line": line_of(place) if place else None, "what": unknown.what}


def known(value: object) -> object:
    return None if isinstance(value, Unknown) else value


_BOUNDS = (
    ("minimum", "minimum"), ("maximum", "maximum"), ("exclusive_minimum", "exclusiveMinimum"),
    ("exclusive_maximum", "exclusiveMaximum"), ("multiple_of", "multipleOf"), ("min_length", "minLength"),
    ("max_length", "maxLength"), ("pattern", "pattern"), ("min_items", "minItems"), ("max_items", "maxItems"),
)  # fmt: skip


def schema_json(schema: Schema, names: Mapping[str, str]) -> Json | None:
    """A schema as OpenAPI 3.1 writes it; None where it is not known."""
    if schema.unknown is not None or (names and schema.ref is not None and schema.ref not in names):
        return None
    if schema.ref is not None:
        return {"$ref": f"#/schemas/{names.get(schema.ref, schema.ref)}"}
    result: Json = {}
    types = [*schema.types, *(["null"] if schema.nullable and schema.types else [])]
    if types:
        result["type"] = types[0] if len(types) == 1 else types
    if schema.format is not None:
        result["format"] = schema.format
    if schema.enum is not None:
        result["enum"] = list(schema.enum)
    if schema.properties:
        result["properties"] = {entry.name: schema_json(entry.schema, names) for entry in schema.properties}
        required = [entry.name for entry in schema.properties if entry.required is True]
        if required:
            result["required"] = required
    if isinstance(schema.additional, Schema):
        result["additionalProperties"] = schema_json(schema.additional, names)
    elif schema.additional is not None:
        result["additionalProperties"] = schema.additional
    if schema.items is not None:
        result["items"] = schema_json(schema.items, names)
    if schema.prefix_items:
        result["prefixItems"] = [schema_json(item, names) for item in schema.prefix_items]
    for word, parts in (("allOf", schema.all_of), ("anyOf", schema.any_of), ("oneOf", schema.one_of)):
        if parts:
            result[word] = [schema_json(part, names) for part in parts]
    if schema.nullable and not schema.types and not schema.enum:
        word = "oneOf" if schema.one_of else "anyOf"
        result[word] = [*result.get(word, []), {"type": "null"}]
    for field, word in _BOUNDS:
        value = getattr(schema, field)
        if value is not None:
            result[word] = value
    if schema.unique_items:
        result["uniqueItems"] = True
    return result


__all__ = ["routes_facts", "schema_json", "spec_facts"]

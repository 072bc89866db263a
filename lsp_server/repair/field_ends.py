"""What a difference inside a schema is about at one end: the schema at that place, and the property and object it belongs to.

A difference names places and a dotted path; here they become the schemas of one Api again, found from the bodies of the
operation that the difference speaks of. Changes nothing and takes no side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.api.compare_shapes import unwrap
from lsp_server.api.model import Api, Body, Operation, Property, Schema
from lsp_server.text import Location
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class End:
    """`schema` is what a difference is about; `property` the one it is the value of, `owner` the object that declares that."""

    schema: Schema
    property: Property | None = None
    owner: Schema | None = None


def end_at(api: Api, operation: Operation, name: str, place: Location | None) -> End | None:
    """The end of a difference with this name ("address.city", "items[]", a status) at a place."""
    step = name.rsplit(".", 1)[-1]
    bare = re.match(r"[^\[\]{}]*", step)[0] if name else ""  # type: ignore[index]
    entries = step[len(bare) :]
    found: End | None = None
    for schema in reachable(api, operation):
        for each in schema.properties:
            if each.location == place and each.name == bare:
                inner = _inside(api, each.schema, entries)
                return End(inner, each if not entries else None, schema) if inner is not None else None
        if found is None and schema.location == place and schema.ref is None:
            found = End(schema)
    return found


def object_at(api: Api, operation: Operation, place: Location | None) -> Schema | None:
    """The object schema at a place, behind references and what only decorates it."""
    for schema in reachable(api, operation):
        if schema.location == place:
            return bare_object(api, schema)
    return None


def bare_object(api: Api, schema: Schema) -> Schema:
    for _ in range(20):
        inner = unwrap(schema)
        if inner.ref is None or inner.ref not in api.schemas:
            return inner
        schema = api.schemas[inner.ref]
    return schema


def bodies(operation: Operation) -> Iterator[Schema]:
    """The schemas of all that an operation takes and answers."""
    if isinstance(operation.body, Body):
        yield from (schema for _, schema in operation.body.content)
    if not isinstance(operation.responses, Unknown):
        yield from (schema for response in operation.responses for _, schema in response.content)


def reachable(api: Api, operation: Operation) -> Iterator[Schema]:
    """Every schema in an operation's bodies, outer ones first, references followed."""
    waiting = list(bodies(operation))
    seen: set[int] = set()
    for schema in waiting:  # grows while it is walked
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        waiting.extend(each.schema for each in schema.properties)
        waiting.extend((*schema.all_of, *schema.any_of, *schema.one_of, *schema.prefix_items))
        waiting.extend(each for each in (schema.items, schema.additional) if isinstance(each, Schema))
        if schema.ref is not None and schema.ref in api.schemas:
            waiting.append(api.schemas[schema.ref])


def _inside(api: Api, schema: Schema, entries: str) -> Schema | None:
    """The schema of the entries of a list ("[]") or a map ("{}")."""
    for mark in re.findall(r"\[\]|\{\}", entries):
        outer = bare_object(api, schema)
        inner = outer.items if mark == "[]" else outer.additional
        if not isinstance(inner, Schema):
            return None
        schema = inner
    return schema

"""Which named schema of a spec stands for which one of the code: those that meet in an operation both ends have.

With it, what is written into the spec refers to the schemas that are there, whatever the code calls them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from lsp_server.api.compare_schemas import Meeting, SchemaComparison
from lsp_server.api.compare_shapes import Shapes, unwrap
from lsp_server.api.compare_values import Direction
from lsp_server.api.model import MISSING, Body, Operation, Parameter, Property, Response, Schema
from lsp_server.api.pair import route_key, spec_key
from lsp_server.snapshot.api import Contract
from lsp_server.unknown import Unknown


class SpecNames:
    """The code's named schemas under the names of the spec."""

    def __init__(self, contract: Contract) -> None:
        promised, implemented = contract.promised, contract.implemented
        met: dict[str, set[str]] = {}
        for meeting in _meetings(contract):
            met.setdefault(meeting.right, set()).add(meeting.left)
        self._names = {right: next(iter(lefts)) for right, lefts in met.items() if len(lefts) == 1}
        taken = set(self._names.values())
        for key in implemented.schemas:
            if key not in self._names and key in taken:  # another schema of the spec has this one's name
                number = 2
                while f"{key}{number}" in promised.schemas or f"{key}{number}" in implemented.schemas:
                    number += 1
                self._names[key] = f"{key}{number}"
        self.schemas: Mapping[str, Schema] = {
            self._names.get(key, key): self.schema(schema) for key, schema in implemented.schemas.items()
        }
        """The code's schemas by those names; what the spec has already is never written again."""

    def schema(self, schema: Schema) -> Schema:
        if schema.ref is not None:
            return replace(schema, ref=self._names.get(schema.ref, schema.ref))
        changed: dict[str, Any] = {}
        for each in fields(schema):
            value = getattr(schema, each.name)
            if each.name == "default" and value is None:
                changed["default"] = MISSING  # how code says that a value may be left out
            elif isinstance(value, Schema):
                changed[each.name] = self.schema(value)
            elif each.name == "properties":
                changed[each.name] = tuple(self.property(one) for one in value)
            elif isinstance(value, tuple) and value and isinstance(value[0], Schema):
                changed[each.name] = tuple(self.schema(one) for one in value)
        return replace(schema, **changed) if changed else schema

    def property(self, one: Property) -> Property:
        return replace(one, schema=self.schema(one.schema))

    def parameter(self, parameter: Parameter) -> Parameter:
        """No parameter carries null: code says with it that one may be left out."""
        schema = self.schema(parameter.schema)
        inner = unwrap(schema)
        return replace(parameter, schema=inner if inner.ref is not None else replace(schema, nullable=False))

    def body(self, body: Body) -> Body:
        return replace(body, content=self._content(body.content))

    def response(self, response: Response) -> Response:
        return replace(response, content=self._content(response.content))

    def operation(self, operation: Operation) -> Operation:
        parameters, body, responses = operation.parameters, operation.body, operation.responses
        return replace(
            operation,
            parameters=parameters if isinstance(parameters, Unknown) else tuple(self.parameter(one) for one in parameters),
            body=self.body(body) if isinstance(body, Body) else body,
            responses=responses if isinstance(responses, Unknown) else tuple(self.response(one) for one in responses),
        )

    def _content(self, content: tuple[tuple[str, Schema], ...]) -> tuple[tuple[str, Schema], ...]:
        return tuple((media_type, self.schema(schema)) for media_type, schema in content)


def partners(contract: Contract) -> Iterator[tuple[Operation, Operation]]:
    """The operations of a spec with the routes behind them."""
    routes: dict[tuple[str, str], Operation] = {}
    for route in contract.implemented.operations:
        routes.setdefault(route_key(route), route)
    for operation in contract.promised.operations:
        found = routes.get(spec_key(operation, contract.pairing))
        if found is not None:
            yield operation, found


def _meetings(contract: Contract) -> Iterator[Meeting]:
    comparison = SchemaComparison(Shapes(contract.promised), Shapes(contract.implemented))
    found: dict[Meeting, None] = {}
    for operation, route in partners(contract):
        for left, right, direction in _met(operation, route):
            found.update(dict.fromkeys(comparison.compare(left, right, direction).meetings))
    waiting = list(found)
    for meeting in waiting:  # grows while it is walked
        for inner in comparison.meet(meeting).meetings:
            if inner not in found:
                found[inner] = None
                waiting.append(inner)
    return iter(waiting)


def _met(operation: Operation, route: Operation) -> Iterator[tuple[Schema, Schema, Direction]]:
    if isinstance(operation.body, Body) and isinstance(route.body, Body):
        for media_type, left in operation.body.content:
            right = route.body.schema(media_type)
            if right is not None:
                yield left, right, Direction.REQUEST
    if isinstance(operation.responses, Unknown) or isinstance(route.responses, Unknown):
        return
    for response in operation.responses:
        other = route.response(response.status)
        for media_type, left in response.content:
            right = other.schema(media_type) if other is not None and not other.automatic else None
            if right is not None:
                yield left, right, Direction.RESPONSE
    if isinstance(operation.parameters, Unknown):
        return
    for parameter in operation.parameters:
        found = route.parameter(parameter.where, parameter.name)
        if found is not None:
            yield parameter.schema, found.schema, Direction.REQUEST

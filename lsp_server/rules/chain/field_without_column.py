"""A response model names a field that the table behind it does not have.

## What it does

Looks at routes whose handler is annotated with a mapped class (`-> Author`) and answers through a Pydantic model that reads
attributes (`response_model=AuthorRead`). Reports each field of the model that is no attribute of the mapped class: no
column, relationship, property or method of it or of its bases.

Models with validators that run before the fields are read, and classes whose bases are not all known, are left alone.

## Why it matters

A required field without an attribute fails on the first answer. One with a default is worse: every answer holds the
default, and nobody notices that the value was never stored.

## How to fix

Add the column to the mapped class (and generate its migration), fill the field in the handler, or take it out of the model.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.api.model import Api, Operation, Property
from lsp_server.database.model import Table
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.python.values import ClassValue, External, FunctionValue, Specialized, Value
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown

_FIELD = re.compile(r"(\w+)\s*:")
_LISTS = ("builtins.list", "typing.List", "typing.Sequence", "collections.abc.Sequence", "typing.Iterable")
_BEFORE = re.compile(r"root_validator|model_validator|field_validator|validator|BeforeValidator|model_serializer")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    tables = {table.origin: table for database in snapshot.mapped for table in database.tables if table.origin}
    seen: set[tuple[str, str]] = set()
    for api in snapshot.implemented:
        for operation in api.operations:
            returned = _returned(snapshot, operation)
            table = tables.get(_dotted(snapshot, returned)) if returned is not None else None
            if returned is None or table is None or not _is_readable(returned):
                continue
            for field, name in _fields(snapshot, api, operation):
                if returned.find(name) is None and not any(name in cls.annotations for cls in returned.lineage()):
                    key = (str(field.location), table.full_name)
                    if key not in seen:
                        seen.add(key)
                        yield _finding(operation, returned, table, field, name)


def _finding(operation: Operation, returned: ClassValue, table: Table, field: Property, name: str) -> Finding:
    assert field.location is not None
    where = f"{operation.method} {operation.path}"
    return Finding(
        RULE.name,
        field.location,
        f"`{name}` is read from `{returned.name}` ({where}), but the table `{table.full_name}` has no such column",
        ("field", returned.qualname, name),
        (Related(returned.name_location, "the mapped class"),),
        RULE.severity,
    )


def _returned(snapshot: Snapshot, operation: Operation) -> ClassValue | None:
    """The class of the objects that a handler says it returns."""
    place = operation.handler_location
    if place is None or place.path not in snapshot.documents:
        return None
    functions = snapshot.interpreter.run(place.path).functions
    function = next((each for each in functions if each.name_location == place), None)
    if not isinstance(function, FunctionValue) or function.returns is None:
        return None
    return _class_in(snapshot.interpreter.annotation(function.returns))


def _class_in(value: Value) -> ClassValue | None:
    if isinstance(value, ClassValue):
        return value
    if isinstance(value, Specialized) and isinstance(value.origin, External):
        if value.origin.name in _LISTS and value.arguments:
            return _class_in(value.arguments[0])
        if value.origin.name == "typing.Union":
            parts = [part for part in value.arguments if part is not None]
            return _class_in(parts[0]) if len(parts) == 1 else None
    return None


def _dotted(snapshot: Snapshot, cls: ClassValue) -> str:
    return f"{snapshot.program.module_name(cls.path)}.{cls.qualname}"


def _is_readable(cls: ClassValue) -> bool:
    return not cls.unknown_bases() and cls.find("__getattr__") is None


def _fields(snapshot: Snapshot, api: Api, operation: Operation) -> Iterator[tuple[Property, str]]:
    """The successful answer's fields with their names in Python; nothing where a validator may fill them."""
    if isinstance(operation.responses, Unknown):
        return
    response = next((each for each in operation.responses if each.status.startswith("2")), None)
    schema = response.schema() if response is not None else None
    if schema is None:
        return
    shape = api.resolve(schema)
    if shape.items is not None:
        shape = api.resolve(shape.items)
    if shape.unknown is not None or any(_is_filled(snapshot, field) for field in shape.properties):
        return
    for field in shape.properties:
        if field.location is None or field.location.path not in snapshot.documents:
            continue
        source = snapshot.documents[field.location.path].text[slice(*field.location.span)]
        match = _FIELD.match(source)
        if match is not None and match[1] == field.name and "alias" not in source:
            yield field, match[1]  # A field with an alias is read from another attribute.


def _is_filled(snapshot: Snapshot, field: Property) -> bool:
    """Whether the class that declares a field has validators: they may make what the table lacks."""
    if field.location is None or field.location.path not in snapshot.documents:
        return True
    for cls in snapshot.interpreter.run(field.location.path).classes:
        if cls.location.span.covers(field.location.span):
            source = snapshot.documents[cls.path].text[slice(*cls.location.span)]
            return _BEFORE.search(source) is not None
    return True


RULE = Rule(
    name="field-without-column",
    area="chain",
    severity=Severity.ERROR,
    summary="A response model names a field that the table behind it lacks.",
    mirror="none: a column that no answer shows is often meant to be hidden",
    check=check,
)

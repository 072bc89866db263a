"""What the running application says about itself, put where its text left something open.

The text leads: only what is Unknown in an application is taken from the document that the application produced, each part
marked with its origin and placed at the route. A route that the text does not show is added only to an application that was
not seen whole. How the document was obtained is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from lsp_server.api.model import Api, Operation
from lsp_server.api.openapi import read_specification
from lsp_server.document import Document
from lsp_server.text import Location
from lsp_server.tree.repair import read as read_tree
from lsp_server.unknown import Unknown

T = TypeVar("T")

SUFFIX = " at run time"  # of the names of schemas that the running application brings
_PARTS = ("parameters", "body", "responses", "security", "operation_id", "tags", "deprecated")


def read_document(text: str) -> Api:
    """The Api of a document that an application produced, as JSON text; its schemas are named apart from those of the code."""
    document = Document("openapi.json", text)
    return read_specification(document, read_tree(document.text, document.kind, None), lambda path: None)


def renamed(document: Any) -> Any:
    """The document with its schemas under names of their own, so that they stand beside those that the code has."""
    components = document.get("components") if isinstance(document, dict) else None
    changed = _pointing(document)
    if isinstance(components, dict) and isinstance(components.get("schemas"), dict):
        changed["components"]["schemas"] = {f"{name}{SUFFIX}": _pointing(schema) for name, schema in components["schemas"].items()}
    return changed


def _pointing(value: Any) -> Any:
    """The value with every pointer to a schema leading to its new name: references, and the mappings of discriminators."""
    if isinstance(value, dict):
        return {key: _pointing(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_pointing(part) for part in value]
    return f"{value}{SUFFIX}" if isinstance(value, str) and value.startswith("#/components/schemas/") else value


def fill(applications: Iterable[Api], documents: Iterable[Api]) -> tuple[Api, ...]:
    """The applications, each with what the document that shares most of its operations knows better."""
    produced = list(documents)
    return tuple(_filled(api, produced) for api in applications) if produced else tuple(applications)


def _filled(api: Api, produced: list[Api]) -> Api:
    keys = {operation.key for operation in api.operations if operation.documented}
    shared = {id(each): len(keys & {operation.key for operation in each.operations}) for each in produced}
    best = max(produced, key=lambda each: shared[id(each)], default=None)
    if best is None or not api.served or 2 * shared[id(best)] < len(keys) or not best.operations:
        return api
    said = {operation.key: operation for operation in best.operations}
    operations = tuple(_told(operation, said.pop(operation.key, None)) for operation in api.operations)
    place = api.location
    if api.incomplete is None or place is None:
        return replace(api, operations=operations, schemas={**api.schemas, **_schemas(best, api)})
    added = tuple(replace(_placed(each, place), runtime=("presence",)) for each in said.values())
    return replace(api, operations=(*operations, *added), schemas={**api.schemas, **_schemas(best, api)}, incomplete=None)


def _told(operation: Operation, said: Operation | None) -> Operation:
    """An operation with its unknown parts as the running application has them."""
    if said is None:
        return operation
    known: dict[str, Any] = {}
    for part in _PARTS:
        mine, theirs = getattr(operation, part), getattr(said, part)
        open_ = isinstance(mine, Unknown) or (part == "responses" and any(each.unknown is not None for each in mine))
        if open_ and not isinstance(theirs, Unknown):
            known[part] = _placed(theirs, operation.location)
    if operation.maybe is not None:
        known["maybe"] = None
    return replace(operation, **known, runtime=tuple(known)) if known else operation


def _schemas(document: Api, api: Api) -> Mapping[str, Any]:
    place = api.location
    return {name: _placed(schema, place) for name, schema in document.schemas.items()} if place is not None else document.schemas


def _placed(value: T, place: Location) -> T:
    """A value of the model with every location in it exchanged: nobody can look at the document it came from."""
    if isinstance(value, Location):
        return place  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(_placed(part, place) for part in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        parts = {entry.name: getattr(value, entry.name) for entry in fields(value) if entry.init}
        changed = {name: new for name, part in parts.items() if (new := _placed(part, place)) is not part}
        return replace(value, **changed) if changed else value
    return value

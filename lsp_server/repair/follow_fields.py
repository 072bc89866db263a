"""The code follows the spec in the fields of its models: added, removed, narrowed, made required or nullable.

Only the statement that declares the field is edited. Everything else that it says (a description, a column's options) stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from lsp_server.api.model import Body, Property, Schema
from lsp_server.api.type_source import identifier, literal
from lsp_server.document import Document
from lsp_server.python.edit import add_argument, add_field, remove_argument, remove_statement, set_argument
from lsp_server.python.lower import Node
from lsp_server.repair.follow_parameters import BOUNDS
from lsp_server.repair.work import Work, class_around
from lsp_server.text import Edit, Span


def add(work: Work) -> bool:
    """A promised field at the end of the model that lacks it."""
    place, wanted = work.first.implemented, work.first.left
    if place is None or not isinstance(wanted, Property):
        return False
    body = work.body(place.path)
    cls = class_around(body, place) if body is not None else None
    if cls is None or any(_is_field(node, identifier(wanted.name)) for node in cls[8]):
        return False
    document = work.snapshot.documents[place.path]
    line = work.speller(document).writer.field(wanted.name, wanted.schema, wanted.required is True)
    if line is None:
        return False
    work.edits.append(add_field(document, cls, line))
    return True


def remove(work: Work) -> bool:
    """A field that nobody promised out of its model, where the model keeps another."""
    found = _found(work)
    if found is None:
        return False
    document, cls, node = found
    if len(cls[8]) < 2:
        work.edits.append(Edit(document.path, Span(node[1], node[2]), "pass"))
    else:
        work.edits.append(remove_statement(document, node))
    return True


def change(work: Work) -> bool:
    """Each aspect is changed where it stands in the field's statement."""
    found = _found(work)
    wanted = _promised(work)
    if found is None or wanted is None:
        return False
    document, _, node = found
    aspects = {each.aspect: each for each in work.differences}
    bounds = {aspect: each for aspect, each in aspects.items() if aspect in BOUNDS}
    if aspects.keys() & {"type", "format", "enum", "nullable", "required"} and not _retype(work, document, node, wanted, aspects.keys()):
        return False
    field = node[5] if node[5] is not None and node[5][0] == "call" else None
    never_null = "nullable" in aspects and not work.catalogue.promised.of(wanted.schema).nullable
    restate = bool(aspects.keys() & {"default", "required"}) or (never_null and _default_is_none(node))
    if never_null:
        wanted = Property(wanted.name, wanted.schema, True)  # a default of null would be the null that nobody expects
    arguments = [(BOUNDS[aspect], None if each.left is None else literal(each.left)) for aspect, each in bounds.items()]  # type: ignore[arg-type]
    if field is not None:
        return _in_call(work, document, field, wanted, arguments, restate)
    return _plain(work, document, node, wanted, arguments, restate)


def _retype(work: Work, document: Document, node: Node, wanted: Property, aspects: Collection[str]) -> bool:
    """A new annotation. It allows null where that is what the drift is about, else where the old one did."""
    writer = work.speller(document).writer
    nullable = work.catalogue.promised.of(wanted.schema).nullable
    if "required" in aspects:
        nullable = nullable or (wanted.required is not True and writer.default(wanted.schema) in (None, "None"))
    elif "nullable" not in aspects:
        nullable = bool({"None", "Optional"} & set(re.findall(r"\w+", document.text[node[4][1] : node[4][2]])))
    kind = writer.annotation(wanted.schema, nullable=nullable)
    if kind is None or _says_more(node[4]):
        return False
    work.edits.append(Edit(document.path, Span(node[4][1], node[4][2]), kind))
    return True


def _default_is_none(node: Node) -> bool:
    value = node[5]
    if value is not None and value[0] == "call":
        value = value[4][0] if value[4] else next((each for name, each, _, _ in value[5] if name == "default"), None)
    return bool(value is not None and value[0] == "const" and value[3] is None)


def _says_more(annotation: Node) -> bool:
    return annotation[0] == "subscript" and annotation[3][0] in ("name", "attr") and annotation[3][-1] == "Annotated"


def _stated(work: Work, wanted: Property, document: Document) -> str | None:
    """The default the field should have; None where it must be given."""
    default = work.speller(document).writer.default(wanted.schema)
    return default if default is not None else None if wanted.required is True else "None"


def _in_call(work: Work, document: Document, field: Node, wanted: Property, arguments: list[tuple[str, str | None]], restate: bool) -> bool:
    """In a `Field(…)` call."""
    added: list[str] = []
    if restate:
        stated = _stated(work, wanted, document)
        if any(keyword[0] == "default_factory" for keyword in field[5]):
            return False
        if stated is None:
            if field[4]:
                work.edits.append(Edit(document.path, Span(field[4][0][1], field[4][0][2]), "..."))
            elif (edit := remove_argument(document, field, "default")) is not None:
                work.edits.append(edit)
        elif field[4]:
            work.edits.append(Edit(document.path, Span(field[4][0][1], field[4][0][2]), stated))
        elif any(keyword[0] == "default" for keyword in field[5]):
            work.edits.append(set_argument(document, field, "default", stated))
        else:
            added.append(f"default={stated}")
    for name, value in arguments:
        if any(keyword[0] == name for keyword in field[5]):
            edit = remove_argument(document, field, name) if value is None else set_argument(document, field, name, value)
            work.edits.extend((edit,) if edit is not None else ())
        elif value is not None:
            added.append(f"{name}={value}")
    if added:
        work.edits.append(add_argument(document, field, ", ".join(added)))
    return bool(work.edits)


def _plain(work: Work, document: Document, node: Node, wanted: Property, arguments: list[tuple[str, str | None]], restate: bool) -> bool:
    """In `name: type` and `name: type = default`."""
    end = node[4][2]
    current = document.text[node[5][1] : node[5][2]] if node[5] is not None else None
    stated = _stated(work, wanted, document) if restate else current
    given = [f"{name}={value}" for name, value in arguments if value is not None]
    if given:
        field = work.names(document).external("pydantic", "Field")
        first = [f"default={stated}"] if stated is not None else []
        text = f" = {field}({', '.join([*first, *given])})"
    else:
        text = f" = {stated}" if stated is not None else ""
    if stated != current or given:
        work.edits.append(Edit(document.path, Span(end, node[5][2] if node[5] is not None else end), text))
    return bool(work.edits)


def _found(work: Work) -> tuple[Document, Node, Node] | None:
    """The document, the class and the statement of the field."""
    place = work.first.implemented
    body = work.body(place.path) if place is not None else None
    cls = class_around(body, place) if body is not None and place is not None else None
    if cls is None or place is None:
        return None
    node = next((each for each in cls[8] if each[0] == "annassign" and each[1] <= place.span.start < each[2]), None)
    return (work.snapshot.documents[place.path], cls, node) if node is not None else None


def _promised(work: Work) -> Property | None:
    """The spec's property that a contradiction is about, found along the difference's path."""
    shapes = work.catalogue.promised
    for schema in _roots(work):
        current: Schema | None = schema
        prop: Property | None = None
        for step in work.first.name.replace("[]", "\0[]").replace("{}", "\0{}").replace("\0", ".").split("."):
            shape = shapes.of(current) if current is not None else None
            if shape is None:
                break
            if step == "[]":
                current = shape.items
            elif step == "{}":
                current = shape.additional if isinstance(shape.additional, Schema) else None
            else:
                prop = shape.properties.get(step)
                current = prop.schema if prop is not None else None
                if prop is None:
                    break
        else:
            if prop is not None:
                return prop
    return None


def _roots(work: Work) -> list[Schema]:
    first = work.first
    schemas = work.contract.promised.schemas
    if first.path[0] == "schema":
        return [schema for name, schema in schemas.items() if name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] == first.path[1]]
    operation = first.operation
    if operation is None:
        return []
    if first.path[3:4] == ("request",):
        body = operation.body
        return [schema for _, schema in body.content] if isinstance(body, Body) else []
    response = operation.response(first.path[4]) if len(first.path) > 4 else None
    return [schema for _, schema in response.content] if response is not None else []


def _is_field(node: Node, name: str) -> bool:
    return bool(node[0] == "annassign" and node[3][0] == "name" and node[3][3] == name)

"""The code follows the spec in what a route reads: parameters added, narrowed, renamed on the outside.

A parameter keeps its Python name, so that the body that reads it stays as it is.
"""

from __future__ import annotations

import re

from lsp_server.api.model import Parameter, path_parameters
from lsp_server.api.type_source import literal
from lsp_server.document import Document
from lsp_server.python.edit import add_argument, add_parameter, remove_argument, set_argument
from lsp_server.python.judge import members
from lsp_server.python.lower import Node
from lsp_server.python.values import EnumMember
from lsp_server.repair.models import home_of_models
from lsp_server.repair.names import Names
from lsp_server.repair.signature import SignatureWriter
from lsp_server.repair.work import Work, function_with
from lsp_server.text import Edit, Location, Span

_MARKERS = ("Query", "Path", "Header", "Cookie", "Form", "Body", "Field")
BOUNDS = {
    "minimum": "ge", "maximum": "le", "exclusive_minimum": "gt", "exclusive_maximum": "lt", "multiple_of": "multiple_of",
    "min_length": "min_length", "max_length": "max_length", "min_items": "min_length", "max_items": "max_length",
}  # fmt: skip


def add(work: Work) -> bool:
    """A promised parameter into the handler's signature."""
    route, wanted = work.route, work.first.left
    if route is None or not isinstance(wanted, Parameter):
        return False
    written = _writer(work, route.document).parameter(wanted)
    if written is None or any(part.name == written[0] for part in route.parts):
        return False
    keyword_only = any(part.node[1] == "keyword" for part in route.parts)
    late = written[1].late or keyword_only
    work.edits.append(add_parameter(route.document, route.node, written[1].source, after_defaults=late))
    return True


def change(work: Work) -> bool:
    """Bounds and defaults are changed where they stand; anything else writes the parameter anew."""
    found = _found(work)
    if found is None:
        return False
    document, node, wanted = found
    marker = _marker(node)
    if all(each.aspect in BOUNDS for each in work.differences) and marker is not None:
        for each in work.differences:
            name = BOUNDS[each.aspect]
            edit = remove_argument(document, marker, name) if each.left is None else set_argument(document, marker, name, literal(each.left))  # type: ignore[arg-type]
            if edit is None:
                return False
            work.edits.append(edit)
        return True
    if all(each.aspect in BOUNDS for each in work.differences) and node[2] is not None:
        return _with_bounds(work, document, node, wanted)
    if any(each.aspect == "in" for each in work.differences):
        return False
    if [each.aspect for each in work.differences] == ["default"] and (default := _default_node(node)) is not None:
        work.edits.append(Edit(document.path, Span(default[1], default[2]), _default_source(work, document, default)))
        return True
    written = _writer(work, document).parameter(wanted)
    if written is None:
        return False
    if marker is not None and any(keyword[0] not in (*BOUNDS.values(), "pattern", "alias", "default") for keyword in marker[5]):
        return False  # it says more than we would write again
    source = written[1].source
    if node[3] is not None and marker is None and not {"type", "format", "default", "required"} & {each.aspect for each in work.differences}:
        source = f"{source.rpartition(' = ')[0] if written[1].late else source} = {document.text[node[3][1] : node[3][2]]}"
    if written[0] != node[0]:
        if "alias=" not in source and not (marker is not None and any(keyword[0] == "alias" for keyword in marker[5])):
            return False
        source = re.sub(rf"^{re.escape(written[0])}\b", node[0], source)
        if "alias=" not in source:
            source = _with_alias(source, wanted, work.names(document))
    end = node[3][2] if node[3] is not None else node[5]
    if (node[3] is None) and written[1].late and _followed(work, document, node):
        return False  # a default before parameters that have none
    work.edits.append(Edit(document.path, Span(node[4], end), source))
    return True


def _with_bounds(work: Work, document: Document, node: Node, wanted: Parameter) -> bool:
    """Bounds for a parameter that has no `Query(…)` yet; its type and its default stay."""
    writer = _writer(work, document)
    arguments = [f"{BOUNDS[each.aspect]}={literal(each.left)}" for each in work.differences if each.left is not None]  # type: ignore[arg-type]
    if not arguments or (node[3] is not None and node[3][0] == "call"):
        return False
    marker = work.names(document).external("fastapi", wanted.where.capitalize())
    kind = document.text[node[2][1] : node[2][2]]
    if writer.annotated:
        annotated = work.names(document).external("typing", "Annotated")
        work.edits.append(Edit(document.path, Span(node[2][1], node[2][2]), f"{annotated}[{kind}, {marker}({', '.join(arguments)})]"))
    elif node[3] is not None:
        default = document.text[node[3][1] : node[3][2]]
        work.edits.append(Edit(document.path, Span(node[3][1], node[3][2]), f"{marker}({', '.join([default, *arguments])})"))
    else:
        return False
    return True


def _default_node(parameter: Node) -> Node | None:
    """The default's own expression: `= 20`, or the first argument of `= Query(20)`."""
    default: Node | None = parameter[3]
    if default is None or default[0] != "call":
        return default
    marker = _marker(parameter)
    if marker is not default or marker is None:
        return None
    stated: Node | None = marker[4][0] if marker[4] else next((value for name, value, _, _ in marker[5] if name == "default"), None)
    return stated


def _default_source(work: Work, document: Document, default: Node) -> str:
    """The spec's default as the code spells such values: a member where the old one is a member."""
    wanted = work.first.left
    old = work.project.interpreter.evaluate(default, work.project.interpreter.run(document.path).scope)
    if isinstance(old, EnumMember) and default[0] == "attr":
        member = next((each for each in members(old.cls) if each.value == wanted), None)
        if member is not None:
            return f"{document.text[default[3][1] : default[3][2]]}.{member.name}"
    return literal(wanted)  # type: ignore[arg-type]


def _with_alias(source: str, wanted: Parameter, names: Names) -> str:
    name, _, rest = source.partition(": ")
    kind, equals, default = rest.partition(" = ")
    where = names.external("fastapi", wanted.where.capitalize())
    if kind.startswith("Annotated["):
        return f"{name}: {kind[:-2]}, alias={literal(wanted.name)})]{equals}{default}"
    return f"{name}: {names.external('typing', 'Annotated')}[{kind}, {where}(alias={literal(wanted.name)})]{equals}{default}"


def rename(work: Work) -> bool:
    """The path gets the spec's names; the handler's parameters keep theirs and read the new ones by alias."""
    route, spec, code = work.route, work.first.left, work.first.right
    if route is None or not isinstance(spec, tuple) or not isinstance(code, tuple):
        return False
    given = route.decorator[4][0] if route.decorator[4] else None
    if given is None or given[0] != "const":
        return False
    text = route.text(given)
    own = path_parameters(route.own_path)
    for old, new in zip(code, spec):
        if old == new:
            continue
        if old not in own or not isinstance(new, str) or not isinstance(old, str):
            return False
        part = next((each for each in route.parts if each.name == old and each.dependency is None), None)
        if part is None or part.node[2] is None:
            return False
        text = re.sub(rf"\{{{re.escape(old)}(?=[:}}])", "{" + new, text)
        marker = _marker(part.node)
        names = work.names(route.document)
        if marker is not None:
            work.edits.append(add_argument(route.document, marker, f"alias={literal(new)}"))
        elif part.node[3] is None:
            kind = route.text(part.node[2])
            path = names.external("fastapi", "Path")
            wrapped = f"{names.external('typing', 'Annotated')}[{kind}, {path}(alias={literal(new)})]"
            work.edits.append(Edit(route.path, Span(part.node[2][1], part.node[2][2]), wrapped))
        else:
            return False
    work.edits.append(Edit(route.path, Span(given[1], given[2]), text))
    return True


def add_body(work: Work) -> bool:
    """A promised request body as a parameter with its model."""
    route, operation = work.route, work.first.operation
    if route is None or operation is None:
        return False
    signature = _writer(work, route.document).write(operation)
    written = signature.own.get("\nbody") if signature is not None else None
    if written is None or signature is None or any(part.name == signature.body for part in route.parts):
        return False
    work.edits.append(add_parameter(route.document, route.node, written.source, after_defaults=written.late))
    return True


def _found(work: Work) -> tuple[Document, Node, Parameter] | None:
    place, operation = work.first.implemented, work.first.operation
    body = work.body(place.path) if place is not None else None
    found = function_with(body, place) if body is not None and place is not None else None
    wanted = operation.parameter(work.first.path[-2], work.first.path[-1]) if operation is not None else None
    if found is None or wanted is None or place is None:
        return None
    return work.snapshot.documents[place.path], found[1], wanted


def _followed(work: Work, document: Document, node: Node) -> bool:
    """Whether a parameter without a default comes behind."""
    body = work.body(document.path) or ()
    found = function_with(body, Location(document.path, Span(node[4], node[5])))
    return found is not None and any(each[4] > node[4] and each[3] is None and each[1] in ("normal", "positional") for each in found[0][5])


def _marker(parameter: Node) -> Node | None:
    """The `Query(…)` of a parameter, in its default or in `Annotated`."""
    stack = [node for node in (parameter[3], parameter[2]) if node is not None]
    while stack:
        node = stack.pop()
        if node[0] == "call" and node[3][0] in ("name", "attr"):
            name = node[3][3] if node[3][0] == "name" else node[3][4]
            return node if name in _MARKERS else None
        if node[0] == "subscript":
            index = node[4]
            stack.extend(reversed(index[3]) if index[0] == "tuple" else [index])
    return None


def _writer(work: Work, document: Document) -> SignatureWriter:
    siblings = sorted(work.project.siblings, key=lambda each: each.path != document.path)
    home = home_of_models(work.project, siblings)
    return SignatureWriter(work.catalogue, work.names(document), work.speller(document, home).writer, siblings, {})


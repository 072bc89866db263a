"""The code follows the spec in what a route says of itself: status, operation id, deprecation, declared errors, credentials."""

from __future__ import annotations

from lsp_server.api.model import Response
from lsp_server.api.type_source import quoted
from lsp_server.python.edit import add_parameter, remove_argument, set_argument
from lsp_server.repair.decorator import DecoratorWriter, credentials
from lsp_server.repair.place import Place, shared_steps
from lsp_server.repair.siblings import Sibling
from lsp_server.repair.work import Work
from lsp_server.text import Edit, Span


def operation_id(work: Work) -> bool:
    """Each function says whether it found what to edit."""
    route, wanted = work.route, work.first.left
    if route is None or not isinstance(wanted, str):
        return False
    work.edits.append(set_argument(route.document, route.decorator, "operation_id", quoted(wanted)))
    return True


def deprecation(work: Work) -> bool:
    route = work.route
    if route is None:
        return False
    if work.first.left is True:
        work.edits.append(set_argument(route.document, route.decorator, "deprecated", "True"))
        return True
    edit = remove_argument(route.document, route.decorator, "deprecated")
    work.edits.extend((edit,) if edit is not None else ())
    return edit is not None  # else the router marks all its routes


def status(work: Work) -> bool:
    route, wanted = work.route, work.first.left
    if route is None or not isinstance(wanted, str) or not wanted.isdigit():
        return False
    work.edits.append(set_argument(route.document, route.decorator, "status_code", _writer(work, route).status(wanted)))
    return True


def declare_answer(work: Work) -> bool:
    """A promised error into `responses=`: by the neighbours' constant for it, else written out."""
    route, wanted = work.route, work.first.left
    if route is None or not isinstance(wanted, Response) or work.first.operation is None:
        return False
    writer = _writer(work, route)
    entry = next((f"**{source}" for source, statuses in writer.constants({wanted.status}) if statuses == {wanted.status}), None)
    entry = entry or writer.entry(wanted)
    if entry is None:
        return False
    stated = route.argument("responses")
    if stated is None:
        text = entry.removeprefix("**") if entry.startswith("**") else f"{{{entry}}}"
        work.edits.append(set_argument(route.document, route.decorator, "responses", text))
    elif stated[0] in ("name", "attr"):
        work.edits.append(Edit(route.path, Span(stated[1], stated[2]), f"{{**{route.text(stated)}, {entry}}}"))
    elif stated[0] == "dict" and stated[4]:
        last = stated[4][-1][2]
        work.edits.append(Edit(route.path, Span(last, last), f", {entry}"))
    else:
        return False
    return True


def ask_for_credentials(work: Work) -> bool:
    """What the most similar of the protected routes asks for."""
    route, operation = work.route, work.first.operation
    if route is None or operation is None:
        return False
    names = work.names(route.document)
    others = [each for each in work.project.siblings if each is not route]
    others.sort(key=lambda each: (each.path != route.path, -shared_steps(route.operation.path, each.operation.path)))
    found = credentials(work.project, operation, names, others, ())
    if found is None:
        return False
    if found.dependencies is not None:
        stated = route.argument("dependencies")
        if stated is not None:
            if stated[0] != "list" or not stated[3]:
                return False
            end = stated[3][-1][2]
            work.edits.append(Edit(route.path, Span(end, end), f", {found.dependencies.strip()[1:-1].strip().rstrip(',')}"))
        else:
            work.edits.append(set_argument(route.document, route.decorator, "dependencies", found.dependencies))
        return True
    if found.part is None or any(part.name == found.part.name for part in route.parts):
        return False
    late = found.part.node[3] is not None
    work.edits.append(add_parameter(route.document, route.node, found.part.source, after_defaults=late))
    return True


def _writer(work: Work, route: Sibling) -> DecoratorWriter:
    near = sorted(work.project.siblings, key=lambda each: each.path != route.path)
    place = Place(route.path, route.router, route.prefix, route.own_path, (route,))
    return DecoratorWriter(work.catalogue, work.names(route.document), work.speller(route.document).writer, place, near)

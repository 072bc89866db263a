"""A module of its own for an operation no router has anything to do with, included where its neighbours are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_server.api.fastapi_routing import Options
from lsp_server.api.model import Operation
from lsp_server.api.type_source import identifier, quoted
from lsp_server.document import Document
from lsp_server.python.edit import indent_of, insert_line
from lsp_server.python.lower import Node
from lsp_server.python.values import Instance
from lsp_server.repair.names import Names, snake_case
from lsp_server.repair.place import Place, below, holds, shared_steps, steps
from lsp_server.repair.siblings import Project, Sibling
from lsp_server.text import Edit
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One `include_router(…)` statement and what it includes. `base` is what comes before the router's own prefix."""

    document: Document
    statement: Node
    receiver: str
    argument: Node
    states_prefix: bool
    base: str
    sibling: Sibling


@dataclass(frozen=True, slots=True)
class NewRouter:
    """`head` is the module's text before the first route; `edits` include it."""

    place: Place
    head: str
    edits: tuple[Edit, ...]


def new_router(project: Project, operation: Operation, path: str) -> NewRouter | None:
    """None where the project does not include routers in a way that can be followed."""
    found = [each for each in _inclusions(project) if holds(each.base, path)]
    if not found:
        return None
    best = max(found, key=lambda each: (shared_steps(path, each.sibling.operation.path), each.statement[1]))
    rest = [step for step in steps(below(best.base, path)) if step != "{}"]
    if not rest:
        return None
    folder = best.sibling.path.rpartition("/")[0]
    name = identifier(snake_case(rest[0]))
    file = f"{folder}/{name}.py" if folder else f"{name}.py"
    if file in project.snapshot.documents:
        return None
    prefix = "/" + below(best.base, path).lstrip("/").partition("/")[0]
    given = [f"prefix={quoted(prefix)}"]
    if not isinstance(operation.tags, Unknown) and operation.tags:
        given.append(f"tags=[{', '.join(quoted(tag) for tag in operation.tags)}]")
    elsewhere = best.states_prefix
    head = f"router = APIRouter({'' if elsewhere else ', '.join(given)})"
    names = Names(project.interpreter, best.document, project.snapshot.module(best.document.path).body)
    module = project.interpreter.program.module_name(file)
    if best.argument[0] == "attr":
        names.workspace(module.rpartition(".")[0], name)
        included = f"{name}.{best.argument[4]}"
        head = head.replace("router =", f"{best.argument[4]} =", 1)
    else:
        names.workspace(module, f"router as {name}_router")
        included = f"{name}_router"
    call = f"{best.receiver}.include_router({', '.join([included, *(given if elsewhere else [])])})"
    last = [each for each in found if each.document.path == best.document.path and each.receiver == best.receiver][-1]
    line = insert_line(best.document, last.statement, indent_of(best.document.text, last.statement[1]) + call)
    router = best.argument[4] if best.argument[0] == "attr" else "router"
    place = Place(file, router, best.base + prefix, below(best.base + prefix, path))
    return NewRouter(place, head, (*names.edits(), line))


def _inclusions(project: Project) -> Iterator[Inclusion]:
    routers = {each.operation.router: each for each in project.siblings}
    for path, execution in sorted(project.interpreter.executions.items()):
        document = project.snapshot.document(path)
        if document is None or "include_router" not in document.text:
            continue
        for statement in _statements(project.snapshot.module(path).body):
            if statement[0] != "expr" or statement[3][0] != "call" or statement[3][3][0] != "attr" or statement[3][3][4] != "include_router":
                continue
            call = statement[3]
            argument = call[4][0] if call[4] else None
            if argument is None or argument[0] not in ("name", "attr"):
                continue
            value = project.interpreter.evaluate(argument, execution.scope)
            sibling = routers.get(value.location) if isinstance(value, Instance) else None
            if sibling is None or not isinstance(value, Instance):
                continue
            prefix = next((keyword[1] for keyword in call[5] if keyword[0] == "prefix"), None)
            parts = [project.interpreter.evaluate(prefix, execution.scope) if prefix is not None else "", Options.of(value.arguments).get("prefix") or ""]
            if not all(isinstance(part, str) for part in parts) or not sibling.prefix.endswith("".join(parts)):
                continue
            receiver = call[3][3]
            base = sibling.prefix[: len(sibling.prefix) - len("".join(parts))]
            yield Inclusion(document, statement, document.text[receiver[1] : receiver[2]], argument, prefix is not None, base, sibling)


def _statements(body: Sequence[Node]) -> Iterator[Node]:
    for node in body:
        yield node
        if node[0] == "def":
            yield from _statements(node[8])

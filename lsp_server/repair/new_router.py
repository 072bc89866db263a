"""A module of its own for an operation no router has anything to do with, included where its neighbours are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_server.api.model import Operation
from lsp_server.api.routing import Options
from lsp_server.api.type_source import identifier, quoted
from lsp_server.document import Document
from lsp_server.python.edit import indent_of, insert_line
from lsp_server.python.lower import Node
from lsp_server.python.values import Instance
from lsp_server.repair.names import Names, snake_case
from lsp_server.repair.place import Place, below, holds, shared_steps, stem_of, steps
from lsp_server.repair.siblings import Project, Sibling
from lsp_server.text import Edit
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One `include_router(…)` statement and what it includes. `base` is what comes before the resource's own part.

    `names_resource`: who says `/books`: "router" (its own prefix), "inclusion" (the prefix given here) or "paths".
    """

    document: Document
    call: Node
    statement: Node
    argument: Node
    names_resource: str
    base: str
    sibling: Sibling

    def text(self, node: Node) -> str:
        return self.document.text[node[1] : node[2]]

    @property
    def receiver(self) -> str:
        return self.text(self.call[3][3])


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
    depth = max(len(steps(best.base)), stem_of(path, [each.path for each in project.contract.implemented.operations]))
    before, words = len(steps(best.base)), [step for step in path.split("/") if step]
    if depth >= len(words) or any("{" in word for word in words[before : depth + 1]):
        return None
    resource = "/".join(words[before : depth + 1])
    name = identifier(snake_case(words[depth]))
    folder = best.sibling.path.rpartition("/")[0]
    file = f"{folder}/{name}.py" if folder else f"{name}.py"
    if file in project.snapshot.documents:
        return None
    prefix = "" if best.names_resource == "paths" else f"/{resource}"
    router = str(best.argument[4]) if best.argument[0] == "attr" else "router"
    tags = [] if isinstance(operation.tags, Unknown) or not operation.tags else [f"tags=[{', '.join(map(quoted, operation.tags))}]"]
    tags_here = any(keyword[0] == "tags" for keyword in best.call[5])
    own = [f"prefix={quoted(prefix)}"] if best.names_resource == "router" else []
    head = f"{router} = APIRouter({', '.join([*own, *([] if tags_here else tags)])})"
    names = Names(project.interpreter, best.document, project.snapshot.module(best.document.path).body)
    call = f"{best.receiver}.include_router({', '.join([_imported(names, file, name, best), *_given(best, prefix, tags if tags_here else [])])})"
    last = [each for each in found if each.document.path == best.document.path and each.receiver == best.receiver][-1]
    line = insert_line(best.document, last.statement, indent_of(best.document.text, last.statement[1]) + call)
    place = Place(file, router, best.base + prefix, below(best.base + prefix, path), tagged=bool(tags))
    return NewRouter(place, head, (*names.edits(), line))


def _imported(names: Names, file: str, name: str, like: Inclusion) -> str:
    """The new router as the including file calls it: `payments.router`, or `payments_router`."""
    module = names.module_of(file)
    if like.argument[0] == "attr":
        return f"{names.workspace(module.rpartition('.')[0], name)}.{like.argument[4]}"
    return names.workspace(module, f"router as {name}_router")


def _given(like: Inclusion, prefix: str, tags: list[str]) -> list[str]:
    """The other arguments of the inclusion, as a neighbour's are."""
    found = []
    for name, _, start, end in like.call[5]:
        if name == "prefix":
            found.append(f"prefix={quoted(prefix)}" if like.names_resource == "inclusion" else like.document.text[start:end])
        elif name == "tags":
            found.extend(tags)
        elif name != "router":
            found.append(like.document.text[start:end])  # dependencies, responses: what protects the neighbours
    return found


def _inclusions(project: Project) -> Iterator[Inclusion]:
    routers = {each.operation.router: each for each in project.siblings}
    for path, execution in sorted(project.interpreter.executions.items()):
        document = project.snapshot.document(path)
        if document is None or "include_router" not in document.text:
            continue
        for statement in _statements(project.snapshot.module(path).body):
            call = statement[3]
            if statement[0] != "expr" or call[0] != "call" or call[3][0] != "attr" or call[3][4] != "include_router":
                continue
            argument = call[4][0] if call[4] else None
            if argument is None or argument[0] not in ("name", "attr"):
                continue
            value = project.interpreter.evaluate(argument, execution.scope)
            sibling = routers.get(value.location) if isinstance(value, Instance) else None
            if sibling is None or not isinstance(value, Instance):
                continue
            stated = next((keyword[1] for keyword in call[5] if keyword[0] == "prefix"), None)
            here = project.interpreter.evaluate(stated, execution.scope) if stated is not None else ""
            own = Options.of(value.arguments).get("prefix") or ""
            if not isinstance(here, str) or not isinstance(own, str) or not sibling.prefix.endswith(here + own):
                continue
            base = sibling.prefix[: len(sibling.prefix) - len(here + own)]
            sort = "router" if own else "inclusion" if here else "paths"
            yield Inclusion(document, call, statement, argument, sort, base + (here if own else ""), sibling)


def _statements(body: Sequence[Node]) -> Iterator[Node]:
    for node in body:
        yield node
        if node[0] == "def":
            yield from _statements(node[8])

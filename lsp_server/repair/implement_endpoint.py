"""*Implement GET /users/{id}*: an operation of a spec as a route in the project's own style, with models and a test.

Joins what the spec promises with the routes and tables the project has. What the new handler does is written only where it
is evident (`rows.py`); else it says that it is not implemented. Existing code stays as it is, imports aside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.api.compare_values import Direction as Way
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import Operation
from lsp_server.api.pair import code_path
from lsp_server.api.scaffold import RouteDraft
from lsp_server.api.type_source import quoted
from lsp_server.document import Document
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.python.edit import indent_of
from lsp_server.python.lower import Node
from lsp_server.python.values import Instance
from lsp_server.repair.decorator import (
    Credentials,
    DecoratorWriter,
    answers_with_model,
    credentials,
    function_name,
)
from lsp_server.repair.drift import WRITTEN
from lsp_server.repair.endpoint_test import test_file
from lsp_server.repair.models import Catalogue, NewModels, RouteSpeller, home_of_models, success_of
from lsp_server.repair.names import Names
from lsp_server.repair.new_router import NewRouter, new_router
from lsp_server.repair.place import Place, below, find_place, holds, neighbour, renamed_parameters, shared_steps
from lsp_server.repair.row_bodies import write_body
from lsp_server.repair.rows import Body, Request, find_rows, own_account
from lsp_server.repair.siblings import Part, Project, Sibling
from lsp_server.repair.signature import Signature, SignatureWriter
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.api import Contract
from lsp_server.text import Change, Edit, Span, newline_of
from lsp_server.unknown import Unknown

_WIDTH = 88


def implement_endpoint(difference: Difference, preferred: bool) -> Fix | None:
    """The repair for a promised operation without a route."""
    operation = difference.operation
    if difference.kind is not Kind.MISSING or difference.element is not Element.OPERATION or operation is None:
        return None
    source, subject = operation.location.path, operation.subject

    def build(snapshot: Snapshot) -> Change | None:
        for contract in snapshot.contracts:
            for each in contract.differences:
                if each.element is not Element.OPERATION or each.kind is not Kind.MISSING or each.operation is None:
                    continue
                if (each.operation.location.path, each.operation.subject) == (source, subject):
                    return implement(snapshot, contract, each.operation)
        return None

    title = f"Implement {operation.method} {operation.path}"
    return Fix(title, "implement-endpoint", build, Applicability.SAFE, Direction.CODE, preferred)


def implement(snapshot: Snapshot, contract: Contract, operation: Operation) -> Change | None:
    """The change that implements one operation; None where the project's routes cannot be followed."""
    if contract.implemented.version not in WRITTEN or operation.method not in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        return None
    project = Project(snapshot, contract)
    path = code_path(operation, contract.pairing)
    made: NewRouter | None = None
    place = find_place(operation, path, project.siblings, [each.path for each in contract.implemented.operations])
    if place is None:
        made = new_router(project, operation, path)
        place = made.place if made is not None else _anywhere(project, path)
    return _Work(project, operation, path, place, made).change() if place is not None else None


def _anywhere(project: Project, path: str) -> Place | None:
    """The application itself: through its routes, or by the name it is bound to."""
    fitting = [each for each in project.siblings if holds(each.prefix, path)]
    if fitting:
        least = min(fitting, key=lambda each: len(each.prefix))
        same = [each for each in fitting if (each.path, each.router, each.prefix) == (least.path, least.router, least.prefix)]
        return Place(least.path, least.router, least.prefix, below(least.prefix, path), tuple(same))
    location = project.contract.implemented.location
    if location is None:
        return None
    for name, value in project.interpreter.run(location.path).scope.names.items():
        if isinstance(value, Instance) and value.location == location:
            return Place(location.path, name, "", path)
    return None


@dataclass(slots=True)
class _Work:
    """One operation's implementation in the making."""

    project: Project
    operation: Operation
    path: str
    place: Place
    made: NewRouter | None

    def change(self) -> Change | None:
        snapshot = self.project.snapshot
        document = snapshot.document(self.place.path) or Document(self.place.path, "")
        body = snapshot.module(self.place.path).body if self.place.path in snapshot.documents else ()
        if self.place.path in snapshot.documents and snapshot.module(self.place.path).problems:
            return None
        names = Names(self.project.interpreter, document, body)
        catalogue = Catalogue(self.project)
        near = self._nearest()
        home = home_of_models(self.project, [each for each in near if each.path == self.place.path]) or home_of_models(self.project, near)
        model_names = names
        if home is not None and home != self.place.path and home in snapshot.documents:
            model_names = Names(self.project.interpreter, snapshot.documents[home], snapshot.module(home).body)
        asked = NewModels(catalogue, model_names, Way.REQUEST, self.operation)
        answered = NewModels(catalogue, model_names, Way.RESPONSE, self.operation, asked.written)
        route = self._route(names, catalogue, near, asked, answered)
        if route is None:
            return None
        return self._change(names, model_names, asked.written, *route, catalogue)

    def _nearest(self) -> list[Sibling]:
        """All siblings, those on the same router and with the longest common path first."""
        own = {id(each) for each in self.place.siblings}
        return sorted(self.project.siblings, key=lambda each: (id(each) not in own, -shared_steps(self.path, each.operation.path)))

    def _route(
        self, names: Names, catalogue: Catalogue, near: Sequence[Sibling], asked: NewModels, answered: NewModels
    ) -> tuple[str, str, str | None] | None:
        """Source and name of the handler, and what its test may read ("row", "rows")."""
        security = credentials(self.project, self.operation, names, near, self.place.siblings)
        if security is None:
            return None  # a route without the promised protection would be worse than none
        function = function_name(self.operation, near, names.bound)
        types = RouteSpeller(names, asked).writer
        writer = SignatureWriter(catalogue, names, types, near, renamed_parameters(self.place.prefix, self.path))
        signature = writer.write(self.operation)
        decorator = DecoratorWriter(catalogue, names, RouteSpeller(names, answered).writer, self.place, near)
        if signature is None:
            return None
        body = self._body(names, catalogue, signature, security)
        models = not (body is not None and body.answers) and (answers_with_model(catalogue, self.place.siblings if len(self.place.siblings) > 1 else near) or (body is not None and body.returns is not None))
        arguments = decorator.arguments(self.operation, function, security, models)
        if arguments is None:
            return None
        returns = self._returns(names, decorator, near, body, models)
        label = f"{self.operation.method} {self.operation.path} ({function}) is not implemented yet"
        lines = tuple(body.lines) if body is not None else (f"raise NotImplementedError({quoted(label)})",)
        style = self.place.siblings or tuple(near)
        draft = RouteDraft(
            f"{self.place.router}.{self.operation.method.lower()}", tuple(arguments), function,
            tuple(self._parameters(names, signature, security, body)), returns, self._docstring(), lines,
            _mostly(style, lambda each: each.is_async), _mostly(_documented(style), lambda each: _docstring(each).startswith(("\n", "\r"))),
            self._width(names),
        )  # fmt: skip
        reads = None
        if body is not None and self.operation.method == "GET" and security == Credentials() and not _needs_values(self.operation):
            reads = "row" if self.operation.path.rstrip("/").endswith("}") else "rows"
        return draft.source, function, reads

    def _body(self, names: Names, catalogue: Catalogue, signature: Signature, security: Credentials) -> Body | None:
        user = security.part
        rows = find_rows(self.project, self.operation, self.place, user)
        undo = names.trial()
        body = own_account(names, catalogue, self.operation, user)
        if body is None and rows is not None:
            body = write_body(self.project, catalogue, names, Request(self.operation, self.place, signature.body, signature.values), rows)
        if body is None or (rows is not None and rows.is_async and not _mostly(self.place.siblings or self.project.siblings, lambda each: each.is_async)):
            undo()
            return None
        for part in body.parts:
            owner = next(each for each in self.project.siblings if any(part is own for own in each.parts))
            names.carry((part.node[2], part.node[3]), part.source, owner.path)
        return body

    def _parameters(self, names: Names, signature: Signature, security: Credentials, body: Body | None) -> list[str]:
        """Dependencies and the request's parameters, in the order the neighbours have them; defaults last."""
        asked: dict[str, Part] = {}
        for part in (*(body.parts if body is not None else ()), *((security.part,) if security.part is not None else ()), *signature.parts):
            asked.setdefault(part.name, part)
        own = [written for name, written in signature.own.items() if body is None or name != body.replaced]
        ordered = sorted(asked.values(), key=lambda part: (part.session is None, not part.secures))
        first = [part.source for part in ordered if part.node[3] is None]
        early = [each.source for each in own if not each.late]
        leads = _mostly([each for each in self.place.siblings or self.project.siblings if len(each.parts) > 1],
                        lambda each: each.parts[0].dependency is not None)  # fmt: skip
        head = first + early if leads else early + first
        return [*head, *(each.source for each in own if each.late), *(part.source for part in ordered if part.node[3] is not None)]

    def _returns(self, names: Names, decorator: DecoratorWriter, near: Sequence[Sibling], body: Body | None, models: bool) -> str | None:
        style = self.place.siblings or tuple(near)
        annotated = [each for each in style if each.node[6] is not None]
        answer = decorator.answer(self.operation)
        if not models and answer:
            return answer
        if not annotated and style:
            return None
        success = success_of(self.operation)
        described = self.operation.response(success[0]) if success is not None else None
        if not answer and (described is None or not described.content):
            return "None"
        if body is not None and body.returns is not None and not _mostly(annotated, lambda each: each.text(each.node[6]) in ("Any", "typing.Any")):
            return body.returns
        return names.external("typing", "Any")

    def _docstring(self) -> str | None:
        return self.operation.summary or (self.operation.description or "").partition("\n\n")[0] or None

    def _width(self, names: Names) -> int:
        longest = max((len(line) for line in names.document.text.splitlines()), default=0)
        return min(max(_WIDTH, longest), 120)

    # The change

    def _change(
        self, names: Names, model_names: Names, models: dict[str, str], source: str, function: str, reads: str | None, catalogue: Catalogue
    ) -> Change:
        edits: list[Edit] = []
        new_files: dict[str, str] = {}
        classes = "\n\n\n".join(models.values())
        if model_names is not names and classes:
            edits.extend(_appended(model_names.document, classes))
            edits.extend(model_names.edits())
            classes = ""
        if self.made is not None:
            names.external("fastapi", "APIRouter")
            parts = [names.block(), self.made.head]
            new_files[self.place.path] = "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join(part for part in (classes, source) if part) + "\n"
            edits.extend(self.made.edits)
        else:
            edits.append(self._inserted(names.document, names.body, classes, source))
            edits.extend(names.edits())
        test = test_file(self.project, catalogue, self.operation, self.place, self.path, function, reads)
        if test is not None:
            new_files[test[0]] = test[1]
        snapshot = self.project.snapshot
        bases = {edit.path: snapshot.documents.digest(edit.path) for edit in edits}
        return Change(f"Implement {self.operation.method} {self.operation.path}", tuple(edits), new_files, bases)

    def _inserted(self, document: Document, body: Sequence[Node], classes: str, source: str) -> Edit:
        text, newline = document.text, newline_of(document.text)
        if not self.place.siblings:
            end = len(text.rstrip())
            return Edit(document.path, Span(end, len(text)), newline * 3 + _joined(classes, source, "", newline) + newline)
        sibling, before = neighbour(self.place, self.operation.method)
        indent = indent_of(text, sibling.node[1])
        gap = newline * (2 if indent else 3)
        code = _joined(classes, source, indent, newline)
        if before:
            start = _above_comments(text, sibling.node[1])
            return Edit(document.path, Span(start, start), code + gap)
        end = sibling.node[2]
        line_end = len(text) if (found := text.find("\n", end)) < 0 else found
        line_end -= text[line_end - 1 : line_end] == "\r"
        return Edit(document.path, Span(line_end, line_end), gap + code + ("" if line_end < len(text) else newline))


def _joined(classes: str, source: str, indent: str, newline: str) -> str:
    lines = "\n\n\n".join(part for part in (classes, source) if part).split("\n")
    return newline.join(f"{indent}{line}" if line else "" for line in lines)


def _appended(document: Document, source: str) -> list[Edit]:
    text, newline = document.text, newline_of(document.text)
    end = len(text.rstrip())
    return [Edit(document.path, Span(end, len(text)), newline * 3 + source.replace("\n", newline) + newline)]


def _above_comments(text: str, start: int) -> int:
    """The beginning of a declaration's first line, comments directly above included."""
    start = text.rfind("\n", 0, start) + 1
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _mostly(siblings: Sequence[Sibling], holds_for: Callable[[Sibling], bool]) -> bool:
    counted = Counter(bool(holds_for(each)) for each in siblings)
    return counted[True] > counted[False]


def _docstring(sibling: Sibling) -> str:
    first = sibling.node[8][0] if sibling.node[8] else None
    stated = first is not None and first[0] == "expr" and first[3][0] == "const" and isinstance(first[3][3], str)
    return str(first[3][3]) if stated and first is not None else ""


def _documented(siblings: Sequence[Sibling]) -> list[Sibling]:
    return [each for each in siblings if _docstring(each)]


def _needs_values(operation: Operation) -> bool:
    return not isinstance(operation.parameters, Unknown) and any(each.where != "path" and each.required is True for each in operation.parameters)

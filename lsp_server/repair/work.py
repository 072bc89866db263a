"""What every repair of a drift needs: the project, the route with its source, the names of the file that is edited."""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element
from lsp_server.document import Document
from lsp_server.python.lower import Node
from lsp_server.repair.models import Catalogue, NewModels, RouteSpeller
from lsp_server.repair.names import Names
from lsp_server.repair.siblings import Project, Sibling
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.api import Contract
from lsp_server.text import Change, Edit, Location, Span, newline_of


@dataclass(slots=True)
class Work:
    """One drift's repair in the making. Edits may go to several files; each has its own names."""

    snapshot: Snapshot
    contract: Contract
    differences: tuple[Difference, ...]
    edits: list[Edit] = field(default_factory=list)
    _project: Project | None = None
    _catalogue: Catalogue | None = None
    _names: dict[str, Names] = field(default_factory=dict)
    _models: NewModels | None = None

    @property
    def first(self) -> Difference:
        return self.differences[0]

    @property
    def project(self) -> Project:
        if self._project is None:
            self._project = Project(self.snapshot, self.contract)
        return self._project

    @property
    def catalogue(self) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = Catalogue(self.project)
        return self._catalogue

    @property
    def route(self) -> Sibling | None:
        """The route the drift is about, where a decorator declares it."""
        wanted = self.first.route.location if self.first.route is not None else None
        return next((each for each in self.project.siblings if each.operation.location == wanted), None)

    def body(self, path: str) -> tuple[Node, ...] | None:
        """A file's statements; None for a file that is broken or is not there."""
        if path not in self.snapshot.documents or self.snapshot.module(path).problems:
            return None
        return self.snapshot.module(path).body

    def names(self, document: Document) -> Names:
        if document.path not in self._names:
            self._names[document.path] = Names(self.project.interpreter, document, self.body(document.path) or ())
        return self._names[document.path]

    def speller(self, document: Document, home: str | None = None) -> RouteSpeller:
        """Types for one file; new classes go to the file of `home`, by default the same."""
        names = self.names(document)
        answered = self.first.element is Element.RESPONSE_FIELD
        target = self.snapshot.documents[home] if home is not None else document
        operation = self.first.operation or self.first.route
        assert operation is not None  # every difference speaks of an operation
        self._models = NewModels(self.catalogue, self.names(target), Direction.RESPONSE if answered else Direction.REQUEST, operation)
        return RouteSpeller(names, self._models)

    def change(self, label: str) -> Change | None:
        """All edits with the new classes and the imports they need."""
        if not self.edits:
            return None
        edits = list(self.edits)
        if self._models is not None and self._models.written:
            place = self._place_of_models(self._models)
            if place is None:
                return None
            edits.append(place)
        for names in self._names.values():
            edits.extend(names.edits())
        return Change(label, tuple(edits), {}, {edit.path: self.snapshot.documents.digest(edit.path) for edit in edits})


    def _place_of_models(self, models: NewModels) -> Edit | None:
        """New classes at the end of the file of models; in the route's own file above the function that needs them."""
        document, route = models.names.document, self.route
        newline = newline_of(document.text)
        source = "\n\n\n".join(models.written.values()).replace("\n", newline)
        if route is not None and route.path == document.path:
            start = document.text.rfind("\n", 0, route.node[1]) + 1
            if start != route.node[1]:
                return None  # a route inside a function
            return Edit(document.path, Span(start, start), source + newline * 3)
        if any(edit.path == document.path for edit in self.edits):
            return None  # a class of this file would need one that comes later
        end = len(document.text.rstrip())
        return Edit(document.path, Span(end, len(document.text)), newline * 3 + source + newline)


def function_with(body: tuple[Node, ...], place: Location) -> tuple[Node, Node] | None:
    """The innermost function that has a parameter at a place, and the parameter."""
    stack, found = list(body), None
    while stack:
        node = stack.pop()
        if node[0] in ("def", "class"):
            if node[0] == "def":
                parameter = next((each for each in node[5] if each[4] == place.span.start), None)
                found = (node, parameter) if parameter is not None else found
            if node[1] <= place.span.start < node[2]:
                stack.extend(node[8])
        elif node[0] in ("if", "for"):
            stack.extend((*node[-2], *node[-1]))
        elif node[0] == "with":
            stack.extend(node[-1])
        elif node[0] == "try":
            stack.extend((*node[3], *node[5], *node[6]))
    return found


def class_around(body: tuple[Node, ...], place: Location) -> Node | None:
    """The innermost class whose declaration covers a place."""
    found = None
    stack = list(body)
    while stack:
        node = stack.pop()
        if node[0] == "class" and node[1] <= place.span.start < node[2]:
            found = node
            stack.extend(node[8])
        elif node[0] == "def" and node[1] <= place.span.start < node[2]:
            stack.extend(node[8])
        elif node[0] in ("if", "for"):
            stack.extend((*node[-2], *node[-1]))
    return found

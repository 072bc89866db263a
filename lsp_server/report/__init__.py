"""Reports as text for people and programs: one file per format, each `render(report, context) -> str`."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.document import Document, Documents
from lsp_server.text import Location, Position

FORMATS = ("text", "json", "sarif", "github")


@dataclass(frozen=True, slots=True)
class Context:
    """What a report needs besides the findings: the texts for line numbers, and how it will be shown."""

    documents: Documents
    root: str = "."
    color: bool = False
    quiet: bool = False
    statistics: bool = False

    def document(self, path: str) -> Document | None:
        return self.documents.get(path)

    def start(self, location: Location) -> Position:
        """1-based line and column, in code points; 1:1 for a file that is not there."""
        document = self.document(location.path)
        if document is None:
            return Position(1, 1)
        line, column = document.lines.position(location.span.start)
        return Position(line + 1, column + 1)

    def end(self, location: Location) -> Position:
        document = self.document(location.path)
        if document is None:
            return Position(1, 1)
        line, column = document.lines.position(location.span.end)
        return Position(line + 1, column + 1)

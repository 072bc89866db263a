"""The draft: a private copy of the workspace in which a run writes. No file on disk changes, and nobody else sees it.

Keeps texts by path over a snapshot, gives the snapshot as it would be, and at the end the change that leads there. Which paths may be read and
written is `boundary.py`'s business.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from lsp_server.agent.boundary import Boundary
from lsp_server.agent.tool import ToolError
from lsp_server.document import Document, digest_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, Edit, LineIndex, Span
from lsp_server.workspace import read_document


class Draft:
    """Texts over a snapshot. Every path is relative to the workspace and POSIX; a path outside the boundary raises ToolError."""

    def __init__(self, root: Path, base: Snapshot, boundary: Boundary) -> None:
        self.root = root
        self.base = base
        self.boundary = boundary
        self._written: dict[str, str] = {}
        self._snapshot: Snapshot | None = base

    @property
    def snapshot(self) -> Snapshot:
        """The workspace as it would be now."""
        if self._snapshot is None:
            self._snapshot = self.base.with_change(self.change("draft"))
        return self._snapshot

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths whose text differs from that on disk or in the editor."""
        return tuple(sorted(path for path, text in self._written.items() if text != self._original(path)))

    def exists(self, path: str) -> bool:
        path = self.boundary.readable(path)
        return path in self._written or self._original(path) is not None

    def read(self, path: str) -> str:
        path = self.boundary.readable(path)
        text = self._written.get(path)
        if text is None:
            text = self._original(path)
        if text is None:
            raise ToolError(f"{path}: there is no such file")
        return text

    def write(self, path: str, text: str) -> None:
        """Replace a file's text, or make the file."""
        path = self.boundary.writable(path)
        self._written[path] = text
        self._snapshot = None

    def paths(self) -> tuple[str, ...]:
        """All files that may be read, written ones included."""
        return tuple(sorted({*self.boundary.files(), *self._written}))

    def change(self, label: str) -> Change:
        """Edits and new files from the base to here; whatever stands again as it was is left out."""
        edits: list[Edit] = []
        new_files: dict[str, str] = {}
        bases: dict[str, str] = {}
        for path in self.changed:
            before = self._original(path)
            if before is None:
                new_files[path] = self._written[path]
            else:
                edits.extend(edits_between(path, before, self._written[path]))
                bases[path] = digest_of(before)
        return Change(label, tuple(edits), new_files, bases)

    def _original(self, path: str) -> str | None:
        document = self.base.document(path)
        if document is None:
            if not os.path.isfile(self.root / path):
                return None
            document = read_document(self.root, path)
        if document.problem is not None:
            raise ToolError(f"{path}: {document.problem}")
        return document.text


def edits_between(path: str, before: str, after: str) -> tuple[Edit, ...]:
    """The edits, by whole lines, that lead from one text to the other."""
    starts = [*LineIndex(before).starts, len(before)]
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Edit(path, Span(starts[first], starts[last]), "".join(new[start:end]))
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    )


def _lines(text: str) -> list[str]:
    """Lines with their breaks; a last line that is empty counts, so that lines and starts go together."""
    starts = [*LineIndex(text).starts, len(text)]
    return [text[start:end] for start, end in zip(starts, starts[1:])]

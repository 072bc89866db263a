"""The draft: a private copy of the workspace in which a run writes. No file on disk changes, and nobody else sees it.

Keeps texts by path over a snapshot, gives the snapshot as it would be, and at the end the change that leads there. It also holds files that no
reader understands (a template, a README): the snapshot does not know them, the change does. Which paths may be read and written is
`boundary.py`'s business. Refuses what no run may do to a text: accept findings, or change how the checker judges.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from lsp_server.agent.boundary import Boundary, nearest
from lsp_server.agent.tool import ToolError
from lsp_server.document import Document, digest_of
from lsp_server.snapshot import Snapshot
from lsp_server.suppressions import suppressions_of
from lsp_server.text import Change, Edit, LineIndex, Span
from lsp_server.workspace import is_looked_at, read_document

LARGEST = 1_000_000  # characters of a file that a run may write
_MUCH = 4_000_000  # pairs of lines beyond which it takes too long to find which of them are the same


class Draft:
    """Texts over a snapshot. Every path is relative to the workspace and POSIX; a path outside the boundary raises ToolError."""

    def __init__(self, root: Path, base: Snapshot, boundary: Boundary) -> None:
        self.root = root
        self.base = base
        self.boundary = boundary
        self._written: dict[str, str] = {}
        self._found: dict[str, Document | None] = {}  # files that the base does not hold, as they were when first asked for
        self._snapshot: Snapshot | None = base

    @property
    def snapshot(self) -> Snapshot:
        """The workspace as it would be now, as far as readers look at it."""
        if self._snapshot is None:
            change = self.change("draft", [path for path in self.changed if self._is_looked_at(path)])
            self._snapshot = self.base.with_change(change)
        return self._snapshot

    @property
    def changed(self) -> tuple[str, ...]:
        """The paths whose text differs from that on disk or in the editor."""
        return tuple(sorted(path for path, text in self._written.items() if text != self._original(path)))

    def exists(self, path: str) -> bool:
        path = self.boundary.readable(path)
        return path in self._written or self._document(path) is not None

    def read(self, path: str) -> str:
        path = self.boundary.readable(path)
        text = self._written.get(path)
        if text is None:
            text = self._original(path)
        if text is None:
            raise ToolError(f"{path}: there is no such file{nearest(path, self.paths())}")
        return text

    def write(self, path: str, text: str) -> None:
        """Replace a file's text, or make the file."""
        path = self.boundary.writable(path)
        if len(text) > LARGEST:
            raise ToolError(f"{path}: {len(text):,} characters are too many for one file; the most is {LARGEST:,}")
        if "\x00" in text or not _is_encodable(text):
            raise ToolError(f"{path}: the text holds characters that no text file can")
        before = self._original(path)
        if before is not None and not _is_utf8(self.root / path):
            raise ToolError(f"{path}: is not in UTF-8 and can only be read")
        if before is None:
            above = [parent for parent in _folders(path) if parent in self._written]
            if above or any(other.startswith(f"{path}/") for other in self._written):
                raise ToolError(f"{path}: {above[0] if above else path} cannot be a file and a folder")
        _refuse_judging(path, before or "", text)
        if before == text:
            self._written.pop(path, None)
        else:
            self._written[path] = text
        self._snapshot = None

    def paths(self) -> tuple[str, ...]:
        """All files that may be read, written ones included."""
        return tuple(sorted({*self.boundary.files(), *self._written}))

    def original(self, path: str) -> str | None:
        """A file's text before the run; None for one that is new."""
        return self._original(self.boundary.readable(path))

    def texts(self) -> Mapping[str, tuple[str | None, str]]:
        """What has changed: texts before (None for a new file) and after, by path."""
        return {path: (self._original(path), self._written[path]) for path in self.changed}

    def copy(self) -> Mapping[str, str]:
        """What is written so far, for `restore`."""
        return dict(self._written)

    def restore(self, written: Mapping[str, str]) -> None:
        """Go back to an earlier state of the draft."""
        self._written = dict(written)
        self._snapshot = None

    def change(self, label: str, paths: list[str] | None = None) -> Change:
        """Edits and new files from the base to here; whatever stands again as it was is left out."""
        edits: list[Edit] = []
        new_files: dict[str, str] = {}
        bases: dict[str, str] = {}
        for path in self.changed if paths is None else paths:
            before = self._original(path)
            if before is None:
                new_files[path] = self._written[path]
            else:
                edits.extend(edits_between(path, before, self._written[path]))
                bases[path] = digest_of(before)
        return Change(label, tuple(edits), new_files, bases)

    def _is_looked_at(self, path: str) -> bool:
        return self.base.document(path) is not None or (self._document(path) is None and is_looked_at(path, self.base.config))

    def _document(self, path: str) -> Document | None:
        document = self.base.document(path)
        if document is not None:
            return document
        if path not in self._found:
            self._found[path] = read_document(self.root, path) if os.path.isfile(self.root / path) else None
        return self._found[path]

    def _original(self, path: str) -> str | None:
        document = self._document(path)
        if document is None:
            return None
        if document.problem is not None:
            raise ToolError(f"{path}: {document.problem}")
        return document.text


def _folders(path: str) -> tuple[str, ...]:
    parts = path.split("/")
    return tuple("/".join(parts[:end]) for end in range(1, len(parts)))


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_utf8(path: Path) -> bool:
    """Whether a file can be written back as it was read; an editor's buffer that is on no disk can."""
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    except OSError:
        pass
    return True


def _refuse_judging(path: str, before: str, after: str) -> None:
    """Raises ToolError for a text that would silence the checker: that is a person's decision."""
    if "specdrift" not in after and "specdrift" not in before:
        return
    accepted = _accepted(path, after) - _accepted(path, before)
    if accepted:
        raise ToolError(f"{path}: accepting a finding ({', '.join(sorted(accepted))}) is a person's decision; mend what it says, or say why it cannot be")
    if path.rpartition("/")[2] == "pyproject.toml" and _settings(before) != _settings(after):
        raise ToolError(f"{path}: [tool.specdrift] is a person's to change")


def _accepted(path: str, text: str) -> Counter[str]:
    return Counter(rule for each in suppressions_of(Document(path, text)) for rule in each.rules)


def _settings(text: str) -> object:
    try:
        tools = tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return text[text.find("specdrift") :] if "specdrift" in text else None
    return tools.get("specdrift") if isinstance(tools, dict) else None


def edits_between(path: str, before: str, after: str) -> tuple[Edit, ...]:
    """The edits, by whole lines, that lead from one text to the other. Where much is otherwise, one edit for all of it."""
    starts = [*LineIndex(before).starts, len(before)]
    old, new = _lines(before), _lines(after)
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    end = 0
    while end < min(len(old), len(new)) - same and old[-1 - end] == new[-1 - end]:
        end += 1
    inner, other = old[same : len(old) - end], new[same : len(new) - end]
    if len(inner) * len(other) > _MUCH:
        return (Edit(path, Span(starts[same], starts[len(old) - end]), "".join(other)),)
    matcher = difflib.SequenceMatcher(None, inner, other, autojunk=False)
    return tuple(
        Edit(path, Span(starts[same + first], starts[same + last]), "".join(other[start:stop]))
        for tag, first, last, start, stop in matcher.get_opcodes()
        if tag != "equal"
    )


def _lines(text: str) -> list[str]:
    """Lines with their breaks; a last line that is empty counts, so that lines and starts go together."""
    starts = [*LineIndex(text).starts, len(text)]
    return [text[start:end] for start, end in pairwise(starts)]

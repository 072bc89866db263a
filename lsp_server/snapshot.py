"""The snapshot: documents, facts, views and configuration at one moment. Everything a rule may look at.

Immutable from outside; views are made when first asked for and kept. Facts are memoised by (path, digest) in a `Memo`
that snapshots share. `with_change` gives the snapshot as it would be after a change. No file is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from typing import TypeVar

from lsp_server.config import Config, matches
from lsp_server.document import Document, Documents, Kind
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.program import Program
from lsp_server.suppressions import Suppression, suppressions_of
from lsp_server.text import Change, EditConflict, apply_edits
from lsp_server.unknown import Unknown

T = TypeVar("T")


class Cancelled(Exception):
    """The work is no longer wanted."""


class Memo:
    """Facts by (sort, path, digest). Owned by whoever makes snapshots; holds the newest entry per sort and path."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[Hashable, object]] = {}

    def get(self, sort: str, path: str, digest: Hashable, make: Callable[[], T]) -> T:
        key = (sort, path)
        entry = self.entries.get(key)
        if entry is not None and entry[0] == digest:
            return entry[1]  # type: ignore[return-value]
        value = make()
        self.entries[key] = (digest, value)
        return value


class Snapshot:
    """One moment of a workspace. `cancelled` is asked between files while views are made."""

    def __init__(
        self,
        documents: Documents,
        config: Config | None = None,
        memo: Memo | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.documents = documents
        self.config = config or Config()
        self.memo = memo or Memo()
        self.cancelled = cancelled

    @classmethod
    def of(cls, texts: dict[str, str], config: Config | None = None) -> Snapshot:
        """A snapshot of texts in memory."""
        return cls(Documents({path: Document(path, text) for path, text in texts.items()}), config)

    # Documents

    def document(self, path: str) -> Document | None:
        return self.documents[path] if path in self.documents else None

    def with_change(self, change: Change) -> Snapshot:
        """The hypothetical next snapshot. Raises EditConflict for stale, overlapping or impossible edits."""
        changed: dict[str, Document | None] = {}
        for path in {edit.path for edit in change.edits}:
            document = self.document(path)
            if document is None:
                raise EditConflict(f"{path}: there is no such file to edit")
            base = change.bases.get(path)
            if base is not None and base != document.digest:
                raise EditConflict(f"{path}: the file has changed since the edit was made")
            edits = [edit for edit in change.edits if edit.path == path]
            changed[path] = Document(path, apply_edits(document.text, edits))
        for path, text in change.new_files.items():
            if path in self.documents or path in changed:
                raise EditConflict(f"{path}: the file exists already")
            changed[path] = Document(path, text)
        return Snapshot(self.documents.replacing(changed), self.config, self.memo, self.cancelled)


    def suppressions(self, path: str) -> tuple[Suppression, ...]:
        document = self.document(path)
        if document is None:
            return ()
        return self.memo.get("suppressions", path, document.digest, lambda: suppressions_of(document))

    def check_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled

    # Python

    def module(self, path: str) -> ModuleFacts:
        self.check_cancelled()
        digest = self.documents.digest(path)
        return self.memo.get("module", path, digest, lambda: read_module(path, self.documents[path].text))

    @cached_property
    def program(self) -> Program:
        return Program(self.documents, self.module)

    @cached_property
    def interpreter(self) -> Interpreter:
        return Interpreter(self.program)

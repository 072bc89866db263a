"""The snapshot: documents, facts, views and configuration at one moment. Everything a rule may look at.

Immutable from outside; views are made when first asked for and kept. Facts are memoised by (path, digest) in a `Memo`
that snapshots share. `with_change` gives the snapshot as it would be after a change. No file is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from lsp_server.api.compare import compare as compare_apis
from lsp_server.api.difference import Difference as ApiDifference
from lsp_server.api.fastapi import may_declare_routes, read_applications
from lsp_server.api.model import Api
from lsp_server.api.openapi import is_specification, read_specification
from lsp_server.api.pair import Pairing, pair, unpaired
from lsp_server.config import Config, matches
from lsp_server.document import Document, Documents, Kind, kind_of
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.program import Program
from lsp_server.suppressions import Suppression, suppressions_of
from lsp_server.text import Change, EditConflict, Location, Span, apply_edits
from lsp_server.tree.node import Tree
from lsp_server.tree.repair import read as read_tree
from lsp_server.unknown import Unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Contract:
    """A spec and an application that belong together, and what they disagree about."""

    pairing: Pairing
    differences: tuple[ApiDifference, ...]

    @property
    def promised(self) -> Api:
        return self.pairing.promised

    @property
    def implemented(self) -> Api:
        return self.pairing.implemented


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

    def previous(self, sort: str, path: str) -> object | None:
        """The newest entry whatever text it was made from: what a half-typed text is mended by."""
        entry = self.entries.get((sort, path))
        return entry[1] if entry is not None else None


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

    def line(self, location: Location) -> int:
        """The 1-based line at which a location starts; 1 for a file that is not there."""
        document = self.document(location.path)
        return 1 if document is None else document.lines.position(location.span.start).line + 1

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
        return self.memo.get("module", path, self.documents.digest(path), lambda: self._read_module(path))

    def _read_module(self, path: str) -> ModuleFacts:
        document = self.documents[path]
        good = self.memo.previous("good", path)
        facts = read_module(path, document.text, good if isinstance(good, str) else None)
        if not facts.problems:
            self.memo.entries[("good", path)] = (None, document.text)
        return facts

    @cached_property
    def program(self) -> Program:
        return Program(self.documents, self.module)

    @cached_property
    def interpreter(self) -> Interpreter:
        return Interpreter(self.program)

    @cached_property
    def signals(self) -> dict[str, frozenset[str]]:
        """What each file may hold, by a quick look at its text: "specification", "routes", "tables"."""
        return {path: found for path in self.documents if (found := self._signals(path))}

    def _signals(self, path: str) -> frozenset[str]:
        kind = kind_of(path)
        if kind not in (Kind.YAML, Kind.JSON, Kind.PYTHON):
            return frozenset()
        self.check_cancelled()
        return self.memo.get("signals", path, self.documents.digest(path), lambda: self._look(path, kind))

    def _look(self, path: str, kind: Kind) -> frozenset[str]:
        text = self.documents[path].text
        found = set()
        if kind is not Kind.PYTHON:
            if is_specification(path, text):
                found.add("specification")
        else:
            if may_declare_routes(text):
                found.add("routes")
        return frozenset(found)

    def candidates(self, signal: str, patterns: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Paths with a signal, narrowed to the configuration's patterns where it has some."""
        paths = [path for path, found in self.signals.items() if signal in found]
        if patterns:
            paths = [path for path in paths if any(matches(path, pattern) for pattern in patterns)]
        return tuple(sorted(paths))

    # Trees of YAML and JSON

    def tree(self, path: str) -> tuple[Document, Tree] | None:
        """A document with its tree; None for a path that is not there. Half-typed text is mended by the tree before."""
        document = self.document(path)
        if document is None:
            return None
        previous = self.memo.previous("tree", path)
        before = previous if isinstance(previous, Tree) else None
        return document, self.memo.get("tree", path, document.digest, lambda: read_tree(document.text, document.kind, before))

    # Views: the API

    @cached_property
    def promised(self) -> tuple[Api, ...]:
        """What the specs promise, one Api per spec."""
        return tuple(self._promised(path) for path in self.candidates("specification", self.config.specs))

    def _promised(self, path: str) -> Api:
        """A spec's Api, memoised by the digests of every file it was read from, those that are not there included."""
        known = self.memo.previous("promised", path)
        if isinstance(known, tuple):
            read, api = known
            if all(digest == self._digest(source) for source, digest in read.items()):
                return api  # type: ignore[no-any-return]
        self.check_cancelled()
        read = {path: self._digest(path)}

        def load(source: str) -> tuple[Document, Tree] | None:
            read[source] = self._digest(source)
            return self.tree(source)

        loaded = load(path)
        assert loaded is not None
        api = read_specification(*loaded, load)
        self.memo.entries[("promised", path)] = (None, (read, api))
        return api

    def _digest(self, path: str) -> str | None:
        return self.documents.digest(path) if path in self.documents else None

    @cached_property
    def implemented(self) -> tuple[Api, ...]:
        """What the applications implement, one Api each."""
        return read_applications(self.interpreter, self.candidates("routes", self.config.applications))

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """Specs with the applications they speak of."""
        served = tuple(api for api in self.implemented if api.served)
        found = []
        for pairing in pair(self.promised, served):
            self.check_cancelled()
            found.append(Contract(pairing, compare_apis(pairing.promised, pairing.implemented, pairing)))
        return tuple(found)

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What could not be read, in order of place."""
        found = [unknown for api in (*self.promised, *self.implemented) for unknown in api.unknowns]
        found.extend(unpaired(self.promised, [contract.pairing for contract in self.contracts]))
        return tuple(sorted(set(found), key=lambda unknown: (unknown.location or _NOWHERE, unknown.what)))


_NOWHERE = Location("", Span(0, 0))

"""The views of the API: what specs promise, what applications implement, and which of them belong together.

Functions of a snapshot, which says what each of them is and keeps what it gives. Reading a spec or a framework is the work of the rooms in `api/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lsp_server.api.compare import compare as compare_apis
from lsp_server.api.difference import Difference as ApiDifference
from lsp_server.api.frameworks import Program as RoutedProgram
from lsp_server.api.frameworks import framework
from lsp_server.api.looks import LOOKS
from lsp_server.api.model import Api
from lsp_server.api.mounts import mounted
from lsp_server.api.openapi import read_specification
from lsp_server.api.pair import Pairing, pair
from lsp_server.api.runtime import fill
from lsp_server.document import Document, Kind, kind_of
from lsp_server.snapshot.signals import ROUTES
from lsp_server.snapshot.unknowns import lines_unread
from lsp_server.tree.node import Tree

if TYPE_CHECKING:
    from lsp_server.snapshot import Snapshot


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


def promised(snapshot: Snapshot) -> tuple[Api, ...]:
    return tuple(_promised_by(snapshot, path) for path in snapshot.candidates("specification", snapshot.config.specs))


def _promised_by(snapshot: Snapshot, path: str) -> Api:
    """A spec's Api, memoised by the digests of every file it was read from, those that are not there included."""
    known = snapshot.memo.previous("promised", path)
    if isinstance(known, tuple):
        read, api = known
        if all(digest == _digest(snapshot, source) for source, digest in read.items()):
            return api  # type: ignore[no-any-return]
    snapshot.check_cancelled()
    read = {path: _digest(snapshot, path)}

    def load(source: str) -> tuple[Document, Tree] | None:
        read[source] = _digest(snapshot, source)
        return snapshot.tree(source)

    loaded = load(path)
    assert loaded is not None
    api = read_specification(*loaded, load)
    snapshot.memo.entries[("promised", path)] = (None, (read, api))
    return api


def _digest(snapshot: Snapshot, path: str) -> str | None:
    return snapshot.documents.digest(path) if path in snapshot.documents else None


def implemented(snapshot: Snapshot) -> tuple[Api, ...]:
    return fill(snapshot.written_applications, snapshot.runtime.specifications)


def written_applications(snapshot: Snapshot) -> tuple[Api, ...]:
    found: list[Api] = []
    program = RoutedProgram(
        snapshot.interpreter, partial(_specification, snapshot), partial(_mentioning, snapshot),
        snapshot.config.routes, snapshot.config.views,
        snapshot.documents.digest, snapshot.memo.get("routes", "", None, dict),
    )  # fmt: skip
    for look in LOOKS:
        paths = snapshot.candidates(ROUTES + look.reader, snapshot.config.applications)
        if look.reader in snapshot.spoken and (paths or look.described):
            snapshot.check_cancelled()
            found.extend(_doubted(snapshot, api, paths) for api in framework(look.reader).read(program, paths))
    return mounted(found)


def _mentioning(snapshot: Snapshot, words: tuple[str, ...]) -> tuple[str, ...]:
    """The Python files in whose text one of the words stands."""
    python = (path for path in snapshot.documents if kind_of(path) is Kind.PYTHON)
    return tuple(path for path in python if any(word in snapshot.documents[path].text for word in words))


def _specification(snapshot: Snapshot, path: str) -> Api | None:
    return _promised_by(snapshot, path) if path in snapshot.documents else None


def _doubted(snapshot: Snapshot, api: Api, paths: tuple[str, ...]) -> Api:
    """An application of which broken lines may hold a part is not seen whole."""
    broken = [path for path in paths if snapshot.lacks_lines(path)]
    if broken and api.incomplete is None:
        behind = set().union(*(snapshot.replayer.files_behind(source) for source in api.sources))
        for path in broken:
            if path in behind:
                return replace(api, incomplete=lines_unread(path))
    return api


def contracts(snapshot: Snapshot) -> tuple[Contract, ...]:
    served = tuple(api for api in snapshot.implemented if api.served)
    found = []
    for pairing in pair(snapshot.promised, served):
        snapshot.check_cancelled()
        found.append(Contract(pairing, compare_apis(pairing.promised, pairing.implemented, pairing)))
    return tuple(found)

"""What a file may hold, by a quick look at its text, so that only such files are read as what they look like.

Words of signals: "specification", "tables", "routes of FastAPI", "package of FastAPI". What is really there the readers say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.api.looks import LOOKS, frameworks_of, packages_named
from lsp_server.api.openapi import is_specification
from lsp_server.database.sqlalchemy import may_declare_tables
from lsp_server.document import Kind, kind_of

if TYPE_CHECKING:
    from lsp_server.snapshot import Snapshot

PACKAGE = "package of "  # and a framework's name: the signal that a file names its package
ROUTES = "routes of "  # and a framework's name: the signal that a file may hold some


def signals_of(snapshot: Snapshot, path: str) -> frozenset[str]:
    kind = kind_of(path)
    if kind not in (Kind.YAML, Kind.JSON, Kind.PYTHON):
        return frozenset()
    snapshot.check_cancelled()
    return snapshot.memo.get("signals", path, snapshot.documents.digest(path), lambda: _look(snapshot, path, kind))


def _look(snapshot: Snapshot, path: str, kind: Kind) -> frozenset[str]:
    text = snapshot.documents[path].text
    found = set()
    if kind is not Kind.PYTHON:
        if is_specification(path, text):
            found.add("specification")
    else:
        found.update(ROUTES + name for name in frameworks_of(text))
        found.update(PACKAGE + name for name in packages_named(text))
        if may_declare_tables(text):
            found.add("tables")
    return frozenset(found)


def frameworks_spoken(snapshot: Snapshot) -> tuple[str, ...]:
    found = set().union(*snapshot.signals.values())
    return tuple(
        look.reader for look in LOOKS
        if (ROUTES + look.reader in found and (not look.packages or PACKAGE + look.reader in found))
        or (look.described and snapshot.config.routes)
    )  # fmt: skip

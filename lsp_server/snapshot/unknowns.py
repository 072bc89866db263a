"""What could not be read: of the views, of files, of the configuration. Listed, and never a finding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsp_server.api.model import unknowns_of
from lsp_server.api.pair import unpaired
from lsp_server.config import matches
from lsp_server.database.facts import unknowns_of as unknowns_of_table
from lsp_server.database.pair import unkept
from lsp_server.database.replay import HistoryReplay
from lsp_server.document import Kind, kind_of
from lsp_server.python.module import ModuleFacts
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.snapshot import Snapshot

_READABLE = frozenset({Kind.PYTHON, Kind.YAML, Kind.JSON, Kind.TOML, Kind.INI})
_NOWHERE = Location("", Span(0, 0))


def all_unknowns(snapshot: Snapshot) -> tuple[Unknown, ...]:
    found = [unknown for api in (*snapshot.promised, *snapshot.implemented) for unknown in api.unknowns]
    found.extend(unknown for api in snapshot.implemented for each in api.operations for unknown in unknowns_of(each))
    found.extend(unknown for database in snapshot.mapped for unknown in database.unknowns)
    found.extend(unknown for database in snapshot.mapped for table in database.tables for unknown in unknowns_of_table(table))
    found.extend(unknown for tree in snapshot.trees for unknown in tree.unread)
    found.extend(unkept(snapshot.mapped, snapshot.histories, [drift.upkeep for drift in snapshot.drifts]))
    found.extend(_why(replay) for replay in snapshot.histories if replay.verdict.ok is not True)
    found.extend(unpaired(snapshot.promised, [contract.pairing for contract in snapshot.contracts]))
    found.extend(Unknown(f"what the running project would tell: {failure}") for failure in snapshot.runtime.failures)
    found.extend(_unread(snapshot))
    found.extend(_unmatched(snapshot))
    return tuple(sorted(set(found), key=lambda unknown: (unknown.location or _NOWHERE, unknown.what)))


def _unread(snapshot: Snapshot) -> Iterator[Unknown]:
    """Files whose text could not be read, or not wholly, among those that somebody looked at."""
    for path in snapshot.documents:
        if kind_of(path) not in _READABLE:
            continue
        if (problem := snapshot.documents.problem(path)) is not None:
            yield Unknown(f"a file that cannot be read: {problem}", Location(path, Span(0, 0)), unread=True)
        facts = snapshot.memo.previous("module", path)
        if isinstance(facts, ModuleFacts) and facts.problems and snapshot.module(path) is facts:
            for error in facts.problems:
                yield Unknown(f"a part that is not Python: {error.message}", Location(path, error.span), unread=True)


def _unmatched(snapshot: Snapshot) -> Iterator[Unknown]:
    """Patterns of the configuration that name nothing: what they were meant for is not looked at."""
    for key, patterns in (("specs", snapshot.config.specs), ("applications", snapshot.config.applications)):
        for pattern in patterns:
            if not any(matches(path, pattern) for path in snapshot.documents):
                yield Unknown(f"`{key}` in the configuration: no file fits `{pattern}`")
    for pattern in snapshot.config.alembic:
        if not any(matches(f"{tree.folder}/env.py", pattern) for tree in snapshot.trees):
            yield Unknown(f"`alembic` in the configuration: no folder of migrations fits `{pattern}`")


def lines_unread(path: str) -> Unknown:
    """Why nothing is sure that a file with broken lines may hold a part of."""
    return Unknown("lines that are not Python", Location(path, Span(0, 0)))


def _why(replay: HistoryReplay) -> Unknown:
    verdict = replay.verdict
    said = "does not replay from an empty database" if verdict.ok is False else "cannot be replayed to the end"
    return Unknown(f"the migration history in {replay.history.folder or '.'} {said}: {verdict.reason}", verdict.location)

"""Which models a migration history speaks of: decided by the tables they share.

One history may serve several metadatas; their tables are then put together. A metadata that shares too little with any
history is left alone: it belongs to another database, and every table of it would be a false alarm. A table whose class
stands beside a history of its own (a plugin's, an extension's) is that history's, and nothing is said of it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_server.database.extensions import kept_elsewhere
from lsp_server.database.model import Database
from lsp_server.database.replay import HistoryReplay
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_LEAST_SHARE = 0.3  # of a metadata's tables that the history must know before they are taken for its own


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A history and the models it keeps the database in step with. `mapped` holds the tables of all its metadatas."""

    replay: HistoryReplay
    mapped: Database


def pair(replays: Sequence[HistoryReplay], mapped: Sequence[Database]) -> tuple[Upkeep, ...]:
    """Every history that replays, with its models. Each metadata goes to the history that knows most of its tables."""
    known = [replay for replay in replays if replay.verdict.ok is not False and replay.history.revisions]
    owned: dict[int, list[Database]] = {}
    for database in mapped:
        best = max(range(len(known)), key=lambda index: _shared(known[index], database), default=None)
        if best is not None and _belongs(known[best], database, alone=len(known) == len(mapped) == 1):
            owned.setdefault(best, []).append(_without_foreign(database, known[best], replays))
    return tuple(Upkeep(known[index], _union(databases)) for index, databases in sorted(owned.items()))


def unkept(mapped: Sequence[Database], replays: Sequence[HistoryReplay], upkeeps: Sequence[Upkeep]) -> tuple[Unknown, ...]:
    """One entry for each metadata that is held against no history although there are some, with what a person can do.

    Nothing is said where a history that does not replay may be the one, for that is said already, and nothing of another
    store that no history names.
    """
    if not upkeeps and not any(replay.verdict.ok is not False and replay.history.revisions for replay in replays):
        return ()
    kept = {(table.key, table.location) for upkeep in upkeeps for table in upkeep.mapped.tables}
    folders = ", ".join(sorted({replay.history.folder or "." for replay in replays if replay.history.revisions}))
    stopped = {replay.history.env for replay in replays if replay.verdict.ok is False}
    found = []
    for database in mapped:
        named = database.compared_by or not any(other.compared_by for other in mapped)
        if not named or stopped & set(database.compared_by) or any((table.key, table.location) in kept for table in database.tables):
            continue
        what = f"the models of {database.source} have hardly a table in common with the migrations in {folders} and are not compared"
        found.append(Unknown(f"{what}: `alembic` in the configuration says which folder counts", database.location or _first(database)))
    return tuple(found)


def _first(database: Database) -> Location | None:
    return database.tables[0].location if database.tables else None


def _shared(replay: HistoryReplay, database: Database) -> int:
    tables = {table.key for table in replay.database.tables}
    return sum(table.key in tables for table in database.tables)


def _belongs(replay: HistoryReplay, database: Database, alone: bool) -> bool:
    shared = _shared(replay, database)
    if alone and (shared or not replay.database.tables):
        return True
    return shared > 0 and shared >= _LEAST_SHARE * len(database.tables)


def _without_foreign(database: Database, replay: HistoryReplay, replays: Sequence[HistoryReplay]) -> Database:
    """The metadata with the tables that nearer histories keep marked as such."""
    folder = replay.history.folder
    folders = [other.history.folder for other in replays if other.history.revisions]
    keepers = kept_elsewhere(database.tables, folder, folders)
    if not keepers:
        return database
    tables = tuple(
        replace(table, maybe=Unknown(f"a table that the history in {keepers[table.key]} keeps", table.location))
        if table.key in keepers else table
        for table in database.tables
    )  # fmt: skip
    return replace(database, tables=tables)


def _union(databases: list[Database]) -> Database:
    first = max(databases, key=lambda database: len(database.tables))
    tables = {table.key: table for database in databases for table in database.tables}
    return replace(
        first,
        tables=tuple(tables.values()),
        enums=tuple(dict.fromkeys(enum for database in databases for enum in database.enums)),
        views=tuple(dict.fromkeys(view for database in databases for view in database.views)),
        sequences=tuple(dict.fromkeys(sequence for database in databases for sequence in database.sequences)),
        whole=tuple(dict.fromkeys(sort for database in databases for sort in database.whole)),
        made_schemas=tuple(dict.fromkeys(schema for database in databases for schema in database.made_schemas)),
        unknowns=tuple(unknown for database in databases for unknown in database.unknowns),
        incomplete=next((database.incomplete for database in databases if database.incomplete is not None), None),
    )

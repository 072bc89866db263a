"""The views of the database: what models map, what histories make, and what the one wants that the other has not made.

Functions of a snapshot, which says what each of them is and keeps what it gives. Reading models and replaying revisions is the work
of the rooms in `database/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsp_server.config import matches
from lsp_server.database.alembic import History, find_histories
from lsp_server.database.compare import Difference as SchemaDifference
from lsp_server.database.compare import compare as compare_databases
from lsp_server.database.library import Library, shipped_library
from lsp_server.database.model import Database
from lsp_server.database.pair import Upkeep
from lsp_server.database.pair import pair as pair_histories
from lsp_server.database.replay import HistoryReplay, Replayer, RevisionReplay
from lsp_server.database.rollback import DowngradeOutcome, downgrade_outcome
from lsp_server.database.runtime import fill
from lsp_server.database.sqlalchemy import is_aside, read_models
from lsp_server.database.unseen import Unseen, runs_comparison, unseen_models
from lsp_server.database.urls import urls_in
from lsp_server.document import Kind, kind_of
from lsp_server.requirements import least_version
from lsp_server.snapshot.unknowns import lines_unread

if TYPE_CHECKING:
    from lsp_server.database.migration.own_tables import OwnTables
    from lsp_server.database.migration.seed import BadSeed, Seed
    from lsp_server.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Drift:
    """A migration history with its models, and what the models want that the history has not made."""

    upkeep: Upkeep
    differences: tuple[SchemaDifference, ...]

    @property
    def replay(self) -> HistoryReplay:
        return self.upkeep.replay

    @property
    def mapped(self) -> Database:
        return self.upkeep.mapped


def library(snapshot: Snapshot) -> Library:
    shipped = shipped_library()
    texts = [snapshot.documents[path].text for path in snapshot.documents if path.rpartition("/")[2] == "pyproject.toml"]
    least = {package: least_version(texts, package) for package in shipped.releases}
    return shipped.since(least).extended(snapshot.config.types, snapshot.config.bases)


def mapped(snapshot: Snapshot) -> tuple[Database, ...]:
    return fill(snapshot.written_models, snapshot.runtime.metadata)


def written_models(snapshot: Snapshot) -> tuple[Database, ...]:
    paths = snapshot.candidates("tables")
    environments = tuple(dict.fromkeys(tree.env for tree in snapshot.trees if tree.env is not None))
    found = read_models(snapshot.interpreter, paths, snapshot.library, environments)
    broken = next((path for path in paths if snapshot.lacks_lines(path)), None)
    if broken is None:
        return found
    return tuple(replace(database, incomplete=database.incomplete or lines_unread(broken)) for database in found)


def seed(snapshot: Snapshot, dialect: str | None) -> Seed | BadSeed | None:
    from lsp_server.database.migration.seed import BadSeed, read_seed

    path = snapshot.config.seed
    if path is None:
        return None
    document = snapshot.document(path)
    if document is None:
        return BadSeed(f"{path}: there is no such file in the workspace")
    try:
        return read_seed(path, document.text, document.digest, dialect)
    except BadSeed as problem:
        return problem


def own_tables(snapshot: Snapshot, mapped: Database) -> OwnTables | None:
    from lsp_server.database.migration.own_tables import own_tables as tables_told

    if not snapshot.runtime.created:
        return None
    same = {path for path, digest in snapshot.runtime.digests.items() if path in snapshot.documents and snapshot.documents.digest(path) == digest}
    unchanged = frozenset(table.key for table in mapped.tables if table.location is not None and table.location.path in same)
    return tables_told(snapshot.runtime.created, mapped, unchanged)


def database_urls(snapshot: Snapshot) -> tuple[str, ...]:
    kinds = (Kind.PYTHON, Kind.INI, Kind.TOML)
    texts = (snapshot.documents[path].text for path in snapshot.documents if kind_of(path) in kinds)
    return tuple(dict.fromkeys(url for text in texts if "://" in text for url in urls_in(text)))


def trees(snapshot: Snapshot) -> tuple[History, ...]:
    paths = [path for path in snapshot.documents if kind_of(path) in (Kind.PYTHON, Kind.INI, Kind.TOML)]
    found = find_histories(paths, snapshot.documents.__getitem__, snapshot.module)
    patterns = snapshot.config.alembic
    if patterns:
        found = tuple(each for each in found if any(matches(f"{each.folder}/env.py", pattern) for pattern in patterns))
    return found


def histories(snapshot: Snapshot) -> tuple[HistoryReplay, ...]:
    replays = []
    for history in snapshot.trees:
        snapshot.check_cancelled()
        if snapshot.config.dialect is not None:
            history = replace(history, dialect=snapshot.config.dialect)
        replays.append(snapshot.replayer.replay(history))
    return tuple(replays)


def replayer(snapshot: Snapshot) -> Replayer:
    return Replayer(snapshot.interpreter, snapshot.documents.digest, snapshot.memo.get("replay", "", None, dict), snapshot.library)


def downgrades(snapshot: Snapshot) -> tuple[tuple[HistoryReplay, RevisionReplay, DowngradeOutcome], ...]:
    found = []
    for replay in snapshot.histories:
        for step in replay.revisions:
            snapshot.check_cancelled()
            outcome = downgrade_outcome(snapshot.replayer, replay, step.revision.id)
            if outcome is not None:
                found.append((replay, step, outcome))
    return tuple(found)


def drifts(snapshot: Snapshot) -> tuple[Drift, ...]:
    return tuple(
        Drift(upkeep, compare_databases(upkeep.replay.database, upkeep.mapped, upkeep.replay.history.dialect))
        for upkeep in pair_histories(snapshot.histories, snapshot.mapped)
    )


def unseen(snapshot: Snapshot) -> tuple[Unseen, ...]:
    found = unseen_models(snapshot.mapped, snapshot.trees, snapshot.program)
    own = [path for path in snapshot.program.paths if not is_aside(path)] if found else []
    return () if any(runs_comparison(snapshot.documents[path].text) for path in own) else found

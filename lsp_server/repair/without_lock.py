"""*Do it without the lock*: an operation of a head revision rewritten so that PostgreSQL works while others read and write.

What takes long is done without a strong lock, what takes a strong lock is done in a moment: over as many revisions as that
takes, each chained to the one before and with its own way back. Offered where the operation is a statement of its own; shown
only where the replay ends with the same schema. A person must look: the revision may have run somewhere already.
"""

from __future__ import annotations

from lsp_server.database.alembic import History
from lsp_server.database.operations import DropIndex, Step
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.database.rollback import differences
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair.later_revisions import write_later
from lsp_server.repair.lock_free import Rewrite, place_of, rewrite, with_timeout
from lsp_server.repair.revision_text import replaced
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

KIND = "without-lock"
TITLE = "Do it without the lock"
TIMEOUT_KIND = "lock-timeout"
TIMEOUT_TITLE = "Give up after five seconds of waiting for the lock"


def without_lock(snapshot: Snapshot, replay: HistoryReplay, found: RevisionReplay, step: Step) -> tuple[Fix, ...]:
    """Fixes where there is a way for this sort of operation; none for one in a loop, a condition or batch mode."""
    if replay.history.dialect != "postgresql":
        return ()
    history, identifier = replay.history, found.revision.id

    def build(current: Snapshot) -> Change | None:
        return _change(current, history, identifier, step, TITLE)

    def build_timeout(current: Snapshot) -> Change | None:
        return _change(current, history, identifier, step, TIMEOUT_TITLE)

    place = place_of(snapshot, replay, found, step)
    if place is None:
        return ()
    fixes = []
    if rewrite(place) is not None:
        fixes.append(Fix(TITLE, KIND, build, Applicability.UNSAFE, Direction.MIGRATION, preferred=True))
    if isinstance(step.operation, DropIndex):
        fixes.append(Fix(TIMEOUT_TITLE, TIMEOUT_KIND, build_timeout, Applicability.UNSAFE, Direction.MIGRATION))
    return tuple(fixes)


def _change(snapshot: Snapshot, history: History, identifier: str, step: Step, title: str) -> Change | None:
    replay = snapshot.replay_of(history)
    found = replay.revision(identifier) if replay is not None else None
    if replay is None or found is None or step not in found.steps:
        return None
    place = place_of(snapshot, replay, found, step)
    if place is None:
        return None
    way: Rewrite | None = rewrite(place) if title == TITLE else with_timeout(place)
    if way is None or (way.later and len(replay.history.heads) > 1):
        return None
    document = place.document
    edits = [replaced(place.facts, document, place.statement, way.upgrade)]
    if way.downgrade is not None:
        if place.back is None:
            return None
        edits.append(replaced(place.facts, document, place.back, way.downgrade))
    written = write_later(snapshot, history, identifier, way.later)
    files = {each.path: each.text for each in written}
    change = Change(title, tuple(edits), files, {document.path: document.digest})
    last = written[-1].identifier if written else identifier
    return change if _ends_the_same(snapshot, change, history, found, last) else None


def _ends_the_same(snapshot: Snapshot, change: Change, history: History, before: RevisionReplay, last: str) -> bool:
    """Whether the replay of the changed history ends with the schema of the one before, and every downgrade reverses."""
    if any(path in snapshot.documents for path in change.new_files):
        return False
    changed = snapshot.with_change(change)
    replay = changed.replay_of(history)
    found = replay.revision(last) if replay is not None else None
    if replay is None or found is None or found.refusal is not None:
        return False
    if any(differences(before.after, found.after)):
        return False
    did_reverse = _reverses(snapshot, before.revision.id)
    for _, each, outcome in changed.downgrades:
        if each.revision.path in change.new_files and outcome.reverses is False:
            return False
        if each.revision.id == before.revision.id and did_reverse and outcome.reverses is False:
            return False
    return True


def _reverses(snapshot: Snapshot, identifier: str) -> bool:
    return any(each.revision.id == identifier and outcome.reverses is not False for _, each, outcome in snapshot.downgrades)

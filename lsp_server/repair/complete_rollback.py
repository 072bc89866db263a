"""*Complete the rollback*: a `downgrade()` that goes part of the way keeps what it does and gets what it forgets.

Where the downgrade ends is known by replaying it; from there the missing steps lead on to the schema before the revision. What its author
wrote about rows stays, so this is the repair to prefer wherever the downgrade runs at all.
"""

from __future__ import annotations

from lsp_server.database.alembic import History
from lsp_server.database.operations import ChangeProperty, ChangeRows, Opaque, Step
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.database.rollback import DowngradeOutcome
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair.generate_migration import conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

KIND = "complete-rollback"
TITLE = "Complete the rollback"
_SHOWN = ("table", "column", "primary key", "foreign key", "unique constraint", "check", "index", "enum")  # by a comparison of schemas


def complete_rollback(replay: HistoryReplay, step: RevisionReplay, outcome: DowngradeOutcome) -> tuple[Fix, ...]:
    """A fix where the downgrade runs, is understood, and leaves out something that a schema shows; else nothing."""
    if step.refusal is not None or outcome.refusal is not None or any(map(_is_unsure, (*step.steps, *outcome.steps))):
        return ()
    if not outcome.differences or any(each.element not in _SHOWN for each in outcome.differences):
        return ()
    identifier, history = step.revision.id, replay.history

    def build(snapshot: Snapshot) -> Change | None:
        return _change(snapshot, history, identifier)

    losing = any(each.sort == "not restored" and each.element in ("table", "column") for each in outcome.differences)
    return (Fix(TITLE, KIND, build, Applicability.UNSAFE if losing else Applicability.SAFE, Direction.MIGRATION, preferred=True),)


def _is_unsure(step: Step) -> bool:
    if isinstance(step.operation, ChangeRows | ChangeProperty):
        return False
    return isinstance(step.operation, Opaque) or step.condition is not None


def _change(snapshot: Snapshot, history: History, identifier: str) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.rollback import extend_downgrade
    from lsp_server.database.undo.course import course_of
    from lsp_server.database.undo.parts import Stretch

    found = next((each for each in snapshot.downgrades if each[0].history.folder == history.folder and each[1].revision.id == identifier), None)
    document = snapshot.document(found[1].revision.path) if found is not None else None
    if found is None or document is None or found[1].revision.downgrade_body is None:
        return None
    replay, step, outcome = found
    course = course_of(step.before, (*step.steps, *outcome.steps))
    end = len(course.steps)
    missing = Stretch(course.states[end], course.states[0], course.renames(end, 0))
    try:
        made = extend_downgrade(
            document.text, step.revision, missing, replay.history.folder, replay.history.dialect, conventions_of(snapshot, replay.history)
        )
    except NotSayable:
        return None
    return None if made.obstacles else Change(TITLE, made.edits, bases={document.path: document.digest})

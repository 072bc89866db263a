"""*Add the rollback*: the body of a `downgrade()` worked out from the steps of its revision and the schema before each.

Joins the replayed history with `database/undo/` and `database/migration/rollback.py`. A rollback that brings back shapes but not rows or
values is offered as unsafe, with a comment in the code that says what stays lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.alembic import History
from lsp_server.database.operations import (
    ChangeProperty,
    ChangeRows,
    DropColumn,
    DropObject,
    DropTable,
    Opaque,
    Step,
)
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.database.undo.parts import changes_nothing
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair.generate_migration import conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

if TYPE_CHECKING:
    from lsp_server.database.migration.rollback import Rollback

KIND = "add-rollback"


def add_rollback(
    replay: HistoryReplay, step: RevisionReplay, title: str = "Add the rollback", unsafe: bool = False, preferred: bool = True
) -> tuple[Fix, ...]:
    """A fix where the schema on both sides is known; nothing where the upgrade did what the text does not tell.

    `unsafe`: what stands there now does something that the new body may not do.
    """
    if step.refusal is not None or any(_is_unsure(each) for each in step.steps):
        return ()
    losing = unsafe or any(_may_lose(each) for each in step.steps)
    identifier, history = step.revision.id, replay.history

    def build(snapshot: Snapshot) -> Change | None:
        return _change(snapshot, history, identifier, title)

    applicability = Applicability.UNSAFE if losing else Applicability.SAFE
    return (Fix(title, KIND, build, applicability, Direction.MIGRATION, preferred=preferred),)


def _may_lose(step: Step) -> bool:
    if isinstance(step.operation, ChangeRows):
        return not changes_nothing(step.operation.text)
    return isinstance(step.operation, ChangeProperty | DropTable | DropColumn | DropObject)


def _is_unsure(step: Step) -> bool:
    """Whether the schema after a step hangs on what the text does not tell. Rows do not: they stay as they are anyway."""
    if isinstance(step.operation, ChangeRows | ChangeProperty):
        return False
    return isinstance(step.operation, Opaque) or step.condition is not None


def _change(snapshot: Snapshot, history: History, identifier: str, title: str) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable

    replay = snapshot.replay_of(history)
    step = replay.revision(identifier) if replay is not None else None
    document = snapshot.document(step.revision.path) if step is not None else None
    if replay is None or step is None or document is None:
        return None
    try:
        rollback = rollback_of(snapshot, replay, step, document.text)
    except NotSayable:
        return None
    if rollback.obstacles:
        return None
    return Change(title, rollback.edits, bases={document.path: document.digest})


def rollback_of(snapshot: Snapshot, replay: HistoryReplay, step: RevisionReplay, text: str) -> Rollback:
    """The downgrade of a revision whose file has this text. Raises NotSayable."""
    from lsp_server.database.migration.rollback import complete_downgrade
    from lsp_server.database.undo.way import way_back

    history = replay.history
    way = way_back(step.before, step.steps)
    return complete_downgrade(text, step.revision, way, history.folder, history.dialect, conventions_of(snapshot, history))

"""*Add the rollback*: the body of a `downgrade()` worked out from the schema on both sides of its revision.

Joins the replayed history with `database/migration/rollback.py`. A rollback that brings back shapes but not rows or
values is offered as unsafe, with a comment in the code that says what stays lost.
"""

from __future__ import annotations

from lsp_server.database.alembic import History
from lsp_server.database.migration.renames import Rename
from lsp_server.database.operations import (
    AlterColumn,
    ChangeRows,
    DropColumn,
    DropTable,
    Opaque,
    RenameTable,
    Step,
)
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair.generate_migration import conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

KIND = "add-rollback"


def add_rollback(replay: HistoryReplay, step: RevisionReplay, title: str = "Add the rollback") -> tuple[Fix, ...]:
    """A fix where the schema on both sides is known; nothing where the upgrade did what the text does not tell."""
    if step.refusal is not None or any(_is_unsure(each) for each in step.steps):
        return ()
    losing = bool(_row_changes(step)) or any(isinstance(each.operation, DropTable | DropColumn) for each in step.steps)
    identifier, history = step.revision.id, replay.history

    def build(snapshot: Snapshot) -> Change | None:
        return _change(snapshot, history, identifier, title)

    applicability = Applicability.UNSAFE if losing else Applicability.SAFE
    return (Fix(title, KIND, build, applicability, Direction.MIGRATION, preferred=True),)


def _row_changes(step: RevisionReplay) -> tuple[str, ...]:
    """The upgrade's statements that change rows, each once; "SQL" for those whose text is not known."""
    texts = [each.operation.text or "SQL" for each in step.steps if isinstance(each.operation, ChangeRows)]
    return tuple(text for text in dict.fromkeys(texts) if not text.lstrip("( \n\t").lower().startswith(("select", "show")))


def _is_unsure(step: Step) -> bool:
    """Whether the schema after a step hangs on what the text does not tell. Rows do not: they stay as they are anyway."""
    if isinstance(step.operation, ChangeRows):
        return False
    return isinstance(step.operation, Opaque) or step.condition is not None


def _change(snapshot: Snapshot, history: History, identifier: str, title: str) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.rollback import complete_downgrade

    replay = snapshot.replay_of(history)
    step = replay.revision(identifier) if replay is not None else None
    document = snapshot.document(step.revision.path) if step is not None else None
    if replay is None or step is None or document is None:
        return None
    try:
        rollback = complete_downgrade(
            document.text,
            step.revision,
            step.before.database(history.folder),
            step.after.database(history.folder),
            replay.history.dialect,
            conventions_of(snapshot, replay.history),
            renames=_renames_back(step),
            row_steps=_row_changes(step),
        )
    except NotSayable:
        return None
    if rollback.plan.obstacles:
        return None
    return Change(title, rollback.edits, bases={document.path: document.digest})


def _renames_back(step: RevisionReplay) -> tuple[Rename, ...]:
    """What the upgrade renamed, seen from the schema after it."""
    back: list[Rename] = []
    for each in step.steps:
        operation = each.operation
        if isinstance(operation, RenameTable):
            back.append(Rename((operation.table[0], operation.name), None, operation.table[1], True, "the upgrade renames it"))
        elif isinstance(operation, AlterColumn) and isinstance(operation.name, str):
            back.append(Rename(operation.table, operation.name, operation.column, True, "the upgrade renames it"))
    return tuple(back)

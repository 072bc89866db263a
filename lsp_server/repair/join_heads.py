"""Several heads made one: *Merge the heads* with an empty revision, or *Put … after …* by another `down_revision`.

Which of the two is right hangs on what has run where, which no text tells: both are offered, the merge is preferred. A merge
lets the branches run in either order, so both must run and end in one schema; where only one order does, only that is offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server.database.alembic import History
from lsp_server.database.branches import Conflict, Meeting, ancestors, meet
from lsp_server.database.model import Database, Revision
from lsp_server.database.operations import (
    AlterColumn,
    ChangeRows,
    CreateTable,
    DropIndex,
    Opaque,
    RenameIndex,
    RenameTable,
    Step,
)
from lsp_server.database.replay import HistoryReplay
from lsp_server.findings import Applicability, Direction, Fix, NotPossible
from lsp_server.repair.generate_migration import UNDATED, conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, Edit, Span

if TYPE_CHECKING:
    from lsp_server.database.migration.conventions import Conventions
    from lsp_server.database.migration.proof import Proof
    from lsp_server.database.migration.renames import Rename
    from lsp_server.database.migration.render import RenderedRevision

MERGE, REBASE = "merge-heads", "rebase-head"


def merge_heads(replay: HistoryReplay) -> tuple[Fix, ...]:
    """One fix for all heads of a history, with the same result whichever finding it is taken from."""

    def build(snapshot: Snapshot) -> Change | None:
        current = snapshot.replay_of(replay.history)
        if current is None or len(current.history.heads) < 2:
            return None
        revision = _merge(snapshot, current)
        if isinstance(revision, str):
            raise NotPossible(revision)
        return Change("Merge the heads", new_files={revision.path: revision.text})

    return (Fix("Merge the heads", MERGE, build, direction=Direction.MIGRATION, preferred=True),)


def rebase_head(replay: HistoryReplay, identifier: str, after: str, *, safe: bool = True) -> tuple[Fix, ...]:
    """Makes the branch of one head follow another head; nothing where the branch has no single beginning of its own.

    `safe` False: somebody should look, whatever the branches touch.
    """
    history = replay.history
    own, others = ancestors(history, identifier), ancestors(history, after)
    start = _beginning(history, own - others, others)
    if start is None:
        return ()

    def build(snapshot: Snapshot) -> Change | None:
        current = snapshot.replay_of(history)
        revision = current.history.revision(start.id) if current is not None else None
        return None if revision is None else _put_after(snapshot, revision, after)

    left, right = _touched(replay, own - others), _touched(replay, others - own)
    apart = safe and left is not None and right is not None and not left & right
    applicability = Applicability.SAFE if apart else Applicability.UNSAFE
    return (Fix(f"Put {start.id} after {after}", REBASE, build, applicability, Direction.MIGRATION),)


# A merge


def _merge(snapshot: Snapshot, replay: HistoryReplay) -> RenderedRevision | str:
    """The empty revision that follows all heads, or why there can be none."""
    from lsp_server.database.migration.plan import Plan
    from lsp_server.database.migration.render import render

    history = replay.history
    tried = _tried(snapshot, replay)
    if isinstance(tried, str):
        return tried
    heads = tuple(sorted(history.heads))
    identifier = blake2b(repr(heads).encode(), digest_size=6).hexdigest()
    conventions = replace(
        conventions_of(snapshot, history), heads=heads, revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED
    )
    nothing = Database(history.folder, dialect=history.dialect)
    line = tried.line if tried is not None else None
    return render(Plan(nothing, nothing, history.dialect), conventions, line, title=f"merge {' and '.join(heads)}")


def conflicts_of(meetings: Iterable[Meeting | None]) -> tuple[Conflict, ...]:
    """What keeps branches from being merged: each says why they cannot run in either order and end in one schema."""
    return tuple(conflict for meeting in meetings if meeting is not None for conflict in meeting.conflicts)


def _tried(snapshot: Snapshot, replay: HistoryReplay) -> Proof | str | None:
    """What came of trying all pairs of branches in both orders: a proof, None where none of them changes the schema, or why they do
    not go together.
    """
    heads = sorted(replay.history.heads)
    pairs = [(first, second) for number, first in enumerate(heads) for second in heads[number + 1 :]]
    meetings = [meet(snapshot.replayer, replay, *pair) for pair in pairs]
    conflicts = conflicts_of(meetings)
    if conflicts:
        return conflicts[0].text
    proofs = [prove_meeting(snapshot, replay, meeting) for meeting in meetings if meeting is not None and all(each.steps for each in meeting.branches)]
    for proof in proofs:
        if proof.failed:
            return f"on {proof.where}: {proof.failed[0]}"
    return proofs[0] if proofs else None


def prove_meeting(snapshot: Snapshot, replay: HistoryReplay, meeting: Meeting) -> Proof:
    """Both orders on a scratch database; without it where the text does not tell what the revisions do."""
    from lsp_server.database.migration.branches_proof import BranchEnd, prove_branches
    from lsp_server.database.migration.proof import Proof

    if meeting.unsure is not None:
        return Proof(not_proved=(f"in both orders: {meeting.unsure}",))
    history = replay.history
    one, two = (BranchEnd(each.head, each.end.database(history.folder), _renames_of(each.steps)) for each in meeting.branches)
    proof = prove_branches(meeting.start.database(history.folder), (one, two), history.dialect, snapshot.find_scratch)
    rows = ("rows that the revisions change",) if meeting.changes_rows else ()
    return replace(proof, not_proved=(*proof.not_proved, *rows))


def _renames_of(steps: Iterable[Step]) -> tuple[Rename, ...]:
    from lsp_server.database.migration.renames import Rename

    found: list[Rename] = []
    for step in steps:
        operation = step.operation
        if isinstance(operation, RenameTable):
            found.append(Rename(operation.table, None, operation.name, True, "the branch renames it"))
        elif isinstance(operation, AlterColumn) and isinstance(operation.name, str):
            found.append(Rename(operation.table, operation.column, operation.name, True, "the branch renames it"))
    return tuple(found)


def ground(snapshot: Snapshot, replay: HistoryReplay, conventions: Conventions) -> tuple[Conventions, dict[str, str]] | None:
    """What a new revision of a history with several heads stands on, with the merge of them that must be written along.

    None where the branches do not go together.
    """
    history = replay.history
    if any(stands_apart(history, head) for head in history.heads):
        return beside_heads(conventions), {}
    merge = _merge(snapshot, replay)
    if isinstance(merge, str):
        return None
    return replace(conventions, heads=(merge.revision,)), {merge.path: merge.text}


def beside_heads(conventions: Conventions) -> Conventions:
    """A revision that follows one head and depends on the others: it comes after all of them, and each branch keeps its own head.

    It can be taken back by one step, which no revision can that stands on a merge of its own: below that the way parts.
    """
    first, *others = conventions.heads
    return replace(conventions, heads=(first,), depends_on=tuple(others))


def stands_apart(history: History, head: str) -> bool:
    """Whether a head stands on a branch that was given a label on purpose."""
    waiting, seen = [head], set()
    while waiting:
        revision = history.revision(waiting.pop())
        if revision is None or revision.id in seen:
            continue
        seen.add(revision.id)
        if revision.branch_labels:
            return True
        waiting.extend(revision.down)
    return False


# Another predecessor


def _beginning(history: History, branch: frozenset[str], shared: frozenset[str]) -> Revision | None:
    """The one revision of a branch that builds on what both have; None where there are several, or it is a merge."""
    starts = []
    for identifier in branch:
        revision = history.revision(identifier)
        if revision is None or revision.unknown is not None:
            return None
        down = [each.id for name in revision.down if (each := history.revision(name)) is not None]
        if not down or any(each in shared for each in down):
            starts.append(revision)
    return starts[0] if len(starts) == 1 and len(starts[0].down) == 1 else None


def _touched(replay: HistoryReplay, branch: frozenset[str]) -> frozenset[object] | None:
    """The tables and types that revisions change; None where the text does not tell, or rows change."""
    found: set[object] = set()
    for identifier in branch:
        step_replay = replay.revision(identifier)
        if step_replay is None or step_replay.refusal is not None:
            return None
        for step in step_replay.steps:
            operation = step.operation
            if isinstance(operation, Opaque | ChangeRows) or step.condition is not None:
                return None
            if isinstance(operation, CreateTable):
                found.add(operation.table.key)
            elif getattr(operation, "table", None) is not None:
                found.add(operation.table)  # type: ignore[union-attr]
            elif isinstance(operation, DropIndex | RenameIndex):
                return None  # Of some table; which one, only the index's name would tell.
            else:
                found.add(getattr(getattr(operation, "enum", operation), "name", None))
    return frozenset(found)


def _put_after(snapshot: Snapshot, revision: Revision, after: str) -> Change | None:
    from lsp_server.database.migration.layout import string

    document, place = snapshot.document(revision.path), revision.down_location
    if document is None or place is None or len(revision.down) != 1:
        return None
    old = revision.down[0]
    written = document.text[slice(*place.span)]
    match = re.search(rf"=\s*([\[(]\s*)?(?P<value>(?P<quote>[\"']){re.escape(old)}(?P=quote))", written)
    if match is None:
        return None
    start = place.span.start + match.start("value")
    edits = [Edit(document.path, Span(start, start + len(match["value"])), string(after, match["quote"]))]
    if revision.docstring is not None:
        docstring = document.text[slice(*revision.docstring.span)]
        said = re.search(rf"^Revises:[ \t]*(?P<old>{re.escape(old)})[ \t]*$", docstring, re.MULTILINE)
        if said is not None:
            start = revision.docstring.span.start + said.start("old")
            edits.append(Edit(document.path, Span(start, start + len(old)), after))
    return Change(f"Put {revision.id} after {after}", tuple(edits), bases={document.path: document.digest})

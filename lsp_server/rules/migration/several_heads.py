"""A migration history has more than one head.

## What it does

Reports every head but one of an Alembic tree in which two revisions follow the same one and nothing merges them.
Labelled branches, which are meant to stay apart, are left alone.

## Why it matters

`alembic upgrade head` refuses to run until somebody decides. It happens when two branches that each added a migration
are merged, so it is usually found by the deployment.

## How to fix

*Merge the heads* writes an empty revision that follows them all; it is right whatever has run where. *Put … after …* makes
one branch follow the other and keeps the history a line: right while that branch has run on no database yet. It is marked
unsafe where both touch the same table, or change rows.

After a merge databases have run the branches in either order. Both are tried first, on the texts and on a scratch database:
where one order does not run, or the schema is not the same afterwards (both branches add a column of the same name, one drops
what the other changes), the finding says why, and only what works is offered.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.branches import Conflict, Meeting, meet
from lsp_server.database.replay import HistoryReplay
from lsp_server.findings import Finding, Fix, Related, Rule, Severity
from lsp_server.repair.join_heads import conflicts_of, merge_heads, rebase_head, stands_apart
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay in snapshot.histories:
        history = replay.history
        heads = [revision for head in history.heads if (revision := history.revision(head)) is not None]
        if len(heads) < 2 or any(stands_apart(history, head.id) for head in heads):
            continue
        first = heads[0]
        met = [meet(snapshot.replayer, replay, first.id, other.id) for other in heads[1:]]
        for other, meeting in zip(heads[1:], met):
            conflicts = conflicts_of((meeting,))
            because = f" and do not go together: {conflicts[0].text}" if conflicts else ""
            yield Finding(
                RULE.name,
                other.location,
                f"`{other.id}` and `{first.id}` are both heads of {history.folder or 'the history'}{because}",
                ("heads", *sorted((first.id, other.id))),
                (Related(first.location, "the other head"), *_places(conflicts)),
                RULE.severity,
                (*(() if conflicts_of(met) else merge_heads(replay)), *_rebases(replay, first.id, other.id, meeting)),
            )


def _rebases(replay: HistoryReplay, first: str, other: str, meeting: Meeting | None) -> Iterator[Fix]:
    """The one behind the other, in the orders that run; the younger branch behind the older one where both do and end alike."""
    possible = meeting.possible if meeting is not None else (None, None)
    if possible[0] is not False:
        yield from rebase_head(replay, other, first, safe=meeting is None or not meeting.conflicts)
    if possible[1] is not False and meeting is not None and meeting.conflicts:
        yield from rebase_head(replay, first, other, safe=False)


def _places(conflicts: tuple[Conflict, ...]) -> tuple[Related, ...]:
    return tuple(Related(place, conflict.text) for conflict in conflicts for place in conflict.places)


RULE = Rule(
    name="several-heads",
    area="migration",
    severity=Severity.ERROR,
    summary="A migration history has more than one head.",
    mirror="none: a history with one head is as it should be",
    check=check,
)

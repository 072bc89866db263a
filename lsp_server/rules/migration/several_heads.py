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

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.join_heads import merge_heads, rebase_head, stands_apart
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay in snapshot.histories:
        history = replay.history
        heads = [revision for head in history.heads if (revision := history.revision(head)) is not None]
        if len(heads) < 2 or any(stands_apart(history, head.id) for head in heads):
            continue
        first = heads[0]
        for other in heads[1:]:
            yield Finding(
                RULE.name,
                other.location,
                f"`{other.id}` and `{first.id}` are both heads of {history.folder or 'the history'}",
                ("heads", *sorted((first.id, other.id))),
                (Related(first.location, "the other head"),),
                RULE.severity,
                (*merge_heads(replay), *rebase_head(replay, other.id, first.id)),
            )


RULE = Rule(
    name="several-heads",
    area="migration",
    severity=Severity.ERROR,
    summary="A migration history has more than one head.",
    mirror="none: a history with one head is as it should be",
    check=check,
)

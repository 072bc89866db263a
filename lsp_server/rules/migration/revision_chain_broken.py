"""A migration history has a hole, a circle, an id twice or a file without one.

## What it does

Reports a `down_revision` that no file has, two files with one revision id, revisions that follow each other in a circle,
and files among the revisions that say what they build on and not which revision they are.

## Why it matters

Alembic cannot load such a history at all: every command stops, the deployment's `upgrade head` first.

## How to fix

Bring back the missing file, or correct the `down_revision` or `revision` at the place shown.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Rule, Severity
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay in snapshot.histories:
        for fault in replay.history.faults:
            subject = ("revision", fault.revision, fault.sort)
            yield Finding(RULE.name, fault.location, fault.message, subject, severity=RULE.severity)


RULE = Rule(
    name="revision-chain-broken",
    area="migration",
    severity=Severity.ERROR,
    summary="A migration history has a hole, a circle, an id twice or a file without one.",
    mirror="none: a whole chain is as it should be",
    check=check,
)

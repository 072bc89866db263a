"""A suppression was given a last day, and that day has passed.

## What it does

Reports each `specdrift: ignore[...] until YYYY-MM-DD` whose date lies in the past. The finding it accepted is reported
again beside it.

## Why it matters

A date on a suppression is a promise to a colleague. Without a reminder nobody keeps it.

## How to fix

Repair the drift and delete the comment, or decide anew and write a later date.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Outcome, Rule, Severity
from lsp_server.snapshot import Snapshot


def review(snapshot: Snapshot, outcome: Outcome) -> Iterator[Finding]:
    if outcome.today is None:
        return
    for path in snapshot.documents:
        for suppression in snapshot.suppressions(path):
            if suppression.until is not None and suppression.until < outcome.today:
                reason = f" (reason given: {suppression.reason})" if suppression.reason else ""
                yield Finding(
                    RULE.name,
                    suppression.location,
                    f"this suppression ended on {suppression.until.isoformat()}{reason}",
                    ("suppression", *suppression.rules, suppression.until.isoformat()),
                    severity=RULE.severity,
                )


RULE = Rule(
    name="suppression-expired",
    area="house",
    severity=Severity.WARNING,
    summary="A suppression's last day has passed.",
    mirror="none: a suppression without a date has no last day",
    review=review,
)

"""The baseline accepts findings that are no longer there.

## What it does

Counts the baseline's entries that no finding has any more, and reports the number once, at the top of the file that
names the baseline.

## Why it matters

A baseline should only shrink. An entry that stays after its drift was repaired would accept the same drift when it
comes back.

## How to fix

Write the baseline again: `lsp_server --check --write-baseline`.

## Options

`baseline` names the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Outcome, Rule, Severity
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location, Span


def review(snapshot: Snapshot, outcome: Outcome) -> Iterator[Finding]:
    if not outcome.stale:
        return
    count = len(outcome.stale)
    entries = "entry accepts a finding that is" if count == 1 else "entries accept findings that are"
    source = snapshot.config.baseline or "the baseline"
    named_in = (name for name in ("specdrift.toml", "pyproject.toml") if name in snapshot.documents)
    path = next((name for name in named_in if source in snapshot.documents[name].text), source)
    yield Finding(
        RULE.name,
        Location(path, Span(0, 0)),
        f"{count} baseline {entries} gone; --write-baseline renews the file",
        ("baseline", source),
        severity=RULE.severity,
    )


RULE = Rule(
    name="baseline-stale",
    area="house",
    severity=Severity.INFO,
    summary="The baseline accepts findings that are gone.",
    mirror="none: new findings are what all other rules report",
    review=review,
)

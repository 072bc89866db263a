"""The operation is deprecated at one end only.

## What it does

Reports operations that are marked `deprecated` in the spec and not in code, or the other way round.

## Why it matters

The warning reaches half of the people: those who read the spec, or those who read the documentation the code makes.

## How to fix

Mark the other end too, or take the mark away.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, finding, label
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.DEPRECATION, Kind.CONTRADICTS):
        in_spec = drift.first.left is True
        message = f"{label(drift)} is deprecated in {'the spec' if in_spec else 'code'} only"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=not in_spec)


RULE = Rule(
    name="deprecation-mismatch",
    area="api",
    severity=Severity.WARNING,
    summary="The operation is deprecated at one end only.",
    mirror="none: the finding stands at the end that says deprecated, whichever it is",
    check=check,
)

"""The route declares a status that the spec does not have.

## What it does

Reports statuses that a route declares (`status_code`, `responses=`) and its operation does not. `default` and ranges
such as `4XX` in the spec cover what they name; the 422 that the framework adds by itself is not meant.

## Why it matters

Clients are not prepared for an answer that nobody told them about.

## How to fix

Describe the answer in the spec, or stop declaring it in code.

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
    for drift in drifts(snapshot, Element.STATUS, Kind.UNREQUESTED):
        message = f"{label(drift)} answers `{drift.first.name}` here, which the spec does not have"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=True)


RULE = Rule(
    name="response-status-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The route declares a status that the spec does not have.",
    mirror="response-status-missing",
    check=check,
)

"""The spec promises a status that the route does not answer with.

## What it does

Reports a success status that the route does not declare, such as 201 where the code answers 200. An error status is
reported, one step lower, only where the code can be expected to say it: the route declares errors of its own, and other
routes of the application declare this one. Statuses that come from around the handler (401, 403, 422, 5XX) never are.

## Why it matters

Clients branch on the status: what was promised as 201 or 409 and comes as 200 or 500 takes the wrong branch.

## How to fix

Set the route's `status_code`, declare the error in `responses=` and raise it, or correct the spec.

## Options

`leads` ("spec" or "code") decides at which end it is reported: at the one that has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import CONTRADICTIONS, drifts, finding, follower_is_code, label
from lsp_server.rules.api._phrases import value
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.STATUS, Kind.MISSING, *CONTRADICTIONS):
        first = drift.first
        if first.kind is Kind.CONTRADICTS:
            message = f"{label(drift)} succeeds with {value(first.left)} in the spec, {value(first.right)} in code"
            yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))
        else:
            message = f"{label(drift)}: the answer `{first.name}` is promised here, but the route neither declares nor raises it"
            yield from finding(RULE.name, RULE.severity, drift, message, in_code=False)


RULE = Rule(
    name="response-status-missing",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises a status that the route does not answer with.",
    mirror="response-status-not-in-spec",
    check=check,
)

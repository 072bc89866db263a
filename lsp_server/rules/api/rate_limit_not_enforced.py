"""The spec states a rate limit that the route does not have.

## What it does

Reports operations with a rate limit in the spec (`x-rate-limit` and its relatives) whose route has none, or another.
An application none of whose limits can be seen may have them in a gateway: nothing is reported.

## Why it matters

The limit is what the capacity was planned with; clients that rely on the promise of fairness do not get it.

## How to fix

Put the limit on the route, or correct the spec.

## Options

`leads` ("spec" or "code") decides at which end it is reported: at the one that has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, finding, follower_is_code, label
from lsp_server.rules.api._phrases import value
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.RATE_LIMIT, Kind.MISSING, Kind.CONTRADICTS):
        first = drift.first
        code = "the route has none" if first.right is None else f"to {value(first.right)} in code"
        message = f"{label(drift)} is limited to {value(first.left)} in the spec, {code}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="rate-limit-not-enforced",
    area="api",
    severity=Severity.WARNING,
    summary="The spec states a rate limit that the route does not have.",
    mirror="none: a limit that the spec leaves out binds nobody",
    check=check,
)

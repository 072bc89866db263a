"""The route asks for credentials that the spec does not mention.

## What it does

Reports routes that need credentials and whose operation is open in the spec. A spec that never speaks of security
says nothing about it.

## Why it matters

Generated clients send no credentials and get 401.

## How to fix

Add the `security` requirement to the operation, or open the route.

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
    for drift in drifts(snapshot, Element.SECURITY, Kind.UNREQUESTED):
        message = f"{label(drift)} asks for {value(drift.first.right)} in code, but is open in the spec"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="security-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The route asks for credentials that the spec does not mention.",
    mirror="security-not-enforced",
    check=check,
)

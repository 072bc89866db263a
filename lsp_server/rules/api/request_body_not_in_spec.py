"""The route reads a request body that the spec does not have.

## What it does

Reports routes that declare a request body where their operation has none.

## Why it matters

A client that follows the contract sends nothing and is refused.

## How to fix

Describe the body in the spec, or take it out of the route.

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
    for drift in drifts(snapshot, Element.REQUEST_BODY, Kind.UNREQUESTED):
        message = f"{label(drift)} reads a request body, which the spec does not have"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=True)


RULE = Rule(
    name="request-body-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The route reads a request body that the spec does not have.",
    mirror="request-body-missing",
    check=check,
)

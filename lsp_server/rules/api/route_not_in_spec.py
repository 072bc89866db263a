"""A route that no spec of its application describes.

## What it does

Reports each route of a described application that none of its specs has. Routes kept out of the documentation
(`include_in_schema=False`), HEAD and OPTIONS are not meant; nor is anything reported while a spec speaks of a small part
of the application only.

## Why it matters

What is not in the contract is tested by nobody outside, breaks without notice, and is often the door that was meant to
be temporary.

## How to fix

Describe the route in the spec, take it out of the code, or mark it with `include_in_schema=False` if it is internal.

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
    for drift in drifts(snapshot, Element.OPERATION, Kind.UNREQUESTED):
        message = f"{label(drift)} is a route here, but no spec of the application describes it"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=True)


RULE = Rule(
    name="route-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="A route that no spec of its application describes.",
    mirror="operation-not-implemented",
    check=check,
)

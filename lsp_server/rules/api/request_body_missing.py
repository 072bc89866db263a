"""The spec promises a request body that the route does not read.

## What it does

Reports operations with a request body whose route declares none, and bodies that are required in the spec only.

## Why it matters

Clients send data that is thrown away, and get a success in return.

## How to fix

Take the body as a parameter of the handler, or take it out of the spec.

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
    for drift in drifts(snapshot, Element.REQUEST_BODY, Kind.MISSING, Kind.PARTIAL):
        if drift.first.kind is Kind.MISSING:
            message = f"{label(drift)}: a request body is promised here, but the route does not read one"
        else:
            message = f"{label(drift)}: the request body is required in the spec, optional in code"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=False)


RULE = Rule(
    name="request-body-missing",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises a request body that the route does not read.",
    mirror="request-body-not-in-spec",
    check=check,
)

"""The spec promises a field of a request that the code does not take.

## What it does

Reports fields of request bodies that the model behind the route lacks. Read-only fields, and models that take whatever
comes, are not meant. A schema that several operations share is reported once.

## Why it matters

The field is thrown away without an error: the client believes that it was stored.

## How to fix

Add the field to the model, or take it out of the spec.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, field_of, finding
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.REQUEST_FIELD, Kind.MISSING):
        message = f"{field_of(drift, answer=False)} is promised here, but the code does not take it"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=False)


RULE = Rule(
    name="request-field-missing",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises a field of a request that the code does not take.",
    mirror="request-field-not-in-spec",
    check=check,
)

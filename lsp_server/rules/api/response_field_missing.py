"""The spec promises a field of an answer that the code does not give.

## What it does

Reports fields of answers that the model behind the route lacks. Write-only fields, and models that give whatever they
hold, are not meant. A schema that several operations share is reported once.

## Why it matters

Clients read a field that never comes; generated clients with strict types fail on every answer.

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
    for drift in drifts(snapshot, Element.RESPONSE_FIELD, Kind.MISSING):
        message = f"{field_of(drift, answer=True)} is promised here, but the code does not give it"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=False)


RULE = Rule(
    name="response-field-missing",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises a field of an answer that the code does not give.",
    mirror="response-field-not-in-spec",
    check=check,
)

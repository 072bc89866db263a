"""The code gives a field of an answer that the spec does not have.

## What it does

Reports fields of the model behind an answer that the spec's schema lacks. A spec that invites other fields
(`additionalProperties`) or names none at all is not contradicted.

## Why it matters

What is answered is read, and what is read can no longer be taken away; and now and then it is a password hash.

## How to fix

Describe the field in the spec, or take it out of the model.

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
    for drift in drifts(snapshot, Element.RESPONSE_FIELD, Kind.UNREQUESTED):
        message = f"{field_of(drift, answer=True)} is given here, but the spec does not have it"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=True)


RULE = Rule(
    name="response-field-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The code gives a field of an answer that the spec does not have.",
    mirror="response-field-missing",
    check=check,
)

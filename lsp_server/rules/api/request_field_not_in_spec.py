"""The code takes a field of a request that the spec does not have.

## What it does

Reports fields of the model behind a request body that the spec's schema lacks. A spec that invites other fields
(`additionalProperties`) or names none at all is not contradicted.

## Why it matters

A field outside the contract is set by whoever guesses its name; a required one refuses every client that follows the
contract.

## How to fix

Describe the field in the spec, or take it out of the model.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.api.model import Property
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, field_of, finding
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.REQUEST_FIELD, Kind.UNREQUESTED):
        field = drift.first.right
        required = isinstance(field, Property) and field.required is True
        severity = Severity.ERROR if required else RULE.severity
        needs = "required" if required else "taken"
        message = f"{field_of(drift, answer=False)} is {needs} here, but the spec does not have it"
        yield from finding(RULE.name, severity, drift, message, in_code=True)


RULE = Rule(
    name="request-field-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The code takes a field of a request that the spec does not have.",
    mirror="request-field-missing",
    check=check,
)

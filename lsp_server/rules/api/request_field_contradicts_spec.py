"""A field of a request is not what the spec promises.

## What it does

Reports fields of request bodies that are required, nullable, typed, bounded or enumerated differently, where a request
that one end allows is refused or understood otherwise by the other. Code that takes more types, or null besides, is
fine. A bound that the spec states and code does not check is reported one step lower.

## Why it matters

The request that the contract allows is refused with 422, or what it forbids is stored.

## How to fix

Make one end follow the other. The message names both values.

## Options

`leads` ("spec" or "code") decides at which end it is reported: at the one that has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import CONTRADICTIONS, drifts, field_of, finding, follower_is_code
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.REQUEST_FIELD, *CONTRADICTIONS):
        message = f"{field_of(drift, answer=False)} {drift.phrases}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="request-field-contradicts-spec",
    area="api",
    severity=Severity.ERROR,
    summary="A field of a request has another type, presence or bound than promised.",
    mirror="none: both ends have the field, and the finding stands at the one that has to follow",
    check=check,
)

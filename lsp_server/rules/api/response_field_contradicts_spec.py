"""A field of an answer is not what the spec promises.

## What it does

Reports fields of answers that may be null, of another type, or of a value that the spec does not allow. An answer that
is narrower than promised is fine, and so is null in place of a field that may be left out.

## Why it matters

A client that trusts the contract fails on an answer that the server thinks is right.

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
    for drift in drifts(snapshot, Element.RESPONSE_FIELD, *CONTRADICTIONS):
        message = f"{field_of(drift, answer=True)} {drift.phrases}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="response-field-contradicts-spec",
    area="api",
    severity=Severity.ERROR,
    summary="A field of an answer has another type, nullability or set of values than promised.",
    mirror="none: both ends have the field, and the finding stands at the one that has to follow",
    check=check,
)

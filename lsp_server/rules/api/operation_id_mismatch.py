"""The operation has another id in code than in the spec.

## What it does

Compares `operationId` with the `operation_id` that the route states. Ids that the framework makes up from the function
and the path are not meant.

## Why it matters

Client generators name methods after the id: two contracts give two clients.

## How to fix

Give the operation one id at both ends.

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
    for drift in drifts(snapshot, Element.OPERATION_ID, Kind.CONTRADICTS):
        message = f"{label(drift)}: the operation id is {value(drift.first.left)} in the spec, {value(drift.first.right)} in code"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="operation-id-mismatch",
    area="api",
    severity=Severity.WARNING,
    summary="The operation has another id in code than in the spec.",
    mirror="none: both ends have an id, and the finding stands at the one that has to follow",
    check=check,
)

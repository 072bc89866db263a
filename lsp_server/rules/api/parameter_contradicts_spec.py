"""A parameter is not what the spec promises.

## What it does

Reports parameters whose type, place, presence, default, bounds, format or set of values differ between spec and code.
A query cannot carry null, and a default that only one end states is no difference. A bound that the spec states and
code does not check is reported one step lower.

## Why it matters

The request that the contract allows is refused with 422, or means something else than the client was told.

## How to fix

Make one end follow the other. The message names both values.

## Options

`leads` ("spec" or "code") decides at which end it is reported: at the one that has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import CONTRADICTIONS, drifts, finding, follower_is_code, label
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.PARAMETER, *CONTRADICTIONS):
        message = f"{label(drift)}: `{drift.first.name}` {drift.phrases}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="parameter-contradicts-spec",
    area="api",
    severity=Severity.ERROR,
    summary="A parameter has another type, default, bound or set of values than promised.",
    mirror="none: both ends have the parameter, and the finding stands at the one that has to follow",
    check=check,
)

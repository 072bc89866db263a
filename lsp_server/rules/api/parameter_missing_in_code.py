"""The spec promises a parameter that the route does not read.

## What it does

Reports query, header and cookie parameters of an operation that its route, with all its dependencies, does not declare.
Headers of the protocol, headers that middleware answers for, and credentials are not meant.

## Why it matters

The server ignores what it does not know: the client asks for a filter and gets everything, without an error.

## How to fix

Read the parameter in the route, or take it out of the spec.

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
    for drift in drifts(snapshot, Element.PARAMETER, Kind.MISSING):
        message = f"{label(drift)}: the {drift.first.path[-2]} parameter `{drift.first.name}` is promised here, but the route does not read it"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=False)


RULE = Rule(
    name="parameter-missing-in-code",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises a parameter that the route does not read.",
    mirror="parameter-not-in-spec",
    check=check,
)

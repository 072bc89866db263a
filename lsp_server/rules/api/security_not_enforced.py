"""The spec asks for credentials, and the route for none.

## What it does

Reports operations that the spec protects and whose route, with its routers and all its dependencies, asks for no
credentials. Where it cannot be told (middleware, decorators that are not known) nothing is reported. The names of the
schemes are not compared.

## Why it matters

Everybody believes the operation to be protected, and it is open.

## How to fix

Add the dependency by which the project checks credentials, or say `security: []` in the spec if it is meant to be open.

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
    for drift in drifts(snapshot, Element.SECURITY, Kind.MISSING):
        message = f"{label(drift)} is protected by {value(drift.first.left)} in the spec, but the route asks for no credentials"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="security-not-enforced",
    area="api",
    severity=Severity.ERROR,
    summary="The spec asks for credentials, and the route for none.",
    mirror="security-not-in-spec",
    check=check,
)

"""The same path, but its parameter has another name.

## What it does

Reports operations whose path has the same form in spec and code but names a parameter differently:
`/users/{user_id}` and `/users/{id}`.

## Why it matters

Requests still arrive, but generated clients, documentation and error messages speak of a name that the other end does
not know, and a parameter declared under one name describes nothing under the other.

## How to fix

Give the parameter one name at both ends.

## Options

`leads` ("spec" or "code") decides at which end it is reported: at the one that has to follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, finding, follower_is_code, label
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.PATH_PARAMETER, Kind.CONTRADICTS):
        first = drift.first
        assert isinstance(first.left, tuple) and isinstance(first.right, tuple)
        renamed = [f"`{one}` in the spec, `{other}` in code" for one, other in zip(first.left, first.right) if one != other]
        message = f"{label(drift)}: the path parameter is called {'; '.join(renamed)}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="path-parameter-mismatch",
    area="api",
    severity=Severity.WARNING,
    summary="The same path with another name for its parameter.",
    mirror="none: both ends have the path, and the finding stands at the one that has to follow",
    check=check,
)

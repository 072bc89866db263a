"""A spec breaks a rule of the OpenAPI Specification that its readers rely on.

## What it does

Reports faults that are certain and that change what the spec says: a path parameter that is not declared or not in the
path, two operations with one `operationId`, a key written twice, an unknown parameter place or type, a path that does
not begin with a slash, two paths that differ only in parameter names, an operation without responses.

It is no style checker: nothing is reported that a tool may reasonably read in one way only.

## Why it matters

Every tool guesses differently what a faulty spec means, so the promise it makes depends on who reads it.

## How to fix

Correct the spec at the place shown.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.spec._faults import findings
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    return findings(snapshot, RULE.name, RULE.severity, "invalid")


RULE = Rule(
    name="spec-invalid",
    area="spec",
    severity=Severity.WARNING,
    summary="A spec breaks a rule of the OpenAPI Specification.",
    mirror="none: the code has no text of its own to be valid",
    check=check,
)

"""A `$ref` in a spec leads to nothing.

## What it does

Reports references to components, pointers and files that are not there, references in a circle without a shape, and
references that leave the workspace or name a URL, which are never followed.

## Why it matters

Generators and documentation tools stop at a broken reference, often with an error somewhere else. And what it should
have described cannot be compared with the code.

## How to fix

Correct the name, or define what it names. The message gives the nearest existing name where there is one.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.spec._faults import findings
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    return findings(snapshot, RULE.name, RULE.severity, "reference")


RULE = Rule(
    name="reference-unresolved",
    area="spec",
    severity=Severity.ERROR,
    summary="A `$ref` in a spec leads to nothing.",
    mirror="none: a definition that nothing refers to is harmless",
    check=check,
)

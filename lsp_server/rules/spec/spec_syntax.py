"""The text of a spec is not YAML or JSON.

## What it does

Reports syntax errors in specification files, at the place where reading stopped making sense: unclosed brackets and
quotes, tabs in indentation, aliases that lead nowhere. What can be read of the rest is still compared.

## Why it matters

A file with a syntax error is no spec for any tool. While it is broken, nothing in it can be held against the code.

## How to fix

Correct the text at the place shown.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.spec._faults import findings
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    return findings(snapshot, RULE.name, RULE.severity, "syntax")


RULE = Rule(
    name="spec-syntax",
    area="spec",
    severity=Severity.ERROR,
    summary="The text of a spec is not YAML or JSON.",
    mirror="none: syntax errors in code are reported by every editor",
    check=check,
)

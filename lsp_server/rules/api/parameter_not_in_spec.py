"""The route reads a parameter that the spec does not have.

## What it does

Reports query, header and cookie parameters that a route or one of its dependencies declares and its operation does
not. Headers of the protocol and credentials are not meant.

## Why it matters

Nobody who reads the contract knows of it; if it is required, every client that follows the contract is refused.

## How to fix

Describe the parameter in the spec, or take it out of the route.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.api.model import Parameter
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.api._drift import drifts, finding, label
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in drifts(snapshot, Element.PARAMETER, Kind.UNREQUESTED):
        parameter = drift.first.right
        required = isinstance(parameter, Parameter) and parameter.required is True
        severity = Severity.ERROR if required else RULE.severity
        needs = "requires" if required else "reads"
        message = f"{label(drift)} {needs} the {drift.first.path[-2]} parameter `{drift.first.name}`, which the spec does not have"
        yield from finding(RULE.name, severity, drift, message, in_code=True)


RULE = Rule(
    name="parameter-not-in-spec",
    area="api",
    severity=Severity.WARNING,
    summary="The route reads a parameter that the spec does not have.",
    mirror="parameter-missing-in-code",
    check=check,
)

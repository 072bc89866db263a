"""An operation that the spec promises has no route in the application.

## What it does

Reports each operation of an OpenAPI file that no route of the application it describes answers. Routes are found where
they are declared, with every prefix their routers bring; a route that exists only under some condition counts.

## Why it matters

Clients are written against the spec. A promised operation that nobody implemented answers 404 in production, and the
first to notice is usually somebody else's team.

## How to fix

Implement the operation (*Implement GET /path*), or, where it was given up, take it out of the spec.

## Options

`leads = "code"` makes taking it out of the spec the preferred repair.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.difference import Element, Kind
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for contract in snapshot.contracts:
        for difference in contract.differences:
            operation = difference.operation
            if difference.kind is not Kind.MISSING or difference.element is not Element.OPERATION or operation is None:
                continue
            application = contract.implemented.location
            leads = snapshot.config.leads_for(operation.location.path)
            # Imported only where something is found: repairs are a third of the start.
            from lsp_server.repair.drift import WRITTEN, fixes_for
            from lsp_server.repair.implement_endpoint import implement_endpoint

            framework = contract.implemented.version
            repair = implement_endpoint(difference, preferred=leads == "spec") if framework in WRITTEN else None
            yield Finding(
                RULE.name,
                operation.location,
                f"`{operation.method} {operation.path}` is promised here, but the application has no such route",
                operation.subject,
                (Related(application, "the application that should answer it"),) if application else (),
                RULE.severity,
                ((repair,) if repair is not None else ()) + fixes_for((difference,), leads, framework),
            )


RULE = Rule(
    name="operation-not-implemented",
    area="api",
    severity=Severity.ERROR,
    summary="The spec promises an operation that no route implements.",
    mirror="route-not-in-spec",
    check=check,
)

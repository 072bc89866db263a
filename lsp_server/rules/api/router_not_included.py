"""A router with routes that no application includes.

## What it does

Reports a router with routes that no application of the workspace includes or mounts, directly or through other
routers. Nothing is reported while some application includes routers that cannot be known, or where there is none.

## Why it matters

The routes look finished, pass review, and answer 404.

## How to fix

Include the router in the application, or remove it.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    served = [application for application in snapshot.implemented if application.served]
    if not served or any(application.incomplete is not None for application in served):
        return
    for router in snapshot.implemented:
        if router.served or router.location is None or not router.operations:
            continue
        routes = len(router.operations)
        first = router.operations[0]
        yield Finding(
            RULE.name,
            router.location,
            f"no application includes this router: its {routes} route{'s' if routes > 1 else ''} cannot be reached",
            ("router", router.source, first.method, first.path),
            (Related(first.location, "its first route"),),
            RULE.severity,
        )


RULE = Rule(
    name="router-not-included",
    area="api",
    severity=Severity.WARNING,
    summary="A router with routes that no application includes.",
    mirror="none: a router either serves or does not",
    check=check,
)

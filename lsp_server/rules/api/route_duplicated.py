"""Two routes answer the same method and path.

## What it does

Reports a route whose method and path another handler of the same application already answers. Routes that exist only
under some condition are not meant.

## Why it matters

The first one wins, the second is dead code, and nothing says so.

## How to fix

Remove one of them, or give it its own path.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.model import Operation
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for application in snapshot.implemented:
        first: dict[tuple[str, str], Operation] = {}
        for route in application.operations:
            if route.maybe is not None or route.handler is None:
                continue  # Nobody of ours wrote what is hidden: a router's list of its routes.
            earlier = first.setdefault(route.key, route)
            if earlier.location == route.location or (route.handler and earlier.handler == route.handler):
                continue  # one function under one path twice: nobody is hidden
            if earlier.template != route.template:
                continue  # converters may tell them apart
            yield Finding(
                RULE.name,
                route.location,
                f"`{route.method} {route.path}` is never reached: another route answers it first",
                (*route.subject, route.handler or ""),
                (Related(earlier.location, "the route that answers"),),
                RULE.severity,
            )


RULE = Rule(
    name="route-duplicated",
    area="api",
    severity=Severity.WARNING,
    summary="Two routes answer the same method and path.",
    mirror="none: the order of routes says which one is dead",
    check=check,
)

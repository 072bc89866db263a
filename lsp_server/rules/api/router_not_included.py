"""A router with routes that no application includes.

## What it does

Reports a router with routes that no application of the workspace includes or mounts, directly or through other
routers. Nothing is reported while some application includes routers that cannot be known, where there is no application,
or where a file that includes routers speaks of this one's module: it may do so under a setting.

## Why it matters

The routes look finished, pass review, and answer 404.

## How to fix

Include the router in the application, or remove it.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for router in snapshot.implemented:
        served = [each for each in snapshot.implemented if each.served and each.version == router.version]
        if not served or any(application.incomplete is not None for application in served):
            continue
        if router.served or router.location is None or not router.operations or _may_be_included(snapshot, router.source):
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


_INCLUDING = ("include_router", ".mount(", "register_blueprint", "add_namespace", "add_subapp", "Mount(")
_GENERAL = ("__init__", "api", "endpoints", "router", "routers", "routes", "views")  # names that every second package has


def _may_be_included(snapshot: Snapshot, path: str) -> bool:
    """Whether another file both includes routers and names the module."""
    parts = path.removesuffix(".py").split("/")
    name = next((part for part in reversed(parts) if part not in _GENERAL), parts[-1])
    named = re.compile(rf"\b{re.escape(name)}\b")
    for other in snapshot.may_serve():
        text = snapshot.documents[other].text
        if other != path and any(word in text for word in _INCLUDING) and named.search(text):
            return True
    return False


RULE = Rule(
    name="router-not-included",
    area="api",
    severity=Severity.WARNING,
    summary="A router with routes that no application includes.",
    mirror="none: a router either serves or does not",
    check=check,
)

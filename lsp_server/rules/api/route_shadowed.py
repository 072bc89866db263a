"""An earlier route with a parameter answers this path.

## What it does

Reports a route such as `/users/me` that stands after `/users/{user_id}` in an application that tries its routes in
order. Whatever the parameter's type is, the earlier route is taken.

## Why it matters

The later handler is never called: its requests are refused with 422, or answered with somebody else's data.

## How to fix

Put the more special route first, or include its router first.

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
        if application.version not in _IN_ORDER:
            continue
        general: dict[tuple[str, int], list[Operation]] = {}
        for route in application.operations:
            if route.maybe is not None:
                continue
            words = (route.template or route.path).split("/")
            earlier = next((each for each in general.get((route.method, len(words)), ()) if _takes(each, words)), None)
            if earlier is not None and earlier.key != route.key:
                yield Finding(
                    RULE.name,
                    route.location,
                    f"`{route.method} {route.path}` is never reached: `{earlier.path}` stands before it and takes its requests",
                    route.subject,
                    (Related(earlier.location, "the route that takes its requests"),),
                    RULE.severity,
                )
            elif "{" in route.path:
                general.setdefault((route.method, len(words)), []).append(route)


_IN_ORDER = ("FastAPI", "Starlette")


def _takes(earlier: Operation, words: list[str]) -> bool:
    """Whether every request for a path is one for the earlier path too: a part without converter takes any word."""
    return all(
        one == other or (one.startswith("{") and one.endswith("}") and ":" not in one and "{" not in one[1:] and other)
        for one, other in zip((earlier.template or earlier.path).split("/"), words)
    )


RULE = Rule(
    name="route-shadowed",
    area="api",
    severity=Severity.WARNING,
    summary="An earlier route with a parameter answers this path.",
    mirror="none: only the order of routes is wrong",
    check=check,
)

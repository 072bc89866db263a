"""A body comes in another media type than promised.

## What it does

Reports request bodies in a media type that the code does not take, and answers in one that the spec does not have.
All kinds of JSON count as JSON, both kinds of forms as forms, and wildcards as what they match.

## Why it matters

The client's parser is chosen by the contract: JSON sent to a form handler is refused, a file read as JSON fails.

## How to fix

Make one end follow the other: `Form`/`File` or a model in code, the `content` key in the spec.

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
    for drift in drifts(snapshot, Element.MEDIA_TYPE, Kind.CONTRADICTS):
        body = "the request body" if drift.first.name == "request" else f"the answer `{drift.first.name}`"
        message = f"{label(drift)}: {body} {drift.phrases}"
        yield from finding(RULE.name, RULE.severity, drift, message, in_code=follower_is_code(snapshot, drift))


RULE = Rule(
    name="media-type-mismatch",
    area="api",
    severity=Severity.ERROR,
    summary="A body comes in another media type than promised.",
    mirror="none: both ends have the body, and the finding stands at the one that has to follow",
    check=check,
)

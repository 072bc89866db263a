"""A revision changes the schema and nothing says what for.

## What it does

Reports head revisions that change the schema and whose file has no docstring (neither its own nor of `upgrade()`), no
comment at its top, or only what Alembic's template left there when no message was given.

Only heads are looked at: the author of an older one has long forgotten.

## Why it matters

`alembic history` is read on bad days, by people who were not there. The operations say what, never why.

## How to fix

Write one line into the docstring: what the change is for and what it does to the rows.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.database.model import Revision
from lsp_server.database.operations import ChangeProperty, ChangeRows
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.python.lower import Node
from lsp_server.rules.migration._risks import heads
from lsp_server.snapshot import Snapshot

_NOTHING = re.compile(r"(?:empty message|revision id\s*:.*|revises\s*:.*|create date\s*:.*|\W*)", re.IGNORECASE)
_COMMENT = re.compile(r"^#(?!\s*(?:!|-\*-|coding|revision identifiers|flake8|ruff|pylint|type:|noqa|specdrift:))\s*(.*\w.*)$", re.MULTILINE)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for _, found in heads(snapshot):
        revision = found.revision
        if all(isinstance(step.operation, ChangeRows | ChangeProperty) for step in found.steps) or _says_something(snapshot, revision):
            continue
        what = "has no docstring" if revision.docstring is None else "has no message"
        yield Finding(
            RULE.name,
            revision.docstring or revision.location,
            f"the revision `{revision.id}` {what}: say in a line what the change is for",
            ("revision", revision.id),
            severity=RULE.severity,
        )


def _says_something(snapshot: Snapshot, revision: Revision) -> bool:
    message = revision.message or ""
    if message != revision.id and not _NOTHING.fullmatch(message):
        return True
    document = snapshot.document(revision.path)
    if document is None:
        return True
    head = document.text[: revision.location.span.start]
    if any(not re.match(r"\s*(?:import|from)\b", comment) for comment in _COMMENT.findall(head)):
        return True
    function = next((node for node in snapshot.module(revision.path).body if node[0] == "def" and node[3] == "upgrade"), None)
    return function is not None and _has_docstring(function)


def _has_docstring(function: Node) -> bool:
    first = function[8][0] if function[8] else None
    if first is None or first[0] != "expr" or first[3][0] != "const" or not isinstance(first[3][3], str):
        return False
    return first[3][3].strip().rstrip(".").lower() != "upgrade schema"


RULE = Rule(
    name="migration-undocumented",
    area="migration",
    severity=Severity.INFO,
    summary="A revision changes the schema and nothing says what for.",
    mirror="none: a revision that says much and does little harms nobody",
    check=check,
)

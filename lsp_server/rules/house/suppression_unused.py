"""A suppression accepts a finding that is no longer there.

## What it does

Reports each `specdrift: ignore[...]` comment, or each name in its brackets, that accepts nothing: the drift was
repaired, the line moved away, or the rule's name is not one.

## Why it matters

A suppression that outlives its reason hides the next drift on its line, one that nobody decided to accept.

## How to fix

Delete the comment, or the name that is not needed (*Remove the unused suppression*).

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Fix, Outcome, Rule, Severity
from lsp_server.snapshot import Snapshot
from lsp_server.suppressions import Suppression
from lsp_server.text import Change, Edit, Location, Span


def review(snapshot: Snapshot, outcome: Outcome) -> Iterator[Finding]:
    for path in snapshot.documents:
        for suppression in snapshot.suppressions(path):
            unused = [
                name
                for name in suppression.rules
                if (suppression, name) not in outcome.used and name not in outcome.silent
            ]
            if not unused:
                continue
            names = ", ".join(f"`{name}`" for name in unused)
            yield Finding(
                RULE.name,
                suppression.location,
                f"this comment accepts {names}, but nothing of that kind is found here",
                ("suppression", *unused, str(suppression.line)),
                severity=RULE.severity,
                fixes=(_remove(suppression, tuple(unused)),),
            )


def _remove(suppression: Suppression, unused: tuple[str, ...]) -> Fix:
    def build(snapshot: Snapshot) -> Change | None:
        path = suppression.location.path
        document = snapshot.document(path)
        if document is None:
            return None
        kept = [name for name in suppression.rules if name not in unused]
        if kept:
            edit = Edit(path, suppression.rules_span, ", ".join(kept))
        else:
            edit = Edit(path, _whole(document.text, suppression.location), "")
        return Change("Remove the unused suppression", (edit,), bases={path: document.digest})

    return Fix("Remove the unused suppression", "remove-suppression", build, preferred=True)


def _whole(text: str, location: Location) -> Span:
    """The comment with the blanks before it; with its line break where it stands alone."""
    start, end = location.span
    line_start = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    if text[line_start:start].strip():
        return Span(line_start + len(text[line_start:start].rstrip()), end)
    for newline in ("\r\n", "\n", "\r"):
        if text.startswith(newline, end):
            return Span(line_start, end + len(newline))
    return Span(line_start, end)


RULE = Rule(
    name="suppression-unused",
    area="house",
    severity=Severity.WARNING,
    summary="A suppression comment accepts nothing.",
    mirror="none: a finding without a suppression is what all other rules report",
    review=review,
)

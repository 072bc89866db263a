"""A comment that accepts one finding, in the file's own comment syntax, with room for the reason.

What such a comment means is in `suppressions.py`. JSON has no comments, so nothing is offered there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.document import Document, Kind
from lsp_server.findings import Finding, Fix
from lsp_server.text import Change, Edit, Span, newline_of

if TYPE_CHECKING:
    from lsp_server.snapshot import Snapshot

REASON = "give the reason here"
_ABOVE = {Kind.PYTHON: "#", Kind.YAML: "#", Kind.TOML: "#", Kind.INI: "#", Kind.SQL: "--", Kind.DBML: "//"}


def suppression(finding: Finding, document: Document) -> Fix | None:
    """The offer to accept a finding; None where the file can hold no comment."""
    if document.kind not in _ABOVE and document.kind is not Kind.MARKDOWN:
        return None
    return Fix(f"Accept {finding.rule} here, with a reason", "suppress", lambda snapshot: _change(finding, snapshot))


def _change(finding: Finding, snapshot: Snapshot) -> Change | None:
    document = snapshot.document(finding.location.path)
    if document is None:
        return None
    line = document.lines.position(finding.location.span.start).line
    span = document.lines.line_span(document.text, line)
    words = f"specdrift: ignore[{finding.rule}] -- {REASON}"
    mark = _ABOVE.get(document.kind)
    if mark is None:
        edit = Edit(document.path, Span(span.end, span.end), f" <!-- {words} -->")
    else:
        # Above the line: behind it, a comment could end up inside a string or break a continued line.
        content = document.text[span.start : span.end]
        indent = content[: len(content) - len(content.lstrip())]
        edit = Edit(document.path, Span(span.start, span.start), f"{indent}{mark} {words}{newline_of(document.text)}")
    return Change(f"Accept {finding.rule}", (edit,), bases={document.path: document.digest})

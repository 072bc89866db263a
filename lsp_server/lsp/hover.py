"""Hover: what is wrong here, and what stands at the other end.

A finding's message is repeated, because some editors hide the diagnostic behind the hover; not where the client says
that its hovers show diagnostics anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.document import Document
from lsp_server.lsp.protocol import Server
from lsp_server.lsp.session import Session
from lsp_server.outline import Entry, Sort
from lsp_server.text import Location, Span

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked

_LINES = 12  # of the other end's declaration at most
_WORDS = {
    Sort.OPERATION: "promised by", Sort.ROUTE: "implemented by", Sort.SCHEMA: "specified as", Sort.MODEL: "modelled as",
    Sort.TABLE: "mapped by", Sort.COLUMN: "mapped by", Sort.STEP: "made by",
    Sort.REVISION: "in",
}  # fmt: skip


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    found = ls.sessions.find(params.text_document.uri)
    if found is None:
        return None
    session, path = found
    checked, outline = await session.outline()
    document = checked.document(path)
    if document is None:
        return None
    offset = ls.places.offset(document, params.position)
    blocks, spans = ([], []) if ls.client.hovers_findings else _findings(checked, path, offset)
    for entry in outline.at(path, checked.inward(path, offset)):
        described = [_other(checked, other) for other in entry.others]
        if entry.sort is Sort.REVISION:
            described += await _statements(session, checked, entry)
        if described:
            blocks.append("\n\n".join([f"**{entry.title}**", *described]))
            spans.append(checked.outward(entry.name))
    if not blocks:
        return None
    text = "\n\n---\n\n".join(blocks)
    kind = types.MarkupKind.Markdown if ls.client.markdown else types.MarkupKind.PlainText
    if not ls.client.markdown:
        text = plain_text(text)
    return types.Hover(contents=types.MarkupContent(kind=kind, value=text), range=ls.places.range(document, spans[0]))


def plain_text(markdown: str) -> str:
    """The same words for a client that shows no Markdown."""
    text = re.sub(r"^```.*\n?|^---\n\n?", "", markdown, flags=re.MULTILINE)
    return re.sub(r"\*\*([^*\n]+)\*\*", r"\1", text).replace("`", "").strip()


def where(checked: Checked, location: Location) -> str:
    return f"{location.path}:{checked.snapshot.line(location)}"


async def _statements(session: Session, checked: Checked, entry: Entry) -> list[str]:
    found = await session.thread.run(lambda flag: session.analysis.sql(checked, entry, flag))
    return [f"{direction}:\n\n```sql\n{sql or '-- nothing'}\n```" for direction, sql in found]


def _findings(checked: Checked, path: str, offset: int) -> tuple[list[str], list[Span]]:
    blocks, spans = [], []
    for finding in checked.report.findings:
        span = checked.span(finding)
        if finding.location.path == path and span.start <= offset <= span.end:
            others = [f"- {other.message}: `{where(checked, other.location)}`" for other in finding.related]
            blocks.append("\n".join([finding.message, *([""] if others else []), *others]))
            spans.append(span)
    return blocks, spans


def _other(checked: Checked, other: Entry) -> str:
    """One end: what it is, where it is, and how its declaration begins."""
    lead = f"{_WORDS[other.sort]} `{other.detail or other.title}` in `{where(checked, other.name)}`"
    document = checked.snapshot.document(other.head.path)
    code = _excerpt(document, other) if document is not None else ""
    return f"{lead}\n\n```{document.kind.value}\n{code}\n```" if document is not None and code else lead


def _excerpt(document: Document, entry: Entry) -> str:
    """The head of a declaration; for a spec, whose head is one key, the lines below it."""
    lines = document.lines
    first = lines.position(entry.head.span.start).line
    last = lines.position(entry.head.span.end).line
    if entry.sort in (Sort.OPERATION, Sort.SCHEMA):
        last = min(lines.position(entry.whole.span.end).line, first + 5)
    shown = []
    for line in range(first, min(last, first + _LINES - 1) + 1):
        span = lines.line_span(document.text, line)
        shown.append(document.text[span.start : span.end])
    indent = min((len(text) - len(text.lstrip()) for text in shown if text.strip()), default=0)
    return "\n".join(text[indent:] for text in shown).rstrip()

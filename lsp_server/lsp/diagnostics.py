"""Findings as diagnostics: pulled by clients that can be told to pull again, else pushed. Never both.

An edit may move findings in any other file, so each finished check is compared with what the client has, file by file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import quote

from lsprotocol import types

from lsp_server.findings import Finding, Severity
from lsp_server.lsp.protocol import Server, ServerCancelled
from lsp_server.lsp.session import Session, Superseded
from lsp_server.text import Location, Span

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked

SOURCE = "specdrift"
EXPLAIN_RULE = "specdrift.explainRule"
_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class FileDiagnostics:
    """One file's diagnostics. `id` is equal for equal diagnostics."""

    items: tuple[types.Diagnostic, ...]
    id: str


NONE = FileDiagnostics((), "none")


def present(ls: Server, session: Session, checked: Checked) -> dict[str, FileDiagnostics]:
    """The diagnostics of a check by path, without the files of nested folders."""
    found: dict[str, list[types.Diagnostic]] = {}
    for finding in checked.report.findings:
        if ls.sessions.owns(session, finding.location.path):
            found.setdefault(finding.location.path, []).append(diagnostic(ls, session, checked, finding))
    return {
        path: FileDiagnostics(tuple(items), blake2b(repr(items).encode("utf-8", "replace"), digest_size=12).hexdigest())
        for path, items in found.items()
    }


def diagnostic(ls: Server, session: Session, checked: Checked, finding: Finding) -> types.Diagnostic:
    related = None
    if ls.client.related_information and finding.related:
        related = [
            types.DiagnosticRelatedInformation(location=place(ls, session, checked, entry.location), message=entry.message)
            for entry in finding.related
        ]
    return types.Diagnostic(
        range=_range(ls, checked, finding.location.path, checked.span(finding)),
        message=finding.message,
        severity=_SEVERITY[finding.severity],
        code=finding.rule,
        source=SOURCE,
        code_description=_page(ls, finding.rule),
        related_information=related,
        data={"fingerprint": finding.fingerprint},
    )


def _page(ls: Server, rule: str) -> types.CodeDescription | None:
    """The rule's page, behind the rule's name, where the client has a command that shows it."""
    if EXPLAIN_RULE not in ls.client.commands:
        return None
    return types.CodeDescription(href=f"command:{EXPLAIN_RULE}?{quote(json.dumps([rule]))}")


def place(ls: Server, session: Session, checked: Checked, location: Location) -> types.Location:
    """A place of a check as the client names it; the start of a file that is not there."""
    return types.Location(
        uri=session.uri(location.path), range=_range(ls, checked, location.path, checked.outward(location))
    )


def _range(ls: Server, checked: Checked, path: str, span: Span) -> types.Range:
    document = checked.document(path)
    start = types.Position(line=0, character=0)
    return ls.places.range(document, span) if document is not None else types.Range(start=start, end=start)


# After each check


def deliver(ls: Server, session: Session, checked: Checked) -> None:
    """Push what has changed, or tell the client to pull again if files moved that it did not edit itself."""
    session.presented = presented = present(ls, session, checked)
    if not ls.client.pulls:
        for path in sorted(presented.keys() | session.served.keys() | session.buffers.keys()):
            answer = presented.get(path, NONE)
            # An open file hears also that nothing was found; of others, no news is good news.
            if session.served.get(path, "" if path in session.buffers else NONE.id) != answer.id:
                _push(ls, session, path, answer)
    elif any(session.served[path] != presented.get(path, NONE).id for path in _unasked(session)):
        ls.later(ls.workspace_diagnostic_refresh_async(None))
    ls.news.set()


def withdraw(ls: Server, session: Session) -> None:
    """The folder is closed: nothing is said about its files any more."""
    if not ls.client.pulls:
        for path in session.served:
            _push(ls, session, path, NONE)
    session.presented = {}


def _push(ls: Server, session: Session, path: str, found: FileDiagnostics) -> None:
    session.served[path] = found.id
    buffer = session.buffers.get(path)
    version = buffer.document.version if buffer is not None else None
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri=session.uri(path), diagnostics=list(found.items), version=version)
    )


def _unasked(session: Session) -> set[str]:
    """Open files that the client has pulled and will not pull by itself: it does so for those it edits."""
    return session.served.keys() & session.buffers.keys() - session.edited


# Pulled


async def pull_document(ls: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    found = ls.sessions.find(params.text_document.uri)
    if found is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    session, path = found
    try:
        await session.current()
    except Superseded as superseded:
        raise ServerCancelled(str(superseded), superseded.again) from None
    answer = session.presented.get(path, NONE)
    session.served[path] = answer.id
    if params.previous_result_id == answer.id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=answer.id)
    return types.RelatedFullDocumentDiagnosticReport(items=list(answer.items), result_id=answer.id)


async def pull_workspace(ls: Server, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """Every file with findings, and those that had some. A client that streams is answered when there is news."""
    known = {entry.uri: entry.value for entry in params.previous_result_ids}
    while True:
        ls.news.clear()
        items: list[types.WorkspaceDocumentDiagnosticReport] = []
        moved = False
        for session in ls.sessions:
            await session.newest()
            for uri, path, answer in _all(session, known):
                moved |= known.get(uri, NONE.id) != answer.id
                items.append(_entry(session, uri, path, answer, known))
        if moved or params.partial_result_token is None or not ls.pulled_workspace:
            ls.pulled_workspace = True
            return types.WorkspaceDiagnosticReport(items=items)
        await ls.news.wait()


def _all(session: Session, known: Mapping[str, str]) -> list[tuple[str, str, FileDiagnostics]]:
    found = {session.uri(path): (path, answer) for path, answer in session.presented.items()}
    return [(uri, path, answer) for uri, (path, answer) in found.items()] + [
        (uri, uri, NONE) for uri in known if uri not in found and session.holds(uri)
    ]


def _entry(
    session: Session, uri: str, path: str, answer: FileDiagnostics, known: Mapping[str, str]
) -> types.WorkspaceDocumentDiagnosticReport:
    buffer = session.buffers.get(path)
    version = buffer.document.version if buffer is not None else None
    if known.get(uri) == answer.id:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(uri=uri, version=version, result_id=answer.id)
    return types.WorkspaceFullDocumentDiagnosticReport(
        uri=uri, version=version, items=list(answer.items), result_id=answer.id
    )

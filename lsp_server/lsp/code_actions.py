"""Code actions: listed cheaply from the last check, built and verified when one is chosen.

The list carries only names and a digest; resolving finds the finding anew in the current check, so nothing is kept
between the two. What the client sends as diagnostics is never read: some clients send none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.findings import Applicability, Finding, Fix
from lsp_server.lsp import agent
from lsp_server.lsp.changes import workspace_edit
from lsp_server.lsp.client import plain
from lsp_server.lsp.diagnostics import diagnostic
from lsp_server.lsp.progress import shown
from lsp_server.lsp.protocol import ContentModified, RequestFailed, Server
from lsp_server.lsp.session import Session
from lsp_server.repair.suppress import suppression
from lsp_server.text import Span

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked
    from lsp_server.verify import Verdict

KIND = types.CodeActionKind.QuickFix
KINDS = (KIND, agent.WHOLE_FILE)
ASK = "specdrift.answer"  # a command of the client: it asks and calls `specdrift.server.answer`


async def list_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    found = ls.sessions.find(params.text_document.uri)
    wanted = params.context.only
    if found is None or not any(_includes(wanted, kind) for kind in KINDS):
        return []
    session, path = found
    checked = await session.newest()
    document = checked.document(path)
    if document is None:
        return []
    actions: list[types.CodeAction] = []
    if _includes(wanted, agent.WHOLE_FILE):
        actions.extend(agent.file_actions(ls, session, checked, path))
    if not _includes(wanted, KIND):
        return actions
    span = ls.places.span(document, params.range)
    findings = findings_at(checked, path, span)
    actions = [*agent.actions(ls, session, checked, path, findings, span.start), *actions]
    return [*await _fixes(ls, session, checked, findings), *actions]


async def _fixes(ls: Server, session: Session, checked: Checked, findings: list[Finding]) -> list[types.CodeAction]:
    actions = []
    for finding in findings:
        for fix in offers(checked, finding):
            action = _action(ls, session, checked, finding, fix)
            if fix.ask is not None and ls.client.asks:
                action.command = types.Command(title=fix.title, command=ASK, arguments=[action.data])
                action.data = None
            elif fix.ask is not None and not await _must_ask(session, checked, fix):
                continue  # the same is on offer without questions
            elif not ls.client.resolves_edits:
                action.edit = await _edit_at_once(ls, session, checked, finding, fix)
                if action.edit is None:
                    continue
            actions.append(action)
    return actions


async def resolve(ls: Server, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit. Fails with a reason for people where the repair would not hold."""
    if action.edit is not None or action.command is not None:
        return action
    data = plain(action.data)
    found = ls.sessions.find(str(data.get("uri", "")))
    if found is None:
        raise RequestFailed("this action belongs to no open folder")
    session, path = found
    checked = await session.newest()
    finding, fix = same_fix(checked, path, data)
    verdict = await shown(ls, fix.title, _verdict(session, checked, finding, fix))
    if not verdict.ok or verdict.change is None:
        message = f"{fix.title}: {'' if verdict.questions else 'not offered any more, '}{verdict.problem}"
        ls.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=message))
        raise RequestFailed(message)
    action.edit = workspace_edit(ls, session, checked, verdict.change, fix)
    return action


def findings_at(checked: Checked, path: str, span: Span) -> list[Finding]:
    """Findings that the span (of the editor's text) touches, and those that begin on its lines."""
    document = checked.document(path)
    if document is None:
        return []
    first, last = document.lines.position(span.start).line, document.lines.position(span.end).line
    found = []
    for finding in checked.report.findings:
        if finding.location.path == path:
            start, end = checked.span(finding)
            line = document.lines.position(start).line
            if first <= line <= last or (start <= span.end and span.start <= end):
                found.append(finding)
    return found


def offers(checked: Checked, finding: Finding) -> Iterator[Fix]:
    """What can be done about a finding, the preferred first, accepting it last."""
    yield from sorted(
        (fix for fix in finding.fixes if fix.applicability is not Applicability.DISPLAY), key=lambda fix: not fix.preferred
    )
    document = checked.snapshot.document(finding.location.path)
    accepting = suppression(finding, document) if document is not None else None
    if accepting is not None:
        yield accepting


def _includes(wanted: Sequence[types.CodeActionKind | str] | None, ours: types.CodeActionKind) -> bool:
    """Whether a kind, or one that it is a part of, is asked for."""
    names = [str(getattr(kind, "value", kind)) for kind in wanted] if wanted is not None else [""]
    return any(not name or ours.value == name for name in names)


def _action(ls: Server, session: Session, checked: Checked, finding: Finding, fix: Fix) -> types.CodeAction:
    path = finding.location.path
    return types.CodeAction(
        title=fix.title,
        kind=KIND,
        diagnostics=[diagnostic(ls, session, checked, finding)],
        is_preferred=(fix.preferred and (fix.ask is None or ls.client.asks)) or None,
        data={
            "uri": session.uri(path),
            "rule": finding.rule,
            "subject": list(finding.subject),
            "kind": fix.kind,
            "title": fix.title,
            "digest": checked.snapshot.documents.digest(path),
        },
    )


def same_fix(checked: Checked, path: str, data: object) -> tuple[Finding, Fix]:
    """The finding and the fix that an action speaks of, in the current check. Raises ContentModified."""
    fields = plain(data)
    if path in checked.snapshot.documents and checked.snapshot.documents.digest(path) == fields.get("digest"):
        for finding in checked.report.findings:
            same = finding.location.path == path and finding.rule == fields.get("rule")
            if same and list(finding.subject) == list(fields.get("subject", ())):
                for fix in offers(checked, finding):
                    if (fix.kind, fix.title) == (fields.get("kind"), fields.get("title")):
                        return finding, fix
    raise ContentModified(f"{path} has changed since this action was listed")


async def _verdict(session: Session, checked: Checked, finding: Finding, fix: Fix) -> Verdict:
    return await session.thread.run(lambda flag: session.analysis.verdict(checked, finding, fix, flag))


async def _must_ask(session: Session, checked: Checked, fix: Fix) -> bool:
    """Whether there is no such repair without an answer. A client that cannot ask is then told so when it is chosen."""
    ask = fix.ask
    if ask is None:
        return False
    questions = await session.thread.run(lambda flag: ask(checked.snapshot))
    return any(question.must for question in questions)


async def _edit_at_once(
    ls: Server, session: Session, checked: Checked, finding: Finding, fix: Fix
) -> types.WorkspaceEdit | None:
    """For clients that cannot ask later: the edit, or None where the repair would not hold."""
    verdict = await _verdict(session, checked, finding, fix)
    if not verdict.ok or verdict.change is None or any(path in checked.drafts for path in verdict.change.paths):
        return None
    return workspace_edit(ls, session, checked, verdict.change, fix)

"""The agent in the editor: offered where it could help, run with its progress shown, its result an edit that a person confirms.

Nothing is offered, loaded or said unless the package is installed and there is a key: whoever has none never hears of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from lsp_server.config import ConfigError
from lsp_server.document import Kind
from lsp_server.findings import Applicability, Finding, Fix
from lsp_server.lsp.changes import workspace_edit
from lsp_server.lsp.client import plain
from lsp_server.lsp.progress import Progress
from lsp_server.lsp.protocol import ContentModified, RequestFailed, Server
from lsp_server.lsp.session import Session
from lsp_server.lsp.stories import story_at

if TYPE_CHECKING:
    from lsp_server.agent.loop import Outcome
    from lsp_server.agent.loop import Progress as Step
    from lsp_server.agent.session import Result
    from lsp_server.agent.session import Session as Run
    from lsp_server.agent.task import Task
    from lsp_server.lsp.analysis import Checked

RUN = "specdrift.server.runAgent"
WHOLE_FILE = types.CodeActionKind.Source
_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE")
_TITLES = {
    "implement-endpoint": "Implement endpoint with the agent",
    "data-step": "Write the data step of this migration with the agent",
    "complete-rollback": "Complete this rollback with the agent",
    "follow-spec": "Bring this in line with the spec with the agent",
}
_FILE = "Bring this file in line with the spec with the agent"
_STORY = "Implement story with the agent"
_APPLY = "Apply"


def is_ready(ls: Server) -> bool:
    """Whether a run could begin: the package is there, and something to pay with, and the client can take the result."""
    if not ls.client.applies_edits or find_spec("anthropic") is None:
        return False
    return any(os.environ.get(name) for name in _KEYS) or ls.person.agent.get("provider", "anthropic") != "anthropic"


# What is offered


def actions(ls: Server, session: Session, checked: Checked, path: str, found: list[Finding], offset: int) -> Iterator[types.CodeAction]:
    """One action per kind of task for the findings under the cursor, and one for a story."""
    if not is_ready(ls):
        return
    from lsp_server.agent.task import is_for_agent, task_for

    offered: set[str] = set()
    for finding in found:
        if not is_for_agent(finding):
            continue
        kind = task_for([finding], checked.snapshot).kind
        if kind not in offered:
            offered.add(kind)
            yield _action(_TITLES[kind], {"uri": session.uri(path), "fingerprints": [finding.fingerprint], "kind": kind}, types.CodeActionKind.QuickFix)
    document = checked.document(path)
    story = story_at(document, offset) if document is not None and document.kind is Kind.MARKDOWN else None
    if story is not None:
        given = {"uri": session.uri(path), "kind": "implement-story", "line": story.line}
        yield _action(_STORY, given, types.CodeActionKind.QuickFix)


def file_actions(ls: Server, session: Session, checked: Checked, path: str) -> Iterator[types.CodeAction]:
    """The action for a whole file with drift in it."""
    if is_ready(ls) and _of_file(checked, path):
        yield _action(_FILE, {"uri": session.uri(path), "kind": "follow-spec"}, WHOLE_FILE)


def _action(title: str, arguments: dict[str, Any], kind: types.CodeActionKind) -> types.CodeAction:
    return types.CodeAction(title=title, kind=kind, command=types.Command(title=title, command=RUN, arguments=[arguments]))


def _of_file(checked: Checked, path: str) -> list[Finding]:
    """The drift that a file takes part in, at either end."""
    from lsp_server.agent.task import is_for_agent

    return [
        finding
        for finding in checked.report.findings
        if is_for_agent(finding) and path in (finding.location.path, *(each.location.path for each in finding.related))
    ]


# What is run


async def run_agent(ls: Server, arguments: list[Any]) -> dict[str, Any]:
    """Run a task and offer its result. The argument is an object: `uri`, and `fingerprints`, `kind`, `line` or `task` (a person's words)."""
    given = plain(arguments[0]) if arguments else {}
    found = ls.sessions.find(str(given.get("uri", "")))
    sessions = tuple(ls.sessions)
    if found is None and len(sessions) != 1:
        raise RequestFailed("a task needs the `uri` of a file in one of the open folders")
    session, path = found or (sessions[0], "")
    checked = await session.newest()
    task = _task(checked, path, given)
    outcome = await _performed(ls, session, checked, task)
    applied = await _offered(ls, session, checked, task, outcome)
    return _as_json(outcome.outcome, applied)


def _task(checked: Checked, path: str, given: Mapping[str, Any]) -> Task:
    """Raises RequestFailed, and ContentModified for findings that are gone."""
    from lsp_server.agent.task import KINDS, task_for, task_of_words

    kind = given.get("kind")
    if kind is not None and kind not in KINDS:
        raise RequestFailed(f"there is no kind of task `{kind}`; known: {', '.join(KINDS)}")
    if given.get("task"):
        return task_of_words(str(given["task"]), kind or "free", checked.snapshot)
    document = checked.document(path)
    if isinstance(given.get("line"), int) and document is not None:
        story = story_at(document, document.lines.offset(given["line"], 0))
        if story is None:
            raise ContentModified(f"{path} has no story at line {given['line'] + 1} any more")
        words = f"{path}, line {story.line + 1}: {story.title}"
        return replace(task_of_words(words, "implement-story", checked.snapshot), paths=(path,))
    wanted = given.get("fingerprints")
    if isinstance(wanted, list | tuple) and wanted:
        findings = [finding for finding in checked.report.findings if finding.fingerprint in wanted]
        if not findings:
            raise ContentModified("what this task is for is not there any more")
        return task_for(findings, checked.snapshot, kind)
    findings = _of_file(checked, path) if path else []
    if not findings:
        raise RequestFailed("there is nothing to bring in line here" if path else "there is no task: say what should be done")
    return task_for(findings, checked.snapshot, "follow-spec")


async def _performed(ls: Server, session: Session, checked: Checked, task: Task) -> Result:
    """The run's result. Cancelling the request or the shown progress ends it, and nothing is left."""
    from lsp_server.agent.model import NoModel
    from lsp_server.agent.session import perform

    prepared = _prepared(ls, session, checked)
    running = asyncio.get_running_loop().create_task(perform(prepared, task, lambda step: progress.say(_line(step)), ls.say_to_person))
    progress = Progress(ls, f"Agent: {task.title}", running.cancel)
    try:
        return await running
    except (NoModel, ConfigError) as reason:
        raise RequestFailed(str(reason)) from None
    finally:
        running.cancel()
        progress.end()


def _prepared(ls: Server, session: Session, checked: Checked) -> Run:
    """All that a run needs. Raises RequestFailed."""
    from lsp_server.agent.session import Session as Run
    from lsp_server.agent.session import agent_file_of
    from lsp_server.agent.settings import agent_settings

    try:
        settings = agent_settings(checked.snapshot.config, ls.client.trusted, ls.person.agent)
        agent_file = agent_file_of(settings, session.root)
    except ConfigError as reason:
        raise RequestFailed(str(reason)) from None
    accepted = {finding.fingerprint: finding.rule for finding in checked.report.baselined}
    return Run(session.root, checked.snapshot, settings, agent_file, ls.client.trusted, before=checked.report, baseline=accepted)


def _line(step: Step) -> str:
    """What a run is at, in one line: the active step of its plan, how far that is, what it has cost."""
    from lsp_server.agent.money import in_words

    done = sum(todo.state == "done" for todo in step.todos)
    active = next((todo.text for todo in step.todos if todo.state == "active"), step.note or step.phase)
    count = f" ({done}/{len(step.todos)})" if step.todos else ""
    return f"{active}{count} · {in_words(step.usage)}"


# What comes of it


async def _offered(ls: Server, session: Session, checked: Checked, task: Task, result: Result) -> bool:
    """Show the verdict, and the change where it holds; whether the person took it."""
    outcome = result.outcome
    if outcome.change is None:
        shown = "; ".join(line for line in outcome.verdict.lines[:3]) or outcome.ended
        ls.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=f"Agent: no change ({outcome.ended}). {shown}"))
        return False
    description = "\n".join(outcome.verdict.lines)
    fix = Fix(description, "agent", lambda snapshot: outcome.change, Applicability.UNSAFE)
    if not (ls.client.document_changes and ls.client.annotations):
        question = f"{task.title}\n\n{description}\n\nApply the change to {', '.join(outcome.change.paths)}?"
        asked = [types.MessageActionItem(title=_APPLY), types.MessageActionItem(title="Discard")]
        request = types.ShowMessageRequestParams(type=types.MessageType.Info, message=question, actions=asked)
        answer = await ls.window_show_message_request_async(request)
        if answer is None or answer.title != _APPLY:
            return False
    # Made after the answer: the workspace does not stand still while a person reads.
    newest = await session.newest()
    edit = workspace_edit(ls, session, replace(newest, snapshot=await asyncio.to_thread(_extended, session, newest, result)), outcome.change, fix)
    applied = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=task.title))
    if applied.applied:
        message = f"Agent: {description or 'the verdict holds'}"
        ls.window_show_message(types.ShowMessageParams(type=types.MessageType.Info, message=message))
    return bool(applied.applied)


def _extended(session: Session, checked: Checked, result: Result) -> Any:
    """The snapshot with the texts that a run has changed and no reader knows (a README, a template). Raises ContentModified for changed ones.

    Reads the disk: nobody tells of a change of what no reader knows, and others' changes may not have been told yet.
    """
    from lsp_server.document import Document
    from lsp_server.workspace import read_document

    snapshot = checked.snapshot
    others: dict[str, Document | None] = {}
    for path, (before, _) in result.texts.items():
        buffer = session.buffers.get(path)
        if before is None:
            if buffer is not None or os.path.lexists(session.root / path):
                raise ContentModified(f"{path} has come into being meanwhile: nothing was applied")
            continue
        now = buffer.document if buffer is not None else read_document(session.root, path)
        if now.problem is not None or now.text != before or snapshot.documents.get(path, now).text != before:
            raise ContentModified(f"{path} has changed while the agent was at work: nothing was applied")
        if path not in snapshot.documents:
            others[path] = Document(path, before)
    if not others:
        return snapshot
    from lsp_server.snapshot import Snapshot

    return Snapshot(snapshot.documents.replacing(others), snapshot.config, snapshot.memo)


def _as_json(outcome: Outcome, applied: bool) -> dict[str, Any]:
    usage = outcome.usage
    return {
        "run": outcome.run_id, "ended": outcome.ended, "ok": outcome.verdict.ok, "applied": applied, "verdict": list(outcome.verdict.lines),
        "summary": outcome.summary, "tokens": usage.fresh, "cost": usage.cost, "seconds": round(outcome.seconds, 1),
    }  # fmt: skip

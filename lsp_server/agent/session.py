"""One run from a person's settings to its outcome: instruction, tools and workbench put together, servers started, the journal written.

What every shell does the same way. Asks nobody, prints nothing, writes no file of the workspace.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from lsp_server.agent.allow import Allowance, allowed, may_name_tools_of
from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import Boundary
from lsp_server.agent.draft import Draft
from lsp_server.agent.journal import Entry, Journal, new_run_id
from lsp_server.agent.loop import Outcome, Progress, first_request, in_thread, run
from lsp_server.agent.money import Usage
from lsp_server.agent.notes import notes_file
from lsp_server.agent.prompt import AgentFile, AgentFileError, read_agent_file, shipped
from lsp_server.agent.redact import Redaction
from lsp_server.agent.request import Body, model_of
from lsp_server.agent.running import Ran, run_tests
from lsp_server.agent.settings import AgentSettings
from lsp_server.agent.task import Task
from lsp_server.agent.tool import Tool, ToolError
from lsp_server.agent.tools import all_tools
from lsp_server.agent.verdict import Tests
from lsp_server.config import ConfigError
from lsp_server.document import UndecodableText, decode, digest_of
from lsp_server.findings import Report
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.memo import Memo
from lsp_server.text import Change

Say = Callable[[str], None]
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Session:
    """All that a run needs. `key` is one from the editor's secret storage; without it the environment's counts.

    `before` is the report on the snapshot, if it is known already; `baseline` the fingerprints of accepted findings, with their rules.
    """

    root: Path
    snapshot: Snapshot
    settings: AgentSettings
    agent_file: AgentFile
    trusted: bool = False
    key: str | None = None
    before: Report | None = None
    baseline: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome, and the texts that its change leads from (None: a new file) and to, by path; none where there is no change."""

    outcome: Outcome
    texts: dict[str, tuple[str | None, str]]


def agent_file_of(settings: AgentSettings, root: Path, folder: Path | None = None) -> AgentFile:
    """The instruction that the settings name, or the shipped one. Raises ConfigError.

    `folder` is where relative paths count from: that of the configuration, by default the root. One that a workspace brings along itself must be
    a file of the workspace that may be read, or it could be used to send any file of the machine away.
    """
    if settings.prompt is None:
        return shipped()
    path = (folder or root) / Path(settings.prompt).expanduser()
    shown = settings.prompt
    try:
        if settings.prompt_is_theirs:
            inside = os.path.relpath(os.path.realpath(path), os.path.realpath(root)).replace(os.sep, "/")
            Boundary(root).readable(inside)
        return read_agent_file(decode(path.read_bytes(), path.name), shown)
    except ToolError:
        raise ConfigError(f"agent.prompt: {shown}: a workspace that is not trusted can name only files of its own") from None
    except OSError as error:
        raise ConfigError(f"agent.prompt: {shown}: cannot be read: {error.strerror}") from None
    except (AgentFileError, UndecodableText) as error:
        raise ConfigError(f"agent.prompt: {error}") from None


@asynccontextmanager
async def _tools(session: Session, say: Say) -> AsyncIterator[Allowance]:
    """The tools that the instruction allows, the servers' included, which run meanwhile; a server of which it allows nothing is not started."""
    settings = session.settings
    ours = all_tools(session.trusted, settings.commands)
    servers_named = [server for server in settings.mcp_servers if may_name_tools_of(server.name, session.agent_file.tools)]
    if not servers_named:
        yield _allowed(ours, session, say)
        return
    from lsp_server.agent.mcp_client import McpServers

    async with McpServers(servers_named, say, session.root) as servers:
        yield _allowed((*ours, *servers.tools), session, say)


def _allowed(tools: tuple[Tool, ...], session: Session, say: Say) -> Allowance:
    allowance = allowed(tools, session.agent_file.tools)
    if allowance.missing:
        say(f"not available here, though the instruction names it: {', '.join(allowance.missing)}")
    for entry, ours in allowance.instead:
        say(f"{entry} is not configured; {ours} stands for it")
    return allowance


def _private(snapshot: Snapshot) -> Snapshot:
    """The same moment with facts of its own: a run works beside the shell's analysis, and what it drafts must not end up there."""
    memo = Memo()
    memo.entries = {key: (digest, dict(value) if isinstance(value, dict) else value) for key, (digest, value) in snapshot.memo.entries.items()}
    own = Snapshot(snapshot.documents, snapshot.config, memo, now=snapshot.now or datetime.now(), lasting=True, find_scratch=snapshot.find_scratch)
    own.runtime, own.standing, own.answers, own.earlier = snapshot.runtime, snapshot.standing, snapshot.answers, snapshot.earlier
    return own


def _bench(session: Session, task: Task, allowance: Allowance) -> Workbench:
    seed = session.snapshot.config.seed  # rows of the user's own
    exclude = (*session.settings.exclude, *([seed.removeprefix("./")] if seed else []))
    boundary = Boundary(session.root, exclude, allowance.reading, allowance.writing)
    notes = notes_file(session.root)
    commands = session.settings.commands if session.trusted else ()
    draft = Draft(session.root, _private(session.snapshot), boundary)
    return Workbench(
        session.root, draft, session.trusted, notes, commands,
        findings=task.findings, baseline=session.baseline, before=session.before,
    )  # fmt: skip


async def dry_run(session: Session, task: Task, say: Say = lambda text: None) -> Body:
    """Exactly what the first request of a run would be. Nothing is sent to a model; the configured servers are asked what they offer."""
    for sentence in session.settings.unused:
        say(sentence)
    async with _tools(session, say) as allowance:
        return first_request(task, allowance.tools, session.agent_file, session.settings)


async def perform(
    session: Session,
    task: Task,
    report: Callable[[Progress], None] = lambda progress: None,
    say: Say = lambda text: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Result:
    """Run a task and write it into the journal. `say` gets sentences for the person, each once. Raises NoModel where nothing can be sent."""
    run_id, started = new_run_id(), datetime.now(UTC)
    latest = [Progress("asking", (), Usage(), 0.0)]

    def note(progress: Progress) -> None:
        latest[0] = progress
        report(progress)

    for sentence in session.settings.unused:
        say(sentence)
    try:
        async with _tools(session, say) as allowance:
            bench = _bench(session, task, allowance)
            bench.cancelled = cancelled
            tests = _suite(session, bench) if session.trusted else None
            outcome = await run(
                task, bench, allowance.tools, session.agent_file, session.settings, note,
                key=session.key, run_id=run_id, run_tests=tests,
            )  # fmt: skip
    except asyncio.CancelledError:
        seconds = (datetime.now(UTC) - started).total_seconds()
        entry = _entry(session, task, run_id, started, seconds, "cancelled", latest[0].usage)
        # Whoever cancelled does not wait for the journal; the program does, before it ends.
        threading.Thread(target=Journal(session.settings.journal).record, args=(entry,), name="journal").start()
        raise
    entry = _completed(_entry(session, task, run_id, started, outcome.seconds, outcome.ended, outcome.usage), outcome)
    trouble = await in_thread(lambda: Journal(session.settings.journal).record(entry))
    if trouble is not None:  # Losing the journal never loses a change.
        say(trouble)
    return Result(outcome, _texts(bench, outcome.change))


def _texts(bench: Workbench, change: Change | None) -> dict[str, tuple[str | None, str]]:
    if change is None:
        return {}
    return {path: (before, change.new_files.get(path, after)) for path, (before, after) in bench.draft.texts().items()}


# The project's own tests


def _suite(session: Session, bench: Workbench) -> Callable[[], Tests]:
    """Runs them on the draft; where they fail, on the base as well, once: what failed before is not the run's fault."""
    earlier: list[Ran] = []

    def work() -> Tests:
        draft = bench.draft
        try:
            ran = run_tests(draft, cancelled=bench.cancelled)
        except ToolError as error:  # No Python to run them with, or too large a workspace to copy.
            return Tests(True, f"not run: {error}")
        if ran.ok:
            return Tests(True, ran.summary)
        if not earlier:
            earlier.append(run_tests(Draft(session.root, draft.base, draft.boundary), cancelled=bench.cancelled))
        if _is_as_before(ran, earlier[0]):
            return Tests(True, f"{ran.summary} (as before the run)")
        return Tests(False, ran.summary, ran.output)

    return work


def _is_as_before(ran: Ran, earlier: Ran) -> bool:
    """Whether nothing fails that did not fail before. What ended without naming its failures is as before only if it ended so before, too."""
    if ran.ok is None or earlier.ok is None:
        return ran.ok is earlier.ok and ran.summary.partition(":")[0] == earlier.summary.partition(":")[0]
    failures = _failures(ran)
    return not earlier.ok and bool(failures) and failures <= _failures(earlier)


def _failures(ran: Ran) -> set[str]:
    return set(_FAILED.findall(ran.output))


# The journal


def _entry(
    session: Session, task: Task, run_id: str, started: datetime, seconds: float, ended: str, usage: Usage
) -> Entry:
    return Entry(
        run_id, started, seconds, session.root.name, task.kind, Redaction().hide(task.title), ended, prompt=digest_of(session.agent_file.instruction),
        model=model_of(session.settings, session.agent_file.model), tokens_in=usage.sent, tokens_out=usage.answered,
        cache_read=usage.cache_read, cache_written=usage.cache_written, cost=usage.cost,
    )  # fmt: skip


def _completed(entry: Entry, outcome: Outcome) -> Entry:
    change = outcome.change
    digest = digest_of(repr((change.edits, sorted(change.new_files.items())))) if change is not None else None
    verdict = "holds" if outcome.verdict.ok else "fails"
    detail = Redaction().hide(outcome.verdict.faults[0]) if outcome.verdict.faults else ""
    return replace(entry, verdict=verdict, tools=outcome.tools_called, rounds=outcome.rounds, change=digest, detail=detail)

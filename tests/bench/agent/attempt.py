"""One attempt at a case: the project prepared in a folder of its own, a run of the agent, and its score."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lsp_server.agent.loop import Progress
from lsp_server.agent.prompt import AgentFile
from lsp_server.agent.request import Body, model_of
from lsp_server.agent.session import Session, dry_run, perform
from lsp_server.agent.settings import AgentSettings
from lsp_server.agent.task import Task, task_for, task_of_words
from lsp_server.check import check
from lsp_server.document import digest_of
from lsp_server.findings import Finding as Found
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from tests.bench.agent.case import Case, Finding, prepared
from tests.bench.agent.score import faults_of, result_of, snapshot_of


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the results. `result` is one of `score.RESULTS`; `prompt` names the instruction and its text's
    digest, `faults` is what the hidden checks say, `cost` is in US dollars or None."""

    case: str
    attempt: int
    model: str
    prompt: str
    result: str
    ended: str
    faults: tuple[str, ...]
    verdict: tuple[str, ...]
    tokens: int
    cost: float | None
    seconds: float
    rounds: int
    summary: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def task_of(case: Case, snapshot: Snapshot) -> Task:
    """The task as the editor and the command line would put it."""
    if isinstance(case.asks, str):
        return task_of_words(case.asks, case.kind, snapshot)
    found = matching(case.asks, snapshot)
    if not found:
        raise ValueError(f"{case.name}: there is no finding of {case.asks.rule} about {case.asks.part}")
    return task_for(found, snapshot)


def matching(wanted: Finding, snapshot: Snapshot) -> list[Found]:
    return [each for each in check(snapshot, all_rules()).findings if each.rule == wanted.rule and wanted.part in each.message]


def session_of(root: Path, settings: AgentSettings, agent_file: AgentFile) -> Session:
    """Trusted: the project is ours, and what is written runs within the worker's limits."""
    return Session(root, snapshot_of(root), settings, agent_file, trusted=True)


def request_of(case: Case, settings: AgentSettings, agent_file: AgentFile, folder: Path) -> Body:
    """What would be sent first."""
    session = session_of(prepared(case, folder), settings, agent_file)
    return asyncio.run(dry_run(session, task_of(case, session.snapshot)))


def attempt(
    case: Case, settings: AgentSettings, agent_file: AgentFile, number: int = 1, report: Callable[[Progress], None] = lambda progress: None
) -> Score:
    """Run the agent on a case. Its journal goes with the folder. Raises NoModel where no run can begin at all."""
    with tempfile.TemporaryDirectory(prefix="specdrift-") as temporary:
        folder = Path(temporary).resolve()
        root = prepared(case, folder)
        session = session_of(root, replace(settings, journal=f"sqlite:///{folder / 'journal.db'}"), agent_file)
        task = task_of(case, session.snapshot)
        done = asyncio.run(perform(session, task, report))
        outcome = done.outcome
        faults = faults_of(case, root, done.texts) if outcome.verdict.ok else ()
        result = result_of(case, outcome.verdict.ok, outcome.summary, faults)
    if outcome.ended == "model-error":
        result = "error"
    usage = outcome.usage
    return Score(
        case.name, number, model_of(settings, agent_file.model), f"{agent_file.name} {digest_of(agent_file.instruction)[:8]}", result, outcome.ended, faults, outcome.verdict.lines,
        usage.tokens, usage.cost, round(outcome.seconds, 1), outcome.rounds, outcome.summary,
    )  # fmt: skip

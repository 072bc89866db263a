"""Runs against the scripted service: a copy of a project, a task, a script; and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lsp_server.agent.loop import Outcome, Progress
from lsp_server.agent.prompt import AgentFile, shipped
from lsp_server.agent.session import Result, Session, perform
from lsp_server.agent.settings import AgentSettings
from lsp_server.agent.task import Task, task_for, task_of_words
from lsp_server.check import check
from lsp_server.config import Config
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.workspace import documents_of, list_files
from tests.agent.benches import disk
from tests.agent.messages_api import Api, Script, Turn, Use, messages_api

KEY = "sk-" + "ant-not-a-real-key-0123456789"


@dataclass
class Played:
    """What came of a run. The folder was not touched: that is looked at for every one."""

    result: Result
    api: Api
    said: list[str] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        return self.result.outcome

    @property
    def faults(self) -> str:
        return "\n".join(self.outcome.verdict.faults)

    @property
    def changed(self) -> list[str]:
        return sorted(self.result.texts)


def session_of(root: Path, api: Api, agent_file: AgentFile | None = None, trusted: bool = False, **settings: Any) -> Session:
    config = Config()
    snapshot = Snapshot(documents_of(root, list_files(root, config)), config, now=datetime(2026, 1, 2), lasting=True)
    return Session(root, snapshot, AgentSettings(base_url=api.url, **settings), agent_file or shipped(), trusted, KEY)


def finding_task(session: Session, rule: str, part: str = "") -> Task:
    """The task to clear the findings of a rule whose message holds a part."""
    found = [each for each in check(session.snapshot, all_rules()).findings if each.rule == rule and part in each.message]
    assert found, f"no finding of {rule} says {part}"
    return task_for(found, session.snapshot)


@contextmanager
def untouched(root: Path) -> Iterator[None]:
    """No file is made, changed or even written again."""
    before = disk(root)
    yield
    assert disk(root) == before


def play(root: Path, script: Script, rule: str | None = None, part: str = "", words: str = "", cancelled: Callable[[], bool] = lambda: False,
         agent_file: AgentFile | None = None, trusted: bool = False, **settings: Any) -> Played:  # fmt: skip
    """One run on a finding, or on words. The workspace on disk must be as it was afterwards."""
    with untouched(root), messages_api(script) as api:
        session = session_of(root, api, agent_file, trusted, **settings)
        task = finding_task(session, rule, part) if rule is not None else task_of_words(words)
        played = Played(None, api)  # type: ignore[arg-type]
        played.result = asyncio.run(perform(session, task, played.progress.append, played.said.append, cancelled))
    return played


def calls(*uses: tuple[str, dict[str, Any]]) -> Turn:
    return Turn(tuple(Use(name, arguments) for name, arguments in uses))

"""`--agent`: a run on a task or a finding, printed as a diff with its verdict, or written to the files.

The diff goes to the standard output, everything else to the standard error. Exit status: 0 the verdict holds, 1 it does not, 2 wrong usage or
configuration, no key or no package.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lsp_server.agent.loop import Progress
from lsp_server.agent.model import NoModel
from lsp_server.agent.money import PRICES_OF, in_words
from lsp_server.agent.session import Result, Session, agent_file_of, dry_run, perform
from lsp_server.agent.settings import agent_settings
from lsp_server.agent.task import Task, task_for, task_of_words
from lsp_server.check import check
from lsp_server.commands import FOUND, OK, USAGE, UsageError
from lsp_server.commands.check import baseline_of, counted
from lsp_server.commands.fix import unified
from lsp_server.commands.output import put
from lsp_server.commands.project import Project, open_project
from lsp_server.commands.writing import write_files
from lsp_server.findings import Finding, Report
from lsp_server.report.terminal import printable
from lsp_server.rules import all_rules, rule_named
from lsp_server.workspace import read_baseline

_FINGERPRINT = re.compile(r"[0-9a-f]{16}\Z")
_MOST = 20  # findings of one task
_MARKS = {"open": " ", "active": ">", "done": "x"}


def run(options: argparse.Namespace) -> int:
    if options.paths:
        raise UsageError("--agent takes a task and no paths; it works on the current folder")
    project = open_project(options, lasting=True)
    settings = agent_settings(project.config, options.trust, personal=options.config is not None)
    folder = Path(project.config.source).parent if project.config.source and "prompt" in project.config.agent else None
    agent_file = agent_file_of(settings, project.root, folder)
    rules, today = all_rules(), date.today()
    baseline = read_baseline(baseline_of(options, project))
    before = check(project.snapshot, rules, today=today, baseline=baseline)
    task = task_of(options.agent, project, before)
    session = Session(project.root, project.snapshot, settings, agent_file, options.trust, before=before, baseline=baseline)
    if options.dry_run:
        put(json.dumps(asyncio.run(dry_run(session, task, _say)), indent=2, ensure_ascii=False) + "\n")
        return OK
    _say(f"task: {task.title}")
    try:
        result = asyncio.run(perform(session, task, _Teller().tell, _say))
    except NoModel as error:
        raise UsageError(str(error)) from None
    return _end(result, project, options)


def task_of(words: Sequence[str], project: Project, report: Report) -> Task:
    """The task in the words of the command line: a fingerprint, a rule with a place, or whatever a person asks. Raises UsageError."""
    if len(words) == 1 and _FINGERPRINT.match(words[0]):
        found = [finding for finding in report.findings if finding.fingerprint == words[0]]
        if not found:
            raise UsageError(f"no finding has the fingerprint {words[0]}; --check --format json tells them")
        return task_for(found, project.snapshot)
    if len(words) <= 2 and rule_named(words[0]) is not None:
        return task_for(_findings_at(words[0], words[1] if len(words) > 1 else None, project, report), project.snapshot)
    if not " ".join(words).strip():
        raise UsageError("--agent needs a task: words, a finding's fingerprint, or RULE PATH[:LINE]")
    return task_of_words(" ".join(words), snapshot=project.snapshot)


def _findings_at(rule: str, place: str | None, project: Project, report: Report) -> list[Finding]:
    path, _, line = (place or "").rpartition(":") if place is not None and re.search(r":\d+\Z", place) else (place or "", "", "")
    path = path.removeprefix("./")
    found = [
        finding for finding in report.findings
        if finding.rule == rule and path in ("", finding.location.path) and line in ("", str(project.snapshot.line(finding.location)))
    ]  # fmt: skip
    if not found:
        others = [f"{each.location.path}:{project.snapshot.line(each.location)}" for each in report.findings if each.rule == rule]
        where = f" at {place}" if place else ""
        raise UsageError(f"there is no finding of {rule}{where}{f'; there is {chr(44).join(others[:5])}' if others else ''}")
    if len(found) > _MOST:
        raise UsageError(f"{len(found)} findings are too many for one run; name a file or a line")
    return found


def _end(result: Result, project: Project, options: argparse.Namespace) -> int:
    outcome = result.outcome
    if outcome.summary:
        _say("")
        _lines(outcome.summary, "| ")
    _say("")
    for line in outcome.verdict.lines:
        _lines(line, "  ")
    for line in outcome.verdict.log:
        _lines(f"note: {line}", "  ")
    dated = f" (list prices of {PRICES_OF})" if outcome.usage.cost else ""
    spent = f"{in_words(outcome.usage)}{dated}, {counted(outcome.rounds, 'answer')} in {outcome.seconds:.0f} s"
    if not outcome.verdict.ok:
        _say(f"run {outcome.run_id}: no change ({outcome.ended}); {spent}")
        return FOUND
    if options.apply:
        written = write_files(project.root, result.texts)
        if written.problem is not None:
            _say(f"{written.problem}; {f'written: {chr(44).join(written.paths)}' if written.paths else 'nothing was written'}")
            return USAGE
    else:
        put("".join(line for path, texts in sorted(result.texts.items()) for line in unified(path, *texts)))
    done = "written" if options.apply else "not written; --apply writes it"
    _say(f"run {outcome.run_id}: the verdict holds; {counted(len(result.texts), 'file')} ({done}); {spent}")
    return OK


class _Teller:
    """Progress as lines on the standard error: what has changed since the last one."""

    def __init__(self) -> None:
        self._todos: object = ()
        self._note = ""

    def tell(self, progress: Progress) -> None:
        if progress.todos != self._todos:
            self._todos = progress.todos
            for todo in progress.todos:
                _say(f"  [{_MARKS.get(todo.state, ' ')}] {todo.text}")
        note = f"{progress.phase}: {progress.note}" if progress.note else progress.phase
        if note != self._note and progress.phase != "over":
            self._note = note
            _say(f"  {note} ({in_words(progress.usage)})")


def _lines(text: str, margin: str) -> None:
    for line in text.splitlines():
        _say(f"{margin}{line}")


def _say(text: str) -> None:
    """One line for the person; a terminal must not obey what stands in it."""
    print(printable(text if text == "" or text.startswith((" ", "|")) else f"lsp_server: {text}"), file=sys.stderr, flush=True)

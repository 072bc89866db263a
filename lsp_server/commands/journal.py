"""`--journal`: what the agent did, the newest first, and the migrations that were applied to a development database."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lsp_server.agent.journal import Application, Entry, Journal, JournalTrouble, Wanted
from lsp_server.agent.journal.store import since_of
from lsp_server.agent.settings import agent_settings
from lsp_server.commands import OK, UsageError
from lsp_server.commands.output import put
from lsp_server.config import ConfigError
from lsp_server.report.terminal import printable
from lsp_server.workspace import find_config, read_config


def run(options: argparse.Namespace) -> int:
    if options.paths:
        raise UsageError("--journal takes no paths; --task and --since choose among the runs")
    form = _format(options.format)
    if options.limit < 1:
        raise UsageError("--limit must be at least 1")
    try:
        since = since_of(options.since, datetime.now(UTC)) if options.since is not None else None
    except ValueError:
        raise UsageError("--since of the journal is a date (2026-11-01) or how long ago (90m, 12h, 7d, 4w)") from None
    journal = Journal(_url(options))
    wanted = Wanted(since, options.outcome, options.task, options.limit)
    try:
        entries, applications = journal.list(wanted), journal.applications(wanted)
    except JournalTrouble as trouble:
        raise UsageError(str(trouble)) from None
    put(_as_json(journal, entries, applications) if form == "json" else _as_text(journal, entries, applications))
    return OK


def _format(formats: list[str] | None) -> str:
    form = formats[0] if formats else "text"
    if form not in ("text", "json") or len(formats or ()) > 1:
        raise UsageError("--journal has the formats text and json")
    return form


def _url(options: argparse.Namespace) -> str | None:
    """The journal of the configuration; of a workspace's own file only where the workspace is trusted."""
    config = read_config(options.config) if options.config is not None else find_config(Path.cwd())
    if config is None:
        raise ConfigError(f"{options.config}: has no [tool.specdrift] table")
    settings = agent_settings(config, options.trust, personal=options.config is not None)
    for sentence in settings.unused:
        if "journal" in sentence.partition(" ")[0]:
            print(f"lsp_server: {sentence}", file=sys.stderr)
    return settings.journal


def _as_json(journal: Journal, entries: Iterable[Entry], applications: Iterable[Application]) -> str:
    def plain(value: Entry | Application) -> dict[str, Any]:
        return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in asdict(value).items()}

    answer = {"version": 1, "journal": journal.place, "runs": [*map(plain, entries)], "applications": [*map(plain, applications)]}
    return json.dumps(answer, ensure_ascii=False, indent=1) + "\n"


def _as_text(journal: Journal, entries: tuple[Entry, ...], applications: tuple[Application, ...]) -> str:
    lines = [line for entry in entries for line in _run_lines(entry)]
    if applications:
        lines += ["", "Migrations applied to a development database"]
    for each in applications:
        words = f"{_local(each.at)}  {each.outcome:<9} {each.revision} to {each.target} ({each.workspace})"
        lines.append(f"{words}: {each.detail}" if each.detail else words)
    if not lines:
        return f"no runs in the journal at {printable(journal.place)}\n"
    return "".join(f"{printable(line)}\n" for line in lines)


def _run_lines(entry: Entry) -> Iterable[str]:
    cost = "cost not known" if entry.cost is None else f"${entry.cost:.2f}"
    tokens = f"{entry.tokens_in:,} tokens in, {entry.tokens_out:,} out"
    calls = sum(entry.tools.values())
    yield f"{entry.run_id}  {_local(entry.started)}  {entry.outcome:<9} {entry.title} ({entry.workspace})"
    yield f"{'':17}verdict {entry.verdict}; {entry.seconds:.0f} s, {calls} call{'' if calls == 1 else 's'} of tools, {tokens}, {cost}, {entry.model}"
    if entry.detail:
        yield f"{'':17}{entry.detail}"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"

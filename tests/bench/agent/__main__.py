"""`python -m tests.bench.agent`: run the cases with a model and an instruction, print a table, keep the results as lines of JSON.

Needs a key in the environment, and costs money. Exit status: 0, or 1 where a verdict of ours held for what is not so (a false claim).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from lsp_server.agent.model import NoModel
from lsp_server.agent.session import agent_file_of
from lsp_server.agent.settings import AgentSettings
from lsp_server.config import EFFORTS, PROVIDERS, ConfigError
from tests.bench.agent.attempt import Score, attempt
from tests.bench.agent.case import Case, all_cases, prepared
from tests.bench.agent.score import obstacle
from tests.bench.agent.table import comparison, read, table


def run(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if options.list:
        print("".join(f"{case.name}: {case.about}\n" for case in all_cases()), end="")
        return 0
    if options.compare:
        print(comparison(*(read(path) for path in options.compare)))
        return 0
    cases = [case for case in all_cases() if not options.task or case.name in options.task]
    unknown = set(options.task) - {case.name for case in cases}
    if unknown:
        print(f"there is no task {', '.join(sorted(unknown))}; --list names them", file=sys.stderr)
        return 2
    settings = AgentSettings(
        prompt=str(options.prompt.resolve()) if options.prompt else None, model=options.model, effort=options.effort, provider=options.provider,
        base_url=options.base_url, max_cost=options.max_cost,
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory(prefix="specdrift-") as data:
            os.environ["SPECDRIFT_DATA"] = data  # neither notes nor journal of whoever evaluates
            reason = obstacle(prepared(cases[0], Path(data).resolve()))
            if reason is not None:  # before anything is paid for
                print(reason, file=sys.stderr)
                return 2
            scores = _all(cases, settings, options.repeat, options.out)
    except (NoModel, ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table([score.as_json() for score in scores]))
    for score in scores:
        for fault in score.faults:
            print(f"\n{score.case} ({score.attempt}): {fault}")
    return 1 if any(score.result == "false claim" for score in scores) else 0


def _all(cases: list[Case], settings: AgentSettings, repeat: int, out: Path | None) -> list[Score]:
    """Every result is kept as soon as it is there: whoever stops in the middle has what was paid for."""
    agent_file = agent_file_of(settings, Path.cwd())
    scores = []
    for case in cases:
        for number in range(1, repeat + 1):
            score = attempt(case, settings, agent_file, number)
            scores.append(score)
            print(f"{case.name} ({number}/{repeat}): {score.result}", file=sys.stderr, flush=True)
            if out is not None:
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(score.as_json(), ensure_ascii=False) + "\n")
    return scores


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.agent", description="Evaluate the agent on tasks with hidden checks.")
    parser.add_argument("--list", action="store_true", help="name the tasks")
    parser.add_argument("--task", metavar="NAME", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--effort", choices=EFFORTS)
    parser.add_argument("--prompt", metavar="FILE", type=Path, help="another instruction")
    parser.add_argument("--provider", choices=PROVIDERS, default="anthropic")
    parser.add_argument("--base-url", metavar="URL")
    parser.add_argument("--max-cost", metavar="USD", type=float, default=5.0, help="for one attempt")
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="attempts at each task")
    parser.add_argument("--out", metavar="FILE", type=Path, help="add the results to this file, as lines of JSON")
    parser.add_argument("--compare", metavar=("A", "B"), nargs=2, type=Path, help="two such files, side by side")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(run())

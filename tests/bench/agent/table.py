"""Results as Markdown: one run of the evaluation, or two side by side. Knows lines of JSON and nothing of runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.agent.score import RESULTS

Line = dict[str, Any]
_MARKS = {"solved": "✓", "honest failure": "–", "false claim": "✗", "error": "?"}


def read(path: Path) -> list[Line]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def table(lines: Sequence[Line]) -> str:
    """One row per case, its attempts together; then the sums."""
    rows = [
        [name, _results(mine), _mean(mine, "tokens"), _cost(mine), _mean(mine, "seconds"), _mean(mine, "rounds")]
        for name, mine in _by_case(lines).items()
    ]
    heading = f"{_models(lines)}, {len(lines)} attempts: {tally(lines)}"
    return f"{heading}\n\n{_markdown(['case', 'result', 'tokens', 'cost', 'seconds', 'answers'], rows)}"


def comparison(one: Sequence[Line], other: Sequence[Line]) -> str:
    """Two runs, case by case; what only one of them has is shown as well."""
    left, right = _by_case(one), _by_case(other)
    rows = []
    for name in sorted({*left, *right}):
        mine, theirs = left.get(name, []), right.get(name, [])
        rows.append([name, _results(mine), _results(theirs), _change(mine, theirs), _cost(mine), _cost(theirs), _mean(mine, "seconds"), _mean(theirs, "seconds")])
    columns = ["case", "A", "B", "B against A", "cost A", "cost B", "seconds A", "seconds B"]
    return f"A: {_models(one)}: {tally(one)}\nB: {_models(other)}: {tally(other)}\n\n{_markdown(columns, rows)}"


def tally(lines: Iterable[Line]) -> str:
    lines = list(lines)
    counts = Counter(line["result"] for line in lines)
    parts = [f"{counts[result]} {result}" for result in RESULTS if counts[result] or result != "error"]
    return f"{', '.join(parts)}; {sum(line['tokens'] for line in lines):,} tokens, {_total(lines)}, {sum(line['seconds'] for line in lines):.0f} s"


def _by_case(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line["case"], line["attempt"])):
        found.setdefault(line["case"], []).append(line)
    return found


def _models(lines: Iterable[Line]) -> str:
    return ", ".join(dict.fromkeys(f"{line['model']} with `{line['prompt']}`" for line in lines)) or "nothing"


def _results(lines: Sequence[Line]) -> str:
    if len(lines) == 1:
        return f"{_MARKS[lines[0]['result']]} {lines[0]['result']}"
    return " ".join(_MARKS[line["result"]] for line in lines) or "not run"


def _rate(lines: Sequence[Line]) -> tuple[float, float]:
    """The share that is solved, and that of false claims, which are worse than nothing."""
    counts = Counter(line["result"] for line in lines)
    return counts["solved"] / len(lines), -counts["false claim"] / len(lines)


def _change(one: Sequence[Line], other: Sequence[Line]) -> str:
    if not one or not other or _rate(one) == _rate(other):
        return ""
    return "better" if _rate(other) > _rate(one) else "worse"


def _mean(lines: Sequence[Line], key: str) -> str:
    return f"{sum(line[key] for line in lines) / len(lines):,.0f}" if lines else ""


def _cost(lines: Sequence[Line]) -> str:
    known = [line["cost"] for line in lines if line["cost"] is not None]
    return f"${sum(known) / len(known):.3f}" if known and len(known) == len(lines) else ""


def _total(lines: Sequence[Line]) -> str:
    known = [line["cost"] for line in lines if line["cost"] is not None]
    return f"${sum(known):.2f}" if len(known) == len(lines) else "cost not known"


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

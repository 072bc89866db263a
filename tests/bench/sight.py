"""The goals of `--facts` beside what is reached, from the scorer that comes with the truth files. Part of `accuracy.py`.

The scorer (`score.py`, beside the folder of truth files) runs `lsp_server --facts` over every checkout and counts; nothing
is counted here a second time.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Scores = dict[str, dict[str, Any]]  # kind -> project -> {"figures": {figure: {"right": 1, …}}, "run": {…}}

# (kind, figure, least recall, least precision)
GOALS = (
    ("models", "tables", 0.99, 0.998), ("models", "columns", 0.985, 0.998), ("models", "types", 0.97, 0.99),
    ("models", "nullable", 0.985, 0.99), ("models", "primary key", 0.99, 0.99), ("models", "foreign keys", 0.97, 0.99),
    ("models", "unique", 0.96, 0.99), ("models", "indexes", 0.95, 0.99), ("models", "position", 0.99, 0.0),
    ("migrations", "tables", 0.98, 0.99), ("migrations", "columns", 0.97, 0.99), ("migrations", "types", 0.95, 0.99),
    ("migrations", "heads", 1.0, 1.0), ("migrations", "revisions", 1.0, 1.0), ("migrations", "replay", 1.0, 1.0),
    ("routes", "status codes", 0.97, 0.995), ("routes", "request", 0.97, 0.995), ("routes", "response", 0.97, 0.995),
    ("routes", "operation id", 0.97, 0.995), ("routes", "position", 0.99, 0.0),
)  # fmt: skip
# The routes of each framework; the other figures of routes are asked of FastAPI alone.
ROUTES = (
    ("FastAPI", 0.98), ("Flask", 0.96), ("Starlette", 0.95), ("Litestar", 0.95), ("Falcon", 0.95), ("aiohttp", 0.95),
    ("Tornado", 0.95), ("Connexion", 0.95), ("Django REST framework", 0.85),
)  # fmt: skip
LEAST_PRECISION = 0.995


def score(truth_folder: Path, checkouts: Path, only: list[str]) -> Scores | None:
    """What the scorer says of the program beside this file; None where there is no scorer."""
    scorer = truth_folder.parent / "score.py"
    if not scorer.is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "scores.json")
        narrowed = ["--only", *only] if only else []
        command = ["--command", f"{sys.executable} -m lsp_server", "--json", str(output), *narrowed]
        root = Path(__file__).parent.parent.parent
        subprocess.run(
            [sys.executable, str(scorer.resolve()), str(truth_folder.resolve()), str(checkouts.resolve()), *command],
            cwd=root, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return json.loads(output.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def goals_table(scores: Scores, truth_folder: Path) -> Iterator[str]:
    """The goals, figure by figure, in Markdown."""
    frameworks = {file.name.removesuffix(".json.gz"): _framework(file) for file in truth_folder.glob("*.json.gz")}
    yield "| what | recall | goal | precision | goal | |\n|---|---:|---:|---:|---:|---|"
    for kind, figure, recall, precision in GOALS:
        chosen = {name: each for name, each in scores.get(kind, {}).items() if kind != "routes" or frameworks.get(name) == "FastAPI"}
        yield _row(f"{kind}: {figure}" if kind != "routes" else f"FastAPI: {figure}", _sum(chosen, figure), recall, precision)
    for framework, recall in ROUTES:
        chosen = {name: each for name, each in scores.get("routes", {}).items() if frameworks.get(name) == framework}
        yield _row(f"routes: {framework}", _sum(chosen, "routes"), recall, LEAST_PRECISION)


def projects_table(scores: Scores, kind: str) -> Iterator[str]:
    """Every project's figures of one kind, in Markdown: precision / recall."""
    figures = list(dict.fromkeys(figure for each in scores[kind].values() for figure in each["figures"]))
    yield f"| project | {' | '.join(figures)} |\n|---|{'---:|' * len(figures)}"
    for name, each in scores[kind].items():
        cells = (_sum({name: each}, figure) for figure in figures)
        yield f"| {name} | {' | '.join(f'{_share(*_precision(cell))}/{_share(*_recall(cell))}' for cell in cells)} |"


def _framework(file: Path) -> str:
    """The framework as the goals name it: its extensions and versions left out."""
    name = str(json.loads(gzip.decompress(file.read_bytes())).get("framework") or "")
    return next((known for known, _ in ROUTES if name.startswith(known)), name)


def _sum(projects: dict[str, Any], figure: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in projects.values():
        found = each["figures"].get(figure, {})
        total.update({outcome: found.get(outcome, 0) for outcome in ("right", "wrong", "extra", "missed", "abstained")})
    return total


def _precision(count: Counter[str]) -> tuple[int, int]:
    return count["right"], count["right"] + count["wrong"] + count["extra"]


def _recall(count: Counter[str]) -> tuple[int, int]:
    return count["right"], count["right"] + count["wrong"] + count["missed"] + count["abstained"]


def _row(what: str, count: Counter[str], least_recall: float, least_precision: float) -> str:
    (found, sought), (right, said) = _recall(count), _precision(count)
    if not sought:
        return f"| {what} | – | {least_recall:g} | – | {least_precision or '–':} | not measured |"
    reached = found >= least_recall * sought and (not said or right >= least_precision * said)
    return (
        f"| {what} | {_share(found, sought)} | {least_recall:g} | {_share(right, said)} | {least_precision or '–'} "
        f"| {'reached' if reached else 'missed'} |"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "–"

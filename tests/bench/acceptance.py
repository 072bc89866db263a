"""The main job on a real project, end to end: `python tests/bench/acceptance.py TRUTH_FILE CHECKOUT [--python INTERPRETER]`.

Works on copies of `fastapi/full-stack-fastapi-template`. With the application's own OpenAPI output beside the code the check
must have nothing to say about the api and know the operations, and say of models and migrations what Alembic says. Then,
again and again with other ones, a route is removed, a column added and a downgrade emptied: exactly these three must be found,
`--fix` must repair them, the check must be as clean as before, and the application must import and serve (which needs an
INTERPRETER that has the project's dependencies). Prints a Markdown table; exits 1 where something is missing.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from accuracy import drift_keys, known_operations
from truth import METHODS, Truth, read_truth

from lsp_server.config import Config
from lsp_server.snapshot import Snapshot
from lsp_server.workspace import documents_of, list_files

LEFT_OUT = shutil.ignore_patterns(".git", "node_modules", "frontend", "__pycache__", ".specdrift", "img")
COLUMNS = (  # class and line: safe, with a default of the database's, and one that somebody has to decide about
    ("User", "nickname: str | None = Field(default=None, max_length=80)"),
    ("Item", "weight: float | None = Field(default=None)"),
    ("Item", "is_archived: bool = Field(default=False, sa_column_kwargs={'server_default': 'false'})"),
    ("User", "badge: uuid.UUID | None = Field(default=None)"),
    ("Item", "seen_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))"),
    ("User", "visits: int = Field(default=0)"),
)
EXPECTED = {"operation-not-implemented": 1, "model-change-without-migration": 1, "migration-without-rollback": 1}
SERVE = """
import json, warnings
warnings.simplefilter("ignore")
from fastapi.testclient import TestClient
from app.main import app
client = TestClient(app)
assert client.get("/api/v1/utils/health-check/").status_code == 200
print(json.dumps(client.get("/api/v1/openapi.json").json()))
"""

Finding = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, metavar="TRUTH_FILE")
    parser.add_argument("checkout", type=Path, metavar="CHECKOUT")
    parser.add_argument("--python", metavar="INTERPRETER", help="one that has the project's dependencies")
    parser.add_argument("--rounds", type=int, default=1000, help="at most so many removed routes")
    options = parser.parse_args()
    truth = read_truth(options.truth)
    with tempfile.TemporaryDirectory() as folder:
        return run(truth, options.checkout, Path(folder), options.python, options.rounds)


def run(truth: Truth, checkout: Path, folder: Path, interpreter: str | None, rounds: int) -> int:
    start = folder / "start"
    shutil.copytree(checkout, start, ignore=LEFT_OUT)
    (start / "openapi.json").write_text(json.dumps(truth.specifications[0], indent=1), encoding="utf-8")
    before = findings_of(start)
    failed = not first_look(truth, start, before)
    accepted = {finding["fingerprint"] for finding in before}
    plans = list(zip(routes_of(start), cycle(COLUMNS), cycle(downgrades_of(start))))[:rounds]
    print("| route removed | column added | downgrade emptied | found | repaired | clean again | serves |\n|---|---|---|---|---|---|---|")
    for (path, function), (owner, column), revision in plans:
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(start, copy)
        remove_function(copy / path, function)
        add_column(copy / "backend/app/models.py", owner, column)
        empty_downgrade(copy / revision)
        found = Counter(each["rule"] for each in findings_of(copy) if each["fingerprint"] not in accepted)
        fix(copy)
        left = [each for each in findings_of(copy) if each["fingerprint"] not in accepted]
        left_rules = Counter(each["rule"] for each in left)
        served = serves(copy, truth, interpreter)
        cells = [
            f"`{function}`", f"`{owner}.{column.split(':')[0]}`", revision.name.split("_")[0],
            "exactly these" if found == EXPECTED else str(dict(found)),
            f"{sum(rule not in left_rules for rule in EXPECTED)} of 3",
            "yes" if not left else "; ".join(f"{each['rule']}: {each['message']}" for each in left), served,
        ]  # fmt: skip
        print("| " + " | ".join(cells) + " |", flush=True)
        failed |= found != EXPECTED or bool(left) or served.startswith("no")
    return int(failed)


def first_look(truth: Truth, start: Path, before: list[Finding]) -> bool:
    """What the check says of the project as it is."""
    api = [finding for finding in before if finding["path"] == "openapi.json" or is_api(finding["rule"])]
    promised = sum(method in METHODS for item in truth.specifications[0]["paths"].values() for method in item)
    config = Config()
    snapshot = Snapshot(documents_of(start, list_files(start, config), {}), config, now=datetime.now())
    known = len(known_operations(snapshot)[0])
    drift = drift_keys(snapshot)
    print(f"api findings: {len(api)}; operations known: {known} of {promised}; "
          f"models against migrations: {sorted(drift)}, Alembic: {sorted(truth.drift or ())}")  # fmt: skip
    print("other findings: " + "; ".join(f"{each['rule']} ({each['path']})" for each in before if each not in api) + "\n")
    return not api and known >= 0.95 * promised and drift == truth.drift


def is_api(rule: str) -> bool:
    from lsp_server.rules import rule_named

    found = rule_named(rule)
    return found is not None and found.area == "api"


# --- the command ------------------------------------------------------------------------------------------------------


def findings_of(folder: Path) -> list[Finding]:
    report = json.loads(command(folder, "--check", "--format", "json", "--exit-zero", "--no-cache"))
    assert not report["failed_rules"], report["failed_rules"]
    findings: list[Finding] = report["findings"]
    return findings


def fix(folder: Path) -> None:
    names = ",".join(EXPECTED)
    command(folder, "--fix", "--unsafe-fixes", "--select", names, "--no-cache")


def command(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "lsp_server", *arguments, "."], cwd=folder, text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False)  # fmt: skip
    if done.returncode > 1:
        raise RuntimeError(done.stderr)
    return done.stdout


def serves(folder: Path, truth: Truth, interpreter: str | None) -> str:
    """Whether the application starts and serves every promised operation."""
    if interpreter is None:
        return "not tried"
    done = subprocess.run([interpreter, "-c", SERVE], cwd=folder / "backend", text=True, capture_output=True, check=False)
    if done.returncode != 0:
        return "no: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    served = operations(json.loads(done.stdout.splitlines()[-1]))
    missing = operations(truth.specifications[0]) - served
    return "yes" if not missing else f"no: without {sorted(missing)}"


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method, path) for path, item in document["paths"].items() for method in item if method in METHODS}


# --- breaking it ------------------------------------------------------------------------------------------------------


def routes_of(folder: Path) -> list[tuple[str, str]]:
    """File and function of every route, in a fixed order that mixes the files."""
    found = []
    for path in sorted((folder / "backend/app/api/routes").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any("router." in ast.unparse(each) for each in node.decorator_list):
                found.append((path.relative_to(folder).as_posix(), node.name))
    return found


def downgrades_of(folder: Path) -> list[Path]:
    """Revisions whose upgrade and downgrade both do something."""
    return sorted(path.relative_to(folder) for path in (folder / "backend/app/alembic/versions").glob("*.py"))


def remove_function(path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    node = next(each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name)
    lines = text.splitlines(keepends=True)
    first = min(decorator.lineno for decorator in node.decorator_list) - 1
    path.write_text("".join(lines[:first] + lines[node.end_lineno :]), encoding="utf-8")


def add_column(path: Path, owner: str, column: str) -> None:
    text = path.read_text(encoding="utf-8")
    node = next(each for each in ast.parse(text).body if isinstance(each, ast.ClassDef) and each.name == owner)
    lines = text.splitlines(keepends=True)
    lines.insert(node.body[0].end_lineno or node.body[0].lineno, f"    {column}\n")
    path.write_text("".join(lines), encoding="utf-8")


def empty_downgrade(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    node = next(each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef) and each.name == "downgrade")
    lines = text.splitlines(keepends=True)
    path.write_text("".join([*lines[: node.lineno], "    pass\n", *lines[node.end_lineno :]]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

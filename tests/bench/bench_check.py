"""What `--check` costs: processor time of the process, wall time and the most memory it had, cold and warm.

    python -m tests.bench.bench_check [FOLDER …] [--runs 5] [--against CHECKOUT]

Cold: `--no-cache`. Facts: with the facts of last time, the report made anew (as after an edit of one file).
Warm: nothing has changed since the last check. The runs of all folders are interleaved, and the median is given, so that what
else runs on the machine falls on all alike. `--against` runs another checkout of the product beside this one.
Run on demand; the table goes to `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "projects" / "bookshop"


@dataclass(frozen=True)
class Cost:
    """Seconds and MiB of one process."""

    cpu: float
    wall: float
    memory: float


def check(folder: Path, cache: Path, product: Path, *options: str) -> Cost:
    command = [sys.executable, "-m", "lsp_server", "--check", str(folder), "--exit-zero", "--quiet", *options]
    environment = {**os.environ, "SPECDRIFT_CACHE": str(cache), "PYTHONPATH": str(product)}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, cwd=product)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - started, used.ru_maxrss / scale)


def measure(folder: Path, cache: Path, product: Path) -> dict[str, Cost]:
    """One cold run, one with facts only, one with everything known."""
    costs = {"cold": check(folder, cache, product, "--no-cache")}
    check(folder, cache, product)
    costs["facts"] = check(folder, cache, product, "--ignore", "house")
    check(folder, cache, product)
    costs["warm"] = check(folder, cache, product)
    return costs


def size(folder: Path) -> str:
    files = [path for path in folder.rglob("*.py") if not any(part in ("node_modules", ".venv", ".git") for part in path.parts)]
    return f"{len(files)} ({sum(path.stat().st_size for path in files if path.is_file()) / 1e6:.1f} MB)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    options = parser.parse_args()
    folders = [SAMPLE, *(folder.resolve() for folder in options.folders)]
    products = [ROOT, *([options.against.resolve()] if options.against else [])]
    costs: dict[tuple[Path, Path, str], list[Cost]] = {}
    with tempfile.TemporaryDirectory() as cache:
        for run in range(options.runs):
            for folder in folders:
                for number, product in enumerate(products):
                    for state, cost in measure(folder, Path(cache) / f"{run}-{number}", product).items():
                        costs.setdefault((folder, product, state), []).append(cost)
    print("| project | Python files | state | CPU s | wall s | peak MiB |\n|---|---|---|---|---|---|")
    for (folder, product, state), runs in costs.items():
        name = folder.name if product == ROOT else f"{folder.name} (before)"
        cpu, wall, memory = (statistics.median(getattr(cost, part) for cost in runs) for part in ("cpu", "wall", "memory"))
        print(f"| {name} | {size(folder)} | {state} | {cpu:.2f} | {wall:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()

"""What a migration costs: planned and rendered, proved on SQLite, proved on the embedded PostgreSQL, and asked for in an editor.

    python -m tests.bench.bench_migration [FOLDER …] [--runs 7]

In this process, for each folder with an Alembic history that replays, one column is added to one of its tables: "first" is what the first
time costs in a fresh process (imports, a started server, a template made), "then" the median of the other runs, which are interleaved. In
the server a model of the sample project is changed in a buffer, twice: the action of the first change pays for what the second one
finds ready. Run as root it goes on as `nobody`, for PostgreSQL does not run as root. The tables go to `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lsprotocol import types as t

from lsp_server.config import Config
from lsp_server.database.model import Column, ColumnType, Database
from lsp_server.database.replay import HistoryReplay
from lsp_server.repair.generate_migration import conventions_of
from lsp_server.shadow.embedded import embedded
from lsp_server.snapshot import Snapshot
from lsp_server.workspace import documents_of, find_config, list_files
from tests.bench.migration.users import as_nobody
from tests.lsp.editor import VSCODE, Editor, command, environment

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "projects" / "bookshop"
MODEL, PLACE = "app/models/book.py", "    stock: Mapped[int] = mapped_column(server_default=\"0\")\n"
GOALS = {"plan and render": 0.15, "proof on SQLite": 0.5, "proof on PostgreSQL": 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    if os.geteuid() == 0:
        return again_as_nobody()
    cache = Path(os.environ.get("SPECDRIFT_CACHE") or tempfile.mkdtemp())
    in_process([SAMPLE, *(folder.resolve() for folder in options.folders)], options.runs, cache)
    asyncio.run(in_the_server(cache))
    return 0


def again_as_nobody() -> int:
    with tempfile.TemporaryDirectory(prefix="specdrift-home-") as home:
        shutil.chown(home, "nobody", "nogroup")
        program = as_nobody(sys.executable, "-B", "-m", "tests.bench.bench_migration", *sys.argv[1:])
        variables = {**os.environ, "HOME": home, "SPECDRIFT_CACHE": f"{home}/cache", "PYTHONPATH": str(ROOT)}
        return subprocess.run(program, cwd=ROOT, env=variables, check=False).returncode


# In this process


def in_process(folders: list[Path], runs: int, cache: Path) -> None:
    server = embedded(cache)
    works: dict[tuple[str, str, str], Callable[[], None]] = {}
    for folder in folders:
        name = f"{folder.name}|"
        snapshot = Snapshot(documents_of(folder, list_files(folder, Config()), {}), Config(), now=datetime.now())
        replay = max(snapshot.histories, key=lambda each: len(each.database.tables))
        name += f"{len(replay.database.tables)} tables, {len(replay.history.revisions)} revisions"
        works[(name, "plan and render", "")] = planning(snapshot, replay)
        works[(name, "proof on SQLite", "")] = proving(replay, replay.history.dialect)
        if not isinstance(server, str):
            works[(name, "proof on PostgreSQL", "")] = proving(replay, "postgresql", server)
    seconds: dict[tuple[str, str, str], list[float]] = {key: [] for key in works}
    busy: dict[tuple[str, str, str], list[float]] = {key: [] for key in works}
    for _ in range(runs + 1):
        for key, work in works.items():
            started, begun = time.perf_counter(), time.process_time()
            work()
            seconds[key].append(time.perf_counter() - started)
            busy[key].append(time.process_time() - begun)
    print("| project | history | work | goal s | first s | then s | CPU s of ours |\n|---|---|---|---:|---:|---:|---:|")
    for key, (first, *others) in seconds.items():
        name, what, _ = key
        then, own = statistics.median(others), statistics.median(busy[key][1:])
        print(f"| {name.replace('|', ' | ')} | {what} | {GOALS[what]} | {first:.2f} | {then:.3f} | {own:.3f} |")
    print(flush=True)


def changed(database: Database) -> Database:
    """The same with one column more."""
    tables = list(database.tables)
    middle = len(tables) // 2
    column = Column("measured", ColumnType("VARCHAR", (20,)), True, False)
    tables[middle] = replace(tables[middle], columns=(*tables[middle].columns, column))
    return replace(database, tables=tuple(tables))


def planning(snapshot: Snapshot, replay: HistoryReplay) -> Callable[[], None]:
    from lsp_server.database.migration.plan import alternatives
    from lsp_server.database.migration.render import render

    after = changed(replay.database)

    def work() -> None:
        (planned,) = alternatives(replay.database, after, replay.history.dialect)
        render(planned, conventions_of(snapshot, replay.history), "proved")

    return work


def proving(replay: HistoryReplay, dialect: str | None, server: object = None) -> Callable[[], None]:
    """Without a server on SQLite in memory, whatever the dialect."""
    from lsp_server.database.migration.plan import plan
    from lsp_server.database.migration.proof import prove

    def work() -> None:
        planned = plan(replay.database, changed(replay.database), dialect)
        proof = prove(planned, find=(lambda _: server) if server is not None else None)  # type: ignore[arg-type, return-value]
        if not proof.holds:
            print(f"{dialect}: {proof.line}", file=sys.stderr)

    return work


# In the server


async def in_the_server(cache: Path) -> None:
    root = cache / "bookshop"
    shutil.copytree(SAMPLE, root, dirs_exist_ok=True)
    dialect = find_config(root).dialect or "as its history"
    editor = Editor(root, VSCODE)
    program, *arguments = command()
    await editor.client.start_io(program, *arguments, env=environment(root) | {"SPECDRIFT_CACHE": str(cache)})
    await editor.initialize()
    editor.open(MODEL)
    report = await editor.pull(MODEL)
    print(f"| in the server ({dialect}) | list s | resolve s |\n|---|---:|---:|")
    text = PLACE
    for number, what in enumerate(("first action", "second", "third", "a field of another type")):
        line = f"    extra_{number}: Mapped[{'int' if number == 3 else 'str'} | None]\n"
        editor.replace(MODEL, text, text + line)
        text += line
        report = await editor.pull(MODEL, getattr(report, "result_id", None))
        place = editor.at(MODEL, line.strip())
        started = time.perf_counter()
        actions = await editor.actions(MODEL, t.Range(start=place, end=place))
        listed = time.perf_counter() - started
        action = next(each for each in actions if "migration" in each.title)
        started = time.perf_counter()
        resolved = await editor.client.code_action_resolve_async(action)
        print(f"| {what} | {listed:.3f} | {time.perf_counter() - started:.2f} |", flush=True)
        if number == 0:
            print("  ", next(line for line in str(resolved.edit).split("\\n") if "Proof" in line), file=sys.stderr)
    await editor.leave()
    await editor.client.stop()


if __name__ == "__main__":
    sys.exit(main())

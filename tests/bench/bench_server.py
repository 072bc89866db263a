"""How long the server lets a person wait: start, first check, keystroke to diagnostics, hover, list and resolve of actions.

    python -m tests.bench.bench_server FOLDER FILE [--edits 30]

FILE (relative to FOLDER) is edited at its end, one character at a time, as in typing; each time is that from the change sent to
the pulled diagnostics received, the debounce taken off. Run on demand; the table goes to `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from lsprotocol import types as t

from lsp_server.lsp.session import TYPING
from tests.lsp.editor import VSCODE, Editor, command, environment


async def main(root: Path, file: str, edits: int) -> None:
    with tempfile.TemporaryDirectory() as cache:
        for state in ("cold", "warm"):
            await one(root, file, edits if state == "warm" else 3, Path(cache) / "x", state)


async def one(root: Path, file: str, edits: int, cache: Path, state: str) -> None:
    editor = Editor(root, VSCODE)
    program, *arguments = command()
    started = time.perf_counter()
    await editor.client.start_io(program, *arguments, env=environment(cache))
    server = editor.client._server
    assert server is not None
    await editor.initialize()
    tell(f"{state}: spawn to initialize", [time.perf_counter() - started])
    editor.open(file)
    report = await editor.pull(file)
    tell(f"{state}: spawn to first diagnostics", [time.perf_counter() - started])
    times = []
    for number in range(edits):
        text = editor.texts[file]
        end = editor.position(text, len(text))
        typed = "# a comment\n"[number % 12]
        editor.texts[file] = text + typed
        before = time.perf_counter()
        editor.change(file, [t.TextDocumentContentChangePartial(range=t.Range(start=end, end=end), text=typed)])
        report = await editor.pull(file, report.result_id)
        times.append(time.perf_counter() - before - TYPING)
    tell(f"{state}: keystroke to diagnostics", times)
    hover = t.HoverParams(text_document=editor.identifier(file), position=t.Position(line=0, character=0))
    await editor.client.text_document_hover_async(hover)
    tell(f"{state}: hover", [await timed(editor.client.text_document_hover_async(hover)) for _ in range(20)])
    everything = t.Range(start=t.Position(line=0, character=0), end=t.Position(line=99999, character=0))
    tell(f"{state}: list of actions", [await timed(editor.actions(file, everything)) for _ in range(20)])
    for action in (await editor.actions(file, everything))[:3]:
        tell(f"{state}: resolve {action.title}", [await timed(editor.client.code_action_resolve_async(action))])
    status = Path(f"/proc/{server.pid}/status")
    if status.exists():
        size = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        print(f"{state}: resident memory  {int(size.split()[1]) // 1024} MiB")
    await editor.leave()
    await editor.client.stop()


async def timed(work: Awaitable[object]) -> float:
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


def tell(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(f"{what}  p50 {statistics.median(ordered) * 1000:.0f} ms  p95 {late * 1000:.0f} ms  (n={len(ordered)})", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file")
    parser.add_argument("--edits", type=int, default=30)
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.folder.resolve(), options.file, options.edits)))

"""Asks the project's own interpreter, within limits: time, memory, no connection, no other process, no written file.

Whatever goes wrong there is an answer with failures, never an exception here. The child is a process group of its own and is
killed as a whole.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.worker.probe import without_secrets

SECONDS = 60  # of the clock
MEGABYTES = 4096  # address space; a process with threads maps far more than it uses
_LAST_WORDS = 5  # seconds of the clock, after everything was killed
# The agent's, never handed to another program or host; a project that wants to see some value still starts.
OUR_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_FOUNDRY_API_KEY", "AWS_BEARER_TOKEN_BEDROCK")
_PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, slots=True)
class Question:
    """`modules` are dotted names, `factories` (module, function) pairs, `paths` the folders they are imported from.

    `dialect`: for which kind of database the tables' CREATE statements are wanted, if they are.
    """

    modules: tuple[str, ...]
    factories: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    dialect: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """OpenAPI documents and tables as plain data, their CREATE statements, and what failed on the way, in words."""

    specifications: tuple[dict[str, Any], ...] = ()
    metadata: tuple[list[dict[str, Any]], ...] = ()
    failures: tuple[str, ...] = ()
    created: tuple[dict[str, Any], ...] = ()  # for each metadata: {"tables": [[schema, name]], "statements": [text]}


def ask(interpreter: Path, root: Path, question: Question, seconds: float = SECONDS) -> Answer:
    """Run the probe in a project's folder and take what it says."""
    with tempfile.TemporaryDirectory(prefix="specdrift-") as folder:
        answer = Path(folder, "answer.json")
        answer.touch()
        asked = {"modules": question.modules, "factories": question.factories, "paths": [str(root / path) for path in question.paths],
                 "answer": str(answer), "dialect": question.dialect, "megabytes": MEGABYTES, "seconds": int(seconds) + 1}  # fmt: skip
        trouble = run([str(interpreter), "-B", str(_PROBE)], root, json.dumps(asked), seconds)
        if trouble is not None:
            return Answer(failures=(trouble,))
        try:
            data = json.loads(answer.read_text(encoding="utf-8"))
            failures = tuple(f"{each['what']}: {each['error']}" for each in data["failures"])
            return Answer(tuple(_objects(data["specifications"])), tuple(data["metadata"]), failures, tuple(_objects(data["created"])))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Answer(failures=("the project's interpreter gave no answer that can be read",))


def run(command: list[str], root: Path, asked: str, seconds: float) -> str | None:
    """What went wrong, in words; None where nothing did."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **{name: "hidden" for name in OUR_KEYS if name in os.environ}}
    try:
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return f"{command[0]}: cannot be started: {error.strerror}"
    try:
        _, errors = process.communicate(asked, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"the project did not finish importing within {seconds:g} seconds"
    finally:
        _end(process)
    if process.returncode == 0:
        return None
    last = errors.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
    return f"the project's interpreter stopped: {without_secrets(last[0])[:300]}"


def _end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of the child and of anything it started."""
    with suppress(ProcessLookupError, PermissionError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    with suppress(subprocess.TimeoutExpired):  # what has left the group may hold the pipe open
        process.communicate(timeout=_LAST_WORDS)


def _objects(values: Iterable[object]) -> Iterable[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict))

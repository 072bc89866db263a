"""What upgrading the development database would come to, statement by statement, before anything is run.

The project's own revisions say it, in the worker: a child process without connections, in a workspace that its user trusts. What cannot be said as
statements is not run from here.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server.worker import probe
from lsp_server.worker.child import MEGABYTES, SECONDS, run

_SCRIPT = Path(__file__).with_name("script.py")


class Unsayable(Exception):
    """The statements cannot be had; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `parameters` are positional values or values by name, as the driver gets them; None without any."""

    sql: str
    parameters: tuple[Any, ...] | Mapping[str, Any] | None = None

    @property
    def shown(self) -> str:
        """The statement as text for people, its parameters behind it."""
        return f"{self.sql};" + (f"  -- {json.dumps(self.parameters, ensure_ascii=False)}" if self.parameters else "")


@dataclass(frozen=True, slots=True)
class Question:
    """`scripts` is Alembic's folder, `versions` those of the revisions, `paths` what the project imports from; all absolute.

    `recorded` is where the database stands, `until` where it should be. `options` are `env.py`'s, as far as they are plain values. `dump` makes a copy of
    a database of SQLite.
    """

    dialect: str
    scripts: str
    versions: tuple[str, ...]
    paths: tuple[str, ...]
    recorded: tuple[str, ...]
    until: str
    options: Mapping[str, Any]
    dump: str | None = None


def statements_of(question: Question, interpreter: Path, root: Path, seconds: float = SECONDS) -> tuple[Statement, ...]:
    """Raises Unsayable."""
    with tempfile.TemporaryDirectory(prefix="specdrift-") as folder:
        answer = Path(folder, "answer.json")
        answer.touch()
        asked = {
            "dialect": question.dialect, "scripts": question.scripts, "versions": question.versions, "paths": question.paths, "from": question.recorded,
            "to": question.until, "options": dict(question.options), "dump": question.dump, "answer": str(answer), "probe": probe.__file__,
            "megabytes": MEGABYTES, "seconds": int(seconds) + 1,
        }  # fmt: skip
        trouble = run([str(interpreter), "-B", str(_SCRIPT)], root, json.dumps(asked), seconds)
        if trouble is not None:
            raise Unsayable(trouble)
        try:
            data = json.loads(answer.read_text(encoding="utf-8"))
            failures = [f"{each['what']}: {each['error']}" for each in data["failures"]]
            statements = tuple(_statements(data["statements"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise Unsayable("the project's interpreter gave no answer that can be read") from None
    if failures:
        raise Unsayable(failures[0])
    return statements


def _statements(data: Iterable[Any]) -> Iterable[Statement]:
    for sql, parameters in data:
        if parameters is not None and not isinstance(parameters, list | dict):
            raise TypeError
        yield Statement(str(sql), tuple(parameters) if isinstance(parameters, list) and parameters else parameters or None)

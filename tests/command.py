"""The command line for tests: projects on disk, and the outcome of one call.

`call` runs in this process (quick), `spawn` as a process of its own (for what only a process has: exit status of a
closed pipe, limits of the operating system, another user).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from lsp_server.cli import run

REPOSITORY = Path(__file__).parent.parent

SPEC = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /books:
    get:
      operationId: listBooks
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 20}}
      responses: {"200": {description: The books}}
  /books/{id}:
    delete:
      operationId: deleteBook
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
      responses: {"204": {description: Gone}}
"""

CODE = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/books", operation_id="listBooks")
def list_books(limit: int = 50) -> None:
    return None


@app.get("/health")
def health() -> None:
    return None
"""

AGREED = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/books", operation_id="listBooks")
def list_books(limit: int = 20) -> None:
    return None


@app.delete("/books/{id}", operation_id="deleteBook", status_code=204)
def delete_book(id: int) -> None:
    return None
"""

# What is wrong with the shop: rule, severity and line, by place.
DRIFT = [
    ("app.py", 7, "error", "parameter-contradicts-spec"),
    ("app.py", 11, "warning", "route-not-in-spec"),
    ("openapi.yaml", 11, "error", "operation-not-implemented"),
]


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def findings(self) -> list[tuple[str, int, str, str]]:
        """Path, line, severity and rule of every finding of a JSON report."""
        return [(each["path"], each["start"]["line"], each["severity"], each["rule"]) for each in self.json["findings"]]

    @property
    def rules(self) -> list[str]:
        return [each["rule"] for each in self.json["findings"]]

    @property
    def unknowns(self) -> dict[str | None, str]:
        """What is not known, by path."""
        return {each["path"]: each["what"] for each in self.json["unknowns"]}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Files below a folder, written as they are (no translation of line breaks)."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def shop(folder: Path, **changes: str | bytes) -> Path:
    """A small project with the drift of `DRIFT`; `spec` and `code` replace its two files."""
    return write(folder, {"openapi.yaml": changes.get("spec", SPEC), "app.py": changes.get("code", CODE)})


def call(folder: Path, *arguments: object) -> Outcome:
    """`lsp_server ARGUMENTS` with the folder as the current one."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
    err = io.StringIO()
    caches = {"SPECDRIFT_CACHE": str(folder.parent / f"{folder.name}.cache")}
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, caches),
    ):
        try:
            status = run([str(argument) for argument in arguments])
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
    out.seek(0)
    return Outcome(status, out.read(), err.getvalue())


def check(folder: Path, *arguments: object) -> Outcome:
    """The JSON report of a folder."""
    return call(folder, "--check", "--no-cache", "--format", "json", *arguments)


def spawn(folder: Path, *arguments: object, seconds: float = 60, **options: Any) -> Outcome:
    """The same as a process of its own, found by the module's name."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SPECDRIFT_CACHE": str(folder.parent / "cache")}
    environment.update(options.pop("env", {}))
    options.setdefault("stdout", subprocess.PIPE)
    command = [sys.executable, "-m", "lsp_server", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment,
                          timeout=seconds, check=False, **options)  # fmt: skip
    return Outcome(done.returncode, (done.stdout or b"").decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def git(folder: Path, *arguments: str) -> str:
    """A git command, independent of the machine's and the user's settings."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, env={**os.environ, **settings}, capture_output=True,
                          text=True, check=True)  # fmt: skip
    return done.stdout

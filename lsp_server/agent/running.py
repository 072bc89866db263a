"""Running the project's own tests and named commands on a temporary copy of the draft: only in a workspace that its user trusts.

The copy holds what a run may read, so no secret and nothing that is ignored. The environment is made from a short list; what the user's own
environment says about databases, keys and accounts is not there. `worker/suite.py` keeps tests from reaching anything else; around a command stands
nothing but the copy, the environment and, on Linux, the missing network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import lsp_server.worker
from lsp_server.agent.child import Done, run_child
from lsp_server.agent.draft import Draft
from lsp_server.agent.tool import ToolError
from lsp_server.worker.interpreters import interpreter_of
from lsp_server.worker.probe import without_secrets

SECONDS = 300.0  # of the clock
MEGABYTES = 4096  # address space
_FILE = 64 * 1024 * 1024  # bytes of a file that tests write
_SAID = 2_000_000  # bytes of output
_SHOWN = 12_000  # characters of it that are kept
_LARGEST = 20 * 1024 * 1024  # bytes of a file that is copied
_WHOLE = 500 * 1024 * 1024  # bytes of the copy
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "PATHEXT", "COMSPEC")
_SCRIPT = Path(lsp_server.worker.__file__).with_name("suite.py")
_PARALLEL = re.compile(r"-n[ =]?(?:auto|logical|\d+)\b|--numprocesses")
_COUNTED = re.compile(r"\d+ (?:x?passed|x?failed|errors?|skipped|deselected)\b|no tests ran")
_SETTINGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
_STATUS = {0: "all passed", 1: "some failed", 2: "interrupted: tests could not be collected", 3: "pytest failed", 4: "pytest could not begin", 5: "no test ran"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run. `ok` None: it did not get to a result. `summary` is one line, `output` the end of what was said, without secrets."""

    ok: bool | None
    summary: str
    output: str


def run_tests(
    draft: Draft,
    tests: Sequence[str] = (),
    select: str | None = None,
    seconds: float = SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Ran:
    """Run pytest on the draft: all tests, or those in these files (or `path::name`), or those whose name fits. Raises ToolError."""
    interpreter = _interpreter(draft)
    chosen = ["-k", select] if select else []
    settings = "".join(draft.read(path) for path in _SETTINGS if path in draft.paths())
    serial = ["-n0"] if _PARALLEL.search(settings) else []
    with _copy(draft) as (folder, copy):
        arguments = ["-q", "-rfE", "--color=no", "-p", "no:cacheprovider", f"--basetemp={folder / 'tests'}", "--tb=short", *serial, *chosen, *tests]
        done = _run(draft, interpreter, folder, copy, arguments, (), seconds, cancelled)
    output = _said(done, folder, copy)
    if done.trouble is not None:
        return Ran(None, done.trouble, output)
    status = done.status if done.status is not None else -1
    last = next((line.strip(" =") for line in reversed(output.splitlines()) if _COUNTED.search(line)), "")
    if status == 0 and not last:
        return Ran(None, "ended before pytest had counted its tests", output)
    summary = _STATUS.get(status, f"pytest ended with {status}") + (f": {last}" if last else "")
    return Ran(status == 0 if status in (0, 1, 2) else None, summary, output)


def run_command(draft: Draft, command: Sequence[str], seconds: float = SECONDS, cancelled: Callable[[], bool] = lambda: False) -> Ran:
    """Run a command that the configuration names, on the copy. What it writes there is thrown away. Raises ToolError."""
    interpreter = _interpreter(draft)
    with _copy(draft) as (folder, copy):
        done = _run(draft, interpreter, folder, copy, (), command, seconds, cancelled)
    output = _said(done, folder, copy)
    if done.trouble is not None:
        return Ran(None, done.trouble, output)
    return Ran(done.status == 0, f"ended with status {done.status}", output)


def _interpreter(draft: Draft) -> Path:
    configured = draft.base.config.interpreter
    interpreter = interpreter_of(draft.root, configured)
    if interpreter is None:
        raise ToolError(f"there is no Python at {configured}, which the configuration names; go on without running anything")
    return interpreter


def _run(
    draft: Draft, interpreter: Path, folder: Path, copy: Path, arguments: Sequence[str], command: Sequence[str],
    seconds: float, cancelled: Callable[[], bool],
) -> Done:  # fmt: skip
    hidden = [str(draft.root), str(Path.home())]
    asked = {"arguments": list(arguments), "command": list(command), "folders": [str(folder)], "hidden": hidden, "root": str(draft.root),
             "megabytes": MEGABYTES, "seconds": int(seconds) + 1, "file": _FILE}  # fmt: skip
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {"HOME": str(folder / "home"), "USERPROFILE": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "TEMP": str(folder / "tmp"),
                    "TMP": str(folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "CI": "1"}  # fmt: skip
    environment["PATH"] = os.pathsep.join([str(interpreter.parent), environment.get("PATH", os.defpath)])
    return run_child([str(interpreter), "-B", str(_SCRIPT), json.dumps(asked)], copy, environment, b"", seconds, _SAID, cancelled)


class _copy:
    """A folder with the draft's files in it, gone afterwards. Gives the folder, and the copy inside."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def __enter__(self) -> tuple[Path, Path]:
        self.folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="specdrift-")))
        try:
            copy = self.folder / (self.draft.root.name or "project")
            for name in ("home", "tmp"):
                (self.folder / name).mkdir()
            copy.mkdir(exist_ok=True)
            self._fill(copy)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self.folder, copy

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fill(self, copy: Path) -> None:
        draft, whole = self.draft, 0
        changed = draft.texts()
        for path in draft.paths():
            source, target = draft.root / path, copy / path
            document = draft.base.document(path) if path in draft.base.documents else None
            try:
                if path in changed:
                    data = changed[path][1].encode()
                elif document is not None and document.version is not None and document.problem is None:
                    data = document.text.encode()  # as it stands in the editor
                elif source.stat().st_size > _LARGEST:
                    continue
                else:
                    data = source.read_bytes()
            except OSError:
                continue
            whole += len(data)
            if whole > _WHOLE:
                raise ToolError("the workspace is too large to be copied for a run; go on without running anything")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _said(done: Done, folder: Path, copy: Path) -> str:
    """The end of the output, without the places of the copy, colours and passwords in URLs."""
    said = done.output.decode("utf-8", "replace").replace("\r\n", "\n")
    said = said.replace(f"{copy}{os.sep}", "").replace(str(copy), ".").replace(str(folder), "…")
    said = without_secrets(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)).strip()
    return said if len(said) <= _SHOWN else f"[{len(said) - _SHOWN:,} characters before]\n{said[-_SHOWN:]}"

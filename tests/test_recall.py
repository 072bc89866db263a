"""The cache on disk: what it gives is what a check without it gives, whatever happens to the files or to the cache."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lsp_server import recall
from lsp_server.cli import run
from lsp_server.config import Config
from lsp_server.workspace import Stamp

BOOKSHOP = Path(__file__).parent / "projects" / "bookshop"
TODAY = date(2026, 5, 4)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example whose files count as settled, and a cache of its own."""
    monkeypatch.setenv("SPECDRIFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(recall, "SETTLED", 0)
    root = tmp_path / "bookshop"
    shutil.copytree(BOOKSHOP, root, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return root


def report_of(root: Path, *options: str) -> dict[str, Any]:
    output = root.parent / "report.json"
    run(["--check", str(root), "--format", f"json:{output}", *options])
    report: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    report["summary"].pop("seconds")
    return report


def database(root: Path) -> Path:
    (found,) = (root.parent / "cache").glob("*.sqlite")
    return found


def kept(root: Path) -> list[str]:
    connection = sqlite3.connect(database(root))
    try:
        return [key for (key,) in connection.execute("SELECT key FROM report")]
    finally:
        connection.close()


def test_an_untouched_workspace_gives_the_same_report(project: Path) -> None:
    """The recalled report is the made one, and that of a check without a cache."""
    first = report_of(project)
    assert len(kept(project)) == 1
    assert first["findings"] and any(finding["fixes"] for finding in first["findings"])
    assert report_of(project) == first == report_of(project, "--no-cache")


def test_an_untouched_workspace_is_recalled_without_the_readers(project: Path) -> None:
    """Nothing that reads or compares is imported when there is nothing to read; what is unknown is recalled as well."""
    (project / "status.py").write_text(
        "import os\nfrom fastapi import APIRouter, FastAPI\n\nstatus = FastAPI()\n"
        "router = APIRouter(prefix=os.environ['PREFIX'])\n\n\n@router.get('/up')\ndef up(): ...\n\n\n"
        "status.include_router(router)\n",
        encoding="utf-8",
    )
    assert report_of(project)["summary"]["unknown"]
    code = (
        "import sys; from lsp_server import recall; recall.SETTLED = 0; from lsp_server.cli import run;"
        f"run(['--check', {str(project)!r}, '--format', 'json']);"
        "assert 'lsp_server.snapshot' not in sys.modules, 'checked anew'"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def _same_size(root: Path) -> None:
    path = root / "openapi.yaml"
    times = path.stat()
    text = path.read_text(encoding="utf-8")
    assert "get:" in text
    path.write_text(text.replace("get:", "put:", 1), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _append(root: Path) -> None:
    path = root / "openapi.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("paths:", "paths:\n  /nowhere:\n    get: {responses: {}}", 1))


def _new_spec(root: Path) -> None:
    (root / "second.yaml").write_text("openapi: 3.1.0\npaths: {/far: {get: {responses: 7}}}\n")


def _gone(root: Path) -> None:
    (root / "openapi.yaml").unlink()


def _configured(root: Path) -> None:
    (root / "specdrift.toml").write_text('ignore = ["api"]\n')


def _excluded(root: Path) -> None:
    (root / "specdrift.toml").write_text('exclude = ["openapi.yaml"]\n')


def _accepted(root: Path) -> None:
    baseline = root.parent / "baseline.json"
    (root / "specdrift.toml").write_text('baseline = "../baseline.json"\n')
    run(["--check", str(root), "--write-baseline", "--baseline", str(baseline), "--no-cache"])


@pytest.mark.parametrize("change", [_same_size, _append, _new_spec, _gone, _configured, _excluded, _accepted])
def test_every_change_counts(project: Path, change: Callable[[Path], None]) -> None:
    """A report is never recalled over files, a configuration or a baseline that are not those it was made of."""
    before = report_of(project)
    change(project)
    after = report_of(project)
    assert after == report_of(project, "--no-cache")
    assert after != before


def test_an_accepted_list_that_changes_counts(project: Path) -> None:
    """The baseline's content is part of what is recalled, not its file's time."""
    _accepted(project)
    accepted = report_of(project)
    (project.parent / "baseline.json").write_text('{"version": 1, "findings": []}')
    assert report_of(project) == report_of(project, "--no-cache")
    assert len(report_of(project)["findings"]) > len(accepted["findings"])


def test_options_have_reports_of_their_own(project: Path) -> None:
    """Choosing rules or paths changes the report; coming back brings the first one again."""
    everything = report_of(project)
    some = report_of(project, "--select", "migration")
    assert {finding["rule"] for finding in some["findings"]} < {finding["rule"] for finding in everything["findings"]}
    assert report_of(project, "--select", "migration") == some
    assert report_of(project) == everything
    for number in range(recall.KEPT + 3):
        (project / "specdrift.toml").write_text(f'exclude = ["none{number}"]\n')
        report_of(project)
    assert len(kept(project)) == recall.KEPT


def test_a_folder_that_is_asked_for_shows_its_part(project: Path) -> None:
    """The whole report is kept; what is shown of it is chosen each time."""
    report_of(project)
    part = next(path for path in project.iterdir() if path.is_dir() and any(path.rglob("*.py")))
    output = project.parent / "part.json"
    run(["--check", str(part), str(project / "openapi.yaml"), "--format", f"json:{output}"])
    run(["--check", str(part), str(project / "openapi.yaml"), "--format", f"json:{output}.fresh", "--no-cache"])
    recalled, fresh = (json.loads(Path(name).read_text()) for name in (output, f"{output}.fresh"))
    assert recalled["findings"] == fresh["findings"]


def test_what_a_report_hangs_on() -> None:
    """Another day, another file time, another accepted finding: another key. Files changed just now have none."""
    files = {"app.py": Stamp(10, 1_000, 2_000)}
    now = recall.SETTLED + 2_000
    plain = Config()

    def key(files: dict[str, Stamp] = files, config: Config = plain, accepted: dict[str, str] | None = None, day: int = 0) -> str | None:
        return recall.key_of(files, config, accepted or {}, TODAY + timedelta(day), now)

    assert key() == key() is not None
    others = [
        key({"app.py": Stamp(11, 1_000, 2_000)}), key({"app.py": Stamp(10, 1_001, 2_000)}), key({"app.py": Stamp(10, 1_000, 1_999)}),
        key({"lib.py": Stamp(10, 1_000, 2_000)}), key({}), key(config=Config(ignore=("api",))), key(accepted={"ab": "spec-invalid"}), key(day=1),
    ]  # fmt: skip
    assert len({key(), *others}) == len(others) + 1
    assert key({"app.py": Stamp(10, 1_000, 2_001)}) is None


# Trouble


def test_a_damaged_cache_is_no_source(project: Path) -> None:
    """Whatever bytes the cache's file is left with, the report is right, and the cache works again afterwards."""
    good = report_of(project)
    content = database(project).read_bytes()
    chance = random.Random(7)
    for _ in range(12):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 20, 2_000))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        database(project).write_bytes(bytes(damaged[: chance.choice((len(damaged), len(damaged) // 2, 100, 0))]))
        for left in database(project).parent.glob("*-[ws]??"):
            left.unlink()
        assert report_of(project) == good
        assert report_of(project) == good
    assert kept(project)


def test_no_place_for_a_cache(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that cannot be written to, or a file where the folder should be: checked without a cache, without a word."""
    good = report_of(project, "--no-cache")
    (project.parent / "file").write_text("")
    monkeypatch.setenv("SPECDRIFT_CACHE", str(project.parent / "file" / "cache"))
    assert report_of(project) == good
    assert report_of(project) == good


def test_a_full_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cache's file may not grow, the report is right and what was kept before stays readable."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); from lsp_server.cli import run;"
        f"sys.exit(run(['--check', {str(project)!r}, '--format', 'json', '--exit-zero']))"
    )
    if sys.platform == "win32":
        pytest.skip("no limit to the size of files here")
    good = report_of(project, "--no-cache")
    for _ in range(2):
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["findings"] == good["findings"]
    assert report_of(project) == good


def test_two_at_once_and_one_killed(project: Path) -> None:
    """Checks that run together share the cache's file; one that is killed half-way leaves it usable."""
    good = report_of(project, "--no-cache")
    command = [sys.executable, "-m", "lsp_server", "--check", str(project), "--format", "json", "--exit-zero"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    running[0].kill()
    outputs = [process.communicate() for process in running]
    for output, errors in outputs[1:]:
        assert json.loads(output)["findings"] == good["findings"], errors.decode()
    assert report_of(project) == good

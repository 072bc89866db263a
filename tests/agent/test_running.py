"""The project's tests run on a copy of the draft, and reach nothing else: no secret, no database, no network, no file of the user's."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from socket import create_server

import pytest

from lsp_server.agent.bench import Workbench
from lsp_server.agent.child import run_child
from lsp_server.agent.running import run_tests
from tests.agent.benches import bench_of, call, disk, project, refused

FILES = {
    "shop.py": "PRICE = 1\n",
    "data.bin": b"\x00\xff",
    ".env": "TOKEN=do-not-read\n",
    "test_shop.py": "from shop import PRICE\n\n\ndef test_price():\n    assert PRICE == 1\n",
}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return bench_of(project(tmp_path / "shop", FILES), trusted=True)


def ran(bench: Workbench, code: str) -> str:
    """What a run says of one test with this body."""
    body = "\n".join(f"    {line}" for line in code.split("\n"))
    bench.draft.write("test_one.py", f"import os, socket, sqlite3, subprocess, sys, pathlib\n\n\ndef test_one(tmp_path):\n{body}\n")
    return call(bench, "run_tests", tests=["test_one.py"])


def test_the_draft_is_tested_and_nothing_is_left(bench: Workbench) -> None:
    before = disk(bench.root)
    assert call(bench, "run_tests").startswith("all passed: 1 passed")
    call(bench, "edit_file", path="shop.py", old_text="1", new_text="2")
    said = call(bench, "run_tests")
    assert said.startswith("some failed: 1 failed") and "assert 2 == 1" in said
    assert call(bench, "run_tests", select="nothing").startswith("no test ran")
    assert disk(bench.root) == before


def test_only_what_is_asked_for_runs(bench: Workbench) -> None:
    bench.draft.write("test_other.py", "def test_bad(): assert 0\ndef test_good(): pass\n")
    assert call(bench, "run_tests", tests=["test_shop.py"]).startswith("all passed: 1 passed")
    assert call(bench, "run_tests", tests=["test_other.py::test_good"]).startswith("all passed: 1 passed")
    for bad in ("../other.py", "nothing.py", "-p x", "--rootdir=/"):
        refused(bench, "run_tests", tests=[bad])


def test_an_end_in_the_middle_is_no_success(bench: Workbench) -> None:
    assert ran(bench, "os._exit(0)").startswith("ended before pytest had counted its tests")


def test_what_tests_may_do(bench: Workbench) -> None:
    code = """
assert pathlib.Path('data.bin').read_bytes() == b'\\x00\\xff' and not pathlib.Path('.env').exists()
pathlib.Path('made.txt').write_text('x'); (tmp_path / 'x').write_text('x')
sqlite3.connect(':memory:').execute('SELECT 1'); sqlite3.connect(tmp_path / 'x.db').execute('CREATE TABLE x (y)')
import asyncio, threading
asyncio.run(asyncio.sleep(0))
server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=server.accept, daemon=True).start()
socket.create_connection(server.getsockname())
""".strip()
    assert ran(bench, code).startswith("all passed")


HARMS = (
    "sqlite3.connect({root!r} + '/dev.db').execute('CREATE TABLE x (y)')",
    "sqlite3.connect(':memory:').execute('ATTACH ? AS other', [{root!r} + '/dev.db'])",
    "open({root!r} + '/.env').read()",
    "open({root!r} + '/shop.py', 'w')",
    "open(os.path.expanduser('~') + '/../../outside.txt', 'w')",
    "os.remove({root!r} + '/shop.py')",
    "os.rename('shop.py', {root!r} + '/other.py')",
    "os.symlink({root!r}, 'linked'); open('linked/shop.py', 'a')",
    "import shutil; shutil.rmtree({root!r})",
    "subprocess.run([sys.executable, '-c', ''])",
    "import ctypes; ctypes.CDLL(None).system(b'true')",
    "import ctypes; ctypes.CDLL(None)['execve']",
    "os.system('true')",
    "os.fork()",
    "os.kill(os.getppid(), 9)",
    "import multiprocessing; multiprocessing.get_context('spawn').Process(target=print).start()",
    "socket.create_connection(('127.0.0.1', {port}), timeout=5)",
    "socket.create_connection(('localhost', {port}), timeout=5)",
    "socket.create_connection(('192.0.2.1', 5432), timeout=5)",
    "socket.getaddrinfo('example.org', 80)",
    "socket.socket(socket.AF_UNIX).connect('/var/run/postgresql/.s.PGSQL.5432')",
    "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', {port}))",
    "import psycopg; psycopg.connect('postgresql://127.0.0.1:{port}/x', connect_timeout=5)",
)


def test_what_tests_may_not_do(bench: Workbench) -> None:
    """All in one run: none of them gets through, none reaches the server, the workspace stays as it is."""
    before = disk(bench.root)
    with create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        given = {"root": str(bench.root), "port": server.getsockname()[1]}
        tests = [f"def test_{number}():\n    {harm.format(**given)}\n" for number, harm in enumerate(HARMS)]
        bench.draft.write("test_one.py", "\n\n".join(["import os, socket, sqlite3, subprocess, sys\n", *tests]))
        ran_tests = run_tests(bench.draft, ["test_one.py"])
        with pytest.raises(BlockingIOError):
            server.accept()
    assert f"{len(HARMS)} failed" in ran_tests.summary, ran_tests
    for number, harm in enumerate(HARMS):
        line = next(line for line in ran_tests.output.split("\n") if line.startswith(f"FAILED test_one.py::test_{number} "))
        assert "refused" in line or "OperationalError" in line or "too many attached" in line, (harm, line)
    assert "do-not-read" not in ran_tests.output
    assert disk(bench.root) == before


def test_the_environment_is_made_from_a_short_list(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PGPASSWORD", "ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PYTHONPATH", "PYTEST_ADDOPTS"):
        monkeypatch.setenv(name, "--do-not-read")
    said = ran(bench, "print(sorted(os.environ)); print(os.environ); assert 0")
    assert "do-not-read" not in said and "'PATH'" in said and str(Path.home()) not in said.partition("'HOME'")[2][:80]


def test_an_output_is_bounded_and_says_no_password(bench: Workbench) -> None:
    said = ran(bench, "print('x' * 100000); print('postgresql://me:hidden@db/x'); assert 0")
    assert len(said) < 13_000 and "hidden" not in said and "me:***@db" in said


def test_tests_that_never_end_are_stopped(bench: Workbench) -> None:
    bench.draft.write("test_one.py", "import time\n\n\ndef test_one():\n    print('begun')\n    time.sleep(60)\n")
    start = time.monotonic()
    found = run_tests(bench.draft, ["test_one.py"], seconds=3)
    assert found.ok is None and "longer than 3 seconds" in found.summary and time.monotonic() - start < 10
    bench.cancelled = lambda: True
    start = time.monotonic()
    assert "no longer wanted" in call(bench, "run_tests") and time.monotonic() - start < 5


def test_parallel_runs_are_run_one_after_the_other(bench: Workbench) -> None:
    pytest.importorskip("xdist")
    bench.draft.write("pytest.ini", "[pytest]\naddopts = -n auto\n")
    assert call(bench, "run_tests").startswith("all passed")


def test_a_development_install_tests_the_draft(bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that imports the project from its own folder still gets the copy."""
    bench.draft.write("src/inner.py", "PLACE = 'draft'\n")
    (bench.root / "src").mkdir()
    (bench.root / "src" / "inner.py").write_text("PLACE = 'disk'\n")
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text(f"#!/bin/sh\nexport PYTHONPATH={bench.root}/src\nexec {sys.executable} \"$@\"\n")
    python.chmod(0o755)
    monkeypatch.setenv("VIRTUAL_ENV", str(environment))
    assert ran(bench, "import inner; assert inner.PLACE == 'draft'").startswith("all passed")


def test_only_commands_that_the_configuration_names(bench: Workbench) -> None:
    bench.commands = (f"{sys.executable} -c \"open('made.txt', 'w'); print(open('shop.py').read())\"", "ls -a")
    before = disk(bench.root)
    call(bench, "edit_file", path="shop.py", old_text="1", new_text="2")
    assert "PRICE = 2" in call(bench, "run_command", command=bench.commands[0])
    assert ".env" not in call(bench, "run_command", command="ls -a").split("\n")
    refused(bench, "run_command", command="rm -rf .")
    refused(bench, "run_command", command="ls -a; rm -rf .")
    assert disk(bench.root) == before


def test_nothing_runs_without_trust(tmp_path: Path) -> None:
    from lsp_server.agent.tool import ToolError
    from lsp_server.agent.tools import running

    bench = bench_of(project(tmp_path, FILES))
    for tool, arguments in ((running.RUN_TESTS, {}), (running.command_tool(("ls",)), {"command": "ls"})):
        with pytest.raises(ToolError, match="trusted"):
            tool.run(bench, arguments)


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_a_child_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(2); open(\"late\", \"w\")']); time.sleep(60)"
    done = run_child([sys.executable, "-c", program], tmp_path, {"PATH": os.environ["PATH"]}, seconds=0.7)
    assert done.status is None and done.trouble is not None
    found = run_child([sys.executable, "-c", "import time; time.sleep(2.2)"], tmp_path, {})
    assert found.status == 0 and not (tmp_path / "late").exists()


def test_a_child_that_says_too_much_is_stopped(tmp_path: Path) -> None:
    done = run_child([sys.executable, "-c", "while True: print('x' * 1000)"], tmp_path, {}, most=10_000, seconds=20)
    assert "more than 10,000 bytes" in (done.trouble or "") and len(done.output) == 10_000
    assert run_child(["/no/such/program"], tmp_path, {}).trouble == "/no/such/program cannot be started: No such file or directory"

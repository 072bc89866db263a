"""The facts cache on disk: one SQLite file per workspace, one row per file and sort of fact.

Lives in the user's cache folder, never in the workspace; holds only what `marshal` can say, so that nothing in it can
run. Any trouble with it (another version, a full disk, a locked file) means working without it, never a failure.
"""

from __future__ import annotations

import functools
import marshal
import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_server import __version__, recall
from lsp_server.document import is_unread
from lsp_server.text import Span
from lsp_server.workspace import Stamp

if TYPE_CHECKING:  # A report that is recalled needs no reader: they are imported when facts are.
    from lsp_server.findings import Report
    from lsp_server.snapshot.memo import Memo


@functools.cache
def _tag() -> str:
    """What the facts were made by: another program, or another Python, may mean something else by them."""
    made_by = repr((__version__, sys.version, recall.program()))
    return blake2b(made_by.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def folder() -> Path:
    """Where caches live: `SPECDRIFT_CACHE`, else the platform's place for caches."""
    given = os.environ.get("SPECDRIFT_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "specdrift" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "specdrift"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "specdrift"


class Cache:
    """One workspace's cache. `load` fills a memo and tells the digests of unchanged files; `save` writes what is new."""

    def __init__(self, root: Path) -> None:
        name = blake2b(os.fsencode(root.resolve()), digest_size=12).hexdigest()
        self.path = folder() / f"{name}.sqlite"
        self._known: dict[str, tuple[int, int, str]] = {}
        self._rows: set[tuple[str, str, str]] = set()

    def recall(self, key: str) -> Report | None:
        """The finished report of last time; see `recall.py`."""
        try:
            if not self.path.exists():
                return None
            with _closing(self.path) as connection:
                return recall.recall(connection, key)
        except (sqlite3.Error, OSError) as error:
            self._distrust(error)
            return None

    def keep(self, key: str, report: Report) -> None:
        """Keep a finished report for the next time."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _closing(self.path) as connection, connection:
                recall.keep(connection, key, report)
        except (sqlite3.Error, OSError, ValueError) as error:
            self._distrust(error)

    def load(self, files: Mapping[str, Stamp], memo: Memo) -> dict[str, str]:
        """Digests of the files whose size and time have not changed; their facts go into the memo."""
        digests: dict[str, str] = {}
        try:
            with _closing(self.path) as connection:
                for path, size, modified, digest in connection.execute("SELECT path, size, modified, digest FROM file"):
                    stamp = files.get(path)
                    self._known[path] = (size, modified, digest)
                    if stamp is not None and (stamp.size, stamp.modified) == (size, modified):
                        digests[path] = digest
                for path, sort, digest, blob in connection.execute("SELECT path, sort, digest, blob FROM fact"):
                    if digests.get(path) == digest and (content := recall.unsealed(blob)) is not None:
                        memo.entries[(sort, path)] = (digest, _decode(sort, path, marshal.loads(content)))
                        self._rows.add((path, sort, digest))
        except (sqlite3.Error, OSError, ValueError, EOFError, TypeError, KeyError) as error:
            self._distrust(error)
        return digests

    def _distrust(self, error: Exception) -> None:
        """Throw away a file that is no database any more; one that is only busy or full stays."""
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):
                    os.unlink(f"{self.path}{suffix}")

    def save(self, files: Mapping[str, Stamp], digests: Mapping[str, str], memo: Memo) -> None:
        """Write the facts that are new. Files that are gone lose their rows."""
        digests = {path: digest for path, digest in digests.items() if not is_unread(digest)}  # it may be readable next time
        rows = []
        for (sort, path), (digest, value) in memo.entries.items():
            if path in digests and digest == digests[path] and (path, sort, digest) not in self._rows:
                blob = _blob(sort, value)
                if blob is not None:
                    rows.append((path, sort, digest, recall.sealed(blob)))
        stamps = [(path, stamp.size, stamp.modified, digests[path]) for path, stamp in files.items() if path in digests]
        gone = [(path,) for path in self._known if path not in files]
        changed = [row for row in stamps if self._known.get(row[0]) != row[1:]]
        if not rows and not changed and not gone:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _closing(self.path) as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", changed)
                connection.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?)", rows)
                connection.executemany("DELETE FROM file WHERE path = ?", gone)
                connection.executemany("DELETE FROM fact WHERE path = ?", gone)
        except (sqlite3.Error, OSError, ValueError) as error:
            self._distrust(error)


class _closing:
    """A connection with our tables; one made by another version is emptied first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> sqlite3.Connection:
        self.connection = sqlite3.connect(self.path, timeout=2)
        try:
            return self._prepared(self.connection)
        except BaseException:
            self.connection.close()
            raise

    def _prepared(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TABLE IF NOT EXISTS meta (tag TEXT)")
        row = connection.execute("SELECT tag FROM meta").fetchone()
        if row is None or row[0] != _tag():
            connection.executescript("DROP TABLE IF EXISTS file; DROP TABLE IF EXISTS fact; "
                                     "DROP TABLE IF EXISTS report; DELETE FROM meta;")
            connection.execute("INSERT INTO meta VALUES (?)", (_tag(),))
            connection.execute("CREATE TABLE file (path TEXT PRIMARY KEY, size INT, modified INT, digest TEXT)")
            connection.execute("CREATE TABLE fact (path TEXT, sort TEXT, digest TEXT, blob BLOB, PRIMARY KEY (path, sort))")
            connection.execute("CREATE TABLE report (key TEXT PRIMARY KEY, made INT, blob BLOB)")
            connection.commit()
        return connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def _blob(sort: str, value: object) -> bytes | None:
    """What is kept on disk; None for facts that are not, such as a tree too deep for `marshal`."""
    from lsp_server.python.module import ModuleFacts

    try:
        if isinstance(value, ModuleFacts):
            return marshal.dumps((value.body, [(*problem.span, problem.message) for problem in value.problems], value.mended))
        if sort == "signals" and isinstance(value, frozenset):
            return marshal.dumps(sorted(value))
    except ValueError:
        return None
    return None


def _decode(sort: str, path: str, value: Any) -> object:
    from lsp_server.python.module import ModuleFacts
    from lsp_server.python.syntax import SyntaxProblem

    if sort == "module":
        body, problems, mended = value
        read = tuple(SyntaxProblem(Span(start, end), text) for start, end, text in problems)
        return ModuleFacts(path, body, read, mended)
    if sort == "signals":
        return frozenset(value)
    raise KeyError(sort)

"""The workspace: the only reader of the user's files. Lists them, decodes them, watches their size and time.

Files that no reader understands are listed on request (`tracked_files`), but never opened unasked. Symbolic links to folders
are not followed, links to files only inside the workspace. A file that cannot be read becomes a document with a `problem`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from lsp_server.config import Config, ConfigError, matches, parse
from lsp_server.database.urls import urls_in
from lsp_server.document import Document, Documents, Kind, UndecodableText, decode, kind_of

LARGEST = 32 * 1024 * 1024  # bytes; the largest public OpenAPI files have 13 MB
NEVER = frozenset({
    ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".env", "env", "site-packages", ".tox", ".nox",
    ".mypy_cache", ".ruff_cache", ".pytest_cache", ".specdrift", ".idea", ".vscode", "dist", "build", ".eggs", "htmlcov",
})  # fmt: skip
_READ = frozenset(Kind) - {Kind.OTHER}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells a changed file from an unchanged one without reading it."""

    size: int
    modified: int  # nanoseconds
    changed: int = 0  # nanoseconds; of the file's own record, which no program can set back


def find_config(root: Path) -> Config:
    """The configuration of a workspace: the nearest `specdrift.toml` or `pyproject.toml` with a table, upwards.

    Raises ConfigError.
    """
    for folder in (root, *root.parents):
        for name in ("specdrift.toml", "pyproject.toml"):
            path = folder / name
            if os.path.isfile(path):
                config = read_config(path)
                if config is not None:
                    return config
        if (folder / ".git").exists():
            break
    return Config()


def read_config(path: Path) -> Config | None:
    """Raises ConfigError for a file that cannot be read or used."""
    try:
        return parse(decode(path.read_bytes(), path.name), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UndecodableText as error:
        raise ConfigError(f"{path}: {error}") from None


def database_urls(root: Path) -> tuple[str, ...]:
    """What looks like a database's URL in the environment files at the root: databases of the project, to be kept away from."""
    found: list[str] = []
    for path in sorted(root.glob(".env*")):
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        except OSError:
            continue
        found += urls_in(text)
    return tuple(found)


def baseline_path(config: Config, root: Path) -> Path | None:
    """Where the configuration keeps its baseline: beside itself, or below the root."""
    if config.baseline is None:
        return None
    return (Path(config.source).parent if config.source else root) / config.baseline


def read_baseline(path: Path | None) -> dict[str, str]:
    """The fingerprints of accepted findings, with their rules. Raises ConfigError."""
    if path is None:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data["findings"], list):
            raise ValueError
        return {str(entry["fingerprint"]): str(entry["rule"]) for entry in data["findings"]}
    except OSError as error:
        raise ConfigError(f"{path}: the baseline cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{path}: this is no baseline; --write-baseline makes one") from None


def list_files(root: Path, config: Config) -> dict[str, Stamp]:
    """All files below `root` that some reader may understand, by workspace path, with their stamps."""
    names = _git_files(root)
    found: dict[str, Stamp] = {}
    for name in names if names is not None else _walk(root):
        if not is_looked_at(name, config):
            continue
        stamp = stamp_of(root, name)
        if stamp is not None:
            found[name] = stamp
    return found


def tracked_files(root: Path) -> tuple[str, ...]:
    """Every regular file of a workspace, whether or not a reader understands it: what git tracks or would track, else a walk.

    Sorted. Names that are no text are left out.
    """
    names = _git_files(root)
    found = {name for name in (names if names is not None else _walk(root)) if _is_text(name) and stamp_of(root, name) is not None}
    return tuple(sorted(name for name in found if not any(part in NEVER for part in name.split("/")[:-1])))


def ignored_by_git(root: Path, path: str) -> bool:
    """Whether git would leave out a file of this name; False where there is no git."""
    found = _git(root, "check-ignore", "--quiet", "--no-index", "--", path)
    return found is not None and found.returncode == 0


def is_looked_at(path: str, config: Config) -> bool:
    """Whether some reader may understand a file and the configuration lets it."""
    if kind_of(path) not in _READ or any(matches(path, pattern) for pattern in config.exclude):
        return False
    return not any(part in NEVER for part in path.split("/")[:-1])


def stamp_of(root: Path, name: str) -> Stamp | None:
    """None where there is no such regular file inside the workspace."""
    full = os.path.join(root, name)
    try:
        status = os.lstat(full)
        if S_ISLNK(status.st_mode):
            if not Path(os.path.realpath(full)).is_relative_to(os.path.realpath(root)):
                return None
            status = os.stat(full)
    except OSError:
        return None
    if not S_ISREG(status.st_mode):
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _git_files(root: Path) -> list[str] | None:
    """What git tracks or would track below the folder; None outside a work tree."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    result = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if result is None or result.returncode != 0:
        return None
    return [name for name in result.stdout.decode("utf-8", "surrogateescape").split("\0") if name]


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """What git says about a folder, without starting any program that its configuration names; None where git cannot be asked."""
    command = ["git", "-C", str(root), "-c", "core.fsmonitor=false", *arguments]
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(root: Path) -> Iterable[str]:
    stack = [""]
    while stack:
        folder = stack.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in NEVER:
                        stack.append(name)
                elif entry.is_file():
                    yield name
            except OSError:
                continue


class Earlier(Mapping[str, str]):
    """The workspace's texts as they were when the last revision was committed, or the last commit where there is none.

    Read when one is asked for, out of git's objects, which runs nothing. What git does not have is as it was saved last.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, str | None] = {}

    def __getitem__(self, path: str) -> str:
        if path not in self._known:
            self._known[path] = self._read(path)
        text = self._known[path]
        if text is None:
            raise KeyError(path)
        return text

    def __iter__(self) -> Iterator[str]:
        return (path for path, text in self._known.items() if text is not None)

    def __len__(self) -> int:
        return sum(text is not None for text in self._known.values())

    @cached_property
    def _commit(self) -> str | None:
        if not any((folder / ".git").exists() for folder in (self._root, *self._root.parents)):
            return None
        for scope in (("--", ":(glob)**/versions/*.py"), ()):
            found = self._git("rev-list", "-1", "HEAD", *scope)
            if found is None or found.strip():
                return found.decode("ascii").strip() if found is not None else None
        return None

    def _read(self, path: str) -> str | None:
        data = self._git("cat-file", "blob", f"{self._commit}:./{path}") if self._commit is not None else None
        if data is None:
            document = read_document(self._root, path)
            return document.text if document.problem is None else None
        try:
            return decode(data, path)
        except UndecodableText:
            return None

    def _git(self, *arguments: str) -> bytes | None:
        """None for what git does not have, or where there is no git. Objects that are not here are not fetched."""
        environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
        command = ["git", "-C", str(self._root), *arguments]
        try:
            result = subprocess.run(command, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL, env=environment)
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return result.stdout if result.returncode == 0 else None


def read_document(root: Path, path: str) -> Document:
    """A file's document; unreadable, too large or undecodable ones have a `problem` and no text."""
    try:
        if (root / path).stat().st_size > LARGEST:
            return Document(path, "", problem=f"larger than {LARGEST // (1024 * 1024)} MB, not read")
        return Document(path, decode((root / path).read_bytes(), path))
    except OSError as error:
        return Document(path, "", problem=f"cannot be read: {error.strerror}")
    except UndecodableText as error:
        return Document(path, "", problem=str(error))


def documents_of(root: Path, files: Iterable[str], digests: Mapping[str, str] | None = None) -> Documents:
    """Documents that are read from disk when somebody looks at them."""

    def loader(path: str) -> Callable[[], Document]:
        return lambda: read_document(root, path)

    return Documents({path: loader(path) for path in files}, digests)

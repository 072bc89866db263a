"""Writing repaired files: all are prepared beside their targets first, then each takes its target's place in one step.

What can fail (a file that changed meanwhile, a folder without permission, a full disk) fails before the first file is
replaced. Knows texts and files, nothing of findings.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Written:
    """The paths that were replaced, and what stopped the rest; None when all are written."""

    paths: tuple[str, ...]
    problem: str | None = None


class _Refusal(Exception):
    """Why a file is not written; the message names it."""


def write_files(root: Path, changed: Mapping[str, tuple[str | None, str]]) -> Written:
    """Replace files by their new texts; `changed` maps paths to the texts before (None: a new file) and after.

    Mode, owner, encoding mark and line breaks stay; where a path is a symbolic link, its target is replaced.
    """
    prepared: list[tuple[str, Path, Path]] = []
    done: list[str] = []
    try:
        for path, (before, after) in sorted(changed.items()):
            target = Path(os.path.realpath(root / path))
            prepared.append((path, _prepare(root, path, target, before, after), target))
        for path, temporary, target in prepared:
            try:
                os.replace(temporary, target)
            except OSError as error:
                raise _Refusal(f"{path}: cannot be written: {error.strerror}") from None
            done.append(path)
    except _Refusal as refusal:
        return Written(tuple(done), str(refusal))
    finally:
        for _, temporary, _ in prepared[len(done) :]:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return Written(tuple(done))


def _prepare(root: Path, path: str, target: Path, before: str | None, after: str) -> Path:
    """The new text in a file beside its target. Raises _Refusal, and leaves nothing behind then."""
    try:
        data = after.encode("utf-8", "surrogatepass")
        if before is None:
            if target.exists():
                raise _Refusal(f"{path}: the file exists already")
            if not target.is_relative_to(os.path.realpath(root)):
                raise _Refusal(f"{path}: leads out of the project")
            target.parent.mkdir(parents=True, exist_ok=True)
        else:
            data = _mark(path, target.read_bytes(), before) + data
        handle, name = tempfile.mkstemp(prefix=".specdrift-", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _dress(temporary, target, before is None)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise _Refusal(f"{path}: cannot be written: {error.strerror}") from None
    return temporary


def _mark(path: str, found: bytes, before: str) -> bytes:
    """The encoding mark that the file begins with. Refuses a file that is not the text that was repaired."""
    content = found.removeprefix(_BOM)
    if content != before.encode("utf-8", "surrogatepass"):
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            raise _Refusal(f"{path}: only UTF-8 files are repaired") from None
        raise _Refusal(f"{path}: the file changed while it was being repaired")
    return found[: len(found) - len(content)]


def _dress(temporary: Path, target: Path, new: bool) -> None:
    """The mode and owner of the file that is replaced; for a new one, the mode that any program would give it."""
    if new:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        return
    status = target.stat()
    if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)
    os.chmod(temporary, status.st_mode & 0o7777)

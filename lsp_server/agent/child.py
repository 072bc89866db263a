"""Child processes of a run: bounded in time and output, ended as a whole, and stopped when nobody wants them any more.

Knows nothing of what runs in them; the environment is exactly what is given.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_ASKED = 0.05  # seconds between two looks at whether the work is still wanted
_LAST_WORDS = 2.0  # seconds after everything was killed


@dataclass(frozen=True, slots=True)
class Done:
    """What a child said on both its outputs, together. `trouble` says why it was stopped; its status is then of no use."""

    status: int | None
    output: bytes
    trouble: str | None = None


def run_child(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    given: bytes = b"",
    seconds: float = 60.0,
    most: int = 1_000_000,
    cancelled: Callable[[], bool] = lambda: False,
) -> Done:
    """Run a program until it ends, or until `seconds` have passed, it has said `most` bytes, or `cancelled`."""
    needed = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows starts no program without
    try:
        process = subprocess.Popen(
            list(command), cwd=folder, env={**needed, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return Done(None, b"", f"{command[0]} cannot be started: {getattr(error, 'strerror', None) or error}")
    said = bytearray()
    assert process.stdin is not None and process.stdout is not None
    threads = (
        threading.Thread(target=_give, args=(process.stdin, given), daemon=True),
        threading.Thread(target=_take, args=(process.stdout, said, most), daemon=True),
    )
    for thread in threads:
        thread.start()
    try:
        trouble = _wait(process, said, seconds, most, cancelled)
    finally:
        _end(process)
        for thread in threads:
            thread.join(_LAST_WORDS)
    return Done(process.returncode if trouble is None else None, bytes(said[:most]), trouble)


def _wait(process: subprocess.Popen[bytes], said: bytearray, seconds: float, most: int, cancelled: Callable[[], bool]) -> str | None:
    end = time.monotonic() + seconds
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ASKED)
            return None
        if cancelled():
            return "stopped: the work is no longer wanted"
        if len(said) > most:
            return f"stopped: it said more than {most:,} bytes"
        if time.monotonic() > end:
            return f"stopped: it took longer than {seconds:g} seconds"


def _give(stream: IO[bytes], data: bytes) -> None:
    with suppress(OSError, ValueError):
        stream.write(data)
    with suppress(OSError, ValueError):
        stream.close()


def _take(stream: IO[bytes], said: bytearray, most: int) -> None:
    """Keeps reading beyond the limit, so that the child does not wait for us; what is beyond is thrown away."""
    with suppress(OSError, ValueError):
        while data := stream.read1(65536):  # type: ignore[attr-defined]
            if len(said) <= most:
                said += data


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the child and of anything it started."""
    with suppress(ProcessLookupError, PermissionError, AttributeError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)

"""Stands between us and a server's program: starts it, and ends it with everything it started when we are gone.

Run as a script by its path, in an isolated interpreter: `mcp_guard.py LIFELINE GRACE COMMAND ARGUMENT…`. LIFELINE is the number of
a pipe's end that is readable: at its end of file (we closed it, or we crashed) the server gets GRACE seconds to leave by
itself, then SIGTERM, then SIGKILL; a byte in it means SIGKILL at once. The server talks over our standard streams, which are not kept here. POSIX only; on
Linux also processes that left the server's group are found, for they come back to us when their parents end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

_TERM_SECONDS = 1.0
_KILL_SECONDS = 2.0
_STEP = 0.02
_SUBREAPER = 36  # prctl: orphans below us become ours


def main(arguments: list[str]) -> int:
    lifeline, grace, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    os.set_inheritable(lifeline, False)
    os.set_blocking(lifeline, False)
    _adopt_orphans()
    awake, wake = os.pipe()
    for end in (awake, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        server = _start(command)
    except OSError as error:
        print(f"{command[0]}: cannot be started: {error.strerror}", file=sys.stderr)
        return 127
    _let_go_of_streams()
    status = _watch(server, lifeline, awake)
    if status is None and not _is_hurried(lifeline):
        status = _reap_until(server, lambda: _is_hurried(lifeline), grace)
        if status is None:
            _end(server, signal.SIGTERM, _TERM_SECONDS)
    _end(server, signal.SIGKILL, _KILL_SECONDS)
    return os.waitstatus_to_exitcode(status) & 0xFF if status is not None else 0


def _start(command: list[str]) -> int:
    """The process id of the server, leader of a group of its own."""
    started = subprocess.Popen(command, start_new_session=True)
    started.returncode = 0  # it is waited for here, not by its object
    return started.pid


def _let_go_of_streams() -> None:
    """The end of a stream must show as soon as the server closes it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _watch(server: int, lifeline: int, awake: int) -> int | None:
    """Wait until the server ends, and give its status, or until it is to be ended: None."""
    while True:
        ready, _, _ = select.select([lifeline, awake], [], [])
        if awake in ready:
            numbers = os.read(awake, 512)
            if any(number != signal.SIGCHLD for number in numbers):
                return None
            status = _reap(server)
            if status is not None:
                return status
        if lifeline in ready:
            return None


def _is_hurried(lifeline: int) -> bool:
    try:
        return os.read(lifeline, 1) != b""
    except BlockingIOError:
        return False


def _reap(server: int) -> int | None:
    """Collect what has ended; the server's status if it was among them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, code = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == server:
                status = code
    return status


def _reap_until(server: int, over: Callable[[], bool], seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        status = _reap(server)
        if status is not None or over() or time.monotonic() >= deadline:
            return status
        time.sleep(_STEP)


def _end(server: int, number: int, seconds: float) -> None:
    """Send a signal to the server's group and to everything else below us, until nothing is left or time is up."""
    deadline = time.monotonic() + seconds
    told: set[int] = set()
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if server not in told or number == signal.SIGKILL:
                told.add(server)
                os.killpg(server, number)
        for pid in _below(os.getpid()):
            if pid not in told or number == signal.SIGKILL:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        _reap(server)
        if not _left(server) or time.monotonic() >= deadline:
            return
        time.sleep(_STEP)


def _left(server: int) -> bool:
    """Whether anything of the server still runs."""
    try:
        os.killpg(server, 0)
    except ProcessLookupError:
        return bool(_below(os.getpid()))
    except PermissionError:
        return True
    return True


def _below(pid: int) -> list[int]:
    """All processes below one, where the system tells."""
    parents: dict[int, list[int]] = {}
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for number in numbers:
        try:
            with open(f"/proc/{number}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        parents.setdefault(parent, []).append(number)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

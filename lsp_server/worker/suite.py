"""Runs in the project's own interpreter: its tests, on a copy of the project, reaching nothing but that copy; or a command that its user has named.

A script, not a module of ours: it imports the standard library, `probe.py` beside it, and what the project's tests need. Two fences, each of which
holds where the other is not to be had: on Linux the process gets a network of its own, in which there is nobody; and an audit hook refuses
connections to whatever this process does not serve itself, files outside of the copy that would be written, the user's own files that would be read,
and other processes. A command is another program: only the first fence is around it, and its user has vouched for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_server.worker import probe
else:
    import probe

CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname")
WRITES = {"os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1, "os.chmod": 1, "os.chown": 1,
          "os.utime": 1, "os.setxattr": 1, "os.removexattr": 1, "shutil.rmtree": 1, "shutil.move": 2, "os.mkdir": 1}  # fmt: skip
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.startfile", "pty.spawn",
          "_winapi.CreateProcess", "os.kill", "os.killpg")  # fmt: skip
LOCAL = ("127.0.0.1", "::1", "localhost", "", "testserver", "0.0.0.0", "None")
REFUSED = "refused: tests reach nothing but their own copy of the project"
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of unshare(2)
SWITCH_ON, FLAGS_OF_DEVICE = 0x1 | 0x40, 0x8914  # IFF_UP | IFF_RUNNING, SIOCSIFFLAGS


class Fence:
    """The audit hook. `folders` may be written and read, `hidden` ones are not read, but for `libraries` in them."""

    def __init__(self, folders: list[str], hidden: list[str], libraries: list[str]) -> None:
        self.folders = [os.path.realpath(folder) for folder in folders]
        self.hidden = [os.path.realpath(folder) for folder in hidden]
        self.libraries = [os.path.realpath(folder) for folder in libraries]
        self.served: set[Any] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self.opened(*arguments[:3])
        elif event in STARTS:
            raise PermissionError(f"{REFUSED} ({event})")
        elif event == "socket.bind":
            self.bound(arguments[1])
        elif event in CONNECTS:
            self.connected(event, arguments[1] if len(arguments) > 1 else None)
        elif event in LOOKS_UP:
            if str(arguments[0]) not in LOCAL:
                raise PermissionError(f"{REFUSED} ({event} {arguments[0]!r})")
        elif event == "sqlite3.connect":
            self.database(arguments[0] if arguments else "")
        elif event in WRITES:
            for path in arguments[: WRITES[event]]:
                self.written(path, event)

    def bound(self, address: Any) -> None:
        if isinstance(address, tuple) and len(address) > 1:
            self.served.add(address[1] or None)  # None: a port that the system chooses
        else:
            self.served.add(address)

    def connected(self, event: str, address: Any) -> None:
        if address is None and event != "socket.connect":
            return  # on a connection that is there
        if isinstance(address, tuple) and len(address) > 1:
            chosen = None in self.served and isinstance(address[1], int) and address[1] >= 32768
            if str(address[0]) in LOCAL and (address[1] in self.served or chosen):
                return
        elif address in self.served or (isinstance(address, str) and within(address, self.folders)):
            return
        raise PermissionError(f"{REFUSED} ({event} {address!r})")

    def database(self, path: Any) -> None:
        text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        if text not in ("", ":memory:") and "mode=memory" not in text and not text.startswith("file::memory:"):
            self.written(text.removeprefix("file:").partition("?")[0], "sqlite3.connect")

    def opened(self, path: Any, mode: Any = None, flags: Any = 0) -> None:
        if isinstance(path, int) or path in (os.devnull, "/dev/tty"):
            return
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
            self.written(path, "open")
        elif within(path, self.hidden) and not within(path, self.folders) and not within(path, self.libraries):
            raise PermissionError(f"{REFUSED} (open {os.fsdecode(path)[:200]})")

    def written(self, path: Any, event: str) -> None:
        if path is not None and not isinstance(path, int) and not within(path, self.folders):
            raise PermissionError(f"{REFUSED} ({event} {os.fsdecode(path)[:200]})")


def within(path: Any, folders: list[str]) -> bool:
    real = os.path.realpath(os.fsdecode(path))
    return any(real == folder or real.startswith(folder + os.sep) for folder in folders)


def alone() -> bool:
    """Give this process a network of its own with nothing but itself in it; False where the system does not let us."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        if library.unshare(NEW_USER | NEW_NETWORK):
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        switch_on_loopback()
    except Exception:  # Whatever is missing here, the other fence holds.
        return False
    return True


def switch_on_loopback() -> None:
    """Tests may serve themselves."""
    import fcntl
    import socket

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, FLAGS_OF_DEVICE, struct.pack("16sh14x", b"lo", SWITCH_ON))


def redirect(root: str, copy: str) -> None:
    """Whatever the interpreter would import from the project itself comes from the copy: a development install names the project's folders."""
    root = os.path.realpath(root)

    def moved(path: str) -> str:
        real = os.path.realpath(path)
        inside = real == root or real.startswith(root + os.sep)
        target = os.path.join(copy, os.path.relpath(real, root)) if inside else path
        return path if inside and "site-packages" in real else target

    sys.path[:] = [moved(path) for path in sys.path]
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            mapping.update({each: moved(path) for each, path in mapping.items() if isinstance(path, str)})


def main() -> None:
    asked = json.loads(sys.argv[1])
    if alone():
        print("(no network)", flush=True)
    probe.SMALL = probe.ANSWER = asked["file"]
    probe.limit(asked["megabytes"], asked["seconds"])
    if asked["command"]:
        os.execvp(asked["command"][0], asked["command"])
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.getcwd(), *(path for path in sys.path if os.path.abspath(path or ".") != own)]
    redirect(asked["root"], os.getcwd())
    sys.dont_write_bytecode = True
    hidden = [os.path.realpath(folder) for folder in asked["hidden"]]
    libraries = [sys.prefix, sys.base_prefix, sys.exec_prefix, *(path for path in sys.path if os.path.realpath(path) not in hidden)]
    sys.meta_path.insert(0, probe.Drivers())
    probe.start_nothing()
    probe.attach_nothing()
    try:
        import pytest
    except ImportError:
        print("the project's interpreter has no pytest")
        sys.exit(5)
    sys.addaudithook(Fence(asked["folders"], hidden, libraries))
    sys.exit(pytest.main(asked["arguments"]))


if __name__ == "__main__":
    main()

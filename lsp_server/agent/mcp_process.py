"""The program of one of the user's servers: started with an environment that holds no secret of ours, ended with all it started.

Gives and takes lines; what they mean is the client's business. A line longer than the bound ends the conversation. Between
us and the program stands `mcp_guard.py`, so that nothing outlives us, even where we crash. POSIX.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from lsp_server.agent.mcp_configuration import ServerProgram, expanded

LONGEST_LINE = 8 * 1024 * 1024  # bytes of one message
_GRACE = 1.5  # seconds in which a server may leave by itself
_KEPT = 4000  # bytes of its last words
_GIVEN = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE")  # and LC_*
_GUARD = Path(__file__).with_name("mcp_guard.py")


class CannotStart(Exception):
    """Why a program was not started, in words."""


class LineTooLong(Exception):
    """The server writes more in one line than is read."""


def environment_of(program: ServerProgram, ours: Mapping[str, str]) -> dict[str, str]:
    """What the program gets: where programs and the user's files are, the locale, and what is configured. Raises ConfigError."""
    given = {name: value for name, value in ours.items() if name in _GIVEN or name.startswith("LC_")}
    return given | {name: expanded(value, ours) for name, value in program.env.items()}


class ServerProcess:
    """One running server. `read` and `write` belong to one task each."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int, secrets: tuple[str, ...]) -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self._secrets = secrets
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, program: ServerProgram, root: Path, ours: Mapping[str, str]) -> ServerProcess:
        """Raises CannotStart, and ConfigError for an environment that cannot be made."""
        environment = environment_of(program, ours)
        secrets = tuple(environment[name] for name in program.env)
        command = _found(program.command, environment.get("PATH"), root)
        held, given = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", str(_GUARD), str(held), str(_GRACE), command, *program.args,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                cwd=root, env=environment, pass_fds=(held,), start_new_session=True, limit=LONGEST_LINE,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            os.close(given)
            raise CannotStart(f"{program.command}: cannot be started: {error}") from None
        except BaseException:
            os.close(given)  # where the guard is there already, it hears of it
            raise
        finally:
            os.close(held)
        return cls(process, given, secrets)

    async def read(self) -> bytes:
        """The next line without its break; nothing at the end of what the server says. Raises LineTooLong."""
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return b""
            except asyncio.LimitOverrunError:
                raise LineTooLong from None
            except OSError:
                return b""
            if line := line.strip():
                return line

    async def write(self, line: bytes) -> None:
        """Raises OSError where the server does not listen any more."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        await self._process.stdin.drain()

    async def last_words(self) -> str:
        """The last line that the server wrote to its standard error, without configured values; empty where it is silent."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._listening), 0.3)
        lines = [line.strip() for line in self._said.decode("utf-8", "replace").splitlines() if line.strip()]
        text = lines[-1] if lines else ""
        for secret in self._secrets:
            text = text.replace(secret, "…") if len(secret) > 3 else text
        return "".join(character if character.isprintable() else " " for character in text)[:300]

    def let_go(self, at_once: bool = False) -> None:
        """Have the server end: soon by itself, otherwise by force; `at_once` by force. Does not wait."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._lifeline is not None:
            if at_once:
                with contextlib.suppress(OSError):
                    os.write(self._lifeline, b"!")
            os.close(self._lifeline)
            self._lifeline = None

    async def ended(self, seconds: float) -> bool:
        """Whether the server and all it started are gone, after so many seconds at most."""
        draining = asyncio.create_task(self._drain())  # unread output would hold the end up
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            draining.cancel()
            self._listening.cancel()
        return True

    async def _drain(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            while await self._process.stdout.read(65536):
                pass

    async def _listen(self) -> None:
        """Keep the end of what it writes to its standard error, so that it never waits for a reader."""
        assert self._process.stderr is not None
        with contextlib.suppress(OSError):
            while some := await self._process.stderr.read(65536):
                self._said += some
                del self._said[:-_KEPT]


def _found(command: str, path: str | None, root: Path) -> str:
    """Where the program is. Raises CannotStart."""
    if os.sep in command:
        place = root / Path(command).expanduser()
        if not place.is_file():
            raise CannotStart(f"{command}: there is no such file")
        return str(place)
    found = shutil.which(command, path=path or os.defpath)
    if found is None:
        raise CannotStart(f"{command}: there is no such program on the PATH")
    return os.path.abspath(found)

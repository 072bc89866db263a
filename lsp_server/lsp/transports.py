"""How bytes come and go: standard input and output, a socket, a WebSocket. One client, then the end.

A socket is bound to the loopback interface unless a host is named. A WebSocket refuses pages of other hosts: a browser
would let any page speak to a server on this machine.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from pygls.io_ import run_async, run_websocket

from lsp_server.config import ConfigError
from lsp_server.lsp.protocol import Server

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def address(written: str) -> tuple[str, int]:
    """HOST:PORT, :PORT or PORT; `[::1]:PORT` for IPv6. Raises ConfigError."""
    host, _, port = written.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or LOOPBACK[1]
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"`{written}` is no HOST:PORT")
    return host, int(port)


def serve_socket(server: Server, host: str, port: int) -> None:
    """Wait for one client and serve it. Raises ConfigError where the address cannot be used."""

    async def wait() -> None:
        gone = asyncio.Event()
        taken = False

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            if taken:
                writer.close()
                return
            taken = True
            listener.close()
            server.protocol.set_writer(writer)
            try:
                await run_async(Event(), reader, server.protocol, error_handler=server.report_server_error)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # The client is gone without a word.
            finally:
                gone.set()

        listener = await asyncio.start_server(connected, host, port)
        _tell("tcp", [socket.getsockname() for socket in listener.sockets])
        await gone.wait()

    _run(wait, host, port)


def serve_websocket(server: Server, host: str, port: int) -> None:
    """Wait for one client and serve it. Raises ConfigError where the address cannot be used."""
    from websockets.asyncio.server import ServerConnection, serve
    from websockets.http11 import Request, Response

    async def wait() -> None:
        gone = asyncio.Event()
        taken = False

        def examine(connection: ServerConnection, request: Request) -> Response | None:
            origin = request.headers.get("Origin")
            if origin is not None and urlsplit(origin).hostname not in LOOPBACK:
                return connection.respond(HTTPStatus.FORBIDDEN, "only pages of this machine may connect\n")
            if taken:
                return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "this server has its client already\n")
            return None

        async def connected(connection: ServerConnection) -> None:
            nonlocal taken
            taken = True
            try:
                await run_websocket(connection, Event(), server.protocol, error_handler=server.report_server_error)
            finally:
                gone.set()

        async with serve(connected, host, port, process_request=examine, max_size=None) as listener:
            _tell("ws", [socket.getsockname() for socket in listener.sockets])
            await gone.wait()

    _run(wait, host, port)


def _run(wait: Callable[[], Coroutine[Any, Any, None]], host: str, port: int) -> None:
    try:
        asyncio.run(wait())
    except OSError as error:
        raise ConfigError(f"{host}:{port}: {error.strerror or error}") from None
    except (SystemExit, KeyboardInterrupt):
        pass


def _tell(scheme: str, names: list[tuple[Any, ...]]) -> None:
    """Say where we listen: port 0 lets the system choose."""
    for name in names:
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        print(f"specdrift: listening on {scheme}://{host}:{name[1]}", file=sys.stderr, flush=True)

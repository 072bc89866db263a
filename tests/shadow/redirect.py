"""A proxy that leads connections for one database to another, as a misconfigured pooler or a tunnel may. It reads real protocols."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Listens on `port`. `names` gives the database to ask for instead; `close` cuts every connection and listens no more."""

    target: tuple[str, int]
    dialect: str
    names: Callable[[bytes], bytes]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                self.open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            if self.dialect == "postgresql":
                server.sendall(self._startup(client))
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            else:
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                header = _exactly(client, 4)
                body = self._renamed(_exactly(client, int.from_bytes(header[:3], "little")))
                server.sendall(len(body).to_bytes(3, "little") + header[3:] + body)
            _pump(client, server)

    def _startup(self, client: socket.socket) -> bytes:
        while True:
            (length,) = struct.unpack("!I", _exactly(client, 4))
            body = _exactly(client, length - 4)
            if length != 8:  # not a request for encryption
                body = self._renamed(body)
                return struct.pack("!I", len(body) + 4) + body
            client.sendall(b"N")

    def _renamed(self, body: bytes) -> bytes:
        start = body.find(b"specdrift_shadow_")
        if start < 0:
            return body
        end = body.index(b"\0", start)
        return body[:start] + self.names(body[start:end]) + body[end:]

    def close(self) -> None:
        for each in (self.listener, *self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@contextmanager
def proxy(target: tuple[str, int], dialect: str, names: Callable[[bytes], bytes] = lambda name: name) -> Iterator[Proxy]:
    made = Proxy(target, dialect, names)
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = source.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data

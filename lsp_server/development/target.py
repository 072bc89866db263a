"""Which database may be the development database: a URL as the person gave it, judged. Text in, value or refusal out.

It must be on this machine, or on a host that the person has named once more for this purpose. Nothing is filled in from the environment, and a URL
whose options could lead elsewhere is refused. Nothing here connects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_server.shadow.address import Address, Refused, is_local, parse_address

__all__ = ["Refused", "Target", "read_target"]

_CALLED = "the development database's URL"


@dataclass(frozen=True, slots=True)
class Target:
    """The development database: a server's address, or a file of SQLite."""

    address: Address | None
    file: Path | None = None

    @property
    def dialect(self) -> str:
        return self.address.dialect if self.address is not None else "sqlite"

    @property
    def database(self) -> str:
        return self.file.name if self.file is not None else (self.address.database or "") if self.address else ""

    @property
    def place(self) -> str:
        """Where it is, for people: `localhost:5432`, or the file's path."""
        if self.file is not None:
            return str(self.file)
        assert self.address is not None
        return f"{self.address.host}:{self.address.port}"


def read_target(text: str, root: Path, named: Iterable[str] = ()) -> Target:
    """The database that a URL names; a relative path of SQLite counts from the root. `named` are hosts that the person lets us reach. Raises Refused."""
    if text.strip().lower().startswith("sqlite"):
        return Target(None, _file(text, root))
    address = parse_address(text, _CALLED)
    if address.host is None:
        raise Refused(f"{_CALLED} names no host: write localhost where it is this machine")
    if address.database is None:
        raise Refused(f"{_CALLED} names no database")
    if is_local(address.host):
        return Target(_checked_on_arrival(address))
    if address.host.lower() not in {host.lower() for host in named}:
        raise Refused(f"the development database is on {address.host}, not on this machine: name that host in `developmentDatabaseHosts` to allow it")
    return Target(address)


def _file(text: str, root: Path) -> Path:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise Refused(f"{_CALLED} is not one: it should look like sqlite:///app.db") from None
    if not url.database or url.database == ":memory:" or url.query or url.database.startswith("file:"):
        raise Refused(f"{_CALLED} must name a file and nothing else: sqlite:///app.db")
    return root / Path(url.database).expanduser()


def _checked_on_arrival(address: Address) -> Address:
    """What is called localhost must also end on this machine."""
    return replace(address, loopback_only=True)

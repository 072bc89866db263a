"""Which server shadows are made on: a URL as somebody wrote it, judged by who wrote it. Text in, value or refusal out.

A URL from the command line is a person's word. One from a file of the workspace may have come with a `git clone`: it may name this
machine only. Neither may name a database of the project itself. Nothing here connects.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Refused(Exception):
    """The message says for people why a URL is not used. It never holds a password."""


class Origin(Enum):
    """Who named the server."""

    PERSON = "the command line"
    WORKSPACE = "the workspace's settings"


_DIALECTS = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
_PORTS = {"postgresql": 5432, "mysql": 3306}
# What may stand behind the `?`. Everything else could lead elsewhere than the URL says: a service file, other hosts, a start-up command.
_OPTIONS = {
    "postgresql": ("host", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    "mysql": ("unix_socket", "charset", "ssl_ca", "ssl_cert", "ssl_key"),
}
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")
_URL = re.compile(r"\s*(postgres|postgresql|mysql|mariadb)(\+\w+)?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A server and who we are there. `host` None is the driver's own socket; a path is a socket (its folder on PostgreSQL).

    `database` is where we look around and ask for new ones; nothing is written there.
    """

    dialect: str  # "postgresql" or "mysql"
    host: str | None
    port: int
    user: str | None
    password: str | None = field(repr=False)
    database: str | None
    options: tuple[tuple[str, str], ...] = ()
    loopback_only: bool = False  # the connection must end on this machine, whatever the name resolves to

    @property
    def is_local(self) -> bool:
        return is_local(self.host)


def read_address(text: str, origin: Origin, own: Iterable[str] = ()) -> Address:
    """The address that a URL names. `own` are the URLs of the project's databases as far as they are known. Raises Refused."""
    address = parse_address(text)
    if origin is Origin.WORKSPACE:
        if not address.is_local:
            raise Refused(
                f"{origin.value} name a scratch server on {address.host}: files of a workspace may name this machine only; "
                f"give another one with --shadow"
            )
        address = _only_loopback(address)
    for other in own:
        if _same_database(address, other):
            raise Refused(
                f"the scratch server's URL names the project's own database {address.database}: name the server with another database"
            )
    return address


def is_local(host: str | None) -> bool:
    """This machine, by what is written: a socket, `localhost`, or an address of the loopback."""
    if host is None or host.startswith(("/", "@")) or host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def project_urls(written: Iterable[str | None], environment: Mapping[str, str]) -> tuple[str, ...]:
    """URLs that may be the project's own databases: those its files name, and those the environment holds."""
    found = [text for text in written if text]
    found += [value for value in environment.values() if _URL.match(value)]
    if environment.get("PGDATABASE"):
        host = environment.get("PGHOSTADDR") or environment.get("PGHOST") or ""
        place = f"?host={host}" if host.startswith("/") else ""
        server = "" if place else host
        found.append(f"postgresql://{server}:{environment.get('PGPORT') or 5432}/{environment['PGDATABASE']}{place}")
    return tuple(found)


def parse_address(text: str, called: str = "the scratch server's URL") -> Address:
    """The address in a URL, `called` so in messages. Nobody has judged it yet. Raises Refused."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise Refused(f"{called} is not one: it should look like postgresql://user@localhost/") from None
    dialect = _DIALECTS.get(url.drivername.partition("+")[0].lower())
    if dialect is None:
        raise Refused(f"{called} must be one of PostgreSQL, MariaDB or MySQL, not of {url.drivername}")
    options: list[tuple[str, str]] = []
    host = url.host
    for name, value in url.query.items():
        if name not in _OPTIONS[dialect] or not isinstance(value, str):
            raise Refused(f"{called} says {name}=…, which could lead elsewhere than its host")
        if name in ("host", "unix_socket"):
            if host is not None:
                raise Refused(f"{called} names two hosts: {host} and {value}")
            host = value
        else:
            options.append((name, value))
    if host is not None and ("," in host or any(letter.isspace() for letter in host)):
        raise Refused(f"{called} names several hosts: name one")
    return Address(
        dialect, host or None, url.port or _PORTS[dialect], url.username, url.password, url.database or None, tuple(options)
    )


def _only_loopback(address: Address) -> Address:
    return Address(
        address.dialect, address.host, address.port, address.user, address.password, address.database, address.options, True
    )


def _same_database(address: Address, other: str) -> bool:
    """Whether another URL may name the database that we would look around in. In doubt it does."""
    database = address.database or ("postgres" if address.dialect == "postgresql" else None)
    if database is None:
        return False
    try:
        project = _parse_project(other)
    except Refused:
        return False
    if project.dialect != address.dialect or project.database is None:
        return False
    if not _is_open(project.database) and project.database != database:
        return False
    if project.host is not None and _is_open(project.host):
        return True
    same_host = (is_local(project.host) and is_local(address.host)) or project.host == address.host
    return same_host and project.port == address.port


def _is_open(text: str) -> bool:
    """A part that is filled in elsewhere: `%(DB_HOST)s`, `${DB_NAME}`, `{name}`."""
    return re.search(r"%\(|\$|\{|<", text) is not None


def _parse_project(text: str) -> Address:
    """A URL of the project, read generously: nobody connects there."""
    match = re.match(
        r"\s*(?P<scheme>\w+)(?:\+\w+)?://(?:[^?]*@)?(?P<host>\[[^\]]*\]|[^/:?@]*)(?::(?P<port>[^/?]*))?"
        r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?$",
        text,
        re.DOTALL,
    )
    dialect = _DIALECTS.get(match["scheme"].lower()) if match else None
    if match is None or dialect is None:
        raise Refused("not a URL of a server")
    port = match["port"] or ""
    query = dict(part.partition("=")[::2] for part in (match["query"] or "").split("&"))
    host = match["host"].strip("[]") or query.get("host") or query.get("unix_socket")
    return Address(
        dialect, host or None, int(port) if port.isdigit() else _PORTS[dialect], None, None, match["database"] or None
    )

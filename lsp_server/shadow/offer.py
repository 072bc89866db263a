"""What scratch servers there are for a project: the one that a person names, the one that the workspace names, our own.

Reads settings and the environment, connects to nothing: a server is opened when a proof first needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lsp_server.database.migration.scratch import FindScratch, Scratch
from lsp_server.shadow.address import Address, Origin, Refused, project_urls, read_address
from lsp_server.shadow.embedded import embedded
from lsp_server.shadow.marker import Ledger
from lsp_server.shadow.mysql import MySQL
from lsp_server.shadow.postgresql import PostgreSQL
from lsp_server.shadow.server import Server


def server_at(address: Address, folder: Path) -> Server:
    """The server at an address. `folder` is the user's cache folder, where it is noted what was made there."""
    kind = PostgreSQL(address) if address.dialect == "postgresql" else MySQL(address)
    return Server(kind, Ledger(folder / "shadows"))


def offer(
    given: str | None,
    configured: str | None,
    urls: Callable[[], Iterable[str | None]],
    folder: Path,
    environment: Mapping[str, str],
) -> FindScratch:
    """How scratch servers are found, by dialect.

    `given` is the URL that a person wrote for this run, `configured` the one of the workspace's settings, `urls` tells what the
    project's files call their databases. A URL that is not used is said to be refused where it would be needed.
    """
    written, origin = (given, Origin.PERSON) if given is not None else (configured, Origin.WORKSPACE)
    servers: dict[Address, Scratch] = {}
    own_cluster: list[Scratch | str] = []

    def find(dialect: str) -> Scratch | str:
        kind = {"mariadb": "mysql"}.get(dialect, dialect)
        if written is not None:
            try:
                address = read_address(written, origin, project_urls(urls(), environment))
            except Refused as reason:
                return str(reason)
            if address.dialect == kind:
                return servers.setdefault(address, server_at(address, folder))
        if kind != "postgresql":
            return "no scratch server: --shadow names one"
        if not own_cluster:
            own_cluster.append(embedded(folder))
        return own_cluster[0]

    return find

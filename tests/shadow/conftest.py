"""A project's database with rows that must never change, on a real server; and the user's folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shadow.servers import at, databases, run, server_url


@dataclass(frozen=True)
class Victim:
    """The user's own database, `url`, on the server at `server`."""

    dialect: str
    server: str
    name: str

    @property
    def url(self) -> str:
        return at(self.server, self.name)

    def is_unharmed(self) -> bool:
        """There, with its one table and its two rows."""
        if self.name not in databases(self.server):
            return False
        own = "table_schema = current_schema()" if self.dialect == "postgresql" else "table_schema = database()"
        tables = {row[0] for row in run(self.url, f"SELECT table_name FROM information_schema.tables WHERE {own}")}
        return "customer" in tables and run(self.url, "SELECT id, name FROM customer ORDER BY id") == [(1, "Ada"), (2, "Bob")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture(params=["postgresql", "mysql"])
def victim(request: pytest.FixtureRequest) -> Iterator[Victim]:
    server = server_url(request.param)
    made = Victim(request.param, server, f"shop_{secrets.token_hex(6)}")
    run(server, f"CREATE DATABASE {made.name}")
    run(made.url, "CREATE TABLE customer (id int PRIMARY KEY, name varchar(20))", "INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob')")
    yield made
    run(server, f"DROP DATABASE IF EXISTS {made.name}")

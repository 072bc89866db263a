"""The servers that `.ci/servers` starts for the tests, and looking into them without our own code."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy.engine import URL, make_url

from lsp_server.database.migration.scratch import Scratch
from lsp_server.shadow.offer import offer

VARIABLES = {"postgresql": "SPECDRIFT_TEST_POSTGRESQL", "mysql": "SPECDRIFT_TEST_MARIADB"}
PREFIX = "specdrift_shadow_"


def server_url(dialect: str) -> str:
    """The test server's URL. Skips the test where there is none, but not in CI, which starts one."""
    url = os.environ.get(VARIABLES[dialect])
    if not url:
        reason = f"{VARIABLES[dialect]} is not set: run the tests under .ci/servers"
        # Where `.ci/servers` could have installed it, its absence is a fault.
        installable = os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get")
        pytest.fail(reason) if installable else pytest.skip(reason)
    return url


def at(url: str, database: str | None = None, **changes: Any) -> str:
    """The same server with another database, host or user."""
    made: URL = make_url(url).set(**changes)
    if database is not None:
        made = made.set(database=database)
    return made.render_as_string(hide_password=False)


def find(url: str | None, folder: Path, *, configured: str | None = None, own: tuple[str, ...] = (), **environment: str) -> Any:
    """`offer` for a project whose files name `own` databases."""
    return offer(url, configured, lambda: own, folder, environment)


def scratch(dialect: str, folder: Path, url: str | None = None) -> Scratch:
    found = find(url or server_url(dialect), folder)(dialect)
    assert not isinstance(found, str), found
    return found


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A driver's own connection, each statement kept at once."""
    parts = make_url(url)
    if parts.get_backend_name() == "postgresql":
        connection: Any = psycopg.connect(url, autocommit=True)
    else:
        connection = pymysql.connect(
            host=parts.host or "", port=parts.port or 3306, user=parts.username, password=parts.password or "", database=parts.database,
            autocommit=True,
        )  # fmt: skip
    try:
        yield connection
    finally:
        connection.close()


def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    with connected(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def databases(url: str) -> set[str]:
    query = "SELECT datname FROM pg_database" if url.startswith("postgresql") else "SHOW DATABASES"
    return {row[0] for row in run(url, query)}


def shadows(url: str, folder: Path) -> set[str]:
    """The databases that were made from this user's folder and are still there; other tests use the same server."""
    records = [path.read_text() for path in (folder / "shadows").glob("*.jsonl")] if (folder / "shadows").is_dir() else []
    return set(re.findall(rf"{PREFIX}[0-9a-f]{{24}}", "".join(records))) & databases(url)

"""Shadows on PostgreSQL: a database per shadow, its mark the database's own comment, bound to the number the server gave it.

The environment is kept out: libpq fills whatever a URL leaves open from PGHOST, PGDATABASE, PGSERVICE, PGOPTIONS and others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from lsp_server.database.migration.scratch import NoScratch
from lsp_server.shadow.address import Address, is_local
from lsp_server.shadow.marker import Mark
from lsp_server.shadow.server import renumbered

_PATIENCE = 5  # seconds to wait for a connection
_LIMITS = "SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '300s'"
_environment = Lock()


class PostgreSQL:
    """One server. `address.database` is where we look around: `postgres` if the URL names none."""

    dialect = "postgresql"
    engine = "postgresql+psycopg"

    def __init__(self, address: Address) -> None:
        self.address = address

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        try:
            import psycopg
        except ImportError:
            return ()
        return (psycopg.Error,)

    def connect(self, database: str | None) -> Any:
        try:
            import psycopg
        except ImportError:
            raise NoScratch("psycopg is not installed: `pip install specdrift[postgres]`") from None
        address = self.address
        given: dict[str, Any] = {
            "host": address.host,
            "port": address.port,
            "user": address.user,
            "password": address.password,
            "dbname": database or address.database or "postgres",
            "connect_timeout": _PATIENCE,
            "application_name": "specdrift",
            **dict(address.options),
        }
        if address.loopback_only:
            given["passfile"] = os.devnull  # the user's own passwords are not for a server that a workspace names
        with _without_variables():
            connection = psycopg.connect("", autocommit=True, **{name: value for name, value in given.items() if value is not None})
        if address.loopback_only and not _is_on_this_machine(address.host, connection.info.hostaddr):
            connection.close()
            raise NoScratch(f"{address.host} is not this machine")
        with connection.cursor() as cursor:
            if database is not None:
                cursor.execute(_LIMITS)
            elif (address.loopback_only or not address.is_local) and _is_superuser(connection):
                # Functions in the models' expressions would have the rights to read and write the server's files.
                user = connection.info.user
                connection.close()
                raise NoScratch(
                    f"{user} is a superuser on {address.host or 'this machine'}: give a role that may create "
                    f"databases and no more" + (", or name this server with --shadow" if address.loopback_only else "")
                )
        connection.autocommit = database is None
        return connection

    def title(self, connection: Any) -> str:
        number = connection.info.server_version
        return f"PostgreSQL {number // 10000}.{number % 10000}"

    def identity(self, connection: Any) -> str:
        try:
            return f"postgresql {_row(connection, 'SELECT system_identifier FROM pg_catalog.pg_control_system()')[0]}"
        except self.errors:
            return f"postgresql {self.address.host or 'local'}:{self.address.port}"

    def create(self, connection: Any, mark: Mark, template: str | None) -> Mark:
        # template0 holds nothing of anybody's; a name that is taken is an error, never a database to use.
        connection.execute(f'CREATE DATABASE "{mark.name}" TEMPLATE "{template or "template0"}"')
        connection.execute(f"COMMENT ON DATABASE \"{mark.name}\" IS '{_comment(mark)}'")
        (number,) = _row(connection, "SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = %s", mark.name)
        return renumbered(mark, number)

    def holds(self, connection: Any, mark: Mark) -> bool | None:
        found = _row(connection, f"{_QUESTION} WHERE d.datname = %s", mark.name)
        return None if found is None else _agrees(found, mark)

    def is_inside(self, connection: Any, mark: Mark) -> bool:
        found = _row(connection, f"{_QUESTION} WHERE d.datname = pg_catalog.current_database()")
        return found is not None and _agrees(found, mark)

    def drop(self, connection: Any, mark: Mark) -> None:
        connection.execute(f'DROP DATABASE "{mark.name}"')

    def before_statement(self, connection: Any, statement: str) -> None:
        """The server itself reads the text, as one statement only: what is stacked behind a `;` never runs."""
        if holds_several(connection.pgconn.prepare(b"", statement.encode())):
            raise NoScratch("an expression holds more than one statement")


def holds_several(result: Any) -> bool:
    """Whether a server refused to prepare a text because it is several statements.

    The message may be in any language, so the function that refuses tells; where a server does not name it, a syntax error is enough.
    """
    from psycopg.pq import DiagnosticField, ExecStatus

    if result.status != ExecStatus.FATAL_ERROR or result.error_field(DiagnosticField.SQLSTATE) != b"42601":
        return False
    return result.error_field(DiagnosticField.SOURCE_FUNCTION) in (None, b"", b"exec_parse_message")


def _is_on_this_machine(host: str | None, reached: str) -> bool:
    """By where the connection ended; a socket ends here."""
    if host is None or host.startswith(("/", "@")):
        return is_local(reached or None)
    return bool(reached) and is_local(reached)


def _is_superuser(connection: Any) -> bool:
    return bool(_row(connection, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user")[0])


_QUESTION = (
    "SELECT d.oid::bigint, d.datname::text, pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database d"
)


def _agrees(found: tuple[Any, ...], mark: Mark) -> bool:
    number, name, comment = found
    return name == mark.name and comment == _comment(mark) and mark.number in (None, number)


def _comment(mark: Mark) -> str:
    return f"Scratch database of Specdrift, may be dropped: {mark.token}"


def _row(connection: Any, query: str, *values: object) -> Any:
    return connection.execute(query, values or None).fetchone()


@contextmanager
def _without_variables() -> Iterator[None]:
    """No variable of libpq's in the environment while it connects."""
    with _environment:
        kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
        try:
            yield
        finally:
            os.environ.update(kept)

"""Connections to the development database, and the one question that is asked without being told to: which revisions are recorded there.

Asking only reads. Every statement stands for itself (autocommit): whoever needs a transaction says BEGIN.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lsp_server.database.migration.scratch import NoScratch
from lsp_server.database.standing import Standing
from lsp_server.development.target import Target
from lsp_server.shadow.mysql import MySQL
from lsp_server.shadow.postgresql import PostgreSQL
from lsp_server.shadow.server import words_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from lsp_server.snapshot import Snapshot

VERSION_TABLE = "alembic_version"
_BUSY = 5  # seconds to wait for somebody else's lock on a file


class Unreachable(Exception):
    """The database cannot be reached or read; the message says why, for people, and holds no password."""


@contextmanager
def connected(target: Target) -> Iterator[sa.Connection]:
    """A connection on which each statement is kept at once. Raises Unreachable, also for what fails while it is used."""
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    engine = sa.create_engine(f"{_engine(target)}://", creator=lambda: _open(target), poolclass=sa.pool.NullPool, pool_reset_on_return=None)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    except SQLAlchemyError as error:
        raise Unreachable(words_of(getattr(error, "orig", None) or error)) from None
    finally:
        engine.dispose()


def title_of(target: Target, connection: sa.Connection) -> str:
    """`shop on localhost:5432 (PostgreSQL 16.4)`."""
    if target.address is None:
        return f"{target.database} (SQLite)"
    return f"{target.database} on {target.place} ({_kind(target).title(connection.connection.dbapi_connection)})"


def read_standing(target: Target, table: str = VERSION_TABLE, schema: str | None = None) -> Standing:
    """What the database records. Raises Unreachable."""
    with connected(target) as connection:
        return standing_on(connection, target, table, schema)


def look(snapshot: Snapshot, target: Target) -> Standing:
    """What the database records, in the table that `env.py` names where there is one history. Raises Unreachable."""
    options = [replay.environment.options for replay in snapshot.histories]
    return read_standing(target, *version_table(options[0] if len(options) == 1 else {}))


def version_table(options: Mapping[str, Any]) -> tuple[str, str | None]:
    """Where `env.py`'s options say that the revisions are recorded: table and schema."""
    return str(options.get("version_table", VERSION_TABLE)), options.get("version_table_schema")


def standing_on(connection: sa.Connection, target: Target, table: str = VERSION_TABLE, schema: str | None = None) -> Standing:
    import sqlalchemy as sa

    title = title_of(target, connection)
    if not sa.inspect(connection).has_table(table, schema=schema):
        return Standing(title)
    column = sa.column("version_num", sa.String)
    found = connection.execute(sa.select(column).select_from(sa.table(table, column, schema=schema)))
    return Standing(title, tuple(sorted(str(row[0]) for row in found)))


def _open(target: Target) -> Any:
    """The driver's own connection. Raises Unreachable."""
    if target.file is not None:
        if not target.file.is_file():
            raise Unreachable(f"{target.file}: there is no such database file")
        try:
            return sqlite3.connect(f"{target.file.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise Unreachable(f"{target.file}: {error}") from None
    kind = _kind(target)
    try:
        connection = kind.connect(target.database)
    except NoScratch as reason:
        raise Unreachable(str(reason)) from None
    except _errors(kind) as error:
        raise Unreachable(f"{target.place}: {words_of(error)}") from None
    if target.dialect == "postgresql":  # a migration takes as long as it takes
        connection.autocommit = True
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET idle_in_transaction_session_timeout = 0")
    return connection


def _errors(kind: PostgreSQL | MySQL) -> tuple[type[Exception], ...]:
    return (*kind.errors, OSError)


def _kind(target: Target) -> PostgreSQL | MySQL:
    assert target.address is not None
    return PostgreSQL(target.address) if target.dialect == "postgresql" else MySQL(target.address)


def _engine(target: Target) -> str:
    return "sqlite" if target.address is None else _kind(target).engine

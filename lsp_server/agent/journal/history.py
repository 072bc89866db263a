"""Brings the journal's tables up to date: its Alembic history, run in one step by whoever comes first.

A lock of the database's own kind keeps two processes from doing it at the same time. A journal that a newer program has
brought further is left as it is. Loaded when the journal is used, not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lsp_server.agent.journal.tables import VERSION

_FOLDER = Path(__file__).with_name("migrations")
_LOCK, _LOCK_NUMBER, _PATIENCE = "specdrift_journal", 7_231_660_194_215_004, 10  # a name, a number that nobody else uses, seconds


class State(Enum):
    """What a database has of the journal."""

    MISSING = "missing"  # nothing, or an older state
    CURRENT = "current"
    NEWER = "newer"


class Locked(Exception):
    """Another process has been at it for too long."""


def state_of(connection: sa.Connection) -> State:
    scripts = ScriptDirectory(str(_FOLDER))
    heads = MigrationContext.configure(connection, opts={"version_table": VERSION}).get_current_heads()
    known = {revision.revision for revision in scripts.walk_revisions()}
    if any(head not in known for head in heads):
        return State.NEWER
    return State.CURRENT if set(heads) == set(scripts.get_heads()) else State.MISSING


def bring_up_to_date(engine: sa.Engine) -> State:
    """CURRENT, or NEWER where nothing was done. Raises what SQLAlchemy and Alembic raise, and Locked."""
    with engine.connect() as connection:
        state = state_of(connection)
    if state is not State.MISSING:
        return state
    with engine.connect() as connection, _alone(connection):
        state = state_of(connection)  # somebody may have been faster
        if state is State.MISSING:
            config = Config()
            config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            state = State.CURRENT
        connection.commit()  # before the lock goes: whoever gets it next must see what was done
    return state


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """One process at a time. SQLite's transactions for writing are so by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    if connection.dialect.name not in ("mysql", "mariadb"):
        yield
        return
    got = connection.execute(sa.text("SELECT GET_LOCK(:name, :seconds)"), {"name": _LOCK, "seconds": _PATIENCE}).scalar()
    if got != 1:
        raise Locked
    try:
        yield
    finally:
        connection.execute(sa.text("SELECT RELEASE_LOCK(:name)"), {"name": _LOCK})

"""Writes entries and lists them. Whatever is wrong with the database, writing gives a sentence about it and never an exception.

Blocks for some seconds at most where a server does not answer: call it beside an event loop, not in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lsp_server.agent.journal.entry import NEWEST, Application, Entry, Wanted
from lsp_server.agent.places import data_folder
from lsp_server.agent.redact import Redaction

if TYPE_CHECKING:
    import sqlalchemy as sa

_PATIENCE = 5  # seconds for a connection, and for a lock of somebody else's
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}


_Rows = list[dict[str, Any]]


class JournalTrouble(Exception):
    """Why the journal cannot be read, in words that hold no password."""


class Journal:
    """The journal at a SQLAlchemy URL; None: what `SPECDRIFT_JOURNAL` says, else a SQLite file in the user's data folder."""

    def __init__(self, url: str | None = None, patience: int = _PATIENCE) -> None:
        self._patience = patience  # seconds
        self._given = url or os.environ.get("SPECDRIFT_JOURNAL") or None
        self._file = None if self._given else data_folder() / "journal.sqlite"

    def record(self, entry: Entry) -> str | None:
        """Write a run down. Why that was not possible, as a warning for people; None where it was."""
        return self._write("run", {**asdict(entry), "tools": json.dumps(dict(entry.tools), sort_keys=True)})

    def record_application(self, application: Application) -> str | None:
        """Write down that a migration was applied, or was to be. As `record`."""
        detail = Redaction().hide(application.detail)  # databases quote rows when they complain
        return self._write("application", asdict(replace(application, target=without_credentials(application.target), detail=detail)))

    def list(self, wanted: Wanted = NEWEST) -> tuple[Entry, ...]:
        """Runs, the newest first. Raises JournalTrouble."""
        return tuple(_entry(row) for row in self._read("run", wanted))

    def applications(self, wanted: Wanted = NEWEST) -> tuple[Application, ...]:
        """Applied migrations, the newest first; `wanted.task` is part of the revision. Raises JournalTrouble."""
        return tuple(_application(row) for row in self._read("application", wanted))

    @property
    def place(self) -> str:
        """Where the journal is, for people: a file, or a URL without its password."""
        return str(self._file) if self._file is not None else without_credentials(self._given or "")

    # The database

    def _write(self, name: str, row: Mapping[str, Any]) -> str | None:
        try:
            engine = self._engine(make=True)
            try:
                from lsp_server.agent.journal.history import State, bring_up_to_date

                if bring_up_to_date(engine) is State.NEWER:
                    return self._warning(_NEWER)
                table = _table(name)
                with engine.begin() as connection:
                    connection.execute(table.insert(), _fitting(table, row))
            finally:
                engine.dispose()
        except Exception as error:  # the change that the run made is worth more than the note about it
            return self._warning(_words(error))
        return None

    def _read(self, name: str, wanted: Wanted) -> _Rows:
        if self._file is not None and not self._file.exists():
            return []
        try:
            engine = self._engine(make=False)
            try:
                return self._rows(engine, name, wanted)
            finally:
                engine.dispose()
        except Exception as error:
            raise JournalTrouble(f"the journal at {self.place} cannot be read: {_words(error)}") from None

    def _rows(self, engine: sa.Engine, name: str, wanted: Wanted) -> _Rows:
        import sqlalchemy as sa

        table = _table(name)
        moment = table.c.started if name == "run" else table.c.at
        texts = (table.c.kind, table.c.title) if name == "run" else (table.c.revision,)
        query = sa.select(table).order_by(moment.desc(), *[column.desc() for column in table.primary_key]).limit(max(wanted.limit, 0))
        if wanted.since is not None:
            query = query.where(moment >= _utc(wanted.since))
        if wanted.outcome is not None:
            query = query.where(table.c.outcome == wanted.outcome)
        if wanted.task is not None:
            query = query.where(sa.or_(*(column.icontains(wanted.task, autoescape=True) for column in texts)))
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(table.name):
                return []
            return [dict(row._mapping) for row in connection.execute(query)]

    def _engine(self, make: bool) -> sa.Engine:
        """Raises JournalTrouble, OSError, and what SQLAlchemy raises for a URL it does not know."""
        import sqlalchemy as sa
        from sqlalchemy.pool import NullPool

        if self._file is not None:
            if make:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            url = sa.URL.create("sqlite", database=str(self._file))
        else:
            try:
                url = sa.make_url((self._given or "").strip())
            except (sa.exc.ArgumentError, ValueError):
                raise JournalTrouble("its URL is not one: it should look like postgresql://user:password@host/database") from None
            url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        backend = url.get_backend_name()
        arguments: dict[str, Any] = {}
        if backend == "sqlite":
            arguments = {"timeout": self._patience}
        elif url.get_driver_name() == "psycopg":
            arguments = {"connect_timeout": self._patience, "options": "-c lock_timeout=5s -c statement_timeout=15s"}
        elif url.get_driver_name() == "pymysql":
            arguments = {"connect_timeout": self._patience, "read_timeout": 15, "write_timeout": 15}
        engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
        if backend == "sqlite":
            _take_turns(engine, "BEGIN IMMEDIATE" if make else "BEGIN")
        return engine

    def _warning(self, why: str) -> str:
        return f"the run is not in the journal at {self.place}: {why}"


_NEWER = "a newer version of this program keeps it; this one only reads there"


def without_credentials(text: str) -> str:
    """A URL's scheme, host and database; a text that is no URL as it is."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        return text
    rest = rest.partition("?")[0]
    return f"{scheme}://{rest.rpartition('@')[2]}"


def since_of(text: str, now: datetime) -> datetime:
    """`2026-11-01`, `2026-11-01T12:00`, or so much time before now: `90m`, `12h`, `7d`, `4w`. Raises ValueError."""
    from datetime import timedelta

    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    if text[:-1].isdigit() and text[-1:] in units:
        try:
            return now - timedelta(**{units[text[-1]]: int(text[:-1])})
        except OverflowError:
            raise ValueError(text) from None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.astimezone()


def _take_turns(engine: sa.Engine, begin: str) -> None:
    """Transactions of SQLite hold DDL too, and where they write they do so from their start: two processes come one after the other."""
    from sqlalchemy import event

    def connected(connection: Any, record: object) -> None:
        connection.isolation_level = None

    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def _table(name: str) -> sa.Table:
    from lsp_server.agent.journal.tables import APPLICATION, RUN

    return RUN if name == "run" else APPLICATION


def _fitting(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values that every database takes: cut to their columns, moments in UTC, no character that is none."""
    fit: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, datetime):
            value = _utc(value)
        elif isinstance(value, str):
            value = value.replace("\0", "").encode("utf-8", "replace").decode()
            longest = getattr(table.c[name].type, "length", None) or 20_000
            value = value if len(value) <= longest else value[: longest - 1] + "…"
        fit[name] = value
    return fit


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "started": row["started"].replace(tzinfo=UTC), "tools": json.loads(row["tools"])})


def _application(row: dict[str, Any]) -> Application:
    return Application(**{name: value for name, value in row.items() if name != "id"} | {"at": row["at"].replace(tzinfo=UTC)})


def _utc(moment: datetime) -> datetime:
    """As it is kept: whole seconds, which every database has."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _words(error: BaseException) -> str:
    """The first line of what a database says; drivers put no password in it."""
    from lsp_server.agent.journal.history import Locked

    if isinstance(error, Locked):
        return "another process is working on it"
    if isinstance(error, ModuleNotFoundError):
        extra = _EXTRAS.get(error.name or "")
        return f"{error.name} is not installed" + (f": `pip install specdrift[{extra}]`" if extra else "")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0][:300] if lines else type(cause).__name__



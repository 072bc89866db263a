"""The life of a shadow on a server: noted, made, marked, used under guard, dropped. The same for every kind of server.

Every connection to a shadow asks the database who it is before anything else, and again at the start of each transaction: a proxy
that leads elsewhere, or a database that took another's name, answers wrongly and nothing is sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from lsp_server.database.migration.scratch import Filling, NoScratch
from lsp_server.shadow.marker import Ledger, Mark, new_mark

if TYPE_CHECKING:
    import sqlalchemy as sa


class NotOurs(NoScratch):
    """A database that should be ours does not say so. Nothing was sent to it but the question."""


class Kind(Protocol):
    """How one kind of server does it. Connections are the driver's own. What fails raises `errors`."""

    dialect: str
    engine: str  # SQLAlchemy's name of dialect and driver

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises; nothing without a driver."""
        ...

    def connect(self, database: str | None) -> Any:
        """A connection, to the place where we look around if no database is named. Raises NoScratch for a wrong place."""
        ...

    def title(self, connection: Any) -> str: ...

    def identity(self, connection: Any) -> str: ...

    def create(self, connection: Any, mark: Mark, template: str | None) -> Mark:
        """Make and mark a database. Never takes one that is there already."""
        ...

    def holds(self, connection: Any, mark: Mark) -> bool | None:
        """Whether the database of that name is the marked one; None if there is none of that name."""
        ...

    def is_inside(self, connection: Any, mark: Mark) -> bool:
        """Whether this connection is to the marked database."""
        ...

    def drop(self, connection: Any, mark: Mark) -> None: ...

    def before_statement(self, connection: Any, statement: str) -> None:
        """Refuse what is more than one statement. Raises NoScratch."""
        ...


class Server:
    """A server on which shadows can be made. Opened on first use; its left-behind shadows are dropped then."""

    def __init__(self, kind: Kind, ledger: Ledger, templates: Callable[[Server, str, Filling], str] | None = None) -> None:
        self.kind = kind
        self.dialect = kind.dialect
        self._ledger = ledger
        self._templates = templates
        self._guard = Lock()
        self._known: tuple[str, str] | None = None  # title and identity

    @property
    def title(self) -> str:
        return self._opened()[0]

    @contextmanager
    def open(self, key: str | None = None, fill: Filling | None = None) -> Iterator[sa.Connection]:
        """See `Scratch.open`."""
        template = None
        if key is not None and fill is not None and self._templates is not None:
            template = self._templates(self, key, fill)
        with self.shadow(template) as (_, connection):
            if fill is not None and template is None:
                fill(connection)
                connection.commit()
            yield connection

    @contextmanager
    def shadow(self, template: str | None = None) -> Iterator[tuple[Mark, sa.Connection]]:
        """A new shadow and a guarded connection to it. Raises NoScratch."""
        mark = self._make(template)
        try:
            engine = self._engine(mark)
            try:
                with engine.connect() as connection:
                    yield mark, connection
            except self.kind.errors as error:  # only connecting raises these bare
                raise NoScratch(words_of(error)) from None
            finally:
                engine.dispose()
        finally:
            self._drop(mark)

    def adopt(self, mark: Mark) -> None:
        """A shadow that lives on under another name and is no longer ours to drop."""
        self._ledger.forget(mark)

    def _opened(self) -> tuple[str, str]:
        with self._guard:
            if self._known is None:
                with self.look_around() as connection:
                    self._known = (self.kind.title(connection), self.kind.identity(connection))
                    self._sweep(connection, self._known[1])
            return self._known

    @property
    def _errors(self) -> tuple[type[Exception], ...]:
        return (*self.kind.errors, OSError)

    @contextmanager
    def look_around(self) -> Iterator[Any]:
        """A connection to the server for making and dropping. Raises NoScratch for what the server refuses."""
        try:
            connection = self.kind.connect(None)
        except self._errors as error:
            raise NoScratch(words_of(error)) from None
        try:
            yield connection
        except self._errors as error:
            raise NoScratch(words_of(error)) from None
        finally:
            with suppress(*self.kind.errors):
                connection.close()

    def _make(self, template: str | None) -> Mark:
        mark = new_mark(self._opened()[1])
        try:
            self._ledger.note(mark)
        except OSError as error:
            raise NoScratch(f"what is made could not be noted: {error.strerror}") from None
        try:
            with self.look_around() as connection:
                made = self.kind.create(connection, mark, template)
                self._ledger.note(made)
                return made
        except NoScratch:
            self._drop(mark)
            raise

    def _drop(self, mark: Mark) -> None:
        """Drop a shadow if it is the one we made. What cannot be reached stays noted for the next time."""
        with suppress(NoScratch, OSError):
            with self.look_around() as connection:
                self._drop_marked(connection, mark)
            self._ledger.forget(mark)

    def _drop_marked(self, connection: Any, mark: Mark) -> None:
        if self.kind.holds(connection, mark):
            self.kind.drop(connection, mark)

    def _sweep(self, connection: Any, identity: str) -> None:
        """Drop what processes that are gone have left behind: the noted ones that still carry our mark, nothing else."""
        with suppress(OSError), self._ledger.left_behind(identity) as marks:
            for mark in list(marks):
                with suppress(*self.kind.errors):
                    self._drop_marked(connection, mark)
                    marks.remove(mark)

    def _engine(self, mark: Mark) -> sa.Engine:
        import sqlalchemy as sa

        kind = self.kind

        def connect() -> Any:
            connection = kind.connect(mark.name)
            verify(connection)
            return connection

        def verify(connection: Any) -> None:
            try:
                inside = kind.is_inside(connection, mark)
            except kind.errors as error:
                raise NoScratch(f"the scratch server went away: {words_of(error)}") from None
            if not inside:
                with suppress(*kind.errors):
                    connection.close()
                raise NotOurs(f"the connection to {mark.name} leads to a database that does not carry our mark")

        engine = sa.create_engine(f"{kind.engine}://", creator=connect, poolclass=sa.pool.NullPool, pool_reset_on_return=None)

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            verify(connection.connection.dbapi_connection)

        @sa.event.listens_for(engine, "before_cursor_execute")
        def _before(
            connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
        ) -> None:
            if not parameters:
                kind.before_statement(connection.connection.dbapi_connection, statement.replace("%%", "%"))

        return engine


def renumbered(mark: Mark, number: int) -> Mark:
    return replace(mark, number=number)


def words_of(error: BaseException) -> str:
    """The first line of what the driver says; never a URL, so never a password."""
    text = str(error.args[-1] if error.args else error).strip() or type(error).__name__
    return text.splitlines()[0]

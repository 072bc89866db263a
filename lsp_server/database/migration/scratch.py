"""What a proof needs of a database that is made for it and gone afterwards; and the one kind that is always there: SQLite in memory.

Servers are the business of `shadow/`, which may touch the world. Here is only what both sides agree upon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa

Filling = Callable[["sa.Connection"], None]


class NoScratch(Exception):
    """There is no scratch database to be had, or it is not the one that was made. The message says why, for people."""


class Scratch(Protocol):
    """A place where databases can be made. `title` names it in a proof: "SQLite in memory", "PostgreSQL 16.4"."""

    @property
    def dialect(self) -> str: ...

    @property
    def title(self) -> str: ...

    def open(self, key: str | None = None, fill: Filling | None = None) -> AbstractContextManager[sa.Connection]:
        """A connection to a new database that nobody else has, empty or as `fill` leaves it; gone afterwards.

        `key` names what `fill` does, so that the result may be kept and copied next time. Raises NoScratch.
        """
        ...


# The scratch for a dialect, or the reason in words why there is none.
FindScratch = Callable[[str], "Scratch | str"]


class InMemory:
    """SQLite in memory: no file, no server, nobody else can reach it."""

    dialect = "sqlite"
    title = "SQLite in memory"

    @contextmanager
    def open(self, key: str | None = None, fill: Filling | None = None) -> Iterator[sa.Connection]:
        import sqlalchemy as sa

        engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
        try:
            with engine.connect() as connection:
                if fill is not None:
                    fill(connection)
                yield connection
        finally:
            engine.dispose()

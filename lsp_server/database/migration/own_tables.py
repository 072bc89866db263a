"""The project's own word on its tables: the CREATE statements that its metadata would send, as the worker was told them.

Run on a shadow, they show whether the models' text is read as the project means it. The statements are SQLAlchemy's own wording, never the
project's; all the same only those that make something in the shadow itself are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.database.migration.schema import surround
from lsp_server.database.migration.shape import Shapes, differences, only_named
from lsp_server.database.model import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

_MAKES = re.compile(r"(?:CREATE (?:UNIQUE )?(?:TABLE|INDEX|TYPE|DOMAIN|SEQUENCE)|ALTER TABLE \S+ ADD|COMMENT ON)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Created:
    """One metadata: its tables with their schemas, and what `create_all` would say, in order."""

    tables: tuple[tuple[str | None, str], ...]
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnTables:
    """`tables` are the keys of those that are as they were when the project was asked."""

    created: tuple[Created, ...]
    tables: frozenset[tuple[str | None, str]]


def own_tables(created: Iterable[Created], mapped: Database, unchanged: frozenset[tuple[str | None, str]]) -> OwnTables | None:
    """What the project said of these models; None where it said nothing, or names more than its own database."""
    keys = {table.key for table in mapped.tables}
    fitting = tuple(each for each in created if keys & {_key(*table) for table in each.tables})
    tables = frozenset(_key(*table) for each in fitting for table in each.tables) & keys & unchanged
    return OwnTables(fitting, tables) if tables else None


def _key(schema: str | None, name: str) -> tuple[str | None, str]:
    return (None if schema == "public" else schema, name)


def create_own(connection: sa.Connection, own: OwnTables, mapped: Database, dialect: str) -> None:
    """Make them in a database of ours. On MySQL nothing with a schema: that is another database."""
    import sqlalchemy as sa

    if dialect == "postgresql":
        surround(connection, mapped, mapped)
    for each in own.created:
        if dialect == "mysql" and any(schema is not None for schema, _ in each.tables):
            continue
        for text in each.statements:
            if _MAKES.match(text):
                connection.execute(sa.text(text.replace(":", r"\:")))


def disagreements(said: Shapes, read: Shapes, own: OwnTables, names: frozenset[str]) -> tuple[str, ...]:
    """In words, what the project makes otherwise than its text was read, in the tables that nobody has edited since."""
    wanted = {f"table {'.'.join(part for part in table if part is not None)}" for table in own.tables}
    return differences(
        {name: shape for name, shape in only_named(said, names).items() if name in wanted},
        {name: shape for name, shape in only_named(read, names).items() if name in wanted},
    )

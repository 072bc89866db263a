"""What a revision is made of, step by step: one of Alembic's operations, a batch of them on one table, or a look at the database first.

`steps/` makes them, `render.py` writes them, `proof.py` runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.database.migration.operations import TableKey

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.operations.ops import MigrateOperation


@dataclass(frozen=True, slots=True)
class Direct:
    """One of Alembic's operations outside a batch."""

    operation: MigrateOperation
    comment: str | None = None
    clears_the_way: bool = False  # drops a view, which no guard asks


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations on one table in `batch_alter_table`; `copy_from` states the table where reflecting it would lose parts."""

    table: TableKey
    operations: tuple[MigrateOperation, ...]
    copy_from: sa.Table | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Stops with `message` if the query counts anything."""

    query: str
    message: str


@dataclass(frozen=True, slots=True)
class Perhaps:
    """Operations outside a batch that run only where the query counts something, and where there is no database to ask."""

    query: str
    operations: tuple[MigrateOperation, ...]
    comment: str | None = None


Step = Direct | Batch | Guard | Perhaps

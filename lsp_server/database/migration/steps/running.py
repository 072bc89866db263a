"""Steps run through Alembic on a database of ours. What they do there, and what it proves, is looked at by those who ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps, Step

if TYPE_CHECKING:
    import sqlalchemy as sa


class Stopped(Exception):
    """A guard found rows that it must not pass."""


def run_steps(connection: sa.Connection, steps: tuple[Step, ...]) -> None:
    """Run steps through Alembic on a connection of ours. Raises what Alembic raises, and Stopped for a guard."""
    import sqlalchemy as sa
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for step in steps:
        if isinstance(step, Guard):
            if connection.scalar(sa.text(step.query)):
                raise Stopped(step.message)
        elif isinstance(step, Direct):
            operations.invoke(step.operation)
        elif isinstance(step, Perhaps):
            if connection.scalar(sa.text(step.query)):
                for operation in step.operations:
                    operations.invoke(operation)
        elif isinstance(step, Batch):
            with operations.batch_alter_table(
                step.table[1], schema=step.table[0], copy_from=step.copy_from
            ) as batch:
                for operation in step.operations:
                    batch.invoke(operation)

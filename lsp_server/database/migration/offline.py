"""The SQL that leads from one schema to another, as Alembic prints it without a database.

For people to read: a hover shows what a revision comes to. Nothing is run.
"""

from __future__ import annotations

import io

from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.model import Database


def sql_between(before: Database, after: Database, dialect: str | None) -> str | None:
    """One statement after the other; "" where nothing is to be done, None where it cannot be said in SQL."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    planned = plan(before, after, dialect)
    if planned.obstacles:
        return None
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name=dialect or "postgresql", opts={"as_sql": True, "output_buffer": written}
    )
    operations = Operations(context)
    try:
        for step in to_steps(planned.operations, before, dialect):
            match step:
                case Guard():
                    written.write(f"-- stops if: {step.message}\n\n")
                case Direct():
                    operations.invoke(step.operation)
                case Perhaps():
                    for operation in step.operations:
                        operations.invoke(operation)
                case Batch():
                    with operations.batch_alter_table(step.table[1], schema=step.table[0], copy_from=step.copy_from) as batch:
                        for operation in step.operations:
                            batch.invoke(operation)
    except (NotSayable, CommandError, SQLAlchemyError, NotImplementedError):
        return None
    lines = [line.rstrip() for line in written.getvalue().strip().splitlines()]
    return "\n".join(line for previous, line in zip(["", *lines], lines) if line or previous)

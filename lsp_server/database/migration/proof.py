"""Runs a plan on a database of our own, in memory: up, down, up again, with rows, and looks at what is there.

The only database ever opened is `sqlite://`, made here and gone with the function. What SQLite does not have is taken out
before (`on_sqlite.py`) and named under "not proved". No text of the user is executed: the operations are the plan's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.database.migration.catalogue import Shape, differences, lost_rows, read_rows, read_shapes
from lsp_server.database.migration.metadata import NotSayable, to_metadata
from lsp_server.database.migration.on_sqlite import translate
from lsp_server.database.migration.operations import (
    AlterColumn,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    apply_operations,
    reversed_operations,
)
from lsp_server.database.migration.plan import Plan
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.migration.steps import Batch, Direct, Guard, Step, to_steps
from lsp_server.database.model import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

_URL = "sqlite://"
Rows = dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown to be so, what went wrong, and what was not tried, with the reason."""

    proved: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    not_proved: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return bool(self.proved) and not self.failed

    @property
    def line(self) -> str:
        """One line for a docstring."""
        if self.failed:
            return f"failed on SQLite in memory: {self.failed[0]}."
        text = f"on SQLite in memory: {', '.join(self.proved)}." if self.proved else "none."
        return f"{text} Not proved: {'; '.join(self.not_proved)}." if self.not_proved else text


class _Stopped(Exception):
    """A guard found rows that it must not pass."""


def prove(plan: Plan, before: Database | None = None, after: Database | None = None) -> Proof:
    """The proof of a plan between its own two schemas, or between these."""
    from alembic.util import CommandError
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError

    before, after = before or plan.before, after or plan.after
    shadow = translate(before, after, plan.operations, plan.dialect)
    missing = tuple(dict.fromkeys((*plan.obstacles, *shadow.not_proved)))
    run = _Run(shadow.before, shadow.after, shadow.operations)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run.all()
            except IntegrityError as error:
                # Made-up rows may break a new rule, as real ones may: then only the shapes are shown.
                run = _Run(shadow.before, shadow.after, shadow.operations, with_rows=False)
                run.not_proved.append(f"with rows: the made-up ones broke a new rule ({_first_line(error.orig)})")
                run.all()
    except NotSayable as error:
        return Proof((), (), (*missing, f"{error} cannot be made on SQLite"))
    except (SQLAlchemyError, CommandError, NotImplementedError, ValueError, KeyError) as error:
        run.failed.append(f"{run.doing}: {_first_line(error)}")
    return Proof(tuple(run.proved), tuple(run.failed), (*missing, *run.not_proved))


def _first_line(error: BaseException | None) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


@contextmanager
def _scratch() -> Iterator[sa.Connection]:
    """A connection to a new, empty database in memory that nobody else can reach."""
    import sqlalchemy as sa

    engine = sa.create_engine(_URL, poolclass=sa.pool.StaticPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def run_steps(connection: sa.Connection, steps: tuple[Step, ...]) -> None:
    """Run steps through Alembic on a connection of ours. Raises what Alembic raises, and _Stopped for a guard."""
    import sqlalchemy as sa
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    operations = Operations(MigrationContext.configure(connection))
    for step in steps:
        if isinstance(step, Guard):
            if connection.scalar(sa.text(step.query)):
                raise _Stopped(step.message)
        elif isinstance(step, Direct):
            operations.invoke(step.operation)
        elif isinstance(step, Batch):
            with operations.batch_alter_table(
                step.table[1], schema=step.table[0], copy_from=step.copy_from
            ) as batch:
                for operation in step.operations:
                    batch.invoke(operation)


class _Run:
    """One proof under way; `doing` says at which step it is, for the message of a failure."""

    def __init__(
        self, before: Database, after: Database, operations: tuple[Operation, ...], *, with_rows: bool = True
    ) -> None:
        self.before = before
        self.after = after
        self.operations = operations
        self.proved: list[str] = []
        self.failed: list[str] = []
        self.not_proved: list[str] = []
        self.doing = "the schema before"
        self.with_rows = with_rows
        self.emptied = False

    def all(self) -> None:
        wanted_before, wanted_after = self._shapes_of(self.before), self._shapes_of(self.after)
        up = to_steps(self.operations, self.before, "sqlite")
        end = apply_operations(self.before, self.operations)
        down = to_steps(reversed_operations(self.operations), end, "sqlite")
        with _scratch() as connection:
            to_metadata(self.before, "sqlite").create_all(connection)
            if self.with_rows:
                self.not_proved += insert_rows(connection, self.before)
            rows = read_rows(connection)
            self.doing = "the upgrade"
            self._upgrade(connection, up, wanted_before, rows)
            self._compare("the upgrade gives the schema of the models", connection, wanted_after)
            renamed = _renamed(rows, self.operations)
            self._rows("rows kept", renamed, read_rows(connection), self._aside(self.operations))
            self.doing = "the downgrade"
            self._downgrade(connection, down)
            self._compare("the downgrade gives the schema before", connection, wanted_before)
            self._rows("rows kept on the way back", rows, read_rows(connection), self._gone())
            self.doing = "the second upgrade"
            self._upgrade(connection, up, None, {})
            self._compare("a second upgrade works", connection, wanted_after)

    def _shapes_of(self, database: Database) -> dict[str, Shape]:
        with _scratch() as connection:
            to_metadata(database, "sqlite").create_all(connection)
            return read_shapes(connection)

    def _upgrade(
        self, connection: sa.Connection, steps: tuple[Step, ...], untouched: dict[str, Shape] | None, rows: Rows
    ) -> None:
        """Runs the upgrade; where a guard stops it, looks that nothing was touched, empties the tables, and runs again."""
        try:
            run_steps(connection, steps)
        except _Stopped:
            if untouched is not None:
                same = not differences(read_shapes(connection), untouched) and rows == read_rows(connection)
                what = "rows in the way stop the upgrade before it changes anything"
                (self.proved if same else self.failed).append(what)
            self._empty(connection)
            run_steps(connection, steps)

    def _downgrade(self, connection: sa.Connection, steps: tuple[Step, ...]) -> None:
        try:
            run_steps(connection, steps)
        except _Stopped:
            self.not_proved.append("the downgrade with rows: the made-up ones stand in its way")
            self._empty(connection)
            run_steps(connection, steps)

    def _empty(self, connection: sa.Connection) -> None:
        import sqlalchemy as sa

        self.emptied = True
        for name in sa.inspect(connection).get_table_names():
            connection.execute(sa.text('DELETE FROM "{}"'.format(name.replace('"', '""'))))

    def _compare(self, what: str, connection: sa.Connection, wanted: dict[str, Shape]) -> None:
        problems = differences(read_shapes(connection), wanted)
        if problems:
            self.failed.append(f"{what}: {problems[0]}")
        else:
            self.proved.append(what)

    def _rows(self, what: str, before: Rows, after: Rows, aside: frozenset[tuple[str, str | None]]) -> None:
        if self.emptied:
            return
        problems = lost_rows(before, after, aside)
        if problems:
            self.failed.append(f"{what}: {problems[0]}")
        elif any(before.values()):
            self.proved.append(what)

    def _aside(self, operations: tuple[Operation, ...]) -> frozenset[tuple[str, str | None]]:
        """Columns whose values change because their type or nullability does."""
        altered = [operation for operation in operations if isinstance(operation, AlterColumn)]
        return frozenset((operation.table[1], operation.before.name) for operation in altered)

    def _gone(self) -> frozenset[tuple[str, str | None]]:
        """What a downgrade cannot bring back: the values of columns and the rows of tables that were dropped."""
        back = {item.after: item.before for item in self.operations if isinstance(item, RenameTable)}
        gone: set[tuple[str, str | None]] = set(self._aside(self.operations))
        for operation in self.operations:
            if isinstance(operation, DropColumn):
                gone.add((operation.table[1], operation.column.name))
            elif isinstance(operation, DropTable):
                gone.add((operation.table.name, None))
        return frozenset((back.get(table, table), column) for table, column in gone)


def _renamed(rows: Rows, operations: tuple[Operation, ...]) -> Rows:
    """The rows under the names that tables and columns have after the renames."""
    for operation in operations:
        if isinstance(operation, RenameTable):
            rows = {operation.after if name == operation.before else name: list(items) for name, items in rows.items()}
        elif isinstance(operation, RenameColumn):
            table = operation.table[1]
            old, new = operation.before.name, operation.after
            rows = {
                name: [
                    {(new if column == old else column): value for column, value in row.items()} if name == table else row
                    for row in items
                ]
                for name, items in rows.items()
            }
    return rows

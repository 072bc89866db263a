"""Runs a plan on a database of our own: up, down, up again, with rows, and looks at what is there.

Where there is a scratch server of the kind that the migration is for (`shadow/` makes them), it runs there as it is. Otherwise
SQLite in memory has to do: what that does not have is taken out before (`on_sqlite.py`) and named under "not proved". No text
of the user's Python is executed: the operations are the plan's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsp_server.database.migration.catalogue import Rows, lost_rows, read_rows, read_shapes, read_tables
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.on_sqlite import translate
from lsp_server.database.migration.operations import (
    AlterColumn,
    ChangeEnum,
    CreateSchema,
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
from lsp_server.database.migration.schema import content_key, create_schema
from lsp_server.database.migration.scratch import FindScratch, InMemory, NoScratch, Scratch
from lsp_server.database.migration.shape import Shapes, differences, only_named
from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps, Step
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.model import Database
from lsp_server.database.view_text import reads_of

if TYPE_CHECKING:
    import sqlalchemy as sa

TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "mssql": "SQL Server", "oracle": "Oracle"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown to be so, what went wrong, and what was not tried, with the reason. `where` is the scratch database's title."""

    proved: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    not_proved: tuple[str, ...] = ()
    where: str = InMemory.title

    @property
    def holds(self) -> bool:
        return bool(self.proved) and not self.failed

    @property
    def line(self) -> str:
        """One line for a docstring."""
        if self.failed:
            return f"failed on {self.where}: {self.failed[0]}."
        text = f"on {self.where}: {', '.join(self.proved)}." if self.proved else "none."
        return f"{text} Not proved: {'; '.join(self.not_proved)}." if self.not_proved else text


class _Stopped(Exception):
    """A guard found rows that it must not pass."""


def prove(
    plan: Plan, before: Database | None = None, after: Database | None = None, find: FindScratch | None = None
) -> Proof:
    """The proof of a plan between its own two schemas, or between these.

    `find` gives the scratch server for a dialect, or says why there is none.
    """
    before, after = before or plan.before, after or plan.after
    missing: list[str] = list(plan.obstacles)
    if plan.dialect not in (None, "sqlite"):
        title = TITLES.get(plan.dialect, plan.dialect)
        leading_out = _leads_out(plan, before, after)
        scratch = leading_out or (find(plan.dialect) if find is not None else "no scratch server")
        if not isinstance(scratch, str):
            try:
                return _run(scratch, before, after, plan.operations, missing)
            except NoScratch as error:
                scratch = str(error)
        missing.append(f"on {title}: {scratch}")
    shadow = translate(before, after, plan.operations, plan.dialect)
    return _run(InMemory(), shadow.before, shadow.after, shadow.operations, [*missing, *shadow.not_proved])


def _leads_out(plan: Plan, before: Database, after: Database) -> str | None:
    """Why the plan must not run on a scratch server: on MySQL a schema is another database, which is not ours."""
    if plan.dialect not in ("mysql", "mariadb"):
        return None
    end = apply_operations(before, plan.operations)
    for table in (*before.tables, *after.tables, *end.tables):
        if table.schema is not None or any(key.target_schema is not None for key in table.foreign_keys):
            return f"{table.full_name} is or refers to a table of another database"
    for view in dict.fromkeys((*before.views, *after.views, *end.views)):
        read = reads_of(view, plan.dialect)
        if isinstance(view.query, str) and (read is None or any(schema is not None for schema, _ in read.tables)):
            return f"the view {view.full_name} reads, or may read, a table of another database"
    for operation in plan.operations:
        place = getattr(operation, "table", None)
        if isinstance(place, tuple) and place[0] is not None:
            return f"{place[0]}.{place[1]} is a table of another database"
    return None


def _run(
    scratch: Scratch, before: Database, after: Database, operations: tuple[Operation, ...], missing: list[str]
) -> Proof:
    """Raises NoScratch."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

    run = _Run(scratch, before, after, operations)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                run.all()
            except (IntegrityError, DataError) as error:
                # Made-up rows may break a new rule or fit no new type, as real ones may: then only the shapes are shown.
                run = _Run(scratch, before, after, operations, with_rows=False)
                run.not_proved.append(f"with rows: the made-up ones do not fit ({_first_line(error.orig)})")
                run.all()
    except NotSayable as error:
        return Proof((), (), (*missing, f"{error} cannot be made on {scratch.title}"), scratch.title)
    except (SQLAlchemyError, CommandError, NotImplementedError, ValueError, KeyError) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise NoScratch(f"the scratch server went away ({_first_line(error.orig)})") from None
        run.failed.append(f"{run.doing}: {_first_line(error)}")
    not_proved = tuple(dict.fromkeys((*missing, *run.not_proved)))
    return Proof(tuple(run.proved), tuple(run.failed), not_proved, scratch.title)


def _first_line(error: BaseException | None) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


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


class _Run:
    """One proof under way; `doing` says at which step it is, for the message of a failure."""

    def __init__(
        self,
        scratch: Scratch,
        before: Database,
        after: Database,
        operations: tuple[Operation, ...],
        *,
        with_rows: bool = True,
    ) -> None:
        self.scratch = scratch
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
        dialect = self.scratch.dialect
        up = to_steps(self.operations, self.before, dialect)
        end = apply_operations(self.before, self.operations)
        down = to_steps(reversed_operations(self.operations), end, dialect)
        self.doing = "the schema of the models"
        wanted_after = self._wanted(replace(self.after, schemas=(*self.after.schemas, *self.before.schemas)))
        self.doing = "the schema before"
        with self._filled(self.before, _around(self.after, self.operations)) as connection:
            wanted_before = read_shapes(connection)
            if self.with_rows:
                self.not_proved += insert_rows(connection, self.before)
                self._keep(connection)
            rows = read_rows(connection)
            self._keep(connection)
            self.doing = "the upgrade"
            self._upgrade(connection, up, wanted_before, rows)
            self._compare("the upgrade gives the schema of the models", connection, wanted_after, names_in(self.after))
            renamed = _renamed(rows, self.operations)
            self._rows("rows kept", renamed, read_rows(connection), self._aside(self.operations))
            self.doing = "the downgrade"
            self._downgrade(connection, down)
            self._compare("the downgrade gives the schema before", connection, wanted_before, names_in(self.before))
            self._rows("rows kept on the way back", rows, read_rows(connection), self._gone())
            self.doing = "the second upgrade"
            self._upgrade(connection, up, None, {})
            self._compare("a second upgrade works", connection, wanted_after, names_in(self.after))

    @contextmanager
    def _filled(self, database: Database, around: Database | None = None) -> Iterator[sa.Connection]:
        dialect = self.scratch.dialect
        with self.scratch.open(
            content_key(database, dialect, around), lambda connection: create_schema(connection, database, dialect, around)
        ) as connection:
            yield connection

    def _wanted(self, database: Database) -> Shapes:
        with self._filled(database) as connection:
            return read_shapes(connection)

    def _keep(self, connection: sa.Connection) -> None:
        """Make what was done stay, where a failure would take it back."""
        if self.scratch.dialect != "sqlite":
            connection.commit()

    def _run_steps(self, connection: sa.Connection, steps: tuple[Step, ...]) -> None:
        """As Alembic does: in a transaction, which is taken back where a guard stops it."""
        self._keep(connection)
        try:
            run_steps(connection, steps)
        except _Stopped:
            if self.scratch.dialect != "sqlite":
                connection.rollback()
            raise
        self._keep(connection)

    def _upgrade(
        self, connection: sa.Connection, steps: tuple[Step, ...], untouched: Shapes | None, rows: Rows
    ) -> None:
        """Runs the upgrade; where a guard stops it, looks that nothing was touched, empties the tables, and runs again."""
        try:
            self._run_steps(connection, steps)
        except _Stopped:
            if untouched is not None:
                same = not differences(read_shapes(connection), untouched) and rows == read_rows(connection)
                what = "rows in the way stop the upgrade before it changes anything"
                (self.proved if same else self.failed).append(what)
            self._empty(connection)
            self._run_steps(connection, steps)

    def _downgrade(self, connection: sa.Connection, steps: tuple[Step, ...]) -> None:
        try:
            self._run_steps(connection, steps)
        except _Stopped:
            self.not_proved.append("the downgrade with rows: the made-up ones stand in its way")
            self._empty(connection)
            self._run_steps(connection, steps)

    def _empty(self, connection: sa.Connection) -> None:
        import sqlalchemy as sa

        self.emptied = True
        quote = connection.dialect.identifier_preparer.quote
        names = [".".join(quote(part) for part in place if part is not None) for place in read_tables(connection)]
        if self.scratch.dialect == "postgresql":
            connection.execute(sa.text(f"TRUNCATE {', '.join(names)} CASCADE")) if names else None
            return
        if self.scratch.dialect == "mysql":
            connection.execute(sa.text("SET foreign_key_checks = 0"))
        for name in names:
            connection.execute(sa.text(f"DELETE FROM {name}"))
        if self.scratch.dialect == "mysql":
            connection.execute(sa.text("SET foreign_key_checks = 1"))

    def _compare(self, what: str, connection: sa.Connection, wanted: Shapes, names: frozenset[str]) -> None:
        """Names that nobody chose may differ: databases do not rename them with their table."""
        problems = differences(read_shapes(connection), only_named(wanted, names))
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
        """Columns whose values change because their type, their nullability or the values they may hold do."""
        altered = [operation for operation in operations if isinstance(operation, AlterColumn)]
        replaced = [operation for operation in operations if isinstance(operation, ChangeEnum) and operation.replaced]
        return frozenset(
            [(operation.table[1], operation.before.name) for operation in altered]
            + [(key[1], column.name) for operation in replaced for key, column in operation.uses]
        )

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


def _around(after: Database, operations: tuple[Operation, ...]) -> Database:
    """What the end needs that no step makes: schemas, and the tables for the extensions behind their types."""
    made = {operation.name for operation in operations if isinstance(operation, CreateSchema) and not operation.shared}
    used = [table.key[0] for table in after.tables]
    needed = dict.fromkeys(name for name in (*used, *after.schemas) if name is not None and name not in made)
    return replace(after, schemas=tuple(needed))


def names_in(database: Database) -> frozenset[str]:
    """The names that the schema gives to its keys, indexes and checks."""
    return frozenset(
        part.name
        for table in database.tables
        for part in (table.primary_key, *table.foreign_keys, *table.uniques, *table.indexes, *table.checks)
        if part is not None and part.name is not None
    )


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

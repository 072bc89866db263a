"""A plan tried on a database of our own: up, down, up again, with rows, and after each step a look at what is there.

Where the schemas agree and the rows are kept is told as proved, with the step's words; what is not as it should be, as failed. Rows
are made up (`rows.py`), rough ones first: where they stop the upgrade, nothing may have changed, and it goes on with tidier ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.catalogue import Rows, lost_rows, read_rows, read_shapes, read_tables
from lsp_server.database.migration.operations import (
    AlterColumn,
    ChangeEnum,
    CreateSchema,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
)
from lsp_server.database.migration.own_tables import OwnTables, create_own, disagreements
from lsp_server.database.migration.reversing import reversed_operations
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.migration.schema import content_key, create_schema
from lsp_server.database.migration.scratch import Scratch
from lsp_server.database.migration.seed import BadSeed, Seed, load
from lsp_server.database.migration.shape import Shapes, differences, only_named
from lsp_server.database.migration.step import Step
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.migration.steps.running import Stopped, run_steps
from lsp_server.database.model import Database

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError


_MOST_NAMED = 3  # tables in one sentence


class Sort(StrEnum):
    """What rows a trial is made with, in the order in which they are tried."""

    ROUGH = "with NULLs and duplicates"
    TIDY = "with rows"
    NONE = "without rows"


# What shadows of the same content look like, so that it is read once: by the scratch server, as long as it is used.
_seen: WeakKeyDictionary[Scratch, dict[str, Shapes]] = WeakKeyDictionary()


class Trial:
    """One proof under way. `complete`: as far as the texts tell, the operations lead all the way. `doing` says at which step it is, for the message of a failure."""

    def __init__(
        self,
        scratch: Scratch,
        before: Database,
        after: Database,
        operations: tuple[Operation, ...],
        seed: Seed | None = None,
        own: OwnTables | None = None,
        complete: bool = False,
    ) -> None:
        self.scratch = scratch
        self.before = before
        self.after = after
        self.operations = operations
        self.seed = seed
        self.own = own
        self.complete = complete
        self.end = apply_operations(before, operations)
        self.proved: list[str] = []
        self.failed: list[str] = []
        self.not_proved: list[str] = []
        self.doing = "the schema before"
        self.emptied = False

    def run(self) -> None:
        """Fills the three lists. Raises what SQLAlchemy and Alembic raise, NotSayable and NoScratch."""
        dialect = self.scratch.dialect
        up = to_steps(self.operations, self.before, dialect)
        down = to_steps(reversed_operations(self.operations), self.end, dialect)
        self.doing = "the schema of the models"
        self.wanted_after = self._look(replace(self.after, schemas=(*self.after.schemas, *self.before.schemas)))
        self._ask_project()
        for sort in Sort:
            start = list(self.proved)
            try:
                self._go(sort, up, down)
                return
            except rows_do_not_fit() as error:
                # Made-up rows may break a new rule or fit no new type, as real ones may.
                if sort is Sort.NONE or error.connection_invalidated:
                    raise
                self.proved[len(start) :] = [text for text in self.proved[len(start) :] if text in (_UNTOUCHED, _WHOLE)]
                said = f"{sort}: the rows do not fit ({first_line(error.orig)})"
                self.not_proved.append(said)
            except BadSeed as error:
                self.not_proved.append(f"with the rows of {error}")
                self.seed = None
                self._go(sort, up, down)
                return

    def _go(self, sort: Sort, up: tuple[Step, ...], down: tuple[Step, ...]) -> None:
        self.doing = "the schema before"
        self.emptied = False
        with self._filled(sort) as connection:
            wanted_before = read_shapes(connection)
            rows = read_rows(connection)
            self._keep(connection)
            if sort is not Sort.NONE:
                self._note_rows(rows)
            self.doing = "the upgrade"
            rows = self._upgrade(connection, up, wanted_before, rows)
            self._compare(_MODELS, connection, self.wanted_after, self.after, wanted_before)
            self._rows("rows kept", _renamed(rows, self.operations), read_rows(connection), self._aside(self.operations))
            self.doing = "the downgrade"
            self._downgrade(connection, down)
            self._compare("the downgrade gives the schema before", connection, wanted_before, self.before)
            self._rows("rows kept on the way back", rows, read_rows(connection), self._gone())
            self.doing = "the second upgrade"
            self._upgrade(connection, up, None, {})
            self._compare("a second upgrade works", connection, self.wanted_after, self.after, wanted_before)

    def _ask_project(self) -> None:
        """Whether the project's own statements make the tables that its text was read to want."""
        from sqlalchemy.exc import SQLAlchemyError

        own = self.own
        if own is None:
            return
        try:
            with self.scratch.open() as connection:
                create_own(connection, own, self.after, self.scratch.dialect)
                problems = disagreements(read_shapes(connection), self.wanted_after, own, names_in(self.after))
        except SQLAlchemyError as error:
            self.not_proved.append(f"{_OWN}: its statements do not run ({first_line(error)})")
            return
        if problems:
            self.not_proved.append(f"{_OWN}: {problems[0]}")
        else:
            self.proved.append(f"{_OWN} in {len(own.tables)} of {len(self.after.tables)} tables")

    # Databases

    @contextmanager
    def _filled(self, sort: Sort) -> Iterator[sa.Connection]:
        """The schema before, with rows. Raises BadSeed."""
        dialect, around = self.scratch.dialect, _around(self.after, self.operations)
        seed = self.seed if sort is not Sort.NONE else None

        def fill(connection: sa.Connection) -> None:
            create_schema(connection, self.before, dialect, around)
            self._insert(connection, sort, seed)

        key = f"{content_key(self.before, dialect, around)}_{sort.name.lower()}{f'_{seed.digest[:12]}' if seed is not None else ''}"
        with self.scratch.open(key, fill) as connection:
            yield connection

    def _insert(self, connection: sa.Connection, sort: Sort, seed: Seed | None) -> None:
        """The user's rows, which may be referred to by nobody else, and ours."""
        if seed is not None:
            load(connection, seed, self.before)
        if sort is not Sort.NONE:
            insert_rows(connection, self.before, tidy=sort is Sort.TIDY)

    def _look(self, database: Database) -> Shapes:
        """What the scratch server makes of a schema."""
        known = _seen.setdefault(self.scratch, {})
        key = content_key(database, self.scratch.dialect)
        if key not in known:
            with self.scratch.open() as connection:
                create_schema(connection, database, self.scratch.dialect)
                known[key] = read_shapes(connection)
            while len(known) > _MOST_KNOWN:
                del known[next(iter(known))]
        return known[key]

    def _keep(self, connection: sa.Connection) -> None:
        """Make what was done stay, where a failure would take it back."""
        if self.scratch.dialect != "sqlite":
            connection.commit()

    def _run_steps(self, connection: sa.Connection, steps: tuple[Step, ...]) -> None:
        """As Alembic does: in a transaction, which is taken back where rows stop it."""
        from sqlalchemy.exc import SQLAlchemyError

        self._keep(connection)
        try:
            run_steps(connection, steps)
        except (Stopped, SQLAlchemyError):
            if self.scratch.dialect != "sqlite":
                connection.rollback()
            raise
        self._keep(connection)

    def _empty(self, connection: sa.Connection) -> None:
        import sqlalchemy as sa

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

    # Steps

    def _upgrade(self, connection: sa.Connection, steps: tuple[Step, ...], before: Shapes | None, rows: Rows) -> Rows:
        """Runs the upgrade; the rows that it ran with. Where a guard or the database stops it, nothing may have changed.

        After a guard it goes on in the same database, first with tidy rows, then with none. `before` None: it has run before.
        """
        try:
            self._run_steps(connection, steps)
            return rows
        except Stopped as stop:
            self._look_untouched(connection, before, rows, _UNTOUCHED, stop)
        except rows_do_not_fit() as error:
            if before is not None and not error.connection_invalidated:
                self._look_untouched(connection, before, rows, _WHOLE, error)
            raise
        self._empty(connection)
        if before is not None:
            insert_rows(connection, self.before, tidy=True)
            self._keep(connection)
            rows = read_rows(connection)
            in_the_way: tuple[type[Exception], ...] = (Stopped, *rows_do_not_fit())
            try:
                self._run_steps(connection, steps)
                return rows
            except in_the_way:
                self._empty(connection)
        self.emptied = True
        self._run_steps(connection, steps)
        return {}

    def _look_untouched(self, connection: sa.Connection, before: Shapes | None, rows: Rows, what: str, cause: Exception) -> None:
        """Whether everything is as it was before an upgrade that was stopped."""
        if before is None:
            return
        problems = [*differences(read_shapes(connection), before), *lost_rows(rows, read_rows(connection), frozenset())]
        if not problems:
            self.proved.append(what)
        elif what == _WHOLE and self.scratch.dialect != "postgresql":
            self.not_proved.append(f"{what}: {self.scratch.title} keeps what was done before the step that failed ({problems[0]})")
        else:
            self.failed.append(f"{what}: {problems[0]}")
        if isinstance(cause, Stopped) and self.seed is not None:
            self.not_proved.append(f"with the rows of {self.seed.path}, if they are the ones in the way: {cause}")

    def _downgrade(self, connection: sa.Connection, steps: tuple[Step, ...]) -> None:
        try:
            self._run_steps(connection, steps)
        except Stopped:
            self.not_proved.append("the downgrade with rows: the made-up ones stand in its way")
            self._empty(connection)
            self.emptied = True
            self._run_steps(connection, steps)

    # Comparisons

    def _note_rows(self, rows: Rows) -> None:
        """Say which tables have none."""
        without = [table.full_name for table in self.before.tables if not rows.get(".".join(part for part in table.key if part is not None))]
        if without:
            more = f" and {len(without) - _MOST_NAMED} more" if len(without) > _MOST_NAMED else ""
            self.not_proved.append(f"with rows in {', '.join(without[:_MOST_NAMED])}{more}: no made-up row satisfies the rules")
        if self.seed is not None and _SEEDED.format(self.seed.path) not in self.proved:
            self.proved.append(_SEEDED.format(self.seed.path))

    def _compare(self, what: str, connection: sa.Connection, wanted: Shapes, named: Database, start: Shapes | None = None) -> None:
        """Names that nobody chose may differ: databases do not rename them with their table.

        With `start`, the shapes before the plan: where the models have always been otherwise, in a way that the comparison of texts does not
        see, the plan is not to blame. Its own end, made by the same server, must then be otherwise in the very same way.
        """
        wanted = only_named(wanted, names_in(named))
        problems = differences(read_shapes(connection), wanted)
        if problems and start is not None and self.complete:
            there = set(differences(start, wanted)) & set(differences(self._look(self.end), wanted))
            old = [text for text in problems if text in there]
            problems = tuple(text for text in problems if text not in there)
            self.not_proved += [f"{_BEFORE}: {text}" for text in old[:1]]
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


_MODELS = "the upgrade gives the schema of the models"
_UNTOUCHED = "rows in the way stop the upgrade before it changes anything"
_WHOLE = "an upgrade that fails leaves schema and rows as they were"
_SEEDED = "with the rows of {}"
_BEFORE = "a difference to the models that was there before, and that the texts do not show"
_OWN = "the running project's own create_all gives the same"
_MOST_KNOWN = 16


def rows_do_not_fit() -> tuple[type[DBAPIError], ...]:
    """What databases raise where rows are in the way; MariaDB says so of some unique constraints in general words."""
    from sqlalchemy.exc import DataError, IntegrityError, OperationalError

    return (DataError, IntegrityError, OperationalError)


def first_line(error: BaseException | None) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


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

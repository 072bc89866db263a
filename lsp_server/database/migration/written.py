"""The proof of a revision as it is written: its own steps, in its own order, run up, down and up again on a database of ours.

The steps are those that the replay reads out of the text; nobody's Python runs. Each change of the schema is the one between the folded schemas on
both sides of its step, done as plainly as the text does it: without the fills and guards that a plan of ours would add. Statements that change rows
run as they are written, where they are nothing but that (`row_statements.py`). What cannot be said so is named under "not proved", with its reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lsp_server.database.fold import apply
from lsp_server.database.fold.state import State
from lsp_server.database.grammar import grammar_of
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.catalogue import Rows, lost_rows, read_rows, read_shapes
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.object_operations import CreateView, DropView
from lsp_server.database.migration.on_sqlite import translate
from lsp_server.database.migration.operations import AddColumn, AlterColumn, CreateSchema, Operation
from lsp_server.database.migration.operations import RenameTable as Renaming
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import Proof
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.row_statements import read_row_statements
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.migration.schema import content_key, create_schema
from lsp_server.database.migration.scratch import FindScratch, InMemory, NoScratch, Scratch
from lsp_server.database.migration.shape import differences, only_named
from lsp_server.database.migration.step import Guard, Step
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.migration.steps.running import run_steps
from lsp_server.database.migration.trial import first_line, names_in
from lsp_server.database.model import Database
from lsp_server.database.objects import OBJECT_OPERATIONS
from lsp_server.database.operations import AlterColumn as Altered
from lsp_server.database.operations import ChangeProperty, ChangeRows, CreateObject, DropObject, Opaque, RenameTable
from lsp_server.database.operations import Step as Written
from lsp_server.database.replay import RevisionReplay
from lsp_server.database.view_text import may_read_elsewhere
from lsp_server.text import Location

if TYPE_CHECKING:
    import sqlalchemy as sa

_NEEDS_VALUE = "Cannot add a NOT NULL column with default value NULL"  # SQLite's word for it, whether or not there are rows


@dataclass(frozen=True, slots=True)
class Change:
    """One step that changes the schema, from `before`."""

    operations: tuple[Operation, ...]
    before: Database
    after: Database
    location: Location


@dataclass(frozen=True, slots=True)
class RowChange:
    """Statements that change rows of `tables`; ."""

    statements: tuple[str, ...]
    tables: tuple[str, ...]
    location: Location


@dataclass(slots=True)
class Direction:
    """What one function of a revision does, as far as it can be said, and the schema that it leads to."""

    name: str
    before: Database
    after: Database
    moves: list[Change | RowChange] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # tables whose rows its own statements change
    emptied: set[str] = field(default_factory=set)  # tables that lose all their rows to one of them
    blind: list[str] = field(default_factory=list)  # steps whose text does not tell what they do: rows of any table may change

    @property
    def untold(self) -> tuple[str, ...]:
        return (*self.unsaid, *self.blind)


def read_direction(name: str, steps: Iterable[Written], start: State, source: str, dialect: str) -> Direction:
    """The moves of one direction, over the schema that it meets."""
    state = start.copy()
    made = Direction(name, start.database(source), start.database(source))
    for step in steps:
        before = state.copy()
        refusal = apply(state, step)
        operation = step.operation
        if refusal is not None:
            made.unsaid.append(f"the {name} stops: {refusal.message}")
            break
        if isinstance(operation, ChangeRows):
            _rows(made, operation, before.database(source), dialect, step.location)
        elif isinstance(operation, Opaque) or step.condition is not None:
            reason = operation.reason.what if isinstance(operation, Opaque) else step.condition.what if step.condition is not None else ""
            made.blind.append(f"a step of the {name} that the text does not tell: {reason}")
        elif isinstance(operation, CreateObject | DropObject) and operation.sort != "schema":
            made.unsaid.append(f"the {operation.sort} {operation.name}")
        elif isinstance(operation, ChangeProperty):
            # Rights are handed out by no step that only looks like a change of the schema: whoever writes one must hear of it.
            rights = operation.text.lstrip().lower().startswith(("grant", "revoke"))
            (made.blind if rights else made.unsaid).append(f"what {' '.join(operation.text.split())[:60]} changes")
        else:
            _schema(made, step, *_touched(before, state, source), dialect)
    made.after = state.database(source)
    return made


def _rows(made: Direction, operation: ChangeRows, database: Database, dialect: str, location: Location) -> None:
    read = read_row_statements(operation.text, database, dialect)
    if isinstance(read, str):
        made.blind.append(f"rows that the {made.name} changes: {read}")
    elif read.statements:
        made.moves.append(RowChange(read.statements, read.tables, location))
        made.touched.update(read.tables)
        made.emptied.update(read.emptied)


def _touched(before: State, after: State, source: str) -> tuple[Database, Database]:
    """The schemas around a step, with the tables that it changes and those that these refer to or that refer to them."""
    old, new = before.database(source), after.database(source)
    if before.enums != after.enums or before.objects != after.objects:
        return old, new  # a type may be used anywhere
    changed = {key for key in before.tables.keys() | after.tables.keys() if before.tables.get(key) is not after.tables.get(key)}
    near = set(changed)
    for table in (*old.tables, *new.tables):
        targets = {key.target_key for key in table.foreign_keys if key.target_table is not None}
        if table.key in changed:
            near |= targets
        elif targets & changed:
            near.add(table.key)
    return tuple(replace(database, tables=tuple(table for table in database.tables if table.key in near)) for database in (old, new))  # type: ignore[return-value]


def _schema(made: Direction, step: Written, before: Database, after: Database, dialect: str) -> None:
    renames = _renames(step)
    planned = plan(before, after, dialect, Answers(renames=renames))
    if planned.obstacles:
        made.unsaid.append(f"a step of the {made.name}: {planned.obstacles[0]}")
        return
    plain = tuple(_plain(operation) for operation in planned.operations if not _is_kindness(operation, step))
    if plain:
        made.moves.append(Change(plain, before, after, step.location))


def _renames(step: Written) -> tuple[Rename, ...]:
    operation = step.operation
    if isinstance(operation, RenameTable):
        return (Rename(operation.table, None, operation.name, True, "as written"),)
    if isinstance(operation, Altered) and isinstance(operation.name, str):
        return (Rename(operation.table, operation.column, operation.name, True, "as written"),)
    return ()


def _is_kindness(operation: Operation, step: Written) -> bool:
    """Whether a view steps aside only because a plan of ours would have it so: the text leaves it where it is."""
    return isinstance(operation, CreateView | DropView) and operation.remade and not isinstance(step.operation, OBJECT_OPERATIONS)


def _plain(operation: Operation) -> Operation:
    """The operation without what a plan adds to be kind to rows."""
    return replace(operation, fill=None) if isinstance(operation, AddColumn | AlterColumn) else operation


def prove_written(
    upgrade: Direction, downgrade: Direction | None, dialect: str, find: FindScratch | None = None, guarded: bool = False
) -> Proof:
    """The proof of a revision between the schemas that its directions start and end with. `guarded`: it stops by itself where rows are in the way."""
    unsaid = [*upgrade.untold, *(downgrade.untold if downgrade is not None else ["the downgrade: there is none"])]
    if dialect != "sqlite":
        scratch = _leading_out(upgrade, dialect) or (find(dialect) if find is not None else "no scratch server")
        if not isinstance(scratch, str):
            try:
                return _tried(scratch, upgrade, downgrade, dialect, unsaid, guarded)
            except NoScratch as error:
                scratch = str(error)
        unsaid.append(f"on {dialect}: {scratch}")
    return _tried(InMemory(), upgrade, downgrade, dialect, unsaid, guarded)


def _leading_out(direction: Direction, dialect: str) -> str | None:
    """On MySQL a schema is another database, which is not ours."""
    if dialect not in ("mysql", "mariadb"):
        return None
    named = [table.full_name for database in (direction.before, direction.after) for table in database.tables if table.schema is not None]
    views = [view.full_name for database in (direction.before, direction.after) for view in database.views if may_read_elsewhere(view, dialect)]
    if views:
        return f"the view {views[0]} reads, or may read, a table of another database"
    return f"{named[0]} is a table of another database" if named else None


def _tried(
    scratch: Scratch, upgrade: Direction, downgrade: Direction | None, dialect: str, unsaid: list[str], guarded: bool
) -> Proof:
    """Raises NoScratch."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

    run = _Run(scratch, upgrade, downgrade, dialect, list(unsaid))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            try:
                run.all()
            except (IntegrityError, DataError) as error:
                untried = run.untried or upgrade.blind
                if not guarded and not untried:
                    run.failed.append(f"{run.doing}: rows that exist stop it ({first_line(error.orig)})")
                    return run.proof()
                why = "what would change them did not run" if untried else "it stops for them"
                run = _Run(scratch, upgrade, downgrade, dialect, [*unsaid, f"with rows: the made-up ones are in its way, and {why}"])
                run.with_rows = False
                run.all()
        except NotSayable as error:
            return Proof((), (), (*unsaid, f"{error} cannot be made on {scratch.title}"), scratch.title)
        except (SQLAlchemyError, CommandError, NotImplementedError, ValueError, KeyError) as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise NoScratch(f"the scratch server went away ({first_line(error.orig)})") from None
            if _NEEDS_VALUE in str(error) and run.is_foreign and not (guarded or run.untried or upgrade.blind):
                run.failed.append(f"{run.doing}: rows that exist stop it (a column that must have a value gets none)")
            elif not run.is_foreign:
                run.failed.append(f"{run.doing}: {first_line(error)}")
            else:  # What SQLite does not know may well be right.
                run.proved = []
                run.not_proved.append(f"{run.doing}: SQLite cannot stand in for {dialect} here ({first_line(error)})")
    return run.proof()


class _Run:
    """One proof under way; `doing` says at which step it is, for the message of a failure."""

    def __init__(self, scratch: Scratch, upgrade: Direction, downgrade: Direction | None, dialect: str, unsaid: list[str]) -> None:
        self.scratch = scratch
        self.upgrade = upgrade
        self.downgrade = downgrade
        self.dialect = dialect
        self.proved: list[str] = []
        self.failed: list[str] = []
        self.not_proved = unsaid
        self.doing = "the schema before"
        self.with_rows = True
        self.untried = False  # statements that change rows were left out
        self.is_foreign = scratch.dialect == "sqlite" and dialect != "sqlite"

    def proof(self) -> Proof:
        return Proof(tuple(dict.fromkeys(self.proved)), tuple(self.failed), tuple(dict.fromkeys(self.not_proved)), self.scratch.title)

    def all(self) -> None:
        before, after = self._here(self.upgrade.before), self._here(self.upgrade.after)
        self.doing = "the schema after"
        with self._filled(after, before) as connection:
            wanted_after = read_shapes(connection)
        self.doing = "the schema before"
        with self._filled(before, after) as connection:
            wanted_before = read_shapes(connection)
            if self.with_rows:
                self.not_proved += insert_rows(connection, before)
            rows = read_rows(connection)
            self._keep(connection)
            self.doing = "the upgrade"
            self._go(connection, self.upgrade)
            problems = differences(read_shapes(connection), only_named(wanted_after, names_in(after)))
            self._note("the upgrade gives the schema that its text says", problems)
            self._note_rows("rows that it does not change are kept", rows, read_rows(connection), self.upgrade)
            if self.downgrade is None:
                return
            self.doing = "the downgrade"
            between = read_rows(connection)
            self._go(connection, self.downgrade)
            problems = differences(read_shapes(connection), only_named(wanted_before, names_in(before)))
            self._note("the downgrade gives the schema before", problems)
            self._note_rows("rows kept on the way back", between, read_rows(connection), self.downgrade)
            self.doing = "the second upgrade"
            self._go(connection, self.upgrade)
            problems = differences(read_shapes(connection), only_named(wanted_after, names_in(after)))
            self._note("a second upgrade works", problems)

    def _here(self, database: Database) -> Database:
        """The schema as this scratch database can have it."""
        if not self.is_foreign:
            return database
        shadowed = translate(database, database, (), self.dialect)
        self.not_proved += shadowed.not_proved
        return shadowed.before

    def _filled(self, database: Database, around: Database) -> AbstractContextManager[sa.Connection]:
        dialect = self.scratch.dialect
        around = replace(around, schemas=tuple(dict.fromkeys((*around.schemas, *_schemas(around))))) if dialect == "postgresql" else around
        around = replace(around, schemas=tuple(name for name in around.schemas if name not in self._made()))
        return self.scratch.open(content_key(database, dialect, around), lambda connection: create_schema(connection, database, dialect, around))

    def _made(self) -> set[str]:
        """The schemas that the upgrade makes itself."""
        changes = (move for move in self.upgrade.moves if isinstance(move, Change))
        return {operation.name for move in changes for operation in move.operations if isinstance(operation, CreateSchema)}

    def _keep(self, connection: sa.Connection) -> None:
        """Make what was done stay, where a failure would take it back."""
        if self.scratch.dialect != "sqlite":
            connection.commit()

    def _go(self, connection: sa.Connection, direction: Direction) -> None:
        self._keep(connection)
        for move in direction.moves:
            if isinstance(move, Change):
                run_steps(connection, self._steps(move))
            else:
                self._change_rows(connection, move)
        self._keep(connection)

    def _steps(self, move: Change) -> tuple[Step, ...]:
        operations, before = move.operations, move.before
        if self.is_foreign:
            shadowed = translate(before, move.after, operations, self.dialect)
            self.not_proved += shadowed.not_proved
            operations, before = shadowed.operations, shadowed.before
        return tuple(step for step in to_steps(operations, before, self.scratch.dialect) if not isinstance(step, Guard))

    def _change_rows(self, connection: sa.Connection, move: RowChange) -> None:
        import sqlalchemy as sa
        from sqlalchemy.exc import IntegrityError, SQLAlchemyError

        for statement in move.statements:
            spelled = _on_sqlite(statement, self.dialect) if self.is_foreign else statement
            try:
                if spelled is None:
                    raise NotImplementedError
                with connection.begin_nested():
                    connection.execute(sa.text(spelled.replace(":", r"\:")))
            except IntegrityError:
                raise
            except (SQLAlchemyError, NotImplementedError):
                if not self.is_foreign:
                    raise
                self.untried = True
                self.not_proved.append(f"{statement[:60]}: SQLite does not know how")

    def _note(self, what: str, problems: tuple[str, ...]) -> None:
        if problems:
            self.failed.append(f"{what}: {problems[0]}")
        else:
            self.proved.append(what)

    def _note_rows(self, what: str, before: Rows, after: Rows, direction: Direction) -> None:
        kept = {table.name for table in self.upgrade.before.tables} & {table.name for table in self.upgrade.after.tables}
        self.failed += [f"the {direction.name} deletes all rows of {table}" for table in sorted(direction.emptied & kept)]
        if direction.blind or not any(before.values()):
            return
        aside: set[tuple[str, str | None]] = {(table, None) for table in direction.touched}
        for move in direction.moves:
            for operation in move.operations if isinstance(move, Change) else ():
                if isinstance(operation, AlterColumn):
                    aside.add((operation.table[1], operation.before.name))
                elif isinstance(operation, Renaming):
                    aside |= {(operation.before, None), (operation.after, None)}
        self._note(what, lost_rows(before, after, frozenset(aside)))


def _on_sqlite(statement: str, dialect: str) -> str | None:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        found = sqlglot.transpile(statement, read=grammar_of(dialect), write="sqlite")
    except (SqlglotError, RecursionError):
        return None
    return found[0] if len(found) == 1 else None


def _schemas(database: Database) -> tuple[str, ...]:
    return tuple(name for name in (table.key[0] for table in database.tables) if name is not None)


def directions_of(step: RevisionReplay, down: Iterable[Written] | None, source: str, dialect: str) -> tuple[Direction, Direction | None]:
    """Both directions of a replayed revision; `down` are the steps of its downgrade right after its upgrade."""
    upgrade = read_direction("upgrade", step.steps, step.before, source, dialect)
    return upgrade, None if down is None else read_direction("downgrade", down, step.after, source, dialect)

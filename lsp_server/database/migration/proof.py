"""Runs a plan on a database of our own: up, down, up again, with rows, and looks at what is there.

Where there is a scratch server of the kind that the migration is for (`shadow/` makes them), it runs there as it is. Otherwise
SQLite in memory has to do: what that does not have is taken out before (`on_sqlite.py`) and named under "not proved". No text
of the user's Python is executed: the operations are the plan's own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from lsp_server.database.compare import compare
from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.on_sqlite import translate
from lsp_server.database.migration.open_parts import settled
from lsp_server.database.migration.own_tables import OwnTables
from lsp_server.database.migration.plan import Plan
from lsp_server.database.migration.scratch import FindScratch, InMemory, NoScratch
from lsp_server.database.migration.seed import BadSeed, Seed
from lsp_server.database.migration.trial import Trial, first_line
from lsp_server.database.model import Database
from lsp_server.database.view_text import may_read_elsewhere

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


def prove(
    plan: Plan,
    before: Database | None = None,
    after: Database | None = None,
    find: FindScratch | None = None,
    seed: Seed | BadSeed | None = None,
    own: OwnTables | None = None,
) -> Proof:
    """The proof of a plan between its own two schemas, or between these.

    `find` gives the scratch server for a dialect, or says why there is none. `seed` are the user's own rows, or why they cannot be read;
    `own` is what the running project says of its tables.
    """
    before, after = before or plan.before, after or plan.after
    missing: list[str] = list(plan.obstacles)
    if isinstance(seed, BadSeed):
        missing.append(f"with the rows of {seed}")
        seed = None
    before, after, guessed = settled(before, after, plan.operations)
    missing += guessed
    again = compare(apply_operations(before, plan.operations), after, plan.dialect, exact=True)
    proof = _anywhere(plan, before, after, find, seed, own, missing, complete=not again)
    if plan.obstacles or not proof.proved:
        return proof
    if again:
        return replace(proof, failed=(*proof.failed, f"planning again finds nothing: {'.'.join(again[0].path)}"))
    return replace(proof, proved=(*proof.proved, "planning again finds nothing"))


def _anywhere(
    plan: Plan,
    before: Database,
    after: Database,
    find: FindScratch | None,
    seed: Seed | None,
    own: OwnTables | None,
    missing: list[str],
    *,
    complete: bool,
) -> Proof:
    """On the scratch server for this kind of database, or else on SQLite in memory. `complete`: the plan leads all the way by the texts."""
    if plan.dialect not in (None, "sqlite"):
        title = TITLES.get(plan.dialect, plan.dialect)
        leading_out = _leads_out(plan, before, after)
        scratch = leading_out or (find(plan.dialect) if find is not None else "no scratch server")
        if not isinstance(scratch, str):
            try:
                return _run(Trial(scratch, before, after, plan.operations, seed, own, complete), missing)
            except NoScratch as error:
                scratch = str(error)
        missing.append(f"on {title}: {scratch}")
    shadow = translate(before, after, plan.operations, plan.dialect)
    own = own if plan.dialect == "sqlite" else None  # of another kind of database, it could not be made here
    return _run(Trial(InMemory(), shadow.before, shadow.after, shadow.operations, seed, own, complete), [*missing, *shadow.not_proved])


def _leads_out(plan: Plan, before: Database, after: Database) -> str | None:
    """Why the plan must not run on a scratch server: on MySQL a schema is another database, which is not ours."""
    if plan.dialect not in ("mysql", "mariadb"):
        return None
    end = apply_operations(before, plan.operations)
    for table in (*before.tables, *after.tables, *end.tables):
        if table.schema is not None or any(key.target_schema is not None for key in table.foreign_keys):
            return f"{table.full_name} is or refers to a table of another database"
    for view in dict.fromkeys((*before.views, *after.views, *end.views)):
        if may_read_elsewhere(view, plan.dialect):
            return f"the view {view.full_name} reads, or may read, a table of another database"
    for operation in plan.operations:
        place = getattr(operation, "table", None)
        if isinstance(place, tuple) and place[0] is not None:
            return f"{place[0]}.{place[1]} is a table of another database"
    return None


def _run(trial: Trial, missing: list[str]) -> Proof:
    """Raises NoScratch."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    scratch = trial.scratch
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial.run()
    except NotSayable as error:
        return Proof((), (), (*missing, f"{error} cannot be made on {scratch.title}"), scratch.title)
    except (SQLAlchemyError, CommandError, NotImplementedError, ValueError, KeyError) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise NoScratch(f"the scratch server went away ({first_line(error.orig)})") from None
        trial.failed.append(f"{trial.doing}: {first_line(error)}")
    not_proved = tuple(dict.fromkeys((*missing, *trial.not_proved)))
    return Proof(tuple(dict.fromkeys(trial.proved)), tuple(trial.failed), not_proved, scratch.title)

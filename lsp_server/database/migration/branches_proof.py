"""What two branches of a history do, tried in both orders on a database of our own: both must run, and end in one schema.

What each branch does is planned from the schema that they share. The tables are empty: what rows would say is not tried.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.catalogue import read_shapes
from lsp_server.database.migration.metadata import NotSayable
from lsp_server.database.migration.on_sqlite import translate
from lsp_server.database.migration.operations import AddConstraint, Operation, TableKey
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.proof import TITLES, Proof
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.schema import create_schema
from lsp_server.database.migration.scratch import FindScratch, InMemory, NoScratch, Scratch
from lsp_server.database.migration.shape import Shapes, differences
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.migration.steps.running import run_steps
from lsp_server.database.model import Database
from lsp_server.database.view_text import may_read_elsewhere


@dataclass(frozen=True, slots=True)
class BranchEnd:
    """A branch by the name of its head: the schema it ends in, and what it renames on the way."""

    head: str
    end: Database
    renames: tuple[Rename, ...] = ()


def prove_branches(
    start: Database, branches: tuple[BranchEnd, BranchEnd], dialect: str | None, find: FindScratch | None = None
) -> Proof:
    """Both orders, on a scratch server of the dialect where there is one, else on SQLite in memory."""
    plans = [plan(start, branch.end, dialect, Answers(renames=branch.renames)) for branch in branches]
    missing = [obstacle for planned in plans for obstacle in planned.obstacles]
    if missing:
        return Proof(not_proved=tuple(missing))
    if dialect in ("mysql", "mariadb") and len(set(chosen := _numbered(plans))) < len(chosen):
        return Proof(not_proved=("both branches leave the names of keys to the server, which numbers them",))
    begin = plans[0].before
    steps = [planned.operations for planned in plans]
    heads = (branches[0].head, branches[1].head)
    if dialect not in (None, "sqlite"):
        scratch = find(dialect) if find is not None else "no scratch server"
        if dialect in ("mysql", "mariadb") and any(table.schema is not None for branch in branches for table in branch.end.tables):
            scratch = "there are tables of another database"
        views = [view for branch in branches for view in branch.end.views]
        if dialect in ("mysql", "mariadb") and any(may_read_elsewhere(view, dialect) for view in views):
            scratch = "there are views that may read another database"
        if not isinstance(scratch, str):
            try:
                return _both_orders(scratch, begin, steps, heads, [])
            except NoScratch as error:
                scratch = str(error)
        missing.append(f"on {TITLES.get(dialect, dialect)}: {scratch}")
    shadows = [translate(begin, planned.after, planned.operations, dialect) for planned in plans]
    missing += [text for shadow in shadows for text in shadow.not_proved]
    return _both_orders(InMemory(), shadows[0].before, [shadow.operations for shadow in shadows], heads, missing)


def _numbered(plans: list[Plan]) -> list[tuple[TableKey, str]]:
    """The foreign keys that are numbered by the order in which they come."""
    added = [each for planned in plans for each in planned.operations if isinstance(each, AddConstraint)]
    return [(each.table, each.name) for each in added if re.search(r"_ibfk_\d+$", each.name)]


def _both_orders(
    scratch: Scratch, start: Database, steps: list[tuple[Operation, ...]], heads: tuple[str, str], missing: list[str]
) -> Proof:
    """Raises NoScratch."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    proved, failed, shapes = [], [], []
    for first, second in ((0, 1), (1, 0)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shapes.append(_one_order(scratch, start, steps[first], steps[second]))
            proved.append(f"{heads[first]} before {heads[second]} runs")
        except NotSayable as error:
            return Proof((), (), (*missing, f"{error} cannot be made on {scratch.title}"), scratch.title)
        except (SQLAlchemyError, CommandError, NotImplementedError, ValueError, KeyError, RuntimeError) as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise NoScratch("the scratch server went away") from None
            failed.append(f"{heads[first]} before {heads[second]}: {str(error).strip().splitlines()[0]}")
    if len(shapes) == 2:
        problems = differences(*shapes)
        if problems:
            failed.append(f"{heads[0]} and {heads[1]} end differently in different orders: {problems[0]}")
        else:
            proved = [f"{heads[0]} before {heads[1]} and {heads[1]} before {heads[0]} give the same schema"]
    return Proof(tuple(proved), tuple(failed), tuple(dict.fromkeys(missing)), scratch.title)


def _one_order(scratch: Scratch, start: Database, first: tuple[Operation, ...], second: tuple[Operation, ...]) -> Shapes:
    dialect = scratch.dialect
    between = apply_operations(start, first)
    # What steps do not make must be there from the start: extensions, but no schema that one of them makes.
    around = replace(apply_operations(between, second), schemas=start.schemas)
    with scratch.open(None, lambda connection: create_schema(connection, start, dialect, around)) as connection:
        for begin, operations in ((start, first), (between, second)):
            if dialect != "sqlite":
                connection.commit()
            run_steps(connection, to_steps(operations, begin, dialect))
        if dialect != "sqlite":
            connection.commit()
        return read_shapes(connection)

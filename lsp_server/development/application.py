"""Applying migrations to the development database: prepared, shown, agreed to, run, looked at. The one place that changes a database which is not ours.

What runs is exactly what was shown: the statements, one after the other. There is no way back from here to an older revision, on purpose.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_server.database.alembic import History
from lsp_server.database.migration.scratch import InMemory, NoScratch
from lsp_server.database.model import Database, Revision
from lsp_server.database.replay import HistoryReplay
from lsp_server.database.standing import Standing, ancestors, belongs, pending, strangers
from lsp_server.development.connection import (
    VERSION_TABLE,
    Unreachable,
    connected,
    read_standing,
    standing_on,
    version_table,
)
from lsp_server.development.statements import Question, Statement, statements_of
from lsp_server.development.target import Target
from lsp_server.document import digest_of
from lsp_server.findings import Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.worker.interpreters import interpreter_of
from lsp_server.workspace import read_document

if TYPE_CHECKING:
    import sqlalchemy as sa

LARGEST = 256 * 1024 * 1024  # bytes of a database of SQLite that is copied to try the revisions on
_OPTIONS = ("version_table", "version_table_schema", "transaction_per_migration", "transactional_ddl")  # of env.py, that decide what is sent
_SHOWN = 5  # differences that are named


class NotApplicable(Exception):
    """The revisions are not applied; the message says why, for people. Nothing has been changed."""


@dataclass(frozen=True, slots=True)
class Application:
    """What would be done. `revisions` are those that are not applied yet, in order; `hazards` what is known to be dangerous about them."""

    target: Target
    standing: Standing
    revisions: tuple[Revision, ...]
    statements: tuple[Statement, ...]
    hazards: tuple[str, ...]
    options: Mapping[str, Any]
    wanted: Database | None  # the schema that should be there afterwards; None where it is not known
    content: str | None = None  # digest of all that a database of SQLite held, for the revisions may have looked at it

    @property
    def until(self) -> str:
        return self.revisions[-1].id

    @property
    def sql(self) -> str:
        return "\n\n".join(statement.shown for statement in self.statements) + "\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done. `problem` says what failed, None if nothing did; `verified` what was seen afterwards, `differs` what is not as it should be."""

    statements: int
    problem: str | None = None
    verified: str = ""
    differs: tuple[str, ...] = ()

    @property
    def applied(self) -> bool:
        return self.problem is None


def prepare(snapshot: Snapshot, report: Report, root: Path, target: Target, identifier: str | None) -> Application:
    """What applying up to a revision, by default the head, would do. Reads the database, changes nothing. Runs the project's own revisions in the
    worker, so only for a workspace that its user trusts. Raises NotApplicable, Unreachable, Unsayable.
    """
    replay = _history_of(snapshot, identifier)
    history = replay.history
    until = identifier or history.heads[0]
    options = {name: value for name, value in replay.environment.options.items() if name in _OPTIONS}
    standing = read_standing(target, *version_table(options))
    revisions = _pending(snapshot, target, standing, history, until)
    for revision in revisions:
        document = snapshot.document(revision.path)
        if document is None or read_document(root, revision.path).digest != document.digest:
            raise NotApplicable(f"{revision.path} is not saved: save it first")
    interpreter = interpreter_of(root, snapshot.config.interpreter)
    if interpreter is None:
        raise NotApplicable(f"`interpreter` in the configuration: there is no Python at {snapshot.config.interpreter}")
    dump = _dump(target)
    question = Question(
        target.dialect,
        str(root / history.folder),
        tuple(str(root / folder) for folder in history.versions),
        tuple(dict.fromkeys(str(root / snapshot.program.root_of(revision.path)) for revision in revisions)),
        standing.revisions or (),
        until,
        options,
        dump,
    )
    statements = statements_of(question, interpreter, root)
    return Application(target, standing, revisions, statements, _hazards(report, revisions), options, _wanted(snapshot, replay, until), _digest(dump))


def carry_out(application: Application, snapshot: Snapshot) -> Outcome:
    """Run the statements and look at what is there. Raises NotApplicable where the database has moved since it was asked, Unreachable."""
    target, done = application.target, 0
    with connected(target) as connection:
        if standing_on(connection, target, *version_table(application.options)) != application.standing:
            raise NotApplicable("the database has moved on since it was asked: look again")
        try:
            if target.file is not None:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                if _digest(_dumped(connection.connection.dbapi_connection)) != application.content:
                    raise NotApplicable(f"{application.standing.title} has changed since it was asked: look again")
            for statement in application.statements:
                _execute(connection, statement)
                done += 1
            if target.file is not None:
                connection.exec_driver_sql("COMMIT")
        except Exception as error:
            with suppress(Exception):
                connection.exec_driver_sql("ROLLBACK")
            if isinstance(error, NotApplicable):
                raise
            return Outcome(done, _failure(error, application, done))
        after = standing_on(connection, target, *version_table(application.options))
        if application.until not in (after.revisions or ()):
            return Outcome(done, f"the statements ran, but the database does not say that it is at {application.until}")
        verified, differs = _verify(connection, application, snapshot)
        return Outcome(done, None, verified, differs)


def _history_of(snapshot: Snapshot, identifier: str | None) -> HistoryReplay:
    found = [replay for replay in snapshot.histories if identifier is None or replay.history.revision(identifier) is not None]
    if not found:
        raise NotApplicable("there are no migrations here" if identifier is None else f"no history has the revision {identifier}")
    if len(found) > 1:
        raise NotApplicable(f"there are {len(found)} histories: name the revision to apply")
    if identifier is None and len(found[0].history.heads) != 1:
        raise NotApplicable(f"there are {len(found[0].history.heads)} heads: merge them, or name the revision to apply")
    return found[0]


def _pending(snapshot: Snapshot, target: Target, standing: Standing, history: History, until: str) -> tuple[Revision, ...]:
    foreign = strangers(standing, [history])
    if foreign:
        raise NotApplicable(f"{standing.title} is at {', '.join(foreign)}, which this history does not have")
    if standing.revisions is None and not _is_empty(target):
        raise NotApplicable(f"{standing.title} has tables but does not say which revision it is at (no table `{VERSION_TABLE}`)")
    if standing.revisions and not belongs(standing, history):
        raise NotApplicable(f"{standing.title} does not follow this history")
    revisions = pending(standing, history, until)
    if not revisions:
        raise NotApplicable(f"there is nothing to apply: {standing.title} has {until} already")
    return revisions


def _hazards(report: Report, revisions: tuple[Revision, ...]) -> tuple[str, ...]:
    paths, risks = {revision.path for revision in revisions}, {rule.name for rule in all_rules() if rule.risk}
    return tuple(finding.message for finding in report.findings if finding.rule in risks and finding.location.path in paths)


def _is_empty(target: Target) -> bool:
    import sqlalchemy as sa

    with connected(target) as connection:
        inspector = sa.inspect(connection)
        # What MySQL calls schemas are other databases.
        schemas = set(inspector.get_schema_names()) - {"information_schema"} if target.dialect == "postgresql" else {None}
        return not any(inspector.get_table_names(schema) for schema in schemas)


def _dump(target: Target) -> str | None:
    """The whole of a database of SQLite as SQL."""
    if target.file is None:
        return None
    try:
        if target.file.stat().st_size > LARGEST:
            raise NotApplicable(f"{target.file} is too large to try the revisions on a copy first")
        with closing(sqlite3.connect(f"{target.file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _dumped(connection)
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(f"{target.file}: {error}") from None


def _dumped(connection: Any) -> str:
    return "\n".join(connection.iterdump())


def _digest(dump: str | None) -> str | None:
    return digest_of(dump) if dump is not None else None


def _wanted(snapshot: Snapshot, replay: HistoryReplay, until: str) -> Database | None:
    """The models where the revision is the only head, else the schema that the history makes up to there."""
    history = replay.history
    if history.heads == (until,):
        mapped = [drift.mapped for drift in snapshot.drifts if drift.replay.history.folder == history.folder]
        if len(mapped) == 1:
            return mapped[0]
    done = replay.revision(until)
    before = {each.revision.id for each in replay.revisions[: replay.revisions.index(done) + 1]} if done is not None else set()
    return done.after.database(history.folder) if done is not None and before == ancestors(history, [until]) else None


def _execute(connection: sa.Connection, statement: Statement) -> None:
    parameters = statement.parameters
    if parameters is None:
        connection.exec_driver_sql(statement.sql, execution_options={"no_parameters": True})  # a per cent sign is one
    else:
        connection.exec_driver_sql(statement.sql, dict(parameters) if isinstance(parameters, Mapping) else tuple(parameters))


def _failure(error: Exception, application: Application, done: int) -> str:
    """What went wrong and what is left of it."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    shown = application.statements[done].sql.splitlines()[0][:120] if done < len(application.statements) else "the end of the transaction"
    left = "nothing was changed"
    if application.target.dialect == "mysql" and done:
        left = f"{done} of {len(application.statements)} statements stay: this kind of database cannot take changes of tables back"
    elif done and any(each.sql.upper().startswith("COMMIT") for each in application.statements[:done]):
        left = "what was committed before it stays"
    return f"{words[0]} (at: {shown}); {left}"


def _verify(connection: sa.Connection, application: Application, snapshot: Snapshot) -> tuple[str, tuple[str, ...]]:
    """The database's own catalogue against that of the wanted schema, made on a scratch database of the same kind."""
    from sqlalchemy.exc import SQLAlchemyError

    from lsp_server.database.migration.catalogue import read_shapes
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.schema import content_key, create_schema
    from lsp_server.database.migration.shape import differences, only_named
    from lsp_server.database.migration.trial import names_in

    wanted, dialect = application.wanted, application.target.dialect
    if wanted is None:
        return "not compared with the models: it is not the only head", ()
    scratch = InMemory() if dialect == "sqlite" else snapshot.find_scratch(dialect) if snapshot.find_scratch else "no scratch server"
    if isinstance(scratch, str):
        return f"not compared with the models: {scratch}", ()
    try:
        with scratch.open(content_key(wanted, dialect), lambda made: create_schema(made, wanted, dialect)) as made:
            shapes = only_named(read_shapes(made), names_in(wanted))
        found = differences(read_shapes(connection), shapes)
    except (NoScratch, NotSayable, SQLAlchemyError) as error:
        return f"not compared with the models: {str(error).strip().splitlines()[0]}", ()
    if found:
        return "the schema is not that of the models", tuple(found[:_SHOWN])
    return "the schema is that of the models", ()


def described(application: Application) -> str:
    """The question to a person: target, revisions, hazards."""
    names = "\n".join(f"  {revision.id}  {revision.message or ''}".rstrip() for revision in application.revisions)
    hazards = "".join(f"\n  ! {hazard}" for hazard in application.hazards)
    count = len(application.statements)
    return (
        f"Apply to {application.standing.title}?\n{names}\n{count} statement{'s' * (count != 1)}."
        + (f"\nKnown hazards:{hazards}" if hazards else "")
    )


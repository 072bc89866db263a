"""A revision that is about to run keeps others waiting while it works through a whole table.

## What it does

Reports, in the head revisions, on tables that were there before. For PostgreSQL:

- an index built or dropped without CONCURRENTLY;
- a unique constraint, primary key or exclusion constraint (each builds an index);
- a foreign key or check that is validated at once, or in the same transaction that added it;
- NOT NULL set on a column that is there already, unless a check says so already;
- a column added with a default that differs from row to row, counted up, or computed and stored;
- a change of type that rewrites the table;
- an UPDATE of every row in one transaction, REINDEX, CLUSTER, VACUUM FULL.

MySQL and MariaDB build indexes while others write. There it reports what copies the table: a change of type, an
enumeration's value that is not added at the end, a foreign key or check, a computed column that is stored, a full-text index.

SQLite has one writer at a time anyway and is left alone, and so are keys and indexes over nothing but columns that the same
revision adds: they have no values to work through yet. Raw SQL in `op.execute` counts like Alembic's operations.

Only heads are looked at. What lies behind a head has usually run everywhere, and cannot be helped any more.

## Why it matters

On a table with millions of rows it takes minutes, and every request that touches the table waits for it.

## How to fix

Each message says how the same is done without the lock; where that is one operation of its own in `upgrade()`, *Do it without
the lock* writes it, over as many revisions as it takes. It changes the revision, so it is for one that has not run where
it matters. An index whose CONCURRENTLY fails stays behind invalid: drop it before the next try. For a small table accept it
on the line: `# specdrift: ignore[migration-locks-table] -- a few hundred rows`.

## Options

A team that deploys with the service down switches the rule off: `severity = {"migration-locks-table" = "off"}`.
`dialect-version` names a PostgreSQL older than 11, which also rewrites a table for a plain default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.database.equivalence import expression_words
from lsp_server.database.hazards.rewrites import is_rewritten, why_added_slowly
from lsp_server.database.hazards.statements import effect_of
from lsp_server.database.model import Check, ColumnType, Exclusion, ForeignKey, Index, PrimaryKey, Table, Unique
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeRows,
    CreateIndex,
    DropIndex,
    Key,
    ValidateConstraint,
)
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.repair.without_lock import without_lock
from lsp_server.rules.migration._risks import Moment, is_outside_transaction, moments, source, text_of
from lsp_server.snapshot import Snapshot

# The author has thought of it; whether it is so may hang on the environment.
_UNCHECKED = re.compile(r"not[_ ]valid|using\s+index|concurrently\s*=\s*(?!False)", re.IGNORECASE)
_SLOW_INDEX = re.compile(r"\b(fulltext|spatial)\b", re.IGNORECASE)
_TIMEOUT = re.compile(r"\block_timeout\b")
_AUTOCOMMIT = "inside `op.get_context().autocommit_block()`"

_Said = tuple[str, str]  # what it is about, and the message


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for moment in moments(snapshot):
        if moment.dialect not in ("postgresql", "mysql", "mariadb"):
            continue
        found = _of_rows(moment) or _of_dropped_index(snapshot, moment) or _of_operation(snapshot, moment)
        if found is not None:
            table, (about, message) = found
            subject = moment.subject("table", table.full_name, about)
            fixes = without_lock(snapshot, moment.replay, moment.revision, moment.step)
            yield Finding(RULE.name, moment.step.location, message, subject, severity=RULE.severity, fixes=fixes)


def _of_operation(snapshot: Snapshot, moment: Moment) -> tuple[Table, _Said] | None:
    key: Key | None = getattr(moment.step.operation, "table", None)
    table = moment.table(key) if key is not None else None
    if table is None:
        return None
    if isinstance(moment.step.operation, ValidateConstraint):
        said = _validated(snapshot, moment, table)
    elif _UNCHECKED.search(source(snapshot, moment.step)):
        return None
    elif moment.dialect == "postgresql":
        said = _on_postgresql(moment, table)
    else:
        said = _on_mysql(moment, table, text_of(snapshot, moment.step.location.path) or "", source(snapshot, moment.step))
    return None if said is None else (table, said)


# PostgreSQL


def _on_postgresql(moment: Moment, table: Table) -> _Said | None:
    name = table.full_name
    match moment.step.operation:
        case CreateIndex(_, index) if not index.concurrently and not _is_all_new(moment, table, index.columns):
            shown = ", ".join(index.columns or ()) or index.name or ""
            advice = f"use `postgresql_concurrently=True` {_AUTOCOMMIT}"
            return index.name or shown, f"writing to `{name}` waits until the index on ({shown}) is built: {advice}"
        case AddConstraint(_, constraint, validated=True, index=None):
            return _constrained(moment, table, constraint)
        case AddColumn():
            return _added(moment, table)
        case AlterColumn(key, column_name, nullable=False):
            column = moment.column(key, column_name)
            if column is not None and column.nullable is True and not _is_checked(table, column_name):
                advice = f"add a check `{column_name} IS NOT NULL` NOT VALID and validate it first"
                return column_name, f"`{name}` is locked while every row's `{column_name}` is looked at: {advice}"
    return _rewritten(moment, table)


def _constrained(moment: Moment, table: Table, constraint: object) -> _Said | None:
    name = table.full_name
    later = "add it with `postgresql_not_valid=True`, then VALIDATE CONSTRAINT in a revision of its own"
    match constraint:
        case Unique() | PrimaryKey() if not _is_all_new(moment, table, constraint.columns):
            shown = ", ".join(constraint.columns or ())
            sort = "unique index" if isinstance(constraint, Unique) else "index of the primary key"
            advice = "build a unique index CONCURRENTLY first, then add the constraint USING INDEX"
            return constraint.name or shown, f"`{name}` is locked until the {sort} on ({shown}) is built: {advice}"
        case ForeignKey() if _has_values(moment, table, constraint.columns):
            shown, target = ", ".join(constraint.columns or ()), constraint.target_table
            said = f"writing to `{name}` and `{target}` waits while every row's ({shown}) is looked up: {later}"
            return constraint.name or shown, said
        case Check(unknown=None):
            return constraint.name or "check", f"`{name}` is locked while every row is held to the check: {later}"
        case Exclusion():
            advice = "there is no way without the lock; set a `lock_timeout` and choose a quiet hour"
            return constraint.name or "exclusion", f"`{name}` is locked until the index of the exclusion is built: {advice}"
    return None


def _validated(snapshot: Snapshot, moment: Moment, table: Table) -> _Said | None:
    """VALIDATE in the transaction that added the constraint holds the strong lock of the addition while it looks."""
    operation = moment.step.operation
    assert isinstance(operation, ValidateConstraint)
    added = [
        each
        for each in moment.earlier
        if isinstance(each.operation, AddConstraint)
        and not each.operation.validated
        and (each.operation.table, each.operation.constraint.name) == (operation.table, operation.name)
    ]
    steps = (moment.step, *added)
    if moment.dialect != "postgresql" or not added or any(is_outside_transaction(snapshot, each) for each in steps):
        return None
    said = "is locked while every row is looked at, since the transaction that added the constraint holds its lock"
    return operation.name, f"`{table.full_name}` {said}: validate it in a revision of its own"


def _of_dropped_index(snapshot: Snapshot, moment: Moment) -> tuple[Table, _Said] | None:
    operation = moment.step.operation
    if not isinstance(operation, DropIndex) or moment.dialect != "postgresql" or operation.concurrently:
        return None
    if _UNCHECKED.search(source(snapshot, moment.step)) or _TIMEOUT.search(text_of(snapshot, moment.step.location.path) or ""):
        return None
    for key, table in moment.revision.before.tables.items():
        held = moment.table(key) is not None and key in moment.revision.after.tables
        if held and any(index.name == operation.name for index in table.indexes):
            advice = f"use `postgresql_concurrently=True` {_AUTOCOMMIT}"
            said = f"`{table.full_name}` is locked as soon as whoever uses it has finished, and all others queue behind that"
            return table, (operation.name or "", f"{said}: {advice}")
    return None


def _is_checked(table: Table, column: str) -> bool:
    """Whether a check forbids NULL already: PostgreSQL then need not look."""
    wanted = (column.lower(), "is", "not", "null")
    return any(each.expression is not None and expression_words(each.expression) == wanted for each in table.checks)


# MySQL and MariaDB


def _on_mysql(moment: Moment, table: Table, revision: str, call: str) -> _Said | None:
    name = table.full_name
    match moment.step.operation:
        case CreateIndex(_, Index() as index) if (sort := _SLOW_INDEX.search(call)) is not None:
            word = {"fulltext": "full-text", "spatial": "spatial"}[sort[1].lower()]
            return index.name or word, f"writing to `{name}` waits until the {word} index is built: choose a quiet hour"
        case AddConstraint(_, ForeignKey() as reference) if "foreign_key_checks" not in revision.lower():
            shown = ", ".join(reference.columns or ())
            advice = "set `foreign_key_checks = 0` for it where the rows are known to fit, or use a tool that copies online"
            return reference.name or shown, f"writing to `{name}` waits while the table is copied to add the foreign key: {advice}"
        case AddConstraint(_, Check(unknown=None) as rule) if not _ignores_checks(moment):
            advice = "use a tool that copies online"
            return rule.name or "check", f"writing to `{name}` waits while the table is copied to add the check: {advice}"
        case AddColumn():
            return _added(moment, table)
    return _rewritten(moment, table)


def _ignores_checks(moment: Moment) -> bool:
    return moment.server.is_before(8, 0, 16) if moment.dialect == "mysql" else moment.server.is_before(10, 2, 1)


# Both


def _added(moment: Moment, table: Table) -> _Said | None:
    operation = moment.step.operation
    assert isinstance(operation, AddColumn)
    why = why_added_slowly(operation.column, moment.server)
    if why is None:
        return None
    advice = "add it without the default, set the default, then fill the rows in batches"
    if operation.column.server_default is None or moment.dialect != "postgresql":
        advice = "add a plain column, fill it in batches, then change it"
    return operation.column.name, f"`{table.full_name}` is locked and rewritten to {why}: {advice}"


def _rewritten(moment: Moment, table: Table) -> _Said | None:
    operation = moment.step.operation
    if not isinstance(operation, AlterColumn) or not isinstance(operation.type, ColumnType):
        return None
    column = moment.column(operation.table, operation.column)
    if column is None or not is_rewritten(column.type, moment.present(operation.type), moment.server):
        return None
    change = f"changes from {column.type.sql} to {operation.type.sql}"
    advice = "add a new column, copy in batches, then rename"
    if column.type.enum is not None and operation.type.enum is not None and moment.server.is_mysql:
        change, advice = "changes the values of its enumeration", "add new values at the end only"
    return column.name, f"`{table.full_name}` is locked and rewritten while `{column.name}` {change}: {advice}"


def _of_rows(moment: Moment) -> tuple[Table, _Said] | None:
    operation = moment.step.operation
    if not isinstance(operation, ChangeRows) or operation.text is None:
        return None
    effect = effect_of(operation.text, moment.dialect)
    table = moment.table(effect.table) if effect is not None and effect.table is not None else None
    if effect is None or table is None:
        return None
    name = table.full_name
    if effect.sort == "updates":
        advice = "fill in batches that are committed one by one"
        return table, ("rows", f"every row of `{name}` stays locked until this one UPDATE is committed: {advice}")
    if effect.sort == "locks":
        return table, (effect.what, f"`{name}` is locked while {effect.what}: {effect.advice}")
    return None


def _is_all_new(moment: Moment, table: Table, columns: tuple[str, ...] | None) -> bool:
    return bool(columns) and all((table.key, name) in moment.new for name in columns or ())


def _has_values(moment: Moment, table: Table, columns: tuple[str, ...] | None) -> bool:
    """Whether a foreign key stands on columns that were there before: in new ones there is nothing to look up yet."""
    return bool(columns) and all(moment.column(table.key, name) is not None for name in columns or ())


RULE = Rule(
    name="migration-locks-table",
    area="migration",
    severity=Severity.INFO,
    summary="A revision that is about to run keeps others waiting.",
    mirror="none: a rollback is run when the service stands still already",
    check=check,
    risk=True,
)

"""A revision that is about to run keeps others waiting while it works through a whole table.

## What it does

Reports, in the head revisions of a PostgreSQL history, on tables that were there before: an index built without
CONCURRENTLY, a unique constraint (it builds one too), a change of type that rewrites the table, NOT NULL set on a column
that is there already, a foreign key or check that is validated at once, a column added with a default that differs from
row to row. For MySQL only changes of type: it builds indexes while others write.

SQLite has one writer at a time anyway and is left alone, and so are keys and indexes over nothing but columns that the same
revision adds: they have no values to work through yet.

Only heads are looked at. What lies behind a head has usually run everywhere, and cannot be helped any more.

## Why it matters

On a table with millions of rows it takes minutes, and every request that touches the table waits for it.

## How to fix

Each message says how the same is done without the lock. For a small table accept it on the line:
`# specdrift: ignore[migration-locks-table] -- a few hundred rows`.

## Options

A team that deploys with the service down switches the rule off: `severity = {"migration-locks-table" = "off"}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.database.equivalence import family_of
from lsp_server.database.model import Check, Column, ColumnType, ForeignKey, Table, Unique
from lsp_server.database.narrowing import what_is_cut, what_is_refused
from lsp_server.database.operations import AddColumn, AddConstraint, AlterColumn, CreateIndex
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.migration._risks import Moment, moments, source
from lsp_server.snapshot import Snapshot

# The author has thought of it; whether it is so may hang on the environment.
_UNCHECKED = re.compile(r"not[_ ]valid|using\s+index|concurrently\s*=\s*(?!False)", re.IGNORECASE)
_VOLATILE = re.compile(r"gen_random_uuid|uuid_generate|uuid_v|clock_timestamp|random\s*\(|nextval|timeofday", re.IGNORECASE)
_TEXTS = ("VARCHAR", "TEXT")


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for moment in moments(snapshot):
        key = getattr(moment.step.operation, "table", None)
        table = moment.table(key) if key is not None else None
        if table is None or moment.dialect not in ("postgresql", "mysql", "mariadb"):
            continue
        if _UNCHECKED.search(source(snapshot, moment.step)):
            continue
        said = _said(moment, table) if moment.dialect == "postgresql" else _rewritten(moment, table)
        if said is not None:
            about, message = said
            yield Finding(
                RULE.name, moment.step.location, message, moment.subject("table", table.full_name, about), severity=RULE.severity
            )


def _said(moment: Moment, table: Table) -> tuple[str, str] | None:
    name = table.full_name
    match moment.step.operation:
        case CreateIndex(_, index) if not index.concurrently and not _is_all_new(moment, table, index.columns):
            shown = ", ".join(index.columns or ()) or index.name or ""
            advice = "use `postgresql_concurrently=True` inside `op.get_context().autocommit_block()`"
            return index.name or shown, f"writing to `{name}` waits until the index on ({shown}) is built: {advice}"
        case AddConstraint(_, Unique() as unique) if not _is_all_new(moment, table, unique.columns):
            shown = ", ".join(unique.columns or ())
            advice = "build a unique index CONCURRENTLY first, then add the constraint USING INDEX"
            return unique.name or shown, f"`{name}` is locked until the unique index on ({shown}) is built: {advice}"
        case AddConstraint(_, ForeignKey() as reference) if _has_values(moment, table, reference.columns):
            shown, target = ", ".join(reference.columns or ()), reference.target_table
            advice = "add it with `postgresql_not_valid=True`, then VALIDATE CONSTRAINT in a revision of its own"
            return reference.name or shown, f"writing to `{name}` and `{target}` waits while every row's ({shown}) is looked up: {advice}"
        case AddConstraint(_, Check() as rule) if rule.unknown is None:
            advice = "add it with `postgresql_not_valid=True`, then VALIDATE CONSTRAINT in a revision of its own"
            return rule.name or "check", f"`{name}` is locked while every row is held to the check: {advice}"
        case AddColumn(_, added) if _is_volatile(added):
            advice = "add it without the default, set the default, then fill the rows in batches"
            return added.name, f"`{name}` is locked and rewritten to give every row its own `{added.name}`: {advice}"
        case AlterColumn(key, column_name, nullable=False):
            column = moment.column(key, column_name)
            if column is not None and column.nullable is True:
                advice = f"add a check `{column_name} IS NOT NULL` NOT VALID and validate it first"
                return column_name, f"`{name}` is locked while every row's `{column_name}` is looked at: {advice}"
    return _rewritten(moment, table)


def _is_all_new(moment: Moment, table: Table, columns: tuple[str, ...] | None) -> bool:
    return bool(columns) and all((table.key, name) in moment.new for name in columns or ())


def _has_values(moment: Moment, table: Table, columns: tuple[str, ...] | None) -> bool:
    """Whether a foreign key stands on columns that were there before: in new ones there is nothing to look up yet."""
    return bool(columns) and all(moment.column(table.key, name) is not None for name in columns or ())


def _is_volatile(column: Column) -> bool:
    return _VOLATILE.search(getattr(column.server_default, "text", None) or "") is not None


def _rewritten(moment: Moment, table: Table) -> tuple[str, str] | None:
    operation = moment.step.operation
    if not isinstance(operation, AlterColumn) or not isinstance(operation.type, ColumnType):
        return None
    column = moment.column(operation.table, operation.column)
    if column is None or not _rewrites(column.type, moment.present(operation.type), moment.dialect):
        return None
    change = f"changes from {column.type.sql} to {operation.type.sql}"
    advice = "add a new column, copy in batches, then rename"
    return column.name, f"`{table.full_name}` is locked and rewritten while `{column.name}` {change}: {advice}"


def _rewrites(before: ColumnType, after: ColumnType, dialect: str) -> bool:
    old, new = family_of(before), family_of(after)
    if old is None or new is None or before.sql is None or after.sql is None:
        return False
    if before.enum is not None or after.enum is not None:
        if dialect != "postgresql":
            return False
        native = [kind.enum is not None and kind.enum.native for kind in (before, after)]
        return any(native) and (before.enum is None or after.enum is None or before.enum != after.enum)
    if old == new:
        return dialect == "postgresql" and (what_is_cut(before, after, dialect) or what_is_refused(before, after, dialect)) is not None
    return not (old in _TEXTS and new in _TEXTS) or (dialect == "postgresql" and new == "VARCHAR" and bool(after.arguments))


RULE = Rule(
    name="migration-locks-table",
    area="migration",
    severity=Severity.INFO,
    summary="A revision that is about to run keeps others waiting.",
    mirror="none: a rollback is run when the service stands still already",
    check=check,
    risk=True,
)

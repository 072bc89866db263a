"""A revision asks for what PostgreSQL refuses inside a transaction.

## What it does

Reports, in the head revisions of a PostgreSQL history, in both directions:

- an index built or dropped CONCURRENTLY, VACUUM, REINDEX CONCURRENTLY, CREATE or DROP DATABASE, outside of an
  `autocommit_block()`;
- a value added to an enumeration and used in the same transaction, and before PostgreSQL 12 any value added in one.

Silent where the revision commits by itself, and where `env.py` is not there or speaks of autocommit, isolation levels or
`transactional_ddl`.

## Why it matters

Alembic runs every revision in a transaction. The statement fails wherever it is run for real; a test that makes its tables from
the models never meets it.

## How to fix

*Run it outside of a transaction* puts the operation into `with op.get_context().autocommit_block():`. What stands before it is
committed by that, so a revision of its own is best.

## Options

`dialect-version` names a PostgreSQL older than 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.hazards.server import Server
from lsp_server.database.hazards.statements import refused_in_transaction
from lsp_server.database.hazards.transactions import ends_its_transaction, may_run_without_transaction
from lsp_server.database.model import Column, Default, Table
from lsp_server.database.operations import (
    AddEnumValue,
    AlterColumn,
    ChangeRows,
    CreateEnum,
    CreateIndex,
    DropIndex,
    Step,
)
from lsp_server.database.replay import RevisionReplay
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.autocommit import run_outside_transaction
from lsp_server.rules.migration._risks import heads, is_outside_transaction, mentions, text_of
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    downgrades = {id(step): outcome.steps for _, step, outcome in snapshot.downgrades}
    for replay, found in heads(snapshot):
        history, revision = replay.history, found.revision
        if history.dialect != "postgresql" or may_run_without_transaction(text_of(snapshot, history.env)):
            continue
        text = text_of(snapshot, revision.path)
        if text is None or ends_its_transaction(text):
            continue
        server = Server.of(history.dialect, snapshot.config.dialect_version)
        for steps, place in ((found.steps, revision.upgrade), (downgrades.get(id(found), ()), revision.downgrade)):
            if place is None:
                continue
            # What a function of the revision's own asks for may be called from inside of such a block.
            own = [each for each in steps if each.location.path == revision.path and place.span.covers(each.location.span)]
            inside = [each for each in own if not is_outside_transaction(snapshot, each)]
            yield from _refused(inside, found, server)


def _refused(steps: list[Step], found: RevisionReplay, server: Server) -> Iterator[Finding]:
    for number, step in enumerate(steps):
        said = _said(step, server)
        if said is not None:
            what, subject = said
            message = f"{what} cannot run inside a transaction, and Alembic runs revisions in one: use `autocommit_block()`"
            yield Finding(RULE.name, step.location, message, ("revision", found.revision.id, *subject), (), RULE.severity,
                          run_outside_transaction(step.location))  # fmt: skip
        elif isinstance(step.operation, AddEnumValue):
            yield from _used_at_once(step, steps[:number], steps[number + 1 :], found)


def _said(step: Step, server: Server) -> tuple[str, tuple[str, ...]] | None:
    match step.operation:
        case CreateIndex(_, index) if index.concurrently:
            return "CREATE INDEX CONCURRENTLY", ("index", index.name or "")
        case DropIndex(name, concurrently=True):
            return "DROP INDEX CONCURRENTLY", ("index", name or "", "dropped")
        case AddEnumValue(name, value) if server.is_before(12):
            return f"before PostgreSQL 12, adding a value to `{name}`", ("enum", name, value)
        case ChangeRows(str() as text):
            refused = refused_in_transaction(text)
            return None if refused is None else (refused, ("statement", refused))
    return None


def _used_at_once(step: Step, before: list[Step], after: list[Step], found: RevisionReplay) -> Iterator[Finding]:
    """A new value may only be used once it is committed, unless the type itself is of the same transaction."""
    operation = step.operation
    assert isinstance(operation, AddEnumValue)
    if any(isinstance(each.operation, CreateEnum) and each.operation.enum.name == operation.name for each in before):
        return
    columns = [
        (table, column)
        for table in found.after.tables.values()
        for column in table.columns
        if column.type.enum is not None and column.type.enum.name == operation.name
    ]
    user = next((each for each in after if any(_uses(each, operation.value, *place) for place in columns)), None)
    if user is not None:
        message = (
            f"the new value {operation.value} of `{operation.name}` is used in the transaction that adds it, which PostgreSQL "
            "refuses: add it in an `autocommit_block()`"
        )
        yield Finding(RULE.name, step.location, message, ("revision", found.revision.id, "enum", operation.name, operation.value),
                      (Related(user.location, "used here"),), RULE.severity, run_outside_transaction(step.location))  # fmt: skip


def _uses(step: Step, value: str, table: Table, column: Column) -> bool:
    """Whether a step writes the value into a column of the type, looks for it there, or makes it the default."""
    quoted = "'" + value.replace("'", "''") + "'"
    match step.operation:
        case ChangeRows(str() as text):
            return quoted in text and mentions(text, table.name, column.name)
        case AlterColumn(key, name, server_default=Default() as default) if (key, name) == (table.key, column.name):
            return default.text is not None and default.text.partition("::")[0].strip() in (quoted, value)
    return False


RULE = Rule(
    name="migration-needs-autocommit",
    area="migration",
    severity=Severity.WARNING,
    summary="A revision asks for what PostgreSQL refuses inside a transaction.",
    mirror="none: both directions are looked at",
    check=check,
)

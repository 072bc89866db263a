"""A revision that is about to run throws values away.

## What it does

Reports, in the head revisions, a table that is dropped, a column that is dropped, a change of type that cuts values
without an error (a fraction to an integer, a moment to a date), a table that is emptied (TRUNCATE, DELETE without a condition),
and a schema or type that is dropped with CASCADE and takes tables or columns along. Raw SQL in `op.execute` counts.

Tables and columns made in the same revision are left alone, and so is what the revision may have copied elsewhere before:
an earlier statement on rows that names the column or, for a table, the table.

Only heads are looked at. What lies behind a head has usually run everywhere, and cannot be helped any more.

## Why it matters

The downgrade brings the column back, empty. Old code that still runs during the deployment fails on what is gone.

## How to fix

Copy the values first, or leave the column for now: take it out of the models, let a release pass, then drop it. Where the
loss is meant, say so on the line: `# specdrift: ignore[migration-loses-data] -- never filled`.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.hazards.statements import effect_of
from lsp_server.database.model import ColumnType
from lsp_server.database.narrowing import is_mere_cast, what_is_cut
from lsp_server.database.operations import AlterColumn, ChangeRows, DropColumn, DropEnum, DropObject, DropTable
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.rules.migration._risks import Moment, moments
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for moment in moments(snapshot):
        match moment.step.operation:
            case DropTable(key):
                table = moment.table(key)
                if table is not None and not moment.is_cared_for(table.name):
                    name = table.full_name
                    said = f"`{name}` is dropped with all its rows; a downgrade brings it back empty: copy what is needed first"
                    yield _finding(moment, said, name, None, table.location)
            case DropColumn(key, name):
                table, column = moment.table(key), moment.column(key, name)
                if table is None or column is None or column.computed is not None or moment.is_cared_for(name):
                    continue
                said = (
                    f"`{table.full_name}.{name}` is dropped with its values; a downgrade brings it back empty: "
                    "copy them first, or drop it in a later release"
                )
                yield _finding(moment, said, table.full_name, name, column.location)
            case AlterColumn(key, name, type=ColumnType() as after, using=using) if using is None or is_mere_cast(using):
                table, column = moment.table(key), moment.column(key, name)
                if table is None or column is None or moment.is_cared_for(name):
                    continue
                cut = what_is_cut(column.type, after, moment.dialect, using is not None)
                if cut is not None:
                    said = (
                        f"`{table.full_name}.{name}` changes from {column.type.sql} to {after.sql} and loses {cut}: "
                        "keep the wider type, or copy the values to a column of their own first"
                    )
                    yield _finding(moment, said, table.full_name, name, column.location)
            case ChangeRows(str() as text):
                yield from _emptied(moment, text)
            case DropObject("schema", name, cascade=True) | DropEnum(name, cascade=True):
                yield from _dragged_along(moment, name)


def _emptied(moment: Moment, text: str) -> Iterator[Finding]:
    effect = effect_of(text, moment.dialect)
    if effect is None or effect.table is None or effect.sort not in ("empties", "cascades"):
        return
    table = moment.table(effect.table)
    if table is None or moment.is_cared_for(table.name):
        return
    said = f"`{table.full_name}` loses all its rows and no downgrade brings them back: copy what is needed first"
    if effect.sort == "cascades":
        said = f"`{table.full_name}` and every table that refers to it lose all their rows: leave CASCADE out, name the tables"
    yield _finding(moment, said, table.full_name, None, table.location)


def _dragged_along(moment: Moment, name: str) -> Iterator[Finding]:
    """What CASCADE takes with a schema or a type. What hangs on it in no table of ours is not known, and nothing is said."""
    if isinstance(moment.step.operation, DropObject):
        tables = [table for key, table in moment.schema.tables.items() if key[0] == name and moment.table(key) is not None]
        if tables:
            shown = ", ".join(f"`{table.full_name}`" for table in tables[:3]) + (" and more" if len(tables) > 3 else "")
            said = f"the schema {name} is dropped with its tables ({shown}) and all their rows: copy what is needed first"
            yield _finding(moment, said, name, None, tables[0].location)
        return
    for key, table in moment.schema.tables.items():
        for column in table.columns:
            enum = column.type.enum
            if enum is None or enum.name != name or not enum.native or moment.column(key, column.name) is None:
                continue
            said = f"`{table.full_name}.{column.name}` is dropped with its values along with the type {name}: change its type first"
            yield _finding(moment, said, table.full_name, column.name, column.location)


def _finding(moment: Moment, message: str, table: str, column: str | None, made: Location | None) -> Finding:
    related = (Related(made, "made here"),) if made is not None else ()
    subject = moment.subject("table", table, *(("column", column) if column else ()))
    return Finding(RULE.name, moment.step.location, message, subject, related, RULE.severity)


RULE = Rule(
    name="migration-loses-data",
    area="migration",
    severity=Severity.WARNING,
    summary="A revision that is about to run throws values away.",
    mirror="none: what a downgrade throws away, the upgrade has just made",
    check=check,
    risk=True,
)

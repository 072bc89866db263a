"""A revision that is about to run takes away what the code that still runs relies on.

## What it does

Reports, in the head revisions, on tables that were there before:

- a table or column that is renamed, a table that moves to another schema, a value of an enumeration that is renamed;
- a column of this revision that ends up NOT NULL without a default of the database's: rows written without it are refused.

Silent where a view takes the old name of a table in the same revision. What is dropped is `migration-loses-data`'s, and a
column that is added NOT NULL at once `migration-may-fail-on-rows`'s.

Only heads are looked at. What lies behind a head has usually run everywhere, and cannot be helped any more.

## Why it matters

Revisions run before the new code is everywhere. Between the two, code that knows the old names works on the new schema; after a
rollback of the code it does so again.

## How to fix

In several releases: add the new name beside the old one, write to both, copy, read the new one, drop the old one. Give a new
column a `server_default` until no code is left that does not know it. For a service that stands still while it is deployed,
say so: `# specdrift: ignore[migration-breaks-running-code] -- deployed with the service down`.

## Options

A team that always deploys so switches the rule off: `severity = {"migration-breaks-running-code" = "off"}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.model import Column, Table
from lsp_server.database.objects import CreateView
from lsp_server.database.operations import AddColumn, AlterColumn, Keep, RenameEnumValue, RenameTable
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.rules.migration._risks import Moment, moments
from lsp_server.snapshot import Snapshot

_Said = tuple[tuple[str, ...], str]  # what it is about, and the message


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for moment in moments(snapshot):
        said = _renamed(moment) or _required(moment)
        if said is not None:
            yield Finding(RULE.name, moment.step.location, said[1], moment.subject(*said[0]), severity=RULE.severity)


def _renamed(moment: Moment) -> _Said | None:
    match moment.step.operation:
        case RenameTable(key, name, schema):
            table = moment.table(key)
            if table is None or _takes_the_place(moment, table):
                return None
            moves = not isinstance(schema, Keep) and schema != key[0]
            change = f"moves to the schema {schema or 'public'}" if moves else f"is renamed to `{name}`"
            advice = "leave a view under the old name until no code uses it"
            return ("table", table.full_name), f"`{table.full_name}` {change} and code that still runs asks for the old name: {advice}"
        case AlterColumn(key, column, str() as name) if name != column:
            table = moment.table(key)
            if table is None or moment.column(key, column) is None:
                return None
            advice = "add the new column beside it, copy, and drop the old one in a later release"
            said = f"`{table.full_name}.{column}` is renamed to `{name}` and code that still runs asks for the old name: {advice}"
            return ("table", table.full_name, "column", column), said
        case RenameEnumValue(name, value, new_value):
            enum = next((each for key, each in moment.revision.before.enums.items() if key[1] == name), None)
            if enum is None:
                return None
            advice = "add the new value, change the rows, and stop using the old one in a later release"
            said = f"the value {value} of `{name}` is renamed to {new_value} and code that still runs writes the old one: {advice}"
            return ("enum", name, "value", value), said
    return None


def _takes_the_place(moment: Moment, table: Table) -> bool:
    """Whether a view stands in for a renamed table."""
    made = (each.operation for each in moment.revision.steps)
    return any(isinstance(each, CreateView) and each.view.key == table.key for each in made)


def _required(moment: Moment) -> _Said | None:
    """A column of this revision that nobody but new code fills, at the last step that has a say in it."""
    operation = moment.step.operation
    if not isinstance(operation, AddColumn | AlterColumn):
        return None
    key = operation.table
    name = operation.column.name if isinstance(operation, AddColumn) else operation.column
    table, end = moment.table(key), moment.revision.after.tables.get(key)
    column = end.column(name) if end is not None else None
    fresh = isinstance(operation, AddColumn) or (key, name) in moment.new
    if table is None or column is None or column.maybe is not None or not fresh or not _needs_a_value(column):
        return None
    if isinstance(operation, AddColumn) and _needs_a_value(operation.column) and not moment.server.is_mysql:
        return None  # Refused as soon as there are rows: another rule's finding.
    later = moment.revision.steps[len(moment.earlier) + 1 :]
    if any(isinstance(each.operation, AlterColumn) and (each.operation.table, each.operation.column) == (key, name) for each in later):
        return None
    advice = "keep a server_default until no code is left that does not know the column"
    said = f"`{table.full_name}.{name}` is required and has no default: code that still runs cannot add rows: {advice}"
    return ("table", table.full_name, "column", name), said


def _needs_a_value(column: Column) -> bool:
    if column.nullable is not False or column.server_default is not None or column.identity is not None:
        return False
    return column.computed is None and column.primary_key is False and column.autoincrement is not True


RULE = Rule(
    name="migration-breaks-running-code",
    area="migration",
    severity=Severity.INFO,
    summary="A revision that is about to run takes away what running code relies on.",
    mirror="none: a rollback of the schema follows a rollback of the code",
    check=check,
    risk=True,
)

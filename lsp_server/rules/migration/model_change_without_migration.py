"""The models want something of the database that no revision has made.

## What it does

Replays the Alembic history without a database, compares the schema at head with what the SQLAlchemy models map, and
reports each difference on the line that causes it: a table, column, type, nullability, default, key, index, constraint,
view or sequence that only the model has, or that only the database has.

It needs no database and does not import the project, so it also sees models that `env.py` forgets. Where the history
asks the database something, or a model is put together at run time, it stays silent about what depends on it.

## Why it matters

The code runs against a schema that does not exist: the first query on the new column fails in production, after every
test on a freshly created database was green.

## How to fix

*Generate migration for model change* writes the revision in the project's own conventions, with a downgrade, proved on
a scratch database in memory. Or take the change back in the model.

What no text tells is asked, never guessed: was a column renamed or dropped, which value do rows get, which time zone is meant. The
finding names the question and the key under which `--answers FILE` answers it; editors ask for it.

## Options

`dialect` says which database is meant where the project does not tell; `alembic` narrows the folders looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsp_server.database.compare import Difference
from lsp_server.database.migration.answers import RENAME_VALUES
from lsp_server.database.migration.questions import Question
from lsp_server.database.model import Column, Table
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.generate_migration import generate_migration
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.database import Drift
from lsp_server.text import Location


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for drift in snapshot.drifts:
        if not drift.differences:
            continue
        fixes, questions = generate_migration(drift, snapshot)
        for difference in drift.differences:
            finding = _finding(drift, difference, snapshot)
            if finding is not None:
                yield replace(finding, message=finding.message + _asked(difference, questions), fixes=fixes)


def _asked(difference: Difference, questions: tuple[Question, ...]) -> str:
    """What must be answered about the same thing before there can be a migration, and where the answer goes."""
    question = next((each for each in questions if _concerns(each, difference)), None)
    return f"; open: {question.text} (`{question.key}`, `{question.subject}`)" if question is not None else ""


def _concerns(question: Question, difference: Difference) -> bool:
    if difference.element == "enum" and difference.column is None:
        return question.key == RENAME_VALUES
    if question.table is None or _full(question.table) != difference.table:
        return False
    return difference.column in question.columns or (difference.element == "table" and not question.columns)


def _full(table: tuple[str | None, str]) -> str:
    return ".".join(part for part in table if part)


def _finding(drift: Drift, difference: Difference, snapshot: Snapshot) -> Finding | None:
    location = _here(drift, difference)
    if location is None:
        return None
    other = getattr(difference.before, "location", None)
    related = (Related(other, _other_end(difference)),) if isinstance(other, Location) else ()
    message = _message(difference)
    if difference.element == "table" and difference.kind == "missing":
        unseen = next((each for each in snapshot.unseen if difference.after in each.tables), None)
        if unseen is not None:
            message += f"; `{unseen.env}` does not import `{unseen.module}`, so that Alembic does not see it either"
    return Finding(RULE.name, location, message, difference.path, related, RULE.severity)


def _here(drift: Drift, difference: Difference) -> Location | None:
    """The model's own line; the class for what only the database has; the revision for a table no class maps."""
    own = getattr(difference.after, "location", None)
    if isinstance(own, Location):
        return own
    table = next((table for table in drift.mapped.tables if _full_name(table) == difference.table), None)
    if table is not None:
        return table.name_location or table.location
    other = getattr(difference.before, "location", None)
    return other if isinstance(other, Location) else None


def _full_name(table: Table) -> str:
    schema, name = table.key
    return f"{schema}.{name}" if schema else name


def _message(difference: Difference) -> str:
    table, element = difference.table, difference.element.replace("_", " ")
    if difference.element == "table":
        if difference.kind == "missing":
            return f"no migration creates the table `{table}`"
        return f"the migrations have made the table `{table}`, which no model maps"
    if difference.path[0] in ("view", "sequence"):
        return _about_object(difference)
    if difference.element == "column":
        if difference.kind == "missing":
            return f"no migration adds the column `{table}.{difference.column}`"
        return f"the migrations have made the column `{table}.{difference.column}`, which the model does not have"
    if difference.column is not None:
        name = f"{table}.{difference.column}"
        return f"`{name}`: {_aspect(difference)}"
    what = f"{element} {_called(difference)}"
    if difference.kind == "missing":
        return f"no migration makes the {what} of `{table}`"
    if difference.kind == "unrequested":
        return f"the migrations have made the {what} of `{table}`, which the model does not have"
    return f"the {what} of `{table}` differs between the model and the migrations"


def _about_object(difference: Difference) -> str:
    what = f"{difference.element} `{difference.path[1]}`"
    if difference.kind == "missing":
        return f"no migration makes the {what}"
    if difference.kind == "unrequested":
        return f"the migrations have made the {what}, which the models do not have"
    return f"the {what} is not the same in the models and in the migrations"


def _aspect(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if isinstance(before, Column) and isinstance(after, Column):
        if difference.element == "nullable":
            here, there = ("nullable", "NOT NULL") if after.nullable is True else ("NOT NULL", "nullable")
            return f"{here} in the model, {there} in the migrations"
        if difference.element == "type":
            return f"{after.type.sql} in the model, {before.type.sql} in the migrations"
        if difference.element == "server_default":
            return f"the server default is {_default(after)} in the model, {_default(before)} in the migrations"
    return f"the {difference.element.replace('_', ' ')} differs between the model and the migrations"


def _default(column: Column) -> str:
    text = getattr(column.server_default, "text", None)
    return f"`{text}`" if text else "none"


def _called(difference: Difference) -> str:
    element = difference.after if difference.after is not None else difference.before
    name = getattr(element, "name", None)
    columns = getattr(element, "columns", None)
    if name:
        return f"`{name}`"
    return f"on {', '.join(columns)}" if columns else ""


def _other_end(difference: Difference) -> str:
    return "made here" if difference.after is not None or difference.kind == "unrequested" else "the migration"


RULE = Rule(
    name="model-change-without-migration",
    area="migration",
    severity=Severity.ERROR,
    summary="The models want something that no revision has made.",
    mirror="none: what only the migrations have is reported by the same rule, on the model that lacks it",
    check=check,
)

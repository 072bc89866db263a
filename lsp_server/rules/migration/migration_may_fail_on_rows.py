"""A revision that is about to run works on an empty table and may stop on one with rows.

## What it does

Reports, in the head revisions, on tables that were there before:

- a column added NOT NULL without a server default (MySQL fills such columns by itself, with zeros and empty texts that nobody
  chose: that is said instead);
- on SQLite, outside of batch mode, a column added with a default that is computed, or computed and stored itself: SQLite takes
  them on empty tables only;
- a column that becomes NOT NULL;
- a unique constraint, unique index or primary key over columns that were free to repeat;
- a foreign key over a column that pointed nowhere before, a check over columns that had none, an exclusion constraint;
- a constraint that is validated after it was added `NOT VALID`;
- a change of type that refuses values which do not fit, or that takes a value out of an enumeration.

Silent where the revision itself, or for NOT NULL an earlier one, has a statement on rows that names the table and may have
put them right; and for constraints that are added `NOT VALID`.

Only heads are looked at. What lies behind a head has usually run everywhere, and cannot be helped any more.

## Why it matters

Every test runs on an empty database. The first to meet rows is the deployment, and it stops halfway.

## How to fix

Add the column nullable, fill it, then set NOT NULL; or give it a server default. Clean up what repeats before making it
unique. Where the rows are known to fit, say so: `# specdrift: ignore[migration-may-fail-on-rows] -- the table is empty`.

## Options

None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.database.equivalence import columns_in, family_of
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Default,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.narrowing import is_mere_cast, what_is_refused
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    Key,
    ValidateConstraint,
    constraint_named,
)
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.rules.migration._risks import Moment, moments, rows_before, source
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown

_UNCHECKED = re.compile(r"not[_ ]valid", re.IGNORECASE)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for moment in moments(snapshot):
        operation = moment.step.operation
        said: tuple[str, str] | None = None  # what it is about, and the message
        match operation:
            case AddColumn(key, column):
                said = _added(moment, key, column) or _added_on_sqlite(moment, key, column, source(snapshot, moment.step))
            case AlterColumn(key):
                said = _tightened(moment, operation) or _retyped(moment, operation)
            case AddConstraint(key, constraint, validated=True, index=None) if not _UNCHECKED.search(source(snapshot, moment.step)):
                said = _constrained(moment, key, constraint)
            case ValidateConstraint(key, name):
                said = _validated(moment, key, name)
            case CreateIndex(key, index) if index.unique is True:
                said = _unique(moment, key, index)
            case _:
                continue
        if said is not None:
            table = moment.table(key)
            related = (Related(table.location, "the table is made here"),) if table is not None and table.location else ()
            subject = moment.subject("table", table.full_name if table is not None else key[1], *said[0].split(", "))
            yield Finding(RULE.name, moment.step.location, said[1], subject, related, RULE.severity)


def _added(moment: Moment, key: Key, column: Column) -> tuple[str, str] | None:
    table = moment.table(key)
    if table is None or column.nullable is not False:
        return None
    if column.server_default is not None or column.identity or column.computed is not None:
        return None
    if column.primary_key is not False or column.autoincrement is True or "SERIAL" in str(column.type.family).upper():
        return None  # The database counts it.
    if moment.is_cared_for(table.name):
        return None
    name = f"{table.full_name}.{column.name}"
    advice = "give it a server_default, or add it nullable, fill it, then set NOT NULL"
    if moment.server.is_mysql:
        implicit = _implicit_value(column.type)
        said = f"`{name}` is added NOT NULL without a default, and rows that exist get {implicit}, which nobody chose: {advice}"
        return None if implicit is None else (column.name, said)
    return column.name, f"`{name}` is added NOT NULL and rows that exist have no value for it: {advice}"


def _implicit_value(kind: ColumnType) -> str | None:
    """What MySQL writes where it has no value; None where the type does not tell."""
    family = family_of(kind)
    if kind.enum is not None:
        values = kind.enum.values
        return repr(values[0]) if kind.enum.native and not isinstance(values, Unknown) and values else None
    if family in ("SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "DOUBLE PRECISION", "BOOLEAN"):
        return "0"
    return "an empty text" if family in ("VARCHAR", "TEXT", "CHAR") else None


def _added_on_sqlite(moment: Moment, key: Key, column: Column, call: str) -> tuple[str, str] | None:
    """What SQLite accepts as long as the table is empty. Batch mode copies the table where it must."""
    table = moment.table(key)
    if table is None or moment.dialect != "sqlite" or not call.startswith("op."):
        return None
    default = column.server_default
    why = None
    if isinstance(default, Default) and default.sort == "sql" and _is_computed(default.text):
        why = f"a default that is computed ({default.text})"
    elif column.computed is not None and column.persisted is True:
        why = "a value that is computed and stored"
    if why is None:
        return None
    name = f"{table.full_name}.{column.name}"
    return column.name, f"`{name}` is added with {why}, which SQLite refuses once there are rows: use `op.batch_alter_table`"


def _is_computed(text: str | None) -> bool:
    """Whether a default is more than a number, a text or NULL."""
    return text is not None and re.fullmatch(r"\(?\s*([-+]?[\d.]+|'(?:[^']|'')*'|null|true|false)\s*\)?", text, re.IGNORECASE) is None


def _validated(moment: Moment, key: Key, name: str) -> tuple[str, str] | None:
    table = moment.table(key)
    if table is None or constraint_named(table, name) is None:
        return None
    if moment.is_cared_for(table.name) or rows_before(moment, table.name):
        return None
    return name, f"`{table.full_name}` is held to `{name}`, and a row that breaks it stops the upgrade: change such rows first"


def _tightened(moment: Moment, operation: AlterColumn) -> tuple[str, str] | None:
    table = moment.table(operation.table)
    column = table.column(operation.column) if table is not None else None
    if table is None or column is None or column.maybe is not None:
        return None
    if operation.nullable is not False or column.nullable is not True:
        return None
    fresh = (operation.table, column.name) in moment.new
    if fresh and column.server_default is not None:
        return None  # Every row has got the default when the column was added.
    if moment.is_cared_for(table.name) or (not fresh and rows_before(moment, table.name, column.name)):
        return None
    name = f"{table.full_name}.{column.name}"
    return column.name, f"`{name}` becomes NOT NULL and a row without a value stops the upgrade: fill such rows first"


def _retyped(moment: Moment, operation: AlterColumn) -> tuple[str, str] | None:
    table, column = moment.table(operation.table), moment.column(operation.table, operation.column)
    if table is None or column is None or not isinstance(operation.type, ColumnType):
        return None
    if operation.using is not None and not is_mere_cast(operation.using):
        return None
    refused = what_is_refused(column.type, moment.present(operation.type), moment.dialect, operation.using is not None)
    if refused is None or moment.is_cared_for(table.name):
        return None
    change = f"from {column.type.sql} to {operation.type.sql}"
    if column.type.sql == operation.type.sql or (column.type.enum and operation.type.enum):
        change = "to an enumeration with fewer values"
    name = f"{table.full_name}.{column.name}"
    return column.name, f"`{name}` changes {change} and {refused} stop the upgrade: change such rows first"


def _constrained(moment: Moment, key: Key, constraint: object) -> tuple[str, str] | None:
    if isinstance(constraint, Unique | PrimaryKey):
        return _unique(moment, key, constraint)
    table = moment.table(key)
    if table is None or moment.is_cared_for(table.name):
        return None
    before = moment.revision.before.tables.get(key)
    if isinstance(constraint, ForeignKey):
        columns = constraint.columns
        if constraint.unknown or not columns or constraint.target_table is None or moment.dialect == "sqlite":
            return None
        if any(moment.column(key, name) is None for name in columns):
            return None
        known = [(each.columns, each.target_table) for each in (before.foreign_keys if before else ())]
        if (columns, constraint.target_table) in known:
            return None
        advice = f"and a row that points nowhere in `{constraint.target_table}` stops the upgrade: look for such rows first"
        return ", ".join(columns), f"`{table.full_name}` ({', '.join(columns)}) becomes a foreign key {advice}"
    if isinstance(constraint, Exclusion):
        said = f"`{table.full_name}` gets an exclusion constraint and rows that exclude each other stop the upgrade"
        return constraint.name or "exclusion", f"{said}: look for such rows first"
    if isinstance(constraint, Check) and constraint.expression:
        names = columns_in(constraint.expression, table)
        if not names or any(moment.column(key, name) is None for name in names):
            return None
        if before is not None and any(each.expression is None or set(columns_in(each.expression, before)) & set(names) for each in before.checks):
            return None  # Most likely the old check made wider.
        said = f"`{table.full_name}` gets the check `{constraint.expression}` and a row that breaks it stops the upgrade"
        return ", ".join(names), f"{said}: change such rows first"
    return None


def _unique(moment: Moment, key: Key, part: Unique | PrimaryKey | Index) -> tuple[str, str] | None:
    table = moment.table(key)
    columns = part.columns
    if table is None or not columns or (not isinstance(part, PrimaryKey) and part.unknown is not None):
        return None
    expressions = part.expressions if isinstance(part, Index) else ()
    if any(expressions) or any(moment.column(key, name) is None for name in columns):
        return None
    before = moment.revision.before.tables.get(key)
    if any(each is not None and _is_unique_already(each, columns, part) for each in (before, table)):
        return None
    if moment.is_cared_for(table.name) or table.incomplete is not None:
        return None
    shown = ", ".join(columns)
    return shown, f"`{table.full_name}` ({shown}) becomes unique and rows alike in it stop the upgrade: look for such rows first"


def _is_unique_already(table: Table, columns: tuple[str, ...], part: Unique | PrimaryKey | Index) -> bool:
    wanted = set(columns)
    keys: list[tuple[str, ...] | None] = [each.columns for each in table.uniques]
    keys.append(table.primary_key.columns if table.primary_key else tuple(c.name for c in table.columns if c.primary_key is True))
    condition = part.where if isinstance(part, Index) else None
    keys.extend(
        each.columns for each in table.indexes
        if each.unique is not False and not any(each.expressions) and each.where in (None, condition)
    )  # fmt: skip
    return any(key and set(key) <= wanted for key in keys)


RULE = Rule(
    name="migration-may-fail-on-rows",
    area="migration",
    severity=Severity.WARNING,
    summary="A revision that is about to run may stop on a table with rows.",
    mirror="none: a downgrade runs on rows that its upgrade has let in",
    check=check,
    risk=True,
)

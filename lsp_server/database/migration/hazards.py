"""What may go wrong when operations run on tables that have rows, in plain words.

Static: it knows the schema before and the operations, not the rows, so it speaks of what may be. Data that is dropped, steps
that some rows forbid, values that nobody has given, and locks that stop a busy PostgreSQL or MySQL table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.database.equivalence import family_of
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropTable,
    Fill,
    Operation,
    TableKey,
)
from lsp_server.database.migration.reversing import reversed_operations
from lsp_server.database.migration.whole_table import ChangeTableOptions
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
)
from lsp_server.database.table_options import may_not_hold

_SIZES = {"SMALLINT": 1, "INTEGER": 2, "BIGINT": 3}
_TEXTS = ("VARCHAR", "TEXT", "CHAR")


@dataclass(frozen=True, slots=True)
class Hazard:
    """`code`: data_loss_up, may_fail_on_data, may_fail_on_downgrade, needs_value or locks. `text` is a sentence for people."""

    code: str
    table: str
    column: str | None
    text: str


def find_hazards(operations: tuple[Operation, ...], before: Database, dialect: str | None) -> tuple[Hazard, ...]:
    """The hazards of the upgrade, then what the downgrade cannot bring back that the upgrade had not."""
    new = {operation.table.key for operation in operations if isinstance(operation, CreateTable)}
    found = [hazard for operation in operations for hazard in _of(operation, new, dialect)]
    for operation in reversed_operations(operations):
        if isinstance(operation, ChangeTableOptions) and may_not_hold(operation.before, operation.after, dialect):
            text = f"the downgrade gives {operation.table[1]} a smaller character set: texts written since that it does not have stop it"
            found.append(Hazard("may_fail_on_downgrade", operation.table[1], None, text))
        if isinstance(operation, AlterColumn) and "type" in operation.aspects and _narrows(
            operation.before.type, operation.after.type
        ):
            name = f"{operation.table[1]}.{operation.before.name}"
            found.append(
                Hazard(
                    "may_fail_on_downgrade",
                    operation.table[1],
                    operation.before.name,
                    f"the downgrade narrows {name}: values written since that do not fit stop it",
                )
            )
        elif isinstance(operation, ChangeEnum):
            found += _values_gone(operation, "may_fail_on_downgrade", "the downgrade")
    return tuple(dict.fromkeys(found))


def _values_gone(operation: ChangeEnum, code: str, what: str) -> Iterator[Hazard]:
    """Values that go: rows that hold one stop the step, or get the value that somebody named."""
    known = {old: new for old, new in operation.replaced if new in operation.after.values}  # type: ignore[operator]
    gone = sorted(set(operation.before.values) - set(operation.after.values))  # type: ignore[arg-type]
    for key, column in operation.uses:
        name = f"{key[1]}.{column.name}"
        left = [value for value in gone if value not in known]
        if left:
            yield Hazard(code, key[1], column.name, f"{name}: rows with {', '.join(left)} stop {what}")
        elif gone and code == "may_fail_on_data":
            turned = ", ".join(f"rows with {value} get {known[value]}" for value in gone)
            yield Hazard(code, key[1], column.name, f"{name}: {turned}")


def _of(operation: Operation, new: set[TableKey], dialect: str | None) -> Iterator[Hazard]:
    if isinstance(operation, DropTable):
        name = operation.table.full_name
        yield Hazard(
            "data_loss_up", name, None, f"drops table {name} with its rows; a downgrade brings it back empty"
        )
    elif isinstance(operation, DropColumn) and operation.column.computed is None:
        yield from _dropped_column(operation)
    elif isinstance(operation, AddColumn):
        if operation.fill is not None and operation.fill.sql is None:
            name = f"{operation.table[1]}.{operation.column.name}"
            text = f"{name} must have a value and has no default: if there are rows, the upgrade stops before it changes them"
            yield Hazard("needs_value", operation.table[1], operation.column.name, text)
        yield from _given(operation.table[1], operation.column.name, operation.fill)
    elif isinstance(operation, AlterColumn):
        yield from _altered(operation, dialect)
    elif isinstance(operation, (AddConstraint, CreateIndex)) and operation.table not in new:
        yield from _bound(operation, dialect)
    elif isinstance(operation, ChangeTableOptions):
        yield from _of_options(operation, dialect)
    elif isinstance(operation, ChangeEnum):
        yield from _values_gone(operation, "may_fail_on_data", "the upgrade")


def _of_options(operation: ChangeTableOptions, dialect: str | None) -> Iterator[Hazard]:
    table = operation.table[1]
    yield Hazard("locks", table, None, f"{table} is copied as a whole, and writing to it waits")
    if may_not_hold(operation.before, operation.after, dialect):
        yield Hazard("may_fail_on_data", table, None, f"{table} gets a smaller character set: texts that it does not have stop the upgrade")


def _dropped_column(operation: DropColumn) -> Iterator[Hazard]:
    if operation.fill is not None and operation.fill.restores:
        return  # somebody said where the values are from now on
    name = f"{operation.table[1]}.{operation.column.name}"
    text = f"drops {name} with its values"
    if operation.fill is not None:
        text += (
            f"; a downgrade writes {operation.fill.sql} into every row ({operation.fill.reason})"
            if operation.fill.sql is not None
            else "; a downgrade works only on an empty table"
        )
    yield Hazard("data_loss_up", operation.table[1], operation.column.name, text)


def _given(table: str, column: str, fill: Fill | None) -> Iterator[Hazard]:
    """A value that somebody gave: it stands in every row that had none, and should be seen."""
    if fill is not None and fill.sql is not None and fill.given:
        yield Hazard("needs_value", table, column, f"rows without {table}.{column} get {fill.sql}, {fill.reason}")


def _altered(operation: AlterColumn, dialect: str | None) -> Iterator[Hazard]:
    table, column = operation.table[1], operation.after.name
    if operation.tightens and operation.fill is not None and operation.fill.sql is None:
        text = f"{table}.{column} becomes NOT NULL: if a row has no value, the upgrade stops before it changes anything"
        yield Hazard("may_fail_on_data", table, column, text)
        yield Hazard("needs_value", table, column, f"{table}.{column} has no default to write into rows without a value")
    if operation.tightens:
        yield from _given(table, column, operation.fill)
    if "type" in operation.aspects and _narrows(operation.before.type, operation.after.type):
        sql = (operation.before.type.sql, operation.after.type.sql)
        text = f"{table}.{column} changes from {sql[0]} to {sql[1]}: values that do not fit stop the upgrade"
        if dialect == "sqlite":
            text = f"{table}.{column} changes from {sql[0]} to {sql[1]}: SQLite keeps values that do not fit, or makes them 0"
        yield Hazard("may_fail_on_data", table, column, text)
    if "type" in operation.aspects and _rewrites(operation.before, operation.after, dialect):
        yield Hazard("locks", table, column, f"{table} is locked and rewritten while {table}.{column} changes its type")
    if operation.tightens and dialect == "postgresql":
        yield Hazard("locks", table, column, f"{table} is locked while every row is looked at for {column} IS NULL")


def _bound(operation: AddConstraint | CreateIndex, dialect: str | None) -> Iterator[Hazard]:
    table = operation.table[1]
    part = operation.constraint if isinstance(operation, AddConstraint) else operation.index
    columns = ", ".join(part.columns or ()) if not isinstance(part, Check) else ""
    only = part.columns[0] if not isinstance(part, Check) and part.columns and len(part.columns) == 1 else None
    if isinstance(part, (Unique, PrimaryKey)) or (isinstance(part, Index) and part.unique is True):
        yield Hazard("may_fail_on_data", table, only, f"{table} ({columns}) becomes unique: rows alike in it stop the upgrade")
    elif isinstance(part, Exclusion):
        yield Hazard("may_fail_on_data", table, None, f"{table} gets an exclusion constraint on {columns}: rows that exclude each other stop the upgrade")
    elif isinstance(part, Check):
        text = f"{table} gets the check {part.expression}: rows that break it stop the upgrade"
        yield Hazard("may_fail_on_data", table, None, text)
    elif isinstance(part, ForeignKey):
        text = f"{table} ({columns}) must be found in {part.target_table}: rows that point nowhere stop the upgrade"
        if dialect != "sqlite":
            yield Hazard("may_fail_on_data", table, only, text)
    if dialect == "postgresql" and isinstance(part, (Index, Unique)) and not (
        isinstance(part, Index) and part.concurrently
    ):
        yield Hazard("locks", table, only, f"writing to {table} waits until the index on ({columns}) is built")


def _narrows(before: ColumnType, after: ColumnType) -> bool:
    """May a value of the first type not fit into the second?"""
    old, new = family_of(before), family_of(after)
    values = [each.enum.values if each.enum is not None else None for each in (before, after)]
    if isinstance(values[0], tuple) and isinstance(values[1], tuple) and not set(values[0]) <= set(values[1]):
        return True
    if old == new:
        return _shorter(before, after)
    if old in _SIZES and new in _SIZES:
        return _SIZES[new] < _SIZES[old]
    if new in _TEXTS:
        longest = _length(after)
        if old in _TEXTS:
            return longest is not None and (_length(before) or longest + 1) > longest
        return longest is not None and longest < 20
    return not (old in _SIZES and new in ("NUMERIC", "DOUBLE PRECISION"))


def _shorter(before: ColumnType, after: ColumnType) -> bool:
    pairs = zip(before.arguments, after.arguments)
    if after.arguments and not before.arguments:
        return True
    return any(isinstance(one, int) and isinstance(two, int) and two < one for one, two in pairs)


def _length(type_: ColumnType) -> int | None:
    first = type_.arguments[0] if type_.arguments else None
    return first if isinstance(first, int) else None


def _rewrites(before: Column, after: Column, dialect: str | None) -> bool:
    old, new = family_of(before.type), family_of(after.type)
    if dialect not in ("postgresql", "mysql", "mariadb"):
        return False
    if old in _TEXTS and new in _TEXTS:
        return dialect != "postgresql" or _narrows(before.type, after.type)
    return old != new

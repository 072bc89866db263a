"""What operations make of a schema, one after the other, and where the database would refuse one.

The rules are PostgreSQL's: what a dropped column takes along, which names it chooses for unnamed keys, what depends on
what. Whether an operation is asked for at all is said by its step; reading revisions is `recorder.py`'s work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lsp_server.database.casts import castable, comparable
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    EnumType,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    ChangeRows,
    CommentTable,
    Constraint,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropObject,
    DropTable,
    Keep,
    Key,
    Opaque,
    RenameConstraint,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
    RenameTable,
    Step,
    constraint_named,
    table_key,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

LONGEST_NAME = 63
_FOREIGN_COLLATION = re.compile(r"(?:utf8mb[34]|utf8|latin1|ascii|utf16)_\w+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The database refuses an operation. `sort` names the cause:

    "missing" and "exists" (of a name), "unnamed" (a constraint dropped without a name), "depends" (something else needs
    it), "cast" (no automatic conversion: `USING` is missing), "mismatch" (a key that cannot be made), "dialect" (what only another
    database knows).
    """

    sort: str
    message: str
    location: Location


@dataclass(slots=True)
class State:
    """A schema while operations run over it. Tables are replaced, never changed, so copies are cheap."""

    dialect: str = "postgresql"
    tables: dict[Key, Table] = field(default_factory=dict)
    enums: dict[Key, EnumType] = field(default_factory=dict)
    objects: dict[tuple[str, str], str | None] = field(default_factory=dict)  # (sort, name) -> text
    blind: Unknown | None = None  # something ran that may have made or dropped anything

    def copy(self) -> State:
        return State(self.dialect, dict(self.tables), dict(self.enums), dict(self.objects), self.blind)

    def database(self, source: str) -> Database:
        return Database(
            source, tuple(self.tables.values()), tuple(self.enums.values()),
            tuple(sorted(name for sort, name in self.objects if sort == "schema")), self.dialect,
            views=tuple(sorted(name for sort, name in self.objects if sort.endswith("view"))), incomplete=self.blind,
        )  # fmt: skip


class Refused(Exception):
    """Carries a refusal out of the operation that meets it. Never leaves this module."""

    def __init__(self, sort: str, message: str) -> None:
        super().__init__(message)
        self.sort = sort


def run(state: State, steps: Iterable[Step]) -> Refusal | None:
    """Run steps over a state, in place, up to the first one that the database would refuse."""
    for step in steps:
        refusal = apply(state, step)
        if refusal is not None:
            return refusal
    return None


def apply(state: State, step: Step) -> Refusal | None:
    """Run one step over a state, in place. A step that is not sure to happen makes what it touches unknown."""
    if step.condition is not None:
        _perhaps(state, step, step.condition)
        return None
    try:
        _APPLY[type(step.operation)](state, step.operation, step.location)
    except Refused as refused:
        return Refusal(refused.sort, str(refused), step.location)
    return None


# Steps that may not happen


def _perhaps(state: State, step: Step, condition: Unknown) -> None:
    operation = step.operation
    if isinstance(operation, CreateTable):
        if operation.table.key not in state.tables:
            state.tables[operation.table.key] = replace(operation.table, maybe=condition)
        return
    if isinstance(operation, Opaque):
        _opaque(state, operation, step.location)
        return
    if isinstance(operation, DropIndex) and operation.table is None:
        key = next((key for key, table in state.tables.items() if _index_of(table, operation.name)), None)
    else:
        key = getattr(operation, "table", None)
    table = state.tables.get(key) if key is not None else None
    if table is None or key is None:
        return
    if isinstance(operation, DropTable | RenameTable):
        state.tables[key] = replace(table, maybe=condition)
        if isinstance(operation, RenameTable):
            new = table_key(operation.name, key[0] if isinstance(operation.schema, Keep) else operation.schema)
            state.tables.setdefault(new, replace(table, name=new[1], schema=new[0], maybe=condition))
    elif isinstance(operation, AddColumn):
        if table.column(operation.column.name) is None:
            state.tables[key] = replace(table, columns=(*table.columns, replace(operation.column, maybe=condition)))
    elif isinstance(operation, DropColumn):
        state.tables[key] = _with_column(table, operation.column, lambda column: replace(column, maybe=condition))
    elif isinstance(operation, AlterColumn):
        column = table.column(operation.column)
        if not isinstance(operation.name, Keep) and column is not None and table.column(operation.name) is None:
            table = replace(table, columns=(*table.columns, replace(column, name=operation.name, maybe=condition)))
        state.tables[key] = _with_column(table, operation.column, lambda column: _maybe_altered(column, operation, condition))
    elif isinstance(operation, CreateIndex):
        if _index_of(table, operation.index.name) is None:
            state.tables[key] = replace(table, indexes=(*table.indexes, replace(operation.index, unknown=condition)))
    elif isinstance(operation, DropIndex):
        indexes = tuple(replace(each, unknown=condition) if each.name == operation.name else each for each in table.indexes)
        state.tables[key] = replace(table, indexes=indexes)
    elif isinstance(operation, AddConstraint | DropConstraint | RenameConstraint):
        state.tables[key] = replace(table, incomplete=condition)


def _maybe_altered(column: Column, operation: AlterColumn, condition: Unknown) -> Column:
    if not isinstance(operation.name, Keep):
        return replace(column, maybe=condition)
    if not isinstance(operation.type, Keep) and operation.type.sql != column.type.sql:
        column = replace(column, type=ColumnType(condition))
    if not isinstance(operation.nullable, Keep) and operation.nullable is not column.nullable:
        column = replace(column, nullable=condition)
    if not isinstance(operation.server_default, Keep):
        column = replace(column, server_default=condition)
    return column


# Tables


def _table(state: State, key: Key) -> Table:
    table = state.tables.get(key)
    if table is None:
        if state.blind is not None:
            table = Table(key[1], key[0], incomplete=state.blind, maybe=state.blind)
            state.tables[key] = table
            return table
        raise Refused("missing", f"the table {_full(key)} does not exist here")
    return table


def _full(key: Key) -> str:
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def _create_table(state: State, operation: CreateTable, location: Location) -> None:
    table = operation.table
    existing = state.tables.get(table.key)
    if existing is not None and existing.maybe is None:
        if operation.if_not_exists:
            return
        raise Refused("exists", f"the table {table.full_name} exists already")
    columns = tuple(replace(each, type=_present_type(state, each.type)) for each in table.columns)
    named = replace(table, columns=columns, foreign_keys=(), uniques=(), checks=(), primary_key=None)
    state.tables[table.key] = named
    try:
        constraints: list[Constraint | None] = [table.primary_key, *table.uniques, *table.foreign_keys, *table.checks]
        for constraint in constraints:
            # A key marked `use_alter` is left to an ALTER TABLE, which a migration does not write by itself.
            later = isinstance(constraint, ForeignKey) and constraint.use_alter and state.dialect != "sqlite"
            if constraint is not None and not later and not _told_already(state.tables[table.key], constraint):
                _add_constraint(state, AddConstraint(table.key, constraint), location)
    except Refused:
        del state.tables[table.key]
        raise


def _told_already(table: Table, constraint: Constraint) -> bool:
    """Whether a CREATE TABLE says the same key twice: PostgreSQL makes it once."""
    if not isinstance(constraint, Unique) or constraint.columns is None:
        return False
    same = [each for each in (table.primary_key, *table.uniques) if each is not None and each.columns == constraint.columns]
    return any(constraint.name in (None, each.name) or isinstance(each, PrimaryKey) for each in same)


def _drop_table(state: State, operation: DropTable, location: Location) -> None:
    if operation.table not in state.tables and operation.if_exists:
        return
    table = _table(state, operation.table)
    for key, other in list(state.tables.items()):
        if key == operation.table:
            continue
        pointing = [each for each in other.foreign_keys if _points_at(each, table)]
        if pointing and not operation.cascade and other.maybe is None and pointing[0].unknown is None:
            raise Refused("depends", f"the table {other.full_name} still refers to {table.full_name}")
        if pointing:
            kept = tuple(each for each in other.foreign_keys if each not in pointing)
            state.tables[key] = replace(other, foreign_keys=kept)
    del state.tables[operation.table]
    for sort, name in [key for key in state.objects if key[0] == "trigger"]:
        if name.endswith(f" on {_full(operation.table)}"):
            del state.objects[sort, name]


def _points_at(key: ForeignKey, table: Table) -> bool:
    return key.target_table is not None and table_key(key.target_table, key.target_schema) == table.key


def _rename_table(state: State, operation: RenameTable, location: Location) -> None:
    if operation.table not in state.tables and operation.if_exists:
        return
    table = _table(state, operation.table)
    schema = operation.table[0] if isinstance(operation.schema, Keep) else operation.schema
    new = table_key(operation.name, schema)
    if new in state.tables and state.tables[new].maybe is None:
        raise Refused("exists", f"the table {_full(new)} exists already")
    renamed = replace(table, name=operation.name, schema=new[0], location=table.location)
    state.tables = {(new if key == operation.table else key): (renamed if key == operation.table else each)
                    for key, each in state.tables.items()}  # fmt: skip
    for key, other in list(state.tables.items()):
        if any(_points_at(each, table) for each in other.foreign_keys):
            keys = tuple(replace(each, target_table=operation.name, target_schema=new[0]) if _points_at(each, table) else each
                         for each in other.foreign_keys)  # fmt: skip
            state.tables[key] = replace(other, foreign_keys=keys)


def _comment_table(state: State, operation: CommentTable, location: Location) -> None:
    state.tables[operation.table] = replace(_table(state, operation.table), comment=operation.comment)


# Columns


def _column(state: State, table: Table, name: str) -> Column | None:
    """The column; None where the table may have one that we do not know."""
    column = table.column(name)
    if column is None and table.incomplete is None:
        raise Refused("missing", f"the table {table.full_name} has no column {name} here")
    return column


def _with_column(table: Table, name: str, change: object) -> Table:
    assert callable(change)
    return replace(table, columns=tuple(change(each) if each.name == name else each for each in table.columns))


def _add_column(state: State, operation: AddColumn, location: Location) -> None:
    table = _table(state, operation.table)
    existing = table.column(operation.column.name)
    if existing is not None and existing.maybe is None:
        if operation.if_not_exists:
            return
        raise Refused("exists", f"the table {table.full_name} has a column {existing.name} already")
    column = replace(operation.column, type=_present_type(state, operation.column.type))
    columns = tuple(each for each in table.columns if each is not existing)
    state.tables[operation.table] = replace(table, columns=(*columns, column))


def _present_type(state: State, kind: ColumnType) -> ColumnType:
    """A column's type as the database knows it: an enumeration has the values it was made with, and must be there."""
    if kind.collation and state.dialect == "postgresql" and _FOREIGN_COLLATION.match(kind.collation):
        raise Refused("dialect", f"the collation {kind.collation} is MySQL's")
    if kind.item is not None:
        return replace(kind, item=_present_type(state, kind.item))
    enum = kind.enum
    if enum is None or not enum.native or enum.name is None or state.dialect != "postgresql":
        return kind
    present = state.enums.get(_enum_key(enum.name, enum.schema))
    if present is not None:
        return replace(kind, enum=present)
    if isinstance(enum.values, Unknown):
        return ColumnType(Unknown(f"the type {enum.name}", enum.location), python=kind.python)
    if state.blind is None:
        raise Refused("missing", f"the type {enum.name} does not exist here")
    return kind


def _drop_column(state: State, operation: DropColumn, location: Location) -> None:
    table = state.tables.get(operation.table)
    if operation.if_exists and (table is None or table.column(operation.column) is None):
        return
    table = _table(state, operation.table)
    name = operation.column
    _column(state, table, name)
    for columns in [(table.primary_key.columns if table.primary_key else ()), *(each.columns for each in table.uniques)]:
        if columns and name in columns and not operation.cascade:
            _refuse_if_referred(state, table, columns)
    primary = table.primary_key if table.primary_key and name not in table.primary_key.columns else None
    state.tables[operation.table] = replace(
        table,
        columns=tuple(each for each in table.columns if each.name != name),
        primary_key=primary,
        uniques=tuple(each for each in table.uniques if name not in (each.columns or ())),
        foreign_keys=tuple(each for each in table.foreign_keys if name not in (each.columns or ())),
        indexes=tuple(each for each in table.indexes if not _index_uses(each, name)),
        checks=tuple(each for each in table.checks if not _mentions(each.expression, name)),
    )
    for key, other in list(state.tables.items()):
        kept = tuple(each for each in other.foreign_keys
                     if not (_points_at(each, table) and name in (each.target_columns or ())))  # fmt: skip
        if len(kept) != len(other.foreign_keys):
            state.tables[key] = replace(other, foreign_keys=kept)


def _index_uses(index: Index, name: str) -> bool:
    marks = index.expressions or tuple(False for _ in index.columns or ())
    for column, expression in zip(index.columns or (), marks):
        if column == name or (expression and _mentions(column, name)):
            return True
    return name in index.include or (isinstance(index.where, str) and _mentions(index.where, name))


def _mentions(expression: str | None, name: str) -> bool:
    if not expression:
        return False
    padded = f" {expression} ".replace('"', " ")
    start = padded.find(name)
    while start >= 0:
        before, after = padded[start - 1], padded[start + len(name)]
        if not (before.isalnum() or before in "_'") and not (after.isalnum() or after in "_'"):
            return True
        start = padded.find(name, start + 1)
    return False


def _refuse_if_referred(state: State, table: Table, columns: tuple[str, ...]) -> None:
    """A unique or primary key that a foreign key of another table stands on cannot go alone."""
    same = [each for each in (table.primary_key, *table.uniques) if each and each.columns and set(each.columns) == set(columns)]
    unique = [each for each in table.indexes if each.unique is True and each.columns and set(each.columns) == set(columns)]
    if len(same) + len(unique) > 1:
        return  # The foreign key may stand on the other one.
    for other in state.tables.values():
        for key in other.foreign_keys:
            if _points_at(key, table) and key.target_columns and set(key.target_columns) == set(columns) and other.maybe is None:
                raise Refused("depends", f"a foreign key of {other.full_name} needs the key ({', '.join(columns)}) of {table.full_name}")


def _drop_referring(state: State, table: Table, columns: tuple[str, ...]) -> None:
    """CASCADE: the foreign keys that stand on a key go with it."""
    for key, other in list(state.tables.items()):
        kept = tuple(each for each in other.foreign_keys
                     if not (_points_at(each, table) and set(each.target_columns or ()) == set(columns)))  # fmt: skip
        if len(kept) != len(other.foreign_keys):
            state.tables[key] = replace(other, foreign_keys=kept)


def _alter_column(state: State, operation: AlterColumn, location: Location) -> None:
    table = _table(state, operation.table)
    column = _column(state, table, operation.column)
    if column is None:
        return
    if not isinstance(operation.type, Keep):
        column = _retyped(state, table, column, operation)
    if not isinstance(operation.nullable, Keep):
        column = replace(column, nullable=operation.nullable)
    if not isinstance(operation.server_default, Keep):
        column = replace(column, server_default=operation.server_default)
    if not isinstance(operation.comment, Keep):
        column = replace(column, comment=operation.comment)
    table = _with_column(table, operation.column, lambda _: replace(column, maybe=column.maybe))
    state.tables[operation.table] = table
    if not isinstance(operation.name, Keep) and operation.name != operation.column:
        if table.column(operation.name) is not None and table.column(operation.name).maybe is None:  # type: ignore[union-attr]
            raise Refused("exists", f"the table {table.full_name} has a column {operation.name} already")
        _rename_column(state, table, operation.column, operation.name)


def _retyped(state: State, table: Table, column: Column, operation: AlterColumn) -> Column:
    assert not isinstance(operation.type, Keep)
    new = _present_type(state, operation.type)
    if operation.using is None and state.dialect == "postgresql" and table.maybe is None and column.maybe is None:
        if castable(column.type, new) is False:
            raise Refused("cast", f"the column {column.name} cannot be cast to {new.sql} automatically: USING is missing")
        default_stays = isinstance(operation.server_default, Keep)
        if default_stays and column.server_default is not None and not isinstance(column.server_default, Unknown) and (
            new.enum is not None and new.enum.native and new.enum != column.type.enum and castable(column.type, new) is False
        ):  # fmt: skip
            raise Refused("cast", f"the default of {column.name} cannot be cast to {new.sql}")
    for key in table.foreign_keys:
        if key.columns == (column.name,) and key.target_columns and key.target_table:
            target = state.tables.get(table_key(key.target_table, key.target_schema))
            other = target.column(key.target_columns[0]) if target is not None else None
            if other is not None and comparable(new, other.type) is False and key.unknown is None:
                raise Refused("mismatch", f"the foreign key {key.name} cannot stand between {new.sql} and {other.type.sql}")
    return replace(column, type=new, autoincrement=column.autoincrement)


def _rename_column(state: State, table: Table, old: str, new: str) -> None:
    def names(columns: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return tuple(new if each == old else each for each in columns) if columns is not None else None

    primary = table.primary_key
    state.tables[table.key] = replace(
        table,
        columns=tuple(replace(each, name=new) if each.name == old else each for each in table.columns),
        primary_key=replace(primary, columns=names(primary.columns) or ()) if primary else None,
        uniques=tuple(replace(each, columns=names(each.columns)) for each in table.uniques),
        foreign_keys=tuple(replace(each, columns=names(each.columns)) for each in table.foreign_keys),
        indexes=tuple(replace(each, columns=names(each.columns)) for each in table.indexes),
    )
    for key, other in list(state.tables.items()):
        if any(_points_at(each, table) for each in other.foreign_keys):
            keys = tuple(replace(each, target_columns=names(each.target_columns)) if _points_at(each, table) else each
                         for each in other.foreign_keys)  # fmt: skip
            state.tables[key] = replace(other, foreign_keys=keys)


# Keys and checks


def _add_constraint(state: State, operation: AddConstraint, location: Location) -> None:
    table, constraint = _table(state, operation.table), operation.constraint
    if not isinstance(constraint, Check) and constraint.columns is not None:
        for name in constraint.columns:
            _column(state, table, name)
    if constraint.name is None:
        constraint = replace(constraint, name=chosen_name(state, table, constraint))
    elif constraint_named(table, constraint.name) is not None:
        raise Refused("exists", f"{table.full_name} has a constraint {constraint.name} already")
    if isinstance(constraint, PrimaryKey):
        if table.primary_key is not None:
            raise Refused("exists", f"the table {table.full_name} has a primary key already")
        columns = tuple(replace(each, nullable=False, primary_key=True) if each.name in constraint.columns else each
                        for each in table.columns)  # fmt: skip
        state.tables[operation.table] = replace(table, primary_key=constraint, columns=columns)
    elif isinstance(constraint, Unique):
        state.tables[operation.table] = replace(table, uniques=(*table.uniques, constraint))
    elif isinstance(constraint, Check):
        state.tables[operation.table] = replace(table, checks=(*table.checks, constraint))
    else:
        constraint = _resolved_target(state, table, constraint)
        state.tables[operation.table] = replace(table, foreign_keys=(*table.foreign_keys, constraint))


def _resolved_target(state: State, table: Table, key: ForeignKey) -> ForeignKey:
    if key.target_table is None or key.unknown is not None:
        return key
    target = _table(state, table_key(key.target_table, key.target_schema))
    if key.target_columns is None:
        if target.primary_key is None:
            return key
        key = replace(key, target_columns=target.primary_key.columns)
    assert key.target_columns is not None
    for own, other in zip(key.columns or (), key.target_columns):
        right, left = _column(state, target, other), table.column(own)
        if left is not None and right is not None and comparable(left.type, right.type) is False:
            raise Refused("mismatch", f"the key {key.name} cannot stand between {left.type.sql} and {right.type.sql}")
    unique = [target.primary_key, *target.uniques, *(each for each in target.indexes if each.unique is not False)]
    if target.incomplete is None and not any(
        each is not None and each.columns is not None and set(each.columns) == set(key.target_columns) for each in unique
    ) and all(each is None or each.columns is not None for each in unique):  # fmt: skip
        raise Refused("mismatch", f"{target.full_name} has no unique key ({', '.join(key.target_columns)}) to refer to")
    return key


def chosen_name(state: State, table: Table, constraint: Constraint) -> str | None:
    """The name PostgreSQL gives to an unnamed constraint; None where it is not known."""
    columns = None if isinstance(constraint, Check) else constraint.columns
    if isinstance(constraint, PrimaryKey):
        middle, label = "", "pkey"
    elif columns is None:
        mentioned = [each.name for each in table.columns
                     if isinstance(constraint, Check) and _mentions(constraint.expression, each.name)]  # fmt: skip
        if isinstance(constraint, ForeignKey | Unique) or constraint.expression is None:
            return None
        middle, label = (mentioned[0] if len(mentioned) == 1 else ""), "check"
    else:
        middle, label = "_".join(columns), "fkey" if isinstance(constraint, ForeignKey) else "key"
    taken = {each.name for other in state.tables.values() if other.schema == table.schema for each in _named(other)}
    name = object_name(table.name, middle, label)
    number = 0
    while name in taken:
        number += 1
        name = object_name(table.name, middle, f"{label}{number}")
    return name


def _named(table: Table) -> list[Constraint | Index]:
    keys = [table.primary_key] if table.primary_key else []
    return [*keys, *table.foreign_keys, *table.uniques, *table.checks, *table.indexes]


def object_name(first: str, second: str, label: str) -> str:
    """`first_second_label`, the longer part cut until it fits into a PostgreSQL name."""
    room = LONGEST_NAME - len(label) - 1 - (1 if second else 0)
    one, two = len(first.encode()), len(second.encode())
    while one + two > room:
        if one > two:
            one -= 1
        else:
            two -= 1
    parts = [first.encode()[:one].decode(errors="ignore"), second.encode()[:two].decode(errors="ignore"), label]
    return "_".join(part for part in parts if part)


def _drop_constraint(state: State, operation: DropConstraint, location: Location) -> None:
    if operation.if_exists and operation.table not in state.tables:
        return
    table = _table(state, operation.table)
    if isinstance(operation.name, Unknown):
        state.tables[operation.table] = replace(table, incomplete=operation.name)
        return
    if operation.name is None:
        raise Refused("unnamed", f"a constraint of {table.full_name} is dropped without its name")
    found = constraint_named(table, operation.name)
    if found is None:
        unsure = any(each.name is None or each.unknown is not None for each in (*table.checks, *table.foreign_keys, *table.uniques))
        if operation.if_exists or table.incomplete is not None or unsure:
            return
        raise Refused("missing", f"the table {table.full_name} has no constraint {operation.name} here")
    if isinstance(found, PrimaryKey | Unique) and found.columns:
        if operation.cascade:
            _drop_referring(state, table, found.columns)
            table = state.tables[operation.table]
        else:
            _refuse_if_referred(state, table, found.columns)
    columns = table.columns
    if isinstance(found, PrimaryKey):
        columns = tuple(replace(each, primary_key=False) for each in columns)
    state.tables[operation.table] = replace(
        table, columns=columns, primary_key=None if found is table.primary_key else table.primary_key,
        uniques=tuple(each for each in table.uniques if each is not found),
        foreign_keys=tuple(each for each in table.foreign_keys if each is not found),
        checks=tuple(each for each in table.checks if each is not found),
    )  # fmt: skip


def _rename_constraint(state: State, operation: RenameConstraint, location: Location) -> None:
    table = _table(state, operation.table)
    found = constraint_named(table, operation.name)
    if found is None:
        if table.incomplete is not None:
            return
        raise Refused("missing", f"the table {table.full_name} has no constraint {operation.name} here")

    def renamed(constraint: Constraint) -> Constraint:
        return replace(constraint, name=operation.new_name) if constraint is found else constraint

    state.tables[operation.table] = replace(
        table, primary_key=renamed(table.primary_key) if table.primary_key else None,  # type: ignore[arg-type]
        uniques=tuple(map(renamed, table.uniques)), foreign_keys=tuple(map(renamed, table.foreign_keys)),  # type: ignore[arg-type]
        checks=tuple(map(renamed, table.checks)),  # type: ignore[arg-type]
    )  # fmt: skip


# Indexes


def _index_of(table: Table, name: str | None) -> Index | None:
    return next((index for index in table.indexes if index.name == name), None)


def _create_index(state: State, operation: CreateIndex, location: Location) -> None:
    table, index = _table(state, operation.table), operation.index
    for column, expression in zip(index.columns or (), index.expressions or [False] * len(index.columns or ())):
        if not expression:
            _column(state, table, column)
    if index.name is not None:
        for other in state.tables.values():
            clash = _index_of(other, index.name)
            if clash is not None and other.schema == table.schema:
                if operation.if_not_exists:
                    return
                if clash.unknown is None and other.maybe is None:
                    raise Refused("exists", f"an index {index.name} exists already")
    else:
        middle = "_".join("expr" if expression else column for column, expression in zip(
            index.columns or (), index.expressions or [False] * len(index.columns or ())))  # fmt: skip
        index = replace(index, name=object_name(table.name, middle, "idx"))
    state.tables[operation.table] = replace(table, indexes=(*table.indexes, index))


def _drop_index(state: State, operation: DropIndex, location: Location) -> None:
    holders = [key for key, table in state.tables.items() if _index_of(table, operation.name)]
    if operation.name is None:
        return
    if not holders:
        tables = [state.tables.get(operation.table)] if operation.table is not None else list(state.tables.values())
        unsure = state.blind is not None or any(table is not None and table.incomplete is not None for table in tables)
        keys = [each for table in state.tables.values() for each in (table.primary_key, *table.uniques)]
        if any(each is not None and each.name == operation.name for each in keys):
            if operation.if_exists:
                return
            raise Refused("depends", f"the index {operation.name} belongs to a constraint")
        if operation.if_exists or unsure:
            return
        raise Refused("missing", f"the index {operation.name} does not exist here")
    key = operation.table if operation.table in holders else holders[0]
    table = state.tables[key]
    state.tables[key] = replace(table, indexes=tuple(each for each in table.indexes if each.name != operation.name))


def _rename_index(state: State, operation: RenameIndex, location: Location) -> None:
    for key, table in state.tables.items():
        index = _index_of(table, operation.name)
        if index is not None:
            indexes = tuple(replace(each, name=operation.new_name) if each is index else each for each in table.indexes)
            state.tables[key] = replace(table, indexes=indexes)
            return
        for found in (table.primary_key, *table.uniques):
            if found is not None and found.name == operation.name:
                _rename_constraint(state, RenameConstraint(key, operation.name, operation.new_name), location)
                return
    if not operation.if_exists and state.blind is None and not any(table.incomplete for table in state.tables.values() if table.incomplete is not None):
        raise Refused("missing", f"the index {operation.name} does not exist here")


# Enumerations and what is no table


def _enum_key(name: str, schema: str | None) -> Key:
    return table_key(name, schema)


def _create_enum(state: State, operation: CreateEnum, location: Location) -> None:
    if state.dialect != "postgresql" or operation.enum.name is None:
        return
    key = _enum_key(operation.enum.name, operation.enum.schema)
    if key in state.enums:
        if operation.if_not_exists:
            return
        raise Refused("exists", f"the type {operation.enum.name} exists already")
    state.enums[key] = operation.enum


def _drop_enum(state: State, operation: DropEnum, location: Location) -> None:
    if state.dialect != "postgresql":
        return
    key = _enum_key(operation.name, operation.schema)
    if key not in state.enums:
        if operation.if_exists or state.blind is not None:
            return
        raise Refused("missing", f"the type {operation.name} does not exist here")
    if not operation.cascade:
        for table in state.tables.values():
            for column in table.columns:
                enum = _native_enum(column.type)
                if enum == key and table.maybe is None and column.maybe is None:
                    raise Refused("depends", f"the column {table.full_name}.{column.name} still has the type {operation.name}")
    del state.enums[key]


def _native_enum(kind: ColumnType) -> Key | None:
    kind = kind.item if kind.item is not None else kind
    if kind.enum is None or not kind.enum.native or kind.enum.name is None:
        return None
    return _enum_key(kind.enum.name, kind.enum.schema)


def _change_enum(state: State, key: Key, enum: EnumType | None) -> None:
    """Replace an enumeration, in the columns that have it as well."""
    del state.enums[key]
    if enum is None or enum.name is None:
        return
    state.enums[_enum_key(enum.name, enum.schema)] = enum
    for name, table in list(state.tables.items()):
        if any(_native_enum(column.type) == key for column in table.columns):
            columns = tuple(replace(each, type=_with_enum(each.type, enum)) if _native_enum(each.type) == key else each
                            for each in table.columns)  # fmt: skip
            state.tables[name] = replace(table, columns=columns)


def _with_enum(kind: ColumnType, enum: EnumType) -> ColumnType:
    if kind.item is not None:
        return replace(kind, item=_with_enum(kind.item, enum))
    return replace(kind, enum=enum)


def _known_enum(state: State, name: str, schema: str | None) -> tuple[Key, EnumType] | None:
    key = _enum_key(name, schema)
    enum = state.enums.get(key)
    if enum is None:
        if state.blind is None and state.dialect == "postgresql":
            raise Refused("missing", f"the type {name} does not exist here")
        return None
    return key, enum


def _add_enum_value(state: State, operation: AddEnumValue, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is None or isinstance(found[1].values, Unknown):
        return
    key, enum = found
    values = list(enum.values)  # type: ignore[arg-type]
    if operation.value in values:
        if operation.if_not_exists:
            return
        raise Refused("exists", f"the type {operation.name} has the value {operation.value} already")
    where = len(values)
    if operation.place is not None and operation.place[1] in values:
        where = values.index(operation.place[1]) + (operation.place[0] == "after")
    values.insert(where, operation.value)
    _change_enum(state, key, replace(enum, values=tuple(values)))


def _rename_enum(state: State, operation: RenameEnum, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is None:
        return
    if _enum_key(operation.new_name, operation.schema) in state.enums:
        raise Refused("exists", f"the type {operation.new_name} exists already")
    _change_enum(state, found[0], replace(found[1], name=operation.new_name))


def _rename_enum_value(state: State, operation: RenameEnumValue, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is None or isinstance(found[1].values, Unknown):
        return
    values: tuple[str, ...] = found[1].values  # type: ignore[assignment]
    if operation.value not in values:
        raise Refused("missing", f"the type {operation.name} has no value {operation.value} here")
    renamed = tuple(operation.new_value if each == operation.value else each for each in values)
    _change_enum(state, found[0], replace(found[1], values=renamed))


def _create_object(state: State, operation: CreateObject, location: Location) -> None:
    state.objects[operation.sort, operation.name] = operation.text


def _drop_object(state: State, operation: DropObject, location: Location) -> None:
    state.objects.pop((operation.sort, operation.name), None)
    if operation.sort == "schema" and operation.cascade:
        for key in [key for key in state.tables if key[0] == operation.name]:
            del state.tables[key]


def _opaque(state: State, operation: Opaque, location: Location) -> None:
    if operation.table is not None:
        table = state.tables.get(operation.table)
        if table is not None:
            state.tables[operation.table] = replace(table, incomplete=operation.reason)
        return
    state.blind = state.blind if state.blind is not None else operation.reason
    for key, table in list(state.tables.items()):
        if table.incomplete is None:
            state.tables[key] = replace(table, incomplete=operation.reason)


def _rows(state: State, operation: ChangeRows, location: Location) -> None:
    return None


_APPLY = {
    CreateTable: _create_table, DropTable: _drop_table, RenameTable: _rename_table, CommentTable: _comment_table,
    AddColumn: _add_column, DropColumn: _drop_column, AlterColumn: _alter_column, AddConstraint: _add_constraint,
    DropConstraint: _drop_constraint, RenameConstraint: _rename_constraint, CreateIndex: _create_index,
    DropIndex: _drop_index, RenameIndex: _rename_index, CreateEnum: _create_enum, DropEnum: _drop_enum,
    AddEnumValue: _add_enum_value, RenameEnum: _rename_enum, RenameEnumValue: _rename_enum_value,
    CreateObject: _create_object, DropObject: _drop_object, ChangeRows: _rows, Opaque: _opaque,
}  # fmt: skip

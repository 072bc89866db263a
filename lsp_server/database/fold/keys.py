"""Keys, checks and indexes: made, dropped, renamed, the names PostgreSQL chooses, and what stands on them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lsp_server.database.casts import comparable
from lsp_server.database.fold.objects import index_of_view, view_index, without_index
from lsp_server.database.fold.state import (
    Refused,
    State,
    column_of,
    index_of,
    mentions,
    named_elements,
    points_at,
    table_of,
)
from lsp_server.database.model import Check, Column, Default, Exclusion, ForeignKey, Index, PrimaryKey, Table, Unique
from lsp_server.database.naming import ConventionalName, earlier_name
from lsp_server.database.operations import (
    AddConstraint,
    Constraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Key,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
    constraint_named,
    table_key,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

LONGEST_NAME = 63


def refuse_if_referred(state: State, table: Table, columns: tuple[str, ...]) -> None:
    """A unique or primary key that a foreign key of another table stands on cannot go alone."""
    same = [each for each in (table.primary_key, *table.uniques) if each and each.columns and set(each.columns) == set(columns)]
    unique = [each for each in table.indexes if each.unique is True and each.columns and set(each.columns) == set(columns)]
    if len(same) + len(unique) > 1:
        return  # The foreign key may stand on the other one.
    for other in state.tables.values():
        for key in other.foreign_keys:
            if points_at(key, table) and key.target_columns and set(key.target_columns) == set(columns) and other.maybe is None:
                raise Refused("depends", f"a foreign key of {other.full_name} needs the key ({', '.join(columns)}) of {table.full_name}")


def drop_referring(state: State, table: Table, columns: tuple[str, ...]) -> None:
    """CASCADE: the foreign keys that stand on a key go with it."""
    for key, other in list(state.tables.items()):
        kept = tuple(each for each in other.foreign_keys
                     if not (points_at(each, table) and set(each.target_columns or ()) == set(columns)))  # fmt: skip
        if len(kept) != len(other.foreign_keys):
            state.tables[key] = replace(other, foreign_keys=kept)


def add_constraint(state: State, operation: AddConstraint, location: Location) -> None:
    table, constraint = table_of(state, operation.table), operation.constraint
    if operation.index is not None:
        _take_index(state, table, operation.index)
        index = index_of(table, operation.index)
        if index is None or index.columns is None or not isinstance(constraint, Unique | PrimaryKey):
            state.tables[operation.table] = replace(table, incomplete=table.incomplete or Unknown("a constraint made from an index", location))
            return
        constraint = replace(constraint, columns=index.columns, name=constraint.name or index.name)
        table = state.tables[operation.table]
    if not isinstance(constraint, Check | Exclusion) and constraint.columns is not None:
        for name in constraint.columns:
            column_of(state, table, name)
    if constraint.name is None:
        constraint = replace(constraint, name=chosen_name(state, table, constraint))
    elif constraint_named(table, constraint.name) is not None:
        if table.incomplete is not None:
            return  # Something may have dropped the first one.
        raise Refused("exists", f"{table.full_name} has a constraint {constraint.name} already")
    if isinstance(constraint.name, ConventionalName):
        constraint = replace(constraint, name=_with_earlier_name(state, table, constraint, constraint.name))
    if isinstance(constraint, PrimaryKey):
        if table.primary_key is not None and table.incomplete is None:
            raise Refused("exists", f"the table {table.full_name} has a primary key already")
        columns = tuple(replace(each, nullable=False, primary_key=True) if each.name in constraint.columns else each
                        for each in table.columns)  # fmt: skip
        state.tables[operation.table] = replace(table, primary_key=constraint, columns=columns)
    elif isinstance(constraint, Unique):
        state.tables[operation.table] = replace(table, uniques=(*table.uniques, constraint))
    elif isinstance(constraint, Check):
        state.tables[operation.table] = replace(table, checks=(*table.checks, constraint))
    elif isinstance(constraint, Exclusion):
        if state.dialect == "postgresql":
            state.tables[operation.table] = replace(table, exclusions=(*table.exclusions, constraint))
    else:
        constraint = _resolved_target(state, table, constraint)
        state.tables[operation.table] = replace(table, foreign_keys=(*table.foreign_keys, constraint))


def _with_earlier_name(state: State, table: Table, constraint: Constraint, name: ConventionalName) -> str:
    """The name, with what the server calls the constraint in databases that are older than the convention."""
    if state.dialect == "sqlite" or (state.dialect != "postgresql" and isinstance(constraint, PrimaryKey)):
        return str(name)  # it gives no names, or always the same
    if name.otherwise is not None or table.incomplete is not None or (state.dialect != "postgresql" and isinstance(constraint, Check)):
        return name
    return ConventionalName(name, chosen_name(state, table, replace(constraint, name=None)))


def settle_name(state: State, key: Key, name: str) -> bool:
    """From now on a part bears this name in every database, however old; False where no part of the table has it."""
    table = state.tables[key]
    if not any(each.name == name for each in named_elements(table)):
        return False
    settled: Any = lambda parts: tuple(replace(each, name=str(name)) if each.name == name else each for each in parts)  # noqa: E731
    state.tables[key] = replace(
        table, primary_key=next(iter(settled((table.primary_key,))), None) if table.primary_key else None, uniques=settled(table.uniques),
        foreign_keys=settled(table.foreign_keys), checks=settled(table.checks), indexes=settled(table.indexes),
    )  # fmt: skip
    return True


def _take_index(state: State, table: Table, name: str) -> None:
    """The index becomes the constraint's own: it is no index of the table's any more."""
    index = index_of(table, name)
    if index is None:
        if table.incomplete is None and state.blind is None:
            raise Refused("missing", f"the index {name} does not exist here")
        return
    if index.unique is False or any(index.expressions) or isinstance(index.where, str):
        raise Refused("mismatch", f"the index {name} cannot become a constraint: it is not a plain unique one")
    state.tables[table.key] = replace(table, indexes=tuple(each for each in table.indexes if each is not index))


def validate_constraint(state: State, operation: ValidateConstraint, location: Location) -> None:
    table = table_of(state, operation.table)
    every: list[Check | ForeignKey] = [*table.checks, *table.foreign_keys]
    unsure = any(each.name is None or each.unknown is not None for each in every)
    if table.incomplete is None and not unsure and constraint_named(table, operation.name) is None:
        raise Refused("missing", f"the table {table.full_name} has no constraint {operation.name} here")


def _resolved_target(state: State, table: Table, key: ForeignKey) -> ForeignKey:
    if key.target_table is None or key.unknown is not None:
        return key
    if state.dialect == "sqlite" and table_key(key.target_table, key.target_schema) not in state.tables:
        return key  # it asks for the target only when rows come
    target = table_of(state, table_key(key.target_table, key.target_schema))
    if key.target_columns is None:
        if target.primary_key is None:
            return key
        key = replace(key, target_columns=target.primary_key.columns)
    assert key.target_columns is not None
    for own, other in zip(key.columns or (), key.target_columns):
        right, left = column_of(state, target, other), table.column(own)
        sure = table.incomplete is None and target.incomplete is None
        if sure and left is not None and right is not None and comparable(left.type, right.type) is False:
            raise Refused("mismatch", f"the key {key.name} cannot stand between {left.type.sql} and {right.type.sql}")
    unique = [target.primary_key, *target.uniques, *(each for each in target.indexes if each.unique is not False)]
    if target.incomplete is None and not any(
        each is not None and each.columns is not None and set(each.columns) == set(key.target_columns) for each in unique
    ) and all(each is None or each.columns is not None for each in unique):  # fmt: skip
        raise Refused("mismatch", f"{target.full_name} has no unique key ({', '.join(key.target_columns)}) to refer to")
    return key


def chosen_name(state: State, table: Table, constraint: Constraint) -> str | None:
    """The name the database gives to an unnamed constraint; None where it is not known. PostgreSQL's, except for keys on MySQL."""
    if state.dialect in ("mysql", "mariadb") and isinstance(constraint, ForeignKey | Unique) and constraint.columns:
        return _chosen_by_mysql(table, constraint)
    columns = None if isinstance(constraint, Check) else constraint.columns
    if isinstance(constraint, PrimaryKey):
        middle, label = "", "pkey"
    elif columns is None:
        mentioned = [each.name for each in table.columns
                     if isinstance(constraint, Check) and mentions(constraint.expression, each.name)]  # fmt: skip
        if not isinstance(constraint, Check) or constraint.expression is None:
            return None
        middle, label = (mentioned[0] if len(mentioned) == 1 else ""), "check"
    else:
        label = "fkey" if isinstance(constraint, ForeignKey) else "excl" if isinstance(constraint, Exclusion) else "key"
        middle = "_".join(columns)
    taken = {earlier_name(each.name) for other in state.tables.values() if other.schema == table.schema for each in named_elements(other)}
    name = object_name(table.name, middle, label)
    number = 0
    while name in taken:
        number += 1
        name = object_name(table.name, middle, f"{label}{number}")
    return name


def _chosen_by_mysql(table: Table, constraint: ForeignKey | Unique) -> str:
    """Foreign keys are counted, a unique key is called by its first column."""
    if isinstance(constraint, ForeignKey):
        counted = [re.fullmatch(rf"{re.escape(table.name)}_ibfk_(\d+)", earlier_name(key.name) or "") for key in table.foreign_keys]
        return f"{table.name}_ibfk_{1 + max((int(match[1]) for match in counted if match), default=0)}"
    assert constraint.columns is not None
    taken = {earlier_name(unique.name) for unique in table.uniques} | {earlier_name(index.name) for index in table.indexes}
    name, number = constraint.columns[0], 1
    while name in taken:
        number += 1
        name = f"{constraint.columns[0]}_{number}"
    return name


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


def drop_constraint(state: State, operation: DropConstraint, location: Location) -> None:
    if operation.if_exists and operation.table not in state.tables:
        return
    table = table_of(state, operation.table)
    if isinstance(operation.name, Unknown):
        state.tables[operation.table] = replace(table, incomplete=operation.name)
        return
    if operation.name is None:
        raise Refused("unnamed", f"a constraint of {table.full_name} is dropped without its name")
    found = constraint_named(table, operation.name)
    if found is None:
        others: list[Check | ForeignKey | Unique | Exclusion] = [*table.checks, *table.foreign_keys, *table.uniques, *table.exclusions]
        unsure = any(each.name is None or each.unknown is not None for each in others)
        if operation.if_exists or table.incomplete is not None or unsure:
            return
        if any(_checked_by(column, operation.name) for column in table.columns):
            state.tables[operation.table] = replace(table, columns=tuple(_unchecked(each, operation.name) for each in table.columns))
            return
        raise Refused("missing", f"the table {table.full_name} has no constraint {operation.name} here")
    if isinstance(found, PrimaryKey | Unique) and found.columns:
        if operation.cascade:
            drop_referring(state, table, found.columns)
            table = state.tables[operation.table]
        else:
            refuse_if_referred(state, table, found.columns)
    columns = table.columns
    if isinstance(found, PrimaryKey):
        columns = tuple(_without_key(state, table, each) for each in columns)
    state.tables[operation.table] = replace(
        table, columns=columns, primary_key=None if found is table.primary_key else table.primary_key,
        uniques=tuple(each for each in table.uniques if each is not found),
        foreign_keys=tuple(each for each in table.foreign_keys if each is not found),
        checks=tuple(each for each in table.checks if each is not found),
        exclusions=tuple(each for each in table.exclusions if each is not found),
    )  # fmt: skip


def _without_key(state: State, table: Table, column: Column) -> Column:
    """A column that its key made a serial stays one without the key: the sequence is in its default."""
    keys = table.primary_key.columns if table.primary_key is not None else ()
    whole = column.type.family in ("SMALLINT", "INTEGER", "BIGINT")
    refers = any(column.name in (key.columns or ()) for key in table.foreign_keys)
    bare = column.server_default is None and column.identity is None and column.computed is None
    counts = column.autoincrement is True or (column.autoincrement in (None, "auto") and keys == (column.name,) and not refers)
    if state.dialect == "postgresql" and column.name in keys and whole and bare and counts:
        sequence = object_name(table.name, column.name, "seq")
        text = f"nextval('{table.schema + '.' if table.schema else ''}{sequence}'::regclass)"
        return replace(column, primary_key=False, server_default=Default("sequence", text))
    return replace(column, primary_key=False)


def rename_constraint(state: State, operation: RenameConstraint, location: Location) -> None:
    table = table_of(state, operation.table)
    found = constraint_named(table, operation.name)
    if found is None and operation.if_exists and settle_name(state, operation.table, operation.new_name):
        return
    if found is None:
        if table.incomplete is not None or operation.if_exists:
            return
        raise Refused("missing", f"the table {table.full_name} has no constraint {operation.name} here")

    def renamed(constraint: Constraint) -> Constraint:
        return replace(constraint, name=operation.new_name) if constraint is found else constraint

    state.tables[operation.table] = replace(
        table, primary_key=renamed(table.primary_key) if table.primary_key else None,  # type: ignore[arg-type]
        uniques=tuple(map(renamed, table.uniques)), foreign_keys=tuple(map(renamed, table.foreign_keys)),  # type: ignore[arg-type]
        checks=tuple(map(renamed, table.checks)),  # type: ignore[arg-type]
        exclusions=tuple(map(renamed, table.exclusions)),  # type: ignore[arg-type]
    )  # fmt: skip


def _checked_by(column: Column, name: str) -> bool:
    """Whether a column's enumeration, which is a text, is kept by a check of this name."""
    enum = column.type.enum
    return enum is not None and enum.create_constraint and not enum.native and enum.name == name


def _unchecked(column: Column, name: str) -> Column:
    enum = column.type.enum
    if enum is None or not _checked_by(column, name):
        return column
    return replace(column, type=replace(column.type, enum=replace(enum, create_constraint=False)))


def create_index(state: State, operation: CreateIndex, location: Location) -> None:
    if operation.table not in state.tables and index_of_view(state, operation):
        return
    table, index = table_of(state, operation.table), operation.index
    for column, expression in zip(index.columns or (), index.expressions or [False] * len(index.columns or ())):
        if not expression:
            column_of(state, table, column)
    if index.name is not None:
        for other in state.tables.values():
            clash = index_of(other, index.name)
            if clash is not None and other.schema == table.schema:
                if operation.if_not_exists:
                    return
                if clash.unknown is None and other.maybe is None and other.incomplete is None:
                    raise Refused("exists", f"an index {index.name} exists already")
    else:
        index = replace(index, name=_index_name(state, table, index))
    state.tables[operation.table] = replace(table, indexes=(*table.indexes, index))


_DIRECTION = re.compile(r"\s+(?:ASC|DESC)?\s*(?:NULLS\s+(?:FIRST|LAST))?$", re.IGNORECASE)


def _index_name(state: State, table: Table, index: Index) -> str:
    """PostgreSQL's name for an index without one: of its columns, and of the functions that its expressions call."""
    parts: list[str] = []
    for column, expression in zip(index.columns or (), index.expressions or [False] * len(index.columns or ())):
        plain = _DIRECTION.sub("", column)
        call = re.match(r"\(?([a-z_]\w*)\(", plain, re.IGNORECASE)
        first = plain if not expression or table.column(plain) is not None else call[1].lower() if call else "expr"
        part, number = first, 0
        while part in parts:
            number += 1
            part = f"{first}{number}"
        parts.append(part)
    taken = {each.name for other in state.tables.values() if other.schema == table.schema for each in named_elements(other)}
    name, number = object_name(table.name, "_".join(parts), "idx"), 0
    while name in taken:
        number += 1
        name = object_name(table.name, "_".join(parts), f"idx{number}")
    return name


def drop_index(state: State, operation: DropIndex, location: Location) -> None:
    holders = [key for key, table in state.tables.items() if index_of(table, operation.name)]
    if operation.name is None:
        return
    if not holders and without_index(state, operation.name):
        return
    if not holders:
        tables = [state.tables.get(operation.table)] if operation.table is not None else list(state.tables.values())
        unsure = state.blind is not None or any(table is not None and table.incomplete is not None for table in tables)
        keys = [each for table in state.tables.values() for each in (table.primary_key, *table.uniques)]
        if any(each is not None and each.name == operation.name for each in keys):
            if operation.if_exists:
                return
            raise Refused("depends", f"the index {operation.name} belongs to a constraint")
        if operation.if_exists or unsure or _made_for_a_key(state, operation):
            return
        raise Refused("missing", f"the index {operation.name} does not exist here")
    key = operation.table if operation.table in holders else holders[0]
    table = state.tables[key]
    state.tables[key] = replace(table, indexes=tuple(each for each in table.indexes if each.name != operation.name))


def _made_for_a_key(state: State, operation: DropIndex) -> bool:
    """MySQL makes an index for a foreign key, called by its first column, which stays when the key goes."""
    table = state.tables.get(operation.table) if operation.table is not None else None
    return state.dialect in ("mysql", "mariadb") and table is not None and table.column(operation.name or "") is not None


def rename_index(state: State, operation: RenameIndex, location: Location) -> None:
    if operation.if_exists and any(settle_name(state, key, operation.new_name) for key in list(state.tables)):
        return
    shown = view_index(state, operation.name)
    if shown is not None and without_index(state, operation.name, replace(shown, name=operation.new_name)):
        return
    for key, table in state.tables.items():
        index = index_of(table, operation.name) if operation.table in (None, key) else None
        if index is not None:
            indexes = tuple(replace(each, name=operation.new_name) if each is index else each for each in table.indexes)
            state.tables[key] = replace(table, indexes=indexes)
            return
        for found in (table.primary_key, *table.uniques):
            if found is not None and found.name == operation.name and operation.table in (None, key):
                rename_constraint(state, RenameConstraint(key, operation.name, operation.new_name), location)
                return
    if not operation.if_exists and state.blind is None and not any(table.incomplete for table in state.tables.values() if table.incomplete is not None):
        raise Refused("missing", f"the index {operation.name} does not exist here")

"""Tables and columns: made, dropped, renamed, altered, and what PostgreSQL takes along with them."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.casts import castable, comparable
from lsp_server.database.fold.enums import present_type
from lsp_server.database.fold.keys import add_constraint, refuse_if_referred
from lsp_server.database.fold.objects import move_owner, take_sequences_along, take_views_along
from lsp_server.database.fold.state import (
    Refused,
    State,
    column_of,
    full_name,
    mentions,
    points_at,
    table_of,
    with_column,
)
from lsp_server.database.model import Column, Exclusion, ForeignKey, Index, PrimaryKey, Table, Unique
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CommentTable,
    Constraint,
    CreateTable,
    DropColumn,
    DropTable,
    Keep,
    RenameTable,
    SetTableOptions,
    table_key,
)
from lsp_server.database.table_options import keeps_foreign_keys, set_options
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def create_table(state: State, operation: CreateTable, location: Location) -> None:
    table = operation.table
    existing = state.tables.get(table.key)
    if existing is not None and existing.maybe is None:
        if operation.if_not_exists or state.blind is not None:
            return
        raise Refused("exists", f"the table {table.full_name} exists already")
    columns = tuple(replace(each, type=present_type(state, each.type)) for each in table.columns)
    named = replace(table, columns=columns, foreign_keys=(), uniques=(), checks=(), primary_key=None, exclusions=())
    state.tables[table.key] = named
    try:
        constraints: list[Constraint | None] = [table.primary_key, *table.uniques, *table.foreign_keys, *table.checks, *table.exclusions]
        for constraint in constraints:
            # A key marked `use_alter` is left to an ALTER TABLE, which a migration does not write by itself.
            later = isinstance(constraint, ForeignKey) and constraint.use_alter and state.dialect != "sqlite"
            if constraint is not None and not later and not _told_already(state.tables[table.key], constraint):
                add_constraint(state, AddConstraint(table.key, constraint), location)
    except Refused:
        del state.tables[table.key]
        raise


def _told_already(table: Table, constraint: Constraint) -> bool:
    """Whether a CREATE TABLE says the same key twice: PostgreSQL makes it once."""
    if not isinstance(constraint, Unique) or constraint.columns is None:
        return False
    same = [each for each in (table.primary_key, *table.uniques) if each is not None and each.columns == constraint.columns]
    return any(constraint.name in (None, each.name) or isinstance(each, PrimaryKey) for each in same)


def drop_table(state: State, operation: DropTable, location: Location) -> None:
    if operation.table not in state.tables and operation.if_exists:
        return
    table = table_of(state, operation.table)
    for key, other in list(state.tables.items()):
        if key == operation.table:
            continue
        pointing = [each for each in other.foreign_keys if points_at(each, table)]
        if state.dialect == "sqlite":
            continue  # keys may point at nothing there
        if pointing and not operation.cascade and other.maybe is None and pointing[0].unknown is None:
            raise Refused("depends", f"the table {other.full_name} still refers to {table.full_name}")
        if pointing:
            kept = tuple(each for each in other.foreign_keys if each not in pointing)
            state.tables[key] = replace(other, foreign_keys=kept)
    del state.tables[operation.table]
    take_sequences_along(state, operation.table)
    if operation.cascade:
        take_views_along(state, operation.table)
    for sort, name in [key for key in state.objects if key[0] in ("trigger", "policy")]:
        if name.endswith(f" on {full_name(operation.table)}"):
            del state.objects[sort, name]


def rename_table(state: State, operation: RenameTable, location: Location) -> None:
    if operation.table not in state.tables and operation.if_exists:
        return
    table = table_of(state, operation.table)
    schema = operation.table[0] if isinstance(operation.schema, Keep) else operation.schema
    new = table_key(operation.name, schema)
    if new in state.tables and state.tables[new].maybe is None:
        raise Refused("exists", f"the table {full_name(new)} exists already")
    renamed = replace(table, name=operation.name, schema=new[0], location=table.location)
    state.tables = {(new if key == operation.table else key): (renamed if key == operation.table else each)
                    for key, each in state.tables.items()}  # fmt: skip
    move_owner(state, operation.table, new)
    there, here = f" on {full_name(operation.table)}", f" on {full_name(new)}"
    state.objects = {(sort, f"{name.removesuffix(there)}{here}" if name.endswith(there) else name): text
                     for (sort, name), text in state.objects.items()}  # fmt: skip
    for key, other in list(state.tables.items()):
        if any(points_at(each, table) for each in other.foreign_keys):
            keys = tuple(replace(each, target_table=operation.name, target_schema=new[0]) if points_at(each, table) else each
                         for each in other.foreign_keys)  # fmt: skip
            state.tables[key] = replace(other, foreign_keys=keys)


def comment_table(state: State, operation: CommentTable, location: Location) -> None:
    state.tables[operation.table] = replace(table_of(state, operation.table), comment=operation.comment)


def set_table_options(state: State, operation: SetTableOptions, location: Location) -> None:
    table = table_of(state, operation.table)
    forgotten = not keeps_foreign_keys(table.options, state.dialect)  # by the engine so far: they do not come back with another
    keys = () if forgotten else table.foreign_keys
    state.tables[operation.table] = replace(table, options=set_options(table, operation.options), foreign_keys=keys)


def add_column(state: State, operation: AddColumn, location: Location) -> None:
    table = table_of(state, operation.table)
    existing = table.column(operation.column.name)
    if existing is not None and existing.maybe is None:
        if operation.if_not_exists or table.incomplete is not None:
            return
        raise Refused("exists", f"the table {table.full_name} has a column {existing.name} already")
    column = replace(operation.column, type=present_type(state, operation.column.type))
    columns = tuple(each for each in table.columns if each is not existing)
    state.tables[operation.table] = replace(table, columns=(*columns, column))


def drop_column(state: State, operation: DropColumn, location: Location) -> None:
    table = state.tables.get(operation.table)
    if operation.if_exists and (table is None or table.column(operation.column) is None):
        return
    table = table_of(state, operation.table)
    name = operation.column
    column_of(state, table, name)
    for columns in [(table.primary_key.columns if table.primary_key else ()), *(each.columns for each in table.uniques)]:
        if columns and name in columns and not operation.cascade:
            refuse_if_referred(state, table, columns)
    primary = table.primary_key if table.primary_key and name not in table.primary_key.columns else None
    state.tables[operation.table] = replace(
        table,
        columns=tuple(each for each in table.columns if each.name != name),
        primary_key=primary,
        uniques=tuple(each for each in table.uniques if name not in (each.columns or ())),
        foreign_keys=tuple(each for each in table.foreign_keys if name not in (each.columns or ())),
        indexes=tuple(each for each in table.indexes if not _index_uses(each, name)),
        checks=tuple(each for each in table.checks if not mentions(each.expression, name)),
        exclusions=tuple(each for each in table.exclusions if name not in (each.columns or ())),
    )
    take_sequences_along(state, operation.table, name)
    if operation.cascade:
        take_views_along(state, operation.table, name)
    for key, other in list(state.tables.items()):
        kept = tuple(each for each in other.foreign_keys
                     if not (points_at(each, table) and name in (each.target_columns or ())))  # fmt: skip
        if len(kept) != len(other.foreign_keys):
            state.tables[key] = replace(other, foreign_keys=kept)


def _index_uses(index: Index, name: str) -> bool:
    marks = index.expressions or tuple(False for _ in index.columns or ())
    for column, expression in zip(index.columns or (), marks):
        if column == name or (expression and mentions(column, name)):
            return True
    return name in index.include or (isinstance(index.where, str) and mentions(index.where, name))


def alter_column(state: State, operation: AlterColumn, location: Location) -> None:
    if operation.table not in state.tables and operation == AlterColumn(operation.table, operation.column, comment=operation.comment):
        return  # The comment of a view's column.
    table = table_of(state, operation.table)
    column = column_of(state, table, operation.column)
    if column is None:
        return
    if not isinstance(operation.type, Keep):
        column = _retyped(state, table, column, operation)
    if not isinstance(operation.nullable, Keep):
        column = replace(column, nullable=operation.nullable)
    if not isinstance(operation.server_default, Keep):
        column = replace(column, server_default=operation.server_default)
    remade = state.dialect in ("mysql", "mariadb") and not isinstance(operation.type, Keep)  # MODIFY says all of a column
    if operation.computed is None or remade:
        column = replace(column, computed=None, persisted=None)
    if not isinstance(operation.identity, Keep):
        column = replace(column, identity=operation.identity)
    if not isinstance(operation.comment, Keep):
        column = replace(column, comment=operation.comment)
    table = with_column(table, operation.column, lambda _: replace(column, maybe=column.maybe))
    state.tables[operation.table] = table
    if not isinstance(operation.name, Keep) and operation.name != operation.column:
        if table.column(operation.name) is not None and table.column(operation.name).maybe is None:  # type: ignore[union-attr]
            raise Refused("exists", f"the table {table.full_name} has a column {operation.name} already")
        _rename_column(state, table, operation.column, operation.name)


def _retyped(state: State, table: Table, column: Column, operation: AlterColumn) -> Column:
    assert not isinstance(operation.type, Keep)
    new = present_type(state, operation.type)
    sure = table.maybe is None and table.incomplete is None and column.maybe is None
    if operation.using is None and state.dialect == "postgresql" and sure:
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
        exclusions=tuple(_renamed_in_exclusion(each, old, new) for each in table.exclusions),
    )
    move_owner(state, table.key, table.key, (old, new))
    for key, other in list(state.tables.items()):
        if any(points_at(each, table) for each in other.foreign_keys):
            keys = tuple(replace(each, target_columns=names(each.target_columns)) if points_at(each, table) else each
                         for each in other.foreign_keys)  # fmt: skip
            state.tables[key] = replace(other, foreign_keys=keys)


def _renamed_in_exclusion(exclusion: Exclusion, old: str, new: str) -> Exclusion:
    if exclusion.elements is None:
        return exclusion
    return replace(exclusion, elements=tuple((new if part == old else part, operator) for part, operator in exclusion.elements))

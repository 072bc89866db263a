"""Enumeration types, and what is neither a table nor a type: views, triggers, sequences."""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.database.fold.state import Refused, State, full_name, object_key
from lsp_server.database.model import ColumnType, EnumType
from lsp_server.database.operations import (
    AddEnumValue,
    CreateEnum,
    CreateObject,
    DropEnum,
    DropObject,
    Key,
    RenameEnum,
    RenameEnumValue,
    SetEnumValues,
    table_key,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_FOREIGN_COLLATION = re.compile(r"(?:utf8mb[34]|utf8|latin1|ascii|utf16)_\w+")


def present_type(state: State, kind: ColumnType) -> ColumnType:
    """A column's type as the database knows it: an enumeration has the values it was made with, and must be there."""
    if kind.collation and state.dialect == "postgresql" and _FOREIGN_COLLATION.match(kind.collation):
        raise Refused("dialect", f"the collation {kind.collation} is MySQL's")
    if kind.item is not None:
        return replace(kind, item=present_type(state, kind.item))
    enum = kind.enum
    if enum is None or not enum.native or enum.name is None or state.dialect != "postgresql":
        return kind
    present = state.enums.get(enum_key(enum.name, enum.schema))
    if present is not None:
        return replace(kind, enum=present)
    if isinstance(enum.values, Unknown):
        return ColumnType(Unknown(f"the type {enum.name}", enum.location), python=kind.python)
    if state.blind is None:
        raise Refused("missing", f"the type {enum.name} does not exist here")
    return kind


def enum_key(name: str, schema: str | None) -> Key:
    return table_key(name, schema)


def create_enum(state: State, operation: CreateEnum, location: Location) -> None:
    if state.dialect != "postgresql" or operation.enum.name is None:
        return
    key = enum_key(operation.enum.name, operation.enum.schema)
    if key in state.enums:
        if operation.if_not_exists:
            return
        raise Refused("exists", f"the type {operation.enum.name} exists already")
    state.enums[key] = operation.enum


def drop_enum(state: State, operation: DropEnum, location: Location) -> None:
    if state.dialect != "postgresql":
        return
    key = enum_key(operation.name, operation.schema)
    if key not in state.enums:
        if state.objects.pop(("type", full_name(key)), None) is not None or operation.if_exists or state.blind is not None:
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
    return enum_key(kind.enum.name, kind.enum.schema)


def _change_enum(state: State, key: Key, enum: EnumType | None) -> None:
    """Replace an enumeration, in the columns that have it as well."""
    del state.enums[key]
    if enum is None or enum.name is None:
        return
    state.enums[enum_key(enum.name, enum.schema)] = enum
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
    key = enum_key(name, schema)
    enum = state.enums.get(key)
    if enum is None:
        if state.blind is None and state.dialect == "postgresql":
            raise Refused("missing", f"the type {name} does not exist here")
        return None
    return key, enum


def add_enum_value(state: State, operation: AddEnumValue, location: Location) -> None:
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


def rename_enum(state: State, operation: RenameEnum, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is None:
        return
    if enum_key(operation.new_name, operation.schema) in state.enums:
        raise Refused("exists", f"the type {operation.new_name} exists already")
    _change_enum(state, found[0], replace(found[1], name=operation.new_name))


def rename_enum_value(state: State, operation: RenameEnumValue, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is None or isinstance(found[1].values, Unknown):
        return
    values = found[1].values
    if operation.value not in values:
        raise Refused("missing", f"the type {operation.name} has no value {operation.value} here")
    renamed = tuple(operation.new_value if each == operation.value else each for each in values)
    _change_enum(state, found[0], replace(found[1], values=renamed))


def set_enum_values(state: State, operation: SetEnumValues, location: Location) -> None:
    found = _known_enum(state, operation.name, operation.schema)
    if found is not None:
        _change_enum(state, found[0], replace(found[1], values=operation.values))


def create_object(state: State, operation: CreateObject, location: Location) -> None:
    if operation.if_not_exists and (operation.sort, operation.name) in state.objects:
        return
    state.objects[operation.sort, operation.name] = operation.text


def drop_object(state: State, operation: DropObject, location: Location) -> None:
    state.objects.pop(object_key(state, operation.sort, operation.name), None)
    if operation.sort == "schema" and operation.cascade:
        for held in (state.tables, state.views, state.sequences):
            for key in [key for key in held if key[0] == operation.name]:
                del held[key]

"""What the project's own metadata says, put where the models' text left something open: column types, nullability, keys.

The text leads: only what is Unknown is taken. Columns that the text does not show are added only to a table that was not seen
whole. How the metadata was obtained is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lsp_server.database.model import Column, ColumnType, Database, EnumType, Table
from lsp_server.database.types import spelled_type
from lsp_server.unknown import Unknown

Tables = Iterable[Mapping[str, Any]]  # {"schema", "name", "columns": [{"name", "type", "enum", "nullable", "primary_key"}]}


def fill(databases: Iterable[Database], metadata: Iterable[Tables]) -> tuple[Database, ...]:
    """The databases, each with what the metadata of the same tables knows better."""
    said: dict[tuple[str | None, str], Mapping[str, Any]] = {}
    for tables in metadata:
        for table in tables:
            said.setdefault((table.get("schema"), str(table.get("name"))), table)
    if not said:
        return tuple(databases)
    return tuple(replace(each, tables=tuple(_filled(table, said.get((table.schema, table.name))) for table in each.tables)) for each in databases)


def _filled(table: Table, said: Mapping[str, Any] | None) -> Table:
    if said is None:
        return table
    described = {str(column["name"]): column for column in said.get("columns", ())}
    columns = tuple(_told(column, described.pop(column.name, None)) for column in table.columns)
    if table.incomplete is None:
        return replace(table, columns=columns)
    # It stays incomplete: of its constraints nobody has spoken.
    added = tuple(_told(Column(name, ColumnType(_OPEN), _OPEN, _OPEN, location=table.location), each) for name, each in described.items())
    return replace(table, columns=(*columns, *added))


def _told(column: Column, said: Mapping[str, Any] | None) -> Column:
    if said is None:
        return column
    known: dict[str, Any] = {}
    if isinstance(column.type.family, Unknown) and isinstance(said.get("type"), str):
        known["type"] = replace(_type(said), python=column.type.python, source=column.type.source)
    for part in ("nullable", "primary_key"):
        if isinstance(getattr(column, part), Unknown) and isinstance(said.get(part), bool):
            known[part] = said[part]
    if column.maybe is not None:
        known["maybe"] = None
    return replace(column, **known, runtime=tuple(known)) if known else column


def _type(said: Mapping[str, Any]) -> ColumnType:
    enum = said.get("enum")
    if not isinstance(enum, dict):
        written = str(said["type"])
        inner = spelled_type(written.removesuffix("[]"))
        return ColumnType("ARRAY", item=inner) if written.endswith("[]") else inner
    name, native = enum.get("name"), bool(enum.get("native"))
    values = tuple(str(value) for value in enum.get("values", ()))
    return ColumnType("ENUM" if native else "VARCHAR", enum=EnumType(name, values, native))


_OPEN = Unknown("what the text does not tell")

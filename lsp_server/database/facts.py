"""A `Database` as the JSON of `--facts`: tables, columns, keys, indexes, with `file` and `line`; not known is `null`.

The form is a contract with other programs. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsp_server.database.model import Check, Column, Database, Default, ForeignKey, Index, Table, Unique
from lsp_server.text import Location
from lsp_server.unknown import Unknown

Line = Callable[[Location], int]  # the 1-based line at which a location starts


def tables_facts(database: Database, line_of: Line) -> dict[str, Any]:
    """`{"tables": […], "unknowns": […]}` of one database."""
    unknowns = [*database.unknowns, *(unknown for table in database.tables for unknown in unknowns_of(table))]
    if database.incomplete is not None:
        unknowns.append(database.incomplete)
    return {
        "tables": [table_facts(table, line_of) for table in database.tables],
        "unknowns": [unknown_facts(unknown, line_of) for unknown in unknowns],
    }


def unknown_facts(unknown: Unknown, line_of: Line) -> dict[str, Any]:
    place = unknown.location
    return {"what": unknown.what, "file": place.path if place else None, "line": line_of(place) if place else None}


def unknowns_of(table: Table) -> list[Unknown]:
    """Everything about a table that could not be read."""
    found = [value for value in (table.incomplete, table.maybe, table.comment) if isinstance(value, Unknown)]
    for column in table.columns:
        fields = (column.type.family, column.nullable, column.primary_key, column.default, column.server_default, column.computed,
                  column.comment, column.maybe)  # fmt: skip
        found.extend(value for value in fields if isinstance(value, Unknown))
    parts: list[ForeignKey | Unique | Index | Check] = [*table.foreign_keys, *table.uniques, *table.indexes, *table.checks]
    return found + [part.unknown for part in parts if part.unknown is not None]


def table_facts(table: Table, line_of: Line) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "schema": table.schema, "name": table.name,
        "columns": [_column(column) for column in table.columns],
        "foreign_keys": [_foreign_key(key) for key in table.foreign_keys],
        "unique": [{"name": unique.name, "columns": _names(unique.columns)} for unique in table.uniques],
        "indexes": [_index(index) for index in table.indexes],
        "checks": [{"name": check.name, "expression": check.expression} for check in table.checks],
    }  # fmt: skip
    if table.comment is not None:
        facts["comment"] = _known(table.comment)
    if table.location is not None:
        facts["file"], facts["line"] = table.location.path, line_of(table.location)
    return facts


def _known(value: Any) -> Any:
    return None if isinstance(value, Unknown) else value


def _names(columns: tuple[str, ...] | None) -> list[str] | None:
    return None if columns is None else list(columns)


def _column(column: Column) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": column.name, "type": column.type.sql, "nullable": _known(column.nullable),
        "primary_key": _known(column.primary_key), "default": _default(column.default),
        "server_default": _default(column.server_default), "comment": _known(column.comment),
    }  # fmt: skip
    if column.autoincrement is not None:
        facts["autoincrement"] = _known(column.autoincrement)
    if column.runtime:
        facts["origin"] = dict.fromkeys(column.runtime, "runtime")
    enum = column.type.enum
    if enum is not None:
        facts["enum"] = {"name": enum.name, "values": None if isinstance(enum.values, Unknown) else list(enum.values)}
    return facts


def _default(default: Default | Unknown | None) -> str | None:
    return default.text if isinstance(default, Default) else None


def _foreign_key(key: ForeignKey) -> dict[str, Any]:
    target = key.target_table
    if target is not None and key.target_schema is not None:
        target = f"{key.target_schema}.{target}"
    facts: dict[str, Any] = {
        "name": key.name, "columns": _names(key.columns), "target_table": target, "target_columns": _names(key.target_columns),
    }  # fmt: skip
    if key.ondelete is not None:
        facts["ondelete"] = _known(key.ondelete)
    if key.onupdate is not None:
        facts["onupdate"] = _known(key.onupdate)
    return facts


def _index(index: Index) -> dict[str, Any]:
    return {"name": index.name, "columns": _names(index.columns), "unique": _known(index.unique)}

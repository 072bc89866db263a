"""SQL text of values: what a default writes into a row, and what stands in where nothing is known."""

from __future__ import annotations

import json

from lsp_server.database.equivalence import family_of
from lsp_server.database.model import Column, ColumnType, Default
from lsp_server.database.sql_text import quoted
from lsp_server.unknown import Unknown

_PLACEHOLDERS = {
    "VARCHAR": "''",
    "CHAR": "''",
    "TEXT": "''",
    "INTEGER": "0",
    "BIGINT": "0",
    "SMALLINT": "0",
    "NUMERIC": "0",
    "DOUBLE PRECISION": "0",
    "REAL": "0",
    "DATE": "'1970-01-01'",
    "TIMESTAMP WITHOUT TIME ZONE": "'1970-01-01 00:00:00'",
    "TIMESTAMP WITH TIME ZONE": "'1970-01-01 00:00:00+00:00'",
    "TIME WITHOUT TIME ZONE": "'00:00:00'",
    "UUID": "'00000000-0000-0000-0000-000000000000'",
    "JSON": "'{}'",
    "JSONB": "'{}'",
    "BYTEA": "''",
}


def literal(value: object, dialect: str | None) -> str | None:
    """A Python constant as SQL; None for what has no evident spelling."""
    if isinstance(value, bool):
        if dialect in ("sqlite", "mysql", "mariadb"):
            return "1" if value else "0"
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (dict, list, tuple)):
        try:
            return quoted(json.dumps(value))
        except (TypeError, ValueError):
            return None
    return None


def default_sql(default: Default | Unknown | None, dialect: str | None) -> str | None:
    """The SQL expression that gives a default's value; None where only Python could tell."""
    if default is None or isinstance(default, Unknown):
        return None
    if default.sort == "constant" and default.value is not None:
        return literal(default.value, dialect)
    if default.sort in ("constant", "sql") and default.text is not None:
        word = default.text.strip().lower()
        if dialect == "sqlite" and word == "now()":
            return "CURRENT_TIMESTAMP"
        if word in ("true", "false"):
            return literal(word == "true", dialect)
        return default.text
    return None


def placeholder(type_: ColumnType, dialect: str | None) -> str | None:
    """A neutral value of a type, for a column whose values are gone; None where there is none."""
    if type_.enum is not None:
        values = type_.enum.values
        return quoted(values[0]) if isinstance(values, tuple) and values else None
    family = family_of(type_)
    if family == "BOOLEAN":
        return literal(False, dialect)
    if family == "UUID" and dialect == "sqlite":
        return quoted("0" * 32)
    return _PLACEHOLDERS.get(family or "")


def must_be_given(column: Column) -> bool:
    """Is this a column that every row needs a value for, and that the database gives none?"""
    return (
        column.nullable is False
        and column.server_default is None
        and column.computed is None
        and column.identity is None
    )

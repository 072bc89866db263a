"""Statements on rows that Python builds, as SQL text: `op.bulk_insert(…)`, `users.update().values(…)`, `insert(users)`.

A value that is known at run time only is spelled `:value`. What cannot be spelled as one statement on one table is None. Nothing here
says what a statement does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.sql_text import column_name, constant_text, sql_text
from lsp_server.python.values import NATIVE, Argument, ClassValue, Instance, Method, Value, find_argument
from lsp_server.unknown import Unknown

_TABLES = ("sqlalchemy.table", "sqlalchemy.Table", "alembic.op.create_table")
_STATEMENTS = ("insert", "update", "delete")
_IDLE_METHODS = ("execution_options", "returning", "inline", "with_dialect_options")
_PARAMETER = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")


def bulk_insert_text(arguments: tuple[Argument, ...], dialect: str) -> str | None:
    """`op.bulk_insert(table, rows)` as one INSERT."""
    table, rows = find_argument(arguments, "table", 0), find_argument(arguments, "rows", 1)
    place = _place(table.value, dialect) if table is not None else None
    return _insert(place, rows.value, dialect) if place is not None and rows is not None else None


def statement_text(value: Value, dialect: str, rows: Value = None) -> str | None:
    """A statement made of tables and columns as SQL; None where it is no INSERT, UPDATE or DELETE, or cannot be spelled.

    `rows` are the parameters that it is run with.
    """
    calls: list[tuple[str, tuple[Argument, ...]]] = []
    while isinstance(value, Instance):
        if isinstance(value.origin, Method):
            calls.append((value.origin.name, value.arguments))
            if value.origin.name in _STATEMENTS:
                return _statement(value.origin.name, _place(value.origin.receiver, dialect), calls[-2::-1], dialect, rows)
            value = value.origin.receiver
            continue
        made = made_by(value) or ""
        sort = made.rpartition(".")[2]
        if made.startswith("sqlalchemy.") and sort in _STATEMENTS and value.arguments:
            return _statement(sort, _place(value.arguments[0].value, dialect), calls[::-1], dialect, rows)
        return None
    return None


def with_parameters(text: str, values: Value) -> tuple[str, ...]:
    """SQL with `:name` and the values it is run with: one statement for each set of values."""
    return tuple(_filled(text, each) for each in (values if isinstance(values, list | tuple) else [values]))


def _filled(text: str, values: Value) -> str:
    if not isinstance(values, dict):
        return text

    def spelled(match: re.Match[str]) -> str:
        constant = _constant(values[match[1]]) if match[1] in values and isinstance(values[match[1]], NATIVE) else None
        return constant if constant is not None else match[0]

    return _PARAMETER.sub(spelled, text)


def _constant(value: Value) -> str | None:
    """A Python constant as SQL that every database reads alike: not so with a backslash."""
    return None if isinstance(value, str) and "\\" in value else constant_text(value)


def _place(table: Value, dialect: str) -> str | None:
    """The name of a table as SQL."""
    if isinstance(table, ClassValue):
        name = table.names.get("__tablename__")
        return name_sql(name, dialect) if isinstance(name, str) else None
    if not isinstance(table, Instance) or (made_by(table) not in _TABLES and name_of(table.origin) not in _TABLES) or not table.arguments:
        return None
    name = next((each.value for each in table.arguments if each.name in (None, "table_name", "name")), None)
    schema = next((each.value for each in table.arguments if each.name == "schema"), None)
    if not isinstance(name, str) or not isinstance(schema, str | None):
        return None
    return table_sql((schema, name), dialect)


def _statement(sort: str, place: str | None, calls: Iterable[tuple[str, tuple[Argument, ...]]], dialect: str, rows: Value) -> str | None:
    values: Value = None
    conditions: list[str] = []
    for name, arguments in calls:
        if name == "values":
            values = _values(arguments)
        elif name in ("where", "filter"):
            for each in arguments:
                condition = _expression(each.value)
                if condition is None:
                    return None
                conditions.append(condition)
        elif name not in _IDLE_METHODS:
            return None
    if place is None:
        return None
    where = f" WHERE {' AND '.join(f'({each})' for each in conditions) if len(conditions) > 1 else conditions[0]}" if conditions else ""
    if sort == "delete":
        return f"DELETE FROM {place}{where}"
    if sort == "insert":
        return None if conditions else _insert(place, rows if values is None else values, dialect)
    if not isinstance(values, dict) or rows is not None or not values:
        return None
    texts = {_column(key, dialect): _expression(value) or ":value" for key, value in values.items()}
    return f"UPDATE {place} SET {', '.join(f'{name} = {text}' for name, text in texts.items())}{where}" if None not in texts else None


def _values(arguments: tuple[Argument, ...]) -> Value:
    """What `.values(…)` is given: a dictionary, a list of them, or keywords."""
    if any(each.star for each in arguments):
        return None
    if arguments and arguments[0].name is None:
        return arguments[0].value
    return {each.name: each.value for each in arguments}


def _insert(place: str, rows: Value, dialect: str) -> str | None:
    listed = rows if isinstance(rows, list | tuple) else [rows]
    if not listed or not all(isinstance(row, dict) and row for row in listed):
        return None
    keys = list(dict.fromkeys(key for row in listed for key in row))
    names = [_column(key, dialect) for key in keys]
    if None in names:
        return None
    texts = [", ".join(_expression(row[key]) or ":value" if key in row else "DEFAULT" for key in keys) for row in listed]
    return f"INSERT INTO {place} ({', '.join(name for name in names if name)}) VALUES {', '.join(f'({text})' for text in texts)}"


def _column(key: Value, dialect: str) -> str | None:
    name = key if isinstance(key, str) else column_name(key)
    return name_sql(name, dialect) if name is not None else None


def _expression(value: Value) -> str | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(value, NATIVE):
        return _constant(value)
    text = sql_text(value, None)
    return text if isinstance(text, str) else None

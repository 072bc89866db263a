"""Queries of the database's own catalogue (`information_schema`, `pg_indexes`, …), answered from a replayed schema.

Only queries about one thing by name are understood: is there such a table, column, index, constraint or type. The rows
answer as a cursor would (`.first()`, `.scalar()`, a loop).
"""

from __future__ import annotations

import re

from lsp_server.database.alchemy_names import made_by
from lsp_server.database.fold.state import State, named_elements
from lsp_server.database.model import Table
from lsp_server.database.naming import ConventionalName
from lsp_server.python.execution import UNANSWERED
from lsp_server.python.values import Event, External, Instance, Value, find_argument

ROWS = External("alembic.catalogue.rows")
_CATALOGUES = re.compile(r"\b(?:information_schema\s*\.\s*(\w+)|(?:pg_catalog\.)?(pg_(?:indexes|class|constraint|type|tables|enum)))\b", re.I)
_CONDITION = re.compile(
    r"(?:\b\w+\s*\.\s*)?\b(table_name|column_name|constraint_name|indexname|tablename|relname|conname|typname|enumlabel)\s*=\s*"
    r"(?:'([^']*)'|:(\w+)|%\((\w+)\)s)", re.I)  # fmt: skip
_FETCHES = ("first", "fetchone", "one_or_none", "scalar", "scalar_one_or_none", "fetchall", "all", "scalars", "mappings")


def answer_query(event: Event, state: State) -> Value:
    """The rows of a query of the catalogue, or what is fetched from such rows; UNANSWERED for anything else."""
    if isinstance(event.receiver, Instance) and event.receiver.origin is ROWS and event.method in _FETCHES:
        return _fetched(event.receiver, event.method)
    if event.method not in ("execute", "exec_driver_sql", "scalar"):
        return UNANSWERED
    given = find_argument(event.arguments, "statement", 0)
    text, bound = _text_of(given.value if given else None)
    parameters = find_argument(event.arguments, "parameters", 1)
    if parameters is not None and isinstance(parameters.value, dict):
        bound = {**bound, **parameters.value}
    bound.update({argument.name: argument.value for argument in event.arguments if argument.name is not None})
    if text is None:
        return UNANSWERED
    found = _exists(text, bound, state)
    if found is None:
        return UNANSWERED
    if re.match(r"\s*select\s+(?:count\s*\(|exists\s*\()", text, re.I):
        value: Value = found if "exists" in text[:40].lower() else int(found)
        rows: list[Value] = [(value,)]
    else:
        rows = [(1,)] if found else []
    result = Instance(ROWS, (), event.location, {"rows": rows})
    return _fetched(result, "scalar") if event.method == "scalar" else result


def _fetched(rows: Instance, method: str | None) -> Value:
    found: list[Value] = rows.attributes["rows"]
    if method in ("fetchall", "all"):
        return list(found)
    if method in ("scalars", "mappings"):
        return rows
    if not found:
        return None
    return found[0][0] if method in ("scalar", "scalar_one_or_none") else found[0]


def _text_of(value: Value) -> tuple[str | None, dict[str | None, Value]]:
    """The text of a statement and the values bound to it."""
    if isinstance(value, str):
        return value, {}
    if not isinstance(value, Instance):
        return None, {}
    if made_by(value) == "sqlalchemy.text":
        first = value.arguments[0].value if value.arguments else None
        return (first if isinstance(first, str) else None), {}
    receiver = getattr(value.origin, "receiver", None)
    if getattr(value.origin, "name", None) == "bindparams" and receiver is not None:
        text, bound = _text_of(receiver)
        return text, {**bound, **{argument.name: argument.value for argument in value.arguments if argument.name}}
    return None, {}


def _exists(text: str, bound: dict[str | None, Value], state: State) -> bool | None:
    """Whether what a query looks for is there; None where the query or the schema is not clear enough."""
    catalogue = _CATALOGUES.search(text)
    if catalogue is None or state.blind is not None:
        return None
    if re.search(r"\bor\b|\blike\b|\bin\s*\(|<>|!=|\bnot\b|data_type|is_nullable|character_maximum|column_default", text, re.I):
        return None
    names: dict[str, str] = {}
    for condition in _CONDITION.finditer(text):
        value = condition[2] if condition[2] is not None else bound.get(condition[3] or condition[4])
        if not isinstance(value, str):
            return None
        names[condition[1].lower()] = str(value)
    sort = (catalogue[1] or catalogue[2]).lower()
    table_name = names.get("table_name") or names.get("tablename")
    table = next((each for each in state.tables.values() if each.name == table_name), None)
    if table is not None and (table.maybe is not None or table.incomplete is not None):
        return None
    if sort in ("tables", "pg_tables") and table_name:
        return table is not None
    if sort == "columns" and table_name and "column_name" in names:
        column = table.column(names["column_name"]) if table is not None else None
        return None if column is not None and column.maybe is not None else column is not None
    return _named_exists(sort, names, [table] if table is not None else [] if table_name else list(state.tables.values()), state)


def _named_exists(sort: str, names: dict[str, str], tables: list[Table], state: State) -> bool | None:
    if any(table.incomplete is not None or table.maybe is not None for table in tables):
        return None
    asked = {names.get("constraint_name"), names.get("conname"), names.get("indexname"), names.get("relname")} - {None}
    if any(isinstance(each.name, ConventionalName) and each.name.otherwise in asked for table in tables for each in named_elements(table)):
        return None  # only where the database is older than the naming convention
    indexes = {index.name for table in tables for index in table.indexes}
    keys = {key.name for table in tables for key in (table.primary_key, *table.uniques) if key is not None}
    others = {key.name for table in tables for key in table.foreign_keys} | {check.name for table in tables for check in table.checks}
    if sort == "pg_indexes" and "indexname" in names:
        return names["indexname"] in indexes | keys
    if sort == "pg_class" and "relname" in names:
        return names["relname"] in indexes | keys | {table.name for table in tables}
    if sort == "pg_constraint" and "conname" in names:
        return names["conname"] in keys | others
    if sort in ("table_constraints", "referential_constraints", "constraint_column_usage", "key_column_usage") and "constraint_name" in names:
        return names["constraint_name"] in keys | others
    if sort == "pg_type" and "typname" in names and "enumlabel" not in names:
        return any(enum.name == names["typname"] for enum in state.enums.values())
    return None

"""What a migration asks the database, answered from a replayed schema: SQLAlchemy's inspector and its relatives.

An answer is given only where the replayed schema knows everything that it says; otherwise the question stays open.
"""

from __future__ import annotations

import re

from lsp_server.database.alchemy_names import made_by
from lsp_server.database.catalogue_query import answer_query
from lsp_server.database.fold.state import State
from lsp_server.database.model import Table
from lsp_server.database.operations import table_key
from lsp_server.python.values import Event, Instance, Value, find_argument
from lsp_server.unknown import Unknown

_INSPECTORS = re.compile(r"(^|\.)(inspect|Inspector(\.from_engine)?|reflection\.Inspector)$")


def answer_question(event: Event, state: State) -> Value:
    """The answer to a question about the schema; UNANSWERED where it is none, or not known."""
    answer = _inspected(event, state)
    return answer_query(event, state) if answer is None else answer


def _inspected(event: Event, state: State) -> Value | None:
    """The answer to `inspector.get_columns("users")` and the like; None where it is no such question, or not known."""
    method = event.method
    if method is None or not (method.startswith(("get_", "has_"))):
        return None
    if method != "has_table" and not _is_inspector(event.receiver):
        return None
    if method in ("get_table_names", "get_view_names", "get_schema_names", "get_enums", "get_sequence_names"):
        return _listed(method, event, state)
    texts = [argument.value for argument in event.arguments if argument.name is None and isinstance(argument.value, str)]
    given = find_argument(event.arguments, "table_name")
    name = given.value if given is not None else texts[0] if texts else None
    schema = find_argument(event.arguments, "schema")
    if not isinstance(name, str) or (schema is not None and not isinstance(schema.value, str | None)):
        return None
    table = state.tables.get(table_key(str(name), schema.value if schema is not None else None))
    if table is None:
        return False if method == "has_table" and state.blind is None else [] if method != "get_pk_constraint" and (
            state.blind is None and method != "has_table" and method.startswith("get_")) else None  # fmt: skip
    if table.maybe is not None:
        return None
    if method == "has_table":
        return True
    if table.incomplete is not None:
        return None
    return _about(method, table)


def _is_inspector(value: Value) -> bool:
    return isinstance(value, Instance) and bool(_INSPECTORS.search(made_by(value) or ""))


def _listed(method: str, event: Event, state: State) -> Value | None:
    if state.blind is not None or any(isinstance(argument.value, Unknown) for argument in event.arguments):
        return None
    given = find_argument(event.arguments, "schema", 0)
    schema = given.value if given is not None and given.value != "public" else None
    if method == "get_table_names":
        if any(table.maybe is not None for table in state.tables.values()):
            return None
        return [table.name for key, table in state.tables.items() if key[0] == schema]
    if method == "get_schema_names":
        return ["public", *(name for sort, name in state.objects if sort == "schema")]
    if method == "get_view_names":
        return [view.name for view in state.views.values() if view.key[0] == schema and not view.materialized]
    if method == "get_enums":
        return [{"name": enum.name, "labels": list(enum.values), "schema": enum.schema or "public"}
                for enum in state.enums.values() if not isinstance(enum.values, Unknown)]  # fmt: skip
    return None


def _about(method: str, table: Table) -> Value | None:
    if method == "get_columns":
        if any(column.maybe is not None for column in table.columns):
            return None
        return [{"name": column.name, "nullable": column.nullable} for column in table.columns]
    if method == "get_indexes":
        found = [{"name": index.name, "column_names": list(index.columns), "unique": index.unique}
                 for index in table.indexes if index.columns is not None]  # fmt: skip
        uniques = [{"name": each.name, "column_names": list(each.columns or ()), "unique": True, "duplicates_constraint": each.name}
                   for each in table.uniques]  # fmt: skip
        return None if any(index.unknown is not None for index in table.indexes) else [*found, *uniques]
    if method == "get_unique_constraints":
        return [{"name": each.name, "column_names": list(each.columns or ())} for each in table.uniques]
    if method == "get_foreign_keys":
        return [{"name": key.name, "constrained_columns": list(key.columns or ()), "referred_table": key.target_table,
                 "referred_columns": list(key.target_columns or ()), "referred_schema": key.target_schema,
                 "options": {"ondelete": key.ondelete} if isinstance(key.ondelete, str) else {}} for key in table.foreign_keys]  # fmt: skip
    if method == "get_pk_constraint":
        key = table.primary_key
        return {"name": key.name if key else None, "constrained_columns": list(key.columns) if key else []}
    if method == "get_check_constraints":
        return [{"name": check.name, "sqltext": check.expression} for check in table.checks]
    return None

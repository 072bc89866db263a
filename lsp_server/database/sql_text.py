"""SQL expressions written in Python to SQL text: `text("…")`, `func.lower(User.email)`, `column.is_(None)`.

Only what reads the same in every dialect we meet; anything else is Unknown with its place.
"""

from __future__ import annotations

import re

from lsp_server.database.alchemy_names import given_to, made_by, name_of
from lsp_server.python.values import NATIVE, EnumMember, External, Instance, Method, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_CONSTANTS = {"sqlalchemy.true": "true", "sqlalchemy.false": "false", "sqlalchemy.null": "NULL"}
_TEXTS = ("sqlalchemy.text", "sqlalchemy.literal_column", "sqlalchemy.column", "sqlalchemy.quoted_name",
          "sqlalchemy.TextClause")  # fmt: skip
_WRAPPERS = ("sqlalchemy.DefaultClause", "sqlalchemy.literal", "sqlalchemy.bindparam", "sqlalchemy.collate",
             "sqlalchemy.conv", "sqlalchemy.type_coerce")  # fmt: skip
_BARE = frozenset({"current_timestamp", "current_date", "current_time", "current_user", "localtime", "localtimestamp", "user",
                   "session_user"})  # fmt: skip
_SUFFIXES = {"desc": " DESC", "asc": " ASC", "nulls_last": " NULLS LAST", "nulls_first": " NULLS FIRST",
             "nullslast": " NULLS LAST", "nullsfirst": " NULLS FIRST"}  # fmt: skip
_OPERATORS = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "+": "+", "-": "-", "*": "*", "/": "/",
              "%": "%", "&": "AND", "|": "OR"}  # fmt: skip
_BINDING = {"|": 1, "&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
_CASTS = {"Date": "DATE", "Time": "TIME WITHOUT TIME ZONE", "Integer": "INTEGER", "BigInteger": "BIGINT", "String": "VARCHAR",
          "Text": "TEXT", "Numeric": "NUMERIC", "Boolean": "BOOLEAN", "DateTime": "TIMESTAMP WITHOUT TIME ZONE",
          "JSONB": "JSONB", "JSON": "JSON", "UUID": "UUID"}  # fmt: skip


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def constant_text(value: Value) -> str | None:
    """A Python constant as SQL; None where it is none."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, EnumMember):
        return quoted(value.name)
    return None


def column_name(value: Value) -> str | None:
    """The name of a column that stands in an expression: a `Column` with a name, `table.c.name`, `Model.name`."""
    if isinstance(value, Instance) and made_by(value) in ("sqlalchemy.Column", "sqlalchemy.mapped_column"):
        name = next((argument.value for argument in given_to(value) if argument.name == "name"), None)
        first = given_to(value)[:1]
        if name is None and first and first[0].name is None:
            name = first[0].value
        if isinstance(name, str):
            return name
        own = value.attributes.get("name") or value.attributes.get("__name__")
        return own if isinstance(own, str) else None
    if isinstance(value, Method) and not isinstance(value.receiver, NATIVE) and not isinstance(value, External):
        return value.name
    if isinstance(value, Instance) and isinstance(value.origin, Method) and value.origin.name == "__getitem__":
        key = value.arguments[0].value if value.arguments else None
        return key if isinstance(key, str) else None
    return None


def sql_text(value: Value, location: Location | None) -> str | Unknown:
    """The SQL text of an expression. Strings are SQL already (`CheckConstraint("a > 0")`)."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, str):
        return value
    text = _text(value)
    return text if text is not None else Unknown("an SQL expression made at run time", location)


def _text(value: Value) -> str | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(value, External | Method):
        name = name_of(value)
        if name in _CONSTANTS:
            return _CONSTANTS[name]
    if not isinstance(value, Instance):
        if isinstance(value, Method):
            return column_name(value)
        return constant_text(value)
    name, arguments = made_by(value), given_to(value)
    first = arguments[0].value if arguments else None
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if name in _TEXTS:
        return first if isinstance(first, str) else None
    if name in _WRAPPERS:
        return _text(first) if arguments else None
    if name in ("sqlalchemy.and_", "sqlalchemy.or_"):
        return _joined(f" {name[11:-1].upper()} ", [argument.value for argument in arguments])
    if name == "sqlalchemy.not_":
        inner = _text(first)
        return f"NOT ({inner})" if inner else None
    if name == "sqlalchemy.func.next_value":
        return _next_value(first)
    if name is not None and name.startswith("sqlalchemy.func."):
        return _function(name[16:], [argument.value for argument in arguments])
    if name is not None and name.startswith("sqlalchemy.") and name[11:] in _SUFFIXES:
        inner = first if isinstance(first, str) else _text(first)
        return inner + _SUFFIXES[name[11:]] if inner else None
    if isinstance(value.origin, External) and value.origin.name.startswith("operator."):
        return _operation(value.origin.name[9:], [argument.value for argument in arguments])
    if name == "sqlalchemy.cast" and len(arguments) == 2:
        inner, kind = _text(first), name_of(arguments[1].value) or made_by(arguments[1].value)
        family = _CASTS.get((kind or "").rpartition(".")[2])
        return f"CAST({inner} AS {family})" if inner and family else None
    column = column_name(value)
    if column is not None:
        return column
    return _method(value) if isinstance(value.origin, Method) else None


def _next_value(sequence: Value) -> str | None:
    """`Sequence("number").next_value()`, as PostgreSQL says it."""
    if not isinstance(sequence, Instance) or made_by(sequence) != "sqlalchemy.Sequence":
        return None
    name, schema = sequence.argument("name", 0), sequence.argument("schema")
    parts = [part.value for part in (schema, name) if part is not None and part.value is not None]
    if not parts or not all(isinstance(part, str) for part in parts):
        return None
    named = ".".join(part if re.fullmatch(r"[a-z_][a-z0-9_$]*", part) else '"' + part.replace('"', '""') + '"' for part in parts)
    return f"nextval({quoted(named)})"


def _joined(joiner: str, values: list[Value]) -> str | None:
    parts = [_text(value) for value in values]
    return None if None in parts else joiner.join(part for part in parts if part is not None)


def _function(name: str, values: list[Value]) -> str | None:
    if name in _BARE and not values:
        return name.upper()
    inside = _joined(", ", values)
    return None if inside is None else f"{name}({inside})"


def _operation(operator: str, values: list[Value]) -> str | None:
    if len(values) != 2 or operator not in _OPERATORS:
        return None
    if values[1] is None and operator in ("==", "!="):
        left = _text(values[0])
        return None if left is None else f"{left} IS {'NOT ' if operator == '!=' else ''}NULL"
    texts = [_operand(value, operator, side) for side, value in enumerate(values)]
    return None if None in texts else f" {_OPERATORS[operator]} ".join(text for text in texts if text is not None)


def _operand(value: Value, operator: str, side: int) -> str | None:
    """One side of an operator, in parentheses where SQL would read it otherwise."""
    text = _text(value)
    if text is None or not isinstance(value, Instance) or not isinstance(value.origin, External):
        return text
    inner = _BINDING.get(value.origin.name.removeprefix("operator."))
    looser = inner is not None and (inner < _BINDING[operator] or (side == 1 and inner == _BINDING[operator] and operator in ("-", "/", "%", "*")))
    return f"({text})" if looser else text


def _method(value: Instance) -> str | None:
    """`column.desc()`, `column.is_(None)`, `column.in_([…])`, `column.op("gin_trgm_ops")`."""
    method: Method = value.origin
    if method.name == "next_value":
        return _next_value(method.receiver)
    receiver = _text(method.receiver)
    if receiver is None:
        return None
    values = [argument.value for argument in value.arguments]
    if method.name in _SUFFIXES:
        return receiver + _SUFFIXES[method.name]
    if method.name in ("is_", "is_not", "isnot") and len(values) == 1:
        right = _text(values[0])
        return None if right is None else f"{receiver} IS {'' if method.name == 'is_' else 'NOT '}{right}"
    if method.name in ("in_", "not_in", "notin_") and values and isinstance(values[0], list | tuple):
        inside = _joined(", ", list(values[0]))
        return None if inside is None else f"{receiver} {'IN' if method.name == 'in_' else 'NOT IN'} ({inside})"
    if method.name in ("label", "self_group", "cast", "collate"):
        return receiver
    return None

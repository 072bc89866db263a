"""`select(…)` written in Python to the SQL that SQLAlchemy makes of it, for the queries of views.

Columns are called by their table, as SQLAlchemy does. What is not spelled the same for every database, and whatever is not
understood to the last word, makes the whole query unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.assemble import TableDraft
from lsp_server.database.elements import ColumnDraft
from lsp_server.database.sql_text import constant_text
from lsp_server.python.values import Argument, ClassValue, Comparison, EnumMember, External, Instance, Method, Value
from lsp_server.unknown import Unknown

_COMPARED = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARITHMETIC = {"+": "+", "-": "-", "*": "*"}
_ORDER = {"desc": "DESC", "asc": "ASC"}
_TEXTS = ("sqlalchemy.text", "sqlalchemy.literal_column", "sqlalchemy.TextClause")


class Tables(Protocol):
    """Which tables and columns the values of a program mean."""

    def table(self, value: Value) -> TableDraft | None: ...

    def column(self, value: Value) -> tuple[TableDraft, ColumnDraft] | None: ...


class _NotSaid(Exception):
    """Some part is not understood. Never leaves this module."""


def query_text(value: Value, tables: Tables) -> str | Unknown:
    """The query as one text."""
    location = value.location if isinstance(value, Instance | Unknown) else None
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Instance) and made_by(value) in _TEXTS:
        text = value.arguments[0].value if value.arguments else None
        return str(text).strip().rstrip(";") if isinstance(text, str) else Unknown("a query made at run time", location)
    try:
        return _Select(tables).text(value)
    except _NotSaid:
        return Unknown("a query made at run time", location)


class _Select:
    """One `select(…)` with the methods that were called on it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.shown: list[str] = []
        self.sources: list[str] = []
        self.joined: list[str] = []
        self.conditions: list[str] = []
        self.groups: list[str] = []
        self.having: list[str] = []
        self.orders: list[str] = []
        self.distinct = False
        self.start: str | None = None

    def text(self, value: Value) -> str:
        self._read(value)
        if not self.shown:
            raise _NotSaid
        if self.start is not None:
            sources = [self.start, *(name for name in self.sources if name != self.start and f"JOIN {name} ON" not in " ".join(self.joined))]
        else:
            joined = {join.split(" ON ")[0].rpartition(" ")[2] for join in self.joined}
            sources = [name for name in dict.fromkeys(self.sources) if name not in joined]
        if self.joined and len(sources) != 1:
            raise _NotSaid
        parts = [f"SELECT {'DISTINCT ' if self.distinct else ''}{', '.join(self.shown)}"]
        if sources:
            parts.append("FROM " + " ".join([", ".join(dict.fromkeys(sources)), *self.joined]))
        for word, items, joiner in (
            ("WHERE", self.conditions, " AND "), ("GROUP BY", self.groups, ", "), ("HAVING", self.having, " AND "), ("ORDER BY", self.orders, ", "),
        ):  # fmt: skip
            if items:
                parts.append(f"{word} {joiner.join(items)}")
        return " ".join(parts)

    def _read(self, value: Value) -> None:
        if not isinstance(value, Instance):
            raise _NotSaid
        if made_by(value) == "sqlalchemy.select":
            arguments = [argument for argument in value.arguments if argument.name is None]
            if len(arguments) == 1 and isinstance(arguments[0].value, list):
                raise _NotSaid  # the form of SQLAlchemy 1.3
            for argument in arguments:
                self.shown += self._columns(argument)
            return
        if not isinstance(value.origin, Method):
            raise _NotSaid
        self._read(value.origin.receiver)
        method = value.origin.name
        plain = [argument.value for argument in value.arguments if argument.name is None and not argument.star]
        if method in ("where", "filter"):
            self.conditions += [self._condition(each) for each in plain]
        elif method == "group_by":
            self.groups += [self._expression(each) for each in plain]
        elif method == "having":
            self.having += [self._condition(each) for each in plain]
        elif method == "order_by":
            self.orders += [self._expression(each) for each in plain]
        elif method == "distinct" and not value.arguments:
            self.distinct = True
        elif method == "select_from" and len(plain) == 1:
            self.start = self._source(plain[0])
        elif method in ("join", "outerjoin") and len(plain) == 2 and len(value.arguments) == len(plain) + len(_outer(value)):
            outer = method == "outerjoin" or bool(_outer(value))
            self.joined.append(f"{'LEFT OUTER ' if outer else ''}JOIN {self._source(plain[0])} ON {self._condition(plain[1], alone=True)}")
        else:
            raise _NotSaid

    def _source(self, value: Value) -> str:
        table = self.tables.table(value)
        if table is None:
            raise _NotSaid
        return _name_of_table(table)

    def _columns(self, argument: Argument) -> list[str]:
        table = self.tables.table(argument.value) if not argument.star else None
        if table is not None:
            if table.incomplete is not None or any(column.column_name is None for column in table.columns):
                raise _NotSaid
            self.sources.append(_name_of_table(table))
            return [f"{_name_of_table(table)}.{_quoted(column.column_name or '')}" for column in table.columns]
        return [self._expression(argument.value, shown=True)]

    # Expressions

    def _expression(self, value: Value, shown: bool = False) -> str:
        found = self.tables.column(value)
        if found is not None:
            table, column = found
            self.sources.append(_name_of_table(table))
            return f"{_name_of_table(table)}.{_quoted(column.column_name or '')}"
        if isinstance(value, Comparison):
            return self._condition(value)
        if isinstance(value, bool | str | int | float | EnumMember) and not shown:
            text = constant_text(value)
            if text is None or isinstance(value, bool):
                raise _NotSaid  # databases spell truth differently
            return text
        if not isinstance(value, Instance):
            raise _NotSaid
        return self._made(value, shown)

    def _made(self, value: Instance, shown: bool) -> str:
        name = made_by(value)
        plain = [argument.value for argument in value.arguments]
        if name in _TEXTS and plain and isinstance(plain[0], str):
            return str(plain[0])
        if name is not None and name.startswith("sqlalchemy.func."):
            text = f"{name[16:]}({', '.join(map(self._expression, plain)) or ('*' if name == 'sqlalchemy.func.count' else '')})"
            return f"{text} AS {name[16:]}_1" if shown else text
        if name in ("sqlalchemy.and_", "sqlalchemy.or_"):
            inner = f" {name[11:-1].upper()} ".join(self._condition(each, alone=name == "sqlalchemy.and_") for each in plain)
            return inner if name == "sqlalchemy.and_" or len(plain) < 2 else f"({inner})"
        if isinstance(value.origin, External) and value.origin.name.startswith("operator."):
            sign = _ARITHMETIC.get(value.origin.name[9:])
            if sign is None or shown or len(plain) != 2 or any(_is_operation(each) for each in plain):
                raise _NotSaid
            return f"{self._expression(plain[0])} {sign} {self._expression(plain[1])}"
        if isinstance(value.origin, Method):
            return self._method(value, value.origin, plain)
        raise _NotSaid

    def _method(self, value: Instance, method: Method, plain: list[Value]) -> str:
        if method.name == "label" and len(plain) == 1 and isinstance(plain[0], str):
            return f"{self._expression(method.receiver)} AS {_quoted(str(plain[0]))}"
        if method.name in _ORDER and not plain:
            return f"{self._expression(method.receiver)} {_ORDER[method.name]}"
        if method.name in ("is_", "is_not", "isnot") and plain == [None]:
            return f"{self._expression(method.receiver)} IS {'' if method.name == 'is_' else 'NOT '}NULL"
        if method.name in ("in_", "not_in", "notin_") and len(plain) == 1 and isinstance(plain[0], list | tuple) and plain[0]:
            items = ", ".join(map(self._expression, plain[0]))
            left = self._expression(method.receiver)
            return f"{left} IN ({items})" if method.name == "in_" else f"({left} NOT IN ({items}))"
        if method.name == "like" and len(plain) == 1 and len(value.arguments) == 1:
            return f"{self._expression(method.receiver)} LIKE {self._expression(plain[0])}"
        raise _NotSaid

    def _condition(self, value: Value, alone: bool = True) -> str:
        if not isinstance(value, Comparison):
            if isinstance(value, bool):
                raise _NotSaid  # a comparison that Python itself was thought to answer
            return self._expression(value)
        if value.operator in ("&", "|"):
            left, right = self._condition(value.left, value.operator == "&"), self._condition(value.right, value.operator == "&")
            return f"{left} AND {right}" if value.operator == "&" else f"({left} OR {right})"
        sign = _COMPARED.get(value.operator)
        if sign is None:
            raise _NotSaid
        return f"{self._expression(value.left)} {sign} {self._expression(value.right)}"


def _outer(value: Instance) -> list[Argument]:
    return [argument for argument in value.arguments if argument.name == "isouter" and argument.value is True]


def _is_operation(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name.startswith("operator.")


def _name_of_table(table: TableDraft) -> str:
    return ".".join(_quoted(part) for part in (table.schema, table.name) if part)


def _quoted(name: str) -> str:
    plain = name.replace("_", "a").isalnum() and name == name.lower() and not name[:1].isdigit()
    return name if plain else '"' + name.replace('"', '""') + '"'


class DraftTables:
    """The tables of the models, as their reader has them before they are put together."""

    def __init__(self, drafts: Iterable[TableDraft], owner_of: dict[int, TableDraft]) -> None:
        self.owner_of = owner_of
        self._by_source: dict[int, list[tuple[TableDraft, ColumnDraft]]] = {}
        for draft in drafts:
            for column in draft.columns:
                if column.source is not None:
                    self._by_source.setdefault(id(column.source), []).append((draft, column))

    def table(self, value: Value) -> TableDraft | None:
        if isinstance(value, Method) and value.name == "__table__":
            value = value.receiver
        return self.owner_of.get(id(value)) if isinstance(value, ClassValue | Instance) else None

    def column(self, value: Value) -> tuple[TableDraft, ColumnDraft] | None:
        if isinstance(value, Instance):
            owners = self._by_source.get(id(value), [])
            if len(owners) == 1:
                return owners[0]
            if isinstance(value.origin, Method) and value.origin.name == "__getitem__" and name_of(value.origin.receiver) is None:
                return self._member(value.origin.receiver, value)
            return None
        return self._member(value.receiver, value) if isinstance(value, Method) else None

    def _member(self, holder: Value, value: Value) -> tuple[TableDraft, ColumnDraft] | None:
        while isinstance(holder, Method) and holder.name in ("c", "columns", "__table__"):
            holder = holder.receiver
        table = self.owner_of.get(id(holder))
        column = table.column(value) if table is not None else None
        return (table, column) if table is not None and column is not None else None

"""`CREATE VIEW` as text: told apart into name, options and query, put together again, compared, and asked what it reads.

Texts are compared by their words; only where these differ the SQL parser is loaded, which sees through letter case, needless
qualifiers and aliases. Whether two different queries give the same rows is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from lsp_server.database.grammar import grammar_of
from lsp_server.database.model import View
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from sqlglot import exp

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[\w$]+)'
_QUALIFIED = rf"{_NAME}(?:\s*\.\s*{_NAME})?"
_MODIFIER = r"(?:recursive|algorithm\s*=\s*\w+|definer\s*=\s*\S+|sql\s+security\s+\w+)"
_HEAD = re.compile(
    rf"\s*create\s+(?P<replaces>or\s+replace\s+)?(?P<modifiers>(?:{_MODIFIER}\s+)*)(?P<materialized>materialized\s+)?view\s+"
    rf"(?P<lenient>if\s+not\s+exists\s+)?(?P<name>{_QUALIFIED})(?P<rest>.*)", re.IGNORECASE | re.DOTALL)  # fmt: skip
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/|[()]|\w+", re.DOTALL)
_PIECE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/|[\w$]+|[^\s\w]", re.DOTALL)

_TAIL = re.compile(r"\s+with\s+(?:(?:no\s+)?data|(?:(?:cascaded|local)\s+)?check\s+option)\s*$", re.IGNORECASE)  # of CREATE VIEW


@dataclass(frozen=True, slots=True)
class ReadView:
    """A `CREATE VIEW` statement: the view, and how it is asked for."""

    view: View
    lenient: bool  # IF NOT EXISTS
    replaces: bool  # OR REPLACE


def read_view(statement: str, location: Location | None = None) -> ReadView | None:
    """What a statement makes; None where it makes no view, or a temporary one."""
    match = _HEAD.match(statement)
    if match is None:
        return None
    head, query = _around_as(match["rest"])
    if query is None:
        return None
    columns: tuple[str, ...] = ()
    if head.startswith("("):
        listed, _, head = head[1:].partition(")")
        columns = tuple(plain_name(part) for part in listed.split(","))
    parts = re.findall(_NAME, match["name"])
    view = View(
        plain_name(parts[-1]), query.strip().rstrip(";").strip(), plain_name(parts[-2]) if len(parts) > 1 else None,
        match["materialized"] is not None, columns, _one_line(match["modifiers"]).upper(), _one_line(head), location=location,
        written=re.sub(r"\s+", "", match["name"]),
    )  # fmt: skip
    return ReadView(view, match["lenient"] is not None, match["replaces"] is not None)


def _around_as(text: str) -> tuple[str, str | None]:
    """What stands before and behind the word AS that is in no parentheses."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        depth += (token == "(") - (token == ")")
        if depth == 0 and token.lower() == "as":
            return text[: match.start()].strip(), text[match.end() :]
    return text, None


def plain_name(name: str) -> str:
    """A name as the database knows it: what is not quoted is lower-case."""
    name = name.strip()
    if name[:1] in ('"', "`"):
        return name[1:-1].replace(name[0] * 2, name[0])
    return name.lower()


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


# Comparing


def same_view(before: View, after: View, dialect: str | None) -> bool | None:
    """Do both say the same? None: a query is not known."""
    if isinstance(before.query, Unknown) or isinstance(after.query, Unknown):
        return None
    around = [(view.materialized, view.columns, view.modifiers, view.options.lower()) for view in (before, after)]
    return around[0] == around[1] and same_query(before.query, after.query, dialect)


def same_query(before: str, after: str, dialect: str | None) -> bool:
    if _words(before) == _words(after):
        return True
    queries = _canonical(before, dialect), _canonical(after, dialect)
    tails = [_one_line(match[0]).lower() if (match := _TAIL.search(query)) else "" for query in (before, after)]
    return queries[0] is not None and queries[0] == queries[1] and tails[0] == tails[1]


def same_columns(before: str, after: str, dialect: str | None) -> bool:
    """Do both queries show the very same expressions under the same names? Then the database may replace one by the other."""
    lists = _selected(before, dialect), _selected(after, dialect)
    return lists[0] is not None and lists[0] == lists[1] and not any("*" in text for text in lists[0])


def _words(query: str) -> list[str]:
    pieces = (piece for piece in _PIECE.findall(query) if not piece.startswith(("--", "/*")))
    return [piece if piece[0] in "'\"`" else piece.lower() for piece in pieces]


@lru_cache(maxsize=256)
def _parsed(query: str, dialect: str | None) -> exp.Expression | None:
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it cannot read is told by None
    query = _TAIL.sub("", query)
    try:
        return cast("exp.Expression", sqlglot.parse_one(query, read=grammar_of(dialect or "postgresql")))
    except (SqlglotError, RecursionError):
        return None


def _canonical(query: str, dialect: str | None) -> str | None:
    """The query in one spelling; a query of one table has no need of its name before each column."""
    from sqlglot import exp

    tree = _parsed(query, dialect)
    if not isinstance(tree, exp.Query):
        return None
    tree = tree.copy()
    for select in tree.find_all(exp.Select):
        source = select.args.get("from_") or select.args.get("from")
        if source is not None and not select.args.get("joins") and isinstance(source.this, exp.Table) and _is_outermost(select):
            for column in select.find_all(exp.Column):
                column.set("table", None)
                column.set("db", None)
            source.this.set("alias", None)
        for item in select.expressions:
            if isinstance(item, exp.Alias) and isinstance(item.this, exp.Column) and item.alias == item.this.name:
                item.replace(item.this)
    return tree.sql(comments=False, normalize=True, normalize_functions="lower")


def _is_outermost(select: exp.Select) -> bool:
    """A query without others inside or around it: in these a column may be another one's."""
    from sqlglot import exp

    return select.find_ancestor(exp.Select) is None and len(list(select.find_all(exp.Select))) == 1


def _selected(query: str, dialect: str | None) -> list[str] | None:
    from sqlglot import exp

    tree = _parsed(query, dialect)
    if not isinstance(tree, exp.Select):
        return None
    sources = sorted(table.sql().lower() for table in tree.find_all(exp.Table))
    return [*sources, *(item.sql(normalize=True) for item in tree.selects)]


# What it reads


@dataclass(frozen=True, slots=True)
class Reads:
    """The tables and views that a query reads, and the names of all columns in it. `every`: it shows whatever columns there are."""

    tables: frozenset[tuple[str | None, str]]
    columns: frozenset[str]
    every: bool


def reads_of(view: View, dialect: str | None) -> Reads | None:
    """None where the query is not known or not understood."""
    from sqlglot import exp

    tree = _parsed(view.query, dialect) if isinstance(view.query, str) else None
    if tree is None:
        return None
    own = {each.alias.lower() for each in tree.find_all(exp.CTE)}
    tables = set()
    for table in tree.find_all(exp.Table):
        name, schema = _spelled(table.this), table.args.get("db")
        if schema is None and name in own:
            continue
        place = _spelled(schema) if schema is not None else None
        tables.add((None if place == "public" else place, name))
    columns = frozenset(_spelled(column.this) for column in tree.find_all(exp.Column) if isinstance(column.this, exp.Identifier))
    every = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    return Reads(frozenset(tables), columns, every)


def _spelled(node: exp.Expression) -> str:
    from sqlglot import exp

    name = str(node.name)
    return name if not isinstance(node, exp.Identifier) or node.args.get("quoted") else name.lower()


def reads_table(view: View, table: tuple[str | None, str], dialect: str | None) -> bool:
    """Where the query is not understood, a table that it names anywhere counts as read."""
    found = reads_of(view, dialect)
    if found is not None:
        return any(key[1].lower() == table[1].lower() and key[0] in (None, table[0]) for key in found.tables)
    return isinstance(view.query, Unknown) or table[1].lower() in [plain_name(word).lower() for word in _words(view.query)]


def shows_column(view: View, table: tuple[str | None, str], column: str, dialect: str | None) -> bool:
    """Whether a view uses a column of a table; where a name may mean another table's column, it counts."""
    if not reads_table(view, table, dialect):
        return False
    found = reads_of(view, dialect)
    return found is None or found.every or column.lower() in {name.lower() for name in found.columns}


def may_read_elsewhere(view: View, dialect: str | None) -> bool:
    """Whether a query names a schema, which on MySQL is another database, or is not understood well enough to tell."""
    found = reads_of(view, dialect)
    return isinstance(view.query, str) and (found is None or any(schema is not None for schema, _ in found.tables))


def in_order(views: tuple[View, ...], dialect: str | None) -> tuple[View, ...]:
    """Views with those that they read before them; those that cannot be put in order last."""
    remaining = list(views)
    ordered: list[View] = []
    while remaining:
        ready = [view for view in remaining if not any(other is not view and reads_table(view, other.key, dialect) for other in remaining)]
        ready = ready or remaining[:1]
        ordered += ready
        remaining = [view for view in remaining if view not in ready]
    return tuple(ordered)


# Renames


def renamed_query(
    query: str, dialect: str | None, before: tuple[str | None, str], after: tuple[str | None, str], columns: tuple[str, str] | None = None,
    *, keeps_names: bool = True,
) -> str | None:  # fmt: skip
    """The query that reads the same after a table, or one of its columns, was renamed; None where that cannot be told.

    `keeps_names`: the view's own columns are called as before.
    """
    from sqlglot import exp

    tree = _parsed(query, dialect)
    if tree is None:
        return None
    tree = tree.copy()
    named: set[str] = set()
    others = 0
    for table in tree.find_all(exp.Table):
        schema = _spelled(table.args["db"]) if table.args.get("db") is not None else None
        if _spelled(table.this).lower() != before[1].lower() or schema not in (None, "public", before[0]):
            others += 1
            continue
        named.add((table.alias or table.name).lower())
        table.set("this", _identifier(after[1]))
        if before[0] != after[0]:
            table.set("db", _identifier(after[0]) if after[0] else None)
    for column in list(tree.find_all(exp.Column)):
        qualifier = column.table.lower()
        if columns is None:
            if qualifier in named and qualifier == before[1].lower():
                column.set("table", _identifier(after[1]))
        elif column.name.lower() == columns[0].lower():
            if not qualifier and others:
                return None
            if not qualifier or qualifier in named:
                _rename_column(column, columns, keeps_names)
    if columns is not None and any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star)):
        return None
    tail = _TAIL.search(query)
    return tree.sql(dialect=grammar_of(dialect or "postgresql"), normalize_functions="lower") + (tail[0] if tail else "")


def _rename_column(column: exp.Expression, columns: tuple[str, str], keeps_names: bool) -> None:
    from sqlglot import exp

    shown = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
    column.set("this", _identifier(columns[1]))
    if shown and keeps_names:
        column.replace(exp.alias_(column.copy(), _identifier(columns[0])))


def _identifier(name: str) -> exp.Identifier:
    from sqlglot import exp

    return exp.Identifier(this=name, quoted=re.fullmatch(r"[a-z_][a-z0-9_$]*", name) is None)

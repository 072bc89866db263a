"""PostgreSQL's exclusion constraints, as SQL says them and as SQLAlchemy's `ExcludeConstraint` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lsp_server.database.model import Exclusion
from lsp_server.database.sql_text import sql_text
from lsp_server.database.view_text import plain_name
from lsp_server.python.values import Argument, Value, find_argument
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_CLAUSE = re.compile(r"exclude\s+(?:using\s+(\w+)\s*)?\(", re.IGNORECASE)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[(),]")
_ELEMENT = re.compile(r"(.*?)\s+with\s+(\S+)\s*", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r'"(?:[^"]|"")+"|[\w$]+')


def exclusion_of_sql(text: str, name: str | None, location: Location) -> Exclusion:
    """`EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (…)`; unknown where it is not understood."""
    unread = Exclusion(None, name, unknown=Unknown("an exclusion constraint", location), location=location)
    match = _CLAUSE.search(text)
    if match is None:
        return unread
    listed, rest = _inside(text[match.end() :])
    if listed is None:
        return unread
    elements: list[tuple[str, str]] = []
    classes: list[tuple[str, str]] = []
    for part in listed:
        element = _ELEMENT.fullmatch(part.strip())
        if element is None:
            return unread
        words = element[1].split()
        plain = _PLAIN.fullmatch(words[0]) is not None if words else False
        column = plain_name(words[0]) if plain and len(words) <= 2 else element[1].strip()
        if plain and len(words) == 2:
            classes.append((column, words[1]))
        elements.append((column, element[2]))
    where = re.search(r"\bwhere\s*\((.*)\)", rest, re.IGNORECASE | re.DOTALL)
    deferrable = re.search(r"\b(not\s+)?deferrable\b", rest, re.IGNORECASE)
    initially = re.search(r"\binitially\s+(deferred|immediate)\b", rest, re.IGNORECASE)
    return Exclusion(
        tuple(elements), name, (match[1] or "btree").lower(), " ".join(where[1].split()) if where else None, tuple(classes),
        deferrable[1] is None if deferrable else None, initially[1].upper() if initially else None, location=location,
    )  # fmt: skip


def _inside(text: str) -> tuple[list[str] | None, str]:
    """The parts between the commas of an opened parenthesis, and what follows it."""
    depth = start = 0
    parts: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "(":
            depth += 1
        elif token == ")" and depth == 0:
            return [*parts, text[start : match.start()]], text[match.end() :]
        elif token == ")":
            depth -= 1
        elif token == "," and depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return None, ""


def exclusion_of_values(
    elements: Iterable[Value], options: tuple[Argument, ...], name: str | None, location: Location, column: Callable[[Value], str | None]
) -> Exclusion:
    """From the pairs and keywords of `ExcludeConstraint` or `op.create_exclude_constraint`; `column` names a column of the table."""
    pairs: list[tuple[str, str]] = []
    for element in elements:
        if not isinstance(element, tuple | list) or len(element) != 2 or not isinstance(element[1], str):
            return Exclusion(None, name, unknown=Unknown("the elements of an exclusion constraint", location), location=location)
        text = column(element[0]) or sql_text(element[0], location)
        if isinstance(text, Unknown):
            return Exclusion(None, name, unknown=text, location=location)
        pairs.append((text, str(element[1])))
    where, method, classes = (_given(options, word) for word in ("where", "using", "ops"))
    deferrable, initially = _given(options, "deferrable"), _given(options, "initially")
    return Exclusion(
        tuple(pairs) if pairs else None, name, method.lower() if isinstance(method, str) else "gist",
        sql_text(where, location) if where is not None else None,
        tuple((key, item) for key, item in classes.items() if isinstance(key, str) and isinstance(item, str)) if isinstance(classes, dict) else (),
        deferrable if isinstance(deferrable, bool) else None, initially.upper() if isinstance(initially, str) else None,
        None if pairs else Unknown("the elements of an exclusion constraint", location), location,
    )  # fmt: skip


def _given(options: tuple[Argument, ...], name: str) -> Value:
    found = find_argument(options, name)
    return found.value if found is not None else None

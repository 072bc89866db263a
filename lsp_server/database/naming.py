"""Naming conventions: the names that SQLAlchemy gives to constraints and indexes which the program leaves unnamed.

Knows the tokens of `MetaData(naming_convention=…)`. A convention with a function of the program is not followed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

DEFAULT_CONVENTION: Mapping[str, str] = {"ix": "ix_%(column_0_label)s"}
_LONGEST = {"postgresql": 63, "mysql": 64, "mariadb": 64}  # characters, as SQLAlchemy counts them; SQLite takes any
_TOKEN = re.compile(r"%\((\w+)\)s")
_COLUMN = re.compile(r"(referred_)?column_(\d+)(_?N)?_(name|key|label)")


class ConventionalName(str):
    """A name that a revision does not state: today's convention gives it, and did so only if it was there when the revision ran.

    `otherwise` is what a database calls the part that ran the revision before: the name as written, or the server's own; None
    where that is not known.
    """

    __slots__ = ("otherwise",)

    otherwise: str | None

    def __new__(cls, text: str, otherwise: str | None = None) -> ConventionalName:
        made = super().__new__(cls, text)
        made.otherwise = otherwise
        return made


def earlier_name(name: str | None) -> str | None:
    """The name without the help of a convention."""
    return name.otherwise if isinstance(name, ConventionalName) else name


def conventional_name(
    convention: Mapping[str, str],
    sort: str,
    table: str,
    columns: Sequence[str],
    *,
    schema: str | None = None,
    given: str | None = None,
    referred_table: str | None = None,
    referred_columns: Sequence[str] = (),
) -> str | None:
    """The real name of a constraint. `sort` is "ix", "uq", "ck", "fk" or "pk"; `given` the name in the program.

    None where neither says a name: the database chooses. It may be longer than a database takes: see `kept_name`.
    """
    template = convention.get(sort)
    if template is None or (given is not None and "%(constraint_name)s" not in template):
        return given
    if given is None and "%(constraint_name)s" in template:
        return None
    known = True

    def token(match: re.Match[str]) -> str:
        nonlocal known
        word = match[1]
        plain = {"table_name": table, "constraint_name": given, "referred_table_name": referred_table}
        if word in plain:
            value = plain[word]
            known = known and value is not None
            return value or ""
        parts = _COLUMN.fullmatch(word)
        if parts is None:
            known = False
            return ""
        value = _column_token(parts, table, schema, referred_columns if parts[1] else columns)
        known = known and value is not None
        return value or ""

    name = _TOKEN.sub(token, template)
    return name if known else given


def _column_token(parts: re.Match[str], table: str, schema: str | None, columns: Sequence[str]) -> str | None:
    number, several, what = int(parts[2]), parts[3], parts[4]
    prefix = f"{schema}_{table}_" if schema else f"{table}_"
    words = [prefix + column if what == "label" else column for column in columns]
    if several:
        return ("_" if several == "_N" else "").join(words[number:])
    return words[number] if number < len(words) else None


def kept_name(name: str, dialect: str | None) -> str:
    """The name as it arrives in a database of this kind, where SQLAlchemy cuts those that are too long for it.

    Without a dialect nothing is cut: the same models may go to several databases.
    """
    longest = _LONGEST.get(dialect or "")
    if longest is not None and len(name) > longest:
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        name = f"{name[: longest - 8]}_{digest[-4:]}"
    return cut_name(name) if dialect == "postgresql" else name


def cut_name(name: str, room: int = _LONGEST["postgresql"]) -> str:
    """As PostgreSQL cuts off what does not fit: whole characters in so many bytes."""
    if len(name) * 4 <= room or len(name.encode(errors="surrogatepass")) <= room:
        return name
    return name.encode(errors="surrogatepass")[:room].decode(errors="ignore")

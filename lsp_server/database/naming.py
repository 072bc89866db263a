"""Naming conventions: the names that SQLAlchemy gives to constraints and indexes which the program leaves unnamed.

Knows the tokens of `MetaData(naming_convention=…)`. A convention with a function of the program is not followed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

DEFAULT_CONVENTION: Mapping[str, str] = {"ix": "ix_%(column_0_label)s"}
LONGEST_NAME = 63  # of PostgreSQL, in bytes; generated names are cut as SQLAlchemy cuts them
_TOKEN = re.compile(r"%\((\w+)\)s")
_COLUMN = re.compile(r"(referred_)?column_(\d+)(_?N)?_(name|key|label)")


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

    None where neither says a name: the database chooses.
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
    return shortened(name) if known else given


def _column_token(parts: re.Match[str], table: str, schema: str | None, columns: Sequence[str]) -> str | None:
    number, several, what = int(parts[2]), parts[3], parts[4]
    prefix = f"{schema}_{table}_" if schema else f"{table}_"
    words = [prefix + column if what == "label" else column for column in columns]
    if several:
        return ("_" if several == "_N" else "").join(words[number:])
    return words[number] if number < len(words) else None


def shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: LONGEST_NAME - 8]}_{digest[-4:]}"

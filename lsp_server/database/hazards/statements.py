"""SQL statements that change no schema and are heavy all the same: what they do to a table, by their first words.

Only what the words themselves prove: a statement with a condition may touch one row or all, and nothing is said of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsp_server.database.ddl import QUALIFIED, qualified
from lsp_server.database.operations import Key

_FLAGS = re.IGNORECASE | re.DOTALL
_TABLE = rf"(?P<table>{QUALIFIED})"
_WITHOUT_CONDITION = r"(?!.*\b(?:where|limit|using|join)\b)"


@dataclass(frozen=True, slots=True)
class Effect:
    """`sort`: "updates" or "empties" every row, "cascades" (empties other tables too), "locks" (nobody may touch the table)."""

    sort: str
    table: Key | None
    what: str = ""  # for "locks": what it does while others wait
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Statement:
    pattern: str
    sort: str
    what: str = ""
    advice: str = ""
    dialects: tuple[str, ...] = ()  # () is every one


_STATEMENTS = (
    _Statement(rf"update\s+(?:only\s+)?{_TABLE}\s+(?:(?:as\s+)?\w+\s+)?set\s{_WITHOUT_CONDITION}(?!.*\bfrom\b)", "updates"),
    _Statement(rf"delete\s+from\s+(?:only\s+)?{_TABLE}{_WITHOUT_CONDITION}", "empties"),
    _Statement(rf"truncate\s+(?:table\s+)?(?:only\s+)?{_TABLE}.*\bcascade\b", "cascades", dialects=("postgresql",)),
    _Statement(rf"truncate\s+(?:table\s+)?(?:only\s+)?{_TABLE}", "empties"),
    _Statement(
        rf"reindex\s+(?:\([^)]*\)\s*)?table\s+(?!concurrently\b){_TABLE}", "locks",
        "its indexes are built anew", "use REINDEX TABLE CONCURRENTLY inside `op.get_context().autocommit_block()`", ("postgresql",),
    ),
    _Statement(
        rf"cluster\s+(?:verbose\s+)?{_TABLE}", "locks", "it is written anew in another order",
        "leave it to maintenance, outside of migrations", ("postgresql",),
    ),
    _Statement(
        rf"vacuum\s+(?:\([^)]*\bfull\b[^)]*\)|full)\s+(?:verbose\s+|analyze\s+)*{_TABLE}", "locks", "it is written anew without gaps",
        "leave it to maintenance, outside of migrations", ("postgresql",),
    ),
)  # fmt: skip

_NO_TRANSACTION = re.compile(
    r"(?P<what>vacuum|create\s+database|drop\s+database|alter\s+system|(?:create|drop)\s+tablespace|"
    r"reindex\s+(?:\([^)]*\)\s*)?(?:database|system)|reindex\s+(?:\([^)]*\)\s*)?\w+\s+concurrently)\b", _FLAGS)  # fmt: skip
_NOT_IN_A_STRING = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


def effect_of(text: str, dialect: str) -> Effect | None:
    """What a statement on rows does to a whole table; None where it does not, or the text does not prove it."""
    plain = _NOT_IN_A_STRING.sub("''", text).strip()
    for each in _STATEMENTS:
        if each.dialects and dialect not in each.dialects:
            continue
        match = re.match(each.pattern, plain, _FLAGS)
        if match is not None:
            return Effect(each.sort, qualified(match["table"]), each.what, each.advice)
    return None


def refused_in_transaction(text: str) -> str | None:
    """The first words of a statement that PostgreSQL refuses inside a transaction, in capitals; None for any other."""
    match = _NO_TRANSACTION.match(text.strip())
    return None if match is None else " ".join(match["what"].upper().split())

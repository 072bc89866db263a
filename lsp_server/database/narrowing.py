"""What happens to values when a column changes its type: cut by the database without a word, or refused.

Answers only where the types prove it, for PostgreSQL and MySQL; SQLite keeps values as they are. What `USING` makes of
values is the author's own business, unless it is a mere cast (`explicit`), which cuts texts that are too long.
"""

from __future__ import annotations

import re

from lsp_server.database.equivalence import family_of, for_dialect
from lsp_server.database.model import ColumnType, EnumType
from lsp_server.unknown import Unknown

_INTEGERS = {"SMALLINT": 1, "INTEGER": 2, "BIGINT": 3}
_FRACTIONS = ("NUMERIC", "REAL", "DOUBLE PRECISION")
_TEXTS = ("VARCHAR", "TEXT", "CHAR")
_MOMENTS = ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE")
_TIMES = ("TIME WITHOUT TIME ZONE", "TIME WITH TIME ZONE")
_CAST = re.compile(r"(.*)\s*::\s*[\w\". ]+(?:\([\d\s,]*\))?(?:\[\])?", re.DOTALL)
_CAST_CALL = re.compile(r"\(?\s*cast\s*\((.*)\s+as\s+[^()]+(?:\([\d\s,]*\))?\s*\)\s*\)?|\((.*)\)", re.IGNORECASE | re.DOTALL)
_PARSED = (*_INTEGERS, *_FRACTIONS, "BOOLEAN", "UUID", "DATE", *_MOMENTS, *_TIMES, "JSON", "JSONB", "INTERVAL", "INET")


def is_mere_cast(using: str) -> bool:
    """Whether a `USING` expression only casts the column, once or several times."""
    text = using.strip()
    for _ in range(10):
        match = _CAST_CALL.fullmatch(text) or _CAST.fullmatch(text)
        if match is None:
            break
        text = next(part for part in match.groups() if part is not None).strip()
    return re.fullmatch(r"\w+|\"[^\"]+\"", text) is not None


def what_is_cut(before: ColumnType, after: ColumnType, dialect: str | None, explicit: bool = False) -> str | None:
    """What values lose without an error, in words; None where nothing is known to be lost."""
    old, new = _families(before, after, dialect)
    if dialect == "sqlite" or old is None or new is None:
        return None
    if old in _FRACTIONS and new in _INTEGERS:
        return "what stands behind the decimal point"
    if old == new == "NUMERIC" and _scale(after) is not None and _fewer(_scale(before), _scale(after)):
        return f"decimal places beyond {_scale(after)}"
    if old == "DOUBLE PRECISION" and new == "REAL":
        return "digits beyond the sixth or so"
    if explicit and _is_shorter_text(before, after, old, new):
        return f"characters beyond {_first(after)}"
    if old in _MOMENTS and new == "DATE":
        return "the time of day"
    if old in _MOMENTS and new in _TIMES:
        return "the day"
    return None


def what_is_refused(before: ColumnType, after: ColumnType, dialect: str | None, explicit: bool = False) -> str | None:
    """Which values stop the change, in words; None where none is known to."""
    old, new = _families(before, after, dialect)
    if dialect == "sqlite" or old is None or new is None:
        return None
    gone = _values_gone(before.enum, after.enum)
    if gone:
        return f"rows with {', '.join(map(repr, gone))}"
    if before.enum is not None:
        return None  # Its values are known to the author; texts of any length are the usual target.
    if old in _TEXTS and after.enum is not None and after.enum.native:
        return f"values that {after.enum.name or 'the enumeration'} does not have"
    if old in _TEXTS and new in _TEXTS:
        shorter = not explicit and _is_shorter_text(before, after, old, new)
        return f"values longer than {_first(after)} characters" if shorter else None
    if old in _INTEGERS and new in _INTEGERS and _INTEGERS[new] < _INTEGERS[old]:
        return f"values too large for {after.sql}"
    if old == new == "NUMERIC" and _fewer(_whole(before), _whole(after)):
        return f"values too large for {after.sql}"
    if old in _TEXTS and new in _PARSED:
        return f"values that are no {after.sql}"
    return None


def _families(before: ColumnType, after: ColumnType, dialect: str | None) -> tuple[str | None, str | None]:
    return family_of(for_dialect(before, dialect)), family_of(for_dialect(after, dialect))


def _values_gone(before: EnumType | None, after: EnumType | None) -> list[str]:
    """Values of a native enumeration that another one lacks."""
    if before is None or after is None or not before.native or not after.native:
        return []
    if isinstance(before.values, Unknown) or isinstance(after.values, Unknown):
        return []
    return [value for value in before.values if value not in after.values]


def _is_shorter_text(before: ColumnType, after: ColumnType, old: str, new: str) -> bool:
    return before.enum is None and old in _TEXTS and new in _TEXTS and _fewer(_first(before), _first(after))


def _fewer(before: int | None, after: int | None) -> bool:
    """Whether `after` allows less; None is without a limit."""
    return after is not None and (before is None or after < before)


def _first(kind: ColumnType) -> int | None:
    first = kind.arguments[0] if kind.arguments else None
    return first if isinstance(first, int) else None


def _scale(kind: ColumnType) -> int | None:
    if _first(kind) is None:
        return None
    scale = kind.arguments[1] if len(kind.arguments) > 1 else 0
    return scale if isinstance(scale, int) else None


def _whole(kind: ColumnType) -> int | None:
    """Digits before the decimal point."""
    precision, scale = _first(kind), _scale(kind)
    return precision - scale if precision is not None and scale is not None else None

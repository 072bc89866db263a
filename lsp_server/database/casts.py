"""Which types PostgreSQL converts by itself, and which it compares: for `ALTER COLUMN … TYPE` and foreign keys.

Answers True, False, or None where a type is not known. Only what holds for every value of a type.
"""

from __future__ import annotations

from lsp_server.database.model import ColumnType
from lsp_server.unknown import Unknown

_TEXTS = frozenset({"VARCHAR", "TEXT", "CHAR", "CHARACTER VARYING", "CHARACTER", "CITEXT", "NAME"})
_NUMBERS = frozenset({"SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "DECIMAL", "REAL", "FLOAT", "DOUBLE PRECISION", "DOUBLE"})
_MOMENTS = frozenset({"TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE", "DATE"})
_TIMES = frozenset({"TIME", "TIME WITHOUT TIME ZONE", "TIME WITH TIME ZONE"})
_DOCUMENTS = frozenset({"JSON", "JSONB"})
_BITS = frozenset({"BIT", "BIT VARYING"})
_NETWORKS = frozenset({"INET", "CIDR"})
_GROUPS = (_NUMBERS, _MOMENTS, _TIMES, _DOCUMENTS, _BITS, _NETWORKS)
_OTHERS = frozenset({"UUID", "BOOLEAN", "BYTEA", "INTERVAL", "TSVECTOR", "HSTORE", "XML", "MONEY"})
_EVERY = _TEXTS | _OTHERS | frozenset().union(*_GROUPS)


def _sort(kind: ColumnType) -> str | None:
    """The family, "ENUM name" for a native enumeration; None where it is not known or another package's."""
    if isinstance(kind.family, Unknown):
        return None
    if kind.enum is not None:
        if not kind.enum.native:
            return "VARCHAR"
        return f"ENUM {kind.enum.name}" if kind.enum.name else None
    return kind.family.upper() if kind.family.upper() in _EVERY else None


def castable(old: ColumnType, new: ColumnType) -> bool | None:
    """Whether PostgreSQL converts a column by itself, without `USING`."""
    if old.family == "ARRAY" and new.family == "ARRAY":
        return castable(old.item, new.item) if old.item is not None and new.item is not None else None
    if old.family == "ARRAY" or new.family == "ARRAY":
        other = _sort(new if old.family == "ARRAY" else old)
        if other is None:
            return None
        return old.family == "ARRAY" and other in _TEXTS
    left, right = _sort(old), _sort(new)
    if left is None or right is None:
        return None
    if left == right or right in _TEXTS:
        return True
    if left in _TEXTS and right == "XML":
        return None
    if (left, right) in (("INTERVAL", "TIME"), ("TIMESTAMP", "TIME"), ("TIME", "INTERVAL")) or (left in _MOMENTS and right in _TIMES):
        return left != "DATE"
    if "MONEY" in (left, right):
        return None
    return any(left in group and right in group for group in _GROUPS)


def convertible(old: ColumnType, new: ColumnType) -> bool | None:
    """Whether PostgreSQL has some cast from one type to the other, at least with `USING` (an enumeration goes over its text)."""
    left, right = _sort(old), _sort(new)
    if left is None or right is None or castable(old, new):
        return True if castable(old, new) else None
    if left in _TEXTS or left.startswith("ENUM ") or right.startswith("ENUM "):
        return True
    if {left, right} in ({"INTEGER", "BOOLEAN"}, {"INTEGER", "BIT"}, {"BIGINT", "BIT"}):
        return True
    if left == "JSONB" and (right in _NUMBERS or right == "BOOLEAN"):
        return True
    return None if {"MONEY", "BYTEA", "XML", "HSTORE", "TSVECTOR"} & {left, right} else False


def comparable(left: ColumnType, right: ColumnType) -> bool | None:
    """Whether a foreign key may stand between two columns."""
    one, two = _sort(left), _sort(right)
    if one is None or two is None:
        return None
    if one == two or (one in _TEXTS and two in _TEXTS):
        return True
    return any(one in group and two in group for group in (_NUMBERS, _MOMENTS, _TIMES, _NETWORKS))

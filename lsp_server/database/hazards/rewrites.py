"""When adding or changing a column makes the database write every row of the table anew, and others wait for it.

Answers only where the types prove it. What happens to the values is `narrowing.py`'s knowledge.
"""

from __future__ import annotations

import re

from lsp_server.database.equivalence import family_of
from lsp_server.database.hazards.server import Server
from lsp_server.database.model import Column, ColumnType, EnumType
from lsp_server.database.narrowing import what_is_cut, what_is_refused
from lsp_server.unknown import Unknown

_VOLATILE = re.compile(r"gen_random_uuid|uuid_generate|uuid_v|uuidv[47]|clock_timestamp|random\s*\(|nextval|timeofday", re.IGNORECASE)
_TEXTS = ("VARCHAR", "TEXT")
_COUNTED = ("SMALLINT", "INTEGER", "BIGINT")
_ONE_BYTE_LENGTH = 255  # bytes of a VARCHAR up to which MySQL keeps its length in one byte
_WIDEST_CHARACTER = 4  # bytes, in utf8mb4
_ONE_BYTE_MEMBERS = 255  # values of an enumeration up to which MySQL keeps one in one byte


def why_added_slowly(column: Column, server: Server) -> str | None:
    """Why adding this column rewrites the table, as the end of "to …"; None where it is a matter of moments."""
    if server.dialect == "postgresql":
        if is_counted(column):
            return f"count up `{column.name}` in every row"
        if has_volatile_default(column):
            return f"give every row its own `{column.name}`"
        if column.computed is not None and column.persisted is True:
            return f"compute and store `{column.name}` in every row"
        if server.is_before(11) and column.server_default is not None and not isinstance(column.server_default, Unknown):
            return f"write the default of `{column.name}` into every row"
    elif server.is_mysql:
        if column.autoincrement is True:
            return f"count up `{column.name}` in every row"
        if column.computed is not None and column.persisted is True:
            return f"compute and store `{column.name}` in every row"
    return None


def is_counted(column: Column) -> bool:
    """Whether PostgreSQL gives the column a number of its own in every row: serial or identity."""
    if column.identity is not None or "SERIAL" in str(column.type.family).upper():
        return True
    if getattr(column.server_default, "sort", None) == "sequence":
        return True
    by_key = column.primary_key is True and column.server_default is None and column.autoincrement is not False
    return by_key and family_of(column.type) in _COUNTED


def has_volatile_default(column: Column) -> bool:
    """Whether the server's default differs from row to row. `now()` does not: it is the transaction's moment."""
    return _VOLATILE.search(getattr(column.server_default, "text", None) or "") is not None


def is_rewritten(before: ColumnType, after: ColumnType, server: Server) -> bool:
    """Whether a change of type is known to write the table anew, or at least to look at every row under the lock."""
    old, new = family_of(before), family_of(after)
    if server.is_mysql:
        return _is_copied(before, after, old, new)
    if old is None or new is None or before.sql is None or after.sql is None:
        return False
    if before.enum is not None or after.enum is not None:
        native = [kind.enum is not None and kind.enum.native for kind in (before, after)]
        return any(native) and (before.enum is None or after.enum is None or before.enum != after.enum)
    if old == new:
        return (what_is_cut(before, after, server.dialect) or what_is_refused(before, after, server.dialect)) is not None
    return not (old in _TEXTS and new in _TEXTS) or (new == "VARCHAR" and bool(after.arguments))


def _is_copied(before: ColumnType, after: ColumnType, old: str | None, new: str | None) -> bool:
    """MySQL's rules: whatever is not written down as a change of the table's description copies its rows."""
    if before.enum is not None and after.enum is not None and before.enum.native and after.enum.native:
        return is_copied_for_values(before.enum, after.enum)
    if old is None or new is None or before.sql is None or after.sql is None or before.enum or after.enum:
        return False
    if old == new == "VARCHAR":
        shorter, longer = _length(before), _length(after)
        if shorter is None or longer is None:
            return False
        return longer < shorter or (shorter * _WIDEST_CHARACTER <= _ONE_BYTE_LENGTH < longer)
    return old != new


def is_copied_for_values(before: EnumType, after: EnumType) -> bool:
    """MySQL keeps an enumeration's values as numbers: only what is added at the end leaves the rows alone."""
    if isinstance(before.values, Unknown) or isinstance(after.values, Unknown):
        return False
    if after.values[: len(before.values)] != before.values:
        return True
    return len(before.values) <= _ONE_BYTE_MEMBERS < len(after.values)


def _length(kind: ColumnType) -> int | None:
    first = kind.arguments[0] if kind.arguments else None
    return first if isinstance(first, int) else None

"""Renames that the texts tell: a line of a model on which nothing but one name has changed since an earlier text.

Pure: both texts are given. Where the earlier one comes from, the last commit or the last save, is the shells' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import lru_cache

from lsp_server.database.migration.renames import Rename
from lsp_server.database.model import Database, Table
from lsp_server.text import LineIndex, Location

_WHY = "only the name has changed on its line"
_LARGEST = 20_000  # lines of a text that is still compared


def renames_told(before: Database, after: Database, earlier: Mapping[str, str], now: Mapping[str, str]) -> tuple[Rename, ...]:
    """Columns and tables that are gone from the schema before, and under another name stand on the same lines as they did.

    `earlier` and `now` are texts by path. What has changed in more than its name is not told.
    """
    return (*_tables(before, after, earlier, now), *_columns(before, after, earlier, now))


def _tables(before: Database, after: Database, earlier: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Rename]:
    come = [table for table in after.tables if before.table(table.name, table.schema) is None]
    gone = {table.key for table in before.tables if after.table(table.name, table.schema) is None}
    for table in come if gone else ():
        for old, new in _exchanged(table.location, earlier, now):
            if new == table.name and (table.key[0], old) in gone:
                yield Rename((table.key[0], old), None, new, True, _WHY)


def _columns(before: Database, after: Database, earlier: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Rename]:
    for table in after.tables:
        other = before.table(table.name, table.schema)
        if other is None:
            continue
        gone = _names(other) - _names(table)
        for column in table.columns if gone else ():
            if column.name in _names(other):
                continue
            for old, new in _exchanged(column.location, earlier, now):
                if new == column.name and old in gone:
                    yield Rename(table.key, old, new, True, _WHY)


def _names(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def _exchanged(location: Location | None, earlier: Mapping[str, str], now: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The (old, new) names on the lines of a place."""
    if location is None or location.path not in now:
        return ()
    text, other = now[location.path], earlier.get(location.path)
    if other is None or other == text:
        return ()
    lines = LineIndex(text)
    first, last = lines.position(location.span.start).line, lines.position(location.span.end).line
    found = exchanges(other, text)
    return [found[line] for line in range(first, last + 1) if line in found]


@lru_cache(4)
def exchanges(earlier: str, now: str) -> Mapping[int, tuple[str, str]]:
    """Lines (from 0) of the text now that were the same earlier but for one name: that name then and now."""
    old, new = earlier.splitlines(), now.splitlines()
    if max(len(old), len(new)) > _LARGEST:
        return {}
    found: dict[int, tuple[str, str]] = {}
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "replace":
            continue
        pairs = {(left, right): names for left in range(start, end) for right in range(first, last) if (names := _exchange(old[left], new[right]))}
        for (left, right), names in pairs.items():
            rivals = [pair for pair in pairs if pair != (left, right) and (pair[0] == left or pair[1] == right)]
            if not rivals or (end - start == last - first and left - start == right - first):
                found[right] = names
    return found


def _exchange(before: str, after: str) -> tuple[str, str] | None:
    """The one name that another has taken the place of, wherever it stood in the line."""
    left, right = re.findall(r"\w+|\W", before), re.findall(r"\w+|\W", after)
    if len(left) != len(right):
        return None
    changed = {(one, two) for one, two in zip(left, right) if one != two}
    if len(changed) != 1:
        return None
    one, two = changed.pop()
    return (one, two) if one.isidentifier() and two.isidentifier() and right.count(two) == left.count(one) else None

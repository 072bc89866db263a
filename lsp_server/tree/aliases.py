"""Aliases and merge keys of a finished pass: which may be followed, and what is wrong with the others.

An alias costs nothing: it is a reference, and nothing is ever expanded here. But whoever walks a tree walks
through references, so those that would make a walk endless (cycles), huge (bombs) or too deep are cut and
reported.
"""

from __future__ import annotations

from bisect import bisect_left

from lsp_server.text import Span
from lsp_server.tree.columns import (
    BLOCK_MAPPING,
    BLOCK_SEQUENCE,
    CODE,
    DEPTH_LIMIT,
    FLOW_MAPPING,
    FLOW_SEQUENCE,
    Columns,
)
from lsp_server.tree.node import Problem
from lsp_server.tree.reading import Reading

_FREE_ROWS = 200_000
_GROWTH = 10


def judge(reading: Reading) -> None:
    """Cut dangerous aliases of a reading's columns, keep the values of merge keys, report what is wrong."""
    columns = reading.columns
    if columns.targets:
        _cut_aliases(columns, reading.problems)
    if columns.merges:
        _judge_merges(columns, reading.problems)


def _cut_aliases(columns: Columns, problems: list[Problem]) -> None:
    """Every cycle has an alias to a collection it stands in, so without those there is none.

    The rest refers backwards, so sizes and depths with aliases followed are known from left to right: a
    subtree's size is its rows plus what its aliases add, kept as running sums.
    """
    limit = _FREE_ROWS + _GROWTH * len(columns)
    rows: list[int] = []  # aliases that are followed, ascending
    sums = [0]  # what the first n of them add to the rows
    reach: dict[int, int] = {}  # alias -> levels below the alias
    heights: dict[int, int] = {}  # target -> levels below it, aliases followed
    for row, target in sorted(columns.targets.items()):
        stop = columns.after(target)
        if target < row < stop:
            _cut(columns, problems, row, "refers to a collection it stands in", "alias-cycle")
            continue
        first, last = bisect_left(rows, target), bisect_left(rows, stop)
        added = stop - target - 1 + sums[last] - sums[first]
        if target not in heights:
            heights[target] = _height(columns, target, rows[first:last], reach)
        level = _level(columns, row)
        if sums[-1] + added > limit:
            _cut(columns, problems, row, "would expand to an unreasonable size", "alias-bomb")
        elif level + heights[target] > DEPTH_LIMIT:
            _cut(columns, problems, row, f"would nest deeper than {DEPTH_LIMIT} levels", "alias-bomb")
        else:
            rows.append(row)
            sums.append(sums[-1] + added)
            reach[row] = heights[target]


def _cut(columns: Columns, problems: list[Problem], row: int, why: str, code: str) -> None:
    target = columns.targets.pop(row)
    span = Span(columns.starts[row], columns.ends[row])
    start = columns.outer.get(target, columns.starts[target])
    related = Span(start, start + 1 + len(columns.anchors.get(target, "")))
    problems.append(Problem(span, f"the alias {columns.contents[row]} {why}", code, related))


def _level(columns: Columns, row: int) -> int:
    level = 0
    while (row := columns.parents[row]) >= 0:
        level += 1
    return level


def _height(columns: Columns, target: int, aliases: list[int], reach: dict[int, int]) -> int:
    levels = {target: 0}
    height = 0
    for row in range(target + 1, columns.after(target)):
        level = levels[columns.parents[row]] + 1
        if type(columns.contents[row]) is int:
            levels[row] = level
        height = max(height, level)
    base = _level(columns, target)
    return max([height, *(_level(columns, row) - base + reach[row] for row in aliases)])


def _judge_merges(columns: Columns, problems: list[Problem]) -> None:
    """From the rows of `<<` keys to the rows of their values; whatever is no mapping is reported and not
    merged.
    """
    for mapping, keys in list(columns.merges.items()):
        values = []
        for key in keys:
            value = key + 1
            if value < len(columns) and _mergeable(columns, value):
                values.append(value)
            else:
                span = Span(columns.starts[key], columns.ends[key])
                problems.append(
                    Problem(
                        span, "<< merges a mapping or a sequence of mappings, this is neither", "merge-key"
                    )
                )
        if values:
            columns.merges[mapping] = values
        else:
            del columns.merges[mapping]


def _mergeable(columns: Columns, row: int) -> bool:
    target = columns.targets.get(row, row)
    code = columns.codes[target] & CODE
    if code in (BLOCK_SEQUENCE, FLOW_SEQUENCE):
        children = [columns.targets.get(child, child) for child in columns.children(target)]
        return all(columns.codes[child] & CODE in (BLOCK_MAPPING, FLOW_MAPPING) for child in children)
    return code in (BLOCK_MAPPING, FLOW_MAPPING)

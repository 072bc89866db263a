"""The columns a tree is stored in: one number or text per node, in the order of the source.

A spec of ten megabytes has half a million nodes. As objects they would cost ten times the memory, and every
run of the garbage collector would visit them all; columns of numbers are invisible to it. Knows no syntax:
the readers fill columns, `node` reads them.

A node's subtree is a contiguous range of rows that starts with the node itself. The children of a mapping
are key, value, key, value; what is written as nothing (`key:` alone) is an empty plain scalar.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

PLAIN, SINGLE, DOUBLE, LITERAL, FOLDED, ALIAS = range(6)
BLOCK_MAPPING, FLOW_MAPPING, BLOCK_SEQUENCE, FLOW_SEQUENCE = range(6, 10)
KEY = 16
"""Added to the code of a node that is a mapping's key."""
CODE = 15
"""What remains of a code without KEY."""

DEPTH_LIMIT = 200
"""Collections nested deeper are refused: whoever walks a tree may recurse."""


class Columns:
    """Rows of one tree.

    `codes`: style and kind (above); `starts`, `ends`: the half-open span of the content, without anchor and
    tag; `parents`: row of the enclosing collection, -1 for the root; `contents`: the text of a scalar, the
    name of an alias after its star, the row after the subtree of a collection. The dictionaries hold what
    few nodes have.
    """

    __slots__ = (
        "anchors",
        "codes",
        "contents",
        "ends",
        "merges",
        "outer",
        "parents",
        "starts",
        "tags",
        "targets",
    )

    def __init__(self) -> None:
        self.codes = bytearray()
        self.starts = array("i")
        self.ends = array("i")
        self.parents = array("i")
        self.contents: list[str | int] = []
        self.anchors: dict[int, str] = {}
        self.tags: dict[int, str] = {}
        self.outer: dict[int, int] = {}  # where anchor and tag start, for nodes that have one
        self.targets: dict[int, int] = {}  # alias -> what it stands for, where that may be followed
        self.merges: dict[int, list[int]] = {}  # mapping -> the values of its `<<` keys

    def __len__(self) -> int:
        return len(self.codes)

    def after(self, row: int) -> int:
        """The row behind the subtree of `row`."""
        content = self.contents[row]
        return content if type(content) is int else row + 1

    def children(self, row: int) -> Iterator[int]:
        """The rows of a collection's children; keys and values in turn for a mapping."""
        contents = self.contents
        stop = contents[row]
        assert type(stop) is int
        child = row + 1
        while child < stop:
            yield child
            content = contents[child]
            child = content if type(content) is int else child + 1

    def copy(self) -> Columns:
        twin = Columns()
        twin.codes = self.codes[:]
        twin.starts, twin.ends, twin.parents = self.starts[:], self.ends[:], self.parents[:]
        twin.contents = self.contents[:]
        twin.anchors, twin.tags, twin.outer = dict(self.anchors), dict(self.tags), dict(self.outer)
        twin.targets, twin.merges = dict(self.targets), dict(self.merges)
        return twin

    def move(self, start: int, end: int, replaced_by: int) -> None:
        """Positions of a text in which `replaced_by` characters stand for the span start..end, back to that
        text.

        Positions inside the replacement that the span has no room for become its end.
        """
        written = start + replaced_by
        delta = end - written
        if delta == 0:
            return

        def moved(offset: int) -> int:
            if offset >= written:
                return offset + delta
            return min(offset, end)

        first = bisect_left(self.starts, start)
        for column in (self.starts, self.ends):
            column[first:] = array("i", [moved(offset) for offset in column[first:]])
        row = first - 1
        while row >= 0:  # before `first`, only the last node and what encloses it can reach over the place
            if self.ends[row] > start:
                self.ends[row] = moved(self.ends[row])
            row = self.parents[row]
        for row, offset in self.outer.items():
            if offset > start:
                self.outer[row] = moved(offset)


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection while hundreds of thousands of short-lived objects are made; five times
    faster.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

"""Places in a document that an edit needs: columns, line ends, dashes, question marks, and how it is laid
out.

Reads a tree and its source; writes nothing.
"""

from __future__ import annotations

import re
from itertools import islice

from lsp_server.document import Kind as DocumentKind
from lsp_server.text import newline_of
from lsp_server.tree.columns import (
    BLOCK_MAPPING,
    BLOCK_SEQUENCE,
    CODE,
    DOUBLE,
    FLOW_SEQUENCE,
    FOLDED,
    KEY,
    LITERAL,
    SINGLE,
)
from lsp_server.tree.node import Node, Tree
from lsp_server.tree.render import Layout

_BLANK = re.compile(r"(?:\s|#[^\r\n]*+)*+")
_EXAMPLES = 200
_JSON_INDENT = re.compile(r"[{\[][ \t]*\r?\n( *)\S")


def layout_of(tree: Tree) -> Layout:
    """A document's own habits, from its first collections; two spaces and double quotes where it shows
    none.
    """
    newline = newline_of(tree.source)
    if tree.document_kind is DocumentKind.JSON:
        match = _JSON_INDENT.search(tree.source)
        return Layout(True, len(match[1]) if match and match[1] else 2, newline=newline)
    steps: list[int] = []
    dashes: list[int] = []
    columns = tree.columns
    blocks = (
        row for row, code in enumerate(columns.codes) if code in (BLOCK_MAPPING, BLOCK_SEQUENCE) and row
    )
    for row in islice(blocks, _EXAMPLES):
        parent = columns.parents[row]
        if columns.codes[parent] & CODE == BLOCK_MAPPING:
            distance = column_of(Node(tree, row)) - column_of(Node(tree, parent))
            (steps if columns.codes[row] == BLOCK_MAPPING else dashes).append(distance)
    step = _usual([n for n in steps if n > 0], 2)
    dash = _usual([n for n in dashes if n >= 0], step)
    single = columns.codes.count(SINGLE) + columns.codes.count(SINGLE | KEY)
    double = columns.codes.count(DOUBLE) + columns.codes.count(DOUBLE | KEY)
    return Layout(False, step, dash, "'" if single > double else '"', newline, _lists_in_brackets(tree))


def _lists_in_brackets(tree: Tree) -> bool:
    """Whether most lists of nothing but scalars are written in brackets, as far as there are some among the block style."""
    codes = [code & CODE for code in tree.columns.codes]
    rows = (row for row, code in enumerate(codes) if code in (FLOW_SEQUENCE, BLOCK_SEQUENCE))
    lists = [codes[row] for row in islice(rows, _EXAMPLES) if _is_scalars(Node(tree, row))]
    return lists.count(FLOW_SEQUENCE) > lists.count(BLOCK_SEQUENCE)


def _is_scalars(node: Node) -> bool:
    items = list(node.elements())
    return bool(items) and all(item.is_scalar for item in items)


def _usual(numbers: list[int], otherwise: int) -> int:
    return max(set(numbers), key=numbers.count) if numbers else otherwise


def line_start(source: str, offset: int) -> int:
    start = max(source.rfind("\n", 0, offset), source.rfind("\r", 0, offset)) + 1
    return start + 1 if start == 0 and source.startswith("\ufeff") else start


_BREAK = re.compile(r"[\r\n]")


def line_end(source: str, offset: int) -> int:
    match = _BREAK.search(source, offset)
    return match.start() if match else len(source)


def past_break(source: str, offset: int) -> int:
    """Behind the line break at an offset, if there is one."""
    if source.startswith("\r\n", offset):
        return offset + 2
    return offset + 1 if source[offset : offset + 1] in ("\n", "\r") else offset


def column_of(node: Node) -> int:
    """The column of a block collection: of its first key (with its anchor, or its `?`) or dash."""
    source = node.tree.source
    start = first_start(node)
    return start - line_start(source, start)


def first_start(node: Node) -> int:
    """Where a collection's first entry starts."""
    for key, _ in node.entries():
        return entry_start(node, key)
    return node.span.start


def entry_start(mapping: Node, key: Node) -> int:
    """Where an entry starts: at its key, the key's anchor or tag, or its `?`."""
    source = mapping.tree.source
    start = key.outer_span.start
    back = start
    while back > mapping.outer_span.start and source[back - 1] in " \t\r\n":
        back -= 1
    if back > 0 and source[back - 1] == "?" and back - 1 >= mapping.span.start:
        return back - 1
    return start


def has_colon(key: Node, value: Node) -> bool:
    """Whether a colon is written between key and value; not in `{key}` and `? key`."""
    return colon_end(key, value) > 0


def colon_end(key: Node, value: Node) -> int:
    """Behind the colon of an entry; 0 where there is none."""
    source = key.tree.source
    match = _BLANK.match(source, key.span.end)
    place = match.end() if match else key.span.end
    return (
        place + 1 if place < len(source) and source[place] == ":" and place <= value.outer_span.start else 0
    )


def dashes_of(sequence: Node) -> list[int]:
    """The place of the dash of each item of a block sequence."""
    source = sequence.tree.source
    places: list[int] = []
    place = sequence.span.start
    for item in sequence.elements():
        match = _BLANK.match(source, place)
        places.append(match.end() if match else place)
        place = item.span.end
    return places


def last_leaf(node: Node) -> Node:
    """The last scalar or alias inside a node."""
    tree = node.tree
    return Node(tree, tree.columns.after(node.row) - 1)


def is_block_scalar(node: Node) -> bool:
    return node.tree.columns.codes[node.row] & CODE in (LITERAL, FOLDED)


def swallows_behind(source: str, offset: int) -> bool:
    """Whether a block scalar ending at a line's end would take the lines behind it for its own."""
    place = past_break(source, offset)
    while place < len(source):
        end = line_end(source, place)
        line = source[place:end]
        shown = line.strip()
        if shown and not shown.startswith("#"):
            return False
        if line[:1] in (" ", "\t"):
            return True
        place = max(past_break(source, end), place + 1)
    return False

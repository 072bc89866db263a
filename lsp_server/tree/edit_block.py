"""Edits on lines: YAML's block style, and single values in any style.

The dangers are all of one kind: what a block scalar takes for its own. New lines behind one must not reach
into it, a line taken away must not leave comments and blank lines to it, and one at the end of a text
without line break must not gain one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.text import Edit, Span
from lsp_server.tree import places
from lsp_server.tree.columns import BLOCK_MAPPING, BLOCK_SEQUENCE, CODE
from lsp_server.tree.node import Node
from lsp_server.tree.render import (
    Layout,
    Unwritable,
    Value,
    block_lines,
    entry_lines,
    is_literal,
    item_lines,
    literal_lines,
)

_COMMENT = re.compile(r"#[^\r\n]*")
_CHOMPING = re.compile(r"([|>][0-9]?)\+?([0-9]?)(?![-0-9])")


def put(path: str, node: Node, text: str) -> tuple[Edit, ...]:
    """Replace a value's text by another on the same line. The anchor stays, a tag goes."""
    source = node.tree.source
    start, end = node.span
    head = _line_above(node)
    if head is not None:
        comments = _COMMENT.findall(source[head:start])
        anchor = f"&{node.anchor} " if node.anchor is not None else ""
        return (Edit(path, Span(head, end), " ".join(["", anchor + text, *comments])),)
    if node.row in node.tree.columns.tags:
        start = node.outer_span.start
        if node.anchor is not None:
            text = f"&{node.anchor} {text}"
    if node.raw == "":
        key = node.key
        if key is not None and not places.has_colon(key, node):
            mapping = node.parent
            assert mapping is not None
            if mapping.tree.columns.codes[mapping.row] & CODE == BLOCK_MAPPING:
                column = places.column_of(mapping)
                text = places.layout_of(node.tree).newline + " " * column + ": " + text
                start = end = places.line_end(source, end)
            else:
                text = ": " + text
        elif start > 0 and not source[start - 1].isspace():
            text = " " + text
        behind = source[end : end + 1]
        if behind and not behind.isspace() and behind not in ",]}":
            text += " "
    return (Edit(path, Span(start, end), text),)


def _line_above(node: Node) -> int | None:
    """Behind the colon or dash that announces a value, where the value starts on a later line; else None."""
    parent = node.parent
    if parent is None or parent.style != "block":
        return None
    head, _ = _head(node, parent, places.layout_of(node.tree), False)
    if head is None or not re.search(r"[\r\n]", node.tree.source[head : node.span.start]):
        return None
    return head


def set_lines(path: str, node: Node, value: Value, layout: Layout) -> tuple[Edit, ...] | None:
    """Set a value that takes lines of its own; None where it had better be written on one line."""
    source = node.tree.source
    start, end = node.outer_span.start, node.span.end
    stop = places.line_end(source, end)
    trailing = source[end:stop].strip()
    if trailing and not trailing.startswith("#"):
        return None
    layout = _safe(layout, source, stop)
    parent = node.parent
    head, column = _head(node, parent, layout, isinstance(value, (list, tuple)))
    if head is None:
        return None
    gap = source[head:start]
    properties = source[start : node.span.start]
    comments = _COMMENT.findall(gap) + _COMMENT.findall(properties) + ([trailing] if trailing else [])
    anchor = f" &{node.anchor}" if node.anchor is not None else ""
    if isinstance(value, str):
        if comments or not layout.literal or not is_literal(value) or parent is None:
            return None
        outer = column - layout.step if parent.kind == "mapping" else column - 2
        lines = literal_lines("", value, outer + layout.step)
        text = anchor + " " + layout.newline.join(lines)
        return (Edit(path, Span(head, stop), text),)
    lines = block_lines(value, column, layout)
    in_sequence = parent is not None and parent.kind == "sequence"
    if in_sequence and not anchor and not comments:
        return (Edit(path, Span(head, stop), " " + layout.newline.join(lines)),)
    if parent is None and not anchor and not comments and head == places.line_start(source, head):
        return (Edit(path, Span(head, stop), layout.newline.join(lines)),)
    opening = anchor + (f" {comments[0]}" if comments else "")
    if head == places.line_start(source, head):
        opening = opening[1:]
    whole = [
        opening,
        *(" " * column + comment for comment in comments[1:]),
        " " * column + lines[0],
        *lines[1:],
    ]
    return (Edit(path, Span(head, stop), layout.newline.join(whole)),)


def _head(node: Node, parent: Node | None, layout: Layout, is_sequence: bool) -> tuple[int | None, int]:
    """Behind what announces a value (colon, dash, nothing for the root), and the column for its lines."""
    if parent is None:
        return node.outer_span.start if not node.outer_span.start else _root_head(node), 0
    if parent.tree.columns.codes[parent.row] & CODE == BLOCK_SEQUENCE:
        number = next(n for n, item in enumerate(parent.elements()) if item == node)
        return places.dashes_of(parent)[number] + 1, places.column_of(parent) + 2
    key = node.key
    if key is None:
        return None, 0
    head = places.colon_end(key, node)
    column = places.column_of(parent)
    return head or None, column + (layout.dash if is_sequence else layout.step)


def _root_head(node: Node) -> int:
    """Behind `---` where the root stands on its line, else where the root starts."""
    source = node.tree.source
    start = node.outer_span.start
    line = places.line_start(source, start)
    return line + 3 if source.startswith("---", line) and line < start else start


def add_entry(
    path: str, mapping: Node, previous: Node, key: str, value: Value, layout: Layout, quote: str | None
) -> tuple[Edit, ...]:
    """Put an entry on lines of its own behind the entry that ends with `previous`."""
    source = mapping.tree.source
    column = places.column_of(mapping)
    stop = places.line_end(source, previous.span.end)
    lines = entry_lines(key, value, column, _safe(layout, source, stop), quote)
    text = layout.newline + " " * column + layout.newline.join(lines)
    return (*_keep_open_end(path, previous, stop), Edit(path, Span(stop, stop), text))


def add_first_entry(
    path: str, mapping: Node, first: Node, key: str, value: Value, layout: Layout, quote: str | None
) -> tuple[Edit, ...]:
    """Put an entry before the first one, and before the comments right above that, unless they begin the text."""
    source = mapping.tree.source
    column = places.column_of(mapping)
    lines = entry_lines(key, value, column, replace(layout, literal=False), quote)
    start = places.entry_start(mapping, first)
    line = places.line_start(source, start)
    if source[line:start].strip():
        return (Edit(path, Span(start, start), layout.newline.join([*lines, " " * column])),)
    above = line
    while above > 0 and source[(before := places.line_start(source, above - 1)) : above].lstrip().startswith("#"):
        above = before
    line = above or line
    return (Edit(path, Span(line, line), " " * column + layout.newline.join(lines) + layout.newline),)


def add_item(
    path: str, sequence: Node, items: list[Node], place: int, value: Value, layout: Layout
) -> tuple[Edit, ...]:
    """Put an item on lines of its own before item number `place`, which may be one behind the last."""
    source = sequence.tree.source
    column = places.column_of(sequence)
    if place == 0:
        lines = item_lines(value, column, layout)
        start = sequence.span.start
        return (Edit(path, Span(start, start), layout.newline.join([*lines, " " * column])),)
    previous = items[place - 1]
    stop = places.line_end(source, previous.span.end)
    lines = item_lines(value, column, _safe(layout, source, stop))
    text = layout.newline + " " * column + layout.newline.join(lines)
    return (*_keep_open_end(path, previous, stop), Edit(path, Span(stop, stop), text))


def _safe(layout: Layout, source: str, stop: int) -> Layout:
    """No block scalar at the end of what is written if it would swallow what follows, or nothing follows."""
    return replace(layout, literal=stop < len(source) and not places.swallows_behind(source, stop))


def _keep_open_end(path: str, previous: Node, stop: int) -> tuple[Edit, ...]:
    """A block scalar that ends with the text, without line break, must not gain one when lines follow it."""
    source = previous.tree.source
    leaf = places.last_leaf(previous)
    if stop < len(source) or not places.is_block_scalar(leaf) or leaf.text.endswith("\n") or not leaf.text:
        return ()
    start = leaf.span.start
    match = _CHOMPING.match(source, start)
    if match is None:
        return ()
    return (Edit(path, Span(start, match.end()), match[1] + match[2] + "-"),)


def empty(path: str, node: Node) -> tuple[Edit, ...]:
    """Take the only entry or item away: empty brackets remain, on the line of the key or dash where they
    can.
    """
    brackets = "{}" if node.kind == "mapping" else "[]"
    start, end = node.span
    if node.style == "block" and _line_above(node) is not None:
        return put(path, node, brackets)
    return (Edit(path, Span(start, end), brackets),)


def remove(path: str, node: Node, starts: list[int], ends: list[int], place: int) -> tuple[Edit, ...]:
    """Remove one of several entries or items, with whole lines where it stands on its own."""
    source = node.tree.source
    start = starts[place]
    stop = places.line_end(source, ends[place])
    line = places.line_start(source, start)
    if source[line:start].strip():
        if place + 1 >= len(starts):
            raise Unwritable("the entry stands on a line with others")
        following = starts[place + 1]
        if "#" in source[stop:following]:
            return (Edit(path, Span(start, stop), ""),)
        return (Edit(path, Span(start, following), ""),)
    end = places.past_break(source, stop)
    if place > 0 and places.is_block_scalar(_leaf_before(node, place)):
        end = _past_loose_lines(source, end)
    return (Edit(path, Span(line, end), ""),)


def _leaf_before(node: Node, place: int) -> Node:
    values = [value for _, value in node.entries()] or list(node.elements())
    return places.last_leaf(values[place - 1])


def _past_loose_lines(source: str, offset: int) -> int:
    """Behind blank lines and indented comments, which a block scalar above would take for its own."""
    while offset < len(source):
        stop = places.line_end(source, offset)
        line = source[offset:stop]
        if line.strip() and not (line[0] in " \t" and line.strip().startswith("#")):
            return offset
        offset = max(places.past_break(source, stop), offset + 1)
    return offset

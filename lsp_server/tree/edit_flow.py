"""Edits between brackets: YAML's flow style and JSON."""

from __future__ import annotations

import re

from lsp_server.text import Edit, Span
from lsp_server.tree import places
from lsp_server.tree.node import Node
from lsp_server.tree.render import Layout, Unwritable, Value, flow_text, is_collection, json_text, key_text

_COMMA = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*+)*+,")
_INDENT = re.compile(r"[ \t]*")


def replace_json(path: str, node: Node, value: Value, layout: Layout) -> tuple[Edit, ...]:
    return (Edit(path, node.span, _value_text(node, node.span.start, value, layout)),)


def fill(path: str, node: Node, value: Value, layout: Layout) -> tuple[Edit, ...]:
    """Put the first entry or item into empty brackets."""
    if layout.is_json:
        return replace_json(path, node, value, layout)
    text = flow_text(value, layout)
    if node.raw[1:-1].strip():  # a comment between the brackets
        inside = node.span.start + 1
        return (Edit(path, Span(inside, inside), text[1:-1] + " "),)
    return (Edit(path, node.span, text),)


def add_first(path: str, first: Node, value: Value, layout: Layout, key: str | None = None) -> tuple[Edit, ...]:
    """Put an item, or an entry whose key is written so, before the first one."""
    start = first.outer_span.start
    source = first.tree.source
    line = places.line_start(source, start)
    gap = " "
    if not source[line:start].strip():
        gap = layout.newline + source[line:start]
    text = _value_text(first, start, value, layout)
    return (Edit(path, Span(start, start), (f"{key}: {text}" if key is not None else text) + "," + gap),)


def add(
    path: str,
    node: Node,
    entries: list[tuple[Node, Node]],
    place: int,
    entry: tuple[str | None, Value],
    layout: Layout,
    quote: str | None,
) -> tuple[Edit, ...]:
    """Put an entry (or an item, whose key is None) behind entry number `place`."""
    source = node.tree.source
    key, previous = entries[place]
    start, end = key.outer_span.start, previous.span.end
    if source[node.span.start] not in "{[":
        raise Unwritable("a single pair without brackets takes no further key")
    name, value = entry
    text = _value_text(node, start, value, layout)
    if name is not None:
        text = f"{key_text(name, layout, True, quote)}: {text}"
    line = places.line_start(source, start)
    space = source[line:start]
    stop = places.line_end(source, end)
    own_line = not space.strip() and line > node.span.start
    comma = _COMMA.match(source, end)
    if own_line and stop < node.span.end:
        rest = source[end:stop]
        if comma is not None and comma.end() <= stop:
            behind = source[comma.end() : stop].strip()
            if not behind or behind.startswith("#"):
                tail = "," if place + 1 < len(entries) else ""
                return (Edit(path, Span(stop, stop), layout.newline + space + text + tail),)
        elif comma is None and (not rest.strip() or rest.strip().startswith("#")):
            insert = Edit(path, Span(stop, stop), layout.newline + space + text)
            if stop == end:
                return (Edit(path, Span(end, end), "," + insert.text),)
            return (Edit(path, Span(end, end), ","), insert)
    lead = " ," if end == start or source[end - 1] == ":" else ","
    gap = layout.newline + space if own_line else " "
    return (Edit(path, Span(end, end), lead + gap + text),)


def remove(path: str, node: Node, starts: list[int], ends: list[int], place: int) -> tuple[Edit, ...]:
    """Remove one of several entries or items with one comma."""
    source = node.tree.source
    start, end = starts[place], ends[place]
    if place + 1 < len(starts):
        between = source[end : starts[place + 1]]
        if "#" not in between:
            return (Edit(path, Span(start, starts[place + 1]), ""),)
        comma = _COMMA.match(source, end)
        if comma is None:
            raise Unwritable("no comma behind the entry")
        return (Edit(path, Span(start, end), ""), Edit(path, Span(comma.end() - 1, comma.end()), ""))
    if "#" not in source[ends[place - 1] : start]:
        return (Edit(path, Span(ends[place - 1], end), ""),)
    comma = _COMMA.match(source, end)
    if comma is not None and comma.end() < node.span.end:
        return (Edit(path, Span(start, end), ""), Edit(path, Span(comma.end() - 1, comma.end()), ""))
    return (Edit(path, Span(start, end), ""),)


def _value_text(node: Node, offset: int, value: Value, layout: Layout) -> str:
    """A value on one line, or in JSON that has lines, on lines indented from the one the offset is on."""
    if not layout.is_json:
        return flow_text(value, layout)
    source = node.tree.source
    root = node.tree.root
    assert root is not None
    lines = "\n" in root.raw or (len(root) == 0 and not root.is_scalar)
    if not is_collection(value) or not lines:
        return json_text(value, layout, None)
    line = places.line_start(source, offset)
    indent = _INDENT.match(source, line)
    return json_text(value, layout, len(indent[0]) if indent else 0)

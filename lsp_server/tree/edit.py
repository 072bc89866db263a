"""Edits on YAML and JSON text: a value set, a key or an item added, removed, renamed; everything else stays.

Comments, order, quotes, indentation and line ends of what is not edited are kept; what is written follows the
document's own habits. Each function gives `text.Edit`s for the source the tree was read from, and raises
Unwritable where the edit cannot be made without changing something else (a text that does not parse, an
anchor in use, a value reached through an alias). Applied, the edits re-read to exactly the intended tree.
This file decides between block and flow style; `edit_block` and `edit_flow` know the two.
"""

from __future__ import annotations

from lsp_server.document import Kind as DocumentKind
from lsp_server.text import Edit, Span
from lsp_server.tree import edit_block, edit_flow, places
from lsp_server.tree.columns import BLOCK_MAPPING, BLOCK_SEQUENCE, CODE
from lsp_server.tree.node import Kind, Node, Style
from lsp_server.tree.render import Unwritable, Value, flow_text, is_collection, key_text, scalar_text

__all__ = [
    "Unwritable",
    "Value",
    "add_item",
    "add_key",
    "remove_item",
    "remove_key",
    "rename_key",
    "set_value",
]


def set_value(path: str, node: Node, value: Value) -> tuple[Edit, ...]:
    """Give a value node another value. Its anchor stays, its tag goes; an alias gives way to the value."""
    _check(node)
    if node.is_key:
        raise Unwritable("a key is renamed, not set")
    _check_anchors(node, node.row + 1)
    layout = places.layout_of(node.tree)
    if layout.is_json:
        return edit_flow.replace_json(path, node, value, layout)
    if _in_block(node) and (is_collection(value) or (isinstance(value, str) and "\n" in value)):
        edits = edit_block.set_lines(path, node, value, layout)
        if edits is not None:
            return edits
    in_flow = not _in_block(node)
    if is_collection(value) or not isinstance(value, (str, int, float, type(None))):
        return edit_block.put(path, node, flow_text(value, layout))
    quote = None
    if isinstance(value, str) and node.style in (Style.SINGLE, Style.DOUBLE):
        quote = "'" if node.style is Style.SINGLE else '"'
    return edit_block.put(path, node, scalar_text(value, layout, in_flow, quote))


def add_key(
    path: str, mapping: Node, key: str, value: Value, after: str | None = None, *, first: bool = False
) -> tuple[Edit, ...]:
    """Add an entry behind the entry `after`, or before all others, else at the end. A value written as nothing or null
    becomes a mapping.
    """
    _check(mapping)
    if mapping.kind is Kind.SCALAR and mapping.value is None and not mapping.is_key:
        return set_value(path, mapping, {key: value})
    if mapping.kind is not Kind.MAPPING:
        raise Unwritable("only a mapping takes a key")
    entries = list(mapping.entries())
    if key == "<<" or any(other.text == key for other, _ in entries if other.is_scalar):
        raise Unwritable(f"the key {key} is there already" if key != "<<" else "merge keys are not written")
    layout = places.layout_of(mapping.tree)
    place = len(entries) - 1
    if after is not None:
        found = [n for n, (other, _) in enumerate(entries) if other.is_scalar and other.text == after]
        if not found:
            raise Unwritable(f"there is no key {after} to stand behind")
        place = found[-1]
    if not entries:
        if _in_block(mapping) and not layout.is_json and mapping.raw == "{}":
            return set_value(path, mapping, {key: value})
        return edit_flow.fill(path, mapping, {key: value}, layout)
    quote = _key_quote([other for other, _ in entries])
    if mapping.style is Style.BLOCK:
        if first:
            return edit_block.add_first_entry(path, mapping, entries[0][0], key, value, layout, quote)
        return edit_block.add_entry(path, mapping, entries[place][1], key, value, layout, quote)
    if first:
        return edit_flow.add_first(path, entries[0][0], value, layout, key_text(key, layout, True, quote))
    return edit_flow.add(path, mapping, entries, place, (key, value), layout, quote)


def add_item(path: str, sequence: Node, value: Value, before: int | None = None) -> tuple[Edit, ...]:
    """Add an item before item number `before`, else at the end. A value written as nothing becomes a
    sequence.
    """
    _check(sequence)
    if sequence.kind is Kind.SCALAR and sequence.value is None and not sequence.is_key:
        return set_value(path, sequence, [value])
    if sequence.kind is not Kind.SEQUENCE:
        raise Unwritable("only a sequence takes an item")
    items = list(sequence.elements())
    layout = places.layout_of(sequence.tree)
    place = len(items) if before is None else min(max(before, 0), len(items))
    if not items:
        if _in_block(sequence) and not layout.is_json and sequence.raw == "[]":
            return set_value(path, sequence, [value])
        return edit_flow.fill(path, sequence, [value], layout)
    if sequence.style is Style.BLOCK:
        return edit_block.add_item(path, sequence, items, place, value, layout)
    if place == 0:
        return edit_flow.add_first(path, items[0], value, layout)
    return edit_flow.add(
        path, sequence, [(item, item) for item in items], place - 1, (None, value), layout, None
    )


def remove_key(path: str, mapping: Node, key: str) -> tuple[Edit, ...]:
    """Remove an entry with its line's comment. The last entry's removal leaves `{}`."""
    _check(mapping)
    entries, place = _entry(mapping, key)
    name, value = entries[place]
    _check_anchors(name, name.row)
    _check_anchors(value, value.row)
    starts = [places.entry_start(mapping, other) for other, _ in entries]
    ends = [other.span.end for _, other in entries]
    return _remove(path, mapping, starts, ends, place)


def remove_item(path: str, sequence: Node, number: int) -> tuple[Edit, ...]:
    """Remove an item with its line's comment. The last item's removal leaves `[]`."""
    _check(sequence)
    items = list(sequence.elements())
    if not 0 <= number < len(items):
        raise Unwritable(f"there is no item {number}")
    _check_anchors(items[number], items[number].row)
    block = sequence.style is Style.BLOCK
    starts = places.dashes_of(sequence) if block else [item.outer_span.start for item in items]
    return _remove(path, sequence, starts, [item.span.end for item in items], number)


def rename_key(path: str, mapping: Node, key: str, name: str) -> tuple[Edit, ...]:
    """Give an entry another key, quoted like the old one."""
    _check(mapping)
    entries, place = _entry(mapping, key)
    old = entries[place][0]
    if name == "<<" or any(other.text == name for other, _ in entries if other.is_scalar):
        raise Unwritable(f"the key {name} is there already" if name != "<<" else "merge keys are not written")
    _check_anchors(old, old.row)
    if not old.raw or places.is_block_scalar(old):
        raise Unwritable("this key is written in a way that is not edited")
    quote = _key_quote([old])
    layout = places.layout_of(mapping.tree)
    return (Edit(path, old.span, key_text(name, layout, mapping.style is Style.FLOW, quote)),)


def _remove(path: str, node: Node, starts: list[int], ends: list[int], place: int) -> tuple[Edit, ...]:
    if len(starts) == 1:
        return edit_block.empty(path, node)
    if node.style is Style.BLOCK:
        return edit_block.remove(path, node, starts, ends, place)
    return edit_flow.remove(path, node, starts, ends, place)


def _entry(mapping: Node, key: str) -> tuple[list[tuple[Node, Node]], int]:
    entries = list(mapping.entries())
    found = [n for n, (other, _) in enumerate(entries) if other.is_scalar and other.text == key]
    if len(found) != 1:
        raise Unwritable(f"there is no key {key}" if not found else f"the key {key} stands twice")
    return entries, found[0]


def _in_block(node: Node) -> bool:
    """Whether a node is written in block context: not inside brackets, nor in JSON."""
    columns = node.tree.columns
    parent = columns.parents[node.row]
    if node.tree.document_kind is DocumentKind.JSON:
        return False
    return parent < 0 or columns.codes[parent] & CODE in (BLOCK_MAPPING, BLOCK_SEQUENCE)


def _key_quote(keys: list[Node]) -> str | None:
    """The quote all keys of a mapping are written in, if they are."""
    styles = {key.style for key in keys if key.is_scalar}
    if len(styles) == 1 and styles <= {Style.SINGLE, Style.DOUBLE}:
        return "'" if Style.SINGLE in styles else '"'
    return None


def _check(node: Node) -> None:
    tree = node.tree
    if not tree.complete:
        raise Unwritable("the text does not parse")
    if node.target != node and node.kind is not Kind.SCALAR:
        raise Unwritable("this is an alias: what it stands for is written elsewhere")
    outer: Node | None = node
    while outer is not None:
        if outer.is_key and not outer.is_scalar:
            raise Unwritable("inside a key")
        outer = outer.parent


def _check_anchors(node: Node, first: int) -> None:
    """Refuse to take away an anchor that an alias elsewhere refers to."""
    columns = node.tree.columns
    stop = columns.after(node.row)
    for alias, target in columns.targets.items():
        if first <= target < stop and not node.row <= alias < stop:
            span = Span(columns.starts[alias], columns.ends[alias])
            raise Unwritable(f"the anchor is in use: {node.tree.source[span.start : span.end]}")

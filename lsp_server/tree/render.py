"""Python values as YAML or JSON text, in the style of a given document.

Writes only what every reader reads alike: a string that YAML 1.1 or 1.2 could take for something else is
quoted. Knows nothing about where the text goes; `edit` finds the place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_server.tree.scalar import ambiguity, resolve

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]

_PLAIN = re.compile(r"[A-Za-z0-9_/$(][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*")
_NOT_PLAIN = re.compile(r":(?:\s|$)|\s#|\s$|[\t\ufffe\uffff]")
_FLOW_MARKS = re.compile(r"[,\[\]{}:#]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WIDTH = 100  # of a line with a list in brackets
_LITERAL = re.compile(r"(?=\S)(?:\n|[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff])*")


class Unwritable(ValueError):
    """A value or an edit that cannot be written without changing something else; the message is for
    people.
    """


@dataclass(frozen=True, slots=True)
class Layout:
    """How a document is laid out. `step`: spaces per level; `dash`: spaces a sequence is indented below its
    key; `flow_lists`: short lists of scalars stand in brackets.
    """

    is_json: bool = False
    step: int = 2
    dash: int = 2
    quote: str = '"'
    newline: str = "\n"
    flow_lists: bool = False
    literal: bool = True
    """Whether a block scalar may be written; not where the text behind it would be taken for a part of it."""


def json_text(value: Value, layout: Layout, indent: int | None) -> str:
    """JSON; `indent` is the column of the line the value starts on, None for everything on one line."""
    try:
        step = None if indent is None else " " * layout.step
        shown = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=step)
    except ValueError as error:
        raise Unwritable(f"not writable as JSON: {error}") from None
    if _SURROGATE.search(shown):
        raise Unwritable("half of a surrogate pair cannot be written")
    return shown.replace("\n", layout.newline + " " * (indent or 0))


def key_text(key: str, layout: Layout, in_flow: bool = False, quote: str | None = None) -> str:
    if layout.is_json:
        return json_text(key, layout, None)
    if quote is None and key != "<<" and _is_plain(key, in_flow):
        return key
    return _quoted(key, quote or layout.quote)


def scalar_text(value: Value, layout: Layout, in_flow: bool = False, quote: str | None = None) -> str:
    """A scalar on one line. `quote` asks for quotes on strings."""
    if layout.is_json:
        return json_text(value, layout, None)
    if isinstance(value, str):
        return value if quote is None and _is_plain(value, in_flow) else _quoted(value, quote or layout.quote)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int):
        return str(value)
    raise Unwritable(f"{type(value).__name__} is no scalar")


def flow_text(value: Value, layout: Layout) -> str:
    """Any value on one line, collections in brackets."""
    if layout.is_json:
        return json_text(value, layout, None)
    if isinstance(value, Mapping):
        entries = (f"{key_text(key, layout, True)}: {flow_text(item, layout)}" for key, item in value.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow_text(item, layout) for item in value) + "]"
    return scalar_text(value, layout, True)


def is_collection(value: Value) -> bool:
    """Whether a value takes lines of its own in block style: a collection that is not empty."""
    return isinstance(value, (Mapping, Sequence)) and not isinstance(value, str) and len(value) > 0


def entry_lines(key: str, value: Value, column: int, layout: Layout, quote: str | None = None) -> list[str]:
    """A block entry, its first line without indentation (the caller stands at `column` already)."""
    return _hung(key_text(key, layout, quote=quote) + ":", value, column, layout)


def item_lines(value: Value, column: int, layout: Layout) -> list[str]:
    """A block sequence's item from its dash on."""
    if is_collection(value):
        lines = block_lines(value, column + 2, layout)
        return ["- " + lines[0], *lines[1:]]
    return _hung("-", value, column, layout)


def block_lines(value: Value, column: int, layout: Layout) -> list[str]:
    """A collection that is not empty, in block style at a column; the first line without its indentation."""
    lines: list[str] = []
    space = " " * column
    if isinstance(value, Mapping):
        for key, item in value.items():
            first, *rest = entry_lines(key, item, column, layout)
            lines += [space + first, *rest]
    elif isinstance(value, Sequence):
        for item in value:
            first, *rest = item_lines(item, column, layout)
            lines += [space + first, *rest]
    lines[0] = lines[0][column:]
    return lines


def _hung(head: str, value: Value, column: int, layout: Layout) -> list[str]:
    """A value behind `key:` or `-`: on the same line, or on deeper lines."""
    if is_collection(value):
        if layout.flow_lists and (listed := _short_list(value, layout)) and column + len(head) + len(listed) < _WIDTH:
            return [f"{head} {listed}"]
        deeper = column + (layout.step if isinstance(value, Mapping) else layout.dash)
        lines = block_lines(value, deeper, layout)
        return [head, " " * deeper + lines[0], *lines[1:]]
    if isinstance(value, str) and layout.literal and is_literal(value):
        return literal_lines(head + " ", value, column + layout.step)
    return [f"{head} {scalar_text(value, layout) if isinstance(value, str) else flow_text(value, layout)}"]


def _short_list(value: Value, layout: Layout) -> str | None:
    if isinstance(value, (Mapping, str)) or not isinstance(value, Sequence):
        return None
    if any(is_collection(item) or (isinstance(item, str) and "\n" in item) for item in value):
        return None
    return flow_text(value, layout)


def is_literal(value: str) -> bool:
    """Whether a string is best written as a block scalar, and may be."""
    if "\n" not in value.rstrip("\n") or value.endswith("\n\n") or _SURROGATE.search(value):
        return False
    last = value.rstrip("\n").rpartition("\n")[2]
    return bool(last.strip()) and _LITERAL.fullmatch(value) is not None


def literal_lines(head: str, value: str, column: int) -> list[str]:
    """A block scalar behind a head, its text at a column."""
    header = "|" if value.endswith("\n") else "|-"
    body = value.removesuffix("\n").split("\n")
    return [head + header, *(" " * column + line if line else "" for line in body)]


def _is_plain(text: str, in_flow: bool) -> bool:
    if not _PLAIN.fullmatch(text) or _NOT_PLAIN.search(text) or ambiguity(text) is not None:
        return False
    if in_flow and _FLOW_MARKS.search(text):
        return False
    return type(resolve(text)) is str


def _quoted(text: str, quote: str) -> str:
    if _SURROGATE.search(text):
        raise Unwritable("half of a surrogate pair cannot be written")
    if quote == "'" and not _UNPRINTABLE.search(text):
        return "'" + text.replace("'", "''") + "'"
    shown = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)

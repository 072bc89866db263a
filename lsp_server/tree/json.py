"""JSON into columns: a strict reader with the standard library's C string scanner at its heart.

Stops at the first fault; `json_tolerant` reads on from there. Accepts what the JSON grammar accepts and
nothing else (no comments, no trailing commas, no NaN), to a bounded depth and without recursion.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from lsp_server.text import Span
from lsp_server.tree.columns import (
    DEPTH_LIMIT,
    DOUBLE,
    FLOW_MAPPING,
    FLOW_SEQUENCE,
    KEY,
    PLAIN,
    Columns,
    collector_paused,
)
from lsp_server.tree.node import Problem
from lsp_server.tree.reading import Fault, Reading

_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_NEXT_KEY = re.compile(r'[ \t\n\r]*,[ \t\n\r]*"')
_NEXT_ITEM = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_CLOSE = re.compile(r"[ \t\n\r]*([\]}])")


def read(text: str) -> Reading:
    """One pass over a text. Never raises on any text."""
    with collector_paused():
        reader = _Strict(text)
        try:
            reader.read()
        except _Stop as stop:
            reader.reading.fault = stop.fault
            reader.close_all()
        return reader.reading


class _Stop(Exception):
    def __init__(self, place: int, message: str, code: str = "syntax") -> None:
        self.fault = Fault(place, message, code=code)


class _Strict:
    def __init__(self, text: str) -> None:
        self.text = text
        self.columns = Columns()
        self.reading = Reading(self.columns)
        self.frames: list[tuple[int, dict[str, int] | None]] = []
        self.parent = -1

    def read(self) -> None:
        """Rows for the whole text. The one hot loop: each turn reads a value, and the key before it in a
        mapping.
        """
        text, columns, frames = self.text, self.columns, self.frames
        codes, contents, ends = columns.codes, columns.contents, columns.ends
        add_code, add_start, add_end = codes.append, columns.starts.append, ends.append
        add_parent, add_content = columns.parents.append, contents.append
        colon, literal, next_key = _COLON.match, _LITERAL.match, _NEXT_KEY.match
        next_item, close, space = _NEXT_ITEM.match, _CLOSE.match, _SPACE.match
        pool: dict[str, str] = {}
        intern = pool.setdefault
        parent = -1
        keys: dict[str, int] | None = None
        place = space(text, 1 if text.startswith("\ufeff") else 0).end()  # type: ignore[union-attr]
        if place == len(text):
            return
        while True:
            if keys is not None:  # `place` is at the quote of a key
                try:
                    key, end = scanstring(text, place + 1, True)
                except JSONDecodeError as error:
                    self.parent = parent
                    raise _string_fault(error, place) from None
                key = intern(key, key)
                if key in keys:
                    first = keys[key]
                    related = Span(columns.starts[first], ends[first])
                    message = f"the key {key} stands twice in this object"
                    self.reading.problems.append(Problem(Span(place, end), message, "duplicate-key", related))
                keys[key] = len(codes)
                add_code(DOUBLE | KEY)
                add_start(place)
                add_end(end)
                add_parent(parent)
                add_content(key)
                match = colon(text, end)
                if match is None:
                    self.parent = parent
                    raise _Stop(space(text, end).end(), "a colon should stand here")  # type: ignore[union-attr]
                place = match.end()
            first_character = text[place : place + 1]
            add_start(place)
            add_parent(parent)
            if first_character == '"':
                add_code(DOUBLE)
                try:
                    value, place = scanstring(text, place + 1, True)
                except JSONDecodeError as error:
                    add_end(place)
                    add_content("")
                    self.parent = parent
                    raise _string_fault(error, place) from None
                add_end(place)
                add_content(intern(value, value))
            elif first_character == "{" or first_character == "[":
                if len(frames) >= DEPTH_LIMIT:
                    add_code(PLAIN)
                    add_end(place)
                    add_content("")
                    self.parent = parent
                    raise _Stop(place, f"nested deeper than {DEPTH_LIMIT} levels", "depth")
                row = len(codes)
                frames.append((parent, keys))
                parent = row
                add_end(place)
                add_content(0)
                match = space(text, place + 1)
                place = match.end()  # type: ignore[union-attr]
                if first_character == "{":
                    add_code(FLOW_MAPPING)
                    keys = {}
                    if text[place : place + 1] == '"':
                        continue
                    closer = "}"
                else:
                    add_code(FLOW_SEQUENCE)
                    keys = None
                    closer = "]"
                    if text[place : place + 1] != "]":
                        continue
                if text[place : place + 1] != closer:
                    self.parent = parent
                    raise _Stop(place, "a key in double quotes should stand here")
                place += 1
                contents[row] = row + 1
                ends[row] = place
                parent, keys = frames.pop()
            else:
                add_code(PLAIN)
                match = literal(text, place)
                if match is None:
                    add_end(place)
                    add_content("")
                    self.parent = parent
                    raise _Stop(place, "a value should stand here")
                value = match[0]
                place = match.end()
                add_end(place)
                add_content(intern(value, value))
            while parent >= 0:  # behind a value: another entry or item, or the end of one or more collections
                if keys is not None:
                    match = next_key(text, place)
                    if match is not None:
                        place = match.end() - 1
                        break
                else:
                    match = next_item(text, place)
                    if match is not None:
                        place = match.end()
                        break
                match = close(text, place)
                if match is None or (match[1] == "}") is (keys is None):
                    self.parent = parent
                    raise self._separator_fault(place, keys is not None)
                place = match.end()
                contents[parent] = len(codes)
                ends[parent] = place
                parent, keys = frames.pop()
            else:
                place = space(text, place).end()  # type: ignore[union-attr]
                if place < len(text):
                    raise _Stop(place, "nothing may follow the value")
                return

    def _separator_fault(self, place: int, in_object: bool) -> _Stop:
        text = self.text
        comma = _NEXT_ITEM.match(text, place)
        if comma is not None:
            return _Stop(comma.end(), "a key in double quotes should stand here")
        behind = _SPACE.match(text, place).end()  # type: ignore[union-attr]
        closer = "}" if in_object else "]"
        return _Stop(behind, f"a comma or {closer} should stand here")

    def close_all(self) -> None:
        """Give every open collection an end and a key without value an empty one."""
        columns = self.columns
        end = max(columns.ends, default=0)
        if columns.codes and columns.codes[-1] & KEY:
            columns.codes.append(PLAIN)
            columns.starts.append(columns.ends[-1])
            columns.ends.append(columns.ends[-1])
            columns.parents.append(self.parent)
            columns.contents.append("")
        while self.parent >= 0:
            columns.contents[self.parent] = len(columns)
            columns.ends[self.parent] = max(end, columns.starts[self.parent])
            self.parent, _ = self.frames.pop()


def _string_fault(error: JSONDecodeError, start: int) -> _Stop:
    if error.msg.startswith("Unterminated") or error.msg.startswith("Invalid control"):
        return _Stop(start, "this string does not end on its line")
    return _Stop(error.pos, error.msg[:1].lower() + error.msg[1:])

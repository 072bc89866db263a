"""JSON that does not parse, read nevertheless: what a person means who is in the middle of a line.

A missing comma, colon, value or quote costs only itself. Where brackets do not match, indentation decides: a
closing bracket on a line of its own belongs to the collection whose opening line is indented like it. So a
lost `{` does not make the rest of the document vanish. Reports nothing: the strict reader has named the
fault already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from lsp_server.tree.columns import (
    CODE,
    DEPTH_LIMIT,
    DOUBLE,
    FLOW_MAPPING,
    FLOW_SEQUENCE,
    KEY,
    PLAIN,
    Columns,
    collector_paused,
)

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")'
    r'|(?P<open_string>"(?:[^"\\\r\n]|\\[^\r\n])*\\?)'
    r"|(?P<mark>[{}\[\],:])"
    r'|(?P<word>[^\s{}\[\],:"]+)'
)
_COLON_AHEAD = re.compile(r"[ \t]*:")
_INDENT = re.compile(r"[ \t]*")


@dataclass(slots=True)
class _Frame:
    row: int
    is_object: bool
    indent: int  # of the line the collection was opened on
    awaits: str  # key, colon, value or comma
    key_indent: int = 0


def read(text: str) -> tuple[Columns, int | None]:
    """Rows for whatever can be made out, and the first bracket that indentation shows to have no other half.

    Never raises on any text.
    """
    with collector_paused():
        reader = _Tolerant(text)
        return reader.read(), reader.unpaired


class _Tolerant:
    def __init__(self, text: str) -> None:
        self.text = text
        self.columns = Columns()
        self.frames: list[_Frame] = []
        self.line_start = 0
        self.indent = 0
        self.first_on_line = True
        self.last_end = 0
        self.unpaired: int | None = None

    def read(self) -> Columns:
        text = self.text
        before = 0
        for match in _TOKEN.finditer(text, 1 if text.startswith("\ufeff") else 0):
            start = match.start()
            newline = text.rfind("\n", before, start)
            self.first_on_line = newline >= 0 or before == 0
            if newline >= 0:
                self.line_start = newline + 1
            if self.first_on_line:
                self.indent = start - self.line_start
            before = match.end()
            if self.columns.codes and not self.frames:
                break  # the root is complete
            if match.lastgroup == "mark":
                self._mark(match[0], start)
            else:
                self._scalar(match, start)
            self.last_end = match.end()
        while self.frames:
            self._close(self.last_end)
        return self.columns

    def _mark(self, mark: str, start: int) -> None:
        frame = self.frames[-1] if self.frames else None
        if mark in "{[":
            if len(self.frames) >= DEPTH_LIMIT:
                return
            if frame is not None and frame.is_object and frame.awaits in ("key", "comma"):
                self._add(PLAIN | KEY, start, start, "")
            self._open(mark == "{", start, self.indent)
        elif mark in "}]":
            self._closer(mark == "}", start + 1)
        elif frame is None:
            return
        elif mark == ":":
            if frame.awaits == "colon":
                frame.awaits = "value"
        elif frame.is_object:
            if frame.awaits in ("colon", "value"):
                self._add_empty(frame)
            frame.awaits = "key"
        else:
            frame.awaits = "value"

    def _scalar(self, match: re.Match[str], start: int) -> None:
        end = match.end()
        content, code = match[0], PLAIN
        if match.lastgroup != "word":
            code = DOUBLE
            content = _content(match)
        named = _COLON_AHEAD.match(self.text, end) is not None
        if named and self.first_on_line:
            # A key further out than its siblings: the brackets that should have closed before it were lost.
            while len(self.frames) > 1 and self._is_left_behind(self.frames[-1], self.frames[-2]):
                self._close(self.last_end)
        frame = self.frames[-1] if self.frames else None
        if (
            frame is not None
            and frame.is_object
            and self.first_on_line
            and frame.awaits in ("colon", "value")
        ):
            if named and frame.awaits == "value" and self.indent > frame.key_indent:
                self._open(True, start, frame.key_indent)  # the opening brace of this object was lost
            elif named or frame.awaits == "colon":
                self._add_empty(frame)
                frame.awaits = "key"
        elif frame is not None and not frame.is_object and named:
            self._open(True, start, (frame.indent + self.indent) // 2)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.is_object and frame.awaits in ("key", "comma"):
            if code == PLAIN and not named:
                return
            self._add(code | KEY, start, end, content)
            frame.awaits = "colon"
            frame.key_indent = self.indent
            return
        self._add(code, start, end, content)
        if frame is not None:
            frame.awaits = "comma"

    def _is_left_behind(self, frame: _Frame, around: _Frame) -> bool:
        """Whether the current line's indentation says that a collection should have ended above it."""
        if frame.indent < self.indent:
            return False
        is_empty = frame.row == len(self.columns) - 1
        return self.indent < frame.key_indent or (is_empty and around.key_indent > around.indent)

    def _open(self, is_object: bool, start: int, indent: int) -> None:
        row = len(self.columns)
        self._add(FLOW_MAPPING if is_object else FLOW_SEQUENCE, start, start, 0)
        if self.frames:
            self.frames[-1].awaits = "comma"
        self.frames.append(_Frame(row, is_object, indent, "key" if is_object else "value", indent))

    def _closer(self, is_object: bool, end: int) -> None:
        frames = self.frames
        if self.first_on_line:
            for depth in range(len(frames) - 1, -1, -1):
                if frames[depth].indent == self.indent and frames[depth].is_object == is_object:
                    if depth + 1 < len(frames) and self.unpaired is None:
                        self.unpaired = end - 1
                    self._close_down_to(depth, end)
                    return
                if frames[depth].indent < self.indent:
                    if self.unpaired is None:
                        self.unpaired = end - 1
                    return  # its opening bracket was lost
        for depth in range(len(frames) - 1, -1, -1):
            if frames[depth].is_object == is_object:
                self._close_down_to(depth, end)
                return
            if frames[depth].indent < self.indent:
                return

    def _close_down_to(self, depth: int, end: int) -> None:
        while len(self.frames) > depth + 1:
            self._close(self.last_end)
        self._close(end)

    def _close(self, end: int) -> None:
        frame = self.frames.pop()
        if frame.is_object and self.columns.codes[-1] & KEY:
            self.frames.append(frame)
            self._add_empty(frame)
            self.frames.pop()
        self.columns.contents[frame.row] = len(self.columns)
        self.columns.ends[frame.row] = max(end, self.columns.starts[frame.row])

    def _add_empty(self, frame: _Frame) -> None:
        if self.columns.codes[-1] & KEY:
            end = self.last_end
            self._add(PLAIN, end, end, "")
        frame.awaits = "comma"

    def _add(self, code: int, start: int, end: int, content: str | int) -> None:
        columns = self.columns
        assert code & CODE <= FLOW_SEQUENCE
        columns.codes.append(code)
        columns.starts.append(start)
        columns.ends.append(end)
        columns.parents.append(self.frames[-1].row if self.frames else -1)
        columns.contents.append(content)


def _content(match: re.Match[str]) -> str:
    if match.lastgroup == "string":
        try:
            content: str = scanstring(match.string, match.start() + 1, False)[0]
            return content
        except JSONDecodeError:
            return match[0][1:-1]
    return match[0][1:].rstrip().rstrip(",")

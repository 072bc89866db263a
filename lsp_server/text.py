"""Characters and places in them: spans, line positions, edits and changes.

Knows nothing about meaning: no language, no document kinds, no files on disk. All offsets are code points
(Python string indexes), all spans are half-open. UTF-16, the editor's unit, is known only to `lsp/convert.py`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


class Span(NamedTuple):
    """A half-open range of code points in one text."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < max(self.end, self.start + 1)

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


class Location(NamedTuple):
    """A span in a named document. The path is workspace-relative and POSIX."""

    path: str
    span: Span


class Position(NamedTuple):
    """A 0-based line and a 0-based column counted in code points."""

    line: int
    column: int


class LineIndex:
    """Offset to line and back for one text. Lines end at LF, CRLF or CR: nothing else, so U+2028 is a character."""

    __slots__ = ("_length", "starts")

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
        self._length = len(text)

    def edited(self, span: Span, length: int, text: str) -> LineIndex:
        """The index after the characters of `span` gave way to `length` others; `text` is the whole text afterwards.

        Only the lines around the edit are read, so that a keystroke in a very long text costs little.
        """
        delta = length - (span.end - span.start)
        first = self.position(max(span.start - 1, 0)).line  # from one before: CR and LF may meet or part here
        rest = bisect_right(self.starts, span.end)
        end = self.starts[rest] + delta if rest < len(self.starts) else len(text)
        index = LineIndex.__new__(LineIndex)
        index._length = len(text)
        index.starts = self.starts[: first + 1]
        index.starts += [match.end() for match in _LINE_BREAK.finditer(text, self.starts[first], end)]
        following = self.starts[rest + 1 :]
        index.starts += [start + delta for start in following] if delta else following
        return index

    def position(self, offset: int) -> Position:
        offset = min(max(offset, 0), self._length)
        line = bisect_right(self.starts, offset) - 1
        return Position(line, offset - self.starts[line])

    def offset(self, line: int, column: int) -> int:
        """The offset of a position; clamped into the text and into the line, as editors expect."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return self._length
        end = self.starts[line + 1] if line + 1 < len(self.starts) else self._length
        return min(self.starts[line] + max(column, 0), end)

    def line_span(self, text: str, line: int) -> Span:
        """The characters of a line without its line break."""
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(text)
        while end > start and text[end - 1] in "\r\n":
            end -= 1
        return Span(start, end)


def newline_of(text: str) -> str:
    """The line break a text uses (that of its first line), LF where it has none."""
    match = _LINE_BREAK.search(text)
    return match.group() if match else "\n"


class EditConflict(ValueError):
    """Edits that overlap, reach outside the text, or were made for another text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a span of a document's text. An empty span inserts, an empty text deletes."""

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """Edits and new files under one label: what a quick fix, a generated migration and the agent all produce.

    `bases` maps each edited path to the digest of the text the edits were made for; applying to another text is
    refused. `new_files` maps paths to whole texts; a path that exists already is refused by whoever writes.
    """

    label: str
    edits: tuple[Edit, ...] = ()
    new_files: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({edit.path for edit in self.edits} | set(self.new_files)))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, which all speak of the text as it was. Insertions at one place keep their order.

    Raises EditConflict for overlapping edits and for edits outside the text.
    """
    ordered = sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))
    parts: list[str] = []
    cursor = 0
    for edit in ordered:
        if edit.span.start < cursor or edit.span.end < edit.span.start or edit.span.end > len(text):
            raise EditConflict(f"{edit.path}: edit at {edit.span.start}..{edit.span.end} overlaps or lies outside the text")
        parts.append(text[cursor : edit.span.start])
        parts.append(edit.text)
        cursor = edit.span.end
    parts.append(text[cursor:])
    return "".join(parts)

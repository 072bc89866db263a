"""How text looks in a terminal: widths of characters, tabs, long lines, and characters that a terminal would obey.

Knows nothing of findings. A column here is a cell of the terminal, not a code point.
"""

from __future__ import annotations

import unicodedata

_TAB = 4  # cells; where tabs really stop is known to nobody but the terminal
_CUT = "…"


def printable(text: str) -> str:
    """A text from a file or of a file's name: a terminal must not obey what stands in it, and one line stays one."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def width(text: str) -> int:
    """The cells that a printable text takes: two for wide characters of East Asia and emoji, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def excerpt(line: str, start: int, end: int, widest: int) -> tuple[str, int, int]:
    """One line as it can be shown, at most about `widest` cells of it around `start..end`, and where these are.

    Gives the text to print, the cells before the part that is meant and the cells of that part (at least one).
    """
    end = min(max(end, start + 1), max(len(line), start + 1))
    first, last = _window(len(line), start, end, widest)
    left = _CUT if first > 0 else ""
    right = _CUT if last < len(line) else ""
    before, meant, after = (_shown(line[slice(*part)]) for part in ((first, start), (start, min(end, last)), (end, last)))
    if end > last:
        after = ""
    return left + before + meant + after + right, width(left + before), max(width(meant), 1)


def _window(length: int, start: int, end: int, widest: int) -> tuple[int, int]:
    """The characters of a line that are shown: all where they fit, else those from a little before `start`."""
    if length <= widest:
        return 0, length
    room = max(widest - (end - start), widest // 4)
    first = 0 if end <= widest else max(start - room // 2, 0)
    return first, min(first + widest, length)


def _shown(text: str) -> str:
    return printable(text.replace("\t", " " * _TAB))


def _cells(character: str) -> int:
    if unicodedata.combining(character) or character in "\u200b\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

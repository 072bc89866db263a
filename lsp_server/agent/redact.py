"""What must not leave the machine, and marks in its place: passwords, keys, tokens, rows of tables.

A mark such as `<<hidden-1:password>>` stands for one literal during one run. The model may keep it where it edits the file that holds the
literal, and there it is put back; in any other file it is refused, so that no secret can be carried about. Rather too much is hidden
than too little: what is hidden can still be edited around. Knows texts only; what a secret looks like stands in `secrets.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lsp_server.agent.secrets import found_in
from lsp_server.agent.tool import ToolError

MARK = re.compile(r"<<hidden-(\d+):[a-z ]+>>")
_TELLING = 12  # characters; a shorter literal is hidden only where its surroundings say what it is


class Redaction:
    """The marks of one run. The same literal always has the same mark, so that what was sent once is never sent otherwise."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}  # by what stood in the text, with marks in it where it held some of the workspace's own
        self._literals: dict[int, str] = {}
        self._telling: dict[str, str] = {}

    def hide(self, text: str, path: str | None = None) -> str:
        """The text as it may be sent. `path` tells data files, of which only the first line is shown."""
        # A mark that stands in the workspace itself is text like any other: it must not come back as somebody's secret.
        text = MARK.sub(lambda match: self._mark(match[0], "mark"), text)
        parts: list[str] = []
        cursor = 0
        for start, end, kind in _apart(text, found_in(text, path)):
            parts += [text[cursor:start], self._mark(text[start:end], kind)]
            cursor = end
        hidden = "".join([*parts, text[cursor:]])
        for literal, mark in self._telling.items():
            if literal in hidden:
                hidden = hidden.replace(literal, mark)
        return hidden

    def _mark(self, literal: str, kind: str) -> str:
        mark = self._marks.get(literal)
        if mark is None:
            number = len(self._marks) + 1
            mark = self._marks[literal] = f"<<hidden-{number}:{kind}>>"
            if kind != "mark":
                if len(literal) >= _TELLING:
                    self._telling[literal] = mark
                literal = MARK.sub(lambda match: self._literals[int(match[1])], literal)
            self._literals[number] = literal
        return mark

    def restore(self, arguments: Mapping[str, Any], text_of: Callable[[str], str | None]) -> dict[str, Any]:
        """The arguments of a call that edits a file (`path`), with the literals of that file in place of their marks.

        `text_of` gives a file's text, None where there is none. Raises ToolError for a mark that does not belong there.
        """
        path = arguments.get("path")
        here = text_of(path) if isinstance(path, str) else None

        def back(match: re.Match[str]) -> str:
            literal = self._literals.get(int(match[1]))
            if literal is None or match[0] not in self._marks.values():
                raise ToolError(f"{match[0]}: there is no such mark; leave marks exactly as they were shown")
            if here is None or literal not in here:
                raise ToolError(
                    f"{match[0]} stands for a hidden value of another file and cannot be put here; read the value from the settings or the "
                    "environment, or import the name that holds it"
                )
            return literal

        def walk(value: Any) -> Any:
            if isinstance(value, str):
                return MARK.sub(back, value)
            if isinstance(value, dict):
                return {key: walk(inner) for key, inner in value.items()}
            return [walk(inner) for inner in value] if isinstance(value, list) else value

        return {name: walk(value) for name, value in arguments.items()}


def _apart(text: str, found: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Places in order; of two that overlap, the one that begins first and reaches further. None begins or ends within a mark."""
    marks = [match.span() for match in MARK.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found, key=lambda place: (place[0], -place[1])):
        for first, last in marks:
            start, end = (first if first < start < last else start), (last if first < end < last else end)
        if end > start and (start, end) not in marks and (not kept or start >= kept[-1][1]):
            kept.append((start, end, kind))
    return kept

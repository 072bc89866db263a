"""Paths that are regular expressions, as templates: what a group takes, which parts may be left out.

A template `/users/{name}` says one path; a pattern may say several (`/users(?:/(\\d+))?`, `/api/?`). Each is a reading of
it. What no template can say (look-ahead, wild cards outside of groups) has no reading. Patterns are only looked at, never run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.api.model import Schema
from lsp_server.unknown import Unknown

_MOST_READINGS = 8
_WHOLE_NUMBER = re.compile(r"(?:-\??)?(?:\\d|\[0-9\]|\[1-9\])(?:[+*]|\{\d+(?:,\d*)?\})?(?:\[0-9\][*+]?|\\d[*+]?)?")
_REPEATED = re.compile(r"[*+?]|\{\d*(?:,\d*)?\}")


def schema_of_pattern(pattern: str | None) -> Schema:
    """What a parameter takes whose text must match a pattern: an integer where nothing but digits matches.

    Any other text is what the handler makes of it.
    """
    whole = pattern is not None and _WHOLE_NUMBER.fullmatch(pattern)
    return Schema(types=("integer",)) if whole else Schema(unknown=Unknown("what a handler makes of a text"))


@dataclass(frozen=True, slots=True)
class Reading:
    """One path that a pattern says, as a template, and its parameters in order: name -> schema."""

    path: str
    parameters: tuple[tuple[str, Schema], ...]


@dataclass(frozen=True, slots=True)
class PathPattern:
    """`text` is the pattern with its groups as `{name}`, all else as written; `readings` are the templates it says.

    The first reading is the longest. No reading: no template says what the pattern does.
    """

    text: str
    readings: tuple[Reading, ...]


def read_pattern(pattern: str, names: Sequence[str] = ()) -> PathPattern:
    """A pattern as templates. `names` are those of its groups in order, for groups that have none of their own."""
    scanner = _Scanner(pattern, list(names))
    text, parts = scanner.alternatives()
    if scanner.wild or scanner.position < len(pattern):
        return PathPattern(text, ())
    readings = [Reading("".join(piece if isinstance(piece, str) else f"{{{piece[0]}}}" for piece in part),
                        tuple(piece for piece in part if not isinstance(piece, str))) for part in parts]  # fmt: skip
    unique = {reading.path.rstrip("/") or "/": reading for reading in sorted(readings, key=lambda each: -len(each.path))}
    return PathPattern(text, tuple(sorted(unique.values(), key=lambda each: -len(each.path))))


_Piece = str | tuple[str, Schema]
_Parts = list[list[_Piece]]


class _Scanner:
    """Walks a pattern once. `wild`: something was met that no template says."""

    def __init__(self, pattern: str, names: list[str]) -> None:
        self.pattern = pattern
        self.names = names
        self.position = 0
        self.groups = 0
        self.wild = False

    def alternatives(self) -> tuple[str, _Parts]:
        """Everything up to the end or an unopened parenthesis."""
        texts: list[str] = []
        found: _Parts = []
        while True:
            text, parts = self._sequence()
            texts.append(text)
            found.extend(parts)
            if self.position >= len(self.pattern) or self.pattern[self.position] != "|":
                return "|".join(texts), found[:_MOST_READINGS]
            self.position += 1

    def _sequence(self) -> tuple[str, _Parts]:
        text, parts = "", [[]]  # type: tuple[str, _Parts]
        while self.position < len(self.pattern) and self.pattern[self.position] not in "|)":
            before = self.position
            piece, options = self._piece()
            repeat = _REPEATED.match(self.pattern, self.position)
            if repeat is not None and self.position > before:
                self.position = repeat.end()
                lazy = self.pattern[self.position : self.position + 1] == "?"
                self.position += lazy
                piece += repeat[0] + "?" * lazy
                if repeat[0] == "?":
                    options = [*options, []] if options != [[]] else options
                else:
                    self.wild = True
            text += piece
            parts = [[*one, *other] for one in parts for other in options][:_MOST_READINGS]
        return text, parts

    def _piece(self) -> tuple[str, _Parts]:
        """One character, class or group: its text and what it may stand for."""
        pattern, start = self.pattern, self.position
        character = pattern[start]
        self.position += 1
        if character == "(":
            return self._group(start)
        if character in "^$":
            return "", [[]]
        if character == "\\" and self.position < len(pattern):
            self.position += 1
            following = pattern[start + 1]
            if following in "Zz":
                return "", [[]]
            if following.isalnum():
                self.wild = True
                return pattern[start : self.position], [[]]
            return following, [[following]]
        if character == "[":
            self.wild = True
            self.position = _end_of_class(pattern, start)
            return pattern[start : self.position], [[]]
        if character == "." and _REPEATED.match(pattern, self.position):
            self.wild = True
        return character, [[character]]

    def _group(self, start: int) -> tuple[str, _Parts]:
        pattern = self.pattern
        opening = re.compile(r"\(\?(?:P<(?P<name>\w+)>|(?P<plain>:)|)").match(pattern, start)
        if opening is not None and opening["plain"]:
            self.position = opening.end()
            inner, parts = self.alternatives()
            self.position += 1
            return f"(?:{inner})", parts
        if opening is not None and opening["name"] is None:
            self.wild = True
            self.position = _end_of_group(pattern, start)
            return pattern[start : self.position], [[]]
        body = opening.end() if opening is not None else start + 1
        self.position = _end_of_group(pattern, start)
        name = opening["name"] if opening is not None else self._next_name()
        self._skip_inner(pattern[body : self.position - 1])
        schema = schema_of_pattern(pattern[body : self.position - 1])
        return f"{{{name}}}", [[(name, schema)]]

    def _next_name(self) -> str:
        self.groups += 1
        return self.names.pop(0) if self.names else f"group{self.groups}"

    def _skip_inner(self, body: str) -> None:
        """Groups within a group have names of their own that no template shows."""
        for opening in re.finditer(r"(?<!\\)\((?!\?)", body):
            del opening
            self._next_name()


def _end_of_class(pattern: str, start: int) -> int:
    """Behind the `]` of a character class."""
    position = start + 1
    if pattern[position : position + 1] == "^":
        position += 1
    position += pattern[position : position + 1] == "]"
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return min(position + 1, len(pattern))


def _end_of_group(pattern: str, start: int) -> int:
    """Behind the `)` of a group, which may hold others."""
    depth, position = 0, start
    while position < len(pattern):
        match pattern[position]:
            case "\\":
                position += 1
            case "[":
                position = _end_of_class(pattern, position) - 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return position + 1
        position += 1
    return len(pattern)

"""A route as Python source, laid out as formatters lay it out. Text only: what goes into it is decided elsewhere."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RouteDraft:
    """The parts of a route as source. `decorator` is the callee (`router.get`), `arguments` begin with the path.

    `body` are lines without indentation. `docstring_below`: the text stands on lines of its own, as some projects have it.
    """

    decorator: str
    arguments: tuple[str, ...]
    name: str
    parameters: tuple[str, ...]
    returns: str | None
    docstring: str | None
    body: tuple[str, ...]
    is_async: bool = False
    docstring_below: bool = False
    width: int = 88

    @property
    def source(self) -> str:
        head = bracketed(f"@{self.decorator}(", self.arguments, ")", self.width)
        keyword = "async def" if self.is_async else "def"
        ending = f") -> {self.returns}:" if self.returns is not None else "):"
        signature = bracketed(f"{keyword} {self.name}(", self.parameters, ending, self.width)
        lines = [*self._docstring(), *(line for part in self.body for line in folded(part, self.width - 4).split("\n"))]
        return "\n".join((head, signature, *(f"    {line}" if line else "" for line in lines)))

    def _docstring(self) -> list[str]:
        if not self.docstring:
            return []
        text = self.docstring.replace("\\", "\\\\").replace('"""', "'''").strip()
        lines = [line for part in text.split("\n") for line in (textwrap.wrap(part, self.width - 4) or [""])]
        if len(lines) == 1 and not self.docstring_below and len(lines[0]) <= self.width - 10 and not lines[0].endswith('"'):
            return [f'"""{lines[0]}"""']
        if self.docstring_below:
            return ['"""', *lines, '"""']
        return [f'"""{lines[0]}', *lines[1:], '"""']


def bracketed(before: str, parts: Sequence[str], after: str, width: int = 88, indent: str = "") -> str:
    """`before a, b after` on one line where it fits, else the parts on one line of their own, else one line each."""
    joined = ", ".join(parts)
    if "\n" not in joined:
        if len(indent) + len(before) + len(joined) + len(after) <= width:
            return f"{before}{joined}{after}"
        if len(indent) + 4 + len(joined) <= width:
            return f"{before}\n{indent}    {joined}\n{indent}{after}"
    inner = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{before}\n{inner}{indent}{after}"


def folded(line: str, width: int) -> str:
    """A statement that is too long for its line, spread over several at its last brackets; others as they are."""
    if len(line) <= width or "\n" in line:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    end = len(line.rstrip(":"))
    opening = _partner(line, end - 1)
    if opening is None or opening + 1 == end - 1:
        return line
    parts = split_arguments(line[opening + 1 : end - 1])
    if len(parts) == 1 and line[end - 1] != "}":
        return f"{line[: opening + 1]}\n{indent}    {folded(parts[0], width - 4)}\n{indent}{line[end - 1 :]}"
    return bracketed(line[: opening + 1], parts, line[end - 1 :], width, indent)


def _partner(line: str, closing: int) -> int | None:
    """The bracket that a bracket at `closing` closes; None where there is none, or texts hold brackets of their own."""
    pairs = {")": "(", "]": "[", "}": "{"}
    if closing < 0 or line[closing] not in pairs:
        return None
    quote = ""
    stack: list[int] = []
    for index, character in enumerate(line[: closing + 1]):
        if quote:
            quote = "" if character == quote and line[index - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            stack.append(index)
        elif character in ")]}":
            if not stack:
                return None
            opening = stack.pop()
            if index == closing:
                return opening
    return None


def split_arguments(text: str) -> list[str]:
    """Arguments of a call, apart at the commas that stand in no bracket and no text."""
    parts, depth, start, quote = [], 0, 0, ""
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[index - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and not depth:
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]

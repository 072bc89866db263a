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
        lines = [*self._docstring(), *(line for part in self.body for line in part.split("\n"))]
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


def call(name: str, arguments: Sequence[str], width: int = 88, indent: str = "") -> str:
    return bracketed(f"{name}(", arguments, ")", width, indent)

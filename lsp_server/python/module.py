"""One Python file's facts: its statements as a compact tree, and what was wrong with its text.

Framework-free. Says nothing about names of other files: that is `program.py`.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass

from lsp_server.python.lower import Node, lower
from lsp_server.python.syntax import SyntaxProblem, parse
from lsp_server.text import Span

_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """`body` is described in `lower.py`. Problems are syntax errors; the body then lacks the broken lines, except where it
    was `mended`: then it is that of the last text that parsed.
    """

    path: str
    body: tuple[Node, ...]
    problems: tuple[SyntaxProblem, ...] = ()
    mended: bool = False

    @property
    def lacks_lines(self) -> bool:
        """Whether something stands in the text that the body does not have: what is not seen may still be there."""
        return bool(self.problems) and not self.mended


def read_module(path: str, text: str, previous: str | None = None) -> ModuleFacts:
    """The facts of one file. Never raises. `previous` is the file's last text without a syntax error, if one is known."""
    collecting = gc.isenabled()
    gc.disable()  # Factor 1.7 on the parser: everything it makes is alive until we are done.
    try:
        parsed = parse(text, previous)
        try:
            body = lower(parsed, text)
        except RecursionError:
            return ModuleFacts(path, (), (*parsed.problems, SyntaxProblem(_NOWHERE, "nested too deeply to be read")))
        return ModuleFacts(path, body, parsed.problems, parsed.mended is not None)
    finally:
        if collecting:
            gc.enable()




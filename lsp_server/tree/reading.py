"""What a reader hands over: columns, problems and, where the text does not parse, the place it stopped at.

Shared by the readers and by `repair`, which tries again on a mended text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.text import Span
from lsp_server.tree.columns import Columns
from lsp_server.tree.node import Problem


@dataclass(frozen=True, slots=True)
class Fault:
    """Where and why a reader stopped. `context` is the start of the unfinished construct, where there is
    one.
    """

    place: int
    message: str
    context: int | None = None
    code: str = "syntax"

    def problem(self, text: str) -> Problem:
        """The fault as a problem from its place to the end of the line; at a line's end, the last character
        shows it.
        """
        place = min(self.place, len(text))
        start = text.rfind("\n", 0, place) + 1
        if not text[place : place + 1].strip() and text[start:place].strip():
            place = start + len(text[start:place].rstrip()) - 1
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        shown = text[place:end].rstrip()
        related = None
        if self.context is not None and self.context != place:
            related = Span(min(self.context, len(text)), min(self.context + 1, len(text)))
        return Problem(Span(place, place + len(shown)), self.message, self.code, related)


@dataclass(slots=True)
class Reading:
    """The outcome of one pass over a text. With a fault, the columns hold what stands before it."""

    columns: Columns
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    fault: Fault | None = None

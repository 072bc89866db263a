"""How tools show texts and places to a model: numbered lines, bounded, and always with a word on how to see more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsp_server.text import LineIndex

WIDEST = 500  # characters of a line that are shown
LARGEST = 40_000  # characters of one answer


def lines_of(text: str) -> list[str]:
    """The lines of a text without their breaks; a last line that is empty does not count."""
    index = LineIndex(text)
    lines = [text[span.start : span.end] for span in (index.line_span(text, line) for line in range(len(index.starts)))]
    return lines[:-1] if lines and not lines[-1] else lines


def numbered(lines: Iterable[tuple[int, str]]) -> str:
    """Lines with their numbers, counted from 1."""
    return "\n".join(f"{number:>6}  {shortened(line)}" for number, line in lines)


def shortened(line: str, widest: int = WIDEST) -> str:
    return line if len(line) <= widest else f"{line[:widest]} [{len(line) - widest} more characters]"


def bounded(text: str, hint: str, largest: int = LARGEST) -> str:
    """A text, cut at a line where it is too long; `hint` says how to see the rest."""
    if len(text) <= largest:
        return text
    end = text.rfind("\n", 0, largest)
    cut = text[: end if end > 0 else largest]
    return f"{cut}\n[cut here: {len(text) - len(cut):,} more characters; {hint}]"


def listed(items: Sequence[str], most: int, hint: str) -> str:
    """Items, one per line; `hint` says how to see those that are left out."""
    shown = "\n".join(items[:most])
    return shown if len(items) <= most else f"{shown}\n[{len(items) - most} more; {hint}]"


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"

"""What to try on YAML that does not parse: which line is broken, and how a person would finish it.

Knows how half-typed lines look, and what libyaml says about them. Proposes replacements of spans, in order of
likelihood; `repair` tries them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsp_server.text import Span
from lsp_server.tree.columns import CODE, DOUBLE, SINGLE
from lsp_server.tree.node import Problem
from lsp_server.tree.reading import Reading

_INDENT = re.compile(r"[ \t]*")
_DASHES = re.compile(r"(?:- +)*")
_WORD = re.compile(r"[^\s:#\[\]{}\"'&*!|>%@`,][^:#]*|'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")
_KEY = re.compile(
    r"(?:[^\s:#\[\]{}\"'&*!|>%@`,](?:[^:#]|:(?=\S))*|'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\")\s*:(?=\s|$)"
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")
_OPEN_QUOTE = re.compile(r"(?:(?<=[\s\[{,])|^)[\"']")
_BRACKET = re.compile(r"(?:^|(?<=[:-]\s))[\[{]")
_LONGEST = 5000  # characters of a line that a person may be typing
_NEAR = 12  # lines above a fault that are searched for an emptied one


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two versions of a text differ: `removed` characters of the old gave way to start..end of the
    new.
    """

    start: int
    end: int
    removed: int


@dataclass(frozen=True, slots=True)
class Mend:
    """Read the text as if `text` stood for the span start..end. `at` and `why` say what is wrong, where that
    is clear.
    """

    start: int
    end: int
    text: str
    at: int = -1
    why: str = ""

    def back(self, problem: Problem) -> Problem:
        """A problem of the mended text at its place in the text as it is."""
        delta = self.end - self.start - len(self.text)

        def moved(span: Span) -> Span:
            if span.start >= self.start + len(self.text):
                return Span(span.start + delta, span.end + delta)
            return Span(min(span.start, self.end), max(min(span.end, self.end), min(span.start, self.end)))

        related = problem.related
        if related is not None and related.end > self.start:
            related = moved(related)
        return Problem(moved(problem.span), problem.message, problem.code, related)


def difference(old: str, new: str) -> Difference:
    """The smallest span of the new text that tells it from the old one, found by common beginning and end."""
    limit = min(len(old), len(new))
    start = _common(lambda size: old[:size] == new[:size], limit)
    tail = _common(lambda size: size == 0 or old[-size:] == new[-size:], limit - start)
    return Difference(start, len(new) - tail, len(old) - tail - start)


def _common(equal: Callable[[int], bool], limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if equal(middle):
            low = middle
        else:
            high = middle - 1
    return low


def candidates(text: str, broken: Reading, edit: Difference | None) -> Iterator[Mend]:
    """Replacements worth trying, the likeliest first."""
    lines = list(_suspects(text, broken, edit))
    for line in lines:
        if line.end - line.start <= _LONGEST:
            yield from _finish(text, line, broken)
    for line in lines:
        yield from _without(text, line)


def line_at(text: str, offset: int) -> Span:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    if end > start and text[end - 1] == "\r":
        end -= 1
    return Span(start, end)


def _before(text: str, line: Span) -> Span | None:
    """The nearest line above that is neither blank nor a comment."""
    start = line.start
    while start > 0:
        above = line_at(text, start - 1)
        if above.start == start:
            return None
        shown = text[above.start : above.end].strip()
        if shown and not shown.startswith("#"):
            return above
        start = above.start
    return None


def _suspects(text: str, broken: Reading, edit: Difference | None) -> Iterator[Span]:
    """Lines that may be the broken one: the edited one, one that swallowed its successors, those at the
    fault.
    """
    fault = broken.fault
    assert fault is not None
    seen: set[int] = set()

    def fresh(line: Span | None) -> Iterator[Span]:
        if line is not None and line.start not in seen:
            seen.add(line.start)
            yield line

    place = min(fault.place, len(text))
    if edit is not None and text.count("\n", edit.start, edit.end) <= 1:
        yield from fresh(line_at(text, edit.end))
    columns = broken.columns
    for row in range(len(columns) - 1, max(len(columns) - 4, -1), -1):
        start, end = columns.starts[row], columns.ends[row]
        if columns.codes[row] & CODE in (SINGLE, DOUBLE) and "\n" in text[start:end]:
            yield from fresh(line_at(text, start))
    here = line_at(text, max(place - 1, 0) if place == len(text) else place)
    above = _before(text, here)
    if above is not None and _unfinished(text[above.start : above.end]):
        yield from fresh(above)
    if (
        fault.context is not None
        and fault.context < place
        and text[fault.context : fault.context + 1] in ("[", "{")
    ):
        yield from fresh(line_at(text, fault.context))
    yield from fresh(_emptied(text, here))
    yield from fresh(here)
    yield from fresh(above)


def _emptied(text: str, here: Span) -> Span | None:
    """An empty line a little above that may have held the key of the deeper lines below it."""
    line = here
    for distance in range(_NEAR):
        if line.start == 0:
            return None
        line = line_at(text, line.start - 1)
        if text[line.start : line.end].strip():
            continue
        if distance == 0:
            return line
        above, below = _before(text, line), _below(text, line)
        if above is not None and below is not None and _width(text, below) > _width(text, above):
            return line
    return None


def _unfinished(line: str) -> bool:
    """Whether a line looks cut: a word without colon, a quote or a bracket that is not closed."""
    body = _DASHES.sub("", line.strip(), count=1)
    if not body:
        return False
    rest = _QUOTED.sub("", body)
    if _closers(rest) or _OPEN_QUOTE.search(rest):
        return True
    return _WORD.fullmatch(body) is not None


def _finish(text: str, line: Span, broken: Reading) -> Iterator[Mend]:
    """The line as its author would go on: quote closed, bracket cut, word completed to a key."""
    content = text[line.start : line.end]
    indent = _INDENT.match(content)
    assert indent is not None
    if "\t" in indent[0]:
        yield Mend(line.start, line.start + indent.end(), indent[0].replace("\t", "  "))
    body_start = indent.end()
    dashes = _DASHES.match(content, body_start)
    body_start = dashes.end() if dashes else body_start
    body = content[body_start:]
    stripped = body.rstrip()
    end = line.start + body_start + len(stripped)
    if not stripped:
        yield from _missing_key(text, line, broken)
        return
    rest = _QUOTED.sub(lambda match: "x" * len(match[0]), stripped)
    quote = _OPEN_QUOTE.search(rest)
    if quote is not None:
        at = line.start + body_start + quote.start()
        why = "this quote is not closed"
        mark = quote[0]
        close = mark
        inside = stripped[quote.end() :]
        if mark == '"' and (len(inside) - len(inside.rstrip("\\"))) % 2:
            end -= 1
        if quote.start() == 0 and not dashes_only_item(text, line):
            yield Mend(end, line.end, close + ":", at, why)
        yield Mend(end, line.end, close + _closers(rest[: quote.start()]), at, why)
    else:
        closers = _closers(rest)
        if closers:
            bracket = _BRACKET.search(rest)
            assert bracket is not None
            start = line.start + body_start + bracket.start()
            why = "this bracket is not closed"
            yield Mend(end, line.end, closers, start, why)
            yield Mend(start, line.end, " " * (line.end - start), start, why)
    if _WORD.fullmatch(stripped):
        if _prose_below(text, line):
            yield Mend(end, line.end, ": |", line.start + body_start, "a colon is missing behind this key")
        yield Mend(end, line.end, ":", line.start + body_start, "a colon is missing behind this key")
    key = _KEY.match(body)
    if key is not None:
        start = line.start + body_start + key.end()
        if not body[key.end() :].strip() and _prose_below(text, line):
            yield Mend(end, line.end, " |")
        elif start < line.end:
            yield Mend(start, line.end, " " * (line.end - start))
    fault = broken.fault
    if fault is not None and line.start <= fault.place < line.end and fault.place > line.start + body_start:
        yield Mend(fault.place, line.end, " " * (line.end - fault.place))


def dashes_only_item(text: str, line: Span) -> bool:
    """Whether a quoted line is more likely a sequence's item than a key: it starts with a dash and nothing
    hangs on it.
    """
    content = text[line.start : line.end]
    if not content.lstrip().startswith("- "):
        return False
    below = _below(text, line)
    return below is None or _width(text, below) <= _width(text, line)


def _closers(rest: str) -> str:
    """The brackets that are open at the end of a line's text, closed in order. Those inside plain text do
    not count.
    """
    bracket = _BRACKET.search(rest)
    stack: list[str] = []
    for character in rest[bracket.start() :] if bracket else "":
        if character in "[{":
            stack.append("]" if character == "[" else "}")
        elif character in "]}" and stack and stack[-1] == character:
            stack.pop()
    return "".join(reversed(stack))


def _below(text: str, line: Span) -> Span | None:
    """The next line that is not blank."""
    offset = text.find("\n", line.end)
    while 0 <= offset < len(text) - 1:
        below = line_at(text, offset + 1)
        if text[below.start : below.end].strip():
            return below
        offset = text.find("\n", below.end)
    return None


def _width(text: str, line: Span) -> int:
    match = _INDENT.match(text, line.start, line.end)
    return match.end() - line.start if match else 0


def _prose_below(text: str, line: Span) -> bool:
    """Whether deeper lines follow that are no keys and no items: a block scalar that lost its header."""
    below = _below(text, line)
    if below is None or _width(text, below) <= _width(text, line):
        return False
    body = text[below.start : below.end].strip()
    return not body.startswith(("- ", "? ", "#", "{", "[")) and _KEY.match(body) is None


def _missing_key(text: str, line: Span, broken: Reading) -> Iterator[Mend]:
    """A key for children whose own key was wiped out: on the empty line, indented like the line they would
    hang on.
    """
    below = _below(text, line)
    above = _before(text, line)
    if below is None or above is None:
        return
    child = _width(text, below)
    sibling: Span | None = below
    while sibling is not None and _width(text, sibling) >= child:
        sibling = _below(text, sibling)
    if sibling is not None and text.startswith("- ", sibling.start + _width(text, sibling)):
        yield Mend(line.start, line.end, " " * _width(text, sibling) + "-")
    owner: Span | None = above
    while owner is not None and _width(text, owner) >= child:
        owner = _before(text, owner)
    if owner is None:
        return
    width = _width(text, owner)
    dashes = _DASHES.match(text, owner.start + width, owner.end)
    if dashes is not None and dashes.end() - owner.start < child:
        width = dashes.end() - owner.start
    yield Mend(line.start, line.end, " " * width + '"":')


def _without(text: str, line: Span) -> Iterator[Mend]:
    """The document without the line; then without what hangs on it."""
    yield Mend(line.start, line.end, " " * (line.end - line.start))
    width = _width(text, line)
    last = line
    below = _below(text, line)
    while below is not None and _width(text, below) > width:
        last = below
        below = _below(text, below)
    if last is not line:
        block = text[line.start : last.end]
        yield Mend(line.start, last.end, re.sub(r"[^\r\n]", " ", block))

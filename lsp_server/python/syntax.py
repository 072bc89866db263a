"""Python text to a standard-library syntax tree, also where the text is half-typed or newer than our interpreter.

Two cures, both keeping every character's position: grammar of later Python versions is spelled in today's
(`class A[T](B)`, `type X = …`, `except A, B:`), and broken lines are blanked (the same number of characters) until the
rest can be read, at most `_TRIES` times. Meaning is not known here.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from lsp_server.text import LineIndex, Span

_TRIES = 6


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Where the text is no Python, in the parser's words."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Mended:
    """Where the text that was parsed differs from the document's: `start..end` there stands for `start..start+length`."""

    start: int
    end: int
    length: int

    def back(self, offset: int) -> int:
        """An offset of the parsed text as an offset of the document."""
        if offset <= self.start:
            return offset
        if offset >= self.end:
            return offset - (self.end - self.start) + self.length
        return min(offset, self.start + self.length)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree, the text it was made from, and what was wrong with the original. `mended`: see there; None: same length."""

    tree: ast.Module
    text: str
    lines: LineIndex
    problems: tuple[SyntaxProblem, ...]
    mended: Mended | None = None


def parse(text: str, previous: str | None = None) -> Parsed:
    """Never raises. Unreadable text gives an empty tree and a problem.

    `previous` is the document's last text without a problem: where it helps, the edited lines are read as they were, so
    that nothing elsewhere changes while somebody types.
    """
    parsed = _parse(text)
    if not parsed.problems or previous is None:
        return parsed
    mended = _region(previous, text)
    whole = text[: mended.start] + previous[mended.start : mended.end] + text[mended.start + mended.length :]
    before = _parse(whole)
    if before.problems:
        return parsed
    return Parsed(before.tree, before.text, before.lines, parsed.problems, mended)


def _region(previous: str, text: str) -> Mended:
    """The part in which two texts differ, in whole lines of the previous one."""
    start = 0
    shortest = min(len(previous), len(text))
    while start < shortest and previous[start] == text[start]:
        start += 1
    start = max(previous.rfind("\n", 0, start), previous.rfind("\r", 0, start)) + 1
    tail = 0
    while tail < shortest - start and previous[-1 - tail] == text[-1 - tail]:
        tail += 1
    return Mended(start, len(previous) - tail, len(text) - tail - start)


def _parse(text: str) -> Parsed:
    lines = LineIndex(text)
    current = text
    problems: list[SyntaxProblem] = []
    newer_done = False
    for _ in range(_TRIES):
        try:
            return Parsed(_tree(current), current, lines, tuple(problems))
        except SyntaxError as error:
            if not newer_done:
                newer_done = True
                spelled = _spell_older(current)
                if spelled != current:
                    current, lines = spelled, LineIndex(spelled)
                    continue
            line = _line_of(error, lines)
            if not problems:
                problems.append(_problem(error, text, lines))
            repaired = _repair(current, lines, line)
            if repaired is None or repaired == current:
                break
            current = repaired
        except (ValueError, RecursionError, MemoryError) as error:
            problems.append(SyntaxProblem(Span(0, 0), f"cannot be read: {error}"))
            break
    prefix = _longest_prefix(current, lines, problems)
    if prefix is not None:
        return Parsed(prefix, current, lines, tuple(problems))
    return Parsed(ast.Module([], []), current, lines, tuple(problems))


def parse_expression(text: str) -> ast.expr | None:
    """A single expression, such as a quoted annotation; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _line_of(error: SyntaxError, lines: LineIndex) -> int:
    return min(max((error.lineno or 1) - 1, 0), len(lines.starts) - 1)


def _problem(error: SyntaxError, text: str, lines: LineIndex) -> SyntaxProblem:
    line = _line_of(error, lines)
    whole = lines.line_span(text, line)
    start = min(whole.start + max((error.offset or 1) - 1, 0), whole.end)
    return SyntaxProblem(Span(start, max(start, min(start + 1, whole.end))), error.msg or "invalid syntax")


# Half-typed lines


def _repair(text: str, lines: LineIndex, line: int) -> str | None:
    """The text with the broken line made harmless: a block opener gets its body, anything else is blanked."""
    span = lines.line_span(text, line)
    content = text[span.start : span.end]
    if not content.strip():
        # The parser complains at the first line after the broken one (an unclosed bracket, a missing body).
        for earlier in range(line - 1, max(line - 4, -1), -1):
            candidate = lines.line_span(text, earlier)
            if text[candidate.start : candidate.end].strip():
                span, content = candidate, text[candidate.start : candidate.end]
                break
        else:
            return None
    previous = _previous_line(text, lines, span)
    if previous is not None:
        opener = text[previous.start : previous.end].rstrip()
        if opener.endswith(":") and _indent(content) <= _indent(text[previous.start : previous.end]):
            # "def f():" without a body yet: blank the opener rather than the innocent line after it.
            return _blank_block(text, lines, previous)
    if _OPENER.match(content):
        return _blank_block(text, lines, span)
    return _blank(text, span)


_OPENER = re.compile(r"[ \t]*(?:@|(?:def|class|async|if|elif|else|for|while|with|try|except|finally|match|case)\b)")


def _blank_block(text: str, lines: LineIndex, span: Span) -> str:
    """Blank a line that opens a block, with the decorators above it and the lines that are indented deeper."""
    indent = _indent(text[span.start : span.end])
    first = lines.position(span.start).line
    while first > 0:
        above = lines.line_span(text, first - 1)
        if not text[above.start : above.end].lstrip().startswith("@"):
            break
        first -= 1
    last = lines.position(span.start).line
    decorated = text[span.start : span.end].lstrip().startswith("@")
    while last + 1 < len(lines.starts):
        below = lines.line_span(text, last + 1)
        content = text[below.start : below.end]
        if content.strip() and _indent(content) <= indent and not decorated:
            break
        if content.strip() and not content.lstrip().startswith("@"):
            decorated = False
        last += 1
    start, end = lines.starts[first], lines.line_span(text, last).end
    blanked = re.sub(r"[^\r\n]", " ", text[start:end])
    if len(blanked) >= indent + 4 and "\n" not in blanked[: indent + 4] and "\r" not in blanked[: indent + 4]:
        blanked = " " * indent + "pass" + blanked[indent + 4 :]
    return text[:start] + blanked + text[end:]


def _previous_line(text: str, lines: LineIndex, span: Span) -> Span | None:
    line = lines.position(span.start).line - 1
    while line >= 0:
        candidate = lines.line_span(text, line)
        if text[candidate.start : candidate.end].strip():
            return candidate
        line -= 1
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _blank(text: str, span: Span) -> str:
    """`pass` keeps a block from becoming empty; a line too short for it becomes spaces."""
    content = text[span.start : span.end]
    body = content.strip()
    if not body:
        return text
    indent = content[: _indent(content)]
    filler = "pass" if len(body) >= 4 and body != "pass" else ""
    blanked = (indent + filler).ljust(len(content))
    return text[: span.start] + blanked + text[span.end :]


def _longest_prefix(text: str, lines: LineIndex, problems: list[SyntaxProblem]) -> ast.Module | None:
    """The tree of the lines before the first problem, cut at a top-level statement."""
    if not problems or not problems[0].span.start:
        return None
    line = lines.position(problems[0].span.start).line
    for _ in range(_TRIES):
        while line > 0:
            start = lines.starts[line]
            if text[start : start + 1] not in ("", " ", "\t", "\n", "\r", ")", "]", "}", "#"):
                break
            line -= 1
        if line <= 0:
            return None
        try:
            return _tree(text[: lines.starts[line]])
        except (SyntaxError, ValueError, RecursionError):
            line -= 1
    return None


# Grammar of later Python versions, spelled so that 3.11 reads it. Every replacement keeps its length.

_TYPE_PARAMETERS = re.compile(r"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+\w+\[", re.M)
_TYPE_ALIAS = re.compile(r"^([ \t]*)type([ \t]+)(\w+)((?:\[[^\]\n]*\])?)([ \t]*=)", re.M)
_EXCEPT_LIST = re.compile(r"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]*:)", re.M)


def _spell_older(text: str) -> str:
    text = _without_type_parameters(text)
    text = _TYPE_ALIAS.sub(lambda match: f"{match[1]}{match[3]}{match[2]}    {' ' * len(match[4])}{match[5]}", text)
    text = _EXCEPT_LIST.sub(lambda match: match[1] + match[2].split(",")[0].rstrip().ljust(len(match[2])) + match[3], text)
    text = _FSTRING.sub(_plain_fstring, text) if "f'" in text or 'f"' in text else text
    return _WIDE_FSTRING.sub(_on_one_line, _OPEN_FSTRING.sub(_parenthesised, text))


def _without_type_parameters(text: str) -> str:
    """`class A[T](B)` as `class A(   B)`, `class A[T]:` as `class A( ):`; line breaks stay inside the brackets."""
    for match in list(_TYPE_PARAMETERS.finditer(text)):
        start = match.end() - 1
        end = _closing(text, start)
        if end is None:
            continue
        inner = re.sub(r"[^\r\n]", " ", text[start + 1 : end])
        if text[end + 1 : end + 2] == "(":
            text = f"{text[:start]}({inner}  {text[end + 2 :]}"
        else:
            text = f"{text[:start]}({inner}){text[end + 1 :]}"
    return text


def _closing(text: str, start: int) -> int | None:
    """The offset of the bracket that closes the one at `start`; quotes and comments are not looked into."""
    depth = 0
    for offset in range(start, min(len(text), start + 4000)):
        depth += {"[": 1, "]": -1}.get(text[offset], 0)
        if not depth:
            return offset
    return None


_OPEN_FSTRING = re.compile(r"""(?<![\w"'])[fF](["'])\{(?=[ \t]*\r?\n)([^{}]*)\}\1""")


def _parenthesised(match: re.Match[str]) -> str:
    """An f-string of one field over several lines (3.12) becomes the field's expression in brackets."""
    return f"  ({match[2]}) "


_WIDE_FSTRING = re.compile(r"""(?<![\w"'])[fF](["'])(?!\1\1)((?:(?!\1)[^\\\n{}]|\{\{|\}\}|\{[^{}]*\})*)\1""")


def _on_one_line(match: re.Match[str]) -> str:
    """An f-string with fields over several lines (3.12) among other text: its line breaks become spaces."""
    body = match[2]
    if "\n" not in body and "\r" not in body:
        return match[0]
    other = "'" if match[1] == '"' else '"'
    return match[0][:2] + re.sub(r"[\r\n]", " ", body.replace(match[1], other)) + match[1]


_FSTRING = re.compile(r"""(?<![\w"'])([fF])(["'])((?:[^"'\\\n{}]|\{\{|\}\}|\{[^{}\n]*\})*)\2""")


def _plain_fstring(match: re.Match[str]) -> str:
    """An f-string whose fields hold its own quote (3.12) becomes one with the inner quotes exchanged."""
    quote, body = match[2], match[3]
    if quote not in body:
        return match[0]
    other = "'" if quote == '"' else '"'
    return match[1] + quote + body.replace(quote, other) + quote


def type_parameters(text: str, name_end: int) -> tuple[str, ...]:
    """The names in `class A[T, *Ts](…)`, given the offset behind `A`; () where there are none."""
    if text[name_end : name_end + 1] != "[":
        return ()
    depth, end = 0, name_end
    while end < len(text) and end - name_end < 2000:
        depth += {"[": 1, "]": -1}.get(text[end], 0)
        end += 1
        if not depth:
            break
    parts, depth, current = [], 0, ""
    for character in text[name_end + 1 : end - 1]:
        depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append(current)
            current = ""
        else:
            current += character
    parts.append(current)
    return tuple(part.split(":")[0].split("=")[0].strip(" *\t\n\r") for part in parts if part.strip())

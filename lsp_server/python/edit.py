"""Edits of Python source that touch nothing else: arguments, fields, bodies, functions. Imports are `edit_imports.py`.

Positions come from the compact tree (`lower.py`); formatting, comments and user code stay as they are. Functions give
`Edit`s of one text, None where nothing is to be done. New code is given as source text without indentation.
"""

from __future__ import annotations

import re
import textwrap

from lsp_server.document import Document
from lsp_server.python.lower import Node
from lsp_server.text import Edit, Span, newline_of

_WIDEST = 88  # characters a line may have before what we write is spread over several


# Calls


def set_argument(document: Document, call: Node, name: str, source: str) -> Edit:
    """Give a call the keyword argument `name=source`, replacing one that is there."""
    for keyword, value, _, _ in call[5]:
        if keyword == name:
            return Edit(document.path, Span(value[1], value[2]), source)
    return add_argument(document, call, f"{name}={source}")


def add_argument(document: Document, call: Node, source: str) -> Edit:
    """Add an argument at the end of a call, in the layout the call has."""
    text = document.text
    close = call[2] - 1
    last = max([part[2] for part in call[4]] + [keyword[3] for keyword in call[5]], default=None)
    if last is None:
        return Edit(document.path, Span(close, close), source)
    tail = text[last:close]
    if "\n" in tail or "\r" in tail:
        first = min([part[1] for part in call[4]] + [keyword[2] for keyword in call[5]])
        indent = indent_of(text, first)
        separator = "" if "," in tail.partition("#")[0] else ","
        place = last + (tail.index(",") + 1 if not separator else 0)
        line_end = re.search(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n])", text[place:close])
        end = place + (line_end.end() if line_end else 0)
        comment = text[place:end]
        return Edit(document.path, Span(place, end), f"{separator}{comment}{newline_of(text)}{indent}{source},")
    comma = tail.find(",")
    if comma >= 0:
        return Edit(document.path, Span(last + comma + 1, close), f" {source}")
    return Edit(document.path, Span(last, last), f", {source}")


def remove_argument(document: Document, call: Node, name: str) -> Edit | None:
    """Take a keyword argument out of a call, with its comma."""
    text = document.text
    parts = sorted([(part[1], part[2], None) for part in call[4]] + [(k[2], k[3], k[0]) for k in call[5]])
    for position, (start, end, keyword) in enumerate(parts):
        if keyword == name:
            if position + 1 < len(parts):
                return Edit(document.path, Span(start, parts[position + 1][0]), "")
            if position:
                return Edit(document.path, Span(parts[position - 1][1], end), "")
            after = re.match(r"[ \t]*,[ \t]*", text[end:])
            return Edit(document.path, Span(start, end + (after.end() if after else 0)), "")
    return None


# Functions and classes


def add_parameter(document: Document, function: Node, source: str, after_defaults: bool) -> Edit:
    """Add a parameter: at the end where `after_defaults`, else before the first one that has a default or is `*`."""
    text = document.text
    parameters = function[5]
    plain = [p for p in parameters if p[1] in ("positional", "normal")]
    if not parameters:
        place = text.index("(", function[4][1]) + 1
        return Edit(document.path, Span(place, place), source)
    if not after_defaults:
        ahead = next((p for p in parameters if p[3] is not None or p[1] not in ("positional", "normal")), None)
        if ahead is not None:
            place = _parameter_start(text, ahead)
            separator = f",{newline_of(text)}{indent_of(text, place)}" if _starts_line(text, place) else ", "
            return Edit(document.path, Span(place, place), f"{source}{separator}")
    last = (plain if after_defaults and plain and len(plain) < len(parameters) and parameters[len(plain)][1] != "vararg" else parameters)[-1]
    end = last[3][2] if last[3] is not None else last[5]
    close = _closing_bracket(text, end)
    tail = text[end:close]
    if "\n" in tail or "\r" in tail:
        first = _parameter_start(text, parameters[0])
        separator = "" if "," in tail.partition("#")[0] else ","
        place = end + (tail.index(",") + 1 if not separator else 0)
        return Edit(document.path, Span(place, place), f"{separator}{newline_of(text)}{indent_of(text, first)}{source},")
    return Edit(document.path, Span(end, end), f", {source}")


def _parameter_start(text: str, parameter: Node) -> int:
    start = int(parameter[4])
    while start and text[start - 1] == "*":
        start -= 1
    return start


def _starts_line(text: str, offset: int) -> bool:
    return not text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset].strip()


def _closing_bracket(text: str, offset: int) -> int:
    """The `)` that ends a parameter list, searched from behind its last parameter: only a comma and comments between."""
    while offset < len(text):
        if text[offset] == "#":
            while offset < len(text) and text[offset] not in "\r\n":
                offset += 1
        elif text[offset] == ")":
            return offset
        else:
            offset += 1
    return offset


def body_span(document: Document, function: Node) -> Span:
    """A function's body behind its docstring, whole lines; for a one-line function the part behind the colon."""
    text = document.text
    statements = list(function[8])
    if statements and statements[0][0] == "expr" and statements[0][3][0] == "const" and isinstance(statements[0][3][3], str):
        statements = statements[1:]
        if not statements:
            end = line_end(text, function[2])
            return Span(end, end)
    start = statements[0][1]
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    if text[line:start].strip():
        return Span(start, function[2])
    # Comments above the first statement belong to the body.
    while line > 0:
        above = max(text.rfind("\n", 0, line - 1), text.rfind("\r", 0, line - 1)) + 1
        content = text[above:line].strip()
        if above <= function[4][1] or not content.startswith("#") or indent_of(text, above) != indent_of(text, start):
            break
        line = above
    return Span(line, line_end(text, function[2]))


def replace_body(document: Document, function: Node, source: str) -> Edit:
    """Give a function another body; its signature, decorators and docstring stay."""
    text = document.text
    span = body_span(document, function)
    newline = newline_of(text)
    indent = indent_of(text, text.index("def", function[1]) if "def" in text[function[1] : function[2]] else function[1])
    code = textwrap.indent(source.strip("\n"), indent + "    ").replace("\n", newline)
    line = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    if text[line : span.start].strip():
        return Edit(document.path, Span(line + len(text[line : span.start].rstrip()), span.end), newline + code)
    ending = newline if text[span.start : span.end].endswith(("\n", "\r")) or not span.end - span.start else ""
    leading = "" if not span.start or text[span.start - 1] in "\r\n" else newline
    return Edit(document.path, span, leading + code + ending)


def add_field(document: Document, cls: Node, source: str, after: Node | None = None) -> Edit:
    """Add a statement to a class: behind `after`, else behind its last field, else at the beginning of its body.

    A body that is only `pass` or `...` gives way.
    """
    text, newline = document.text, newline_of(document.text)
    body = cls[8]
    indent = indent_of(text, body[0][1]) if _starts_line(text, body[0][1]) else indent_of(text, cls[1]) + "    "
    code = textwrap.indent(source.strip("\n"), indent).replace("\n", newline)
    if len(body) == 1 and (body[0][0] == "pass" or (body[0][0] == "expr" and body[0][3][:1] == ("const",) and body[0][3][3] is ...)):
        start = body[0][1]
        if _starts_line(text, start):
            return Edit(document.path, Span(start - len(indent), body[0][2]), code)
        line = text.rindex(":", 0, start) + 1
        return Edit(document.path, Span(line, body[0][2]), newline + code)
    fields = [node for node in body if node[0] in ("annassign", "assign")]
    anchor = after or (fields[-1] if fields else None)
    if anchor is None:
        first = body[0]
        if first[0] == "expr" and first[3][0] == "const" and isinstance(first[3][3], str):
            place = line_end(text, first[2])
            leading = "" if text[place - 1] in "\r\n" else newline
            return Edit(document.path, Span(place, place), f"{leading}{newline}{code}{newline}")
        place = max(text.rfind("\n", 0, first[1]), text.rfind("\r", 0, first[1])) + 1
        return Edit(document.path, Span(place, place), code + newline * 2)
    return insert_line(document, anchor, code)


def insert_line(document: Document, anchor: Node, code: str) -> Edit:
    """Insert a line of ready source behind the line on which a statement ends."""
    text, newline = document.text, newline_of(document.text)
    place = line_end(text, anchor[2])
    if place == len(text) and not text.endswith(("\n", "\r")):
        return Edit(document.path, Span(place, place), newline + code)
    return Edit(document.path, Span(place, place), code + newline)


def remove_statement(document: Document, node: Node) -> Edit:
    """Take out a statement with its lines and a comment behind it."""
    text = document.text
    start = max(text.rfind("\n", 0, node[1]), text.rfind("\r", 0, node[1])) + 1
    return Edit(document.path, Span(start, line_end(text, node[2])), "")


def append(document: Document, source: str, after: Node | None = None) -> Edit:
    """Add top-level code two blank lines behind a statement, or at the end of the file."""
    text, newline = document.text, newline_of(document.text)
    code = source.strip("\n").replace("\n", newline)
    if after is not None:
        place = line_end(text, after[2])
        if text[place:].strip():
            return Edit(document.path, Span(place, place), f"{newline}{newline}{code}{newline}")
    end = len(text.rstrip())
    gap = newline * 3 if end else ""
    return Edit(document.path, Span(end, len(text)), f"{gap}{code}{newline}")


# Places


def indent_of(text: str, offset: int) -> str:
    """The blanks at the beginning of the line that holds the offset."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    match = re.match(r"[ \t]*", text[start:])
    return match.group() if match else ""


def line_end(text: str, offset: int) -> int:
    """The offset behind the line break that ends the line of `offset`."""
    match = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)?").match(text, offset)
    return match.end() if match else len(text)


def line_start(text: str, offset: int) -> int:
    """The offset of the first character of a line."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1

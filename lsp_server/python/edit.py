"""Edits of Python source that touch nothing else: imports, arguments, fields, bodies, functions.

Positions come from the compact tree (`lower.py`); formatting, comments and user code stay as they are. Functions give
`Edit`s of one text, None where nothing is to be done. New code is given as source text without indentation.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lsp_server.document import Document
from lsp_server.python.lower import Node
from lsp_server.text import Edit, Span, newline_of

_WIDEST = 88  # characters a line may have before what we write is spread over several


# Imports


def import_names(document: Document, body: Sequence[Node], module: str, names: Iterable[str]) -> Edit | None:
    """Make `from module import names` true: merged into an import of the module, else a new line in its place.

    A name may be written `name as alias`. Names that are imported already are left alone.
    """
    wanted = [name for name in dict.fromkeys(names) if not _has_import(body, module, name)]
    if not wanted:
        return None
    existing = next((node for node in body if node[0] == "from" and _spelled(node) == module and node[5][0][0] != "*"), None)
    if existing is not None:
        return _merge_import(document, existing, module, wanted)
    line = _import_line(module, sorted(wanted, key=_by_sort), newline_of(document.text))
    return _new_import(document, body, module, line)


def import_module(document: Document, body: Sequence[Node], module: str) -> Edit | None:
    """Make `import module` true."""
    for node in body:
        if node[0] == "import" and any(name == module and alias is None for name, alias in node[3]):
            return None
    return _new_import(document, body, module, f"import {module}")


def _spelled(node: Node) -> str:
    return "." * int(node[4]) + str(node[3])


def _has_import(body: Sequence[Node], module: str, name: str) -> bool:
    wanted, _, alias = name.partition(" as ")
    return any(
        node[0] == "from" and _spelled(node) == module and (wanted, alias or None) in node[5] for node in body
    )


def _import_line(module: str, names: Sequence[str], newline: str) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDEST:
        return line
    inner = "".join(f"    {name},{newline}" for name in names)
    return f"from {module} import ({newline}{inner})"


def _merge_import(document: Document, node: Node, module: str, wanted: list[str]) -> Edit:
    """Add names in order where the list is ordered, at the end where it is not; brackets and comments stay."""
    text = document.text
    start, end = node[1], node[2]
    have = _names_of(node)
    source = text[start:end]
    if "#" in source or ("(" in source and "\n" in source):
        return _add_lines(document, node, wanted)
    order = _order_of(have)
    names = sorted([*have, *wanted], key=order) if order is not None else have + wanted
    line = f"from {module} import {', '.join(names)}"
    if "(" in source or len(line) > _WIDEST:
        line = _import_line(module, names, newline_of(text))
    return Edit(document.path, Span(start, end), line)


def _names_of(node: Node) -> list[str]:
    return [name if alias is None else f"{name} as {alias}" for name, alias in node[5]]


def _order_of(names: Sequence[str]) -> Callable[[str], Any] | None:
    """The order a list of names is in: constants, classes, others (as isort has it), without case, or plain; None: in none."""
    for order in (_by_sort, str.lower, str):
        if list(names) == sorted(names, key=order):
            return order
    return None


def _by_sort(name: str) -> tuple[int, str]:
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


def _add_lines(document: Document, node: Node, wanted: list[str]) -> Edit:
    """Into brackets over several lines: one line each, after the last name."""
    text, end = document.text, node[2]
    close = text.rindex(")", node[1], end)
    inner = text[node[1] : close]
    last = len(inner.rstrip())
    body = inner.rstrip()
    comment = body.rpartition("\n")[2]
    newline = newline_of(text)
    indent = re.match(r"[ \t]*", comment)
    prefix = indent.group() if indent and indent.group() else "    "
    code = comment.partition("#")[0].rstrip()
    comma = "" if code.endswith((",", "(")) else ","
    lines = {name: re.search(rf"(?m)^{prefix}{re.escape(name)},[ \t]*(?:#[^\r\n]*)?$", inner) for name in _names_of(node)}
    order = _order_of(list(lines))
    if len(wanted) == 1 and order is not None and all(lines.values()):
        later = next((found for name, found in lines.items() if order(name) > order(wanted[0])), None)
        if later is not None:
            place = node[1] + later.start()
            return Edit(document.path, Span(place, place), f"{prefix}{wanted[0]},{newline}")
    added = "".join(f"{newline}{prefix}{name}," for name in wanted)
    if comma and "#" in comment:
        place = node[1] + last - len(comment) + len(code)
        return Edit(document.path, Span(place, node[1] + last), comma + text[place : node[1] + last] + added)
    return Edit(document.path, Span(node[1] + last, node[1] + last), comma + added)


def _new_import(document: Document, body: Sequence[Node], module: str, line: str) -> Edit:
    """A new import line: in order among its like (standard library, others, own), else behind the docstring and `__future__`."""
    text, newline = document.text, newline_of(document.text)
    imports = [node for node in body if node[0] in ("import", "from")]
    if not imports:
        place = _after_head(document, body)
        before = newline if place and text[:place].strip() else ""
        after = newline * 2 if text[place:].strip() else ""
        return Edit(document.path, Span(place, place), before + line + newline + after)
    blocks = _import_blocks(text, imports)
    block = _block_for(blocks, module)
    if block is None:  # the first import of the standard library: a block of its own
        first = next((node for node in imports if not _is_future(node)), None)
        if first is not None:
            place = _line_start(text, first[1])
            return Edit(document.path, Span(place, place), line + newline * 2)
        place = _line_end(text, imports[-1][2])
        return Edit(document.path, Span(place, place), newline + line + newline)
    plain = line.startswith("import ")
    later = next((node for node in block if _sorts_after(node, module, plain)), None)
    if later is not None:
        place = _line_start(text, later[1])
        return Edit(document.path, Span(place, place), line + newline)
    place = _line_end(text, block[-1][2])
    if place == len(text) and not text.endswith(("\n", "\r")):
        return Edit(document.path, Span(place, place), newline + line)
    return Edit(document.path, Span(place, place), line + newline)


def _import_blocks(text: str, imports: Sequence[Node]) -> list[list[Node]]:
    """Imports that stand together, without an empty line or other statements between them."""
    blocks: list[list[Node]] = []
    for node in imports:
        between = text[blocks[-1][-1][2] : node[1]] if blocks else ""
        if blocks and not re.search(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)", between) and not between.strip():
            blocks[-1].append(node)
        else:
            blocks.append([node])
    return blocks


def _block_for(blocks: Sequence[list[Node]], module: str) -> list[Node] | None:
    """The block a module's import belongs to; None: there is none of the standard library's yet."""
    relative, top = module.startswith("."), module.lstrip(".").partition(".")[0]
    real = [block for block in blocks if not all(_is_future(node) for node in block)]
    for block in real:
        if any((node[0] == "from" and node[4] > 0) if relative else not _is_relative(node) and _top(node) == top for node in block):
            return block
    standard = [block for block in real if any(_is_standard(node) for node in block)]
    if not relative and top in sys.stdlib_module_names:
        return standard[0] if standard else None
    others = [block for block in real if block not in standard] or real
    if not others:
        return None
    return others[-1] if relative else others[0]


def _sorts_after(node: Node, module: str, plain: bool) -> bool:
    if _is_future(node):
        return False
    if (node[0] == "import") != plain:
        return plain  # `import x` lines come before `from x import` lines
    name = node[3][0][0] if plain else _spelled(node)
    return str(name).lower() > module.lower()


def _is_future(node: Node) -> bool:
    return bool(node[0] == "from" and node[3] == "__future__")


def _is_relative(node: Node) -> bool:
    return bool(node[0] == "from" and node[4] > 0)


def _is_standard(node: Node) -> bool:
    return not _is_relative(node) and not _is_future(node) and _top(node) in sys.stdlib_module_names


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _top(node: Node) -> str:
    return str(node[3][0][0] if node[0] == "import" else node[3]).partition(".")[0]


def _after_head(document: Document, body: Sequence[Node]) -> int:
    """The offset behind the module's docstring, or behind `#!` and coding lines."""
    if body and body[0][0] == "expr" and body[0][3][0] == "const" and isinstance(body[0][3][3], str):
        return _line_end(document.text, body[0][2])
    place = 0
    while document.text.startswith("#", place):
        end = _line_end(document.text, place)
        if end == place or end >= len(document.text):
            break
        place = end
    return place


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
            end = _line_end(text, function[2])
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
    return Span(line, _line_end(text, function[2]))


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
            place = _line_end(text, first[2])
            leading = "" if text[place - 1] in "\r\n" else newline
            return Edit(document.path, Span(place, place), f"{leading}{newline}{code}{newline}")
        place = max(text.rfind("\n", 0, first[1]), text.rfind("\r", 0, first[1])) + 1
        return Edit(document.path, Span(place, place), code + newline * 2)
    return insert_line(document, anchor, code)


def insert_line(document: Document, anchor: Node, code: str) -> Edit:
    """Insert a line of ready source behind the line on which a statement ends."""
    text, newline = document.text, newline_of(document.text)
    place = _line_end(text, anchor[2])
    if place == len(text) and not text.endswith(("\n", "\r")):
        return Edit(document.path, Span(place, place), newline + code)
    return Edit(document.path, Span(place, place), code + newline)


def remove_statement(document: Document, node: Node) -> Edit:
    """Take out a statement with its lines and a comment behind it."""
    text = document.text
    start = max(text.rfind("\n", 0, node[1]), text.rfind("\r", 0, node[1])) + 1
    return Edit(document.path, Span(start, _line_end(text, node[2])), "")


def append(document: Document, source: str, after: Node | None = None) -> Edit:
    """Add top-level code two blank lines behind a statement, or at the end of the file."""
    text, newline = document.text, newline_of(document.text)
    code = source.strip("\n").replace("\n", newline)
    if after is not None:
        place = _line_end(text, after[2])
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


def _line_end(text: str, offset: int) -> int:
    """The offset behind the line break that ends the line of `offset`."""
    match = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)?").match(text, offset)
    return match.end() if match else len(text)

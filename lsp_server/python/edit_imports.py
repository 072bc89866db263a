"""Imports of a Python file: names added to an import that is there, or a new line in its place among the others.

The order that a file keeps is kept: blocks (standard library, others, own), modules in a block, names in a list.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lsp_server.document import Document
from lsp_server.python.edit import line_end, line_start
from lsp_server.python.lower import Node
from lsp_server.text import Edit, Span, newline_of

_WIDEST = 88  # characters a line may have before what we write is spread over several

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
    if block is None:  # the first of its like: a block of its own
        first = next((node for node in imports if not _is_future(node)), None)
        if first is not None and module.partition(".")[0] in sys.stdlib_module_names:
            place = line_start(text, first[1])
            return Edit(document.path, Span(place, place), line + newline * 2)
        place = line_end(text, imports[-1][2])
        if place == len(text) and not text.endswith(("\n", "\r")):
            return Edit(document.path, Span(place, place), newline * 2 + line)
        return Edit(document.path, Span(place, place), newline + line + newline)
    plain = line.startswith("import ")
    later = next((node for node in block if _sorts_after(node, module, plain)), None)
    if later is not None:
        place = line_start(text, later[1])
        return Edit(document.path, Span(place, place), line + newline)
    place = line_end(text, block[-1][2])
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
    """The block a module's import belongs to; None: there is none of its like yet."""
    relative, top = module.startswith("."), module.lstrip(".").partition(".")[0]
    real = [block for block in blocks if not all(_is_future(node) for node in block)]
    for block in real:
        if any((node[0] == "from" and node[4] > 0) if relative else not _is_relative(node) and _top(node) == top for node in block):
            return block
    standard = [block for block in real if any(_is_standard(node) for node in block)]
    if not relative and top in sys.stdlib_module_names:
        return standard[0] if standard else None
    others = [block for block in real if block not in standard]
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


def _top(node: Node) -> str:
    return str(node[3][0][0] if node[0] == "import" else node[3]).partition(".")[0]


def _after_head(document: Document, body: Sequence[Node]) -> int:
    """The offset behind the module's docstring, or behind `#!` and coding lines."""
    if body and body[0][0] == "expr" and body[0][3][0] == "const" and isinstance(body[0][3][3], str):
        return line_end(document.text, body[0][2])
    place = 0
    while document.text.startswith("#", place):
        end = line_end(document.text, place)
        if end == place or end >= len(document.text):
            break
        place = end
    return place

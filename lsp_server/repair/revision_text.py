"""The statements of a revision's functions as text: which one asks for an operation, and edits that replace or wrap it.

Only what stands directly in the body of `upgrade()` or `downgrade()`, on lines of its own, is touched: what a loop, a condition or
batch mode holds is left to its author.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsp_server.document import Document
from lsp_server.python.edit import indent_of, line_end, remove_statement
from lsp_server.python.lower import Node
from lsp_server.python.module import ModuleFacts
from lsp_server.text import Edit, Span, newline_of

AUTOCOMMIT = "with op.get_context().autocommit_block():"


def statement_at(facts: ModuleFacts, document: Document, span: Span) -> Node | None:
    """The statement of `upgrade()` or `downgrade()` that is exactly the call at `span`; None for any other place."""
    for function in facts.body:
        if function[0] != "def" or function[3] not in ("upgrade", "downgrade"):
            continue
        for statement in function[8]:
            if statement[0] == "expr" and statement[3][0] == "call" and statement[3][1:3] == tuple(span):
                return statement if _has_its_lines(document.text, statement) else None
    return None


def _has_its_lines(text: str, statement: Node) -> bool:
    behind = text[statement[2] : line_end(text, statement[2])].strip()
    start = len(indent_of(text, statement[1]))
    line = max(text.rfind("\n", 0, statement[1]), text.rfind("\r", 0, statement[1])) + 1
    return line + start == statement[1] and (not behind or behind.startswith("#"))


def source_of(document: Document, node: Node) -> str:
    return document.text[node[1] : node[2]]


def replaced(facts: ModuleFacts, document: Document, statement: Node, lines: Iterable[str]) -> Edit:
    """Other statements in the place of one; `pass` where none is left in the function."""
    lines = tuple(lines)
    if not lines:
        holder = next(each for each in facts.body if each[0] == "def" and statement in each[8])
        if len([each for each in holder[8] if not _is_docstring(each)]) > 1:
            return remove_statement(document, statement)
        lines = ("pass",)
    gap = newline_of(document.text) + indent_of(document.text, statement[1])
    return Edit(document.path, Span(statement[1], statement[2]), gap.join(line for each in lines for line in each.split("\n")))


def outside_transaction(source: str, unit: str = "    ") -> str:
    """A statement in an autocommit block. Lines of a text that spans several stay as they are."""
    if '"""' in source or "'''" in source:
        return f"{AUTOCOMMIT}\n{unit}{source}"
    return "\n".join([AUTOCOMMIT, *(f"{unit}{line}" if line else line for line in source.split("\n"))])


def dedented(document: Document, statement: Node) -> str:
    """The source of a statement with its own indentation taken off the lines behind the first."""
    indent = indent_of(document.text, statement[1])
    lines = source_of(document, statement).replace("\r\n", "\n").split("\n")
    return "\n".join([lines[0], *(line.removeprefix(indent) for line in lines[1:])])


def _is_docstring(node: Node) -> bool:
    return bool(node[0] == "expr" and node[3][0] == "const")

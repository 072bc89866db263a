"""The named things of one Python file: classes, functions, and what modules and classes are assigned, with the places of each.

Reads the compact tree only. A symbol is called by the names on the way to it: `Book`, `Book.title`, `create.inner`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsp_server.python.lower import Node
from lsp_server.python.module import ModuleFacts
from lsp_server.text import Span


@dataclass(frozen=True, slots=True)
class Symbol:
    """`sort` is "class", "function", "method" or "variable". `whole` is the definition with its decorators, `name_span` where its name stands.

    `head` ends where the signature does: the first statement of the body starts behind it.
    """

    path: str
    name: str  # with the names around it, joined by dots
    sort: str
    whole: Span
    name_span: Span
    head: Span
    node: Node

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def owner(self) -> str:
        return self.name.rpartition(".")[0]


def symbols_of(facts: ModuleFacts) -> tuple[Symbol, ...]:
    """Every symbol of a file, in order of place; a class before what is in it."""
    return tuple(sorted(_in_block(facts.path, facts.body, "", None), key=lambda symbol: (symbol.whole.start, -symbol.whole.end)))


def named(symbols: Iterable[Symbol], name: str) -> tuple[Symbol, ...]:
    """The symbols that a name means: `Book.title`, `Book/title`, or only `title`; the whole name before a part of it."""
    wanted = name.strip().strip("/.").replace("/", ".")
    listed = tuple(symbols)
    whole = tuple(symbol for symbol in listed if symbol.name == wanted)
    return whole or tuple(symbol for symbol in listed if symbol.name.endswith(f".{wanted}"))


def _in_block(path: str, body: Iterable[Node], around: str, inside: str | None) -> Iterator[Symbol]:
    """`inside` is the sort of what holds the block: None for a module."""
    for node in body:
        match node[0]:
            case "class" | "def":
                name = f"{around}.{node[3]}" if around else node[3]
                sort = "class" if node[0] == "class" else "method" if inside == "class" else "function"
                first = node[8][0][1] if node[8] else node[2]
                yield Symbol(path, name, sort, Span(node[1], node[2]), Span(*node[4]), Span(node[1], max(first, node[4][1])), node)
                yield from _in_block(path, node[8], name, node[0])
            case "assign" | "annassign" if inside != "def":
                targets = node[3] if node[0] == "assign" else (node[3],)
                for target in targets:
                    for each in target[3] if target[0] in ("tuple", "list") else (target,):
                        if each[0] == "name":
                            name = f"{around}.{each[3]}" if around else each[3]
                            whole = Span(node[1], node[2])
                            yield Symbol(path, name, "variable", whole, Span(each[1], each[2]), whole, node)
            case _:
                for block in blocks_of(node):
                    yield from _in_block(path, block, around, inside)


def blocks_of(node: Node) -> Iterator[tuple[Node, ...]]:
    """The statements inside a statement that makes no scope of its own."""
    match node[0]:
        case "if":
            yield from (node[4], node[5])
        case "for":
            yield from (node[5], node[6])
        case "while" | "with":
            yield node[4]
        case "try":
            yield node[3]
            yield from (handler[2] for handler in node[4])
            yield from (node[5], node[6])
        case "match":
            yield from node[4]

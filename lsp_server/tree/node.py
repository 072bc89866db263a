"""`Tree` and `Node`: the pleasant view of the columns.

A node is a handle (tree and row) made when asked for. It knows its place, its text and its neighbours; it
follows aliases and merge keys. It does not know which reader made it, nor what any key means.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from lsp_server.document import Kind as DocumentKind
from lsp_server.text import Span
from lsp_server.tree.columns import (
    ALIAS,
    BLOCK_MAPPING,
    BLOCK_SEQUENCE,
    CODE,
    DOUBLE,
    FLOW_MAPPING,
    FLOW_SEQUENCE,
    FOLDED,
    KEY,
    LITERAL,
    PLAIN,
    SINGLE,
    Columns,
)
from lsp_server.tree.scalar import ambiguity, resolve, resolve_tagged
from lsp_server.unknown import Unknown

Pointer = tuple[str, ...]


class Kind(StrEnum):
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    SCALAR = "scalar"
    ALIAS = "alias"
    """An alias that must not be followed (undefined, cyclic, part of a bomb). Any other is what it stands
    for.
    """


class Style(StrEnum):
    PLAIN = "plain"
    SINGLE = "single"
    DOUBLE = "double"
    LITERAL = "literal"
    FOLDED = "folded"
    ALIAS = "alias"
    BLOCK = "block"
    FLOW = "flow"


_KINDS = {ALIAS: Kind.ALIAS, BLOCK_MAPPING: Kind.MAPPING, FLOW_MAPPING: Kind.MAPPING,
          BLOCK_SEQUENCE: Kind.SEQUENCE, FLOW_SEQUENCE: Kind.SEQUENCE}  # fmt: skip
_STYLES = {PLAIN: Style.PLAIN, SINGLE: Style.SINGLE, DOUBLE: Style.DOUBLE, LITERAL: Style.LITERAL,
           FOLDED: Style.FOLDED, ALIAS: Style.ALIAS, BLOCK_MAPPING: Style.BLOCK, BLOCK_SEQUENCE: Style.BLOCK,
           FLOW_MAPPING: Style.FLOW, FLOW_SEQUENCE: Style.FLOW}  # fmt: skip
_SEARCHED = 8  # entries of a mapping that are searched one by one before a table is made


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the text. `related` is the other end: the first of two equal keys, the anchor of
    a cycle.

    Codes: syntax, tab, depth, duplicate-key, merge-key, alias-undefined, alias-cycle, alias-bomb, character;
    as notes also several-documents and ambiguous-(boolean, octal, sexagesimal, exponent, underscore, binary,
    date, value).
    """

    span: Span
    message: str
    code: str
    related: Span | None = None


@dataclass(frozen=True, eq=False)
class Tree:
    """One document. `problems` are faults; `notes` are what a person may want to know and nobody must repair.

    `complete` is false where part of the text is missing from the tree: after a syntax error that repair
    could not contain, or because it was read through a repair.
    """

    source: str
    columns: Columns
    document_kind: DocumentKind
    problems: tuple[Problem, ...] = ()
    complete: bool = True
    _remarks: tuple[Problem, ...] = ()
    _tables: dict[int, dict[str, int]] = field(default_factory=dict)

    @property
    def root(self) -> Node | None:
        """None for a text without content."""
        return Node(self, 0) if len(self.columns) else None

    def at(self, pointer: Sequence[str | int]) -> Node | None:
        """The node at a JSON pointer given in parts, such as ("paths", "/users", "get")."""
        node = self.root
        for part in pointer:
            if node is None:
                return None
            node = node.get(part)
        return node

    def node_at(self, offset: int) -> Node | None:
        """The innermost node, key or value, whose span holds the offset or ends at it."""
        columns = self.columns
        row = bisect_right(columns.starts, offset) - 1
        while row >= 0 and columns.ends[row] < offset:
            row = columns.parents[row]
        return Node(self, row) if row >= 0 else None

    def pointer_at(self, offset: int) -> Pointer:
        """The pointer of the innermost entry or item around an offset; a key counts as its entry."""
        node = self.node_at(offset)
        return node.pointer if node is not None else ()

    def nodes(self) -> Iterator[Node]:
        """Every node in the order of the source, keys included."""
        return (Node(self, row) for row in range(len(self.columns)))

    @cached_property
    def notes(self) -> tuple[Problem, ...]:
        """Further documents in the text, and plain scalars that readers of YAML 1.1 and 1.2 understand
        differently.
        """
        if self.document_kind is DocumentKind.JSON:
            return self._remarks
        columns = self.columns
        kinds: dict[str, str | None] = {}
        found = list(self._remarks)
        for row, (code, text) in enumerate(zip(columns.codes, columns.contents)):
            if code & CODE != PLAIN or type(text) is not str or row in columns.tags:
                continue
            if text not in kinds:
                kinds[text] = ambiguity(text)
            if kind := kinds[text]:
                message = f"readers of YAML 1.1 and 1.2 disagree about {text}; quotes would settle it"
                found.append(
                    Problem(Span(columns.starts[row], columns.ends[row]), message, f"ambiguous-{kind}")
                )
        return tuple(found)

    def find(self, row: int, key: str) -> int:
        """The row of a mapping's value; -1 where the mapping has no such key. The last of equal keys
        counts.
        """
        table = self._tables.get(row)
        if table is not None:
            return table.get(key, -1)
        if row in self.columns.merges:
            return self.table(row).get(key, -1)
        contents = self.columns.contents
        targets = self.columns.targets
        stop = contents[row]
        assert type(stop) is int
        child, found, seen = row + 1, -1, 0
        while child < stop:
            content = contents[child]
            value = content if type(content) is int else child + 1
            if child in targets:
                content = contents[targets[child]]
            if content == key:
                found = value
            content = contents[value]
            child = content if type(content) is int else value + 1
            seen += 1
            if seen > _SEARCHED:
                return self.table(row).get(key, -1)
        return found

    def table(self, row: int) -> dict[str, int]:
        """Keys to value rows of a mapping, as meant: own keys before merged ones, the last of equal keys."""
        table = self._tables.get(row)
        if table is not None:
            return table
        columns = self.columns
        merges = columns.merges.get(row, ())
        table = {}
        children = columns.children(row)
        for key in children:
            value = next(children)
            text = columns.contents[columns.targets.get(key, key)]
            if type(text) is str and value not in merges:
                table[text] = value
        for merged in merges:
            for source in self._merge_sources(merged):
                for text, value in self.table(source).items():
                    table.setdefault(text, value)
        self._tables[row] = table
        return table

    def _merge_sources(self, row: int) -> Iterator[int]:
        columns = self.columns
        row = columns.targets.get(row, row)
        code = columns.codes[row] & CODE
        if code in (BLOCK_SEQUENCE, FLOW_SEQUENCE):
            for child in columns.children(row):
                target = columns.targets.get(child, child)
                if columns.codes[target] & CODE in (BLOCK_MAPPING, FLOW_MAPPING):
                    yield target
        elif code in (BLOCK_MAPPING, FLOW_MAPPING):
            yield row


class Node:
    """One key or value. An alias answers for what it stands for, except for its own `span`, `style` and
    `pointer`.
    """

    __slots__ = ("row", "tree")

    def __init__(self, tree: Tree, row: int) -> None:
        self.tree = tree
        self.row = row

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.row == other.row and self.tree is other.tree

    def __hash__(self) -> int:
        return hash((id(self.tree), self.row))

    def __repr__(self) -> str:
        return f"<Node {self.kind} {self.raw[:40]!r}>"

    @property
    def _target(self) -> int:
        return self.tree.columns.targets.get(self.row, self.row)

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self.tree.columns.codes[self._target] & CODE, Kind.SCALAR)

    @property
    def is_mapping(self) -> bool:
        return self.kind is Kind.MAPPING

    @property
    def is_sequence(self) -> bool:
        return self.kind is Kind.SEQUENCE

    @property
    def is_scalar(self) -> bool:
        return self.kind is Kind.SCALAR

    @property
    def is_key(self) -> bool:
        return bool(self.tree.columns.codes[self.row] & KEY)

    @property
    def style(self) -> Style:
        return _STYLES[self.tree.columns.codes[self.row] & CODE]

    @property
    def span(self) -> Span:
        """The content: quotes and brackets included; anchor, tag, and blank lines behind a block excluded."""
        columns = self.tree.columns
        return Span(columns.starts[self.row], columns.ends[self.row])

    @property
    def outer_span(self) -> Span:
        """The span with anchor and tag."""
        columns = self.tree.columns
        return Span(columns.outer.get(self.row, columns.starts[self.row]), columns.ends[self.row])

    @property
    def raw(self) -> str:
        """The source text of the span."""
        span = self.span
        return self.tree.source[span.start : span.end]

    @property
    def anchor(self) -> str | None:
        return self.tree.columns.anchors.get(self.row)

    @property
    def tag(self) -> str | None:
        return self.tree.columns.tags.get(self._target)

    @property
    def target(self) -> Node:
        """What an alias stands for; the node itself where it is none, or one that must not be followed."""
        row = self._target
        return self if row == self.row else Node(self.tree, row)

    @property
    def text(self) -> str:
        """A scalar's text with quotes, escapes and folding taken away; empty for a collection."""
        if self.kind is not Kind.SCALAR:
            return ""
        content = self.tree.columns.contents[self._target]
        return content if type(content) is str else ""

    @property
    def value(self) -> Any:
        """A scalar's value; a collection as dict or list; Unknown for an alias that must not be followed.

        The size of what is built is bounded by the reader's limits on aliases.
        """
        kind = self.kind
        if kind is Kind.MAPPING:
            return {key: value.value for key, value in self.items()}
        if kind is Kind.SEQUENCE:
            return [item.value for item in self.elements()]
        if kind is Kind.ALIAS:
            return Unknown("an alias that cannot be followed")
        columns = self.tree.columns
        row = self._target
        text = columns.contents[row]
        assert type(text) is str
        plain = columns.codes[row] & CODE == PLAIN
        tag = columns.tags.get(row)
        if tag is not None:
            return resolve_tagged(text, tag, plain)
        return resolve(text) if plain else text

    @property
    def parent(self) -> Node | None:
        """The collection this node is written in."""
        row = self.tree.columns.parents[self.row]
        return Node(self.tree, row) if row >= 0 else None

    @property
    def key(self) -> Node | None:
        """The key of a mapping's value; None for an item, a key and the root."""
        columns = self.tree.columns
        parent = columns.parents[self.row]
        if parent < 0 or self.is_key or columns.codes[parent] & CODE not in (BLOCK_MAPPING, FLOW_MAPPING):
            return None
        before = self.row - 1
        while columns.parents[before] != parent:
            before = columns.parents[before]
        return Node(self.tree, before)

    @property
    def key_span(self) -> Span | None:
        key = self.key
        return key.span if key is not None else None

    @property
    def pointer(self) -> Pointer:
        """The parts of the JSON pointer to where this node is written; a key has the pointer of its value."""
        columns = self.tree.columns
        parts: list[str] = []
        row = self.row
        while (parent := columns.parents[row]) >= 0:
            node = Node(self.tree, row)
            if columns.codes[parent] & CODE in (BLOCK_MAPPING, FLOW_MAPPING):
                key = node if node.is_key else node.key
                assert key is not None
                parts.append(key.text or key.raw)
            else:
                parts.append(str(next(n for n, child in enumerate(columns.children(parent)) if child == row)))
            row = parent
        return tuple(reversed(parts))

    def get(self, key: str | int) -> Node | None:
        """The value of a mapping's key (merge keys followed) or, for a number, a sequence's item.

        Keys compare by their text, so that "200" finds both `200:` and `'200':`.
        """
        tree = self.tree
        row = self._target
        code = tree.columns.codes[row] & CODE
        if code in (BLOCK_MAPPING, FLOW_MAPPING):
            found = tree.find(row, key if type(key) is str else str(key))
            return Node(tree, found) if found >= 0 else None
        if code in (BLOCK_SEQUENCE, FLOW_SEQUENCE) and (isinstance(key, int) or key.isdecimal()):
            number = int(key)
            for place, child in enumerate(tree.columns.children(row)):
                if place == number:
                    return Node(tree, child)
        return None

    def entries(self) -> Iterator[tuple[Node, Node]]:
        """A mapping's keys and values as written: duplicates and merge keys as they stand. Nothing for other
        kinds.
        """
        if self.kind is Kind.MAPPING:
            children = self.tree.columns.children(self._target)
            for key in children:
                yield Node(self.tree, key), Node(self.tree, next(children))

    def items(self) -> Iterator[tuple[str, Node]]:
        """A mapping's entries as meant: each key text once, merged entries included, keys that are no
        scalars left out.
        """
        if self.kind is Kind.MAPPING:
            for key, row in self.tree.table(self._target).items():
                yield key, Node(self.tree, row)

    def elements(self) -> Iterator[Node]:
        """A sequence's items. Nothing for other kinds."""
        if self.kind is Kind.SEQUENCE:
            for row in self.tree.columns.children(self._target):
                yield Node(self.tree, row)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __len__(self) -> int:
        """Entries as meant, or items; 0 for a scalar."""
        kind = self.kind
        if kind is Kind.MAPPING:
            return len(self.tree.table(self._target))
        return sum(1 for _ in self.elements())

    def __bool__(self) -> bool:
        """Always true: a node is there, whatever it holds."""
        return True

"""Several edits, one after the other, on the same documents: each sees what the ones before it made.

Places are given as pointers, because nodes do not outlive an edit. The result is one set of edits for the texts as they
were. Knows nothing about what the documents mean.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.text import Edit, Span, apply_edits
from lsp_server.tree import edit
from lsp_server.tree.edit import Unwritable, Value
from lsp_server.tree.node import Node, Pointer, Tree
from lsp_server.tree.repair import read

_Piece = tuple[int, int] | str  # a stretch of the text as it was, or new text


class Draft:
    """Documents being edited. Every method raises Unwritable where the edit cannot be made."""

    def __init__(self, trees: Mapping[str, Tree]) -> None:
        self._trees = dict(trees)
        self._sizes = {path: len(tree.source) for path, tree in trees.items()}
        self._pieces: dict[str, list[_Piece]] = {}

    def node(self, path: str, pointer: Pointer) -> Node | None:
        tree = self._trees.get(path)
        return tree.at(pointer) if tree is not None else None

    def set(self, path: str, pointer: Pointer, value: Value) -> None:
        """Give an existing value another one; nothing happens where it has it already."""
        node = self._wanted(path, pointer)
        if node.value != value or type(node.value) is not type(value):
            self._apply(path, edit.set_value(path, node, value))

    def put(self, path: str, pointer: Pointer, key: str, value: Value, order: tuple[str, ...] = ()) -> None:
        """Set a key of a mapping, or add it where it stands in `order`: behind the last key that comes before it there,
        else before those that come after it, else at the end.
        """
        mapping = self._wanted(path, pointer)
        if key in mapping:
            self.set(path, (*pointer, key), value)
            return
        names = [name for name, _ in mapping.items()]
        place = order.index(key) if key in order else len(order)
        earlier = [name for name in names if name in order[:place]]
        later = [number for number, name in enumerate(names) if name in order[place + 1 :]]
        if earlier or not later:
            self._apply(path, edit.add_key(path, mapping, key, value, earlier[-1] if earlier else None))
        elif later[0]:
            self._apply(path, edit.add_key(path, mapping, key, value, names[later[0] - 1]))
        else:
            self._apply(path, edit.add_key(path, mapping, key, value, first=True))

    def add(self, path: str, pointer: Pointer, key: str, value: Value, after: str | None = None) -> None:
        self._apply(path, edit.add_key(path, self._wanted(path, pointer), key, value, after))

    def remove(self, path: str, pointer: Pointer, key: str) -> None:
        """Remove a key; nothing happens where there is none."""
        mapping = self._wanted(path, pointer)
        if key in mapping:
            self._apply(path, edit.remove_key(path, mapping, key))

    def rename(self, path: str, pointer: Pointer, key: str, name: str) -> None:
        if key != name:
            self._apply(path, edit.rename_key(path, self._wanted(path, pointer), key, name))

    def add_item(self, path: str, pointer: Pointer, value: Value) -> None:
        self._apply(path, edit.add_item(path, self._wanted(path, pointer), value))

    def remove_item(self, path: str, pointer: Pointer, number: int) -> None:
        self._apply(path, edit.remove_item(path, self._wanted(path, pointer), number))

    def edits(self) -> tuple[Edit, ...]:
        """All of it, for the texts as they were."""
        return tuple(one for path, pieces in self._pieces.items() for one in _as_edits(path, pieces, self._sizes[path]))

    def _wanted(self, path: str, pointer: Pointer) -> Node:
        node = self.node(path, pointer)
        if node is None:
            raise Unwritable(f"there is no {'/'.join(pointer) or 'content'} in {path}")
        return node

    def _apply(self, path: str, edits: tuple[Edit, ...]) -> None:
        tree = self._trees[path]
        pieces = self._pieces.setdefault(path, [(0, len(tree.source))])
        for one in sorted(edits, key=lambda one: one.span, reverse=True):
            _replace(pieces, one.span, one.text)
        after = read(apply_edits(tree.source, edits), tree.document_kind)
        if not after.complete:
            raise Unwritable("the edit would break the document")
        self._trees[path] = after


def _replace(pieces: list[_Piece], span: Span, text: str) -> None:
    """Put a text in the place of a span of what the pieces make together."""
    first = _cut(pieces, span.start)
    last = _cut(pieces, span.end)
    pieces[first:last] = [text]


def _cut(pieces: list[_Piece], offset: int) -> int:
    """The number of the piece that begins at an offset; one is cut in two where none does."""
    place = 0
    for number, piece in enumerate(pieces):
        if place == offset:
            return number
        size = len(piece) if isinstance(piece, str) else piece[1] - piece[0]
        if place < offset < place + size:
            cut = offset - place
            if isinstance(piece, str):
                pieces[number : number + 1] = [piece[:cut], piece[cut:]]
            else:
                pieces[number : number + 1] = [(piece[0], piece[0] + cut), (piece[0] + cut, piece[1])]
            return number + 1
        place += size
    return len(pieces)


def _as_edits(path: str, pieces: list[_Piece], end: int) -> list[Edit]:
    """What lies between the pieces of the old text, up to its end."""
    found: list[Edit] = []
    written: list[str] = []
    place = 0
    for piece in (*pieces, None):
        if isinstance(piece, str):
            written.append(piece)
            continue
        start = piece[0] if piece is not None else end
        if written or start > place:
            found.append(Edit(path, Span(place, start), "".join(written)))
            written = []
        place = piece[1] if piece is not None else end
    return found

"""All nodes of a compact tree, outside in and in order of the text. What the nodes are is said by `lower.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsp_server.python.lower import Node


def walk(parts: Iterable[object]) -> Iterator[Node]:
    """Every node in a node, a statement list, or anything that holds some."""
    waiting = list(parts)[::-1]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, tuple | list) or not part:
            continue
        if is_node(part):
            yield part  # type: ignore[misc]
        waiting.extend(reversed(part))


def is_node(part: object) -> bool:
    return (
        isinstance(part, tuple) and len(part) >= 3 and isinstance(part[0], str) and type(part[1]) is int and type(part[2]) is int
    )

"""What was made of texts before, by what it was made from. Snapshots share it; which facts there are is not known here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Memo:
    """Facts by (sort, path, digest). Owned by whoever makes snapshots; holds the newest entry per sort and path."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[Hashable, object]] = {}

    def get(self, sort: str, path: str, digest: Hashable, make: Callable[[], T]) -> T:
        key = (sort, path)
        entry = self.entries.get(key)
        if entry is not None and entry[0] == digest:
            return entry[1]  # type: ignore[return-value]
        value = make()
        self.entries[key] = (digest, value)
        return value

    def previous(self, sort: str, path: str) -> object | None:
        """The newest entry whatever text it was made from: what a half-typed text is mended by."""
        entry = self.entries.get((sort, path))
        return entry[1] if entry is not None else None

"""What the event loop hands to the analysis thread: the news of a revision, and a flag to call it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lsp_server.document import Document

if TYPE_CHECKING:
    from lsp_server.database.standing import Standing

CONFIGURATIONS = frozenset({"specdrift.toml", "pyproject.toml"})


class Flag:
    """Says that work is no longer wanted. Set by the event loop, asked by the analysis thread."""

    __slots__ = ("is_set",)

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True


@dataclass(frozen=True, slots=True)
class Person:
    """What the person says in the editor's own settings, and no file of the workspace can say for them.

    `shadow` is a server for scratch databases. `hosts` are those other than this machine where the development database may be. `agent` are the agent's
    settings in the words of the configuration.
    """

    shadow: str | None = None
    development: str | None = None
    hosts: tuple[str, ...] = ()
    agent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What changed since the last check, as the event loop knows it.

    `buffers` are all open documents by path. `touched` are paths that changed on disk; `relist`: files may have come or
    gone; `configure`: the configuration may have changed. `standing` is what the development database records.
    """

    revision: int
    buffers: Mapping[str, Document]
    touched: frozenset[str] = frozenset()
    relist: bool = False
    configure: bool = False
    person: Person = Person()
    standing: Standing | None = None

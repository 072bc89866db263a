"""The words in which tools are described: what a model may call, and what a call gets and gives.

Knows no tool and no model. A tool can do only what its function does, whatever the text says that made the model call it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_server.agent.bench import Workbench

Arguments = Mapping[str, Any]


class ToolError(Exception):
    """A call that cannot be done. The model reads the message and may try again; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing a model may do.

    `parameters` is the JSON Schema of its arguments, an object; arguments are validated before `run` sees them. `run` gives the text the model
    reads, and raises ToolError. One that is not a coroutine function runs in a thread. `aliases` are the names under which the allow-lists of agent
    files know it (`Read`, `Grep`). `changes` says that it may change the draft.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Workbench, Arguments], str | Awaitable[str]]
    aliases: tuple[str, ...] = ()
    changes: bool = False

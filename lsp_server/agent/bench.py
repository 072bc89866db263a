"""The workbench of one run: everything its tools may touch, and nothing else.

Holds the draft, the todo list, the notes and what the person allowed. Tools get it as their first argument, so that there is no state elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.agent.draft import Draft


@dataclass(frozen=True, slots=True)
class Todo:
    """One step of the model's own plan. `state` is "open", "active" or "done"."""

    text: str
    state: str


@dataclass(slots=True)
class Workbench:
    """What the tools of one run work on.

    `trusted`: the person lets this workspace's own code run, in the worker only. `notes` is the file in the user's data folder that keeps what a
    run noted for the next one. `cancelled` is asked between steps. `commands` are the commands that the configuration names.
    """

    root: Path
    draft: Draft
    trusted: bool = False
    notes: Path | None = None
    commands: tuple[str, ...] = ()
    cancelled: Callable[[], bool] = lambda: False
    todos: tuple[Todo, ...] = ()
    progress: Callable[[], None] = field(default=lambda: None)  # called when the todo list has changed

"""The workbench of one run: everything its tools may touch, and nothing else.

Holds the draft, the todo list, the notes and what the person allowed. Tools get it as their first argument, so that there is no state elsewhere.
Tools write through it, so that the order of work (`order.py`) holds for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lsp_server.agent.draft import Draft
from lsp_server.agent.order import RULE, refuse_out_of_order
from lsp_server.agent.tool import ToolError
from lsp_server.check import check
from lsp_server.document import digest_of
from lsp_server.findings import Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Cancelled, Snapshot


@dataclass(frozen=True, slots=True)
class Todo:
    """One step of the model's own plan. `state` is "open", "active" or "done"."""

    text: str
    state: str


@dataclass(slots=True)
class Workbench:
    """What the tools of one run work on.

    `trusted`: the person lets this workspace's own code run, in the worker only. `notes` is the file in the user's data folder that keeps what a
    run noted for the next one. `cancelled` is asked between steps. `commands` are the commands that the configuration names. `findings` are the
    fingerprints of what the task must clear. `proved` maps the paths of revisions to the digest of the text that a proof held for.
    """

    root: Path
    draft: Draft
    trusted: bool = False
    notes: Path | None = None
    commands: tuple[str, ...] = ()
    cancelled: Callable[[], bool] = lambda: False
    todos: tuple[Todo, ...] = ()
    progress: Callable[[], None] = field(default=lambda: None)  # called when the todo list has changed
    findings: tuple[str, ...] = ()
    proved: dict[str, str] = field(default_factory=dict)
    baseline: Mapping[str, str] = field(default_factory=dict)  # fingerprints of accepted findings, with their rules
    before: Report | None = None  # the report on the base, where somebody has it already
    _now: tuple[Snapshot, Report] | None = None

    def write(self, path: str, text: str) -> str:
        """Write a file of the draft, if its turn has come; gives the path, normalised. Raises ToolError."""
        path = self.draft.boundary.writable(path)
        refuse_out_of_order(self.draft, self._wanted(), self.proved, path, text)
        self.draft.write(path, text)
        return path

    def write_all(self, texts: Mapping[str, str]) -> tuple[str, ...]:
        """Write several files, or none of them. Raises ToolError."""
        kept = self.draft.copy()
        try:
            return tuple(self.write(path, text) for path, text in sorted(texts.items()))
        except ToolError:
            self.draft.restore(kept)
            raise

    def report(self) -> Report:
        """What the checker finds in the draft as it is now. Raises ToolError once nobody wants it any more."""
        snapshot = self.draft.snapshot
        if self._now is None or self._now[0] is not snapshot:
            self._now = (snapshot, self._checked(snapshot))
        return self._now[1]

    def report_before(self) -> Report:
        """What the checker finds in the base."""
        if self.before is None:
            self.before = self._checked(self.draft.base)
        return self.before

    def _wanted(self) -> tuple[tuple[str, ...], ...]:
        """What of the task is about models without a migration, by its subjects."""
        if not self.findings:
            return ()
        return tuple(each.subject for each in self.report_before().findings if each.rule == RULE and each.fingerprint in self.findings)

    def _checked(self, snapshot: Snapshot) -> Report:
        try:
            return check(snapshot, all_rules(), self.cancelled, date.today(), self.baseline)
        except Cancelled:
            raise ToolError("stopped: the work is no longer wanted") from None

    def note_proof(self, path: str) -> None:
        """Remember that a proof held for a revision as it stands in the draft."""
        self.proved[path] = digest_of(self.draft.read(path))

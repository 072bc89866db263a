"""Verification: what a change would really do, established by the same checker that found the fault.

A change is shown only when the finding it is for is gone afterwards and nothing new is wrong. What the change costs when it
is run (a rule's `risk`: a migration that drops a column loses its values) is listed, and does not forbid it. Pure: the
snapshot as it would be is checked, no file is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from lsp_server.check import check
from lsp_server.database.migration.questions import Question
from lsp_server.findings import Finding, Fix, NotPossible, Report, Rule
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, EditConflict


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification established. `problem` says in one sentence why a change was refused; None for a good one."""

    change: Change | None
    cleared: tuple[Finding, ...] = ()
    introduced: tuple[Finding, ...] = ()
    problem: str | None = None
    questions: tuple[Question, ...] = ()  # what somebody must answer before there is a change

    @property
    def ok(self) -> bool:
        return self.problem is None and self.change is not None


def build_and_verify(
    snapshot: Snapshot,
    before: Report,
    finding: Finding,
    fix: Fix,
    rules: Sequence[Rule],
    cancelled: Callable[[], bool] = lambda: False,
    today: date | None = None,
) -> Verdict:
    """Build a fix and check the snapshot as it would be. Raises Cancelled."""
    try:
        change = fix.build(snapshot)
    except NotPossible as reason:
        return Verdict(None, problem=str(reason))
    if change is None:
        questions = fix.ask(snapshot) if fix.ask is not None else ()
        needed = [f"{each.text} ({each.place})" for each in questions if each.must]
        if needed:
            return Verdict(None, problem=f"an answer is needed first: {'; '.join(needed)}", questions=questions)
        return Verdict(None, problem="the repair is not possible here")
    return verify(snapshot, before, finding, change, rules, cancelled, today)


def verify(
    snapshot: Snapshot,
    before: Report,
    finding: Finding,
    change: Change,
    rules: Sequence[Rule],
    cancelled: Callable[[], bool] = lambda: False,
    today: date | None = None,
) -> Verdict:
    """Raises Cancelled."""
    try:
        after_snapshot = snapshot.with_change(change)
    except EditConflict as conflict:
        return Verdict(None, problem=str(conflict))
    after = check(after_snapshot, rules, cancelled, today)
    old = {entry.fingerprint for entry in (*before.findings, *before.baselined)}
    new = {entry.fingerprint for entry in after.findings}
    cleared = tuple(entry for entry in before.findings if entry.fingerprint not in new)
    introduced = tuple(entry for entry in after.findings if entry.fingerprint not in old)
    risks = {rule.name for rule in rules if rule.risk}
    faults = [entry for entry in introduced if entry.rule not in risks]
    problem = None
    if finding.fingerprint in new:
        problem = "the finding would still be there afterwards"
    elif faults:
        problem = f"it would bring a new finding: {faults[0].message}"
    elif len(after.failed_rules) > len(before.failed_rules):
        problem = f"the rule {after.failed_rules[-1].rule} fails on the result"
    return Verdict(change, cleared, introduced, problem)

"""A revision changes the schema and has no way back.

## What it does

Reports revisions whose `upgrade()` does something to the schema while their `downgrade()` is missing, empty (`pass`, a
docstring) or raises. Merge revisions and revisions that change nothing are left alone, such as one that drops an index
if it is there, and it is not.

## Why it matters

The rollback is needed on the day a deployment fails. Writing it then, from memory, on a database with customers' data in
it, is how data is lost.

## How to fix

*Add the rollback* writes the body from the replayed history: it knows what every drop dropped. What cannot come back
(rows, values) is said in a comment, and the repair is then marked unsafe.

## Options

A team that never rolls back switches the rule off: `severity = {"migration-without-rollback" = "off"}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.operations import ChangeRows
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.repair.add_rollback import add_rollback
from lsp_server.snapshot import Snapshot

_STATES = {
    "missing": "has no `downgrade()`",
    "empty": "has an empty `downgrade()`",
    "raises": "has a `downgrade()` that only raises",
}


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay in snapshot.histories:
        for step in replay.revisions:
            revision = step.revision
            said = _STATES.get(revision.downgrade_state)
            changes = [each for each in step.steps if not isinstance(each.operation, ChangeRows)]
            if said is None or not changes or step.before == step.after:
                continue
            yield Finding(
                RULE.name,
                revision.downgrade or revision.location,
                f"the revision `{revision.id}` changes the schema and {said}",
                ("revision", revision.id),
                severity=RULE.severity,
                fixes=add_rollback(replay, step),
            )


RULE = Rule(
    name="migration-without-rollback",
    area="migration",
    severity=Severity.WARNING,
    summary="A revision changes the schema and has no way back.",
    mirror="none: a rollback without an upgrade cannot be written",
    check=check,
)

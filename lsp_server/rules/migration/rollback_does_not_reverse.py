"""A `downgrade()` does not undo its `upgrade()`.

## What it does

Replays each revision up and down without a database and reports what is otherwise afterwards than before: an index or
constraint left over, a column that comes back nullable, a type or default that is another one. A downgrade that the
database would refuse (a constraint dropped without a name, a name that never existed, a conversion without `USING`) is
reported with the reason.

What hangs on rows, on the server or on raw SQL that cannot be read is not judged.

## Why it matters

A rollback that works halfway leaves a schema that no revision describes. The next upgrade stops at "already exists".

## How to fix

*Complete the rollback* keeps what the downgrade does and adds what it forgets. *Rewrite the rollback* replaces the body by one
worked out from the replayed history; statements of your own on rows go with it.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.operations import ChangeRows
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.add_rollback import add_rollback
from lsp_server.repair.complete_rollback import complete_rollback
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay, step, outcome in snapshot.downgrades:
        revision = step.revision
        wrong = [each for each in outcome.differences if (each.sort, each.element) != ("left over", "enum")]
        if revision.downgrade_state in ("empty", "missing", "raises") or not (wrong or outcome.refusal):
            continue
        if outcome.refusal is not None:
            message = f"the downgrade of `{revision.id}` fails: {outcome.refusal.message}"
            related: tuple[Related, ...] = (Related(outcome.refusal.location, "this step is refused"),)
        else:
            shown = "; ".join(each.message for each in wrong[:3])
            more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
            message = f"the downgrade of `{revision.id}` does not undo its upgrade: {shown}{more}"
            related = (Related(revision.upgrade, "the upgrade"),) if revision.upgrade else ()
        completing = complete_rollback(replay, step, outcome)
        own = any(isinstance(each.operation, ChangeRows) for each in outcome.steps)
        rewriting = add_rollback(replay, step, "Rewrite the rollback", unsafe=own, preferred=not completing)
        yield Finding(
            RULE.name,
            revision.downgrade or revision.location,
            message,
            ("revision", revision.id),
            related,
            RULE.severity,
            (*completing, *rewriting),
        )


RULE = Rule(
    name="rollback-does-not-reverse",
    area="migration",
    severity=Severity.WARNING,
    summary="A downgrade does not undo its upgrade.",
    mirror="none: the upgrade is what the downgrade is measured by",
    check=check,
)

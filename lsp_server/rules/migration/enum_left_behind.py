"""A `downgrade()` drops the table or column of an enumeration but leaves its type in the database.

## What it does

Reports revisions after whose upgrade and downgrade a PostgreSQL enumeration type is still there.

## Why it matters

Dropping a column does not drop its type. The next `upgrade()` stops at "type … already exists", usually in a test
database, hours after the rollback.

## How to fix

*Drop the type* puts `sa.Enum(name="…").drop(op.get_bind(), checkfirst=True)` at the end of `downgrade()`.

## Options

Only on PostgreSQL are enumerations types of their own; set `dialect` where the project does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.drop_enum import drop_enum
from lsp_server.snapshot import Snapshot


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay, step, outcome in snapshot.downgrades:
        revision = step.revision
        if replay.history.dialect != "postgresql" or revision.downgrade_state in ("empty", "missing", "raises"):
            continue
        for each in outcome.differences:
            if (each.sort, each.element) == ("left over", "enum"):
                yield Finding(
                    RULE.name,
                    revision.downgrade or revision.location,
                    f"the enumeration type `{each.subject[-1]}` stays in the database after the downgrade of `{revision.id}`",
                    ("revision", revision.id, "enum", each.subject[-1]),
                    (Related(revision.upgrade, "the upgrade that makes it"),) if revision.upgrade else (),
                    RULE.severity,
                    drop_enum(replay, step, each.subject[-1]),
                )


RULE = Rule(
    name="enum-left-behind",
    area="migration",
    severity=Severity.WARNING,
    summary="A downgrade leaves an enumeration type in the database.",
    mirror="none: an upgrade that lacks the type fails at once",
    check=check,
)

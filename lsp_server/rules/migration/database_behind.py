"""The development database lacks revisions of the history, or stands at one that the history does not have.

## What it does

Compares what the development database records in its `alembic_version` table with the history. It is silent without a development database, while
that database cannot be reached, and where it records nothing that this workspace knows. The database is only read.

## Why it matters

Code that uses a new column fails against a database that does not have it yet, with an error that speaks of SQL and not of the cause. A database at a
revision that is not in the history usually comes from another branch: neither upgrade nor downgrade works there.

## How to fix

*Apply Migration to the Development Database* shows target, SQL and hazards, and asks; or run `alembic upgrade head`. Where the database is at a revision
of another branch, go back to that branch and downgrade there, or make the database anew.

## Options

The database is named by the person, not by the project: `specdrift.developmentDatabase` in the editor's settings, or
`--development-database URL` for a check. It must be on this machine, or its host must be named in `specdrift.developmentDatabaseHosts`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.standing import Standing, belongs, pending, strangers
from lsp_server.findings import Finding, Rule, Severity
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location

_SHOWN = 3  # revisions that are named


def check(snapshot: Snapshot) -> Iterator[Finding]:
    standing = snapshot.standing
    if standing is None:
        return
    histories = [replay.history for replay in snapshot.histories if replay.history.revisions]
    foreign = strangers(standing, histories)
    if foreign and len(histories) == 1:
        yield _astray(standing, foreign, histories[0].revisions[-1].location)
        return
    for history in histories:
        # A database without any revision may belong to any history.
        if belongs(standing, history) or (standing.revisions == () and len(histories) == 1):
            missing = pending(standing, history)
            if missing:
                named = ", ".join(f"`{revision.id}`" for revision in missing[:_SHOWN])
                more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
                yield Finding(
                    RULE.name,
                    missing[0].location,
                    f"{standing.title} has not got {named}{more}",
                    ("database", history.folder),
                    severity=RULE.severity,
                )


def _astray(standing: Standing, foreign: tuple[str, ...], location: Location) -> Finding:
    named = ", ".join(f"`{identifier}`" for identifier in foreign)
    message = f"{standing.title} is at {named}, which the history does not have"
    return Finding(RULE.name, location, message, ("database", *foreign), severity=RULE.severity)


RULE = Rule(
    name="database-behind",
    area="migration",
    severity=Severity.INFO,
    summary="The development database lacks revisions of the history.",
    mirror="model-change-without-migration: there the history lacks what the models have",
    check=check,
)

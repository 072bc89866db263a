"""How far a database has come along a migration history: what it says has been applied, and what has not.

Pure: who asked the database, and which one, is `development/`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.database.alembic import History
from lsp_server.database.model import Revision


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database records of its history. `title` names it for people and holds no password.

    `revisions` are the recorded ids, () where the table for them is empty; None where there is no such table.
    """

    title: str
    revisions: tuple[str, ...] | None = None


def belongs(standing: Standing, history: History) -> bool:
    """Whether the database stands in this history: it has recorded something, and the history knows all of it."""
    recorded = standing.revisions
    return bool(recorded) and all(_exact(history, each) is not None for each in recorded or ())


def strangers(standing: Standing, histories: Iterable[History]) -> tuple[str, ...]:
    """Recorded revisions that none of the histories has."""
    known = tuple(histories)
    return tuple(each for each in standing.revisions or () if all(_exact(history, each) is None for history in known))


def pending(standing: Standing, history: History, until: str | None = None) -> tuple[Revision, ...]:
    """The revisions that have not been applied, in the order Alembic would run them; `until` keeps those that this one needs."""
    applied = ancestors(history, standing.revisions or ())
    wanted = ancestors(history, (until,)) if until is not None else {revision.id for revision in history.revisions}
    return tuple(revision for revision in history.revisions if revision.id in wanted and revision.id not in applied)


def ancestors(history: History, identifiers: Iterable[str]) -> set[str]:
    """These revisions and all that come before them, those they depend on included."""
    found: set[str] = set()
    waiting = list(identifiers)
    while waiting:
        revision = history.revision(waiting.pop())
        if revision is not None and revision.id not in found:
            found.add(revision.id)
            waiting += [*revision.down, *revision.depends_on]
    return found


def _exact(history: History, identifier: str) -> Revision | None:
    """Recorded ids are whole; a beginning would be somebody else's."""
    found = history.revision(identifier)
    return found if found is not None and found.id == identifier else None

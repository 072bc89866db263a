"""*Generate migration*: a revision that makes the database what the models want, planned, rendered and proved.

Joins a migration history with the models it serves. The planning is `database/migration/`'s; here the project's own
conventions are collected from its files. No database is ever opened but one that was made for the proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server.database.alembic import History
from lsp_server.document import Kind
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.snapshot import Drift, Snapshot
from lsp_server.text import Change

if TYPE_CHECKING:
    from lsp_server.database.migration.conventions import Conventions
    from lsp_server.database.migration.plan import Plan

KIND = "generate-migration"
TITLE = "Generate migration for model change"
_LATEST = 5  # revisions whose style is followed
UNDATED = datetime(2000, 1, 1)


def generate_migration(drift: Drift) -> tuple[Fix, ...]:
    """Fixes for the whole drift of a history: one, or two where it is not certain that something was renamed.

    None where the history's state is not known or it has several heads.
    """
    history = drift.replay.history
    if drift.replay.verdict.ok is not True or len(history.heads) > 1:
        return ()
    choices = _choices(drift)
    return tuple(
        Fix(title, KIND, _builder(history.folder, title), applicability, Direction.MIGRATION, preferred=len(choices) == 1)
        for title, (_, applicability) in choices.items()
    )


def _choices(drift: Drift) -> dict[str, tuple[Plan, Applicability]]:
    """The plans to choose from, by the title they are offered under: the one that loses nothing first."""
    from lsp_server.database.migration.plan import alternatives

    plans = alternatives(drift.replay.database, drift.mapped, drift.replay.history.dialect)
    if len(plans) == 1:
        return {TITLE: (plans[0], _applicability(plans[0]))}
    found: dict[str, tuple[Plan, Applicability]] = {}
    for plan in plans:
        title = f"Generate migration: {plan.title or 'drop what is gone and add what is new'}"
        found[title] = (plan, Applicability.UNSAFE)
    return found


def _applicability(plan: Plan) -> Applicability:
    """Unsafe where rows or values go, or somebody must say what rows without a value get."""
    losing = any(hazard.code in ("data_loss_up", "needs_value") for hazard in plan.hazards)
    return Applicability.UNSAFE if losing or plan.renames else Applicability.SAFE


def _builder(folder: str, title: str) -> Callable[[Snapshot], Change | None]:
    def build(snapshot: Snapshot) -> Change | None:
        drift = next((each for each in snapshot.drifts if each.replay.history.folder == folder), None)
        choice = _choices(drift).get(title) if drift is not None else None
        return None if drift is None or choice is None else _change(snapshot, drift, choice[0])

    return build


def _change(snapshot: Snapshot, drift: Drift, planned: Plan) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.proof import prove
    from lsp_server.database.migration.render import render

    history = drift.replay.history
    if not planned.operations or planned.obstacles:
        return None
    proof = prove(planned, find=snapshot.find_scratch, seed=snapshot.seed(history.dialect), own=snapshot.own_tables(drift.mapped))
    if proof.failed:
        return None
    conventions = conventions_of(snapshot, history)
    try:
        unnamed = render(planned, replace(conventions, revision_id=lambda: "", created=lambda: UNDATED), None)
        # From what the revision says, so that the same change has the same name tomorrow.
        identifier = blake2b(repr((history.heads, unnamed.text)).encode(), digest_size=6).hexdigest()
        revision = render(
            planned, replace(conventions, revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED), proof.line
        )
    except NotSayable:
        return None
    return Change(f"Generate migration {revision.path.rpartition('/')[2]}", new_files={revision.path: revision.text})


def conventions_of(snapshot: Snapshot, history: History) -> Conventions:
    """How the project writes revisions: file names, template, quotes, batch mode."""
    from lsp_server.database.migration.conventions import conventions_from, read_conventions

    settings = history.settings
    known: dict[str, str] = {}
    if settings is not None:
        document = snapshot.document(settings.path)
        if document is not None and document.kind is Kind.INI:
            known = read_conventions(document.text, section=settings.section)
        known["file_template"] = settings.file_template or history.file_template
    template = snapshot.document(f"{history.folder}/script.py.mako" if history.folder else "script.py.mako")
    latest = [snapshot.documents[revision.path].text for revision in history.revisions[-_LATEST:] if revision.path in snapshot.documents]
    conventions = conventions_from(
        known,
        heads=history.heads,
        template=template.text if template is not None else None,
        histories=tuple(latest),
        versions=history.versions[0] if history.versions else f"{history.folder}/versions".lstrip("/"),
    )
    return replace(conventions, batch=True) if history.dialect == "sqlite" else conventions

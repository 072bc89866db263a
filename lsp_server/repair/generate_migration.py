"""*Generate migration*: a revision that makes the database what the models want, planned, rendered and proved.

Joins a migration history with the models it serves. The planning is `database/migration/`'s; here the project's own
conventions are collected from its files. No database but the proof's own, in memory, is ever opened.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from lsp_server.database.alembic import History
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.snapshot import Drift, Snapshot
from lsp_server.text import Change

KIND = "generate-migration"
_LATEST = 5  # revisions whose style is followed
UNDATED = datetime(2000, 1, 1)


def generate_migration(drift: Drift) -> tuple[Fix, ...]:
    """One fix for the whole drift of a history; none where its state is not known or it has several heads."""
    history = drift.replay.history
    if drift.replay.verdict.ok is not True or len(history.heads) > 1:
        return ()
    folder = history.folder

    def build(snapshot: Snapshot) -> Change | None:
        current = next((each for each in snapshot.drifts if each.replay.history.folder == folder), None)
        return None if current is None else _change(snapshot, current)

    losing = any(d.kind == "unrequested" and d.element in ("table", "column") for d in drift.differences)
    applicability = Applicability.UNSAFE if losing else Applicability.SAFE
    return (Fix("Generate migration for model change", KIND, build, applicability, Direction.MIGRATION, preferred=True),)


def _change(snapshot: Snapshot, drift: Drift) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.plan import plan
    from lsp_server.database.migration.proof import prove
    from lsp_server.database.migration.render import render

    history = drift.replay.history
    planned = plan(drift.replay.database, drift.mapped, history.dialect)
    if not planned.operations or planned.obstacles:
        return None
    proof = prove(planned)
    if proof.failed:
        return None
    identifier = blake2b(repr((history.heads, planned.operations)).encode(), digest_size=6).hexdigest()
    conventions = replace(
        conventions_of(snapshot, history), revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED
    )
    try:
        revision = render(planned, conventions, proof.line)
    except NotSayable:
        return None
    return Change(f"Generate migration {revision.path.rpartition('/')[2]}", new_files={revision.path: revision.text})


def conventions_of(snapshot: Snapshot, history: History):  # type: ignore[no-untyped-def]  # lazy: imports Alembic's helpers
    """How the project writes revisions: file names, template, quotes, batch mode."""
    from lsp_server.database.migration.conventions import conventions_from

    settings = history.settings
    known: dict[str, str] = {}
    if settings is not None:
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

"""*Generate migration*: a revision that makes the database what the models want, planned, rendered and proved.

Joins a migration history with the models it serves. The planning is `database/migration/`'s; here the project's own
conventions are collected from its files. No database is ever opened but one that was made for the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from lsp_server.database.alembic import History
from lsp_server.database.migration.answers import Answers, read_answers
from lsp_server.document import Kind
from lsp_server.findings import Applicability, Direction, Fix, NotPossible
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.database import Drift
from lsp_server.text import Change

if TYPE_CHECKING:
    from lsp_server.database.migration.conventions import Conventions
    from lsp_server.database.migration.plan import Plan
    from lsp_server.database.migration.questions import Question

KIND = "generate-migration"
TITLE = "Generate migration for model change"
_LATEST = 5  # revisions whose style is followed
UNDATED = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class _Offer:
    """One way to write the revision; choosing it answers what `settled` says. `asks`: it waits for more answers."""

    title: str
    plan: Plan
    settled: Answers
    preferred: bool = False
    asks: bool = False


def generate_migration(drift: Drift, snapshot: Snapshot) -> tuple[tuple[Fix, ...], tuple[Question, ...]]:
    """Fixes for the whole drift of a history, and what must be answered before any of them is right.

    One fix, or two where it is not certain that something was renamed; where a value is missing, one that asks for it. None
    where the history's state is not known. With several heads the revision stands on a merge of them, which is written
    along with it, or beside them where the branches are meant to stay apart.
    """
    history = drift.replay.history
    if drift.replay.verdict.ok is not True:
        return (), ()
    offers, questions = _offers(drift, snapshot)
    return tuple(_fix(history.folder, offer) for offer in offers), questions


def _fix(folder: str, offer: _Offer) -> Fix:
    def planned(snapshot: Snapshot) -> tuple[Drift, Plan] | None:
        from lsp_server.database.migration.plan import plan

        drift = next((each for each in snapshot.drifts if each.replay.history.folder == folder), None)
        if drift is None:
            return None
        answers = offer.settled.together(snapshot.answers)
        evidence = offer.plan.renames if answers.renames is None else ()
        return drift, plan(drift.replay.database, drift.mapped, drift.replay.history.dialect, answers, evidence)

    def build(snapshot: Snapshot) -> Change | None:
        found = planned(snapshot)
        return None if found is None or found[1].unanswered else _change(snapshot, *found)

    def ask(snapshot: Snapshot) -> tuple[Question, ...]:
        found = planned(snapshot)
        return () if found is None else found[1].questions

    applicability = Applicability.UNSAFE if offer.asks else _applicability(offer.plan)
    return Fix(offer.title, KIND, build, applicability, Direction.MIGRATION, offer.preferred, ask if offer.asks else None)


def _offers(drift: Drift, snapshot: Snapshot) -> tuple[list[_Offer], tuple[Question, ...]]:
    """What may be chosen, the one that loses nothing first, and the questions that must be answered."""
    from lsp_server.database.migration.evidence import renames_told
    from lsp_server.database.migration.plan import alternatives, plan

    before, after, dialect = drift.replay.database, drift.mapped, drift.replay.history.dialect
    paths = {table.location.path for table in after.tables if table.location is not None}
    texts = {path: snapshot.documents[path].text for path in paths if path in snapshot.documents}
    told = renames_told(before, after, snapshot.earlier, texts)
    plans = alternatives(before, after, dialect, snapshot.answers, told)
    if len(plans) == 1:
        title = f"Generate migration: {plans[0].title}" if told and plans[0].title else TITLE
        return list(_forms(title, plans[0], Answers(), preferred=True)), plans[0].unanswered
    found: list[_Offer] = []
    for each in plans:
        title = f"Generate migration: {each.title or 'drop what is gone and add what is new'}"
        found += _forms(title, each, Answers(renames=each.renames), preferred=False)
    return found, plan(before, after, dialect, snapshot.answers, told).unanswered


def _forms(title: str, planned: Plan, settled: Answers, preferred: bool) -> Iterator[_Offer]:
    """One plan as it is, or after questions. What can be answered without typing is also on offer by itself."""
    count = len(planned.questions)
    asking = f"{title} (asks {count} {'question' if count == 1 else 'questions'})"
    if not planned.unanswered:
        yield _Offer(title, planned, settled, preferred)
        if planned.questions:
            yield _Offer(asking, planned, settled, asks=True)
        return
    yield _Offer(asking, planned, settled, preferred, asks=True)
    for said, answers in _typed(planned.unanswered):
        yield _Offer(f"{title}: {said}", planned, settled.together(answers))


def _typed(questions: tuple[Question, ...]) -> Iterator[tuple[str, Answers]]:
    """Answers that need no typing, in words: one of a single question's choices, its likely answer, or none at all."""
    if len(questions) == 1:
        (question,) = questions
        for choice in question.choices:
            yield f"{question.subject} {choice.text}", read_answers({question.key: {question.subject: choice.answer}})
        if question.suggestion is not None:
            yield f"{question.subject} in {question.suggestion}", read_answers({question.key: {question.subject: question.suggestion}})
    if all(question.otherwise for question in questions):
        said = "; ".join(dict.fromkeys(question.otherwise for question in questions))
        yield said, Answers(declined=frozenset((question.key, question.subject) for question in questions))


def _applicability(plan: Plan) -> Applicability:
    """Unsafe where rows or values go, or somebody must say what rows without a value get."""
    losing = any(hazard.code in ("data_loss_up", "needs_value") for hazard in plan.hazards)
    return Applicability.UNSAFE if losing or plan.renames else Applicability.SAFE


def _change(snapshot: Snapshot, drift: Drift, planned: Plan) -> Change | None:
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.proof import prove
    from lsp_server.database.migration.render import render

    history = drift.replay.history
    if not planned.operations:
        return None
    if planned.obstacles:
        raise NotPossible("; ".join(planned.obstacles))
    proof = prove(planned, find=snapshot.find_scratch, seed=snapshot.seed(history.dialect), own=snapshot.own_tables(drift.mapped))
    if proof.failed:
        raise NotPossible(f"the proof fails on {proof.where}: {proof.failed[0]}")
    conventions = conventions_of(snapshot, history)
    joined: dict[str, str] = {}
    if len(history.heads) > 1:
        from lsp_server.repair.join_heads import ground

        standing = ground(snapshot, drift.replay, conventions)
        if standing is None:
            return None
        conventions, joined = standing
    try:
        unnamed = render(planned, replace(conventions, revision_id=lambda: "", created=lambda: UNDATED), None)
        # From what the revision says, so that the same change has the same name tomorrow.
        identifier = blake2b(repr((history.heads, unnamed.text)).encode(), digest_size=6).hexdigest()
        revision = render(
            planned, replace(conventions, revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED), proof.line
        )
    except NotSayable:
        return None
    return Change(f"Generate migration {revision.path.rpartition('/')[2]}", new_files={**joined, revision.path: revision.text})


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

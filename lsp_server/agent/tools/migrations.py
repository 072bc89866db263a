"""Migrations of the draft: planned from the models, written in the project's way, proved on databases of our own.

No tool here takes a URL, and none can reach a database that Specdrift did not make for the proof.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import normalised
from lsp_server.agent.order import changed_revisions, unproved
from lsp_server.agent.proving import prove_revision
from lsp_server.agent.tool import Arguments, Tool, ToolError, takes, text
from lsp_server.agent.tools.shown import bounded
from lsp_server.repair.add_rollback import KIND as ADD_ROLLBACK
from lsp_server.repair.add_rollback import add_rollback
from lsp_server.repair.generate_migration import UNDATED, conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.database import Drift
from lsp_server.text import apply_edits

if TYPE_CHECKING:
    from lsp_server.database.migration.plan import Plan
    from lsp_server.database.migration.questions import Question


def plan_migration(bench: Workbench, arguments: Arguments) -> str:
    snapshot = bench.draft.snapshot
    drift = _drift(snapshot, arguments.get("history"))
    if not drift.differences:
        return f"nothing to migrate: the history in {_name(drift)} makes all that the models want"
    return bounded(_described(snapshot, drift, _planned(drift, arguments.get("answers"))), "there is no more of it")


def write_migration(bench: Workbench, arguments: Arguments) -> str:
    snapshot = bench.draft.snapshot
    drift = _drift(snapshot, arguments.get("history"))
    if not drift.differences:
        raise ToolError(f"nothing to migrate: the history in {_name(drift)} makes all that the models want")
    heads = drift.replay.history.heads
    if len(heads) > 1:
        raise ToolError(f"the history in {_name(drift)} has several heads ({', '.join(heads)}); a person must join them first")
    plan = _planned(drift, arguments.get("answers"))
    if plan.unanswered:
        asked = "\n".join(_asked(question) for question in plan.unanswered)
        raise ToolError(f"a question first; answer it from the task and the documents, or leave the migration to a person:\n{asked}")
    path, content, lines = _written(snapshot, drift, plan, arguments.get("title"))
    path = bench.write(path, content)
    bench.note_proof(path)
    return bounded("\n".join([f"{path}: written", *lines, "", content]), "read_file shows the file")


def prove_migration(bench: Workbench, arguments: Arguments) -> str:
    path = arguments.get("path")
    if path is None:
        waiting = unproved(bench.draft, bench.proved) or changed_revisions(bench.draft)
        if not waiting:
            raise ToolError("the draft brings or changes no revision; give the path of one")
        return "\n\n".join(_proved(bench, each) for each in waiting)
    return _proved(bench, normalised(path))


def add_downgrade(bench: Workbench, arguments: Arguments) -> str:
    path = normalised(arguments["path"])
    bench.draft.read(path)
    snapshot = bench.draft.snapshot
    for replay_of in snapshot.histories:
        step = next((each for each in replay_of.revisions if each.revision.path == path), None)
        if step is None:
            continue
        for fix in add_rollback(replay_of, step):
            change = fix.build(snapshot)
            if fix.kind == ADD_ROLLBACK and change is not None:
                edits = [edit for edit in change.edits if edit.path == path]
                bench.write(path, apply_edits(bench.draft.read(path), edits))
                return _proved(bench, path)
        raise ToolError(f"{path}: what the upgrade does is not all told by its text, so that nothing can undo it for sure; write the downgrade yourself")
    raise ToolError(f"{path}: no migration history that replays has a revision in this file")


def _proved(bench: Workbench, path: str) -> str:
    bench.draft.read(path)
    found = prove_revision(bench.draft.snapshot, path, bench.draft.base)
    if found.holds:
        bench.note_proof(path)
    said = "the proof holds" if found.holds else "no proof"
    return "\n".join([f"{path}: {said}", *found.lines()])


def _drift(snapshot: Snapshot, folder: str | None) -> Drift:
    """The history with its models that is meant. Raises ToolError."""
    drifts = [drift for drift in snapshot.drifts if folder is None or drift.replay.history.folder == folder.strip("/")]
    if len(drifts) == 1:
        drift = drifts[0]
        if drift.replay.verdict.ok is not True:
            raise ToolError(f"the history in {_name(drift)} cannot be replayed to the end: {drift.replay.verdict.reason}; mend that first")
        return drift
    folders = ", ".join(_name(drift) for drift in snapshot.drifts)
    if drifts or (folder is not None and folders):
        raise ToolError(f"which history? Give one of {folders}")
    broken = [f"{replay.history.folder or '.'}: {replay.verdict.reason}" for replay in snapshot.histories if replay.verdict.ok is False]
    if broken:
        raise ToolError(f"the migration history does not replay ({broken[0]}); mend that first")
    raise ToolError("there is no migration history with models that belong to it")


def _name(drift: Drift) -> str:
    return drift.replay.history.folder or "."


# Plans in words and as files


def _planned(drift: Drift, given: Mapping[str, Any] | None) -> Plan:
    from lsp_server.database.migration.answers import AnswersError, read_answers
    from lsp_server.database.migration.plan import plan

    try:
        answers = read_answers(given or {})
    except AnswersError as error:
        raise ToolError(f"answers: {error}") from None
    return plan(drift.replay.database, drift.mapped, drift.replay.history.dialect, answers)


def _asked(question: Question) -> str:
    """A question with where its answer goes."""
    lines = [f"question: {question.text}"]
    lines += [
        f"    answers={json.dumps({question.key: {question.subject: choice.answer}})}: {choice.text}{' (values are lost)' if choice.loses else ''}"
        for choice in question.choices
    ]
    if not question.choices:
        example = json.dumps({question.key: {question.subject: question.suggestion or "…"}})
        lines.append(f"    answers={example}: {question.expected or 'a value'}")
    return "\n".join([*lines, *([f"    without an answer: {question.otherwise}"] if question.otherwise else [])])


def _described(snapshot: Snapshot, drift: Drift, plan: Plan) -> str:
    from lsp_server.database.migration.describe import phrases_of
    from lsp_server.database.migration.proof import prove

    lines = [f"a revision in {_name(drift)} for {drift.replay.history.dialect}, after {', '.join(drift.replay.history.heads) or 'nothing'}"]
    lines += [f"- {phrase}" for phrase in phrases_of(plan.operations)]
    lines += [_asked(question) for question in plan.questions]
    lines += [f"danger ({hazard.code}): {hazard.text}" for hazard in plan.settled_hazards]
    lines += [f"left out: {obstacle}" for obstacle in plan.obstacles]
    if plan.operations and not plan.obstacles and not plan.unanswered:
        lines.append(f"proof {prove(plan, find=snapshot.find_scratch, seed=snapshot.seed(drift.replay.history.dialect)).line}")
    return "\n".join(lines)


def _written(snapshot: Snapshot, drift: Drift, plan: Plan, title: str | None) -> tuple[str, str, list[str]]:
    """The file, its text, and what a proof says of it. Raises ToolError for a plan that is not proved."""
    from lsp_server.database.migration.metadata import NotSayable
    from lsp_server.database.migration.proof import prove
    from lsp_server.database.migration.render import render

    if plan.obstacles:
        raise ToolError(f"not written: {'; '.join(plan.obstacles)}. Answer what is asked, or write the revision yourself and prove it")
    proof = prove(plan, find=snapshot.find_scratch, seed=snapshot.seed(drift.replay.history.dialect))
    if not proof.holds:
        reasons = proof.failed or proof.not_proved or ("nothing could be shown",)
        raise ToolError(f"not written, for the proof does not hold on {proof.where}: {'; '.join(reasons)}")
    conventions = conventions_of(snapshot, drift.replay.history)
    title = " ".join(title.split()) if title else None
    try:
        unnamed = render(plan, replace(conventions, revision_id=lambda: "", created=lambda: UNDATED), None, title)
        identifier = blake2b(repr((drift.replay.history.heads, unnamed.text)).encode(), digest_size=6).hexdigest()
        made = render(
            plan, replace(conventions, revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED), proof.line, title
        )
    except NotSayable as error:
        raise ToolError(f"not written: {error}") from None
    lines = [f"proof {proof.line}", *(f"danger ({hazard.code}): {hazard.text}" for hazard in plan.hazards)]
    return made.path, made.text, lines


_HISTORY = text("The folder of the migration history, where there are several.")
_GIVEN = {
    "type": "object",
    "description": "What the models do not tell, for the questions that plan_migration shows. Only what the task or a document says; never a guess.",
    "properties": {
        name: {"type": "object", "description": said, "additionalProperties": {"type": ["string", "number", "null"]}}
        for name, said in (
            ("rename_tables", "Old name of a table to its new one, null for none."),
            ("rename_columns", '"table.column" to its new name, null for none.'),
            ("rename_enum_values", '"enum.value" to its new name, null for none.'),
            ("backfill", '"table.column" to the SQL expression for rows that have no value.'),
            ("enum_fallback", '"enum.value" that goes to the value that takes its place.'),
            ("derive_columns", '"table.column" to an SQL expression over the other columns of the table.'),
            ("restore_columns", '"table.column" to an SQL expression for its old value on the way back.'),
            ("derive_rows", "A new table to the query for its first rows."),
            ("assume_timezone", '"table.column" to the time zone that its moments were meant in.'),
        )
    },
    "additionalProperties": False,
}

TOOLS = (
    Tool(
        "plan_migration",
        "What a migration would do that brings the database in line with the models as they are now: its steps, dangers, open questions and proof. "
        "Writes nothing.",
        takes(optional={"history": _HISTORY, "answers": _GIVEN}),
        plan_migration,
        ("Read",),
    ),
    Tool(
        "write_migration",
        "Plan the migration, prove it on a scratch database (up, down, up again) and write it into the draft in the project's own conventions. "
        "Nothing is written that the proof does not hold for.",
        takes(optional={"history": _HISTORY, "answers": _GIVEN, "title": text("A short title, in the words of the task.")}),
        write_migration,
        ("Write",),
        changes=True,
    ),
    Tool(
        "prove_migration",
        "Prove a revision as it is written in the draft, on a scratch database: up, the schema compared, rows, down, compared, up again. Needed after "
        "every edit of a revision. Without a path: every revision of the draft that has no proof yet.",
        takes(optional={"path": text("The revision's file.")}),
        prove_migration,
        ("Read",),
    ),
    Tool(
        "add_downgrade",
        "Write the downgrade of a revision from what its upgrade does, where that is known for sure, and prove it.",
        takes({"path": text("The revision's file.")}),
        add_downgrade,
        ("Edit", "Write"),
        changes=True,
    ),
)

"""Adapter for the migration benchmark: writes a revision, or completes a downgrade, in the project of the current folder.

    python -m tests.bench.migration.generate                       a revision for the changed models
    python -m tests.bench.migration.generate REVISION FILE         the downgrade of that revision

Reads files only: `answers.json`, if there, says what a user would have answered; `report.json` gets the dangers and the open questions. The scheme of
`DATABASE_URL` tells the dialect. Proofs are made on scratch databases of their own, on the server of `SHADOW_DATABASE_URL`.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import tempfile
from pathlib import Path

from lsp_server.config import Config
from lsp_server.database.migration.answers import parse_answers
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.render import render
from lsp_server.database.migration.scratch import FindScratch
from lsp_server.repair.add_rollback import rollback_of
from lsp_server.repair.generate_migration import conventions_of
from lsp_server.repair.join_heads import beside_heads
from lsp_server.shadow.offer import offer
from lsp_server.snapshot import Snapshot
from lsp_server.text import apply_edits

CODES = ("data_loss_up", "data_loss_down", "may_fail_on_data", "needs_value")


def read_project(folder: Path, dialect: str) -> Snapshot:
    """The project's texts, for this kind of database."""
    names = [path for pattern in ("**/*.py", "*.ini", "**/*.mako") for path in folder.glob(pattern)]
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in names}
    return Snapshot.of(texts, Config(dialect=dialect))


def dialect_of(url: str) -> str:
    name = url.partition(":")[0].partition("+")[0]
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(name, name)


def find_scratch() -> FindScratch:
    """Scratch databases on the server where the benchmark keeps its own, noted in a folder that goes with this process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    url = os.environ.get("SHADOW_DATABASE_URL")
    given = url if url is not None and dialect_of(url) != "sqlite" else None
    return offer(given, None, lambda: [os.environ.get("DATABASE_URL")], Path(folder.name), {})


def write_report(folder: Path, planned: Plan) -> None:
    """The dangers of a plan, and what it would have to know first, with the key of `answers.json` that says it."""
    flags: list[dict[str, str | None]] = []
    for question in planned.unanswered:
        table = question.table[1] if question.table is not None else None
        flags += [{"code": "needs_value", "table": table, "column": column} for column in question.columns or (None,)]
    flags += [{"code": each.code, "table": each.table, "column": each.column} for each in planned.settled_hazards if each.code in CODES]
    questions = [
        {
            "key": question.key,
            "subject": question.subject,
            "text": question.text,
            "choices": [{"answer": choice.answer, "flags": ["data_loss_up"] if choice.loses else []} for choice in question.choices],
        }
        for question in planned.questions
    ]
    (folder / "report.json").write_text(json.dumps({"flags": flags, "questions": questions}))


def generate(folder: Path, dialect: str) -> int:
    snapshot = read_project(folder, dialect)
    (replay,) = snapshot.histories
    mapped = snapshot.mapped[0]
    if replay.verdict.ok is False:
        print(f"the history does not replay: {replay.verdict.reason}", file=sys.stderr)
        return 1
    given = folder / "answers.json"
    made = plan(replay.database, mapped, dialect, parse_answers(given.read_text()) if given.exists() else None)
    write_report(folder, made)
    if made.unanswered:
        print(f"needs an answer: {'; '.join(f'{each.text} ({each.place})' for each in made.unanswered)}", file=sys.stderr)
        return 1
    if made.obstacles:
        print(f"not planned: {'; '.join(made.obstacles)}", file=sys.stderr)
        return 1
    if not made.operations and len(replay.history.heads) < 2:
        return 0
    proof = prove(made, find=find_scratch())
    if proof.failed:
        print(f"not proved: {'; '.join(proof.failed)}", file=sys.stderr)
        return 1
    conventions = conventions_of(snapshot, replay.history)
    if len(conventions.heads) > 1 and made.operations:
        conventions = beside_heads(conventions)  # nobody asked for a merge
    rendered = render(made, conventions, proof.line)
    (folder / rendered.path).write_text(rendered.text)
    return 0


def complete(folder: Path, dialect: str, identifier: str, file: Path) -> int:
    snapshot = read_project(folder, dialect)
    (replay,) = snapshot.histories
    step = replay.revision(identifier)
    if step is None:
        print("the history does not replay so far", file=sys.stderr)
        return 1
    rollback = rollback_of(snapshot, replay, step, file.read_text())
    file.write_text(apply_edits(file.read_text(), rollback.edits))
    # What the way back drops is lost by the downgrade; what it cannot bring back was lost by the upgrade.
    codes = ["data_loss_down"] if any(hazard.code == "data_loss_up" for hazard in rollback.hazards) else []
    codes += ["data_loss_up"] if rollback.losses else []
    (folder / "report.json").write_text(json.dumps({"flags": [{"code": code} for code in codes]}))
    return 0


def main() -> int:
    folder, dialect = Path.cwd(), dialect_of(os.environ.get("DATABASE_URL", "sqlite"))
    if len(sys.argv) == 3:
        return complete(folder, dialect, sys.argv[1], Path(sys.argv[2]).resolve())
    return generate(folder, dialect)


if __name__ == "__main__":
    sys.exit(main())

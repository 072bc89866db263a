"""Small Alembic trees made of text, for the tests of readers and replays."""

from __future__ import annotations

from lsp_server.database.alembic import History, find_histories
from lsp_server.database.model import Database
from lsp_server.database.replay import HistoryReplay, Memo, Replayer
from lsp_server.database.rollback import DowngradeOutcome, downgrade_outcome, type_text
from lsp_server.document import Document
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import read_module
from lsp_server.python.program import Program

HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n"
ENV = "from alembic import context\ncontext.run_migrations()\n"


def revision(identifier: str, down: str | None, upgrade: str = "pass", downgrade: str | None = "pass", more: str = "") -> str:
    """The text of a revision file; `upgrade` and `downgrade` are statements, `more` stands between the head and them."""

    def body(statements: str) -> str:
        return "\n".join(f"    {line}" for line in statements.splitlines())

    text = f'"""About {identifier}."""\n{HEAD}revision = {identifier!r}\ndown_revision = {down!r}\n{more}\n'
    text += f"def upgrade():\n{body(upgrade)}\n"
    return text if downgrade is None else text + f"def downgrade():\n{body(downgrade)}\n"


def tree(*revisions: str, **more: str) -> dict[str, str]:
    """The files of a tree with its revisions; `more` maps `a__b` to the text of `a/b.py`."""
    files = {f"migrations/versions/r{number}.py": text for number, text in enumerate(revisions)}
    return {"migrations/env.py": ENV, **files, **{f"{name.replace('__', '/')}.py": text for name, text in more.items()}}


def chain(*upgrades: str, **more: str) -> dict[str, str]:
    """A tree of revisions `r0`, `r1`, … that build on each other, given the statements of their upgrades."""
    return tree(*(revision(f"r{number}", f"r{number - 1}" if number else None, text) for number, text in enumerate(upgrades)), **more)


def histories(files: dict[str, str]) -> tuple[History, ...]:
    return find_histories(files, lambda path: Document(path, files[path]))


def replayer(files: dict[str, str], memo: Memo | None = None) -> Replayer:
    facts = {path: read_module(path, text) for path, text in files.items() if path.endswith(".py")}
    interpreter = Interpreter(Program(files, facts.__getitem__))
    return Replayer(interpreter, lambda path: Document(path, files[path]).digest, memo)


def replayed(files: dict[str, str], memo: Memo | None = None) -> HistoryReplay:
    """The replay of the first history."""
    return replayer(files, memo).replay(histories(files)[0])


def outcome(upgrade: str, downgrade: str | None, *before: str) -> DowngradeOutcome:
    """What the downgrade of a last revision does, behind revisions with the upgrades `before`."""
    earlier = [revision(f"b{number}", f"b{number - 1}" if number else None, text) for number, text in enumerate(before)]
    files = tree(*earlier, revision("last", f"b{len(before) - 1}" if before else None, upgrade, downgrade))
    runner = replayer(files)
    replay = runner.replay(histories(files)[0])
    assert replay.verdict.ok is not False, replay.verdict
    found = downgrade_outcome(runner, replay, "last")
    assert found is not None
    return found


def sketch(database: Database) -> list[str]:
    """A schema as short lines: `users: id INTEGER!, email VARCHAR(80)` (`!`: NOT NULL), then its keys and indexes by name."""
    lines = []
    for table in database.tables:
        columns = [f"{column.name} {type_text(column.type) or '?'}{'!' if column.nullable is False else ''}{'?' if column.maybe is not None else ''}"
                   for column in table.columns]  # fmt: skip
        lines.append(f"{table.full_name}{'?' if table.maybe is not None else ''}: {', '.join(columns)}")
        if table.primary_key is not None:
            lines.append(f"  {table.primary_key.name} pk ({', '.join(table.primary_key.columns)})")
        for key in table.foreign_keys:
            rule = f" on delete {key.ondelete}" if key.ondelete else ""
            lines.append(f"  {key.name} fk ({', '.join(key.columns or '?')}) {key.target_table} ({', '.join(key.target_columns or '?')}){rule}")
        lines.extend(f"  {unique.name} unique ({', '.join(unique.columns or '?')})" for unique in table.uniques)
        lines.extend(f"  {check.name} check {check.expression}" for check in table.checks)
        lines.extend(f"  {index.name} {'unique ' if index.unique is True else ''}index ({', '.join(index.columns or '?')})" for index in table.indexes)
    return lines

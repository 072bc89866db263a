"""Completed downgrades: only the body changes, and what Alembic then runs restores what was before."""

from __future__ import annotations

import ast
import re

import pytest
import sqlalchemy as sa

from lsp_server.database.fold.state import State
from lsp_server.database.migration.catalogue import read_shapes
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.operations import DropColumn, DropTable
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.rollback import Rollback, complete_downgrade
from lsp_server.database.migration.shape import differences
from lsp_server.database.model import Column, ColumnType, Database, Revision
from lsp_server.database.undo.parts import Stretch, WayBack
from lsp_server.text import Location, Span, apply_edits
from tests.database.migration.changes import ALL, Change, book, varchar

PATH = "migrations/versions/5eed.py"
HEAD = '''"""add isbn"""
from alembic import op
import sqlalchemy as sa

revision = "5eed"
down_revision = None


def upgrade():
    op.add_column("book", sa.Column("isbn", sa.String(13)))
'''


def revision_of(text: str) -> Revision:
    """The places of a file's `downgrade`, as a reader of revisions gives them."""
    function = re.search(r"^def downgrade\(\)[^:]*:[ \t]*(?:\r?\n)?[ \t]*((?:.|\s)*)", text, re.MULTILINE)
    whole = body = None
    if function is not None:
        end = len(text.rstrip())
        whole = Location(PATH, Span(function.start(), end))
        body = Location(PATH, Span(function.start(1), end))
    return Revision("5eed", (), PATH, Location(PATH, Span(0, 0)), downgrade=whole, downgrade_body=body)


def completed(
    text: str, before: Database, after: Database, *, renames: tuple[Rename, ...] = (), losses: tuple[str, ...] = (), dialect: str = "sqlite"
) -> tuple[str, Rollback]:
    """The file with its downgrade, for an upgrade that is known by the schemas around it alone."""
    stretch = Stretch(state_of(after), state_of(before), renames)
    way = WayBack((stretch,) if before != after else (), losses)
    made = complete_downgrade(text, revision_of(text), way, "", dialect, Conventions())
    return apply_edits(text, made.edits), made


def state_of(database: Database) -> State:
    tables = {table.key: table for table in database.tables}
    return State(database.dialect or "sqlite", tables, {(each.schema, each.name or ""): each for each in database.enums})


WITH_ISBN = book(Column("isbn", varchar(13)))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("\n\ndef downgrade():\n    pass\n", "\n\ndef downgrade():\n{body}"),
        ("\n\ndef downgrade():\n    ...\n", "\n\ndef downgrade():\n{body}"),
        ('\n\ndef downgrade():\n    raise NotImplementedError("no way")\n', "\n\ndef downgrade():\n{body}"),
        ('\n\ndef downgrade() -> None:\n    """Back."""\n    pass\n', '\n\ndef downgrade() -> None:\n    """Back."""\n{body}'),
        ('\n\ndef downgrade() -> None:\n    """Back."""\n', '\n\ndef downgrade() -> None:\n    """Back."""\n{body}'),
        ("\n\ndef downgrade(): pass\n", "\n\ndef downgrade(): \n{body}"),
        ("", "\n\ndef downgrade():\n{body}"),
    ],
)
def test_only_the_body_changes(written: str, wanted: str) -> None:
    text, made = completed(HEAD + written, book(), WITH_ISBN)
    batch = '    with op.batch_alter_table("book") as batch_op:\n        batch_op.drop_column("isbn")\n'
    assert text.rstrip() == (HEAD + wanted.format(body=batch)).rstrip()
    assert made.safe


def test_line_breaks_and_indents_of_the_file_stay() -> None:
    written = (HEAD + "\n\ndef downgrade():\n  pass\n").replace("\n", "\r\n")
    text, _ = completed(written, book(), WITH_ISBN)
    assert "\r\n  with op.batch_alter_table" in text
    assert "\n" not in text.replace("\r\n", "")
    ast.parse(text)


def test_missing_imports_are_added() -> None:
    written = 'from alembic import op\n\nrevision = "5eed"\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n'
    text, _ = completed(written, WITH_ISBN, book())
    assert text.startswith('from alembic import op\nimport sqlalchemy as sa\n\nrevision = "5eed"\n')
    text, _ = completed(HEAD, book(Column("facts", ColumnType("JSONB"))), book(), dialect="postgresql")
    assert "import sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql\n" in text


def test_what_does_not_come_back_is_said_and_unsafe() -> None:
    text, made = completed(HEAD + "\n\ndef downgrade():\n    pass\n", WITH_ISBN, book(), losses=("rows changed by UPDATE book SET title = '' stay changed",))
    assert not made.safe
    assert "    # Not restored: the values of book.isbn.\n" in text
    assert "    # Not restored: rows changed by UPDATE book SET title = '' stay changed.\n" in text
    ast.parse(text)


def test_nothing_to_undo_is_pass() -> None:
    text, made = completed(HEAD + "\n\ndef downgrade():\n    raise NotImplementedError\n", book(), book())
    assert text.endswith("def downgrade():\n    pass\n") and made.safe


def test_a_rename_goes_back_as_a_rename() -> None:
    before, after = book(Column("phone", varchar(9))), book(Column("mail", varchar(9)))
    back = Rename((None, "book"), "mail", "phone", True, "")
    text, made = completed(HEAD, before, after, renames=(back,))
    assert 'op.alter_column("book", "mail", new_column_name="phone")' in text and made.safe
    text, made = completed(HEAD, before, after)
    assert not made.safe


@pytest.mark.parametrize("change", ALL, ids=str)
def test_every_completed_downgrade_restores(change: Change) -> None:
    """The function that was written is ours alone; it is run on a database in memory that the upgrade was run on."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from lsp_server.database.migration.steps import to_steps
    from lsp_server.database.migration.steps.running import run_steps

    made = plan(change.before, change.after, "sqlite")
    text, rollback = completed(HEAD + "\n\ndef downgrade():\n    pass\n", change.before, change.after)
    loses = any(isinstance(item, DropColumn | DropTable) for item in made.operations)
    assert rollback.safe or loses or made.renames
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.connect() as connection:
        to_metadata(change.before, "sqlite").create_all(connection)
        wanted = read_shapes(connection)
        run_steps(connection, to_steps(made.operations, change.before, "sqlite"))
        names: dict[str, object] = {}
        with Operations.context(MigrationContext.configure(connection)):
            exec(compile(text, PATH, "exec"), names)
            names["downgrade"]()  # type: ignore[operator]
        assert differences(read_shapes(connection), wanted) == ()

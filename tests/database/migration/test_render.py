"""Revision files: written in the project's style, and run by Alembic's own commands on a SQLite file in both directions."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.catalogue import lost_rows, read_rows, read_shapes
from lsp_server.database.migration.conventions import Conventions, conventions_from, fill_template, read_conventions
from lsp_server.database.migration.metadata import to_metadata
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.render import RenderedRevision, render
from lsp_server.database.migration.rows import insert_rows
from lsp_server.database.migration.shape import differences
from lsp_server.database.model import Column, ColumnType, Default, EnumType, Index
from tests.database.migration.changes import ALL, INTEGER, Change, book, schema, table, varchar

ENVIRONMENT = """
import os
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(os.environ["MIGRATED_DATABASE"], poolclass=sa.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""
FIXED = Conventions(revision_id=lambda: "5eed", created=lambda: datetime(2024, 5, 6, 7, 8, 9))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Alembic project without revisions, on a SQLite file."""
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = {tmp_path}/migrations\npath_separator = os\n")
    (tmp_path / "migrations" / "env.py").write_text(ENVIRONMENT)
    monkeypatch.setenv("MIGRATED_DATABASE", f"sqlite:///{tmp_path}/shop.db")
    return tmp_path


def write(project: Path, revision: RenderedRevision) -> None:
    (project / revision.path).write_text(revision.text)


def run(project: Path, verb: str, target: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy names the indexes on expressions that it skips
        getattr(command, verb)(Config(str(project / "alembic.ini"), stdout=io.StringIO()), target)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.parametrize("change", ALL, ids=str)
def test_alembic_runs_the_file_there_and_back(change: Change, project: Path) -> None:
    made = plan(change.before, change.after, "sqlite")
    write(project, render(made, FIXED))
    engine = sa.create_engine(f"sqlite:///{project}/shop.db", poolclass=sa.NullPool)
    wanted = {}
    for side, database in (("before", change.before), ("after", change.after)):
        other = sa.create_engine(f"sqlite:///{project}/{side}.db", poolclass=sa.NullPool)
        to_metadata(database, "sqlite").create_all(other)
        with other.connect() as connection:
            wanted[side] = read_shapes(connection)
    to_metadata(change.before, "sqlite").create_all(engine)
    stops = any(hazard.code == "needs_value" for hazard in made.hazards)
    with engine.begin() as connection:
        insert_rows(connection, change.before, tidy=not stops)
        rows = read_rows(connection)
    if stops:
        with pytest.raises(RuntimeError, match="value"):
            run(project, "upgrade", "head")
        with engine.begin() as connection:
            assert differences(read_shapes(connection), wanted["before"]) == ()
            assert read_rows(connection) == rows
            for name in rows:
                connection.execute(sa.text(f'DELETE FROM "{name}"'))
            rows = {}
    for verb, target, side in (("upgrade", "head", "after"), ("downgrade", "base", "before"), ("upgrade", "head", "after")):
        if verb == "downgrade" and change.name == "column loosened":
            with engine.begin() as connection:
                connection.execute(sa.text("UPDATE book SET isbn = '-' WHERE isbn IS NULL"))
        run(project, verb, target)
        with engine.connect() as connection:
            assert differences(read_shapes(connection), wanted[side]) == (), verb
            if side == "before" and not any(hazard.code.startswith("data_loss") for hazard in made.hazards):
                assert lost_rows(rows, read_rows(connection), frozenset({("book", "extra"), ("book", "isbn")})) == ()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("change", ALL, ids=str)
def test_the_text_is_python_and_clean(change: Change, dialect: str) -> None:
    text = render(plan(change.before, change.after, dialect), FIXED).text
    tree = ast.parse(text)
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert names == {"upgrade", "downgrade"}
    assert not any(line != line.rstrip() for line in text.splitlines())
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert "\t" not in text


def test_the_whole_text() -> None:
    after = book(Column("isbn", varchar(13), False, default=Default("constant", None, "-")), Index("ix_book_isbn", ("isbn",)))
    rendered = render(plan(book(), after, "postgresql"), replace(FIXED, heads=("abc",)), proof="on SQLite in memory.")
    assert rendered.path == "migrations/versions/5eed_add_book_isbn_and_add_index_ix_book_.py"
    assert rendered.text == '''"""add book.isbn and add index ix_book_isbn of book

Purpose: bring the tables in line with the models: add book.isbn; add index ix_book_isbn
  of book.
Impact: writing to book waits until the index on (isbn) is built.
Downgrade: restores what was before.
Proof: on SQLite in memory.

Revision ID: 5eed
Revises: abc
Create Date: 2024-05-06 07:08:09

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = "5eed"
down_revision: Union[str, Sequence[str], None] = "abc"
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("book", sa.Column("isbn", sa.String(length=13), nullable=True))
    # Rows that exist get '-' in book.isbn: the model's default.
    op.execute("UPDATE book SET isbn = '-'")
    op.alter_column("book", "isbn", existing_type=sa.String(length=13), nullable=False)
    op.create_index("ix_book_isbn", "book", ["isbn"], unique=False)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_book_isbn", table_name="book")
    op.drop_column("book", "isbn")
'''


# Conventions


def test_a_template_of_the_project_is_filled_in() -> None:
    template = (
        '"""${message}"""\n\n## a note\nfrom alembic import op\nimport sqlalchemy as sa\n${imports if imports else ""}\n'
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\n"
        'def upgrade():\n    ${upgrades if upgrades else "pass"}\n\n\ndef downgrade():\n    ${downgrades if downgrades else "pass"}\n'
    )
    text = render(plan(book(), schema(), "sqlite"), replace(FIXED, template=template, heads=("a", "b"), quote="'")).text
    assert "down_revision = ('a', 'b')" in text
    assert "a note" not in text
    assert "\ndef upgrade():\n    op.drop_table('book')\n    op.drop_table('author')\n" in text


@pytest.mark.parametrize("extra", ["<%! import os %>", "% for x in y:", "${config.get('x')}", "${upgrades | n, strange}"])
def test_a_template_that_is_a_program_is_not_run(extra: str) -> None:
    assert fill_template(f"{extra}\n", {"upgrades": "pass"}) is None
    text = render(plan(book(), schema(), "sqlite"), replace(FIXED, template=f"{extra}\n")).text
    assert text.startswith('"""drop book and drop author')


def test_settings_of_the_project() -> None:
    ini = (
        "[alembic]\nscript_location = %(here)s/db\nfile_template = %%(year)d_%%(month).2d_%%(day).2d-%%(slug)s_%%(rev)s\n"
        "truncate_slug_length = 12\n"
    )
    found = conventions_from(read_conventions(ini), heads=("a",), histories=("with op.batch_alter_table('x') as b:\n",))
    assert (found.versions, found.heads, found.batch, found.quote) == ("db/versions", ("a",), True, "'")
    assert replace(found, created=FIXED.created).path("5eed", "Add book.isbn and more") == "db/versions/2024_05_06-add_book__5eed.py"
    assert conventions_from(read_conventions("not an ini"), heads=()).versions == "migrations/versions"


def test_batch_mode_where_the_project_has_it() -> None:
    made = plan(book(), book(Column("isbn", varchar(13))), "postgresql")
    assert 'with op.batch_alter_table("book") as batch_op:' in render(made, replace(FIXED, batch=True)).text
    assert "batch" not in render(made, FIXED).text


# What other databases need


def test_types_of_postgresql_bring_their_import() -> None:
    text = render(plan(book(), book(Column("facts", ColumnType("JSONB"))), "postgresql"), FIXED).text
    assert "from sqlalchemy.dialects import postgresql\n" in text
    assert "postgresql.JSONB(" in text


def test_postgresql_is_told_how_to_convert() -> None:
    before, after = (book(Column("x", of, server_default=Default("constant", "'1'", "1"))) for of in (varchar(9), INTEGER))
    upgrade = render(plan(before, after, "postgresql"), FIXED).text.split("def downgrade")[0]
    assert 'postgresql_using="x::INTEGER"' in upgrade
    assert upgrade.index("server_default=None") < upgrade.index("postgresql_using") < upgrade.rindex('server_default="1"')


def test_named_enumerations() -> None:
    moods = [schema(table("person", Column("mood", ColumnType("ENUM", enum=EnumType("mood", values))))) for values in (("a",), ("a", "b"))]
    made = render(plan(schema(), moods[0], "postgresql"), FIXED).text
    upgrade, downgrade = made.split("def downgrade")
    assert upgrade.index("CREATE TYPE mood AS ENUM ('a')") < upgrade.index("create_table")
    assert 'postgresql.ENUM("a", name="mood", create_type=False)' in upgrade
    assert downgrade.index("drop_table") < downgrade.index("DROP TYPE mood")
    grown = render(plan(moods[0], moods[1], "postgresql"), FIXED).text
    assert "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'b' AFTER 'a'" in grown
    assert "USING mood::text::mood" in grown.split("def downgrade")[1]


def test_a_rename_says_so_in_the_file() -> None:
    text = render(plan(book(Column("phone", varchar(9))), book(Column("phone_number", varchar(9))), "sqlite"), FIXED).text
    assert "    # A rename (same type and rules, similar name, same place): the values stay.\n" in text


def test_a_needed_value_stops_with_a_clear_text() -> None:
    after = book(Column("isbn", varchar(13), nullable=False))
    text = render(plan(book(), after, "postgresql"), FIXED).text
    assert "book.isbn must have a value and no default is known: write the value for the rows that exist" in text
    given = render(plan(book(), after, "postgresql", Answers(values={"book.isbn": "'-'"})), FIXED).text
    assert "raise RuntimeError" not in given
    assert "UPDATE book SET isbn = '-'" in given


def test_importing_the_package_imports_neither_sqlalchemy_nor_alembic() -> None:
    names = ("plan", "render", "proof", "rollback", "steps", "metadata", "catalogue", "on_sqlite", "conventions", "describe")
    program = "import sys\n" + "".join(f"import lsp_server.database.migration.{name}\n" for name in names)
    program += "print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

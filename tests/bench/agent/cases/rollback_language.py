"""A rollback that nobody wrote: the column goes, the books stay, and the next upgrade works."""

from tests.bench.agent.case import Case, Finding, Write

PATH = "migrations/versions/20240821_e91f4c60a8b7_add_the_language_of_a_book.py"

HIDDEN = '''
import ast
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from app.core.config import get_settings

PATH = "migrations/versions/20240821_e91f4c60a8b7_add_the_language_of_a_book.py"


@pytest.fixture
def database(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("BOOKSHOP_DATABASE_URL", url)
    get_settings.cache_clear()
    yield Config("alembic.ini"), create_engine(url)
    monkeypatch.undo()
    get_settings.cache_clear()


def rows(engine, statement):
    with engine.begin() as connection:
        done = connection.execute(text(statement))
        return done.all() if done.returns_rows else []


def columns(engine):
    return [each[1] for each in rows(engine, "PRAGMA table_info(books)")]


def test_down_and_up_again_with_books(database):
    config, engine = database
    command.upgrade(config, "e91f4c60a8b7")
    rows(engine, "INSERT INTO authors (id, name) VALUES (1, 'A')")
    rows(engine, "INSERT INTO books (id, isbn, title, format, price_cents, author_id, language) VALUES (1, '9780000000001', 'B', 'EBOOK', 1, 1, 'de')")
    command.downgrade(config, "5ad86b13e7f0")
    assert "language" not in columns(engine) and "stock" in columns(engine)
    assert rows(engine, "SELECT isbn, title, price_cents FROM books") == [("9780000000001", "B", 1)]
    command.upgrade(config, "head")
    assert rows(engine, "SELECT language FROM books") == [("en",)]


def test_the_upgrade_is_as_it_was():
    (upgrade,) = [each for each in ast.parse(Path(PATH).read_text()).body if isinstance(each, ast.FunctionDef) and each.name == "upgrade"]
    assert ast.unparse(upgrade.body) == (
        "with op.batch_alter_table('books') as batch_op:\\n"
        "    batch_op.add_column(sa.Column('language', sa.String(length=2), server_default='en', nullable=False))"
    )
'''

CASE = Case(
    name="rollback_language",
    about="an empty downgrade in the middle of the history",
    asks=Finding("migration-without-rollback", "e91f4c60a8b7"),
    hidden=HIDDEN,
    gone=(Finding("migration-without-rollback", "e91f4c60a8b7"), Finding("rollback-does-not-reverse", "e91f4c60a8b7")),
    kept=("openapi.yaml", "app/*", "migrations/versions/20240[2-7]*", "migrations/versions/20241*"),
    proves=True,
    reference=(
        Write(
            PATH,
            'def downgrade() -> None:\n    # Which language a book had is not kept: after the next upgrade all are English again.\n'
            '    with op.batch_alter_table("books") as batch_op:\n        batch_op.drop_column("language")\n',
            "def downgrade() -> None:\n    pass\n",
        ),
    ),
)

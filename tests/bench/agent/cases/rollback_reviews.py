"""A rollback that forgets a part: an index on another table stays."""

from tests.bench.agent.case import Case, Finding, Write

PATH = "migrations/versions/20240506_5ad86b13e7f0_create_reviews.py"

HIDDEN = '''
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect

from app.core.config import get_settings


@pytest.fixture
def database(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("BOOKSHOP_DATABASE_URL", url)
    get_settings.cache_clear()
    yield Config("alembic.ini"), url
    monkeypatch.undo()
    get_settings.cache_clear()


def schema(url):
    found = inspect(create_engine(url))
    return {(table, index["name"]) for table in found.get_table_names() for index in found.get_indexes(table)} | set(found.get_table_names())


def test_down_leads_where_it_was_before_and_up_again_works(database):
    config, url = database
    command.upgrade(config, "c40d9e27f581")
    before = schema(url)
    command.upgrade(config, "5ad86b13e7f0")
    after = schema(url)
    command.downgrade(config, "c40d9e27f581")
    assert schema(url) == before
    command.upgrade(config, "5ad86b13e7f0")
    assert schema(url) == after
'''

CASE = Case(
    name="rollback_reviews",
    about="a downgrade that leaves an index behind",
    asks=Finding("rollback-does-not-reverse", "5ad86b13e7f0"),
    hidden=HIDDEN,
    gone=(Finding("rollback-does-not-reverse", "5ad86b13e7f0"), Finding("migration-without-rollback", "5ad86b13e7f0")),
    kept=("openapi.yaml", "app/*", "migrations/versions/20240[23]*", "migrations/versions/202408*", "migrations/versions/20241*"),
    proves=True,
    reference=(
        Write(
            PATH,
            'def downgrade() -> None:\n    op.drop_index(op.f("ix_books_published_on"), table_name="books")\n',
            "def downgrade() -> None:\n",
        ),
    ),
)

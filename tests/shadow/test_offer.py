"""Which scratch server a project gets, and what the command line and the workspace's file may say."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import call
from tests.shadow.servers import PREFIX, VARIABLES, at, find, run, server_url, shadows

REVISION = '''"""books"""
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("book", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))


def downgrade():
    op.drop_table("book")
'''
MODELS = """from sqlalchemy import Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(Text)
"""
ENVIRONMENT = "from alembic import context\nfrom models import Base\n\ncontext.configure(target_metadata=Base.metadata)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "migrations" / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://me:hush@localhost/shop\n")
    (folder / "migrations" / "env.py").write_text(ENVIRONMENT)
    (folder / "migrations" / "versions" / "a1_books.py").write_text(REVISION)
    (folder / "models.py").write_text(MODELS)
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> str:
    """The test server, out of the environment: what stands there counts as the project's own."""
    url = server_url("postgresql")
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    return url


def written(project: Path) -> str:
    (made,) = (path for path in (project / "migrations" / "versions").glob("*.py") if path.name != "a1_books.py")
    return " ".join(made.read_text().split())


def test_a_revision_says_where_it_was_proved(project: Path, server: str) -> None:
    result = call(project, "--fix", "--no-cache", "--shadow", server)
    assert result.status in (0, 1), result.err
    assert "Proof: on PostgreSQL 1" in written(project)
    assert shadows(server, project.parent / "shop.cache") == set()


def test_without_a_server_it_says_that_too(project: Path) -> None:
    (project / "specdrift.toml").write_text('shadow = "postgresql://me@db.example.com/"\n')
    result = call(project, "--fix", "--no-cache")
    assert result.status in (0, 1), result.err
    text = written(project)
    assert "Proof: on SQLite in memory" in text
    assert "files of a workspace may name this machine only" in text.replace("\n", " ")


@pytest.fixture
def role(server: str) -> Iterator[str]:
    """The test server's URL for a role that may create databases and nothing else."""
    name, word = f"specdrift_{secrets.token_hex(4)}", secrets.token_hex(8)
    run(server, f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD '{word}'")
    yield at(server, username=name, password=word)
    run(server, f"DROP ROLE {name}")


def test_the_workspace_s_file_may_name_this_machine(project: Path, role: str) -> None:
    (project / "specdrift.toml").write_text(f'shadow = "{role}"\n')
    call(project, "--fix", "--no-cache")
    assert "Proof: on PostgreSQL 1" in written(project)


def test_the_workspace_s_file_gives_no_superuser(project: Path, server: str) -> None:
    """An expression in a cloned project's models could write the server's own files."""
    (project / "specdrift.toml").write_text(f'shadow = "{server}"\n')
    call(project, "--fix", "--no-cache")
    text = written(project)
    assert "Proof: on SQLite in memory" in text
    assert "is a superuser on 127.0.0.1" in text


def test_a_url_that_is_none_is_wrong_usage(project: Path) -> None:
    for url in ("sqlite:///shop.db", "postgresql://a,b/x", "nonsense"):
        result = call(project, "--fix", "--shadow", url)
        assert result.status == 2
        assert result.err.startswith("lsp_server: --shadow: ")


def test_the_project_s_environment_file_names_its_database(project: Path, server: str) -> None:
    url = at(server, "postgres")
    (project / ".env").write_text(f"DATABASE_URL={url}\n")
    call(project, "--fix", "--no-cache", "--shadow", url)
    assert "the project's own database" in written(project)
    assert not (project.parent / "shop.cache" / "shadows").exists()


def test_another_kind_s_server_is_not_used(tmp_path: Path) -> None:
    found = find("mysql://me@localhost/", tmp_path)("postgresql")
    assert isinstance(found, str) or "embedded" in type(found.kind).__name__.lower()
    assert find("postgresql://me@localhost/", tmp_path)("mysql") == "no scratch server: --shadow names one"
    assert PREFIX not in str(found)

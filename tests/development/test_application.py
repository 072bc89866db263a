"""Applying migrations to the development database: what is shown is what runs, and nothing else does."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.check import check
from lsp_server.database.standing import Standing
from lsp_server.development.application import NotApplicable, carry_out, prepare
from lsp_server.development.connection import Unreachable, read_standing
from lsp_server.development.statements import Question, Unsayable, statements_of
from lsp_server.development.target import Refused, Target, read_target
from lsp_server.findings import Report
from lsp_server.rules import all_rules
from tests.command import call
from tests.development.project import FIRST, at_first, rows, snapshot_of, write
from tests.shadow.servers import at, find, run, server_url


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


@pytest.fixture
def sqlite(root: Path) -> Target:
    at_first(root / "app.db")
    return read_target("sqlite:///app.db", root)


@pytest.fixture(params=["postgresql", "mysql"])
def served(request: pytest.FixtureRequest, root: Path) -> Iterator[tuple[Target, str]]:
    """A database at the first revision on a real server, and its URL."""
    server = server_url(request.param)
    name = f"dev_{secrets.token_hex(6)}"
    run(server, f"CREATE DATABASE {name}")
    url = at(server, name)
    own_key = {"postgresql": "SERIAL", "mysql": "INTEGER AUTO_INCREMENT"}[request.param]
    run(url, *(statement.replace("id INTEGER", f"id {own_key}") for statement in FIRST))
    yield read_target(url, root), url
    run(server, f"DROP DATABASE {name}")


def test_a_file_gets_what_was_shown_and_keeps_its_rows(root: Path, sqlite: Target) -> None:
    snapshot = snapshot_of(root)
    application = prepare(snapshot, check(snapshot, all_rules()), root, sqlite, None)
    assert [revision.id for revision in application.revisions] == ["0002"]
    assert "ALTER TABLE customer ADD COLUMN phone VARCHAR(30)" in application.sql
    assert rows(root / "app.db", "SELECT * FROM customer") == [(1, "Ada"), (2, "Bob")], "preparing changes nothing"
    outcome = carry_out(application, snapshot)
    assert (outcome.problem, outcome.verified, outcome.differs) == (None, "the schema is that of the models", ())
    assert rows(root / "app.db", "SELECT * FROM customer ORDER BY id") == [(1, "Ada", "none: 100%"), (2, "Bob", None)]
    assert rows(root / "app.db", "SELECT * FROM alembic_version") == [("0002",)]
    assert not (root / "elsewhere.db").exists()


def test_a_server_gets_what_was_shown(root: Path, served: tuple[Target, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    target, url = served
    snapshot = snapshot_of(root)
    snapshot.find_scratch = find(server_url(target.dialect), tmp_path_factory.mktemp("cache"))
    application = prepare(snapshot, check(snapshot, all_rules()), root, target, "0002")
    outcome = carry_out(application, snapshot)
    assert (outcome.problem, outcome.verified) == (None, "the schema is that of the models")
    assert run(url, "SELECT name, phone FROM customer ORDER BY id") == [("Ada", "none: 100%"), ("Bob", None)]
    assert run(url, "SELECT version_num FROM alembic_version") == [("0002",)]


def test_a_server_that_fails_half_way_says_what_is_left(root: Path, served: tuple[Target, str]) -> None:
    """PostgreSQL takes everything back; MariaDB cannot, and the message says so."""
    target, url = served
    broken = (root / "migrations/versions/0002_phone.py").read_text().replace("phone = 'none", "nothing = 'none")
    (root / "migrations/versions/0002_phone.py").write_text(broken)
    snapshot = snapshot_of(root)
    outcome = carry_out(prepare(snapshot, check(snapshot, all_rules()), root, target, None), snapshot)
    assert outcome.problem is not None
    assert run(url, "SELECT version_num FROM alembic_version") == [("0001",)]
    if target.dialect == "postgresql":
        assert outcome.problem.endswith("nothing was changed")
        assert run(url, "SELECT * FROM customer ORDER BY id") == [(1, "Ada"), (2, "Bob")]
    else:
        assert "1 of 3 statements stay" in outcome.problem


def test_a_database_with_tables_in_another_schema_is_not_empty(root: Path, served: tuple[Target, str]) -> None:
    target, url = served
    if target.dialect != "postgresql":
        pytest.skip("has no schemas but databases")
    run(url, "DROP TABLE customer", "DROP TABLE alembic_version", "CREATE SCHEMA shop", "CREATE TABLE shop.customer (id INTEGER)")
    with pytest.raises(NotApplicable, match="does not say which revision"):
        prepare(snapshot_of(root), Report(), root, target, None)


def test_an_empty_database_gets_the_whole_history(root: Path) -> None:
    (root / "app.db").touch()
    snapshot = snapshot_of(root)
    application = prepare(snapshot, check(snapshot, all_rules()), root, read_target("sqlite:///app.db", root), None)
    assert [revision.id for revision in application.revisions] == ["0001", "0002"]
    assert carry_out(application, snapshot).verified == "the schema is that of the models"


def test_what_differs_afterwards_is_named(root: Path, sqlite: Target) -> None:
    """Somebody has changed the database by hand."""
    import sqlite3

    with sqlite3.connect(root / "app.db") as connection:
        connection.execute("ALTER TABLE customer ADD COLUMN nickname TEXT")
    snapshot = snapshot_of(root)
    outcome = carry_out(prepare(snapshot, check(snapshot, all_rules()), root, sqlite, None), snapshot)
    assert outcome.applied and outcome.verified == "the schema is not that of the models"
    assert any("nickname" in difference for difference in outcome.differs)


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (("UPDATE alembic_version SET version_num = 'feed'",), "is at feed, which this history does not have"),
        (("DROP TABLE alembic_version",), "does not say which revision it is at"),
        (("UPDATE alembic_version SET version_num = '0002'",), "there is nothing to apply"),
    ],
)
def test_a_database_that_is_elsewhere_is_left_alone(root: Path, sqlite: Target, statements: tuple[str, ...], reason: str) -> None:
    import sqlite3

    with sqlite3.connect(root / "app.db") as connection:
        for statement in statements:
            connection.execute(statement)
    with pytest.raises(NotApplicable, match=reason):
        prepare(snapshot_of(root), Report(), root, sqlite, None)


def test_a_database_that_moves_between_question_and_answer_is_left_alone(root: Path, sqlite: Target) -> None:
    import sqlite3

    snapshot = snapshot_of(root)
    application = prepare(snapshot, check(snapshot, all_rules()), root, sqlite, None)
    with sqlite3.connect(root / "app.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(NotApplicable, match="has moved on"):
        carry_out(application, snapshot)


def test_rows_that_come_between_question_and_answer_are_not_passed_by(root: Path, sqlite: Target) -> None:
    """A revision may have looked at every row before it said its statements."""
    import sqlite3

    revision = root / "migrations/versions/0002_phone.py"
    step = """    for key, name in op.get_bind().execute(sa.text("SELECT id, name FROM customer")).fetchall():
        op.get_bind().execute(sa.text("UPDATE customer SET phone = :phone WHERE id = :key"), {"phone": name[::-1], "key": key})
"""
    revision.write_text(revision.read_text().replace("\n\n\ndef downgrade", f"\n{step}\n\ndef downgrade"))
    snapshot = snapshot_of(root)
    application = prepare(snapshot, check(snapshot, all_rules()), root, sqlite, None)
    with sqlite3.connect(root / "app.db") as connection:
        connection.execute("INSERT INTO customer VALUES (3, 'Eve')")
    with pytest.raises(NotApplicable, match="has changed since"):
        carry_out(application, snapshot)
    assert rows(root / "app.db", "SELECT version_num FROM alembic_version") == [("0001",)]
    outcome = carry_out(prepare(snapshot, check(snapshot, all_rules()), root, sqlite, None), snapshot)
    assert outcome.applied and (3, "Eve", "evE") in rows(root / "app.db", "SELECT * FROM customer")


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_what_a_server_is_sent_is_said_letter_by_letter(root: Path, dialect: str) -> None:
    folder = str(root / "migrations")
    found = statements_of(Question(dialect, folder, (f"{folder}/versions",), (str(root),), ("0001",), "0002", {}), Path(sys.executable), root)
    assert "UPDATE customer SET phone = 'none: 100%' WHERE name = 'Ada'" in [statement.sql for statement in found]


@pytest.mark.parametrize("asked", ["context.is_offline_mode()", "op.get_context().as_sql"])
def test_a_revision_that_does_less_when_it_only_says_sql_is_not_applied(root: Path, asked: str) -> None:
    """What it leaves out would be lost: the database would say that all of it was done."""
    revision = root / "migrations/versions/0002_phone.py"
    text = revision.read_text().replace("from alembic import op", "from alembic import context, op")
    revision.write_text(text.replace("    op.execute(", f"    if not {asked}:\n        op.execute("))
    folder = str(root / "migrations")
    question = Question("postgresql", folder, (f"{folder}/versions",), (str(root),), ("0001",), "0002", {})
    with pytest.raises(Unsayable, match="only said as SQL"):
        statements_of(question, Path(sys.executable), root)


def test_a_revision_that_fails_on_the_copy_never_reaches_the_file(root: Path, sqlite: Target) -> None:
    revision = root / "migrations/versions/0002_phone.py"
    revision.write_text(revision.read_text().replace("op.add_column", "op.no_such_thing"))
    with pytest.raises(Unsayable, match="no_such_thing"):
        prepare(snapshot_of(root), Report(), root, sqlite, None)
    assert rows(root / "app.db", "SELECT * FROM alembic_version") == [("0001",)]


def test_a_revision_reaches_no_file_and_no_server_while_it_is_asked(root: Path, sqlite: Target) -> None:
    revision = root / "migrations/versions/0002_phone.py"
    harm = "import sqlite3; sqlite3.connect('app.db').execute('DROP TABLE customer')\n"
    revision.write_text(revision.read_text().replace("def upgrade():\n", f"def upgrade():\n    {harm}"))
    with pytest.raises(Unsayable, match="only being read"):
        prepare(snapshot_of(root), Report(), root, sqlite, None)
    assert len(rows(root / "app.db", "SELECT * FROM customer")) == 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://u:geheim@db.example.com/shop", "on db.example.com, not on this machine"),
        ("postgresql:///shop", "names no host"),
        ("postgresql://u@localhost/", "names no database"),
        ("postgresql://u@localhost/shop?hostaddr=10.0.0.1", "could lead elsewhere"),
        ("postgresql://u@localhost,db.example.com/shop", "several hosts"),
        ("oracle://u@localhost/shop", "must be one of"),
        ("sqlite://", "must name a file"),
        ("sqlite:///file:app.db?mode=memory&uri=true", "must name a file"),
        ("localhost", "is not one"),
    ],
)
def test_targets_that_are_refused(url: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=reason) as refusal:
        read_target(url, tmp_path)
    assert "geheim" not in str(refusal.value)


def test_another_host_must_be_named(tmp_path: Path) -> None:
    target = read_target("postgresql://u@db.example.com/shop", tmp_path, ["DB.example.com"])
    assert (target.place, target.database) == ("db.example.com:5432", "shop")


def test_the_environment_does_not_lead_elsewhere(root: Path, served: tuple[Target, str], monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = served
    for name, value in {"PGHOST": "203.0.113.1", "PGHOSTADDR": "203.0.113.1", "PGDATABASE": "other", "PGSERVICE": "other"}.items():
        monkeypatch.setenv(name, value)
    assert read_standing(target).revisions == ("0001",)


def test_no_file_is_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="there is no such database file"):
        read_standing(read_target("sqlite:///app.db", tmp_path))
    assert not (tmp_path / "app.db").exists()


def test_looking_at_a_database_without_history(tmp_path: Path) -> None:
    (tmp_path / "app.db").touch()
    assert read_standing(read_target("sqlite:///app.db", tmp_path)) == Standing("app.db (SQLite)", None)


def test_a_check_tells_what_the_database_lacks(root: Path, sqlite: Target) -> None:
    report = call(root, "--check", "--format", "json", "--development-database", "sqlite:///app.db").json
    assert [finding["message"] for finding in report["findings"] if finding["rule"] == "database-behind"] == ["app.db (SQLite) has not got `0002`"]
    silent = call(root, "--check", "--format", "json", "--development-database", "sqlite:///none.db")
    assert not [finding for finding in silent.json["findings"] if finding["rule"] == "database-behind"]
    assert call(root, "--check", "--development-database", "postgresql://me@db.example.com/shop").status == 2

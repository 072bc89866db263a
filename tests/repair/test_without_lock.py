"""*Do it without the lock* ends with the schema that the locking way ends with: in the replay, and on a real PostgreSQL."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig

from lsp_server.database.rollback import differences
from lsp_server.findings import Finding, Fix
from lsp_server.repair.without_lock import TITLE
from lsp_server.rules import rule_named
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change
from tests.literate import Case, read_cases
from tests.shadow.servers import at, run, server_url

FILE = Path(__file__).parent.parent / "rules" / "migration-locks-table.md"
CASES = [case for case in read_cases(FILE) if any(fix.title == TITLE for fix in case.fixes)]
NAMES = [case.title for case in CASES]
ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
SCHEMA = """
SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT conname, pg_get_constraintdef(oid), convalidated::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
AND contype <> 'n'
UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid::text FROM pg_index
WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
"""
ROWS = (
    "INSERT INTO users (id, email, nick, age) SELECT n, 'mail' || n, 'nick' || n, 1 + n FROM generate_series(1, 25000) AS n",
    "INSERT INTO notes (id, user_id) SELECT n, n FROM generate_series(1, 100) AS n",
)


def offered(case: Case) -> tuple[Snapshot, Finding, Fix]:
    snapshot = Snapshot.of(case.files)
    rule = rule_named("migration-locks-table")
    assert rule is not None and rule.check is not None
    return next((snapshot, finding, fix) for finding in rule.check(snapshot) for fix in finding.fixes if fix.title == TITLE)


def rewritten(case: Case) -> tuple[Snapshot, Snapshot, Change]:
    snapshot, _, fix = offered(case)
    change = fix.build(snapshot)
    assert change is not None
    return snapshot, snapshot.with_change(change), change


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_replay_ends_with_the_same_schema(case: Case) -> None:
    before, after, _ = rewritten(case)
    (old,), (new,) = before.histories, after.histories
    assert new.verdict.ok is True, new.verdict
    assert len(new.history.heads) == 1
    last = new.revision(new.history.heads[0])
    first = old.revision("0002")
    assert first is not None and last is not None
    assert list(differences(first.after, last.after)) == []
    assert list(differences(last.after, first.after)) == []


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_revision_has_its_way_back(case: Case) -> None:
    _, after, change = rewritten(case)
    for _, step, outcome in after.downgrades:
        if step.revision.id == "0002" or step.revision.path in change.new_files:
            assert outcome.reverses is not False, (step.revision.id, outcome)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_real_postgresql_agrees(case: Case, tmp_path: Path) -> None:
    """With rows in the tables: the same catalogue after the upgrade, the one before after the downgrade, and up again."""
    server = server_url("postgresql")
    before, after, _ = rewritten(case)
    made: dict[str, Any] = {}
    for name, snapshot in (("locking", before), ("rewritten", after)):
        database = f"without_lock_{secrets.token_hex(6)}"
        run(server, f"CREATE DATABASE {database}")
        url = at(server, database)
        try:
            config = _project(tmp_path / name, snapshot, at(server, database, drivername="postgresql+psycopg"))
            command.upgrade(config, "0001")
            run(url, *ROWS)
            start = sorted(map(str, run(url, SCHEMA)))
            command.upgrade(config, "head")
            end = sorted(map(str, run(url, SCHEMA)))
            command.downgrade(config, "0001")
            assert sorted(map(str, run(url, SCHEMA))) == start
            command.upgrade(config, "head")
            assert sorted(map(str, run(url, SCHEMA))) == end
            made[name] = end, _filled(url)
        finally:
            run(server, f"DROP DATABASE {database} WITH (FORCE)")
    assert made["rewritten"] == made["locking"]


def _filled(url: str) -> list[tuple[Any, ...]]:
    """How many rows have a value, column by column; the values themselves may be random."""
    names = [row[0] for row in run(url, "SELECT column_name FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1")]
    return run(url, f"SELECT {', '.join(f'count({name})' for name in names)} FROM users")


def _project(folder: Path, snapshot: Snapshot, url: str) -> AlembicConfig:
    for path in snapshot.documents:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(snapshot.documents[path].text, encoding="utf-8")
    (folder / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    config = AlembicConfig()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config

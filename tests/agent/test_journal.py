"""The journal: on every kind of database, with others at work on it, and where it cannot be had at all."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lsp_server.agent.journal import Application, Entry, Journal, JournalTrouble, Wanted, new_run_id
from lsp_server.agent.journal.store import since_of, without_credentials
from lsp_server.agent.journal.tables import METADATA, PREFIX, VERSION
from tests.command import REPOSITORY
from tests.shadow.servers import at, run, server_url

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ENTRY = Entry(
    run_id="20261123-aaaaaa", started=NOON, seconds=61.25, workspace="bookshop", kind="implement-endpoint", title="Implement GET /books",
    outcome="done", verdict="holds", prompt="p" * 32, model="some-model", tools={"read_file": 3, "mcp__time__now": 1}, rounds=7,
    tokens_in=12_345_678_901, tokens_out=500, cache_read=9, cache_written=8, cost=0.1234, change="c" * 32, detail="",
)  # fmt: skip
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with a table of somebody else's."""
    theirs = ("CREATE TABLE customer (id int PRIMARY KEY)", "INSERT INTO customer VALUES (1)")
    if request.param == "sqlite":
        with sqlite3.connect(tmp_path / "team.sqlite") as connection:
            for statement in theirs:
                connection.execute(statement)
        connection.close()
        yield f"sqlite:///{tmp_path / 'team.sqlite'}"
        return
    server = server_url(request.param)
    name = f"team_{secrets.token_hex(6)}"
    run(server, f"CREATE DATABASE {name}")
    run(at(server, name), *theirs)
    yield at(server, name)
    run(server, f"DROP DATABASE {name}")


@pytest.fixture
def journal(url: str) -> Journal:
    return Journal(url)


def engine_of(url: str) -> sa.Engine:
    made = sa.make_url(url)
    return sa.create_engine(made.set(drivername=_DRIVERS.get(made.drivername, made.drivername)), poolclass=sa.pool.NullPool)


def test_what_is_written_is_read_back(journal: Journal) -> None:
    assert journal.record(ENTRY) is None
    assert journal.list() == (ENTRY,)


def test_an_application_is_written_without_the_password(journal: Journal) -> None:
    applied = Application(NOON, "bookshop", "ab12", "postgresql://ada:hunter2@localhost:5432/shop?password=hunter2", "applied", 0.5)
    assert journal.record_application(applied) is None
    assert journal.applications() == (replace(applied, target="postgresql://localhost:5432/shop"),)


def test_an_application_is_written_without_rows(journal: Journal) -> None:
    said = "Duplicate entry 'ada@example.org' for key 'email' (at: INSERT INTO customer VALUES (1, 'Ada of London')); nothing was changed"
    assert journal.record_application(Application(NOON, "bookshop", "ab12", "here", "failed", detail=said)) is None
    (found,) = journal.applications()
    assert "ada@example.org" not in found.detail and "Ada of London" not in found.detail and "nothing was changed" in found.detail


def test_entries_come_newest_first_and_are_filtered(journal: Journal) -> None:
    for number, (outcome, title) in enumerate([("done", "Implement GET /books"), ("budget", "Free task"), ("done", "100% of it")]):
        started = NOON + timedelta(days=number)
        journal.record(replace(ENTRY, run_id=f"r{number}", started=started, outcome=outcome, title=title, kind="free" if number else "story"))

    def listed(**wanted: object) -> list[str]:
        return [entry.run_id for entry in journal.list(Wanted(**wanted))]  # type: ignore[arg-type]

    assert listed() == ["r2", "r1", "r0"]
    assert listed(limit=2) == ["r2", "r1"]
    assert listed(outcome="done") == ["r2", "r0"]
    assert listed(since=NOON + timedelta(days=1)) == ["r2", "r1"]
    assert listed(task="get /BOOKS") == ["r0"]
    assert listed(task="free") == ["r2", "r1"]
    assert listed(task="%") == ["r2"]


def test_a_text_that_a_database_would_refuse_is_made_fit(journal: Journal) -> None:
    assert journal.record(replace(ENTRY, title="nul\0 half\ud800 " + "x" * 900, detail="d" * 90_000)) is None
    (entry,) = journal.list()
    assert len(entry.title) == 500 and entry.title.endswith("…") and "\0" not in entry.title
    assert len(entry.detail) == 20_000


def test_the_history_makes_what_the_tables_say(journal: Journal, url: str) -> None:
    journal.record(ENTRY)
    engine = engine_of(url)
    with engine.connect() as connection:
        options = {"include_object": lambda thing, name, kind, *_: kind != "table" or name.startswith(PREFIX), "version_table": VERSION}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    engine.dispose()


def test_nothing_of_somebody_elses_is_touched(journal: Journal, url: str) -> None:
    journal.record(ENTRY)
    journal.record_application(Application(NOON, "bookshop", "ab12", "here", "applied"))
    journal.list()
    engine = engine_of(url)
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        assert connection.execute(sa.text("SELECT id FROM customer")).fetchall() == [(1,)]
    engine.dispose()
    assert tables == {"customer", f"{PREFIX}run", f"{PREFIX}application", VERSION}


def test_processes_that_start_at_once_make_the_tables_once(url: str) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom lsp_server.agent.journal import Entry, Journal\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "entry = Entry(sys.argv[2], datetime.now(UTC), 1, 'w', 'free', 't', 'done')\n"
        "print(Journal(sys.argv[1]).record(entry))"
    )
    command = [sys.executable, "-c", program, url]
    started = [
        subprocess.Popen([*command, f"r{number}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        for number in range(4)
    ]
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0] for process in started]
    assert answers == ["None\n"] * 4
    assert sorted(entry.run_id for entry in Journal(url).list()) == ["r0", "r1", "r2", "r3"]


def test_tables_that_were_left_half_made_are_completed(journal: Journal, url: str) -> None:
    """Databases that cannot take DDL back may have some of the tables and no version."""
    journal.record(ENTRY)
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DELETE FROM {VERSION}"))
        connection.execute(sa.text(f"DROP TABLE {PREFIX}application"))
    engine.dispose()
    assert journal.record_application(Application(NOON, "bookshop", "ab12", "here", "applied")) is None
    assert (len(journal.list()), len(journal.applications())) == (1, 1)


def test_a_newer_programs_journal_is_only_read(journal: Journal, url: str) -> None:
    journal.record(ENTRY)
    engine = engine_of(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION} SET version_num = 'j9999'"))
        connection.execute(sa.text(f"ALTER TABLE {PREFIX}run ADD COLUMN something_new int"))
    engine.dispose()
    warning = journal.record(replace(ENTRY, run_id="later"))
    assert warning is not None and "newer version" in warning
    assert journal.list() == (ENTRY,)


def test_a_journal_that_nobody_has_written_is_empty(url: str) -> None:
    assert Journal(url).list() == ()


# The user's own file


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("SPECDRIFT_DATA", str(folder))
    monkeypatch.delenv("SPECDRIFT_JOURNAL", raising=False)
    return folder


def test_without_a_url_the_journal_is_a_file_in_the_users_data_folder(data: Path) -> None:
    assert Journal().list() == ()
    assert not data.exists()  # looking makes nothing
    assert Journal().record(ENTRY) is None
    assert (data / "journal.sqlite").stat().st_size > 0
    assert data.stat().st_mode & 0o077 == 0
    assert Journal().list() == (ENTRY,)


def test_the_environment_may_name_another(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECDRIFT_JOURNAL", f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert Journal().record(ENTRY) is None
    assert (tmp_path / "other.sqlite").exists() and not data.exists()


def test_a_folder_that_cannot_be_made_is_a_warning(data: Path) -> None:
    data.write_text("a file, no folder")
    warning = Journal().record(ENTRY)
    assert warning is not None and str(data) in warning


def test_a_file_that_is_no_journal_is_a_warning_and_stays_as_it_is(data: Path) -> None:
    data.mkdir()
    (data / "journal.sqlite").write_text("somebody's diary\n" * 100)
    warning = Journal().record(ENTRY)
    assert warning is not None and "not a database" in warning
    with pytest.raises(JournalTrouble, match="not a database"):
        Journal().list()
    assert (data / "journal.sqlite").read_text().startswith("somebody's diary")


def test_a_locked_file_is_a_warning(data: Path) -> None:
    assert Journal().record(ENTRY) is None
    holder = sqlite3.connect(data / "journal.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    warning = Journal(patience=0).record(replace(ENTRY, run_id="second"))
    holder.close()
    assert warning is not None and "locked" in warning
    assert Journal().list() == (ENTRY,)


def test_the_same_run_twice_is_a_warning(data: Path) -> None:
    assert Journal().record(ENTRY) is None
    assert Journal().record(ENTRY) is not None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@127.0.0.1:9/journal", "mysql://ada:hunter2@127.0.0.1:9/journal", "nosuchdb://ada:hunter2@h/d",
        "oracle+nodriver://ada:hunter2@h/d", "hunter2", "postgresql://ada:hunter2@127.0.0.1:notaport/x", "sqlite:////no/such/folder/hunter2",
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_reached_is_a_warning_without_the_password(url: str) -> None:
    warning = Journal(url).record(ENTRY)
    assert warning is not None and warning.startswith("the run is not in the journal")
    assert "ada:" not in warning and ("hunter2" not in warning or "hunter2@" not in url)


# Small things


def test_run_ids_are_short_and_sort_by_time() -> None:
    moments = [NOON, NOON + timedelta(seconds=4), NOON + timedelta(hours=3), NOON + timedelta(days=1)]
    names = [new_run_id(moment) for moment in moments]
    assert names == sorted(names)
    assert all(len(name) == 15 and name[8] == "-" and name[:8].isdigit() for name in names)
    assert len({new_run_id(NOON) for _ in range(200)}) > 190


def test_since_understands_dates_and_spans() -> None:
    assert since_of("7d", NOON) == NOON - timedelta(days=7)
    assert since_of("90m", NOON) == NOON - timedelta(minutes=90)
    assert since_of("2026-11-01T10:00+00:00", NOON) == datetime(2026, 11, 1, 10, tzinfo=UTC)
    for wrong in ("yesterday", "", "d", "999999999999w"):
        with pytest.raises(ValueError):
            since_of(wrong, NOON)


def test_a_place_is_shown_without_its_credentials() -> None:
    assert without_credentials("postgresql://u:p@w@h:1/d?sslpassword=x") == "postgresql://h:1/d"
    assert without_credentials("localhost/shop") == "localhost/shop"


def test_naming_a_run_loads_no_database_package() -> None:
    program = (
        "import sys\nfrom lsp_server.agent.journal import Journal, new_run_id\nnew_run_id(); Journal()\n"
        "print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout == "[]\n"

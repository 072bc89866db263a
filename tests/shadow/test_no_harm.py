"""We try hard to make ourselves hurt a database that is not ours. Real servers; the victim must come out as it went in."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg.pq import DiagnosticField, ExecStatus
from sqlalchemy.engine import make_url

from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.migration.scratch import NoScratch
from lsp_server.database.model import Column, Default
from lsp_server.shadow.marker import Ledger
from lsp_server.shadow.postgresql import holds_several
from lsp_server.shadow.server import NotOurs, Server
from tests.database.migration.changes import book, schema, table, varchar
from tests.shadow.conftest import Victim
from tests.shadow.redirect import proxy
from tests.shadow.servers import PREFIX, at, connected, databases, find, run, scratch, shadows

ROOT = Path(__file__).parent.parent.parent
MARKER = "specdrift_shadow_marker"


def current_database(connection: sa.Connection) -> str:
    function = "current_database()" if connection.dialect.name == "postgresql" else "database()"
    return str(connection.scalar(sa.text(f"SELECT {function}")))




def test_a_proof_leaves_nothing_behind(victim: Victim, folder: Path) -> None:
    made = plan(book(), book(Column("isbn", varchar(13))), victim.dialect)
    proof = prove(made, find=find(victim.server, folder))
    assert proof.failed == () and "rows kept" in proof.proved
    assert proof.where.startswith(("PostgreSQL 1", "MariaDB", "MySQL"))
    assert '"made"' in "".join(record.read_text() for record in (folder / "shadows").iterdir())
    assert shadows(victim.server, folder) == set()
    assert victim.is_unharmed()


def test_the_project_s_own_database_is_refused(victim: Victim, folder: Path) -> None:
    """Same host, same name, spelled differently, and given with all rights."""
    made = plan(book(), book(Column("isbn", varchar(13))), victim.dialect)
    own = at(victim.url, host="localhost").replace("pymysql", "aiomysql")
    for how in ({"url": victim.url, "own": (own,)}, {"url": None, "configured": victim.url, "own": (own,)}):
        proof = prove(made, find=find(folder=folder, **how))  # type: ignore[arg-type]
        assert any("the project's own database" in text for text in proof.not_proved)
        assert proof.where == "SQLite in memory"
    proof = prove(made, find=find(victim.url, folder, DATABASE_URL=own))
    assert any("the project's own database" in text for text in proof.not_proved)
    assert not folder.exists()
    assert victim.is_unharmed()


def test_looking_around_from_a_database_writes_nothing_there(victim: Victim, folder: Path) -> None:
    """Somebody names a database that is theirs, and we cannot know: it is only where we ask for new ones."""
    with scratch(victim.dialect, folder, victim.url).open() as connection:
        assert current_database(connection).startswith(PREFIX)
        connection.execute(sa.text("CREATE TABLE customer (id int)"))
        connection.execute(sa.text("DROP TABLE customer"))
        connection.commit()
    assert victim.is_unharmed()
    assert shadows(victim.server, folder) == set()


def test_the_environment_leads_nowhere_else(victim: Victim, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq and friends fill in what a URL leaves open; here everything is left open that can be, and set to mislead."""
    parts = make_url(victim.url)
    (tmp_path / "service").write_text(f"[shop]\nhost=127.0.0.1\nport={parts.port}\ndbname={victim.name}\nuser={parts.username}\n")
    (tmp_path / "pass").write_text(f"*:*:*:*:{parts.password}\n")
    (tmp_path / "pass").chmod(0o600)
    misleading = {
        "PGHOST": "db.example.com", "PGHOSTADDR": "10.255.255.1", "PGPORT": "1", "PGDATABASE": victim.name, "PGUSER": "nobody", "PGSERVICE": "shop",
        "PGSERVICEFILE": str(tmp_path / "service"), "PGPASSFILE": str(tmp_path / "pass"), "PGPASSWORD": "wrong",
        "PGOPTIONS": f"-c search_path={victim.name}", "PGTARGETSESSIONATTRS": "read-only", "PGSSLMODE": "verify-full",
        "DATABASE_URL": victim.url, "MYSQL_HOST": "db.example.com", "MYSQL_DATABASE": victim.name, "MYSQL_PWD": "wrong",
        "MYSQL_UNIX_PORT": "/nowhere", "MYSQL_TCP_PORT": "1",
    }  # fmt: skip
    for name, value in misleading.items():
        monkeypatch.setenv(name, value)
    found = find(at(victim.server, database=""), folder, **misleading)(victim.dialect)
    assert not isinstance(found, str), found
    with found.open() as connection:
        assert current_database(connection).startswith(PREFIX)
        connection.execute(sa.text("CREATE TABLE customer (id int)"))
        connection.commit()
    assert {name: os.environ.get(name) for name in misleading} == misleading
    monkeypatch.undo()
    assert victim.is_unharmed()


def test_a_taken_name_is_never_taken_over(victim: Victim, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The random name exists already, with somebody's data."""
    name = PREFIX + "0" * 24
    run(victim.server, f"CREATE DATABASE {name}")
    try:
        run(at(victim.server, name), "CREATE TABLE precious (id int)")
        found = scratch(victim.dialect, folder, victim.server)
        monkeypatch.setattr(secrets, "token_hex", lambda count: "00" * count)
        with pytest.raises(NoScratch), found.open():
            pass
        assert run(at(victim.server, name), "SELECT count(*) FROM precious") == [(0,)]
        monkeypatch.undo()
        with found.open():
            pass
        assert name in databases(victim.server)
    finally:
        run(victim.server, f"DROP DATABASE {name}")


def copy_mark(victim: Victim, source: str, target: str) -> None:
    """What a careless hand could do: the mark of one database in another."""
    if victim.dialect == "postgresql":
        ((text,),) = run(victim.server, f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{source}'")
        run(victim.server, f"COMMENT ON DATABASE {target} IS '{text}'")
    else:
        run(victim.server, f"CREATE TABLE {target}.{MARKER} LIKE {source}.{MARKER}")
        run(victim.server, f"INSERT INTO {target}.{MARKER} SELECT * FROM {source}.{MARKER}")


CRASHING = """
import sys
from pathlib import Path
from tests.shadow.servers import scratch
import sqlalchemy as sa
with scratch(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).open() as connection:
    connection.execute(sa.text("CREATE TABLE customer (id int)"))
    connection.commit()
    connection.execute(sa.text("INSERT INTO customer VALUES (1)"))
    name = connection.scalar(sa.text("SELECT current_database()" if sys.argv[1] == "postgresql" else "SELECT database()"))
    print(name, flush=True)
    sys.stdin.read()
"""


def crash(victim: Victim, folder: Path, *, kill: bool = True) -> tuple[str, subprocess.Popen[str]]:
    """The shadow of a process that was killed in the middle of its work, or that still works."""
    arguments = [sys.executable, "-c", CRASHING, victim.dialect, str(folder), victim.server]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None and process.stdin is not None
    name = process.stdout.readline().strip()
    assert name.startswith(PREFIX)
    if kill:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stdin.close()
    return name, process


def test_after_a_crash_only_what_is_ours_goes(victim: Victim, folder: Path) -> None:
    name, _ = crash(victim, folder)
    stranger = PREFIX + secrets.token_hex(12)  # another user's, or made by hand
    run(victim.server, f"CREATE DATABASE {stranger}")
    copy_mark(victim, name, victim.name)
    copy_mark(victim, name, stranger)
    try:
        assert {name, stranger} <= databases(victim.server)
        with scratch(victim.dialect, folder, victim.server).open():
            left = databases(victim.server)
        assert name not in left
        assert stranger in left
        assert victim.is_unharmed()
    finally:
        run(victim.server, f"DROP DATABASE {stranger}")


def test_a_record_alone_drops_nothing(victim: Victim, folder: Path) -> None:
    """Records that name the user's database, a database without a mark, and one with another mark."""
    found = scratch(victim.dialect, folder, victim.server)
    assert isinstance(found, Server)
    with found.shadow() as (mark, _):
        pass
    unmarked, other = PREFIX + secrets.token_hex(12), PREFIX + secrets.token_hex(12)
    crashed, _ = crash(victim, folder)
    for name in (unmarked, other):
        run(victim.server, f"CREATE DATABASE {name}")
    copy_mark(victim, crashed, other)
    entries = [
        {"server": mark.server, "name": name, "token": "0" * 32, "number": None} for name in (victim.name, unmarked, other, "postgres", "mysql", 7)
    ]
    lines = [json.dumps({"made": entry}) for entry in entries] + ["{}", "[1]", "no json", '{"made": null}', '{"gone": []}']
    (folder / "shadows" / "99999-forged.jsonl").write_text("\n".join(lines) + "\n")
    try:
        with scratch(victim.dialect, folder, victim.server).open():
            left = databases(victim.server)
        assert {victim.name, unmarked, other} <= left
        assert crashed not in left
        assert victim.is_unharmed()
    finally:
        for name in (unmarked, other):
            run(victim.server, f"DROP DATABASE {name}")


def test_a_living_process_keeps_its_shadow(victim: Victim, folder: Path) -> None:
    name, process = crash(victim, folder, kill=False)
    with scratch(victim.dialect, folder, victim.server).open():
        assert name in databases(victim.server)
    process.communicate(timeout=30)
    assert name not in databases(victim.server)
    assert victim.is_unharmed()


def test_another_user_s_shadows_are_theirs(victim: Victim, folder: Path, tmp_path: Path) -> None:
    name, _ = crash(victim, folder)
    with scratch(victim.dialect, tmp_path / "another user", victim.server).open():
        assert name in databases(victim.server)
    with scratch(victim.dialect, folder, victim.server).open():
        assert name not in databases(victim.server)


def test_a_database_that_took_the_place_of_a_shadow_stays(victim: Victim, folder: Path) -> None:
    """While we work, the shadow is dropped by hand and another database gets its name and its mark."""
    found = scratch(victim.dialect, folder, victim.server)
    assert isinstance(found, Server)
    try:
        with found.shadow() as (mark, connection):
            aside = f"aside_{secrets.token_hex(4)}"
            run(victim.server, f"CREATE DATABASE {aside}")
            copy_mark(victim, mark.name, aside)
            connection.close()
            connection.engine.dispose()
            run(victim.server, f"DROP DATABASE {mark.name}")
            if victim.dialect == "postgresql":
                run(victim.server, f"ALTER DATABASE {aside} RENAME TO {mark.name}")
            else:
                run(victim.server, "DO SLEEP(1)", f"CREATE DATABASE {mark.name}")
                copy_mark(victim, aside, mark.name)
                run(victim.server, f"DROP DATABASE {aside}")
            run(at(victim.server, mark.name), "CREATE TABLE precious (id int)")
            with pytest.raises(NotOurs), connection.engine.connect() as again:
                again.execute(sa.text("DROP TABLE precious"))
        assert run(at(victim.server, mark.name), "SELECT count(*) FROM precious") == [(0,)]
    finally:
        run(victim.server, f"DROP DATABASE IF EXISTS {mark.name}")


def test_a_proxy_that_leads_to_another_database_is_seen(victim: Victim, folder: Path) -> None:
    parts = make_url(victim.server)
    target = (parts.host or "", parts.port or 0)
    with proxy(target, victim.dialect, lambda name: victim.name.encode()) as leading:
        found = scratch(victim.dialect, folder, at(victim.server, port=leading.port))
        with pytest.raises(NotOurs, match="does not carry our mark"), found.open() as connection:
            connection.execute(sa.text("DROP TABLE customer"))
    assert victim.is_unharmed()
    assert shadows(victim.server, folder) == set()


def test_a_proxy_that_changes_its_mind_is_seen(victim: Victim, folder: Path) -> None:
    """The first connection is right, later ones are not: every connection is asked."""
    parts = make_url(victim.server)
    target = (parts.host or "", parts.port or 0)
    asked: list[bytes] = []

    def names(name: bytes) -> bytes:
        asked.append(name)
        return name if len(asked) == 1 else victim.name.encode()

    with proxy(target, victim.dialect, names) as leading:
        found = scratch(victim.dialect, folder, at(victim.server, port=leading.port))
        with pytest.raises(NotOurs), found.open() as connection:
            connection.execute(sa.text("CREATE TABLE customer (id int)"))
            connection.commit()
            with connection.engine.connect() as second:
                second.execute(sa.text("DROP TABLE customer"))
    assert victim.is_unharmed()


def test_a_server_that_goes_away_harms_nobody(victim: Victim, folder: Path) -> None:
    """In the middle of a proof: the proof is made on SQLite and says so; what was left behind goes the next time."""
    parts = make_url(victim.server)
    with proxy((parts.host or "", parts.port or 0), victim.dialect) as leading:
        found = scratch(victim.dialect, folder, at(victim.server, port=leading.port))
        with pytest.raises((sa.exc.DBAPIError, NoScratch)), found.open() as connection:
            (left,) = shadows(victim.server, folder)
            leading.close()
            connection.execute(sa.text("CREATE TABLE customer (id int)"))
        assert shadows(victim.server, folder) == {left}
        proof = prove(plan(book(), book(Column("isbn", varchar(13))), victim.dialect), find=lambda dialect: found)
        assert proof.where == "SQLite in memory" and proof.holds
        assert any(text.startswith("on ") for text in proof.not_proved)
    found._ledger.close()  # type: ignore[attr-defined]  # as when this process ends
    with scratch(victim.dialect, folder, victim.server).open():
        assert left not in shadows(victim.server, folder)
    assert victim.is_unharmed()


def test_a_user_without_rights_is_told_so(victim: Victim, folder: Path) -> None:
    name, word = f"reader_{secrets.token_hex(4)}", secrets.token_hex(8)
    if victim.dialect == "postgresql":
        made, gone = [f"CREATE ROLE {name} LOGIN PASSWORD '{word}'"], f"DROP ROLE {name}"
    else:
        user = f"{name}@'127.0.0.1'"
        made = [f"CREATE USER {user} IDENTIFIED BY '{word}'", f"GRANT SELECT ON {victim.name}.* TO {user}"]
        gone = f"DROP USER {user}"
    run(victim.server, *made)
    try:
        url = at(victim.url, username=name, password=word)
        proof = prove(plan(book(), book(Column("isbn", varchar(13))), victim.dialect), find=find(url, folder))
        assert proof.where == "SQLite in memory" and proof.holds
        assert any("denied" in text for text in proof.not_proved), proof.not_proved
        assert shadows(victim.server, folder) == set()
        assert victim.is_unharmed()
    finally:
        run(victim.server, gone)


def test_a_wrong_password_is_told_without_it(victim: Victim, folder: Path) -> None:
    url = at(victim.server, password="hush-hush")
    proof = prove(plan(book(), book(Column("isbn", varchar(13))), victim.dialect), find=find(url, folder))
    assert proof.where == "SQLite in memory"
    assert not any("hush" in text for text in proof.not_proved)


def test_statements_behind_an_expression_never_run(victim: Victim, folder: Path) -> None:
    """A default out of somebody's models that goes on after its end."""
    default = Default("sql", "'a'; DROP TABLE customer; SELECT 'b'")
    made = plan(book(), book(Column("isbn", varchar(13), server_default=default)), victim.dialect)
    with scratch(victim.dialect, folder, victim.server).open() as connection:
        connection.execute(sa.text("CREATE TABLE customer (id int)"))
        connection.commit()
        with pytest.raises((NoScratch, sa.exc.DBAPIError)):
            connection.execute(sa.text("SELECT 1; DROP TABLE customer"))
        connection.rollback()
        assert connection.scalar(sa.text("SELECT count(*) FROM customer")) == 0
    proof = prove(made, find=find(victim.url, folder))
    assert "the upgrade gives the schema of the models" not in proof.proved or proof.where == "SQLite in memory"
    assert victim.is_unharmed()


@pytest.mark.parametrize(
    "default",
    [
        "0) ENGINE=MRG_MYISAM UNION=({victim}.customer) INSERT_METHOD=LAST -- ",
        "0) ENGINE/* */=/*!50000 MERGE */ UNION/**/ ({victim}.customer) INSERT_METHOD=LAST # ",
        "0) ENGINE = 'federated' CONNECTION='mysql://me@localhost/shop/customer' -- ",
        "0) DATA  DIRECTORY='/var/lib/shop' -- ",
    ],
)
def test_a_table_that_stands_for_another_s_is_not_made(victim: Victim, folder: Path, default: str) -> None:
    """A default out of somebody's models that ends the list of columns and goes on with the table's options."""
    if victim.dialect != "mysql":
        pytest.skip("tables have no such options there")
    if "MRG" in default:
        run(victim.url, "ALTER TABLE customer ENGINE=MyISAM")
    with scratch("mysql", folder, victim.server).open() as connection, pytest.raises(NoScratch, match="outside the scratch database"):
        connection.execute(sa.text(f"CREATE TABLE copy (id int, name varchar(20) DEFAULT {default.format(victim=victim.name)}"))
    assert victim.is_unharmed()


def test_columns_may_be_called_like_options(victim: Victim, folder: Path) -> None:
    with scratch(victim.dialect, folder, victim.server).open() as connection:
        connection.execute(sa.text("CREATE TABLE car (engine varchar(20) DEFAULT 'merge', connection varchar(20), directory varchar(20))"))


def test_several_statements_are_known_in_any_language() -> None:
    """By the function of the server that refuses them, or, where it names none, by a syntax error."""

    class Refusal:
        def __init__(self, state: bytes, function: bytes | None) -> None:
            self.status = ExecStatus.FATAL_ERROR
            self._fields = {DiagnosticField.SQLSTATE: state, DiagnosticField.SOURCE_FUNCTION: function}

        def error_field(self, field: DiagnosticField) -> bytes | None:
            return self._fields.get(field)

    assert holds_several(Refusal(b"42601", b"exec_parse_message"))
    assert holds_several(Refusal(b"42601", None))
    assert not holds_several(Refusal(b"42601", b"scanner_yyerror"))
    assert not holds_several(Refusal(b"42P01", b"parserOpenTable"))


def test_a_table_of_another_database_is_not_made(victim: Victim, folder: Path) -> None:
    """On MySQL a schema is a database, and there is one of that name."""
    if victim.dialect != "mysql":
        pytest.skip("a schema is inside the database there")
    outside = replace(table("customer"), schema=victim.name)
    for before, after in ((schema(), schema(outside)), (schema(outside), schema())):
        proof = prove(plan(before, after, "mysql"), find=find(victim.server, folder))
        assert proof.where == "SQLite in memory"
        assert any("another database" in text for text in proof.not_proved)
    assert victim.is_unharmed()


def test_records_are_private(folder: Path, victim: Victim) -> None:
    with scratch(victim.dialect, folder, victim.server).open():
        (record,) = (folder / "shadows").glob("*.jsonl")
        assert record.stat().st_mode & 0o077 == 0
        assert record.parent.stat().st_mode & 0o077 == 0
        password = make_url(victim.server).password
        assert password and str(password) not in record.read_text()


def test_a_record_that_cannot_be_written_stops_before_anything_is_made(victim: Victim, folder: Path) -> None:
    folder.mkdir()
    (folder / "shadows").write_text("in the way")
    found = scratch(victim.dialect, folder, victim.server)
    with pytest.raises(NoScratch, match="could not be noted"), found.open():
        pass
    assert shadows(victim.server, folder) == set()


def test_a_record_is_given_up_with_its_last_shadow(victim: Victim, folder: Path) -> None:
    ledger = Ledger(folder / "shadows")
    found = scratch(victim.dialect, folder, victim.server)
    assert isinstance(found, Server)
    found._ledger = ledger
    with found.open():
        pass
    ledger.close()
    assert list((folder / "shadows").iterdir()) == []


def test_the_helpers_see_what_they_should(victim: Victim) -> None:
    """A victim that was hurt is seen to be: otherwise the tests above say nothing."""
    assert victim.is_unharmed()
    with connected(victim.url) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM customer WHERE id = 2")
    assert not victim.is_unharmed()

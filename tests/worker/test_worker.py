"""What the project's own interpreter may tell, and what it may not do while it is asked."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path
from socket import create_server

import pytest

from lsp_server.config import Config
from lsp_server.database.migration.own_tables import Created, own_tables
from lsp_server.database.migration.plan import plan
from lsp_server.database.migration.proof import prove
from lsp_server.database.model import Database
from lsp_server.snapshot import Snapshot
from lsp_server.worker.child import Question, ask
from lsp_server.worker.interpreters import interpreter_of
from tests.command import call

HIDING = """
    import json
    from fastapi import FastAPI
    from pydantic import create_model
    from sqlalchemy import Column, Integer, MetaData, Table, String

    sizes = json.loads('{"name": 40}')
    metadata = MetaData()
    books = Table("books", metadata, Column("id", Integer, primary_key=True), Column("name", String(sizes["name"])))
    Made = create_model("Made", **{part: (str, ...) for part in json.loads('["title", "author"]')})

    def create():
        app = FastAPI()

        @app.get("/books")
        def read_books() -> Made: ...

        for name in json.loads('["shelves"]'):
            @app.get("/" + name)
            def read_other() -> int: ...

        return app
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(textwrap.dedent(HIDING))
    return tmp_path


def test_trust_fills_what_the_text_leaves_open_and_marks_it(project: Path) -> None:
    silent, told = call(project, "--facts", "routes").json, call(project, "--facts", "routes", "--trust").json
    assert [route["path"] for route in silent["routes"]] == ["/books"]
    assert [(route["path"], route.get("origin")) for route in told["routes"]] == [
        ("/books", {"responses": "runtime"}), ("/shelves", {"presence": "runtime"}),
    ]  # fmt: skip
    reference = told["routes"][0]["responses"]["200"]["$ref"].removeprefix("#/schemas/")
    assert list(told["schemas"][reference]["properties"]) == ["title", "author"]


def test_trust_fills_column_types(project: Path) -> None:
    def types(*options: str) -> dict[str, object]:
        (table,) = call(project, "--facts", "models", *options).json["tables"]
        return {column["name"]: (column["type"], column.get("origin")) for column in table["columns"]}

    assert types("--trust")["id"] == types()["id"] == ("INTEGER", None), "the text leads"
    assert types()["name"] == (None, None)
    assert types("--trust")["name"] == ("VARCHAR(40)", {"type": "runtime"})


def test_without_trust_nothing_of_the_project_runs(project: Path) -> None:
    (project / "shop.py").write_text(textwrap.dedent(HIDING) + "\nopen('ran.txt', 'w').write('')\n")
    call(project, "--facts", "routes")
    call(project, "--check")
    assert not (project / "ran.txt").exists()


@pytest.mark.parametrize(
    "harm",
    [
        "import sqlite3; sqlite3.connect('dev.db').execute('DROP TABLE users')",
        "open('dev.db', 'w')",
        "import os; os.remove('dev.db')",
        "import os; os.system('rm dev.db')",
        "import subprocess; subprocess.run(['rm', 'dev.db'])",
        "import shutil; shutil.rmtree('.')",
        "import pathlib; pathlib.Path('dev.db').write_text('')",
        "import sqlalchemy; sqlalchemy.create_engine('sqlite:///dev.db').connect()",
        "import os; os.truncate('dev.db', 0)",
        "import os; os.symlink('dev.db', 'other.db')",
        "import os; os.link('dev.db', 'other.db')",
        "import os; os.chmod('dev.db', 0)",
        "import os; os.kill(os.getppid(), 0)",
        "import multiprocessing\nmultiprocessing.get_context('spawn').Process(target=print).start()",
    ],
)
def test_importing_a_project_cannot_touch_its_files(tmp_path: Path, harm: str) -> None:
    with sqlite3.connect(tmp_path / "dev.db") as connection:
        connection.execute("CREATE TABLE users (id)")
    before = (tmp_path / "dev.db").read_bytes()
    (tmp_path / "app.py").write_text(harm)
    answer = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",)))
    assert (tmp_path / "dev.db").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "dev.db"]
    assert len(answer.failures) == 1 and "refused" in answer.failures[0]


@pytest.mark.parametrize(
    "statement",
    ["ATTACH 'dev.db' AS dev", "ATTACH 'new.db' AS new", "VACUUM INTO 'new.db'", "ATTACH 'file:new.db?mode=rwc' AS new"],
)
def test_a_database_in_memory_reaches_no_file(tmp_path: Path, statement: str) -> None:
    with sqlite3.connect(tmp_path / "dev.db") as connection:
        connection.execute("CREATE TABLE users (id)")
    (tmp_path / "app.py").write_text(
        f"import sqlite3\nmemory = sqlite3.connect(':memory:')\nmemory.execute('CREATE TABLE t (id)')\nmemory.execute({statement!r})\n"
    )
    answer = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",)))
    assert "OperationalError" in answer.failures[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "dev.db"]


def test_what_c_code_writes_stays_empty(tmp_path: Path) -> None:
    """`ctypes` stands for a library that opens files without telling Python."""
    (tmp_path / "app.py").write_text(
        "import ctypes\nc = ctypes.CDLL(None)\nfile = c.creat(b'made.db', 0o600)\n"
        "c.lseek(file, 4096, 0)\nassert c.write(file, b'x' * 100, 100) == -1\n"
    )
    assert ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",))).failures == ()
    assert (tmp_path / "made.db").read_bytes() == b""


def test_a_lock_for_processes_is_no_process(tmp_path: Path) -> None:
    text = "import multiprocessing\nlocks = [multiprocessing.get_context(way).Lock() for way in ('fork', 'spawn')]\n"
    (tmp_path / "app.py").write_text(text)
    assert ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",))).failures == ()


def test_the_project_does_not_see_the_probe_s_folder(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import interpreters")
    assert "ModuleNotFoundError" in ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",))).failures[0]


@pytest.mark.parametrize(
    "text",
    [
        "raise ValueError('cannot parse postgresql://me:hunter2@db/shop')",
        "raise ValueError('cannot parse postgresql://me:hunter2/' + 'x' * 300 + '@db/shop')",
        "from pydantic import create_model\ncreate_model('S', url=(str, ...)).model_validate({'password': 'hunter2'})",
    ],
)
def test_what_fails_is_said_without_secrets(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(text)
    (failure,) = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",))).failures
    assert "***" in failure
    assert "hunter2" not in failure


def test_metadata_that_cannot_be_read_spoils_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from fastapi import FastAPI\nfrom sqlalchemy import MetaData\napp = FastAPI()\nbroken = MetaData()\nbroken.tables = 3\n"
    )
    answer = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",)))
    assert len(answer.specifications) == 1
    assert answer.failures[0].startswith("the tables: AttributeError")


@pytest.mark.parametrize("way", ["import socket; socket.create_connection(('127.0.0.1', {port}))", "import psycopg2; psycopg2.connect('')"])
def test_importing_a_project_reaches_no_server(tmp_path: Path, way: str) -> None:
    (tmp_path / "psycopg2.py").write_text("def connect(dsn): raise AssertionError('connected')")
    reached = threading.Event()
    with create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        (tmp_path / "app.py").write_text(way.format(port=server.getsockname()[1]))
        answer = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",)))
        try:
            server.accept()
            reached.set()
        except TimeoutError:
            pass
    assert not reached.is_set()
    assert "refused" in answer.failures[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise RuntimeError('no settings')", "app: RuntimeError: no settings"),
        ("import sys; sys.exit(3)", "app: SystemExit: 3"),
        ("import os; os._exit(4)", "the project's interpreter stopped: exit status 4"),
        ("while True: pass", "the project did not finish importing within 1 seconds"),
        ("x = bytearray(64 * 1024 ** 3)", "app: MemoryError"),
    ],
)
def test_what_fails_is_said(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "app.py").write_text(text)
    answer = ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",)), seconds=1 if "while" in text else 30)
    assert answer.failures[0].startswith(words)
    assert not answer.specifications


def test_what_a_project_prints_disturbs_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import sys\nprint('{\"failures\": 1}' * 10000)\nprint('x' * 100000, file=sys.stderr)\n")
    assert ask(Path(sys.executable), tmp_path, Question(("app",), (), (".",))).failures == ()


def test_an_interpreter_that_is_not_there_is_an_unknown(project: Path) -> None:
    (project / "specdrift.toml").write_text('interpreter = "no/such/python"\n')
    assert interpreter_of(project, "no/such/python") is None
    assert "there is no Python at no/such/python" in call(project, "--check", "--trust", "--format", "json").out


SHOP = """
    from sqlalchemy import CheckConstraint, Column, Enum, ForeignKey, Index, Integer, MetaData, String, Table, event, DDL

    metadata = MetaData()
    authors = Table("authors", metadata, Column("id", Integer, primary_key=True), Column("name", String(40), index=True))
    books = Table(
        "books", metadata,
        Column("id", Integer, primary_key=True),
        Column("mood", Enum("fine", "foul", name="mood")),
        Column("author_id", ForeignKey("authors.id")),
        CheckConstraint("mood <> '100%'", name="ck_mood"),
    )
    event.listen(books, "after_create", DDL("DROP TABLE authors"))
"""


def test_the_tables_create_statements_are_told_as_text(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(textwrap.dedent(SHOP))
    for dialect, mood in (("postgresql", "CREATE TYPE mood"), ("mysql", "ENUM('fine','foul')"), ("sqlite", "VARCHAR(4)")):
        (created,) = ask(Path(sys.executable), tmp_path, Question(("shop",), (), (str(tmp_path),), dialect)).created
        text = "; ".join(created["statements"])
        assert created["tables"] == [[None, "authors"], [None, "books"]]
        assert mood in text and "CREATE INDEX ix_authors_name" in text and "'100%'" in text
        assert "DROP" not in text


def test_what_the_project_says_of_its_tables_is_part_of_a_proof(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(textwrap.dedent(SHOP))
    answer = ask(Path(sys.executable), tmp_path, Question(("shop",), (), (str(tmp_path),), "sqlite"))
    created = tuple(Created(tuple((schema, name) for schema, name in each["tables"]), tuple(each["statements"])) for each in answer.created)
    mapped = Snapshot.of({"shop.py": textwrap.dedent(SHOP)}, Config(dialect="sqlite")).mapped[0]
    read = frozenset(table.key for table in mapped.tables)
    whole = prove(plan(Database("migrations"), mapped, "sqlite"), own=own_tables(created, mapped, read))
    assert "the running project's own create_all gives the same in 2 of 2 tables" in whole.proved
    books = mapped.table("books")
    assert books is not None
    misread = replace(mapped, tables=(*(each for each in mapped.tables if each is not books), replace(books, columns=books.columns[:-1], foreign_keys=())))
    doubtful = prove(plan(Database("migrations"), misread, "sqlite"), own=own_tables(created, misread, read))
    assert doubtful.holds
    assert any(text.startswith("the running project's own create_all gives the same: table books") for text in doubtful.not_proved)
    edited = own_tables(created, mapped, frozenset({(None, "authors")}))
    assert edited is not None and edited.tables == {(None, "authors")}


def test_the_key_of_the_agent_is_not_the_project_s(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    (project / "shop.py").write_text("import os\nraise RuntimeError(sorted(name for name in os.environ if name.startswith('ANTHROPIC')))\n")
    answer = ask(Path(sys.executable), project, Question(("shop",), paths=(".",)))
    assert [failure.rpartition(": ")[2] for failure in answer.failures] == ["[]"]

"""What the project's own interpreter may tell, and what it may not do while it is asked."""

from __future__ import annotations

import sqlite3
import sys
import textwrap
import threading
from pathlib import Path
from socket import create_server

import pytest

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

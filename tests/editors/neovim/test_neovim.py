"""One session in a real Neovim, headless, with the plugin of `editors/neovim` and the real server.

`session.lua` drives the editor step by step and reports each step; here a step is a test. The steps depend on
each other's edits, so one run serves them all. The project is small and has one drift of each kind planted.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.agent.messages_api import call, messages_api, say

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]

PATIENCE_SECONDS = 20  # for one condition: generous, because a wait ends as soon as the condition holds
SESSION_SECONDS = 240

STEPS = (
    "the server attaches to the spec",
    "an operation without a route is found in the spec",
    "a hover on the finding repeats its message",
    "a route without an operation is found in the code",
    "a column without a migration is found in the models",
    "a revision without a rollback is found in the migrations",
    "a hover on a route names the other end",
    "a code lens on a route leads to the operation",
    "an unsaved edit of the code moves findings in the spec",
    "the code action is listed without its edit",
    "the code action, resolved and applied, clears the finding",
    "a rule is explained in a window of its own",
    "rules are completed on the command line",
    "a check of the project fills the quickfix list",
    "a migration that needs a value asks for it",
    "the agent says what it needs, once it is asked",
    "what came of a run is shown as plain text",
    "of shared file types only the named files get the server",
    "the project's own environment is used only if the project is trusted",
    "the health check tells which command answered",
    "the keymaps are there when they are asked for",
    "a restart brings a new server and the same findings",
    "the server ends when it is told to",
)

PROJECT = {
    "specdrift.toml": "",  # the project begins here
    "openapi.yaml": """
        openapi: 3.1.0
        info: {title: Shop, version: "1"}
        paths:
          /books:
            get:
              operationId: list_books
              responses:
                "200":
                  description: All books.
                  content:
                    application/json:
                      schema: {type: array, items: {$ref: "#/components/schemas/Book"}}
          /books/{book_id}:
            get:
              operationId: get_book
              parameters:
                - {name: book_id, in: path, required: true, schema: {type: integer}}
              responses:
                "200":
                  description: One book.
                  content:
                    application/json:
                      schema: {$ref: "#/components/schemas/Book"}
        components:
          schemas:
            Book:
              type: object
              required: [id, title]
              properties:
                id: {type: integer}
                title: {type: string}
        """,
    "app/__init__.py": "",
    "app/database.py": """
        from collections.abc import Iterator

        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session

        engine = create_engine("sqlite:///shop.db")


        def get_session() -> Iterator[Session]:
            with Session(engine) as session:
                yield session
        """,
    "app/models.py": """
        from sqlalchemy import String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Book(Base):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str] = mapped_column(String(200))
            pages: Mapped[int | None]


        # END OF BOOK
        """,
    "app/schemas.py": """
        from pydantic import BaseModel


        class Book(BaseModel):
            id: int
            title: str
        """,
    "app/main.py": """
        from fastapi import Depends, FastAPI
        from sqlalchemy import select
        from sqlalchemy.orm import Session

        from app import models, schemas
        from app.database import get_session

        app = FastAPI()


        @app.get("/books")
        def list_books(session: Session = Depends(get_session)) -> list[schemas.Book]:
            found = session.scalars(select(models.Book))
            return [schemas.Book(id=book.id, title=book.title) for book in found]


        @app.get("/stock")
        def count_stock() -> int:
            return 0


        # END OF STOCK
        """,
    "alembic.ini": """
        [alembic]
        script_location = migrations
        """,
    "migrations/env.py": """
        from alembic import context

        from app.models import Base

        context.configure(url="sqlite:///shop.db", target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        """,
    "migrations/versions/0001_books.py": '''
        """Create the table of books."""

        import sqlalchemy as sa
        from alembic import op

        revision = "0001"
        down_revision = None


        def upgrade() -> None:
            op.create_table(
                "books",
                sa.Column("id", sa.Integer(), nullable=False),
                sa.Column("title", sa.String(length=200), nullable=False),
                sa.PrimaryKeyConstraint("id"),
            )


        def downgrade() -> None:
            pass
        ''',
}


@dataclass(frozen=True, slots=True)
class Session:
    """What the run left behind; an outcome is "" for a step that went well, else what went wrong."""

    outcomes: dict[str, str]
    exit_code: int
    output: str
    project: Path


def planted_in(folder: Path) -> Path:
    """The project, in a folder."""
    project = folder.resolve()
    for path in PROJECT:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(planted(path), encoding="utf-8")
    return project


def neovim(project: Path, home: Path, script: str, **variables: str) -> tuple[int, str]:
    """The exit status and the output of an editor that runs a script; its report is `report.jsonl` in its home."""
    scripts = Path(sysconfig.get_path("scripts"))
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}  # without a key
    environment = inherited | folders | {
        # The plugin finds the Python that runs this test, and Python the server of this repository.
        "PATH": os.pathsep.join([str(scripts), "/usr/bin", "/bin"]),
        "PYTHONPATH": str(REPOSITORY),
        "SPECDRIFT_PLUGIN": str(REPOSITORY / "editors" / "neovim"),
        "SPECDRIFT_REPORT": str(home / "report.jsonl"),
        "SPECDRIFT_PATIENCE": str(PATIENCE_SECONDS * 1000),
        **variables,
    }
    arguments = ["--headless", "--clean", "-u", str(HERE / "init.lua"), "-S", str(HERE / script)]
    with subprocess.Popen(
        [scripts / "nvim", *arguments],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as editor:
        try:
            output, _ = editor.communicate(timeout=SESSION_SECONDS)
        except subprocess.TimeoutExpired:
            editor.kill()  # the report tells how far it came
            output, _ = editor.communicate()
    return editor.returncode, output


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    project, home = planted_in(tmp_path_factory.mktemp("shop")), tmp_path_factory.mktemp("home")
    exit_code, output = neovim(project, home, "session.lua")
    report = home / "report.jsonl"
    outcomes = {}
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
        entry = json.loads(line)
        outcomes[entry["step"]] = "" if entry["ok"] else entry["detail"]
    log = home / "state" / "nvim" / "lsp.log"
    logged = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Session(outcomes, exit_code, f"{output}\n--- lsp.log\n{logged[-6000:]}", project)


@pytest.mark.parametrize("step", STEPS)
def test_step(session: Session, step: str) -> None:
    assert step in session.outcomes, f"the session did not come this far\n{session.output}"
    assert not session.outcomes[step], f"{session.outcomes[step]}\n{session.output}"


def test_every_step_is_listed_here_and_the_editor_ended_well(session: Session) -> None:
    assert tuple(session.outcomes) == STEPS, session.output
    assert session.exit_code == 0, session.output
    assert "Error executing" not in session.output, session.output  # a fault in the plugin's own Lua


def test_the_endpoint_is_on_disk(session: Session) -> None:
    assert "get_book" in handlers(session.project / "app"), session.output


def test_existing_code_is_untouched(session: Session) -> None:
    before = planted("app/main.py")
    after = (session.project / "app" / "main.py").read_text(encoding="utf-8")
    for function in ("list_books", "count_stock"):
        assert function_text(before, function) == function_text(after, function)
    spec = session.project / "openapi.yaml"
    assert spec.read_text(encoding="utf-8") == planted("openapi.yaml")


def test_a_run_of_the_agent_is_confirmed_and_its_verdict_shown(tmp_path: Path) -> None:
    project, home = planted_in(tmp_path / "shop"), tmp_path / "home"
    home.mkdir()
    counted = call("edit_file", path="app/main.py", old_text="# END OF STOCK", new_text="def count_shelves() -> int:\n    return 0\n\n\n# END OF STOCK")
    with messages_api([counted, say("Shelves can be counted.")]) as api:
        _, output = neovim(project, home, "agent.lua", ANTHROPIC_API_KEY="sk-ant-test-key", ANTHROPIC_BASE_URL=api.url)
    seen = json.loads((home / "report.jsonl").read_text("utf-8"))
    assert seen["shown"], (seen, output)
    assert any("let people count the shelves" in question for question in seen["questions"]), seen
    assert seen["page"].startswith("The verdict holds; the change was applied\n"), seen
    assert "| Shelves can be counted." in seen["page"]
    assert "def count_shelves" in seen["app"]
    left = [path for folder in (project, home) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in left if b"sk-ant-test-key" in path.read_bytes()]


def planted(path: str) -> str:
    return dedent(PROJECT[path]).lstrip("\n")


def handlers(folder: Path) -> set[str]:
    """Names of all functions below the folder whose decorator has the path of one book."""
    found = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
                if "/books/{book_id}" in decorators:
                    found.add(node.name)
    return found


def function_text(text: str, name: str) -> str:
    """The source of a function, without its decorators."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_source_segment(text, node) or ""
    raise AssertionError(f"no function {name}")

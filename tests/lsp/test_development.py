"""The development database in the editor: named by the person, looked at, and changed only after their answer."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from lsp_server.agent.journal import Journal
from tests.development.project import at_first, rows, write
from tests.lsp.editor import NEOVIM, VSCODE, Editor, drive, editing

REVISION = "migrations/versions/0002_phone.py"
TRUSTED = {"trusted": True}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    write(folder)
    at_first(folder / "app.db")
    return folder


def applied(root: Path) -> list[tuple[object, ...]]:
    return rows(root / "app.db", "SELECT version_num FROM alembic_version")


async def lenses(editor: Editor) -> list[str]:
    found = await editor.client.text_document_code_lens_async(t.CodeLensParams(text_document=editor.identifier(REVISION)))
    return [lens.command.title for lens in found or () if lens.command is not None]


def test_what_the_database_lacks_is_said_and_goes_once_it_is_applied(root: Path) -> None:
    async def session() -> None:
        async with editing(root, NEOVIM, TRUSTED) as editor:
            editor.open(REVISION)
            editor.settings(developmentDatabase="sqlite:///app.db")
            await editor.until(lambda: "database-behind" in editor.rules().get(REVISION, []))
            assert "apply to app.db (SQLite)" in await lenses(editor)
            editor.answer = "Apply"
            done = await editor.command("applyMigration", editor.uri(REVISION))
            assert (done["applied"], done["revisions"], done["verified"]) == (True, ["0002"], "the schema is that of the models")
            await editor.until(lambda: "database-behind" not in editor.rules().get(REVISION, []))
            (question,) = editor.questions
            assert "Apply to app.db (SQLite)?\n  0002  Phones." in question and "ADD COLUMN phone" in question
            assert applied(root) == [("0002",)]
            (entry,) = Journal(f"sqlite:///{root.parent / 'journal.sqlite'}").applications()
            assert (entry.revision, entry.target, entry.outcome) == ("0002", "app.db (SQLite)", "applied")

    drive(session())


@pytest.mark.parametrize("answer", ["Cancel", None])
def test_without_a_yes_nothing_happens(root: Path, answer: str | None) -> None:
    async def session() -> None:
        async with editing(root, VSCODE, TRUSTED) as editor:
            editor.settings(developmentDatabase="sqlite:///app.db")
            editor.answer = answer
            assert await editor.command("applyMigration") == {"applied": False}
            (shown,) = editor.documents
            assert "ADD COLUMN phone" in Path(unquote(urlsplit(shown).path)).read_text(), "the SQL stands beside the question"
            assert applied(root) == [("0001",)]

    drive(session())


@pytest.mark.parametrize(
    ("options", "settings", "reason"),
    [
        (TRUSTED, {}, "no development database is named"),
        ({}, {"developmentDatabase": "sqlite:///app.db"}, "not trusted"),
        (TRUSTED, {"developmentDatabase": "postgresql://me@db.example.com/shop"}, "on db.example.com, not on this machine"),
        (TRUSTED, {"developmentDatabase": "sqlite:///none.db"}, "there is no such database file"),
    ],
)
def test_what_stands_in_the_way_is_said(root: Path, options: dict[str, bool], settings: dict[str, str], reason: str) -> None:
    async def session() -> None:
        async with editing(root, VSCODE, options) as editor:
            editor.settings(**settings)
            editor.answer = "Apply"
            with pytest.raises(JsonRpcException, match=reason):
                await editor.command("applyMigration")
            assert not editor.questions and applied(root) == [("0001",)]

    drive(session())


def test_a_file_of_the_workspace_names_no_database_to_change(root: Path) -> None:
    (root / "specdrift.toml").write_text('development-database = "sqlite:///app.db"\n')

    async def session() -> None:
        async with editing(root, NEOVIM, TRUSTED) as editor:
            editor.open(REVISION)
            with pytest.raises(JsonRpcException, match="no development database is named"):
                await editor.command("applyMigration")
            assert "database-behind" not in editor.rules().get(REVISION, [])

    drive(session())


def test_what_was_applied_is_written_down_though_nobody_waits_for_it(root: Path) -> None:
    async def session() -> None:
        async with editing(root, VSCODE, TRUSTED) as editor:
            editor.settings(developmentDatabase="sqlite:///app.db")
            editor.answer = "Apply"
            with closing(sqlite3.connect(root / "app.db", isolation_level=None)) as somebody:
                somebody.execute("BEGIN IMMEDIATE")
                params = t.ExecuteCommandParams(command="specdrift.server.applyMigration", arguments=[])
                running = editor.client.protocol.send_request("workspace/executeCommand", params, msg_id="apply")
                await editor.until(lambda: any("Applying 0002" in str(each) for each in editor.progress))
                editor.client.cancel_request(t.CancelParams(id="apply"))
                with pytest.raises(JsonRpcException) as cancelled:
                    await asyncio.wrap_future(running)
                assert cancelled.value.code == t.LSPErrorCodes.RequestCancelled
                somebody.execute("ROLLBACK")
            await editor.until(lambda: any("is at 0002" in message for message in editor.messages))
            (entry,) = Journal(f"sqlite:///{root.parent / 'journal.sqlite'}").applications()
            assert entry.outcome == "applied" and applied(root) == [("0002",)]

    drive(session())


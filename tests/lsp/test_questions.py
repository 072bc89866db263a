"""Migrations that wait for an answer: the client asks, the server builds, proves and applies; evidence of renames in the texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from tests.command import git
from tests.lsp.editor import NEOVIM, VSCODE, Editor, drive, editing, write

MODELS = "models.py"
ASKING = {"clientCommands": ["specdrift.answer"]}
PROJECT = {
    "specdrift.toml": 'dialect = "sqlite"\n',
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": """
        from alembic import context

        from models import Base

        context.configure(url="sqlite:///shop.db", target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        """,
    "migrations/versions/0001_users.py": '''
        """Users

        Revision ID: 0001
        Revises:
        """

        import sqlalchemy as sa
        from alembic import op

        revision = "0001"
        down_revision = None


        def upgrade() -> None:
            op.create_table(
                "users",
                sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("nick", sa.String(length=40), nullable=True),
                sa.Column("city", sa.String(length=80), nullable=True),
            )


        def downgrade() -> None:
            op.drop_table("users")
        ''',
    MODELS: """
        from sqlalchemy import String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"

            id: Mapped[int] = mapped_column(primary_key=True)
            nick: Mapped[str | None] = mapped_column(String(40))
            city: Mapped[str | None] = mapped_column(String(80))
        """,
}
NICK = "    nick: Mapped[str | None] = mapped_column(String(40))\n"
PHONE = "    phone: Mapped[str] = mapped_column(String(20))\n"
ALIAS = "    alias: Mapped[str | None] = mapped_column(String(40))\n"


async def offered(editor: Editor, text: str) -> list[t.CodeAction]:
    """The actions at a text of the models, once the server has seen what was typed; migrations only."""
    at = editor.at(MODELS, text)
    return [one for one in await editor.actions(MODELS, t.Range(start=at, end=at)) if one.title.startswith("Generate migration")]


def created(edit: t.WorkspaceEdit | None) -> str:
    """The text of the one new file of an edit."""
    assert edit is not None and edit.document_changes is not None
    (change,) = [each for each in edit.document_changes if isinstance(each, t.TextDocumentEdit)]
    (text,) = change.edits
    assert not isinstance(text, t.SnippetTextEdit)
    return text.new_text


async def refusal(call: Any) -> str:
    with pytest.raises(JsonRpcException) as refused:
        await call
    return str(refused.value)


def test_a_value_for_rows_is_asked_for_and_stands_in_the_revision(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, PROJECT), VSCODE, ASKING) as editor:
            editor.open(MODELS)
            editor.replace(MODELS, NICK, NICK + PHONE)
            asking, stopping = await offered(editor, "phone:")
            assert asking.title == "Generate migration for model change (asks 1 question)" and asking.is_preferred
            assert asking.command is not None and asking.edit is None
            resolved = await editor.client.code_action_resolve_async(asking)
            assert resolved.edit is None and resolved.command.command == "specdrift.answer"
            (request,) = asking.command.arguments or ()

            asked = await editor.command("answer", request)
            (question,) = asked["questions"]
            assert (question["key"], question["subject"], question["choices"]) == ("backfill", "users.phone", [])
            assert question["otherwise"] == "the upgrade stops if there are rows"
            assert not editor.applied

            done = await editor.command("answer", request, {"backfill": {"users.phone": "'none'"}})
            assert done["applied"] and done["written"][0].endswith("_add_users_phone.py")
            text = created(editor.applied[0])
            assert "Answered: backfill users.phone = 'none'." in text
            assert "UPDATE users SET phone = 'none'" in text

            stops = await editor.client.code_action_resolve_async(stopping)
            assert stopping.title.endswith(": the upgrade stops if there are rows")
            assert "raise RuntimeError" in created(stops.edit)

    drive(session())


def test_what_is_no_answer_is_refused_with_words(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, PROJECT), VSCODE, ASKING) as editor:
            editor.open(MODELS)
            editor.replace(MODELS, NICK, NICK + PHONE)
            asking, _ = await offered(editor, "phone:")
            (request,) = asking.command.arguments or ()  # type: ignore[union-attr]
            said = await refusal(editor.command("answer", request, {"backfil": {"users.phone": "''"}}))
            assert "there is no key `backfil`; did you mean `backfill`?" in said
            said = await refusal(editor.command("answer", request, {"backfill": {"users.phone": "no such thing("}}))
            assert "the proof fails on SQLite" in said
            editor.replace(MODELS, PHONE, "")
            said = await refusal(editor.command("answer", request, {"backfill": {"users.phone": "''"}}))
            assert "has changed since" in said
            assert not editor.applied

    drive(session())


def test_an_editor_that_cannot_ask_is_told_what_is_open(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, PROJECT), NEOVIM) as editor:
            editor.open(MODELS)
            editor.replace(MODELS, NICK, NICK + PHONE)
            asking, stopping = await offered(editor, "phone:")
            assert asking.command is None and not asking.is_preferred
            said = await refusal(editor.client.code_action_resolve_async(asking))
            assert "an answer is needed first" in said and "backfill: users.phone" in said
            assert (await editor.client.code_action_resolve_async(stopping)).edit is not None

    drive(session())


def test_an_unsure_rename_is_two_actions(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, PROJECT), VSCODE, ASKING) as editor:
            editor.open(MODELS)
            editor.replace(MODELS, NICK, ALIAS.replace("40", "60"))
            kept, dropped = [one.title for one in await offered(editor, "alias:")]
            assert kept == "Generate migration: rename users.nick to alias"
            assert dropped == "Generate migration: drop what is gone and add what is new"

    drive(session())


@pytest.mark.parametrize("committed", [False, True])
def test_a_name_exchanged_in_its_line_is_a_rename(tmp_path: Path, committed: bool) -> None:
    """The text before is that of the last commit of a revision, or without git what was saved last."""
    write(tmp_path, PROJECT)
    if committed:
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "users"]):
            git(tmp_path, *command)
        models = tmp_path / MODELS
        models.write_text(models.read_text().replace(NICK, ALIAS))

    async def session() -> None:
        async with editing(tmp_path, VSCODE, ASKING) as editor:
            editor.open(MODELS)
            if not committed:
                editor.replace(MODELS, NICK, ALIAS)
            (only,) = await offered(editor, "alias:")
            assert only.title == "Generate migration: rename users.nick to alias" and only.is_preferred
            text = created((await editor.client.code_action_resolve_async(only)).edit)
            assert "only the name has changed on its line" in text and "drop_column" not in text

    drive(session())

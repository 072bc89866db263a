"""The agent in the editor, against a real server of the Messages API on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from tests.agent.messages_api import Api, Turn, call, messages_api, say, text_of
from tests.command import CODE, shop
from tests.lsp.editor import EMACS, NEOVIM, VSCODE, Editor, drive, editing

ROUTE = '''

@app.delete("/books/{id}", operation_id="deleteBook", status_code=204)
def delete_book(id: int) -> None:
    return None
'''
ENDING = "    return None\n"
TITLE = "Implement endpoint with the agent"
STORY = "# Features\n\n## Story 1: read books\n\nAs a reader I read.\n\n## Glossary\n\nbook: pages\n"
IMPLEMENTED = [
    call("todo_write", todos=[{"text": "Write the route", "state": "active"}]),
    call("edit_file", path="app.py", old_text='def health() -> None:\n    return None\n', new_text=f'def health() -> None:\n    return None\n{ROUTE}'),
    say("The route is there."),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-key")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "shop"
    folder.mkdir()
    return shop(folder)


def listen(editor: Editor, api: Api, **settings: Any) -> None:
    editor.settings(agent={"baseUrl": api.url, "maxRepairs": 1, **settings})


async def titles(editor: Editor, path: str, text: str | None = None, only: list[str] | None = None) -> list[str]:
    place = editor.at(path, text) if text is not None else t.Position(line=0, character=0)
    return [action.title for action in await editor.actions(path, t.Range(start=place, end=place), only)]


async def action(editor: Editor) -> t.CodeAction:
    place = editor.at("openapi.yaml", "delete:")
    (found,) = [each for each in await editor.actions("openapi.yaml", t.Range(start=place, end=place)) if each.title == TITLE]
    return found


async def run(editor: Editor) -> Any:
    command = (await action(editor)).command
    assert command is not None
    return await editor.client.workspace_execute_command_async(t.ExecuteCommandParams(command=command.command, arguments=command.arguments))


def test_an_endpoint_becomes_an_edit_to_confirm_with_its_verdict(root: Path) -> None:
    async def session() -> None:
        with messages_api(IMPLEMENTED) as api:
            async with editing(root, VSCODE) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                done = await run(editor)
                assert (done["ok"], done["applied"], done["ended"]) == (True, True, "done"), done
                assert done["tokens"] and done["cost"] is not None and done["run"]
                (applied,) = editor.applied
                assert applied.change_annotations is not None
                (note,) = applied.change_annotations.values()
                assert note.needs_confirmation and "cleared: [operation-not-implemented]" in (note.description or "")
                ((text,),) = [change.edits for change in applied.document_changes or () if isinstance(change, t.TextDocumentEdit)]
                assert "delete_book" in text.new_text
                assert (root / "app.py").read_text() == CODE, "the editor writes, not we"
                said = [one.get("message", "") if isinstance(one, dict) else getattr(one, "message", "") or "" for one in editor.progress]
                assert any("Write the route (0/1)" in line and "tokens" in line for line in said)

    drive(session())


def test_an_editor_without_annotations_asks_before_it_applies(root: Path) -> None:
    async def session() -> None:
        with messages_api([*IMPLEMENTED, *IMPLEMENTED]) as api:
            async with editing(root, NEOVIM) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                editor.answer = "Discard"
                assert (await run(editor))["applied"] is False and not editor.applied
                editor.answer = "Apply"
                assert (await run(editor))["applied"] is True and len(editor.applied) == 1
                assert all("cleared: [operation-not-implemented]" in question for question in editor.questions)

    drive(session())


@pytest.mark.parametrize("path", ["page.html", "new.html", "app.py"])
def test_what_changes_on_disk_meanwhile_is_not_written_over(root: Path, path: str) -> None:
    """Also files that no reader looks at, of which no editor tells us."""
    (root / "page.html").write_text("<h1>\nBooks\n</h1>\n")
    text = (root / path).read_text() if (root / path).exists() else ""
    others = [
        call("edit_file", path="page.html", old_text="Books", new_text="All books"),
        call("create_file", path="new.html", text="<h1>New</h1>\n"),
    ]

    def ending(request: Any) -> Turn:
        (root / path).write_text(f"<!-- somebody else's -->\n{text}" if path.endswith("html") else f"# somebody else's\n{text}")
        return say("The route is there.")

    async def session() -> None:
        with messages_api([*IMPLEMENTED[:-1], *others, ending]) as api:
            async with editing(root, VSCODE) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                with pytest.raises(JsonRpcException, match=f"{path} has .* nothing was applied"):
                    await run(editor)
                assert not editor.applied

    drive(session())


def test_what_changes_while_a_person_reads_the_question_is_not_written_over(root: Path) -> None:
    class Reading(list[str]):
        def append(self, question: str) -> None:
            super().append(question)
            (root / "app.py").write_text(f"# somebody else's\n{CODE}")

    async def session() -> None:
        with messages_api(IMPLEMENTED) as api:
            async with editing(root, NEOVIM) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                editor.answer, editor.questions = "Apply", Reading()
                with pytest.raises(JsonRpcException, match=r"app\.py has changed"):
                    await run(editor)
                assert editor.questions and not editor.applied

    drive(session())


def test_a_verdict_that_does_not_hold_changes_nothing(root: Path) -> None:
    async def session() -> None:
        with messages_api([say("All done."), say("Really, all done.")]) as api:
            async with editing(root, VSCODE) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                done = await run(editor)
                assert (done["ok"], done["applied"], done["ended"]) == (False, False, "gave-up")
                assert not editor.applied and any("no change" in message for message in editor.messages)

    drive(session())


def test_cancelling_ends_a_run_at_once_and_leaves_nothing(root: Path) -> None:
    async def session() -> None:
        with messages_api([Turn((*IMPLEMENTED[0].blocks, *IMPLEMENTED[0].blocks), seconds=5.0)]) as api:
            async with editing(root, VSCODE) as editor:
                editor.open("openapi.yaml")
                listen(editor, api)
                command = (await action(editor)).command
                assert command is not None
                params = t.ExecuteCommandParams(command=command.command, arguments=command.arguments)
                running = editor.client.protocol.send_request("workspace/executeCommand", params, msg_id="run")
                await asyncio.to_thread(_until_asked, api)
                started = asyncio.get_running_loop().time()
                editor.client.cancel_request(t.CancelParams(id="run"))
                with pytest.raises(JsonRpcException) as cancelled:
                    await asyncio.wrap_future(running)
                assert cancelled.value.code == t.LSPErrorCodes.RequestCancelled
                assert asyncio.get_running_loop().time() - started < 1.0
                assert not editor.applied and (root / "app.py").read_text() == CODE

    drive(session())


def test_a_file_and_a_story_have_actions_of_their_own(root: Path) -> None:
    (root / "stories.md").write_text(STORY)

    async def session() -> None:
        async with editing(root, VSCODE) as editor:
            for path in ("app.py", "stories.md"):
                editor.open(path)
            assert "Bring this file in line with the spec with the agent" in await titles(editor, "app.py", only=["source"])
            assert "Implement story with the agent" in await titles(editor, "stories.md", "As a reader")
            assert await titles(editor, "stories.md", "book: pages") == []

    drive(session())


def test_words_and_a_story_are_tasks_that_name_what_the_workspace_has(root: Path) -> None:
    (root / "stories.md").write_text(STORY)

    async def session() -> None:
        with messages_api([say("No.")] * 4) as api:
            async with editing(root, VSCODE) as editor:
                for path in ("openapi.yaml", "stories.md"):
                    editor.open(path)
                listen(editor, api)
                for given in ({"task": "Let people count books"}, {"line": 4, "kind": "implement-story"}):
                    command = t.ExecuteCommandParams(command="specdrift.server.runAgent", arguments=[{"uri": editor.uri("stories.md"), **given}])
                    done: Any = await editor.client.workspace_execute_command_async(command)
                    assert (done["ok"], done["ended"]) == (False, "gave-up"), done
            words, story = (text_of(api.requests[number].body["messages"][0]["content"]) for number in (0, 2))
            assert "Let people count books" in words and "- specification: openapi.yaml" in words
            assert "stories.md, line 3: Story 1: read books" in story and "- specification: openapi.yaml" in story

    drive(session())


@pytest.mark.parametrize("capabilities", [VSCODE, EMACS])
def test_without_a_key_nothing_is_offered_and_nothing_is_said(root: Path, capabilities: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if capabilities is VSCODE:
        monkeypatch.delenv("ANTHROPIC_API_KEY")

    async def session() -> None:
        async with editing(root, capabilities) as editor:
            editor.open("openapi.yaml")
            offered = await titles(editor, "openapi.yaml", "delete:")
            assert offered and not any("agent" in title for title in offered)
            assert not editor.messages

    drive(session())


def _until_asked(api: Api) -> None:
    while not api.requests:
        api.stopping.wait(0.01)

"""Findings in an editor: pushed or pulled, over unsaved buffers, across files, in the client's own positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t

from tests.lsp.editor import ALE, EMACS, NEOVIM, VSCODE, Editor, drive, editing
from tests.lsp.shop import CODE, MODELS, REVISION, SPEC, shop

PUSHED = pytest.mark.parametrize("capabilities", [NEOVIM, EMACS, ALE], ids=["neovim", "emacs", "ale"])


async def found(editor: Editor) -> dict[str, list[str]]:
    """The rules by path that a check of the whole workspace finds now."""
    documents = (await editor.command("checkWorkspace"))["documents"]
    return {editor.path(one["uri"]): sorted(item["code"] for item in one["diagnostics"]) for one in documents}


def codes(items: Any) -> list[str]:
    return sorted(str(item.code) for item in items)


@PUSHED
def test_every_file_with_findings_is_pushed_and_pull_is_not_offered(tmp_path: Path, capabilities: dict[str, Any]) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), capabilities) as editor:
            assert editor.result.capabilities.diagnostic_provider is None
            editor.open(SPEC)
            expected = {
                SPEC: ["operation-not-implemented", "reference-unresolved"],
                CODE: ["route-not-in-spec"],
                MODELS: ["model-change-without-migration"],
                REVISION: ["migration-without-rollback"],
            }
            await editor.until(lambda: editor.rules() == expected)
            assert (SPEC, 1) in editor.pushes

    drive(session())


@pytest.mark.parametrize(
    ("commands", "link"),
    [((), None), (("specdrift.explainRule",), "command:specdrift.explainRule?%5B%22route-not-in-spec%22%5D")],
    ids=["no command", "a command"],
)
def test_the_name_of_a_rule_leads_to_its_page_where_the_client_can_show_it(
    tmp_path: Path, commands: tuple[str, ...], link: str | None
) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM, {"clientCommands": list(commands)}) as editor:
            editor.open(CODE)
            await editor.until(lambda: CODE in editor.pushed)
            (found,) = editor.pushed[CODE]
            assert (found.code_description and found.code_description.href) == link

    drive(session())


@pytest.mark.parametrize("capabilities", [NEOVIM, EMACS], ids=["utf-8", "utf-16"])
def test_a_finding_behind_an_emoji_is_where_the_editor_counts_it(tmp_path: Path, capabilities: dict[str, Any]) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), capabilities) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            (found,) = [one for one in editor.pushed[SPEC] if one.code == "reference-unresolved"]
            assert "components/schemas/Novel" in editor.shown(SPEC, found.range)
            assert "😀" not in editor.shown(SPEC, found.range)
            editor.replace(SPEC, "schemas/Novel", "schemas/Book")  # an edit in the same units
            await editor.until(lambda: "reference-unresolved" not in editor.rules()[SPEC])

    drive(session())


def test_unsaved_edits_move_findings_in_other_files(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        async with editing(root, NEOVIM) as editor:
            editor.open(SPEC)
            editor.open(CODE)
            await editor.until(lambda: SPEC in editor.pushed and CODE in editor.pushed)
            before = editor.rules()
            editor.replace(CODE, '"/books"', '"/volumes"')
            await editor.until(lambda: editor.rules()[SPEC].count("operation-not-implemented") == 2)
            assert '"/books"' in (root / CODE).read_text()
            editor.replace(CODE, '"/volumes"', '"/books"')
            await editor.until(lambda: editor.rules() == before)

    drive(session())


BREAKS = [
    (CODE, '@app.get("/books")', '@app.get("/books'),
    (CODE, "def list_books() -> list[Book]:", "def list_books( -> list[Book]:"),
    (CODE, "class Book(BaseModel):", "class Book(BaseModel"),
    (MODELS, "title: Mapped[str] = mapped_column(String(200))", "title: Mapped[str] = mapped_column(String(200"),
    (REVISION, "def upgrade() -> None:", "def upgrade( -> None"),
    (SPEC, "operationId: list_books", 'operationId: "list_books'),
    (SPEC, "  /books/{book_id}:", "  /books/{book_id}"),
]


@pytest.mark.parametrize(("path", "old", "new"), BREAKS)
def test_a_keystroke_that_breaks_a_file_moves_nothing_elsewhere(tmp_path: Path, path: str, old: str, new: str) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(path)
            await editor.until(lambda: path in editor.pushed)
            before = await found(editor)
            editor.replace(path, old, new)
            after = await found(editor)
            assert {other: rules for other, rules in after.items() if other != path} == {
                other: rules for other, rules in before.items() if other != path
            }

    drive(session())


def test_a_closed_buffer_gives_way_to_the_file(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(CODE)
            await editor.until(lambda: CODE in editor.pushed)
            editor.replace(CODE, '"/stock"', '"/books/{book_id}"')
            await editor.until(lambda: "route-not-in-spec" not in editor.rules().get(CODE, []))
            editor.close(CODE)
            await editor.until(lambda: "route-not-in-spec" in editor.rules().get(CODE, []))

    drive(session())


def test_a_new_file_counts_before_it_is_saved(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            editor.open("second.yaml", editor.texts[SPEC].replace("{book_id}", "{book_id}/cover"))
            await editor.until(lambda: "operation-not-implemented" in editor.rules().get("second.yaml", []))

    drive(session())


# Pulled


def test_pulled_diagnostics_are_not_pushed_and_say_when_nothing_has_changed(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            provider = editor.result.capabilities.diagnostic_provider
            assert provider.inter_file_dependencies and provider.workspace_diagnostics
            editor.open(SPEC)
            first = await editor.pull(SPEC)
            assert codes(first.items) == ["operation-not-implemented", "reference-unresolved"]
            assert (await editor.pull(SPEC, first.result_id)).kind == "unchanged"
            editor.replace(SPEC, "schemas/Novel", "schemas/Book")
            second = await editor.pull(SPEC, first.result_id)
            assert codes(second.items) == ["operation-not-implemented"]
            assert editor.pushes == []

    drive(session())


def test_the_workspace_is_pulled_with_files_that_nobody_opened(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            params = t.WorkspaceDiagnosticParams(previous_result_ids=[])
            first = (await editor.client.workspace_diagnostic_async(params)).items
            assert {editor.path(one.uri) for one in first} == {SPEC, CODE, MODELS, REVISION}
            known = [t.PreviousResultId(uri=one.uri, value=one.result_id) for one in first]
            second = await editor.client.workspace_diagnostic_async(t.WorkspaceDiagnosticParams(previous_result_ids=known))
            assert {one.kind for one in second.items} == {"unchanged"}

    drive(session())


def test_a_streaming_pull_is_answered_when_there_is_news(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            editor.open(CODE)
            await editor.pull(CODE)

            async def pull(known: list[t.PreviousResultId]) -> Any:
                params = t.WorkspaceDiagnosticParams(previous_result_ids=known, partial_result_token="stream")
                return (await editor.client.workspace_diagnostic_async(params)).items

            known = [t.PreviousResultId(uri=one.uri, value=one.result_id) for one in await pull([])]
            waiting = pull(known)
            editor.replace(CODE, '"/stock"', '"/books/{book_id}"')
            moved = [editor.path(one.uri) for one in await waiting if one.kind == "full"]
            assert sorted(moved) == [CODE, SPEC]

    drive(session())


def test_the_client_is_told_to_pull_again_when_an_edit_moved_other_files(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            editor.open(SPEC)
            editor.open(CODE)
            before = await editor.pull(SPEC)
            await editor.pull(CODE)
            editor.replace(CODE, '"/stock"', '"/books/{book_id}"')
            assert codes((await editor.pull(CODE)).items) != ["route-not-in-spec"]
            await editor.until(lambda: editor.refreshes.get("diagnostics") == 1)
            assert "operation-not-implemented" not in codes((await editor.pull(SPEC, before.result_id)).items)

    drive(session())


# Files and configuration


def test_a_change_on_disk_is_seen_when_the_client_tells(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        async with editing(root, EMACS) as editor:
            await editor.until(lambda: editor.registered)
            (registration,) = editor.registered
            assert registration.method == "workspace/didChangeWatchedFiles"
            await editor.until(lambda: CODE in editor.pushed)
            text = (root / CODE).read_text()
            (root / CODE).write_text(text.replace('"/stock"', '"/books/{book_id}"'))
            editor.touched(CODE)
            await editor.until(lambda: "route-not-in-spec" not in editor.rules().get(CODE, []))
            (root / "app" / "more.py").write_text("from app.main import app\n\n\n@app.get('/more')\ndef more() -> int: ...\n")
            editor.touched("app/more.py", t.FileChangeType.Created)
            (root / CODE).write_text(text + "\nfrom app import more\n")
            editor.touched(CODE)
            await editor.until(lambda: "route-not-in-spec" in editor.rules().get("app/more.py", []))

    drive(session())


def test_where_nobody_watches_a_save_is_enough(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        async with editing(root, NEOVIM) as editor:
            editor.open(SPEC)
            await editor.until(lambda: CODE in editor.pushed)
            text = (root / CODE).read_text()
            (root / CODE).write_text(text.replace('"/stock"', '"/books/{book_id}"'))
            editor.save(SPEC)
            await editor.until(lambda: "route-not-in-spec" not in editor.rules().get(CODE, []))
            assert editor.registered == []

    drive(session())


def test_a_broken_configuration_is_told_once_and_the_last_good_one_stays(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open("specdrift.toml")
            await editor.until(lambda: CODE in editor.pushed)
            editor.texts["specdrift.toml"] = 'ignore = ["route-not-in-spec"]\n'
            editor.save("specdrift.toml")
            await editor.until(lambda: "route-not-in-spec" not in editor.rules().get(CODE, []))
            editor.texts["specdrift.toml"] = 'ignored = ["route-not-in-spec"]\n'
            editor.save("specdrift.toml")
            await editor.until(lambda: editor.messages)
            assert "unknown key `ignored`; did you mean `ignore`?" in editor.messages[0]
            editor.save("specdrift.toml")
            await editor.command("checkWorkspace")
            assert len(editor.messages) == 1
            assert CODE not in editor.rules()

    drive(session())


def test_suppressed_and_baselined_findings_are_not_sent(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        text = (root / CODE).read_text()
        reason = "# specdrift: ignore[route-not-in-spec] -- internal\n"
        (root / CODE).write_text(text.replace('@app.get("/stock")', reason + '@app.get("/stock")'))
        async with editing(root, NEOVIM) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            assert CODE not in editor.rules()

    drive(session())


def test_each_folder_of_a_window_speaks_for_its_own_files(tmp_path: Path) -> None:
    async def session() -> None:
        first, second = shop(tmp_path / "a"), shop(tmp_path / "b")
        async with editing(tmp_path.resolve(), NEOVIM, folders=[first]) as editor:
            await editor.until(lambda: f"a/shop/{CODE}" in editor.pushed)
            added = t.WorkspaceFoldersChangeEvent(added=[t.WorkspaceFolder(uri=second.as_uri(), name="b")], removed=[])
            editor.client.workspace_did_change_workspace_folders(t.DidChangeWorkspaceFoldersParams(event=added))
            await editor.until(lambda: f"b/shop/{CODE}" in editor.pushed)
            gone = t.WorkspaceFoldersChangeEvent(added=[], removed=[t.WorkspaceFolder(uri=first.as_uri(), name="a")])
            editor.client.workspace_did_change_workspace_folders(t.DidChangeWorkspaceFoldersParams(event=gone))
            await editor.until(lambda: not any(path.startswith("a/") for path in editor.rules()))
            assert f"b/shop/{CODE}" in editor.rules()

    drive(session())


def test_a_client_without_folders_gets_the_project_around_its_file(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), ALE, folders=[]) as editor:
            editor.open(CODE)
            await editor.until(lambda: "route-not-in-spec" in editor.rules().get(CODE, []))

    drive(session())

"""Hover, definition, lenses, symbols, code actions and commands, each as its editor asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from tests.lsp.editor import ALE, EMACS, NEOVIM, VSCODE, Editor, drive, editing, write
from tests.lsp.shop import CODE, MODELS, REVISION, SPEC, shop


async def hover(editor: Editor, path: str, text: str) -> str:
    params = t.HoverParams(text_document=editor.identifier(path), position=editor.at(path, text))
    answer = await editor.client.text_document_hover_async(params)
    assert answer is not None
    assert isinstance(answer.contents, t.MarkupContent)
    return answer.contents.value


def test_a_hover_repeats_the_finding_and_names_its_other_end(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            (found,) = [one for one in editor.pushed[SPEC] if one.code == "operation-not-implemented"]
            params = t.HoverParams(text_document=editor.identifier(SPEC), position=found.range.start)
            answer = await editor.client.text_document_hover_async(params)
            assert found.message in answer.contents.value
            assert f"{CODE}:10" in answer.contents.value

    drive(session())


def test_a_hover_leaves_findings_to_an_editor_that_shows_them_itself(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM, {"findingsInHover": False}) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            (found,) = [one for one in editor.pushed[SPEC] if one.code == "operation-not-implemented"]
            params = t.HoverParams(text_document=editor.identifier(SPEC), position=found.range.start)
            assert await editor.client.text_document_hover_async(params) is None

    drive(session())


@pytest.mark.parametrize(("capabilities", "fenced"), [(NEOVIM, True), (EMACS, False)])
def test_a_hover_shows_the_other_end_as_the_client_can(tmp_path: Path, capabilities: dict[str, Any], fenced: bool) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), capabilities) as editor:
            editor.open(SPEC)
            editor.open(CODE)
            route = await hover(editor, CODE, "list_books()")
            assert f"{SPEC}:5" in route and "operationId: list_books" in route
            operation = await hover(editor, SPEC, "get:")
            assert f"{CODE}:14" in operation and "def list_books() -> list[Book]:" in operation
            assert ("```" in route) is fenced

    drive(session())


def test_a_hover_on_a_revision_shows_the_sql_of_both_directions(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(REVISION)
            both = await hover(editor, REVISION, 'revision = "0001"')
            assert "CREATE TABLE books (" in both and "downgrade:\n\n```sql\n-- nothing" in both
            editor.replace(REVISION, "    pass", '    op.drop_table("books")')
            both = await hover(editor, REVISION, 'revision = "0001"')
            assert "DROP TABLE books;" in both
            assert "DROP TABLE books;" not in await hover(editor, REVISION, "def upgrade")

    drive(session())


def test_definition_leads_to_the_other_end(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            for path in (SPEC, CODE, MODELS, REVISION):
                editor.open(path)
            for path, text, target, shown in (
                (SPEC, "get:", CODE, "list_books"),
                (CODE, "list_books()", SPEC, "get"),
                (SPEC, "Book:\n", CODE, "Book"),
                (CODE, "Book(BaseModel)", SPEC, "Book"),
                (MODELS, "title: Mapped", REVISION, 'sa.Column("title"'),
                (MODELS, "class Book", REVISION, "op.create_table("),
                (REVISION, 'sa.Column("title"', MODELS, "title: Mapped"),
            ):
                params = t.DefinitionParams(text_document=editor.identifier(path), position=editor.at(path, text))
                (link,) = await editor.client.text_document_definition_async(params)
                assert editor.path(link.target_uri) == target
                assert editor.shown(target, link.target_selection_range).startswith(shown)

    drive(session())


def test_lenses_lead_to_the_other_end_only_where_the_client_has_a_way(tmp_path: Path) -> None:
    async def session() -> None:
        root = shop(tmp_path)
        ask = t.CodeLensParams(text_document=t.TextDocumentIdentifier(uri=(root / CODE).as_uri()))
        async with editing(root, NEOVIM, {"clientCommands": ["specdrift.showReferences"]}) as editor:
            editor.open(CODE)
            first, second = await editor.client.text_document_code_lens_async(ask)
            assert first.command.command == "specdrift.showReferences"
            uri, _, locations = first.command.arguments
            assert uri == editor.uri(CODE) and len(locations) == 1
            assert (second.command.title, second.command.command) == ("in no spec", "")
            settings = {"specdrift": {"codeLens": False}}
            editor.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=settings))
            assert not await editor.client.text_document_code_lens_async(ask)
        async with editing(root, VSCODE) as editor:
            editor.configuration = {"codeLens": False}
            editor.open(CODE)
            lenses = await editor.client.text_document_code_lens_async(ask)
            assert {lens.command.command for lens in lenses} == {""}
            editor.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings=None))
            await editor.until(lambda: editor.refreshes.get("lenses") == 1)
            assert not await editor.client.text_document_code_lens_async(ask)

    drive(session())


def test_symbols_of_a_document_and_of_the_workspace(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            editor.open(SPEC)
            params = t.DocumentSymbolParams(text_document=editor.identifier(SPEC))
            symbols = await editor.client.text_document_document_symbol_async(params)
            assert [symbol.name for symbol in symbols] == ["GET /books", "GET /books/{book_id}", "Shelf", "Book"]
            found = await editor.client.workspace_symbol_async(t.WorkspaceSymbolParams(query="countstock"))
            assert [(one.name, editor.path(one.location.uri)) for one in found] == [("GET /stock", CODE)]

    drive(session())


# Code actions


async def repair(editor: Editor, path: str, rule: str, kind: str) -> t.CodeAction:
    """List, choose and resolve, as an editor does without a menu."""
    (found,) = [one for one in editor.pushed[path] if one.code == rule]
    actions = [one for one in await editor.actions(path, found.range) if one.data["kind"] == kind]
    assert actions and actions[0].edit is None, [one.title for one in actions]
    return await editor.client.code_action_resolve_async(actions[0])


def apply(editor: Editor, edit: t.WorkspaceEdit) -> None:
    """Write an edit to disk and tell the server, as an editor that applies and saves."""
    for change in edit.document_changes or ():
        if isinstance(change, t.CreateFile):
            assert not Path(change.uri.removeprefix("file://")).exists()
            continue
        assert isinstance(change, t.TextDocumentEdit)
        path = editor.path(change.text_document.uri)
        file = editor.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        for one in sorted(change.edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
            lines = text.split("\n")
            start = sum(len(line) + 1 for line in lines[: one.range.start.line]) + one.range.start.character
            end = sum(len(line) + 1 for line in lines[: one.range.end.line]) + one.range.end.character
            assert isinstance(one, t.TextEdit | t.AnnotatedTextEdit)
            text = text[:start] + one.new_text + text[end:]
        file.write_text(text, encoding="utf-8")
    editor.save(SPEC)


@pytest.mark.parametrize(
    ("path", "rule", "kind"),
    [
        (SPEC, "operation-not-implemented", "implement-endpoint"),
        (MODELS, "model-change-without-migration", "generate-migration"),
        (REVISION, "migration-without-rollback", "add-rollback"),
        (CODE, "route-not-in-spec", "suppress"),
    ],
)
def test_an_action_is_listed_resolved_and_applied(tmp_path: Path, path: str, rule: str, kind: str) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(SPEC)
            await editor.until(lambda: SPEC in editor.pushed)
            action = await repair(editor, path, rule, kind)
            apply(editor, action.edit)
            await editor.until(lambda: rule not in editor.rules().get(path, []))

    drive(session())


def test_a_client_that_cannot_resolve_gets_plain_edits_at_once(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), ALE) as editor:
            await editor.until(lambda: REVISION in editor.pushed)
            (found,) = editor.pushed[REVISION]
            actions = await editor.actions(REVISION, found.range)
            assert actions
            for action in actions:
                assert action.edit.document_changes is None
                assert list(action.edit.changes) == [editor.uri(REVISION)]

    drive(session())


def test_an_action_with_its_edit_is_given_back_as_it_is(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            action = t.CodeAction(title="Mine", edit=t.WorkspaceEdit(changes={}))
            assert (await editor.client.code_action_resolve_async(action)).edit == action.edit

    drive(session())


def test_other_kinds_of_action_are_not_offered(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            await editor.until(lambda: REVISION in editor.pushed)
            (found,) = editor.pushed[REVISION]
            assert not await editor.actions(REVISION, found.range, ["source.organizeImports"])
            assert await editor.actions(REVISION, found.range, ["quickfix"])

    drive(session())


def test_an_action_of_yesterday_is_refused(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), NEOVIM) as editor:
            editor.open(REVISION)
            await editor.until(lambda: REVISION in editor.pushed)
            (found,) = editor.pushed[REVISION]
            action = (await editor.actions(REVISION, found.range))[0]
            editor.replace(REVISION, "Create the table", "Make the table")
            with pytest.raises(JsonRpcException) as refused:
                await editor.client.code_action_resolve_async(action)
            assert refused.value.code == t.LSPErrorCodes.ContentModified

    drive(session())


# Commands


HIDING = """
import json
from fastapi import FastAPI

app = FastAPI()

for name in json.loads('["books"]'):
    @app.get("/" + name)
    def read_it() -> int: ...
"""


def test_what_could_not_be_read_is_listed_on_demand(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, {"app.py": HIDING}), VSCODE) as editor:
            (unknown,) = await editor.command("listUnknowns")
            assert editor.path(unknown["uri"]) == "app.py" and unknown["range"]["start"]["line"] == 6
            assert await editor.command("listUnknowns", unknown["uri"]) == [unknown]
            assert await editor.command("listUnknowns", editor.uri("other.py")) == []

    drive(session())


def test_a_trusted_project_is_asked_and_fills_the_unknown(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(write(tmp_path, {"app.py": HIDING, "pyproject.toml": ""}), VSCODE, {"trusted": True}) as editor:
            assert len(await editor.command("listUnknowns")) == 1
            assert await editor.command("askProject") == {"failures": []}
            spec = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /books: {get: {responses: {'200': {description: D}}}}\n"
            (tmp_path / "openapi.yaml").write_text(spec)
            report = await editor.command("checkWorkspace")
            assert report["summary"]["error"] == 0, "the route that only the running project shows keeps the promise"

    drive(session())


def test_a_project_that_nobody_trusts_is_not_asked(tmp_path: Path) -> None:
    async def session() -> None:
        harm = HIDING + "open('ran.txt', 'w')\n"
        async with editing(write(tmp_path, {"app.py": harm}), VSCODE) as editor:
            with pytest.raises(JsonRpcException, match="not trusted"):
                await editor.command("askProject")
            assert not (tmp_path / "ran.txt").exists()

    drive(session())


def test_the_commands_of_the_contract(tmp_path: Path) -> None:
    async def session() -> None:
        async with editing(shop(tmp_path), VSCODE) as editor:
            offered = editor.result.capabilities.execute_command_provider.commands
            names = ("listRules", "explainRule", "checkWorkspace", "listUnknowns", "askProject", "answer", "applyMigration", "runAgent")
            assert set(offered) == {f"specdrift.server.{name}" for name in names}
            rules = {rule["name"]: rule["summary"] for rule in await editor.command("listRules")}
            assert "\n" not in rules["operation-not-implemented"]
            page = await editor.command("explainRule", "operation-not-implemented")
            assert page["markdown"].startswith("# operation-not-implemented\n")
            with pytest.raises(JsonRpcException, match="did you mean `operation-not-implemented`"):
                await editor.command("explainRule", "operation-not-implementd")
            report = await editor.command("checkWorkspace")
            assert report["summary"]["error"] == sum(
                item["severity"] == 1 for document in report["documents"] for item in document["diagnostics"]
            )
            assert {editor.path(document["uri"]) for document in report["documents"]} == {SPEC, CODE, MODELS, REVISION}

    drive(session())

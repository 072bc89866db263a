"""A real client for the tests: starts `python -m lsp_server`, speaks the protocol, waits for conditions, never for time.

What each editor can do is the part of its own `initialize` request that our answers depend on.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any, Union

from lsprotocol import converters
from lsprotocol import types as t
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 40.0  # seconds for one condition: generous, because a wait ends as soon as the condition holds

VSCODE: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True, "resourceOperations": ["create", "rename", "delete"],
            "changeAnnotationSupport": {"groupsOnLabel": True},
        },
        "diagnostics": {"refreshSupport": True}, "codeLens": {"refreshSupport": True}, "configuration": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True}, "workspaceFolders": True,
    },
    "textDocument": {
        "diagnostic": {"dynamicRegistration": True}, "publishDiagnostics": {"relatedInformation": True},
        "codeAction": {"resolveSupport": {"properties": ["edit"]}, "dataSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]}, "definition": {"linkSupport": True},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
    },
}  # fmt: skip
NEOVIM: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
    "window": {"workDoneProgress": True},
    "workspace": {"applyEdit": True, "workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]}, "configuration": True},
    "textDocument": {
        "diagnostic": {"dynamicRegistration": False}, "publishDiagnostics": {"relatedInformation": True},
        "codeAction": {"resolveSupport": {"properties": ["edit", "command"]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]}, "definition": {"linkSupport": True},
    },
}  # fmt: skip
EMACS: dict[str, Any] = {
    "workspace": {"workspaceEdit": {"documentChanges": True}, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    "textDocument": {"hover": {"contentFormat": ["plaintext"]}, "definition": {"linkSupport": True}},
}
ALE: dict[str, Any] = {"textDocument": {"publishDiagnostics": {"relatedInformation": True}}}


class Editor:
    """One client with one server. `pushed` holds the last pushed diagnostics by workspace path."""

    def __init__(self, root: Path, capabilities: dict[str, Any]) -> None:
        self.root = root
        self.client = LanguageClient("test", "1", converter_factory=_converter)
        self.capabilities = converters.get_converter().structure(capabilities, t.ClientCapabilities)
        self.pushed: dict[str, tuple[t.Diagnostic, ...]] = {}
        self.pushes: list[tuple[str, int | None]] = []
        self.registered: list[t.Registration] = []
        self.progress: list[Any] = []
        self.messages: list[str] = []
        self.logged: list[str] = []
        self.refreshes: dict[str, int] = {}
        self.applied: list[t.WorkspaceEdit] = []  # edits that the server sent by itself
        self.configuration: Any = None
        self.questions: list[str] = []  # that the person was asked
        self.answer: str | None = None  # what the person answers
        self.documents: list[str] = []  # URIs that the server asked to show
        self.result: t.InitializeResult
        self._versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self._news = asyncio.Condition()
        self._listen()

    def _listen(self) -> None:
        client = self.client

        def heard(note: Callable[[Any], Any]) -> Callable[[Any], Any]:
            async def handler(params: Any) -> Any:
                answer = note(params)
                async with self._news:
                    self._news.notify_all()
                return answer

            return handler

        def count(name: str) -> Callable[[Any], None]:
            return lambda _: self.refreshes.update({name: self.refreshes.get(name, 0) + 1})

        def publish(params: t.PublishDiagnosticsParams) -> None:
            path = self.path(params.uri)
            self.pushed[path] = tuple(params.diagnostics)
            self.pushes.append((path, params.version))

        def ask(params: t.ShowMessageRequestParams) -> t.MessageActionItem | None:
            self.questions.append(params.message)
            return next((action for action in params.actions or () if action.title == self.answer), None)

        def show(params: t.ShowDocumentParams) -> t.ShowDocumentResult:
            self.documents.append(params.uri)
            return t.ShowDocumentResult(success=True)

        client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(heard(publish))
        client.feature(t.CLIENT_REGISTER_CAPABILITY)(heard(lambda params: self.registered.extend(params.registrations)))
        client.feature(t.WINDOW_WORK_DONE_PROGRESS_CREATE)(heard(lambda params: None))
        client.feature(t.PROGRESS)(heard(lambda params: self.progress.append(params.value)))
        client.feature(t.WINDOW_SHOW_MESSAGE)(heard(lambda params: self.messages.append(params.message)))
        client.feature(t.WINDOW_SHOW_MESSAGE_REQUEST)(heard(ask))
        client.feature(t.WINDOW_SHOW_DOCUMENT)(heard(show))
        client.feature(t.WINDOW_LOG_MESSAGE)(heard(lambda params: self.logged.append(params.message)))
        client.feature(t.WORKSPACE_DIAGNOSTIC_REFRESH)(heard(count("diagnostics")))
        client.feature(t.WORKSPACE_CODE_LENS_REFRESH)(heard(count("lenses")))
        def apply(params: t.ApplyWorkspaceEditParams) -> t.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            return t.ApplyWorkspaceEditResult(applied=True)

        client.feature(t.WORKSPACE_APPLY_EDIT)(heard(apply))
        client.feature(t.WORKSPACE_CONFIGURATION)(heard(lambda params: [self.configuration for _ in params.items]))

    async def initialize(self, options: Any = None, folders: Iterable[Path] | None = None) -> None:
        named = [t.WorkspaceFolder(uri=folder.as_uri(), name=folder.name) for folder in folders or ()]
        self.result = await self.client.initialize_async(
            t.InitializeParams(
                capabilities=self.capabilities,
                root_uri=None if folders is not None else self.root.as_uri(),
                workspace_folders=named or None,
                initialization_options=options,
            )
        )
        self.client.initialized(t.InitializedParams())

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something that the server sent makes the condition true."""

        async def wait() -> Any:
            async with self._news:
                await self._news.wait_for(condition)
                return condition()

        try:
            return await asyncio.wait_for(wait(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"waited in vain; pushed: {self.rules()}, said: {self.messages}, {self.logged}") from None

    # Documents

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def path(self, uri: str) -> str:
        return uri.removeprefix(self.root.as_uri() + "/")

    def identifier(self, path: str) -> t.TextDocumentIdentifier:
        return t.TextDocumentIdentifier(uri=self.uri(path))

    def open(self, path: str, text: str | None = None) -> None:
        self.texts[path] = (self.root / path).read_text(encoding="utf-8") if text is None else text
        self._versions[path] = 1
        item = t.TextDocumentItem(uri=self.uri(path), language_id="any", version=1, text=self.texts[path])
        self.client.text_document_did_open(t.DidOpenTextDocumentParams(text_document=item))

    def close(self, path: str) -> None:
        self.client.text_document_did_close(t.DidCloseTextDocumentParams(text_document=self.identifier(path)))

    def save(self, path: str) -> None:
        (self.root / path).write_text(self.texts[path], encoding="utf-8")
        self.client.text_document_did_save(t.DidSaveTextDocumentParams(text_document=self.identifier(path)))

    def replace(self, path: str, old: str, new: str) -> None:
        """An incremental edit of an open document, in the negotiated encoding."""
        text = self.texts[path]
        start = text.index(old)
        range_ = t.Range(start=self.position(text, start), end=self.position(text, start + len(old)))
        self.texts[path] = text[:start] + new + text[start + len(old) :]
        self.change(path, [t.TextDocumentContentChangePartial(range=range_, text=new)])

    def change(self, path: str, changes: list[Any]) -> None:
        self._versions[path] += 1
        document = t.VersionedTextDocumentIdentifier(uri=self.uri(path), version=self._versions[path])
        self.client.text_document_did_change(
            t.DidChangeTextDocumentParams(text_document=document, content_changes=changes)
        )

    def touched(self, path: str, sort: t.FileChangeType = t.FileChangeType.Changed) -> None:
        event = t.FileEvent(uri=self.uri(path), type=sort)
        self.client.workspace_did_change_watched_files(t.DidChangeWatchedFilesParams(changes=[event]))

    def position(self, text: str, offset: int) -> t.Position:
        """An independent count of the position, in the encoding the server chose."""
        before = re.split(r"\r\n|\n|\r", text[:offset])
        return t.Position(line=len(before) - 1, character=self.units(before[-1]))

    def units(self, text: str) -> int:
        encoding = self.result.capabilities.position_encoding
        if encoding == "utf-8":
            return len(text.encode())
        return len(text) if encoding == "utf-32" else len(text.encode("utf-16-le")) // 2

    def at(self, path: str, text: str) -> t.Position:
        return self.position(self.texts[path], self.texts[path].index(text))

    def shown(self, path: str, range_: t.Range) -> str:
        """The characters of an open document that a range covers, by an independent count."""
        text = self.texts[path]
        ends = []
        for position in (range_.start, range_.end):
            line = "".join(re.findall(r"[^\r\n]*(?:\r\n|\n|\r|$)", text)[: position.line])
            rest = text[len(line) :]
            column = next(n for n in range(len(rest) + 1) if self.units(rest[:n]) >= position.character)
            ends.append(len(line) + column)
        return text[ends[0] : ends[1]]

    # Answers

    def rules(self) -> dict[str, list[str]]:
        return {path: sorted(str(one.code) for one in found) for path, found in self.pushed.items() if found}

    async def pull(self, path: str, previous: str | None = None) -> Any:
        """The document's report; a refusal that asks to try again is tried again, as editors do."""
        params = t.DocumentDiagnosticParams(text_document=self.identifier(path), previous_result_id=previous)

        async def ask() -> Any:
            while True:
                try:
                    return await self.client.text_document_diagnostic_async(params)
                except Exception as error:
                    if not (getattr(error, "data", None) and _again(error.data)):  # type: ignore[attr-defined]
                        raise

        return await asyncio.wait_for(ask(), PATIENCE)

    async def actions(self, path: str, range_: t.Range, only: list[str] | None = None) -> list[t.CodeAction]:
        context = t.CodeActionContext(diagnostics=[], only=only)
        params = t.CodeActionParams(text_document=self.identifier(path), range=range_, context=context)
        return list(await self.client.text_document_code_action_async(params) or [])

    async def command(self, name: str, *arguments: Any) -> Any:
        return await self.client.workspace_execute_command_async(
            t.ExecuteCommandParams(command=f"specdrift.server.{name}", arguments=list(arguments))
        )

    def settings(self, **values: Any) -> None:
        """The person changes the settings."""
        self.configuration = values
        self.client.workspace_did_change_configuration(t.DidChangeConfigurationParams(settings={"specdrift": values}))

    async def leave(self) -> None:
        await asyncio.wait_for(self.client.shutdown_async(None), PATIENCE)
        self.client.exit(None)


def _converter() -> Any:
    """The library's, which takes a code action that has a command for the command itself."""
    converter = default_converter()
    action = t.Command | t.CodeAction

    def structure(given: Any, _: Any) -> Any:
        return converter.structure(given, t.Command if isinstance(given.get("command"), str) else t.CodeAction)

    for form in (action, Union[t.Command, t.CodeAction]):  # noqa: UP007 - the hooks are found by the very type
        converter.register_structure_hook(form, structure)
    return converter


def _again(data: Any) -> bool:
    return bool(data.get("retriggerRequest") if isinstance(data, dict) else getattr(data, "retriggerRequest", False))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "lsp_server", *arguments]


def environment(root: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY), "SPECDRIFT_CACHE": str(root.parent / "cache"), "SPECDRIFT_JOURNAL": f"sqlite:///{root.parent / 'journal.sqlite'}"}


@asynccontextmanager
async def editing(root: Path, capabilities: dict[str, Any], options: Any = None, folders: Any = None) -> Any:
    """An editor with a server on stdio; leaves as an editor does, and the server must then end with 0."""
    editor = Editor(root, capabilities)
    program, *arguments = command()
    await editor.client.start_io(program, *arguments, cwd=str(root), env=environment(root))
    server: Any = editor.client._server
    try:
        await asyncio.wait_for(editor.initialize(options, folders), PATIENCE)
        yield editor
        await editor.leave()
        await asyncio.wait_for(server.wait(), PATIENCE)
        assert server.returncode == 0, (await server.stderr.read()).decode()
    finally:
        if server.returncode is None:
            server.kill()
        await editor.client.stop()


def drive(scenario: Awaitable[None]) -> None:
    async def run() -> None:
        await scenario

    asyncio.run(run())


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(dedent(text).lstrip("\n").encode())
    return root


Scenario = Callable[..., Coroutine[Any, Any, None]]

"""From `initialize` to `exit`: what the client can do, which folders there are, and how everything ends."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.lsp import development, watching
from lsp_server.lsp.client import client_of
from lsp_server.lsp.convert import Places, path_of
from lsp_server.lsp.diagnostics import deliver, pull_document, pull_workspace, withdraw
from lsp_server.lsp.progress import Progress
from lsp_server.lsp.protocol import Server
from lsp_server.lsp.session import Events, Session

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked

MARKERS = ("specdrift.toml", ".git", "pyproject.toml", "alembic.ini")  # of a folder that is a project


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Runs before the capabilities are put together, so what is registered here is announced."""
    ls.client = client_of(params)
    ls.places = Places(ls.workspace.position_encoding or "utf-16")
    if ls.client.pulls:
        options = types.DiagnosticOptions(
            identifier="specdrift", inter_file_dependencies=True, workspace_diagnostics=True
        )
        ls.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(pull_document)
        ls.feature(types.WORKSPACE_DIAGNOSTIC)(pull_workspace)
    roots = _roots(params)
    ls.rootless = not roots
    for uri in roots:
        add_folder(ls, uri)


def initialized(ls: Server, params: types.InitializedParams) -> None:
    ls.later(watching.register(ls))
    for session in ls.sessions:
        session.revise()
    ls.ready = True


def shutdown(ls: Server, params: None) -> None:
    ls.was_shut_down = True
    for session in ls.sessions:
        session.end()


def exit_(ls: Server, params: None) -> None:
    ls.asked_to_exit = True


def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    for folder in params.event.removed:
        root = path_of(folder.uri)
        session = ls.sessions.remove(root) if root is not None else None
        if session is not None:
            withdraw(ls, session)
    for folder in params.event.added:
        add_folder(ls, folder.uri)


def add_folder(ls: Server, uri: str) -> Session | None:
    root = path_of(uri)
    if root is None or root in ls.sessions.all:
        return None
    session = Session(root, ls.analysis_thread, _events(ls))
    session.person = ls.person
    ls.sessions.add(session)
    if ls.ready:
        session.revise()
    return session


def adopt(ls: Server, uri: str) -> tuple[Session, str] | None:
    """For a client without folders: the project around a file that it opens."""
    file = path_of(uri)
    if file is None or not ls.rootless:
        return None
    root = next((folder for folder in file.parents if any((folder / name).exists() for name in MARKERS)), file.parent)
    add_folder(ls, root.as_uri())
    return ls.sessions.find(uri)


def _roots(params: types.InitializeParams) -> list[str]:
    if params.workspace_folders:
        return [folder.uri for folder in params.workspace_folders]
    if params.root_uri:
        return [params.root_uri]
    return [Path(params.root_path).as_uri()] if params.root_path else []


def _events(ls: Server) -> Events:
    def checked(session: Session, found: Checked) -> None:
        for failed in found.report.failed_rules:
            ls.log_once(f"the rule {failed.rule} failed: {failed.error}\n{failed.trace}")
        if found.trouble is not None:
            ls.say_once(f"Specdrift keeps its last configuration: {found.trouble}")
        deliver(ls, session, found)
        development.watch(ls, session, found)

    def begun(session: Session) -> Progress:
        return Progress(ls, f"Reading {session.root.name}", session.stop)

    def failed(error: Exception) -> None:
        trace = "".join(traceback.format_exception(error))
        ls.log_once(f"the check failed: {type(error).__name__}: {error}\n{trace}")

    return Events(checked, failed, begun)

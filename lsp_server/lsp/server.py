"""The Language Server Protocol, one line per method; and how a server is started."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.lsp import (
    code_actions,
    code_lens,
    definition,
    hover,
    lifecycle,
    settings,
    symbols,
    synchronization,
    transports,
    watching,
)
from lsp_server.lsp.commands import COMMANDS
from lsp_server.lsp.protocol import Server, quiet_logging

_ACTIONS = types.CodeActionOptions(code_action_kinds=list(code_actions.KINDS), resolve_provider=True)

FEATURES = (
    (types.INITIALIZE, lifecycle.initialize, None),
    (types.INITIALIZED, lifecycle.initialized, None),
    (types.SHUTDOWN, lifecycle.shutdown, None),
    (types.EXIT, lifecycle.exit_, None),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, lifecycle.did_change_workspace_folders, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings.did_change_configuration, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watching.did_change_watched_files, None),
    (types.TEXT_DOCUMENT_DID_OPEN, synchronization.did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, synchronization.did_change, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, synchronization.did_close, None),
    (types.TEXT_DOCUMENT_DID_SAVE, synchronization.did_save, None),
    (types.TEXT_DOCUMENT_CODE_ACTION, code_actions.list_actions, _ACTIONS),
    (types.CODE_ACTION_RESOLVE, code_actions.resolve, None),
    (types.TEXT_DOCUMENT_HOVER, hover.hover, None),
    (types.TEXT_DOCUMENT_DEFINITION, definition.definition, None),
    (types.TEXT_DOCUMENT_CODE_LENS, code_lens.code_lens, None),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, symbols.document_symbols, None),
    (types.WORKSPACE_SYMBOL, symbols.workspace_symbols, None),
)


def build() -> Server:
    server = Server()
    for method, handler, options in FEATURES:
        server.feature(method, options)(handler)
    for name, command in COMMANDS.items():
        server.command(name)(command)
    return server


def serve(tcp: str | None = None, websocket: str | None = None) -> int:
    """Serve one client until it leaves, on stdio unless an address (HOST:PORT) is given. Raises ConfigError.

    0, or 1 for a client that demanded the end without `shutdown`.
    """
    quiet_logging()
    server = build()
    try:
        if tcp is not None:
            transports.serve_socket(server, *transports.address(tcp))
        elif websocket is not None:
            transports.serve_websocket(server, *transports.address(websocket))
        else:
            server.start_io()
    finally:
        server.analysis_thread.close()
    return 1 if server.asked_to_exit and not server.was_shut_down else 0

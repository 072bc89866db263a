"""Files that change outside the editor: which ones we want to hear of, and what we do then."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.document import suffixes
from lsp_server.lsp.inputs import CONFIGURATIONS
from lsp_server.lsp.protocol import Server


async def register(ls: Server) -> None:
    if ls.client.watches_files:
        pattern = f"**/*.{{{','.join(suffixes())}}}"
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers=[types.FileSystemWatcher(glob_pattern=pattern)])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration(id="specdrift.files", method=method, register_options=options)
        await ls.client_register_capability_async(types.RegistrationParams(registrations=[registration]))


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    for event in params.changes:
        found = ls.sessions.find(event.uri)
        if found is not None:
            session, path = found
            configure = path.rpartition("/")[2] in CONFIGURATIONS
            session.touch(path, relist=event.type is not types.FileChangeType.Changed, configure=configure)

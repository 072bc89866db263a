"""The client's settings, section `specdrift`: how the server shows things. What is checked is the project's to say."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from lsp_server.lsp.client import plain
from lsp_server.lsp.protocol import Server

SECTION = "specdrift"


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    section = plain(params.settings).get(SECTION)
    if section is None and ls.client.configuration:
        wanted = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
        section = next(iter(await ls.workspace_configuration_async(wanted) or ()), None)
    use(ls, section)


def use(ls: Server, section: Any) -> None:
    lenses = plain(section).get("codeLens", True) is not False
    if lenses != ls.code_lenses:
        ls.code_lenses = lenses
        if ls.client.lens_refresh:
            ls.later(ls.workspace_code_lens_refresh_async(None))

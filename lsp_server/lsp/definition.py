"""Go to definition: from one end of a contract to the other."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.lsp.diagnostics import place
from lsp_server.lsp.protocol import Server


async def definition(
    ls: Server, params: types.DefinitionParams
) -> list[types.LocationLink] | list[types.Location] | None:
    found = ls.sessions.find(params.text_document.uri)
    if found is None:
        return None
    session, path = found
    checked, outline = await session.outline()
    document = checked.document(path)
    if document is None:
        return None
    entries = outline.at(path, checked.inward(path, ls.places.offset(document, params.position)))
    if not ls.client.links:
        return [place(ls, session, checked, other.name) for entry in entries for other in entry.others] or None
    links = []
    for entry in entries:
        origin = ls.places.range(document, checked.outward(entry.name))
        for other in entry.others:
            whole, name = place(ls, session, checked, other.whole), place(ls, session, checked, other.name)
            links.append(
                types.LocationLink(
                    target_uri=name.uri,
                    target_range=whole.range if whole.uri == name.uri else name.range,
                    target_selection_range=name.range,
                    origin_selection_range=origin,
                )
            )
    return links or None

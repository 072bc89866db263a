"""Code lenses on operations and routes: what stands at the other end, and the way there where the client has one."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.lsp.diagnostics import place
from lsp_server.lsp.hover import where
from lsp_server.lsp.protocol import Server
from lsp_server.outline import Sort

SHOW_REFERENCES = "specdrift.showReferences"
_SORTS = (Sort.OPERATION, Sort.ROUTE)


async def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    found = ls.sessions.find(params.text_document.uri)
    if found is None or not ls.code_lenses:
        return []
    session, path = found
    checked, outline = await session.outline()
    lenses = []
    for entry in outline.by_path.get(path, ()):
        if entry.sort not in _SORTS:
            continue
        here = place(ls, session, checked, entry.name)
        if entry.others:
            title = ", ".join(f"{other.detail or other.title} ({where(checked, other.name)})" for other in entry.others)
        else:
            title = "no route found" if entry.sort is Sort.OPERATION else "in no spec"
        command = types.Command(title=title, command="")
        if entry.others and SHOW_REFERENCES in ls.client.commands:
            others = [place(ls, session, checked, other.name) for other in entry.others]
            arguments = [session.uri(path), here.range.start, others]
            command = types.Command(title=title, command=SHOW_REFERENCES, arguments=arguments)
        lenses.append(types.CodeLens(range=here.range, command=command))
    return lenses

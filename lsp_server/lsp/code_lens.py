"""Code lenses on operations and routes: what stands at the other end, and the way there where the client has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.lsp.development import APPLY
from lsp_server.lsp.diagnostics import place
from lsp_server.lsp.hover import where
from lsp_server.lsp.protocol import Server
from lsp_server.lsp.session import Session
from lsp_server.outline import Entry, Sort

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked

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
        if entry.sort is Sort.REVISION:
            lenses += _application(ls, session, checked, entry)
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


def _application(ls: Server, session: Session, checked: Checked, entry: Entry) -> list[types.CodeLens]:
    """At a revision that the development database has not got: the way to apply it."""
    standing = checked.snapshot.standing
    if standing is None or not ls.client.trusted:
        return []
    from lsp_server.database.standing import belongs, pending

    for replay in checked.snapshot.histories:
        for revision in replay.history.revisions:
            if revision.location == entry.whole and (belongs(standing, replay.history) or standing.revisions in (None, ())):
                waiting = pending(standing, replay.history, revision.id)
                if waiting and waiting[-1].id == revision.id:
                    more = f" (with {len(waiting) - 1} before it)" if len(waiting) > 1 else ""
                    command = types.Command(title=f"apply to {standing.title}{more}", command=APPLY, arguments=[session.uri(revision.path)])
                    return [types.CodeLens(range=place(ls, session, checked, entry.name).range, command=command)]
    return []

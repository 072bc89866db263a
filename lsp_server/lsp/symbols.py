"""Symbols of a document and of the workspace: operations, routes, schemas, tables and revisions by name."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.lsp.diagnostics import place
from lsp_server.lsp.protocol import Server
from lsp_server.outline import Entry, Sort

_MOST = 500  # answers to one search
_KINDS = {
    Sort.OPERATION: types.SymbolKind.Interface, Sort.ROUTE: types.SymbolKind.Function, Sort.SCHEMA: types.SymbolKind.Struct,
    Sort.MODEL: types.SymbolKind.Class, Sort.TABLE: types.SymbolKind.Class, Sort.COLUMN: types.SymbolKind.Field,
    Sort.STEP: types.SymbolKind.Operator, Sort.REVISION: types.SymbolKind.Event,
}  # fmt: skip


async def document_symbols(
    ls: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    found = ls.sessions.find(params.text_document.uri)
    if found is None:
        return []
    session, path = found
    checked, outline = await session.outline()
    entries = [entry for entry in outline.by_path.get(path, ()) if entry.name.path == path]
    if not ls.client.symbol_tree:
        return [
            types.SymbolInformation(
                location=place(ls, session, checked, entry.whole), name=entry.title, kind=_KINDS[entry.sort]
            )
            for entry in entries
        ]
    symbols = []
    for entry in entries:
        whole, name = checked.outward(entry.whole), checked.outward(entry.name)
        if not whole.covers(name):
            whole = name  # The protocol wants the name inside.
        document = checked.document(path) or checked.snapshot.documents[path]
        symbols.append(
            types.DocumentSymbol(
                name=entry.title,
                kind=_KINDS[entry.sort],
                range=ls.places.range(document, whole),
                selection_range=ls.places.range(document, name),
                detail=entry.detail or None,
            )
        )
    return symbols


async def workspace_symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    symbols: list[types.SymbolInformation] = []
    for session in ls.sessions:
        checked, outline = await session.outline()
        for entries in outline.by_path.values():
            for entry in entries:
                if len(symbols) < _MOST and _fits(entry, params.query) and ls.sessions.owns(session, entry.name.path):
                    location = place(ls, session, checked, entry.name)
                    container = f"{entry.sort.value} {entry.detail}".strip()
                    symbols.append(
                        types.SymbolInformation(
                            location=location, name=entry.title, kind=_KINDS[entry.sort], container_name=container
                        )
                    )
    return symbols


def _fits(entry: Entry, query: str) -> bool:
    """All letters of the query in this order, as editors search; case does not count."""
    letters = iter(f"{entry.title} {entry.detail}".lower())
    return all(letter in letters for letter in query.lower() if not letter.isspace())

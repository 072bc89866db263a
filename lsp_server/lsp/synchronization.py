"""Open documents: what the editor shows goes before what is on disk."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.document import Document
from lsp_server.lsp.inputs import CONFIGURATIONS
from lsp_server.lsp.lifecycle import adopt
from lsp_server.lsp.protocol import Server


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    opened = params.text_document
    found = ls.sessions.find(opened.uri) or adopt(ls, opened.uri)
    if found is not None:
        session, path = found
        session.open(path, opened.uri, opened.text, opened.version)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    found = ls.sessions.find(params.text_document.uri)
    if found is not None:
        session, path = found
        session.edit(path, lambda document: edited(ls, document, params))


def edited(ls: Server, document: Document, params: types.DidChangeTextDocumentParams) -> Document:
    """The document after the changes, each in the places of the one before."""
    version = params.text_document.version
    for change in params.content_changes:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            document = Document(document.path, change.text, version)
        else:
            document = document.edited(ls.places.span(document, change.range), change.text, version)
    return document


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    found = ls.sessions.find(params.text_document.uri)
    if found is not None:
        session, path = found
        session.close(path)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """The file on disk is new. Where nobody watches files for us, others may have changed with it."""
    found = ls.sessions.find(params.text_document.uri)
    if found is not None:
        session, path = found
        configure = path.rpartition("/")[2] in CONFIGURATIONS
        if configure or not ls.client.watches_files:
            session.touch(path, relist=not ls.client.watches_files, configure=configure)

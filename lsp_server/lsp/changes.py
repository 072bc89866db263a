"""A verified change as a workspace edit, in the richest form that the client understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.findings import Applicability, Fix
from lsp_server.lsp.protocol import ContentModified, RequestFailed, Server
from lsp_server.lsp.session import Session
from lsp_server.text import Change

if TYPE_CHECKING:
    from lsp_server.lsp.analysis import Checked

_REVIEW = "specdrift.review"
_START = types.Range(start=types.Position(line=0, character=0), end=types.Position(line=0, character=0))


def workspace_edit(ls: Server, session: Session, checked: Checked, change: Change, fix: Fix) -> types.WorkspaceEdit:
    """Raises ContentModified if an edited document is no longer the one that was checked, RequestFailed if it is broken."""
    edits: dict[str, list[types.TextEdit]] = {}
    for edit in change.edits:
        if edit.path in checked.drafts:
            raise RequestFailed(f"{edit.path} has a syntax error: correct it first")
        document = checked.snapshot.documents[edit.path]
        buffer = session.buffers.get(edit.path)
        if buffer is not None and buffer.document.digest != document.digest:
            raise ContentModified(f"{edit.path} has changed meanwhile")
        range_ = ls.places.range(document, edit.span)
        edits.setdefault(edit.path, []).append(types.TextEdit(range=range_, new_text=edit.text))
    created = {path: [types.TextEdit(range=_START, new_text=text)] for path, text in change.new_files.items()}
    if not ls.client.document_changes:
        return types.WorkspaceEdit(changes={session.uri(path): texts for path, texts in {**edits, **created}.items()})
    review = ls.client.annotations and fix.applicability is not Applicability.SAFE
    annotation = _REVIEW if review else None
    operations: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    for path, texts in {**created, **edits}.items():
        if path in created and ls.client.creates_files:
            operations.append(types.CreateFile(uri=session.uri(path), annotation_id=annotation))
        operations.append(_text_edit(session, path, texts, annotation))
    annotations = None
    if annotation is not None:
        told = types.ChangeAnnotation(label=change.label, needs_confirmation=True, description=fix.title)
        annotations = {annotation: told}
    return types.WorkspaceEdit(document_changes=operations, change_annotations=annotations)


def _text_edit(session: Session, path: str, texts: list[types.TextEdit], annotation: str | None) -> types.TextDocumentEdit:
    buffer = session.buffers.get(path)
    version = buffer.document.version if buffer is not None else None
    marked: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
        text if annotation is None
        else types.AnnotatedTextEdit(annotation_id=annotation, range=text.range, new_text=text.new_text)
        for text in texts
    ]  # fmt: skip
    document = types.OptionalVersionedTextDocumentIdentifier(uri=session.uri(path), version=version)
    return types.TextDocumentEdit(text_document=document, edits=marked)

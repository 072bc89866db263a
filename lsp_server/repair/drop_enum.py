"""*Drop the type*: the enumeration that a `downgrade()` leaves behind, dropped at its end.

Only a function whose statements stand on lines of their own is extended; what is there stays as it is.
"""

from __future__ import annotations

from lsp_server.database.model import EnumType, Revision
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.document import Document
from lsp_server.findings import Direction, Fix
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, Edit, Span, newline_of

KIND = "drop-enum"


def drop_enum(replay: HistoryReplay, step: RevisionReplay, name: str) -> tuple[Fix, ...]:
    """A fix where the type is known that the upgrade leaves."""
    enum = next((each for each in step.after.enums.values() if each.name == name), None)
    if enum is None or step.revision.downgrade_body is None:
        return ()
    identifier, history = step.revision.id, replay.history

    def build(snapshot: Snapshot) -> Change | None:
        current = snapshot.replay_of(history)
        found = current.revision(identifier) if current is not None else None
        document = snapshot.document(found.revision.path) if found is not None else None
        return None if found is None or document is None else _change(document, found.revision, enum)

    return (Fix(f"Drop the type {name}", KIND, build, direction=Direction.MIGRATION, preferred=True),)


def _change(document: Document, revision: Revision, enum: EnumType) -> Change | None:
    from lsp_server.database.migration.layout import string
    from lsp_server.database.migration.rollback import import_edits

    body = revision.downgrade_body
    if body is None or enum.name is None:
        return None
    text = document.text
    indent = text[document.lines.starts[document.lines.position(body.span.start).line] : body.span.start]
    if indent.strip() or not indent:
        return None
    quote = "'" if text.count("'") > text.count('"') - 3 * text.count('"""') else '"'
    schema = f", schema={string(enum.schema, quote)}" if enum.schema else ""
    line = f"sa.Enum(name={string(enum.name, quote)}{schema}).drop(op.get_bind(), checkfirst=True)"
    end = document.lines.line_span(text, document.lines.position(body.span.end).line).end
    if text[body.span.end : end].strip() and not text[body.span.end : end].lstrip().startswith("#"):
        return None
    end = body.span.end + len(text[body.span.end : end].rstrip())
    edits = (Edit(document.path, Span(end, end), f"{newline_of(text)}{indent}{line}"), *import_edits(text, document.path, set()))
    return Change(f"Drop the type {enum.name}", edits, bases={document.path: document.digest})

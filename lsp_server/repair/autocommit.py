"""*Run it outside of a transaction*: an operation put into `with op.get_context().autocommit_block():`."""

from __future__ import annotations

from lsp_server.findings import Direction, Fix
from lsp_server.repair.revision_text import dedented, outside_transaction, replaced, statement_at
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, Location

KIND = "autocommit"
TITLE = "Run it outside of a transaction"


def run_outside_transaction(location: Location) -> tuple[Fix, ...]:
    """A fix for an operation that is a statement of its own."""

    def build(snapshot: Snapshot) -> Change | None:
        document = snapshot.document(location.path)
        if document is None:
            return None
        facts = snapshot.module(location.path)
        statement = statement_at(facts, document, location.span)
        if statement is None:
            return None
        edit = replaced(facts, document, statement, [outside_transaction(dedented(document, statement))])
        return Change(TITLE, (edit,), bases={document.path: document.digest})

    return (Fix(TITLE, KIND, build, direction=Direction.MIGRATION, preferred=True),)

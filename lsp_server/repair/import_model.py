"""Lets `env.py` import a model that Alembic's comparison does not know of."""

from __future__ import annotations

from lsp_server.database.unseen import Unseen
from lsp_server.findings import Direction, Fix
from lsp_server.python.edit_imports import import_names
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

IMPORT = "import-model"


def import_model(unseen: Unseen) -> tuple[Fix, ...]:
    """Imports the module's first class in `env.py`; nothing where its tables have no class to import."""
    name = next((table.origin.rpartition(".")[2] for table in unseen.tables if table.origin is not None), None)
    if name is None or not name.isidentifier():
        return ()
    title = f"Import `{unseen.module}` in {unseen.env}"

    def build(snapshot: Snapshot) -> Change | None:
        document = snapshot.document(unseen.env)
        if document is None:
            return None
        edit = import_names(document, snapshot.module(unseen.env).body, unseen.module, [name])
        return None if edit is None else Change(title, (edit,), {}, {document.path: document.digest})

    return (Fix(title, IMPORT, build, direction=Direction.MIGRATION, preferred=True),)

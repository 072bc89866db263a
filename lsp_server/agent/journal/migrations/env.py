"""Alembic's environment for the journal: runs on the connection it is handed, in its transaction, and on no other."""

from __future__ import annotations

from alembic import context

from lsp_server.agent.journal.tables import METADATA, VERSION

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION)
with context.begin_transaction():
    context.run_migrations()

"""The journal: what the agent did, run by run, in a database of the user's or the team's. Losing it never loses a change.

SQLite in the user's data folder unless a URL is given. In that database only the tables whose names begin with
`specdrift_journal_` are made, read or written; no other database is opened. Importing this room loads no database package.
"""

from __future__ import annotations

from lsp_server.agent.journal.entry import Application, Entry, Wanted, new_run_id
from lsp_server.agent.journal.store import Journal, JournalTrouble

__all__ = ["Application", "Entry", "Journal", "JournalTrouble", "Wanted", "new_run_id"]

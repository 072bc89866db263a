"""The migrations part of what `--facts migrations` prints: heads, revisions, and whether the history replays.

The tables at head are printed by `facts.py` as for every other observer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsp_server.database.alembic import History
from lsp_server.database.replay import HistoryReplay
from lsp_server.text import Location


def migrations_facts(replay: HistoryReplay, line_of: Callable[[Location], int]) -> dict[str, Any]:
    """`heads`, `revisions` and `replay` as the command line's contract says. `line_of` gives a location's 1-based line."""
    history = replay.history
    verdict: dict[str, Any] = {"ok": replay.verdict.ok}
    if replay.verdict.ok is not True:
        verdict["reason"] = replay.verdict.reason
        if replay.verdict.location is not None:
            verdict["file"] = replay.verdict.location.path
            verdict["line"] = line_of(replay.verdict.location)
    return {"heads": sorted(history.heads), "revisions": revision_facts(history, line_of), "replay": verdict}


def revision_facts(history: History, line_of: Callable[[Location], int]) -> list[dict[str, Any]]:
    return [
        {
            "id": revision.id,
            "down": list(revision.down) if len(revision.down) > 1 else next(iter(revision.down), None),
            "file": revision.path,
            "line": line_of(revision.location),
            "has_downgrade": revision.downgrade_state not in ("missing", "empty", "raises"),
        }
        for revision in history.revisions
    ]

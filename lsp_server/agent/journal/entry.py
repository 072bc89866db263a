"""What is written down about a run and about a migration that was applied. Values only; no prompt, no code and no password."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. `seconds` is how long it took, `cost` is in US dollars (None: not known).

    `workspace` is its folder's name, `kind` and `title` are the task's, `prompt` and `change` are digests. `tools` counts calls by
    name. `verdict` is "holds", "fails" or "none", `outcome` how the run ended, `detail` why it did not go well, in a sentence.
    """

    run_id: str
    started: datetime
    seconds: float
    workspace: str
    kind: str
    title: str
    outcome: str
    verdict: str = "none"
    prompt: str = ""
    model: str = ""
    tools: Mapping[str, int] = field(default_factory=dict)
    rounds: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cache_read: int = 0
    cache_written: int = 0
    cost: float | None = None
    change: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One migration that a person had applied to the development database.

    `target` says host and database, without user and password; one that comes with them loses them when it is written down.
    `outcome` is "applied", "failed" or "declined". `run_id` names the run that wrote the revision, where one did.
    """

    at: datetime
    workspace: str
    revision: str
    target: str
    outcome: str
    seconds: float = 0.0
    detail: str = ""
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are listed: the newest first, `limit` at most. `task` is part of the kind or the title, whatever its case."""

    since: datetime | None = None
    outcome: str | None = None
    task: str | None = None
    limit: int = 50


NEWEST = Wanted()


def new_run_id(now: datetime | None = None) -> str:
    """A name for a run that sorts by time, such as `20261123-ab12cd`: the day, then two seconds of it and something random."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    second = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return f"{moment:%Y%m%d}-{_spelled(second // 2)}{_spelled(secrets.randbelow(36**3))}"


def _spelled(number: int) -> str:
    """Three digits of base 36."""
    return _DIGITS[number // 1296 % 36] + _DIGITS[number // 36 % 36] + _DIGITS[number % 36]

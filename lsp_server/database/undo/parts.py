"""The words of a way back: stretches of schema, statements in between, and what stays undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_server.database.fold.state import State
from lsp_server.database.migration.renames import Rename
from lsp_server.database.operations import Key


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the later schema `start` back to the earlier `end`.

    `renames` are seen from `start`. `derived` maps "table.column", as called in `end`, to the SQL expression that gives the values
    of a column that comes back; `rows` a table that comes back to the query for its rows.
    """

    start: State
    end: State
    renames: tuple[Rename, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """The way back stops with `message` if the query counts anything in the rows of `tables`."""

    query: str
    message: str
    tables: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Statements:
    """What undoes one step of the upgrade, in SQL. `tables` are those whose rows change."""

    statements: tuple[str, ...]
    comment: str | None = None
    checks: tuple[Check, ...] = ()
    tables: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Undoing:
    """How one step is undone. `losses` say which values or rows do not come back, `leftovers` what else stays as the upgrade left it."""

    parts: tuple[Statements, ...] = ()
    losses: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


NOTHING = Undoing()


@dataclass(frozen=True, slots=True)
class WayBack:
    """The parts of a downgrade in the order in which they run."""

    parts: tuple[Stretch | Statements, ...]
    losses: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


_IDLE = ("select", "show", "analyze", "vacuum", "set", "explain", "notify", "refresh", "pragma", "use", "lock", "optimize", "flush")


def changes_nothing(text: str | None) -> bool:
    """Whether a statement leaves rows as they are, as far as its first word tells."""
    return text is not None and text.lstrip("( \n\t").lower().startswith(_IDLE)


def shortened(statement: str, longest: int = 60) -> str:
    """A statement on one line, for a comment."""
    line = " ".join(statement.split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."

"""One place where two schemas differ, as `compare.py` finds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two schemas differ.

    `kind`: "missing" (only the second has it), "unrequested" (only the first has it), "contradicts" (both, differently).
    `element`: table, column, type, nullable, server_default, identity, computed, comment, primary_key, foreign_key, unique,
    index, check, exclusion, options, enum, view, sequence. `path` names it: ("table", "users", "column", "email", "type"); a table is called by its full name
    without the default schema, an unnamed constraint by its columns. `before` and `after` hold the elements themselves
    (for a column's aspect: the two columns), None where absent.
    """

    kind: str
    element: str
    path: tuple[str, ...]
    before: object
    after: object

    @property
    def table(self) -> str | None:
        return self.path[1] if self.path[0] == "table" else None

    @property
    def column(self) -> str | None:
        return self.path[3] if len(self.path) > 3 and self.path[2] == "column" else None

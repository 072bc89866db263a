"""`env.py` never imports a model, so Alembic's own comparison does not know of its table.

## What it does

Follows what `env.py` imports, directly or through other modules, and reports the modules with models of its
`target_metadata` that are not among them. Functions that are called on the way are followed too. It stays silent where
modules are loaded by names made at run time, where the metadata is not known, where Flask's running application brings
the models, and where the project runs Alembic's comparison from a program of its own.

## Why it matters

`alembic revision --autogenerate` compares only what has been imported. It misses every change of such a model, and where
the table is in the database it writes a revision that drops it, with all its rows. `alembic check` reports the same.

## How to fix

Import the module in `env.py`, or in the package that `env.py` imports its models from.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.model import Table
from lsp_server.database.unseen import Unseen
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.repair.import_model import import_model
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location, Span


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for unseen in snapshot.unseen:
        table = unseen.tables[0]
        location = table.name_location or table.location
        if location is None:
            continue
        related = (Related(Location(unseen.env, Span(0, 0)), "what Alembic compares is imported here"),)
        message = f"`{unseen.env}` does not import `{unseen.module}`: {_consequence(snapshot, unseen)}"
        yield Finding(RULE.name, location, message, ("module", unseen.module), related, RULE.severity, import_model(unseen))


def _consequence(snapshot: Snapshot, unseen: Unseen) -> str:
    """Tables that the migrations have made would be dropped; of others only the changes are missed."""
    made = [table for table in unseen.tables if _is_made(snapshot, unseen.env, table)]
    if made:
        return f"`alembic revision --autogenerate` would drop {_named(made)}"
    return f"`alembic revision --autogenerate` does not see {_named(unseen.tables)}"


def _is_made(snapshot: Snapshot, env: str, table: Table) -> bool:
    return any(
        replay.history.env == env and table.key in {made.key for made in replay.database.tables} for replay in snapshot.histories
    )


def _named(tables: list[Table] | tuple[Table, ...]) -> str:
    shown = [f"`{table.full_name}`" for table in tables[:3]]
    more = len(tables) - len(shown)
    if more:
        return f"the tables {', '.join(shown)} and {more} more"
    return f"the table {shown[0]}" if len(shown) == 1 else f"the tables {', '.join(shown[:-1])} and {shown[-1]}"


RULE = Rule(
    name="model-unseen-by-env",
    area="migration",
    severity=Severity.WARNING,
    summary="`env.py` does not import a model: autogenerate would drop its table.",
    mirror="none: an import too many does no harm",
    check=check,
)

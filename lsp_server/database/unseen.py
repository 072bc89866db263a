"""Models that `env.py` never imports: Alembic's own comparison does not know of them.

Alembic compares the tables of the `target_metadata` as they are when `env.py` has run. A model whose module nothing has
imported by then is not among them: `revision --autogenerate` misses its changes, and drops the table where the database has
it. Silent where a metadata is not known, where modules may be loaded by names made at run time, and where the project runs
the comparison from a program of its own, which may have imported anything before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsp_server.database.alembic import History
from lsp_server.database.extensions import extensions_of
from lsp_server.database.model import Database, Table
from lsp_server.python.imports import reach_of
from lsp_server.python.program import Program
from lsp_server.python.walk import walk

_COMPARISON = re.compile(r"\b(?:command\.(?:revision|check)|CommandLine|compare_metadata|produce_migrations)\s*\(")


@dataclass(frozen=True, slots=True)
class Unseen:
    """The tables that one module declares, and the `env.py` that does not import it."""

    path: str
    module: str  # its dotted name, as the `env.py` would import it
    env: str
    tables: tuple[Table, ...]


def unseen_models(mapped: Sequence[Database], trees: Sequence[History], program: Program) -> tuple[Unseen, ...]:
    """One entry for each module with models that none of the `env.py` files comparing their metadata imports."""
    found: list[Unseen] = []
    for database in mapped:
        if not database.compared_by:
            continue
        elsewhere = extensions_of(database, trees)
        modules: dict[str, list[Table]] = {}
        for table in database.tables:
            if table.location is not None and table.maybe is None and table.key not in elsewhere:
                modules.setdefault(table.location.path, []).append(table)
        seen = _seen(program, database.compared_by, modules)
        if seen is None:
            continue
        found.extend(
            Unseen(path, _spelled(program, path, database.compared_by[0]), database.compared_by[0], tuple(tables))
            for path, tables in sorted(modules.items()) if path not in seen
        )  # fmt: skip
    return tuple(found)


def _seen(program: Program, environments: Sequence[str], wanted: Iterable[str]) -> frozenset[str] | None:
    """The files that the environments import; None where there may be more."""
    missing = frozenset(wanted)
    seen: frozenset[str] = frozenset()
    for env in environments:
        if _runs_in_application(program, env):
            return None
        reach = reach_of(program, env, missing)
        seen, missing = seen | reach.files, missing - reach.files
        if not missing:
            return seen
        if reach.unsure is not None:
            return None
    return seen


def _spelled(program: Program, path: str, env: str) -> str:
    """A module's dotted name below the import root that the `env.py` uses already."""
    used = {str(node[3]).partition(".")[0] for node in program.load(env).body if node[0] == "from" and not node[4]}
    used |= {module.partition(".")[0] for node in program.load(env).body if node[0] == "import" for module, _ in node[3]}
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    names = [".".join(parts[start:]) for start in range(len(parts)) if parts[start] in used]
    return next((name for name in names if program.find(name, env) == path), program.module_name(path))


def _runs_in_application(program: Program, env: str) -> bool:
    """Whether an `env.py` asks Flask for the running application, which has imported whatever it imports before."""
    return any(node[0] == "from" and node[3] == "flask" for node in walk(program.load(env).body))


def runs_comparison(text: str) -> bool:
    """Whether a module runs Alembic's comparison by itself: what its program has imported by then is not told by `env.py`."""
    return "alembic" in text and _COMPARISON.search(text) is not None

"""What PostgreSQL is told of a table as a whole: storage parameters such as the fill factor, and whether it is logged.

Kept beside the options of `table_options.py` as ("postgresql_with.fillfactor", "70") and ("postgresql_unlogged", True). What no
`ALTER TABLE` changes (partitions, parents), and places that only one server has (tablespaces), is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lsp_server.database.model import TableOptions
from lsp_server.python.values import Value
from lsp_server.unknown import Unknown

WITH = "postgresql_with."
UNLOGGED = "postgresql_unlogged"
_DEFAULTS = {"fillfactor": "100", "unlogged": "false", "autovacuum_enabled": "true", "toast.autovacuum_enabled": "true"}
_SET = re.compile(r"(set|reset)\s*\((.*)\)", re.IGNORECASE | re.DOTALL)


def read_storage(given: Mapping[str, Value]) -> TableOptions:
    """`postgresql_with={"fillfactor": 70}` and `prefixes=["UNLOGGED"]` among the keywords of a table."""
    found: list[tuple[str, str | int | bool | Unknown]] = []
    parameters, prefixes = given.get("postgresql_with"), given.get("prefixes")
    if isinstance(parameters, dict):
        found += [(WITH + key.lower(), _plain(value)) for key, value in parameters.items() if isinstance(key, str)]
    if isinstance(prefixes, list | tuple) and any(isinstance(word, str) and word.upper() == "UNLOGGED" for word in prefixes):
        found.append((UNLOGGED, True))
    return tuple(found)


def _plain(value: Value) -> str | Unknown:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else Unknown("a storage parameter")


def storage_in_sql(action: str) -> tuple[tuple[str, str | None], ...] | None:
    """`SET (fillfactor = 70)`, `RESET (fillfactor)`, `SET UNLOGGED`; None for anything else."""
    words = action.strip().rstrip(";").strip()
    if words.lower() in ("set logged", "set unlogged"):
        return ((UNLOGGED, "true" if words.lower().endswith("unlogged") else None),)
    match = _SET.fullmatch(words)
    if match is None:
        return None
    pairs = [part.partition("=") for part in match[2].split(",")]
    resets = match[1].lower() == "reset"
    return tuple((WITH + name.strip().lower(), None if resets else value.strip().strip("'") or "true") for name, _, value in pairs)


def is_unasked(name: str, value: str) -> bool:
    """Whether the server would do so unasked. `name` is without the dialect: "with.fillfactor", "unlogged"."""
    return _DEFAULTS.get(name.removeprefix("with.")) == value


def storage_clauses(old: Mapping[str, str | Unknown], new: Mapping[str, str | Unknown]) -> tuple[str, ...] | str:
    """The clauses of an `ALTER TABLE`; the name of an option that none can say."""
    changed = [name for name in dict.fromkeys((*new, *old)) if new.get(name) != old.get(name)]
    if any(isinstance(new.get(name), Unknown) or not re.fullmatch(r"with\.[a-z_.]+|unlogged", name) for name in changed):
        return changed[0]
    parameters = [name.removeprefix("with.") for name in changed if name != "unlogged"]
    said = [name for name in parameters if f"with.{name}" in new]
    if any(not re.fullmatch(r"[\w.+-]+", str(new[f"with.{name}"])) for name in said):
        return said[0]
    values = [f"{name} = {new['with.' + name]}" for name in said]
    clauses = [f"SET ({', '.join(values)})"] if said else []
    reset = [name for name in parameters if name not in said]
    clauses += [f"RESET ({', '.join(reset)})"] if reset else []
    if "unlogged" in changed:
        clauses.append("SET UNLOGGED" if new.get("unlogged") == "true" else "SET LOGGED")
    return tuple(clauses)


def sayable_storage(options: TableOptions) -> dict[str, Any]:
    """As SQLAlchemy's `Table` takes them."""
    parameters = {
        name.removeprefix(WITH): int(value) if isinstance(value, str) and value.isdigit() else value
        for name, value in options
        if name.startswith(WITH) and not isinstance(value, Unknown)
    }
    found: dict[str, Any] = {"postgresql_with": parameters} if parameters else {}
    return {**found, "prefixes": ["UNLOGGED"]} if (UNLOGGED, True) in options or (UNLOGGED, "true") in options else found

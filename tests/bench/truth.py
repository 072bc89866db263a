"""What running real projects has shown, as the benches need it: their OpenAPI output, their schema drift, their rollbacks.

A truth file is `NAME.json.gz`, made by running the project. Nothing here reads the project itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Key = tuple[str, ...]  # what differs: ("type", "users", "email"), ("index", "users", "ix_users_email"), …

METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_ASPECTS = {"modify_type": "type", "modify_nullable": "nullable", "modify_default": "default"}


@dataclass(frozen=True, slots=True)
class Rollback:
    """What trying one revision up, down and up again has shown. `fault` is None where all went well."""

    revision: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class Truth:
    """One project's truth; `facts` as the file has them."""

    name: str
    facts: dict[str, Any]

    @property
    def framework(self) -> str:
        return self.facts.get("framework") or "none"

    @property
    def specifications(self) -> tuple[dict[str, Any], ...]:
        """The OpenAPI documents that the running application gave out, the mounted ones with their place as server."""
        routes = self.facts.get("routes") or {}
        found = [routes["openapi"]] if routes.get("openapi") else []
        for prefix, document in routes.get("mounted_openapi") or ():
            found.append({**document, "servers": [{"url": prefix}]} if prefix else document)
        return tuple(found)

    @property
    def alembic_folder(self) -> str | None:
        return (self.facts.get("paths") or {}).get("alembic_dir")

    @property
    def drift(self) -> frozenset[Key] | None:
        """What Alembic's comparison finds with every model imported; None where it could not be run."""
        compared = (self.facts.get("migrations") or {}).get("compare_full")
        return None if compared is None else frozenset(_keys(compared["diffs"]))

    @property
    def compares_defaults(self) -> bool:
        """Alembic's comparison of server defaults may have crashed; the drift then says nothing about them."""
        compared = (self.facts.get("migrations") or {}).get("compare_full") or {}
        return "compare_server_default crashed" not in (compared.get("note") or "")

    @property
    def rollbacks(self) -> tuple[Rollback, ...]:
        """One for each revision that was tried alone."""
        tried = ((self.facts.get("migrations") or {}).get("stairway") or {}).get("revisions") or ()
        return tuple(Rollback(each["revision"], _fault(each)) for each in tried if not each.get("skipped"))


def read_truths(folder: Path, only: list[str] | None = None) -> Iterator[Truth]:
    """The truths of a folder, or those named, in order of name."""
    for path in sorted(folder.glob("*.json.gz")):
        name = path.name.removesuffix(".json.gz")
        if not only or name in only:
            yield read_truth(path)


def read_truth(path: Path) -> Truth:
    return Truth(path.name.removesuffix(".json.gz"), json.loads(gzip.decompress(path.read_bytes())))


def _keys(differences: list[list[Any]]) -> Iterator[Key]:
    """Alembic's differences by what they are about. What belongs to a table that differs as a whole is left out."""
    whole = {entry[1]["table"] for entry in differences if entry[0] in ("add_table", "remove_table")}
    for entry in differences:
        kind, rest = entry[0], entry[1:]
        if kind in ("add_table", "remove_table"):
            yield ("table", rest[0]["table"])
        elif kind in ("add_column", "remove_column"):
            yield ("column", rest[1], rest[2]["column"])
        elif kind in _ASPECTS:
            yield (_ASPECTS[kind], rest[1], rest[2])
        elif rest[0]["table"] in whole:
            continue
        elif kind in ("add_index", "remove_index"):
            yield ("index", rest[0]["table"], rest[0]["index"] or ",".join(rest[0]["columns"]))
        elif kind in ("add_fk", "remove_fk"):
            yield ("foreign key", rest[0]["table"], *rest[0]["columns"])
        elif kind in ("add_constraint", "remove_constraint"):
            yield ("constraint", rest[0]["table"], *sorted(rest[0]["columns"]))


def _fault(tried: dict[str, Any]) -> str | None:
    if tried.get("downgrade_error"):
        return "downgrade fails"
    if tried.get("inverse") is False:
        return "downgrade is no inverse"
    return "cannot be upgraded again" if tried.get("upgrade_again_error") else None

"""`--facts KIND`: what is seen, without opinion, as one JSON object."""

from __future__ import annotations

import argparse
import json
import posixpath
from collections.abc import Callable
from typing import Any

from lsp_server.commands import OK
from lsp_server.commands.output import put
from lsp_server.commands.project import Project, open_project
from lsp_server.snapshot import Snapshot


def run(options: argparse.Namespace) -> int:
    project = open_project(options)
    answer = facts_of(project, options.facts)
    project.save_cache()
    if project.only is not None:
        base = posixpath.dirname(project.only[0]) if len(project.only) == 1 else ""
        answer = narrowed(answer, project.wants, base)
    put(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    return OK


def facts_of(project: Project, kind: str) -> dict[str, Any]:
    """What is seen of a kind in the whole project, as plain values."""
    return _routes(project) if kind == "routes" else _KINDS[kind](project.snapshot)


def narrowed(answer: dict[str, Any], wants: Callable[[str], bool], base: str = "") -> dict[str, Any]:
    """Only what stands in the files that are wanted; the files relative to `base`."""

    def fitting(value: object) -> object:
        if not isinstance(value, list):
            return value
        entries: list[object] = []
        for entry in value:
            file = entry.get("file") if isinstance(entry, dict) else None
            if file is None:
                entries.append(entry)
            elif wants(file):
                entries.append({**entry, "file": posixpath.relpath(file, base)} if base else entry)
        return entries

    return {key: fitting(value) for key, value in answer.items()}


def _routes(project: Project) -> dict[str, Any]:
    from lsp_server.api.facts import routes_facts

    snapshot = project.snapshot
    return routes_facts(snapshot.implemented, snapshot.line, snapshot.program.root_of, project.only or ())


def _models(snapshot: Snapshot) -> dict[str, Any]:
    """The application's own tables; under `others` those of extensions and of other stores, in the same form with the reason."""
    from lsp_server.database.extensions import own_schema
    from lsp_server.database.facts import tables_facts

    own, beside = own_schema(snapshot.mapped, snapshot.trees)
    parts = [tables_facts(database, snapshot.line) for database in own]
    others = [{**tables_facts(each.database, snapshot.line), "reason": each.reason} for each in beside]
    return {
        "tables": [table for part in parts for table in part["tables"]],
        "unknowns": [unknown for part in parts for unknown in part.get("unknowns", [])],
        "others": others,
    }


def _migrations(snapshot: Snapshot) -> dict[str, Any]:
    """The history with most revisions; the others, each in the same form with its folder, under `histories`."""
    from lsp_server.database.facts import tables_facts
    from lsp_server.database.history_facts import migrations_facts

    nothing: dict[str, Any] = {"tables": [], "unknowns": [], "heads": [], "revisions": [], "replay": {"ok": True}}
    parts = [
        {**tables_facts(replay.database, snapshot.line), **migrations_facts(replay, snapshot.line), "folder": replay.history.folder}
        for replay in snapshot.histories
    ]
    return {**(parts[0] if parts else nothing), "histories": parts[1:]}


def _spec(snapshot: Snapshot) -> dict[str, Any]:
    from lsp_server.api.facts import spec_facts

    return spec_facts(snapshot.promised, snapshot.line)


def _empty(key: str) -> Callable[[Snapshot], dict[str, Any]]:
    return lambda snapshot: {key: []}


_KINDS: dict[str, Callable[[Snapshot], dict[str, Any]]] = {
    "spec": _spec,
    "models": _models,
    "migrations": _migrations,
    "stories": _empty("stories"),
    "entities": _empty("tables"),
}

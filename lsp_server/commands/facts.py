"""`--facts KIND`: what is seen, without opinion, as one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from lsp_server.cli import OK
from lsp_server.commands.project import open_project
from lsp_server.snapshot import Snapshot


def run(options: argparse.Namespace) -> int:
    project = open_project(options)
    answer = _KINDS[options.facts](project.snapshot)
    project.save_cache()
    sys.stdout.buffer.write((json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace"))
    return OK


def _routes(snapshot: Snapshot) -> dict[str, Any]:
    from lsp_server.api.facts import routes_facts

    return routes_facts(snapshot.implemented, snapshot.line)


def _spec(snapshot: Snapshot) -> dict[str, Any]:
    from lsp_server.api.facts import spec_facts

    return spec_facts(snapshot.promised, snapshot.line)


def _empty(key: str) -> Callable[[Snapshot], dict[str, Any]]:
    return lambda snapshot: {key: []}


_KINDS: dict[str, Callable[[Snapshot], dict[str, Any]]] = {
    "routes": _routes,
    "spec": _spec,
    "stories": _empty("stories"),
    "entities": _empty("tables"),
}

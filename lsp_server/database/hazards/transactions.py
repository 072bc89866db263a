"""Which statements of a revision run outside of a transaction, and which revisions run in none at all.

Reads the text of the revision and of its `env.py`; what another file does to the connection is not known, and said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsp_server.python.lower import Node
from lsp_server.python.walk import walk
from lsp_server.text import Span

_OWN_COMMIT = re.compile(r"[\"']\s*(?:commit|end|begin|start\s+transaction)\b|\.commit\(|isolation_level|AUTOCOMMIT", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"AUTOCOMMIT|autocommit|transactional_ddl|isolation_level")


def autocommit_spans(body: Iterable[Node]) -> tuple[Span, ...]:
    """Where `with ….autocommit_block():` stands in a module."""
    return tuple(
        Span(node[1], node[2])
        for node in walk(tuple(body))
        if node[0] == "with" and any(_is_autocommit(value) for value, _ in node[3])
    )


def _is_autocommit(value: Node) -> bool:
    return value[0] == "call" and value[3][0] in ("attr", "name") and value[3][-1] == "autocommit_block"


def ends_its_transaction(text: str) -> bool:
    """Whether a revision may do so on its own, by `COMMIT` or an isolation level: then nothing is known of what follows."""
    return _OWN_COMMIT.search(text) is not None


def may_run_without_transaction(environment: str | None) -> bool:
    """Whether an `env.py` may run all revisions outside of a transaction; so may one that is not there to be read."""
    return environment is None or _ENVIRONMENT.search(environment) is not None

"""A revision works with the application's own model classes.

## What it does

Reports, in the head revisions, imports of mapped classes of the application that the revision uses. What a name means is
found out through the program's imports, so re-exports and `models.User` count, and a class of the same name that the
revision declares itself does not.

Only heads are looked at: an older one that runs is left alone.

## Why it matters

The revision speaks of the schema of its day, the model of today's. Once the model has a column more, a new database stops
at this revision: it asks for a column that only a later revision adds.

## How to fix

Declare what the revision needs in the revision: `users = sa.table("users", sa.column("id"), sa.column("email"))`.

## Options

None.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.database.alembic import History
from lsp_server.findings import Finding, Related, Rule, Severity
from lsp_server.python.lower import Node
from lsp_server.python.values import ClassValue, ModuleValue, Value
from lsp_server.python.walk import walk
from lsp_server.rules.migration._risks import heads
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location, Span


def check(snapshot: Snapshot) -> Iterator[Finding]:
    for replay, found in heads(snapshot):
        revision = found.revision
        seen: set[str] = set()
        for cls, node in _used(snapshot, revision.path):
            if cls.qualname in seen or _is_frozen(replay.history, cls) or not _is_mapped(snapshot, cls):
                continue
            seen.add(cls.qualname)
            yield Finding(
                RULE.name,
                Location(revision.path, Span(node[1], node[2])),
                f"`{revision.id}` works with the model `{cls.name}`, which will change while the revision must not: "
                "declare what it needs with `sa.table(…)`",
                ("revision", revision.id, "model", cls.qualname),
                (Related(cls.name_location, "the model"),),
                RULE.severity,
            )


def _is_mapped(snapshot: Snapshot, cls: ClassValue) -> bool:
    return any(table.location == cls.location for database in snapshot.mapped for table in database.tables if table.origin)


def _is_frozen(history: History, cls: ClassValue) -> bool:
    """Whether a class stands among the revisions: a copy made for them, which nobody changes with the application."""
    folder = cls.path.rpartition("/")[0]
    return folder in history.versions or (history.folder != "" and cls.path.startswith(f"{history.folder}/"))


def _used(snapshot: Snapshot, path: str) -> Iterator[tuple[ClassValue, Node]]:
    """The workspace's classes that a revision's functions speak of, each with the import that brings it."""
    body = snapshot.module(path).body
    imports = [node for node in walk(body) if node[0] in ("import", "from")]
    functions = [node for node in body if node[0] == "def"]
    attributes = [node for node in walk(functions) if node[0] == "attr" and node[3][0] == "name"]
    names = {node[3] for node in walk(functions) if node[0] == "name"}
    for statement in imports:
        for bound, value in _bound(snapshot, path, statement):
            if isinstance(value, ClassValue) and bound in names:
                yield value, statement
            elif isinstance(value, ModuleValue):
                for node in attributes:
                    member = snapshot.interpreter.member(value.path, node[4]) if node[3][3] == bound else None
                    if isinstance(member, ClassValue):
                        yield member, statement


def _bound(snapshot: Snapshot, path: str, statement: Node) -> Iterator[tuple[str, Value]]:
    """What an import binds, for modules of the workspace."""
    program, interpreter = snapshot.program, snapshot.interpreter
    if statement[0] == "import":
        for module, alias in statement[3]:
            target = program.find(module, path)
            if target is not None and (alias or "." not in module):
                yield alias or module, ModuleValue(target)
        return
    _, _, _, module, level, members = statement
    source = program.relative(path, level, module) if level else program.find(module, path)
    if source is None:
        return
    for name, alias in members:
        if name != "*":
            yield alias or name, interpreter.member(source, name)


RULE = Rule(
    name="migration-imports-models",
    area="migration",
    severity=Severity.WARNING,
    summary="A revision works with the application's own model classes.",
    mirror="none: models that import revisions do not occur",
    check=check,
)

"""Revisions that follow a head with ready statements, in the project's own conventions: file name, template, quotes.

The statements come as source text. What a revision is for stands in its docstring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b

from lsp_server.database.alembic import History
from lsp_server.database.model import Database
from lsp_server.database.revisions import read_revision
from lsp_server.python.module import read_module
from lsp_server.repair.generate_migration import UNDATED, conventions_of
from lsp_server.snapshot import Snapshot
from lsp_server.text import Edit, Location, apply_edits


@dataclass(frozen=True, slots=True)
class Later:
    """A revision to write. `upgrade` and `downgrade` are statements without indentation; an empty one is `pass`."""

    title: str
    purpose: str
    upgrade: tuple[str, ...]
    downgrade: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    identifier: str
    path: str
    text: str


def write_later(snapshot: Snapshot, history: History, head: str, revisions: tuple[Later, ...]) -> tuple[Written, ...]:
    """The files, each building on the one before, the first on `head`. Identifiers hang on nothing but the content."""
    found: list[Written] = []
    for later in revisions:
        before = found[-1].identifier if found else head
        found.append(_write(snapshot, history, before, later))
    return tuple(found)


def _write(snapshot: Snapshot, history: History, before: str, later: Later) -> Written:
    from lsp_server.database.migration.describe import describe
    from lsp_server.database.migration.plan import Plan
    from lsp_server.database.migration.render import render
    from lsp_server.database.migration.rollback import import_edits

    identifier = blake2b(repr((before, later)).encode(), digest_size=6).hexdigest()
    conventions = replace(
        conventions_of(snapshot, history), heads=(before,), revision_id=lambda: identifier, created=lambda: snapshot.now or UNDATED
    )
    nothing = Database(history.folder, dialect=history.dialect)
    empty = Plan(nothing, nothing, history.dialect)
    rendered = render(empty, conventions, title=later.title)
    text = rendered.text.replace(describe(empty, None), later.purpose, 1)
    revision = read_revision(read_module(rendered.path, text))
    assert revision is not None, "a rendered revision can be read"
    edits = [
        _filled(text, body, statements)
        for body, statements in ((revision.upgrade_body, later.upgrade), (revision.downgrade_body, later.downgrade))
        if body is not None
    ]
    edits += import_edits(text, rendered.path, set())
    return Written(identifier, rendered.path, apply_edits(text, edits))


def _filled(text: str, body: Location, statements: tuple[str, ...]) -> Edit:
    """The function's last statement, `pass`, gives way to others; its docstring stays."""
    start = text.rindex("pass", body.span.start, body.span.end)
    line = text.rindex("\n", 0, start) + 1
    indent = text[line:start]
    lines = [part for each in statements or ("pass",) for part in each.split("\n")]
    return Edit(body.path, body.span._replace(start=start), f"\n{indent}".join(lines).replace(f"\n{indent}\n", "\n\n"))

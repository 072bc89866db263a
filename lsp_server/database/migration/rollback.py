"""The body of a `downgrade()` that is empty, missing, raises or is wrong, from the schemas before and after its revision.

The way back is the plan from after to before. It restores shapes; what an upgrade threw away or did to rows with SQL of its
own cannot be known from its text, is said in a comment, and makes the fix unsafe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.operations import (
    AddColumn,
    CreateTable,
    Fill,
    Operation,
)
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.renames import Rename
from lsp_server.database.migration.render import render_body
from lsp_server.database.migration.values import placeholder
from lsp_server.database.model import Database, Revision
from lsp_server.text import Edit, Span, newline_of


@dataclass(frozen=True, slots=True)
class Rollback:
    """`plan` leads from after to before. `caveats` say what does not come back; with any the fix is unsafe."""

    plan: Plan
    edits: tuple[Edit, ...]
    caveats: tuple[str, ...]

    @property
    def safe(self) -> bool:
        return not self.caveats


def complete_downgrade(
    text: str,
    revision: Revision,
    before: Database,
    after: Database,
    dialect: str | None,
    conventions: Conventions,
    *,
    renames: tuple[Rename, ...] = (),
    row_steps: tuple[str, ...] = (),
) -> Rollback:
    """Edits that give `revision`, whose file has this text, a downgrade from `after` to `before`.

    `renames` are the way back of what the upgrade renamed; `row_steps` its statements that change rows. Only the function's
    body is replaced (its docstring stays), plus an import line if the body needs one. Raises NotSayable.
    """
    way = plan(after, before, dialect, Answers(renames=renames))
    way = replace(way, operations=tuple(_refilled(operation, dialect) for operation in way.operations))
    caveats = (*_caveats(way), *(f"rows changed by {_shortened(step)} stay changed" for step in row_steps), *way.obstacles)
    imports: set[str] = set()
    body = render_body(way.operations, after, dialect, conventions, imports)
    remarks = [f"# Not restored: {caveat}." for caveat in caveats]
    code = "\n    ".join([*remarks, body or "pass"])
    edits = [_body_edit(text, revision, code)]
    edits += import_edits(text, revision.path, imports)
    return Rollback(way, tuple(edits), caveats)


def _caveats(way: Plan) -> tuple[str, ...]:
    """What comes back without its values."""
    found = []
    for operation in way.operations:
        if isinstance(operation, CreateTable):
            found.append(f"the rows of {operation.table.full_name}")
        elif isinstance(operation, AddColumn) and operation.column.computed is None:
            name = f"{operation.table[1]}.{operation.column.name}"
            found.append(f"the values of {name}")
    return tuple(found)


def _refilled(operation: Operation, dialect: str | None) -> Operation:
    """A column that comes back must have a value in rows that exist: a placeholder, where there is one."""
    if isinstance(operation, AddColumn) and operation.fill is not None and operation.fill.sql is None:
        stand_in = placeholder(operation.column.type, dialect)
        if stand_in is not None:
            return replace(operation, fill=Fill(stand_in, "a placeholder: the values are gone"))
    return operation


def _shortened(statement: str) -> str:
    line = " ".join(statement.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


# Edits


def _body_edit(text: str, revision: Revision, code: str) -> Edit:
    newline = newline_of(text)
    if revision.downgrade is None:
        gap = newline * (1 if text.endswith(("\n", "\r")) else 2)
        annotated = re.search(r"^def upgrade\(\)\s*->\s*None\s*:", text, re.MULTILINE) is not None
        head = "def downgrade() -> None:" if annotated else "def downgrade():"
        made = f"{gap}{newline}{head}{newline}    {_with_newlines(code, newline, '    ')}{newline}"
        return Edit(revision.path, Span(len(text), len(text)), made)
    span = revision.downgrade_body.span if revision.downgrade_body is not None else _after_colon(text, revision)
    start = span.start
    line_start = text.rfind("\n", 0, start) + 1
    indent = text[line_start:start]
    if indent.strip():
        # `def downgrade(): pass` on one line.
        indent = re.match(r"\s*", indent).group() + "    "  # type: ignore[union-attr]
        return Edit(revision.path, span, f"{newline}{indent}{_with_newlines(code, newline, indent)}")
    kept = _docstring_end(text[span.start : span.end])
    if kept:
        tail = f"{newline}{indent}{_with_newlines(code, newline, indent)}"
        return Edit(revision.path, Span(span.start + kept, span.end), tail)
    return Edit(revision.path, span, _with_newlines(code, newline, indent))


def _after_colon(text: str, revision: Revision) -> Span:
    assert revision.downgrade is not None
    end = revision.downgrade.span.end
    return Span(end, end)


def _with_newlines(code: str, newline: str, indent: str) -> str:
    """Code that was rendered for four blanks, with the function's own indent and the file's line breaks."""
    lines = [indent + line[4:] if line.startswith("    ") else line for line in code.split("\n")]
    return newline.join(lines)


def _docstring_end(body: str) -> int:
    """Where a leading docstring ends, in code points; 0 if there is none."""
    match = re.match(r'[rRuU]?(?:"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')', body, re.DOTALL)
    return match.end() if match else 0


def import_edits(text: str, path: str, imports: set[str]) -> list[Edit]:
    """New import lines behind the last one of the file's head: those given, `op` and `sa`."""
    needed = [line for line in sorted(imports) if line not in text]
    if not re.search(r"^import sqlalchemy as sa\b", text, re.MULTILINE):
        needed.append("import sqlalchemy as sa")
    if not re.search(r"^from alembic import .*\bop\b", text, re.MULTILINE):
        needed.insert(0, "from alembic import op")
    if not needed:
        return []
    newline = newline_of(text)
    place = 0
    for match in re.finditer(r"^(?:import|from)[ \t][^\r\n(\\]*(?:\([^)]*\))?[^\r\n]*(?:\r\n|\n|\r|\Z)", text, re.MULTILINE):
        place = match.end()
    if place == 0:
        place = _docstring_end(text)
        return [Edit(path, Span(place, place), "".join(newline + line for line in needed) + (newline if place == 0 else ""))]
    return [Edit(path, Span(place, place), "".join(line + newline for line in needed))]

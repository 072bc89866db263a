"""The body of a `downgrade()` that is empty, missing, raises or is wrong, from the way back of its revision.

Stretches of schema are planned from later to earlier, statements in between are written as they are. What the upgrade threw away or
did to rows in a way that does not show cannot be known from its text, is said in a comment, and makes the fix unsafe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.conventions import Conventions
from lsp_server.database.migration.hazards import Hazard
from lsp_server.database.migration.object_sql import escaped
from lsp_server.database.migration.operations import (
    AddColumn,
    CreateTable,
    Fill,
    FillTable,
    Operation,
)
from lsp_server.database.migration.plan import Plan, plan
from lsp_server.database.migration.render import render_steps
from lsp_server.database.migration.step import Direct, Guard, Step
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.migration.values import placeholder
from lsp_server.database.model import Revision
from lsp_server.database.undo.parts import Check, Statements, Stretch, WayBack
from lsp_server.text import Edit, Span, newline_of


@dataclass(frozen=True, slots=True)
class Rollback:
    """`plans` lead back stretch by stretch. `losses` say which values and rows do not come back, `leftovers` what else stays as the
    upgrade left it; with either the fix is unsafe.
    """

    plans: tuple[Plan, ...]
    edits: tuple[Edit, ...]
    losses: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        return not self.losses and not self.leftovers

    @property
    def obstacles(self) -> tuple[str, ...]:
        return tuple(obstacle for each in self.plans for obstacle in each.obstacles)

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        return tuple(hazard for each in self.plans for hazard in each.hazards)


def complete_downgrade(
    text: str,
    revision: Revision,
    way: WayBack,
    source: str,
    dialect: str | None,
    conventions: Conventions,
) -> Rollback:
    """Edits that give `revision`, whose file has this text, a downgrade that goes this way. `source` is the history's folder.

    Only the function's body is replaced (its docstring stays), plus an import line if the body needs one. Raises NotSayable.
    """
    plans, losses, leftovers, body, imports = _written(way, source, dialect, conventions)
    remarks = [f"# Not restored: {each}." for each in (*losses, *leftovers)]
    code = "\n    ".join([*remarks, body or "pass"])
    edits = [_body_edit(text, revision, code)]
    edits += import_edits(text, revision.path, imports)
    return Rollback(plans, tuple(edits), losses, leftovers)


def extend_downgrade(
    text: str,
    revision: Revision,
    missing: Stretch,
    source: str,
    dialect: str | None,
    conventions: Conventions,
) -> Rollback:
    """Edits that leave the downgrade as it is and add, at its end, what leads on from where it ends. Raises NotSayable."""
    assert revision.downgrade_body is not None
    plans, losses, leftovers, body, imports = _written(WayBack((missing,)), source, dialect, conventions)
    span, newline = revision.downgrade_body.span, newline_of(text)
    indent = re.match(r"[ \t]*", text[text.rfind("\n", 0, span.start) + 1 : span.start])
    remarks = [f"# Not restored: {each}." for each in (*losses, *leftovers)]
    code = "\n    ".join([*remarks, body])
    edit = Edit(revision.path, Span(span.end, span.end), newline + (inside := indent.group() if indent else "    ") + _with_newlines(code, newline, inside))
    return Rollback(plans, (edit, *import_edits(text, revision.path, imports)), losses, leftovers)


def _written(
    way: WayBack, source: str, dialect: str | None, conventions: Conventions
) -> tuple[tuple[Plan, ...], tuple[str, ...], tuple[str, ...], str, set[str]]:
    plans: list[Plan] = []
    losses: list[str] = []
    obstacles: list[str] = []
    bodies: list[str] = []
    imports: set[str] = set()
    for part in _checked_first(way.parts):
        if isinstance(part, Stretch):
            planned = _planned(part, source, dialect)
            plans.append(planned)
            losses += _losses(planned)
            obstacles += planned.obstacles
            start = part.start.database(source)
            steps = to_steps(planned.operations, start, dialect, batch=conventions.batch, final_names=bool(start.naming_convention))
        else:
            steps = _steps(part)
        bodies.append(render_steps(steps, dialect, conventions, imports))
    body = "\n    ".join(each for each in bodies if each)
    return tuple(plans), (*dict.fromkeys((*losses, *way.losses)),), (*way.leftovers, *obstacles), body, imports


def _checked_first(parts: tuple[Stretch | Statements, ...]) -> tuple[Stretch | Statements, ...]:
    """The parts with their checks at the very beginning, before anything is half done, where the rows asked are the same there."""
    early: list[Check] = []
    found: list[Stretch | Statements] = []
    for number, part in enumerate(parts):
        if isinstance(part, Statements):
            first = [check for check in part.checks if not any(_touches(each, check) for each in parts[:number])]
            early += first
            part = replace(part, checks=tuple(check for check in part.checks if check not in first))
        found.append(part)
    return (Statements((), checks=tuple(early)), *found) if early else tuple(found)


def _touches(part: Stretch | Statements, check: Check) -> bool:
    """Whether a part changes the columns or rows that a check looks at. A check that names no tables may look at any."""
    if isinstance(part, Statements):
        return not check.tables or not set(part.tables).isdisjoint(check.tables)
    tables = [(part.start.tables.get(key), part.end.tables.get(key)) for key in check.tables]
    return not tables or any(old is None or new is None or old.columns != new.columns for old, new in tables)


def _planned(stretch: Stretch, source: str, dialect: str | None) -> Plan:
    derived = {name: escaped(sql) for name, sql in stretch.derived.items()}
    answers = Answers(stretch.renames, derived=derived, rows=stretch.rows)
    way = plan(stretch.start.database(source), stretch.end.database(source), dialect, answers)
    return replace(way, operations=tuple(_refilled(operation, dialect) for operation in way.operations))


def _steps(part: Statements) -> tuple[Step, ...]:
    from alembic.operations import ops

    guards = [Guard(escaped(check.query), check.message) for check in part.checks]
    made = [Direct(ops.ExecuteSQLOp(escaped(sql)), part.comment if number == 0 else None) for number, sql in enumerate(part.statements)]
    return (*guards, *made)


def _losses(way: Plan) -> tuple[str, ...]:
    """What comes back without its values."""
    found = []
    filled = {operation.table for operation in way.operations if isinstance(operation, FillTable)}
    for operation in way.operations:
        if isinstance(operation, CreateTable) and operation.table.key not in filled:
            found.append(f"the rows of {operation.table.full_name}")
        elif isinstance(operation, AddColumn) and operation.column.computed is None and not (operation.fill and operation.fill.restores):
            found.append(f"the values of {operation.table[1]}.{operation.column.name}")
    return tuple(found)


def _refilled(operation: Operation, dialect: str | None) -> Operation:
    """A column that comes back must have a value in rows that exist: a placeholder, where there is one."""
    if isinstance(operation, AddColumn) and operation.fill is not None and operation.fill.sql is None:
        stand_in = placeholder(operation.column.type, dialect)
        if stand_in is not None:
            return replace(operation, fill=Fill(stand_in, "a placeholder: the values are gone"))
    return operation


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

"""A plan -> the text of a revision file, in the project's own conventions.

Statements are spelled by Alembic's renderer from the operation objects of `steps/`, then laid out by `layout.py`. What Alembic
has no spelling for (a rename of a table, a primary key, USING, a guard) is spelled here.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsp_server.database.migration.applying import apply_operations
from lsp_server.database.migration.conventions import LAYOUT, Conventions, fill_template
from lsp_server.database.migration.describe import describe, title_of
from lsp_server.database.migration.layout import lay_out, string
from lsp_server.database.migration.operations import Operation
from lsp_server.database.migration.plan import Plan
from lsp_server.database.migration.reversing import reversed_operations
from lsp_server.database.migration.step import Batch, Direct, Guard, Perhaps, Step
from lsp_server.database.migration.steps import to_steps
from lsp_server.database.model import Database

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import AlterColumnOp, MigrateOperation


@dataclass(frozen=True, slots=True)
class RenderedRevision:
    path: str
    text: str
    revision: str
    down_revision: tuple[str, ...]


def render(plan: Plan, conventions: Conventions, proof: str | None = None, title: str | None = None) -> RenderedRevision:
    """The whole file. `proof` is the proof's one line for the docstring. Raises NotSayable."""
    revision = conventions.revision_id()
    title = title or title_of(plan)
    imports: set[str] = set()
    final = bool(plan.before.naming_convention or plan.after.naming_convention)
    upgrade = render_body(plan.operations, plan.before, plan.dialect, conventions, imports, final_names=final)
    end = apply_operations(plan.before, plan.operations)
    back = reversed_operations(plan.operations)
    downgrade = render_body(back, end, plan.dialect, conventions, imports, final_names=final)
    heads = conventions.heads
    down = _one_or_all(heads)
    quote = conventions.quote
    words = {
        "message": f"{title}\n\n{describe(plan, proof)}".replace("\\", "\\\\").replace('"""', "'''"),
        "up_revision": revision,
        "down_revision|comma,n": ", ".join(heads),
        "create_date": str(conventions.created()),
        "importsifimportselse''": "\n".join(sorted(imports)),
        "repr(up_revision)": string(revision, quote),
        "repr(down_revision)": _literal(down, quote),
        "repr(branch_labels)": "None",
        "repr(depends_on)": _literal(_one_or_all(conventions.depends_on), quote),
        "upgradesifupgradeselse'pass'": upgrade or "pass",
        "downgradesifdowngradeselse'pass'": downgrade or "pass",
    }
    words |= {"imports": words["importsifimportselse''"], "upgrades": upgrade or "pass", "downgrades": downgrade or "pass"}
    text = fill_template(conventions.template, words) if conventions.template is not None else None
    if text is None or not _parses(text):
        text = fill_template(LAYOUT, words) or ""
    return RenderedRevision(conventions.path(revision, title), _tidy(text), revision, heads)


def render_body(
    operations: Iterable[Operation],
    start: Database,
    dialect: str | None,
    conventions: Conventions,
    imports: set[str],
    *,
    final_names: bool = False,
    indent: int = 4,
) -> str:
    """The statements of one function: the first line without its indent, as templates want it. Empty for nothing to do.

    Adds to `imports` what the statements need beyond `op` and `sa`.
    """
    steps = to_steps(
        operations, start, dialect, batch=conventions.batch, final_names=bool(start.naming_convention) or final_names
    )
    return render_steps(steps, dialect, conventions, imports, indent=indent)


def render_steps(
    steps: Iterable[Step], dialect: str | None, conventions: Conventions, imports: set[str], *, indent: int = 4
) -> str:
    """The statements of these steps, as `render_body` gives them."""
    context = _context(dialect, imports)
    lines: list[str] = []
    for step in steps:
        lines += _step(step, context, conventions, indent)
    return "\n".join(lines).strip()


def _context(dialect: str | None, imports: set[str]) -> AutogenContext:
    from alembic.autogenerate.api import AutogenContext
    from alembic.migration import MigrationContext

    options: dict[str, Any] = {
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
        "user_module_prefix": None,
        "render_item": None,
        "render_as_batch": False,
        "target_metadata": None,
        "include_name": None,
        "include_object": None,
    }
    migration = MigrationContext.configure(
        dialect_name={"mariadb": "mysql"}.get(dialect or "", dialect or "postgresql"),
        opts={"as_sql": True, **options},
    )
    context = AutogenContext(migration, opts=options, autogenerate=False)
    context.imports = imports
    return context


def _step(step: Step, context: AutogenContext, conventions: Conventions, indent: int) -> list[str]:
    if isinstance(step, Guard):
        source = (
            f"if not op.get_context().as_sql and op.get_bind().scalar(sa.text({step.query!r})):\n"
            f"    raise RuntimeError({step.message!r})"
        )
        return lay_out(source, indent, conventions.line_length, conventions.quote)
    lines = [f"{' ' * indent}# {part}" for part in textwrap.wrap(step.comment or "", conventions.line_length - indent - 2)]
    if isinstance(step, Perhaps):
        source = f"if op.get_context().as_sql or op.get_bind().scalar(sa.text({step.query!r})):"
        source += "".join("\n    " + _joined(_source(operation, context)) for operation in step.operations)
    elif isinstance(step, Direct):
        source = _source(step.operation, context)
    else:
        source = _batch_source(step, context)
    return lines + lay_out(source, indent, conventions.line_length, conventions.quote)


def _batch_source(step: Batch, context: AutogenContext) -> str:
    schema, table = step.table
    arguments = [repr(table)]
    if schema is not None:
        arguments.append(f"schema={schema!r}")
    if step.copy_from is not None:
        arguments.append(f"copy_from={_table_source(step.copy_from, context)}")
    context._has_batch = True
    try:
        body = [_source(operation, context) for operation in step.operations]
    finally:
        context._has_batch = False
    inside = textwrap.indent("\n".join(_joined(source) for source in body), "    ")
    return f"with op.batch_alter_table({', '.join(arguments)}) as batch_op:\n{inside}"


def _joined(source: str) -> str:
    """A statement on one line, so that it can be indented whatever its strings hold."""
    return ast.unparse(ast.parse(source))


def _source(operation: MigrateOperation, context: AutogenContext) -> str:
    """One statement as Alembic's renderer spells it, or as we do where it has no spelling."""
    from alembic.autogenerate.render import render_op_text
    from alembic.operations import ops

    batch = context._has_batch
    if isinstance(operation, ops.RenameTableOp):
        schema = f", schema={operation.schema!r}" if operation.schema else ""
        return f"op.rename_table({operation.table_name!r}, {operation.new_table_name!r}{schema})"
    if isinstance(operation, ops.CreatePrimaryKeyOp):
        columns = list(operation.columns)
        if batch:
            return f"batch_op.create_primary_key({operation.constraint_name!r}, {columns!r})"
        schema = f", schema={operation.schema!r}" if operation.schema else ""
        return f"op.create_primary_key({operation.constraint_name!r}, {operation.table_name!r}, {columns!r}{schema})"
    if isinstance(operation, ops.CreateUniqueConstraintOp):
        # `deferrable` is lost by the renderer's shortcut for constraints made of columns alone.
        return render_op_text(context, operation)
    if isinstance(operation, ops.AlterColumnOp):
        operation = _with_clauses(operation)
    text = render_op_text(context, operation)
    if isinstance(operation, ops.AlterColumnOp):
        existing = operation.existing_server_default
        if type(existing).__name__ == "Identity" and "existing_server_default=" not in text:
            call = ast.parse(text, mode="eval").body
            assert isinstance(call, ast.Call)
            call.keywords.append(ast.keyword("existing_server_default", ast.parse(_identity_source(existing), mode="eval").body))
            text = ast.unparse(call)
        for name in ("postgresql_using", "autoincrement"):
            if operation.kw.get(name) is not None and f"{name}=" not in text:
                text = _with_keyword(text, name, operation.kw[name])
    return text


def _identity_source(identity: Any) -> str:
    names = ("always", "start", "increment", "minvalue", "nominvalue", "maxvalue", "nomaxvalue", "cycle")
    given = ((name, getattr(identity, name)) for name in names)
    return f"sa.Identity({', '.join(f'{name}={value!r}' for name, value in given if value is not None)})"


def _with_clauses(operation: AlterColumnOp) -> AlterColumnOp:
    """The same operation with its defaults wrapped as the renderer expects them and the batch does not."""
    import sqlalchemy as sa

    operation = copy(operation)
    for name in ("modify_server_default", "existing_server_default"):
        value = getattr(operation, name)
        if isinstance(value, str | sa.ClauseElement):
            setattr(operation, name, sa.DefaultClause(value))
    return operation


def _with_keyword(source: str, name: str, value: str | bool) -> str:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    call.keywords.append(ast.keyword(name, ast.Constant(value)))
    return ast.unparse(call)


def _table_source(table: sa.Table, context: AutogenContext) -> str:
    """A `sa.Table(…)` with all its parts, from the spelling of `op.create_table` and `op.create_index`."""
    from alembic.operations import ops

    call = ast.parse(_source(ops.CreateTableOp.from_table(table), context), mode="eval").body
    assert isinstance(call, ast.Call)
    call.func = ast.parse("sa.Table", mode="eval").body
    call.args.insert(1, ast.parse("sa.MetaData()", mode="eval").body)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        made = ast.parse(_source(ops.CreateIndexOp.from_index(index), context), mode="eval").body
        assert isinstance(made, ast.Call) and isinstance(made.args[2], ast.List)
        made.func = ast.parse("sa.Index", mode="eval").body
        made.args = [made.args[0], *made.args[2].elts]
        call.args.append(made)
    return ast.unparse(call)


def _one_or_all(identifiers: tuple[str, ...]) -> str | tuple[str, ...] | None:
    return identifiers if len(identifiers) > 1 else identifiers[0] if identifiers else None


def _literal(value: str | tuple[str, ...] | None, quote: str) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return string(value, quote)
    return f"({', '.join(string(item, quote) for item in value)})"


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _tidy(text: str) -> str:
    """No trailing blanks, no more than two empty lines, one line break at the end."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"

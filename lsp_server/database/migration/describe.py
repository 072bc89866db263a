"""What a plan does, in words: a title for the file's name, and the docstring's purpose, impact and way back."""

from __future__ import annotations

import textwrap

from lsp_server.database.migration.object_operations import ObjectOperation
from lsp_server.database.migration.object_sql import said
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeEnum,
    ChangeTableComment,
    CreateEnum,
    CreateIndex,
    CreateSchema,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropSchema,
    DropTable,
    FillTable,
    FixComputed,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameTable,
)
from lsp_server.database.migration.plan import Plan
from lsp_server.database.migration.whole_table import ChangeTableOptions, changed_names
from lsp_server.database.model import Check, Exclusion, PrimaryKey, Unique

_WIDTH = 88


def title_of(plan: Plan) -> str:
    """One short line, such as "add book.isbn" or "change 3 tables"."""
    phrases = phrases_of(plan.operations)
    if not phrases:
        return "no change"
    if len(phrases) <= 2 and sum(map(len, phrases)) <= 60:
        return " and ".join(phrases)
    tables = list(dict.fromkeys(name for name in map(table_of, plan.operations) if name is not None))
    if len(tables) == 1:
        return f"change {tables[0]}"
    if len(tables) <= 3:
        return f"change {', '.join(tables[:-1])} and {tables[-1]}"
    return f"change {len(tables)} tables"


def describe(plan: Plan, proof: str | None) -> str:
    """The docstring after its first line: purpose, impact, the way back, and the proof if there is one."""
    phrases = phrases_of(plan.operations)
    if not phrases:
        joins = "Joins branches of the history; changes nothing itself."
        return f"{joins}\n\n{_paragraph('Proof', proof)}" if proof else joins
    parts = [_paragraph("Purpose", f"bring the tables in line with the models: {'; '.join(phrases)}.")]
    told = [hazard.text for hazard in plan.hazards if hazard.code != "may_fail_on_downgrade"]
    parts.append(_paragraph("Impact", f"{'; '.join(told)}." if told else "no rows are lost, and none can stop the upgrade."))
    back = [hazard.text for hazard in plan.hazards if hazard.code == "may_fail_on_downgrade"]
    lost = any(hazard.code == "data_loss_up" for hazard in plan.hazards)
    way = "restores the tables, but not the values that were dropped" if lost else "restores what was before"
    parts.append(_paragraph("Downgrade", f"{'; '.join([way, *back])}."))
    if plan.answered:
        parts.append(_paragraph("Answered", f"{'; '.join(each.text for each in plan.answered)}."))
    if proof:
        parts.append(_paragraph("Proof", proof))
    return "\n".join(parts)


def _paragraph(label: str, text: str) -> str:
    return textwrap.fill(f"{label}: {text}", _WIDTH, subsequent_indent="  ", break_long_words=False)


def phrases_of(operations: tuple[Operation, ...]) -> list[str]:
    """One phrase per operation, in the order in which they run."""
    return list(dict.fromkeys(phrase_of(operation) for operation in operations))


def phrase_of(operation: Operation) -> str:
    if isinstance(operation, ObjectOperation):
        return said(operation)
    match operation:
        case CreateTable():
            return f"create {operation.table.full_name}"
        case DropTable():
            return f"drop {operation.table.full_name}"
        case RenameTable():
            return f"rename {operation.before} to {operation.after}"
        case AddColumn():
            return f"add {operation.table[1]}.{operation.column.name}"
        case DropColumn():
            return f"drop {operation.table[1]}.{operation.column.name}"
        case RenameColumn():
            return f"rename {operation.table[1]}.{operation.before.name} to {operation.after}"
        case AlterColumn():
            what = {"nullable": "nullability", "server_default": "default"}
            aspects = " and ".join(what.get(aspect, aspect) for aspect in operation.aspects)
            return f"change the {aspects} of {operation.table[1]}.{operation.after.name}"
        case AddConstraint() | DropConstraint():
            verb = "add" if isinstance(operation, AddConstraint) else "drop"
            part = operation.constraint
            if isinstance(part, PrimaryKey):
                sort = "primary key"
            elif isinstance(part, Unique):
                sort = "unique constraint"
            elif isinstance(part, Exclusion):
                sort = "exclusion constraint"
            else:
                sort = "check" if isinstance(part, Check) else "foreign key"
            return f"{verb} {sort} {operation.name} of {operation.table[1]}"
        case CreateIndex() | DropIndex():
            verb = "add" if isinstance(operation, CreateIndex) else "drop"
            return f"{verb} index {operation.name} of {operation.table[1]}"
        case ChangeTableComment():
            return f"change the comment of {operation.table[1]}"
        case ChangeTableOptions():
            names = ", ".join(name.partition("_")[2] for name in changed_names(operation.before, operation.after))
            return f"change {names or 'options'} of {operation.table[1]}"
        case CreateEnum() | DropEnum():
            verb = "create" if isinstance(operation, CreateEnum) else "drop"
            return f"{verb} type {operation.enum.name}"
        case ChangeEnum():
            return f"change the values of type {operation.after.name}"
        case CreateSchema() | DropSchema():
            verb = "create" if isinstance(operation, CreateSchema) else "drop"
            return f"{verb} schema {operation.name}"
        case ChangeCounter():
            return f"change how {operation.table[1]}.{operation.column.name} counts itself up"
        case RenameConstraint():
            return f"rename constraint {operation.constraint.name} of {operation.table[1]} to {operation.after}"
        case FixComputed():
            return f"make {operation.table[1]}.{operation.plain.name} a plain column"
        case FillTable():
            return f"fill {operation.table[1]}"


def table_of(operation: Operation) -> str | None:
    """The name of the table that an operation changes."""
    if isinstance(operation, ObjectOperation):
        return None
    match operation:
        case CreateTable() | DropTable():
            return operation.table.name
        case RenameTable():
            return operation.after
        case CreateEnum() | DropEnum() | ChangeEnum() | CreateSchema() | DropSchema():
            return None
        case _:
            return operation.table[1]

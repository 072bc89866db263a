"""What operations make of a schema, one after the other, and where the database would refuse one.

The rules are PostgreSQL's: what a dropped column takes along, which names it chooses for unnamed keys, what depends on
what. Whether an operation is asked for at all is said by its step; reading revisions is `recorder.py`'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lsp_server.database.fold.enums import (
    add_enum_value,
    create_enum,
    create_object,
    drop_enum,
    drop_object,
    rename_enum,
    rename_enum_value,
    set_enum_values,
)
from lsp_server.database.fold.keys import (
    add_constraint,
    create_index,
    drop_constraint,
    drop_index,
    rename_constraint,
    rename_index,
    validate_constraint,
)
from lsp_server.database.fold.objects import (
    alter_sequence,
    create_sequence,
    create_view,
    drop_sequence,
    drop_view,
    rename_view,
)
from lsp_server.database.fold.state import Refusal, Refused, State
from lsp_server.database.fold.tables import (
    add_column,
    alter_column,
    comment_table,
    create_table,
    drop_column,
    drop_table,
    rename_table,
    set_table_options,
)
from lsp_server.database.fold.uncertain import opaque, perhaps
from lsp_server.database.objects import AlterSequence, CreateSequence, CreateView, DropSequence, DropView, RenameView
from lsp_server.database.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    ChangeProperty,
    ChangeRows,
    CommentTable,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropEnum,
    DropIndex,
    DropObject,
    DropTable,
    Opaque,
    RenameConstraint,
    RenameEnum,
    RenameEnumValue,
    RenameIndex,
    RenameTable,
    SetEnumValues,
    SetTableOptions,
    Step,
    ValidateConstraint,
)
from lsp_server.text import Location


def run(state: State, steps: Iterable[Step]) -> Refusal | None:
    """Run steps over a state, in place, up to the first one that the database would refuse."""
    for step in steps:
        refusal = apply(state, step)
        if refusal is not None:
            return refusal
    return None


def apply(state: State, step: Step) -> Refusal | None:
    """Run one step over a state, in place. A step that is not sure to happen makes what it touches unknown."""
    if step.condition is not None:
        perhaps(state, step, step.condition)
        return None
    try:
        _APPLY[type(step.operation)](state, step.operation, step.location)
    except Refused as refused:
        if step.guarded or state.blind is not None:
            return None  # Somebody catches it, or something unseen may have made it possible.
        return Refusal(refused.sort, str(refused), step.location)
    return None


def _nothing(state: State, operation: ChangeRows | ChangeProperty, location: Location) -> None:
    return None


_APPLY: dict[type, Callable[[State, Any, Location], None]] = {
    CreateTable: create_table, DropTable: drop_table, RenameTable: rename_table, CommentTable: comment_table,
    SetTableOptions: set_table_options,
    AddColumn: add_column, DropColumn: drop_column, AlterColumn: alter_column, AddConstraint: add_constraint,
    ValidateConstraint: validate_constraint, DropConstraint: drop_constraint, RenameConstraint: rename_constraint, CreateIndex: create_index,
    DropIndex: drop_index, RenameIndex: rename_index, CreateEnum: create_enum, DropEnum: drop_enum,
    AddEnumValue: add_enum_value, RenameEnum: rename_enum, RenameEnumValue: rename_enum_value,
    SetEnumValues: set_enum_values,
    CreateObject: create_object, DropObject: drop_object, ChangeRows: _nothing, ChangeProperty: _nothing, Opaque: opaque,
    CreateView: create_view, DropView: drop_view, RenameView: rename_view, CreateSequence: create_sequence,
    DropSequence: drop_sequence, AlterSequence: alter_sequence,
}  # fmt: skip

"""What a migration does to a schema, as values: one class per operation, and the reverse of each.

An operation is what the database is asked for, however the revision wrote it (`op.add_column`, batch mode, raw SQL).
`Step` says where it stands and whether it happens for sure. What an operation makes of a schema is said by `fold/`.
Long because it is a vocabulary: one small class for each operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    Default,
    EnumType,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.objects import OBJECT_OPERATIONS, ObjectOperation, reverse_of_object
from lsp_server.text import Location
from lsp_server.unknown import Unknown

Key = tuple[str | None, str]  # (schema, name) of a table; schema None is the default one
Constraint = PrimaryKey | ForeignKey | Unique | Check | Exclusion


class Keep(Enum):
    """The value of an attribute that an operation leaves as it is."""

    KEEP = "keep"


KEEP = Keep.KEEP


def table_key(name: str, schema: str | None = None) -> Key:
    """The key of a table; "public" is the default schema."""
    return (None if schema == "public" else schema, name)


@dataclass(frozen=True, slots=True)
class CreateTable:
    """`table.enums` are made with it where the database has enumeration types."""

    table: Table
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropTable:
    table: Key
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameTable:
    """`schema` is set where the table moves to another one."""

    table: Key
    name: str
    schema: str | Keep | None = KEEP
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Keys and indexes written in the column are operations of their own, behind this one."""

    table: Key
    column: Column
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: Key
    column: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class AlterColumn:
    table: Key
    column: str
    name: str | Keep = KEEP
    type: ColumnType | Keep = KEEP
    nullable: bool | Unknown | Keep = KEEP
    server_default: Default | Unknown | Keep | None = KEEP
    comment: str | Unknown | Keep | None = KEEP
    using: str | None = None
    identity: Identity | Keep | None = KEEP
    computed: Keep | None = KEEP  # None: a plain column from now on


@dataclass(frozen=True, slots=True)
class CreateIndex:
    table: Key
    index: Index
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropIndex:
    """`table` is None where only the index is named."""

    name: str | None
    table: Key | None = None
    schema: str | None = None
    if_exists: bool = False
    concurrently: bool = False


@dataclass(frozen=True, slots=True)
class RenameIndex:
    """`table` is None where only the index is named."""

    name: str
    new_name: str
    if_exists: bool = False
    table: Key | None = None


@dataclass(frozen=True, slots=True)
class AddConstraint:
    """`validated` False: rows that exist are not held to it (`NOT VALID`). `index`: the index that a unique or primary key is
    made of (`USING INDEX`); the constraint's own columns are then the index's.
    """

    table: Key
    constraint: Constraint
    validated: bool = True
    index: str | None = None


@dataclass(frozen=True, slots=True)
class ValidateConstraint:
    """Rows that exist are held to a constraint that was added `NOT VALID`."""

    table: Key
    name: str


@dataclass(frozen=True, slots=True)
class DropConstraint:
    """`sort` is "primary", "foreignkey", "unique", "check" or None where the revision does not say."""

    table: Key
    name: str | Unknown | None
    sort: str | None = None
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameConstraint:
    table: Key
    name: str
    new_name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class CommentTable:
    table: Key
    comment: str | Unknown | None


@dataclass(frozen=True, slots=True)
class SetTableOptions:
    """`options` as `table_options.py` names them; None for a value that the server chooses."""

    table: Key
    options: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class CreateEnum:
    enum: EnumType
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropEnum:
    name: str
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class AddEnumValue:
    """`place` is ("before" | "after", another value); None: at the end."""

    name: str
    value: str
    place: tuple[str, str] | None = None
    if_not_exists: bool = False
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class RenameEnum:
    name: str
    new_name: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class RenameEnumValue:
    name: str
    value: str
    new_value: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class SetEnumValues:
    """The type gets exactly these values; `values` Unknown: some others."""

    name: str
    values: tuple[str, ...] | Unknown
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class CreateObject:
    """What is neither table, view nor sequence: `sort` is "function", "trigger", "extension", "schema", …"""

    sort: str
    name: str
    if_not_exists: bool = False
    replaces: bool = False
    text: str | None = None


@dataclass(frozen=True, slots=True)
class DropObject:
    sort: str
    name: str
    if_exists: bool = False
    cascade: bool = False
    text: str | None = None  # the statement


@dataclass(frozen=True, slots=True)
class ChangeRows:
    """Rows change, the schema does not. `text` is the SQL where it is known; `whole` False: only its beginning is."""

    text: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ChangeProperty:
    """What no view of the schema shows changes: privileges, owners, storage, row security. `text` is the statement."""

    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that may change the schema in a way the text does not tell.

    `table`: only that one is touched. `inside`: tables are neither made nor dropped, only what is in them may change. `altered`: nothing but
    this is done to columns that are there, of whatever name.
    """

    reason: Unknown
    table: Key | None = None
    inside: bool = False
    altered: AlterColumn | None = None


Operation = (
    CreateTable | DropTable | RenameTable | AddColumn | DropColumn | AlterColumn | CreateIndex | DropIndex | RenameIndex
    | AddConstraint | ValidateConstraint | DropConstraint | RenameConstraint | CommentTable | SetTableOptions | CreateEnum | DropEnum | AddEnumValue | RenameEnum
    | RenameEnumValue | SetEnumValues | CreateObject | DropObject | ChangeRows | ChangeProperty | Opaque
    | ObjectOperation
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """An operation where a revision asks for it. `condition` is set where the text does not tell whether it happens."""

    operation: Operation
    location: Location
    condition: Unknown | None = None
    guarded: bool = False  # the revision catches a refusal and goes on


# Reverses


def reverse(operation: Operation, before: Database) -> tuple[Operation, ...] | Unknown:
    """What undoes an operation, given the schema before it: a drop knows what it dropped.

    Several operations where one does not suffice (a dropped column takes its keys along), in the order to run them;
    Unknown where the schema before does not tell, or where nothing undoes it (rows, a value added to an enumeration).
    """
    if isinstance(operation, OBJECT_OPERATIONS):
        return reverse_of_object(operation, before)
    match operation:
        case CreateTable(table):
            return (DropTable(table.key),)
        case RenameTable(table, name, schema):
            new = (table[0] if isinstance(schema, Keep) else schema, name)
            return (RenameTable(new, table[1], KEEP if isinstance(schema, Keep) else table[0]),)
        case AddColumn(table, column):
            return (DropColumn(table, column.name),)
        case CreateIndex(table, index):
            return (DropIndex(index.name, table, table[0]),)
        case RenameIndex(name, new_name, _, table):
            return (RenameIndex(new_name, name, table=table),)
        case ValidateConstraint():
            return ()
        case AddConstraint(table, constraint):
            return (DropConstraint(table, constraint.name, sort_of(constraint)),)
        case RenameConstraint(table, name, new_name):
            return (RenameConstraint(table, new_name, name),)
        case CreateEnum(enum) if enum.name:
            return (DropEnum(enum.name, enum.schema),)
        case RenameEnum(name, new_name, schema):
            return (RenameEnum(new_name, name, schema),)
        case RenameEnumValue(name, value, new_value, schema):
            return (RenameEnumValue(name, new_value, value, schema),)
        case CreateObject(sort, name, replaces=False):
            return (DropObject(sort, name),)
        case AddEnumValue(name):
            return Unknown(f"PostgreSQL cannot take a value out of the enumeration {name}")
        case ChangeRows() | ChangeProperty() | CreateObject() | DropObject():
            return Unknown("the schema before does not say how to undo this")
        case Opaque(reason):
            return reason
    return _reverse_of_loss(operation, before)


def _reverse_of_loss(operation: Operation, before: Database) -> tuple[Operation, ...] | Unknown:
    if isinstance(operation, DropEnum):
        enum = next((enum for enum in before.enums if (enum.schema, enum.name) == (operation.schema, operation.name)), None)
        return (CreateEnum(enum),) if enum is not None else Unknown(f"the enumeration {operation.name} is not known")
    if isinstance(operation, DropIndex):
        for each in before.tables:
            for index in each.indexes:
                if index.name == operation.name and (operation.table is None or operation.table == each.key):
                    return (CreateIndex(each.key, index),) if index.unknown is None else index.unknown
        return Unknown(f"the index {operation.name} is not known")
    key: Key | None = getattr(operation, "table", None)
    table: Table | None = next((each for each in before.tables if each.key == key), None)
    if table is None or table.maybe is not None:
        return Unknown(f"the table {key[1] if key else ''} is not known before")
    if isinstance(operation, DropTable):
        return (CreateTable(replace(table, indexes=())), *(CreateIndex(table.key, index) for index in table.indexes))
    if isinstance(operation, CommentTable):
        return (CommentTable(table.key, table.comment),)
    if isinstance(operation, SetTableOptions):
        earlier = dict(table.options)
        values = [(name, earlier.get(name)) for name, _ in operation.options]
        return (SetTableOptions(table.key, tuple((name, str(value) if value is not None else None) for name, value in values)),)
    if isinstance(operation, DropConstraint):
        found = constraint_named(table, operation.name)
        return (AddConstraint(table.key, found),) if found else Unknown(f"no constraint of {table.name} has that name")
    if isinstance(operation, DropColumn):
        return _column_again(table, operation.column)
    assert isinstance(operation, AlterColumn)
    return _altered_back(table, operation)


def _column_again(table: Table, name: str) -> tuple[Operation, ...] | Unknown:
    column = table.column(name)
    if column is None or column.maybe is not None:
        return Unknown(f"the column {name} is not known before")
    lost: list[Operation] = [AddColumn(table.key, column)]
    keys: list[PrimaryKey | Unique | ForeignKey | None] = [table.primary_key, *table.uniques, *table.foreign_keys]
    lost.extend(AddConstraint(table.key, each) for each in keys if each is not None and name in (each.columns or ()))
    lost.extend(CreateIndex(table.key, index) for index in table.indexes if name in (index.columns or ()))
    return tuple(lost)


def _altered_back(table: Table, operation: AlterColumn) -> tuple[Operation, ...] | Unknown:
    column = table.column(operation.column)
    if column is None or column.maybe is not None:
        return Unknown(f"the column {operation.column} is not known before")
    back = AlterColumn(table.key, operation.column)
    if not isinstance(operation.name, Keep):
        back = replace(back, column=operation.name, name=operation.column)
    for attribute in ("type", "nullable", "server_default", "comment"):
        if not isinstance(getattr(operation, attribute), Keep):
            back = replace(back, **{attribute: getattr(column, attribute)})
    if not isinstance(back.type, Keep) and isinstance(back.type.family, Unknown):
        return Unknown(f"the type of {operation.column} before is not known")
    return (back,)


def sort_of(constraint: Constraint) -> str | None:
    """The word Alembic has for a constraint's sort (`type_`); None for one that it has no word for."""
    return {PrimaryKey: "primary", ForeignKey: "foreignkey", Unique: "unique", Check: "check", Exclusion: None}[type(constraint)]


def constraint_named(table: Table, name: str | Unknown | None) -> Constraint | None:
    """The constraint of a table that bears a name."""
    if not isinstance(name, str):
        return None
    every: list[Constraint | None] = [table.primary_key, *table.foreign_keys, *table.uniques, *table.checks, *table.exclusions]
    return next((each for each in every if each is not None and each.name == name), None)

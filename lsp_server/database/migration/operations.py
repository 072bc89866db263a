"""The operations of a migration as values: the words in which a plan speaks of tables and what hangs on them.

An operation carries the whole element it adds or drops, so that nothing has to be looked up to undo it. What undoes it is said
by `reversing.py`, what it does to a schema by `applying.py`; it knows neither Alembic nor SQL (`render.py`,
`alembic_operations.py`), nor why it is there (`plan/`). Views and sequences have words of their own in `object_operations.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lsp_server.database.migration.object_operations import ObjectOperation
from lsp_server.database.migration.whole_table import ChangeTableOptions
from lsp_server.database.model import (
    Check,
    Column,
    EnumType,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    Unique,
)

# Values of an enumeration and what stands for them where they are not known, in either direction.
Replacements = tuple[tuple[str, str], ...]

Constraint = PrimaryKey | ForeignKey | Unique | Check | Exclusion
TableKey = tuple[str | None, str]


class Stays(Enum):
    """Says that a table keeps its schema; None is the default one."""

    STAYS = "stays"


STAYS = Stays.STAYS


@dataclass(frozen=True, slots=True)
class Fill:
    """What rows that exist get in a column that must have a value.

    `sql` is an SQL expression; None: nobody knows, and the step must stop if there are such rows. `reason` says in words
    where the value comes from: "the model's default", "a placeholder".
    """

    sql: str | None
    reason: str
    given: bool = False  # by a person, for this migration
    restores: bool = False  # the very values that were there, from where they are kept now


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table with its keys and indexes, except the foreign keys that follow as operations of their own."""

    table: Table


@dataclass(frozen=True, slots=True)
class DropTable:
    table: Table


@dataclass(frozen=True, slots=True)
class RenameTable:
    """`evidence` says why this is no drop and create. `moved_to`: the schema that the table goes to, on PostgreSQL."""

    schema: str | None
    before: str
    after: str
    evidence: str = ""
    moved_to: str | Stays | None = STAYS

    @property
    def target(self) -> TableKey:
        return (self.schema if isinstance(self.moved_to, Stays) else self.moved_to, self.after)


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: TableKey
    column: Column
    fill: Fill | None = None  # for a column that must have a value and gets none from the database


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: TableKey
    column: Column
    fill: Fill | None = None  # for the way back


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: TableKey
    before: Column
    after: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class AlterColumn:
    """`aspects`: which of type, nullable, server_default, comment, identity change. `fill` is for a NULL that must go."""

    table: TableKey
    before: Column
    after: Column
    aspects: tuple[str, ...]
    fill: Fill | None = None
    replaced: Replacements = ()
    zone: str | None = None  # the time zone of moments that have none
    using: str | None = None  # the new value as SQL, where a cast does not give it
    back: str | None = None  # the old value again, for the way back

    @property
    def tightens(self) -> bool:
        return "nullable" in self.aspects and self.after.nullable is False


@dataclass(frozen=True, slots=True)
class AddConstraint:
    """`name` is what the database will call it: the constraint's own name, or the automatic one."""

    table: TableKey
    constraint: Constraint
    name: str


@dataclass(frozen=True, slots=True)
class DropConstraint:
    table: TableKey
    constraint: Constraint
    name: str


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """`implicit`: the index that MySQL would make by itself for a foreign key; no part of the schema as models see it."""

    table: TableKey
    index: Index
    name: str
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class DropIndex:
    table: TableKey
    index: Index
    name: str
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class ChangeTableComment:
    table: TableKey
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class CreateEnum:
    enum: EnumType


@dataclass(frozen=True, slots=True)
class DropEnum:
    enum: EnumType


@dataclass(frozen=True, slots=True)
class ChangeEnum:
    """Other values for a named enum type; `uses` are the columns of that type, whose defaults must step aside."""

    before: EnumType
    after: EnumType
    uses: tuple[tuple[TableKey, Column], ...] = ()
    replaced: Replacements = ()

    @property
    def only_adds(self) -> bool:
        return set(_values(self.before)) <= set(_values(self.after))


@dataclass(frozen=True, slots=True)
class CreateSchema:
    """`shared`: nobody says who makes it, so it may be there already, and stays on the way back."""

    name: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class DropSchema:
    name: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class FixComputed:
    """A computed column becomes a plain one and keeps its values. On the way back (`undone`) they are computed again."""

    table: TableKey
    computed: Column
    plain: Column
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Counter:
    """How a column counts itself up. `identity` None: a serial on PostgreSQL, AUTO_INCREMENT on MySQL. `family` is its type."""

    family: str
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class ChangeCounter:
    """Another way, or none, by which a column counts itself up. `column` is as it is afterwards, its identity apart."""

    table: TableKey
    column: Column
    before: Counter | None
    after: Counter | None


@dataclass(frozen=True, slots=True)
class RenameConstraint:
    """The same rule or index under another name, where a database can say so.

    `doubtful`: only databases that are older than the naming convention have the name before; in others nothing is to be done.
    """

    table: TableKey
    constraint: Constraint | Index  # under its name before
    after: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class FillTable:
    """The first rows of a new table, out of others that are about to lose them. `query` gives `columns`."""

    table: TableKey
    columns: tuple[str, ...]
    query: str
    counted: Column | None = None  # the key that counts itself up, which must go on after these rows
    undone: bool = False  # on the way back the rows go with their table


Operation = (
    CreateTable
    | DropTable
    | RenameTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | AddConstraint
    | DropConstraint
    | CreateIndex
    | DropIndex
    | ChangeTableComment
    | ChangeTableOptions
    | CreateEnum
    | DropEnum
    | ChangeEnum
    | CreateSchema
    | DropSchema
    | ChangeCounter
    | RenameConstraint
    | FillTable
    | FixComputed
    | ObjectOperation
)


def _values(enum: EnumType) -> tuple[str, ...]:
    return enum.values if isinstance(enum.values, tuple) else ()

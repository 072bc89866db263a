"""The operations of a migration as values: each knows its reverse and what it does to a `Table` or `Database`.

An operation carries the whole element it adds or drops, so that nothing has to be looked up to undo it. It knows neither
Alembic nor SQL (`render.py`, `alembic_operations.py`), nor why it is there (`plan.py`). Long because it is a vocabulary: one
small class for each operation, none of which means much without the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from lsp_server.database.equivalence import default_schema, primary_key_of
from lsp_server.database.migration.object_operations import ObjectOperation
from lsp_server.database.migration.whole_table import ChangeTableOptions
from lsp_server.database.model import (
    Check,
    Column,
    Database,
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

    @property
    def reverse(self) -> DropTable:
        return DropTable(self.table)

    def applied(self, database: Database) -> Database:
        return replace(database, tables=(*database.tables, self.table))


@dataclass(frozen=True, slots=True)
class DropTable:
    table: Table

    @property
    def reverse(self) -> CreateTable:
        return CreateTable(self.table)

    def applied(self, database: Database) -> Database:
        return replace(database, tables=tuple(table for table in database.tables if table.key != self.table.key))


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

    @property
    def reverse(self) -> RenameTable:
        schema, _ = self.target
        back: str | Stays | None = STAYS if isinstance(self.moved_to, Stays) else self.schema
        return RenameTable(schema, self.after, self.before, self.evidence, back)

    def applied(self, database: Database) -> Database:
        old = (default_schema(self.schema), self.before)

        def renamed(table: Table) -> Table:
            keys = tuple(
                replace(key, target_table=self.after, target_schema=self.target[0])
                if (default_schema(key.target_schema), key.target_table) == old
                else key
                for key in table.foreign_keys
            )
            if table.key != old:
                return replace(table, foreign_keys=keys)
            return replace(table, schema=self.target[0], name=self.after, foreign_keys=keys)

        return replace(database, tables=tuple(map(renamed, database.tables)))


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: TableKey
    column: Column
    fill: Fill | None = None  # for a column that must have a value and gets none from the database

    @property
    def reverse(self) -> DropColumn:
        return DropColumn(self.table, self.column, self.fill)

    def applied(self, database: Database) -> Database:
        return _with_table(database, self.table, lambda table: replace(table, columns=(*table.columns, self.column)))


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: TableKey
    column: Column
    fill: Fill | None = None  # for the way back

    @property
    def reverse(self) -> AddColumn:
        return AddColumn(self.table, self.column, self.fill)

    def applied(self, database: Database) -> Database:
        def without(table: Table) -> Table:
            return replace(
                table, columns=tuple(column for column in table.columns if column.name != self.column.name)
            )

        return _with_table(database, self.table, without)


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: TableKey
    before: Column
    after: str
    evidence: str = ""

    @property
    def reverse(self) -> RenameColumn:
        return RenameColumn(self.table, replace(self.before, name=self.after), self.before.name, self.evidence)

    def applied(self, database: Database) -> Database:
        return _with_table(database, self.table, self._renamed, others=self._retargeted)

    def _renamed(self, table: Table) -> Table:
        return replace(
            table,
            columns=tuple(
                replace(column, name=self.after) if column.name == self.before.name else column
                for column in table.columns
            ),
            primary_key=table.primary_key
            and replace(table.primary_key, columns=self._names(table.primary_key.columns)),
            foreign_keys=tuple(
                replace(key, columns=self._names(key.columns) if key.columns else None) for key in table.foreign_keys
            ),
            uniques=tuple(
                replace(unique, columns=self._names(unique.columns) if unique.columns else None)
                for unique in table.uniques
            ),
            indexes=tuple(
                replace(
                    index,
                    columns=tuple(map(self._expression, index.columns)) if index.columns else None,
                    where=self._expression(index.where) if isinstance(index.where, str) else index.where,
                )
                for index in table.indexes
            ),
            checks=tuple(
                replace(check, expression=self._expression(check.expression)) if check.expression else check
                for check in table.checks
            ),
            exclusions=tuple(
                replace(each, elements=tuple((self._expression(text), operator) for text, operator in each.elements or ()))
                for each in table.exclusions
            ),
        )

    def _expression(self, text: str) -> str:
        """Databases rename the column in their expressions too."""
        return re.sub(rf"(?<![\w'.]){re.escape(self.before.name)}(?![\w'(])", self.after, text)

    def _retargeted(self, table: Table) -> Table:
        return replace(
            table,
            foreign_keys=tuple(
                replace(key, target_columns=self._names(key.target_columns))
                if (default_schema(key.target_schema), key.target_table) == self.table and key.target_columns
                else key
                for key in table.foreign_keys
            ),
        )

    def _names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.after if column == self.before.name else column for column in columns)


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
    def reverse(self) -> AlterColumn:
        turned = (self.fill, self.replaced, self.zone, self.back, self.using)
        return AlterColumn(self.table, self.after, self.before, self.aspects, *turned)

    @property
    def tightens(self) -> bool:
        return "nullable" in self.aspects and self.after.nullable is False

    def applied(self, database: Database) -> Database:
        def altered(table: Table) -> Table:
            return replace(
                table,
                columns=tuple(
                    self.after if column.name == self.before.name else column for column in table.columns
                ),
            )

        return _with_table(database, self.table, altered)


@dataclass(frozen=True, slots=True)
class AddConstraint:
    """`name` is what the database will call it: the constraint's own name, or the automatic one."""

    table: TableKey
    constraint: Constraint
    name: str

    @property
    def reverse(self) -> DropConstraint:
        return DropConstraint(self.table, self.constraint, self.name)

    def applied(self, database: Database) -> Database:
        return _with_table(database, self.table, lambda table: _with_constraint(table, self.constraint))


@dataclass(frozen=True, slots=True)
class DropConstraint:
    table: TableKey
    constraint: Constraint
    name: str

    @property
    def reverse(self) -> AddConstraint:
        return AddConstraint(self.table, self.constraint, self.name)

    def applied(self, database: Database) -> Database:
        return _with_table(database, self.table, lambda table: _without_constraint(table, self.constraint))


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """`implicit`: the index that MySQL would make by itself for a foreign key; no part of the schema as models see it."""

    table: TableKey
    index: Index
    name: str
    implicit: bool = False

    @property
    def reverse(self) -> DropIndex:
        return DropIndex(self.table, self.index, self.name, self.implicit)

    def applied(self, database: Database) -> Database:
        if self.implicit:
            return database
        return _with_table(database, self.table, lambda table: replace(table, indexes=(*table.indexes, self.index)))


@dataclass(frozen=True, slots=True)
class DropIndex:
    table: TableKey
    index: Index
    name: str
    implicit: bool = False

    @property
    def reverse(self) -> CreateIndex:
        return CreateIndex(self.table, self.index, self.name, self.implicit)

    def applied(self, database: Database) -> Database:
        def without(table: Table) -> Table:
            return replace(table, indexes=tuple(index for index in table.indexes if index != self.index))

        return _with_table(database, self.table, without)


@dataclass(frozen=True, slots=True)
class ChangeTableComment:
    table: TableKey
    before: str | None
    after: str | None

    @property
    def reverse(self) -> ChangeTableComment:
        return ChangeTableComment(self.table, self.after, self.before)

    def applied(self, database: Database) -> Database:
        return _with_table(database, self.table, lambda table: replace(table, comment=self.after))


@dataclass(frozen=True, slots=True)
class CreateEnum:
    enum: EnumType

    @property
    def reverse(self) -> DropEnum:
        return DropEnum(self.enum)

    def applied(self, database: Database) -> Database:
        return replace(database, enums=(*database.enums, self.enum))


@dataclass(frozen=True, slots=True)
class DropEnum:
    enum: EnumType

    @property
    def reverse(self) -> CreateEnum:
        return CreateEnum(self.enum)

    def applied(self, database: Database) -> Database:
        return replace(
            database, enums=tuple(enum for enum in database.enums if _enum_key(enum) != _enum_key(self.enum))
        )


@dataclass(frozen=True, slots=True)
class ChangeEnum:
    """Other values for a named enum type; `uses` are the columns of that type, whose defaults must step aside."""

    before: EnumType
    after: EnumType
    uses: tuple[tuple[TableKey, Column], ...] = ()
    replaced: Replacements = ()

    @property
    def reverse(self) -> ChangeEnum:
        return ChangeEnum(self.after, self.before, self.uses, self.replaced)

    @property
    def only_adds(self) -> bool:
        return set(_values(self.before)) <= set(_values(self.after))

    def applied(self, database: Database) -> Database:
        key = _enum_key(self.before)

        def changed(column: Column) -> Column:
            enum = column.type.enum
            if enum is not None and enum.native and _enum_key(enum) == key:
                return replace(column, type=replace(column.type, enum=self.after))
            return column

        return replace(
            database,
            enums=tuple(self.after if _enum_key(enum) == key else enum for enum in database.enums),
            tables=tuple(
                replace(table, columns=tuple(map(changed, table.columns))) for table in database.tables
            ),
        )


@dataclass(frozen=True, slots=True)
class CreateSchema:
    """`shared`: nobody says who makes it, so it may be there already, and stays on the way back."""

    name: str
    shared: bool = False

    @property
    def reverse(self) -> DropSchema:
        return DropSchema(self.name, self.shared)

    def applied(self, database: Database) -> Database:
        return replace(database, schemas=(*database.schemas, self.name))


@dataclass(frozen=True, slots=True)
class DropSchema:
    name: str
    shared: bool = False

    @property
    def reverse(self) -> CreateSchema:
        return CreateSchema(self.name, self.shared)

    def applied(self, database: Database) -> Database:
        if self.shared:
            return database
        return replace(database, schemas=tuple(name for name in database.schemas if name != self.name))


@dataclass(frozen=True, slots=True)
class FixComputed:
    """A computed column becomes a plain one and keeps its values. On the way back (`undone`) they are computed again."""

    table: TableKey
    computed: Column
    plain: Column
    undone: bool = False

    @property
    def reverse(self) -> FixComputed:
        return replace(self, undone=not self.undone)

    def applied(self, database: Database) -> Database:
        now = self.computed if self.undone else self.plain

        def changed(table: Table) -> Table:
            return replace(table, columns=tuple(now if column.name == now.name else column for column in table.columns))

        return _with_table(database, self.table, changed)


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

    @property
    def reverse(self) -> ChangeCounter:
        return ChangeCounter(self.table, self.column, self.after, self.before)

    def applied(self, database: Database) -> Database:
        identity = self.after.identity if self.after is not None else None

        def changed(table: Table) -> Table:
            columns = (
                replace(column, identity=identity) if column.name == self.column.name else column for column in table.columns
            )
            return replace(table, columns=tuple(columns))

        return _with_table(database, self.table, changed)


@dataclass(frozen=True, slots=True)
class RenameConstraint:
    """The same rule or index under another name, where a database can say so.

    `doubtful`: only databases that are older than the naming convention have the name before; in others nothing is to be done.
    """

    table: TableKey
    constraint: Constraint | Index  # under its name before
    after: str
    doubtful: bool = False

    @property
    def reverse(self) -> RenameConstraint:
        named = replace(self.constraint, name=self.after)
        return RenameConstraint(self.table, named, self.constraint.name or "")

    def applied(self, database: Database) -> Database:
        named = replace(self.constraint, name=self.after)
        return _with_table(
            database, self.table, lambda table: _with_constraint(_without_constraint(table, self.constraint), named)
        )


@dataclass(frozen=True, slots=True)
class FillTable:
    """The first rows of a new table, out of others that are about to lose them. `query` gives `columns`."""

    table: TableKey
    columns: tuple[str, ...]
    query: str
    counted: Column | None = None  # the key that counts itself up, which must go on after these rows
    undone: bool = False  # on the way back the rows go with their table

    @property
    def reverse(self) -> FillTable:
        return replace(self, undone=not self.undone)

    def applied(self, database: Database) -> Database:
        return database


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


def reversed_operations(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    return tuple(operation.reverse for operation in reversed(operations))


def apply_operations(database: Database, operations: tuple[Operation, ...]) -> Database:
    """The database as it is when all operations have run."""
    for operation in operations:
        database = operation.applied(database)
    return database


def _values(enum: EnumType) -> tuple[str, ...]:
    return enum.values if isinstance(enum.values, tuple) else ()


def _enum_key(enum: EnumType) -> tuple[str | None, str | None]:
    return default_schema(enum.schema), enum.name


def _with_table(
    database: Database,
    key: TableKey,
    change: Callable[[Table], Table],
    others: Callable[[Table], Table] | None = None,
) -> Database:
    """The database with one table changed, and `others` done to every table."""

    def changed(table: Table) -> Table:
        table = change(table) if table.key == key else table
        return others(table) if others is not None else table

    return replace(database, tables=tuple(map(changed, database.tables)))


def _with_constraint(table: Table, constraint: Constraint | Index) -> Table:
    if isinstance(constraint, Index):
        return replace(table, indexes=(*table.indexes, constraint))
    if isinstance(constraint, PrimaryKey):
        return replace(
            table,
            primary_key=constraint,
            columns=tuple(
                replace(column, primary_key=column.name in constraint.columns) for column in table.columns
            ),
        )
    if isinstance(constraint, ForeignKey):
        return replace(table, foreign_keys=(*table.foreign_keys, constraint))
    if isinstance(constraint, Unique):
        return replace(table, uniques=(*table.uniques, constraint))
    if isinstance(constraint, Exclusion):
        return replace(table, exclusions=(*table.exclusions, constraint))
    return replace(table, checks=(*table.checks, constraint))


def _without_constraint(table: Table, constraint: Constraint | Index) -> Table:
    if isinstance(constraint, Index):
        return replace(table, indexes=tuple(index for index in table.indexes if index != constraint))
    if isinstance(constraint, PrimaryKey):
        keys = primary_key_of(table) or ()
        return replace(
            table,
            primary_key=None,
            columns=tuple(
                # What was in a primary key stays NOT NULL when the key goes.
                replace(column, primary_key=False, nullable=False if column.name in keys else column.nullable)
                for column in table.columns
            ),
        )
    if isinstance(constraint, ForeignKey):
        return replace(table, foreign_keys=tuple(key for key in table.foreign_keys if key != constraint))
    if isinstance(constraint, Unique):
        return replace(table, uniques=tuple(unique for unique in table.uniques if unique != constraint))
    if isinstance(constraint, Exclusion):
        return replace(table, exclusions=tuple(each for each in table.exclusions if each != constraint))
    return replace(table, checks=tuple(check for check in table.checks if check != constraint))

"""Our operations as Alembic's: what `render.py` writes into a revision and `proof.py` runs, so that both are the same.

A step is one statement of a revision: one of Alembic's operation objects, a batch of them on one table, or a guard that stops
before rows would be in the way. Imports Alembic inside its functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lsp_server.database.equivalence import default_schema, family_of, primary_key_of
from lsp_server.database.migration.metadata import (
    foreign_key_options,
    index_elements,
    index_options,
    to_column,
    to_server_default,
    to_table,
    to_type,
)
from lsp_server.database.migration.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
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
    Operation,
    RenameColumn,
    RenameTable,
    TableKey,
)
from lsp_server.database.migration.values import quoted
from lsp_server.database.model import Column, Database, EnumType, ForeignKey, Index, PrimaryKey, Table, Unique

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.operations.ops import MigrateOperation

_TEXTS = ("VARCHAR", "TEXT", "CHAR")
_WIDENINGS = {
    ("SMALLINT", "INTEGER"),
    ("SMALLINT", "BIGINT"),
    ("INTEGER", "BIGINT"),
    ("INTEGER", "NUMERIC"),
    ("BIGINT", "NUMERIC"),
    ("SMALLINT", "NUMERIC"),
    ("REAL", "DOUBLE PRECISION"),
    ("DATE", "TIMESTAMP WITHOUT TIME ZONE"),
}


@dataclass(frozen=True, slots=True)
class Direct:
    """One of Alembic's operations outside a batch."""

    operation: MigrateOperation
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations on one table in `batch_alter_table`; `copy_from` states the table where reflecting it would lose parts."""

    table: TableKey
    operations: tuple[MigrateOperation, ...]
    copy_from: sa.Table | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Stops with `message` if the query counts anything."""

    query: str
    message: str


Step = Direct | Batch | Guard


def to_steps(
    operations: Iterable[Operation], start: Database, dialect: str | None, *, batch: bool = False
) -> tuple[Step, ...]:
    """The steps of one direction, from the schema `start`. Raises NotSayable.

    `batch` wraps changes of tables in `batch_alter_table` on every database; SQLite always needs it.
    """
    writer = _Writer(start, dialect, batch or dialect == "sqlite")
    for operation in operations:
        writer.add(operation)
    writer.flush()
    return tuple(_guards_first(writer.steps))


def _guards_first(steps: list[Step]) -> list[Step]:
    """Guards go before everything but the renames, so that nothing is half done when one of them stops."""
    renames = 0
    for step in steps:
        if not isinstance(step, Direct) or not _is_rename(step.operation):
            break
        renames += 1
    guards = [step for step in steps[renames:] if isinstance(step, Guard)]
    rest = [step for step in steps[renames:] if not isinstance(step, Guard)]
    return [*steps[:renames], *dict.fromkeys(guards), *rest]


def _is_rename(operation: MigrateOperation) -> bool:
    from alembic.operations import ops

    return isinstance(operation, ops.RenameTableOp) or (
        isinstance(operation, ops.AlterColumnOp) and operation.modify_name is not None
    )


@dataclass(slots=True)
class _Writer:
    state: Database
    dialect: str | None
    batch: bool
    steps: list[Step] = field(default_factory=list)
    group: TableKey | None = None
    group_state: Database | None = None
    group_operations: list[Operation] = field(default_factory=list)
    inside: list[MigrateOperation] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    after_group: list[Step] = field(default_factory=list)

    def add(self, operation: Operation) -> None:
        match operation:
            case AddColumn() | DropColumn() | AlterColumn() | AddConstraint() | DropConstraint():
                self._enter(operation.table)
                self._change(operation)
            case CreateIndex():
                if self.batch and self.group == operation.table:
                    self.after_group += _create_index(operation, self.dialect)
                else:
                    self.flush()
                    self.steps += _create_index(operation, self.dialect)
            case DropIndex():
                if not self.batch:
                    self.flush()
                # Before the copying starts: a batch copies what it finds. Within a running group the earlier steps of
                # the same table cannot need the index, so it may go first.
                self.steps += _drop_index(operation, self.dialect)
                if self.group_state is not None and self.group == operation.table:
                    self.group_state = operation.applied(self.group_state)
            case _:
                self.flush()
                self._outside(operation)
        self.state = operation.applied(self.state)

    def flush(self) -> None:
        """End the running batch."""
        if self.inside and self.group is not None:
            if self.batch:
                comment = "; ".join(dict.fromkeys(self.comments)) or None
                self.steps.append(Batch(self.group, tuple(self.inside), self._copy(), comment))
            else:
                comments = [*self.comments, None] if self.comments else [None]
                for number, operation in enumerate(self.inside):
                    self.steps.append(Direct(operation, comments[0] if number == 0 else None))
        self.steps += self.after_group
        self.group, self.group_state = None, None
        self.inside, self.group_operations, self.comments, self.after_group = [], [], [], []

    def _enter(self, table: TableKey) -> None:
        if not self.batch or self.group != table or self.after_group:
            self.flush()
        if self.group is None:
            self.group, self.group_state = table, self.state

    # Inside a table

    def _change(self, operation: AddColumn | DropColumn | AlterColumn | AddConstraint | DropConstraint) -> None:
        match operation:
            case AddColumn():
                self._add_column(operation)
            case DropColumn():
                self._put(operation, _drop_column(operation, self.dialect))
            case AlterColumn():
                self._alter_column(operation)
            case AddConstraint():
                self._put(operation, _add_constraint(operation))
            case DropConstraint():
                self._put(operation, _drop_constraint(operation))

    def _put(self, operation: Operation, *made: MigrateOperation) -> None:
        self.group_operations.append(operation)
        self.inside += made

    def _add_column(self, operation: AddColumn) -> None:
        from alembic.operations import ops

        schema, table = operation.table
        column, fill = operation.column, operation.fill
        if fill is None:
            self._put(operation, ops.AddColumnOp(table, to_column(column, self.dialect), schema=schema))
            return
        loose = replace(column, nullable=True)
        self._put(operation, ops.AddColumnOp(table, to_column(loose, self.dialect), schema=schema))
        name = f"{table}.{column.name}"
        if fill.sql is None:
            self.steps.append(Guard(
                f"SELECT count(*) FROM {_table_sql(operation.table, self.dialect)}",
                f"{name} must have a value and no default is known: write the value for the rows that exist",
            ))
            self.flush()
        else:
            self.flush()
            update = f"UPDATE {_table_sql(operation.table, self.dialect)} SET {_name_sql(column.name, self.dialect)} = {fill.sql}"
            comment = f"Rows that exist get {fill.sql} in {name}: {fill.reason}."
            self.steps.append(Direct(ops.ExecuteSQLOp(update), comment))
        self.group = operation.table
        self.group_state = AddColumn(operation.table, loose).applied(self.state)
        tighten = AlterColumn(operation.table, loose, column, ("nullable",))
        self._put(tighten, _alter(tighten, self.dialect))

    def _alter_column(self, operation: AlterColumn) -> None:
        from alembic.operations import ops

        table = operation.table[1]
        column = operation.before.name
        if operation.tightens and operation.fill is not None:
            where = f"WHERE {_name_sql(column, self.dialect)} IS NULL"
            if operation.fill.sql is None:
                message = f"{table}.{column} becomes NOT NULL, but there are rows without a value: fill them first"
                self.steps.append(Guard(f"SELECT count(*) FROM {_table_sql(operation.table, self.dialect)} {where}", message))
            else:
                update = f"UPDATE {_table_sql(operation.table, self.dialect)} SET {_name_sql(column, self.dialect)} = {operation.fill.sql} {where}"
                comment = f"Rows without {table}.{column} get {operation.fill.sql}: {operation.fill.reason}."
                # The column is there already, so this may go before what the running batch collects.
                self.steps.append(Direct(ops.ExecuteSQLOp(update), comment))
        self._put(operation, *(_alter(part, self.dialect) for part in _parts(operation, self.dialect)))

    def _copy(self) -> sa.Table | None:
        """The table as it is before the batch, where Alembic's own look at it would miss or misname something."""
        import sqlalchemy as sa

        if self.dialect != "sqlite" or self.group is None or self.group_state is None:
            return None
        table = self.group_state.table(self.group[1], self.group[0])
        dropped = [item for item in self.group_operations if isinstance(item, DropConstraint)]
        if table is None or table.incomplete is not None or not _recreates(self.group_operations):
            return None
        nameless = [item for item in dropped if item.constraint.name is None]
        if not nameless and not _hard_to_reflect(table):
            return None
        names: dict[object, str] = {item.constraint: item.name for item in nameless}
        keys = primary_key_of(table)
        if keys:
            names |= {PrimaryKey(keys): item.name for item in nameless if isinstance(item.constraint, PrimaryKey)}
        return to_table(table, sa.MetaData(), self.dialect, names=names)

    # Outside

    def _outside(self, operation: Operation) -> None:
        from alembic.operations import ops

        match operation:
            case CreateTable():
                self.steps += _create_table(operation.table, self.dialect)
            case DropTable():
                schema, name = operation.table.schema, operation.table.name
                for index in operation.table.indexes:
                    self.steps += _drop_index(DropIndex(operation.table.key, index, index.name or ""), self.dialect)
                self.steps.append(Direct(ops.DropTableOp(name, schema=schema)))
            case RenameTable():
                rename = ops.RenameTableOp(operation.before, operation.after, schema=operation.schema)
                reason = f" ({operation.evidence})" if operation.evidence else ""
                self.steps.append(Direct(rename, f"A rename{reason}: the rows stay."))
            case RenameColumn():
                self.steps.append(_rename_column(operation, self.dialect))
            case ChangeTableComment():
                self.steps.append(_table_comment(operation))
            case CreateEnum() | DropEnum() | ChangeEnum():
                self.steps += [Direct(ops.ExecuteSQLOp(sql)) for sql in _enum_sql(operation)]
            case CreateSchema():
                self.steps.append(Direct(ops.ExecuteSQLOp(f"CREATE SCHEMA {_name_sql(operation.name)}")))
            case DropSchema():
                self.steps.append(Direct(ops.ExecuteSQLOp(f"DROP SCHEMA {_name_sql(operation.name)}")))


# Single operations


def _create_table(table: Table, dialect: str | None) -> list[Step]:
    import sqlalchemy as sa
    from alembic.operations import ops

    made = to_table(table, sa.MetaData(), dialect, indexes=False)
    steps: list[Step] = [Direct(ops.CreateTableOp.from_table(made))]
    for index in table.indexes:
        steps += _create_index(CreateIndex(table.key, index, index.name or ""), dialect)
    return steps


def _create_index(operation: CreateIndex, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    schema, table = operation.table
    index = operation.index
    made = ops.CreateIndexOp(
        operation.name,
        table,
        index_elements(index),
        schema=schema,
        unique=index.unique is True,
        **index_options(index, dialect),
    )
    return [Direct(made)]


def _drop_index(operation: DropIndex, dialect: str | None) -> list[Step]:
    from alembic.operations import ops

    schema, table = operation.table
    return [Direct(ops.DropIndexOp(operation.name, table, schema=schema))]


def _drop_column(operation: DropColumn, dialect: str | None) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    return ops.DropColumnOp(table, operation.column.name, schema=schema)


def _rename_column(operation: RenameColumn, dialect: str | None) -> Direct:
    from alembic.operations import ops

    schema, table = operation.table
    options: dict[str, Any] = {}
    if dialect in ("mysql", "mariadb"):
        options["existing_type"] = to_type(operation.before.type, dialect)
        options["existing_nullable"] = operation.before.nullable
        options["existing_server_default"] = to_server_default(
            operation.before.server_default, operation.before, dialect
        )
    made = ops.AlterColumnOp(table, operation.before.name, schema=schema, modify_name=operation.after, **options)
    reason = f" ({operation.evidence})" if operation.evidence else ""
    return Direct(made, f"A rename{reason}: the values stay.")


def _alter(operation: AlterColumn, dialect: str | None) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    before, after, aspects = operation.before, operation.after, operation.aspects
    options: dict[str, Any] = {}
    if "type" in aspects:
        options["modify_type"] = to_type(after.type, dialect)
        using = _using(before, after, dialect)
        if using is not None:
            options["postgresql_using"] = using
    if "nullable" in aspects:
        options["modify_nullable"] = after.nullable
    if "server_default" in aspects:
        options["modify_server_default"] = to_server_default(after.server_default, after, dialect)
    elif before.server_default is not None:
        options["existing_server_default"] = to_server_default(before.server_default, before, dialect)
    if "comment" in aspects:
        options["modify_comment"] = after.comment
        options["existing_comment"] = before.comment
    return ops.AlterColumnOp(
        table,
        before.name,
        schema=schema,
        existing_type=to_type(before.type, dialect),
        existing_nullable=before.nullable if isinstance(before.nullable, bool) else None,
        **options,
    )


def _using(before: Column, after: Column, dialect: str | None) -> str | None:
    """PostgreSQL converts by itself only what cannot go wrong."""
    old, new = family_of(before.type), family_of(after.type)
    if dialect != "postgresql" or (old == new and after.type.enum is None and old != "ARRAY"):
        return None
    if (old in _TEXTS and new in _TEXTS and after.type.enum is None) or (old, new) in _WIDENINGS:
        return None
    sql = after.type.sql
    if sql is None:
        return None
    text = "::text" if "ENUM" in (old, new) and old not in _TEXTS else ""
    return f"{_name_sql(before.name)}{text}::{sql}"


def _parts(operation: AlterColumn, dialect: str | None) -> list[AlterColumn]:
    """PostgreSQL cannot cast a default along with the type: it steps aside, and comes back when the type has changed."""
    before, after = operation.before, operation.after
    old, new = family_of(before.type), family_of(after.type)
    near = old == new or (old in _TEXTS and new in _TEXTS)
    if dialect != "postgresql" or "type" not in operation.aspects or before.server_default is None or near:
        return [operation]
    bare_before, bare_after = replace(before, server_default=None), replace(after, server_default=None)
    rest = tuple(aspect for aspect in operation.aspects if aspect != "server_default")
    parts = [
        AlterColumn(operation.table, before, bare_before, ("server_default",)),
        AlterColumn(operation.table, bare_before, bare_after, rest),
    ]
    if after.server_default is not None:
        parts.append(AlterColumn(operation.table, bare_after, after, ("server_default",)))
    return parts


def _add_constraint(operation: AddConstraint) -> MigrateOperation:
    import sqlalchemy as sa
    from alembic.operations import ops

    schema, table = operation.table
    part = operation.constraint
    if isinstance(part, PrimaryKey):
        return ops.CreatePrimaryKeyOp(operation.name, table, list(part.columns), schema=schema)
    if isinstance(part, Unique):
        options: dict[str, Any] = {}
        if part.deferrable is not None:
            options["deferrable"] = part.deferrable
        if part.nulls_not_distinct:
            options["postgresql_nulls_not_distinct"] = True
        return ops.CreateUniqueConstraintOp(operation.name, table, list(part.columns or ()), schema=schema, **options)
    if isinstance(part, ForeignKey):
        keys: dict[str, Any] = dict(foreign_key_options(part))
        if schema is not None:
            keys["source_schema"] = schema
        if part.target_schema is not None:
            keys["referent_schema"] = part.target_schema
        return ops.CreateForeignKeyOp(
            operation.name, table, part.target_table or "", list(part.columns or ()), list(part.target_columns or ("id",)), **keys
        )
    return ops.CreateCheckConstraintOp(operation.name, table, sa.text(part.expression or ""), schema=schema)


def _drop_constraint(operation: DropConstraint) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    sorts = {PrimaryKey: "primary", ForeignKey: "foreignkey", Unique: "unique"}
    return ops.DropConstraintOp(operation.name, table, sorts.get(type(operation.constraint), "check"), schema=schema)


def _table_comment(operation: ChangeTableComment) -> Direct:
    from alembic.operations import ops

    schema, table = operation.table
    if operation.after is None:
        return Direct(ops.DropTableCommentOp(table, schema=schema, existing_comment=operation.before))
    return Direct(ops.CreateTableCommentOp(table, operation.after, schema=schema, existing_comment=operation.before))


# PostgreSQL's enumerations


def _enum_sql(operation: CreateEnum | DropEnum | ChangeEnum) -> list[str]:
    if isinstance(operation, CreateEnum):
        return [f"CREATE TYPE {_enum_name(operation.enum)} AS ENUM ({_value_list(operation.enum)})"]
    if isinstance(operation, DropEnum):
        return [f"DROP TYPE {_enum_name(operation.enum)}"]
    if operation.only_adds:
        return _added_values(operation)
    return _replaced_type(operation)


def _added_values(operation: ChangeEnum) -> list[str]:
    """Each new value after the one that precedes it in the model, so that sorting agrees."""
    old, new = list(operation.before.values), list(operation.after.values)  # type: ignore[arg-type]
    statements = []
    for position, value in enumerate(new):
        if value in old:
            continue
        place = f" AFTER {quoted(new[position - 1])}" if position else f" BEFORE {quoted(old[0])}" if old else ""
        statements.append(f"ALTER TYPE {_enum_name(operation.before)} ADD VALUE IF NOT EXISTS {quoted(value)}{place}")
        old.append(value)
    return statements


def _replaced_type(operation: ChangeEnum) -> list[str]:
    """PostgreSQL cannot take a value away: a new type takes the place of the old one."""
    name = _enum_name(operation.after)
    old = _name_sql(f"{operation.before.name}_old")
    statements = [f"ALTER TYPE {_enum_name(operation.before)} RENAME TO {old}"]
    statements.append(f"CREATE TYPE {name} AS ENUM ({_value_list(operation.after)})")
    for key, column in operation.uses:
        change = f"ALTER TABLE {_table_sql(key)} ALTER COLUMN {_name_sql(column.name)}"
        default = column.server_default if column.server_default is not None else None
        suffix = "[]" if column.type.item is not None else ""
        if default is not None:
            statements.append(f"{change} DROP DEFAULT")
        using = f"{_name_sql(column.name)}::text{suffix}::{name}{suffix}"
        statements.append(f"{change} TYPE {name}{suffix} USING {using}")
        text = getattr(default, "text", None) or getattr(default, "value", None)
        if isinstance(text, str):
            bare = text.split("::")[0].strip()
            statements.append(f"{change} SET DEFAULT {bare if bare.startswith(chr(39)) else quoted(bare)}")
    schema = f"{_name_sql(operation.before.schema)}." if operation.before.schema else ""
    statements.append(f"DROP TYPE {schema}{old}")
    return statements


def _enum_name(enum: EnumType) -> str:
    name = _name_sql(enum.name or "")
    schema = default_schema(enum.schema)
    return f"{_name_sql(schema)}.{name}" if schema else name


def _value_list(enum: EnumType) -> str:
    return ", ".join(quoted(value) for value in enum.values) if isinstance(enum.values, tuple) else ""


# Names and tables in SQL


def _name_sql(name: str, dialect: str | None = None) -> str:
    """Quoted where it must be: what is not lower-case letters, digits and underscores, or is a word of SQL."""
    if name.replace("_", "a").isalnum() and name.islower() and not name[0].isdigit() and name not in _RESERVED:
        return name
    if dialect in ("mysql", "mariadb"):
        return "`" + name.replace("`", "``") + "`"
    return '"' + name.replace('"', '""') + '"'


_RESERVED = frozenset(
    """
    all and any as asc between both by case cast check collate column constraint create cross
    current_date current_time current_timestamp current_user default deferrable desc distinct do else
    end except false fetch for foreign from full grant group having in index inner insert intersect into
    is join key leading left like limit not null offset on only or order outer primary references right
    select session_user set some table then to trailing true union unique update user using values when
    where window with
    """.split()  # noqa: SIM905
)


def _table_sql(key: TableKey, dialect: str | None = None) -> str:
    return ".".join(_name_sql(part, dialect) for part in key if part)


def _recreates(operations: list[Operation]) -> bool:
    """Does SQLite copy the table for these, or can it add the columns as they are?"""
    for operation in operations:
        if not isinstance(operation, AddColumn):
            return True
        default = operation.column.server_default
        if default is not None and getattr(default, "sort", "") == "sql":
            return True
    return False


def _hard_to_reflect(table: Table) -> bool:
    """Parts that SQLAlchemy does not see, or not wholly, when it looks at a SQLite table."""
    return (
        bool(table.checks)
        or any(column.type.collation or column.computed is not None for column in table.columns)
        or any(_special(index) for index in table.indexes)
        or any(key.deferrable is not None for key in table.foreign_keys)
        or any(column.type.enum is not None and column.type.enum.create_constraint for column in table.columns)
    )


def _special(index: Index) -> bool:
    return index.where is not None or any(not column.replace("_", "a").isalnum() for column in index.columns or ())

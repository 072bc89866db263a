"""Single operations of ours as Alembic's operation objects. Imports Alembic and SQLAlchemy inside its functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsp_server.database.equivalence import automatic_name, family_of
from lsp_server.database.migration.counters import released, started
from lsp_server.database.migration.metadata import (
    foreign_key_options,
    index_elements,
    index_options,
    to_column,
    to_identity,
    to_server_default,
    to_table,
    to_type,
)
from lsp_server.database.migration.object_sql import escaped, exclusion_sql
from lsp_server.database.migration.operations import (
    AddConstraint,
    AlterColumn,
    ChangeCounter,
    ChangeTableComment,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    FixComputed,
    RenameColumn,
)
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Column, Exclusion, ForeignKey, PrimaryKey, Table, Unique
from lsp_server.database.sql_text import quoted

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


def create_table(table: Table, dialect: str | None, final_names: bool) -> list[MigrateOperation]:
    """The table and its indexes."""
    import sqlalchemy as sa
    from alembic.operations import ops

    made = to_table(replace(table, exclusions=()), sa.MetaData(), dialect, indexes=False, final_names=final_names)
    creation = ops.CreateTableOp.from_table(made)
    # A table keeps its constraints in a set; the same table must come to the same SQL every time.
    creation.columns = [*made.columns, *sorted(made.constraints, key=_place_of)]
    operations: list[MigrateOperation] = [creation]
    for part in table.exclusions if dialect == "postgresql" else ():
        operations.append(add_exclusion(table.key, part, part.name or automatic_name(table, part, dialect), table))
    for index in table.indexes:
        name = index.name or automatic_name(table, index, dialect)
        operations.append(create_index(CreateIndex(table.key, index, name), dialect))
    return operations


def _place_of(constraint: sa.Constraint) -> tuple[str, str, str]:
    """By what it is, its name and its columns."""
    columns = ",".join(column.name for column in getattr(constraint, "columns", ()))
    return constraint.__visit_name__, str(constraint.name), columns


def create_index(operation: CreateIndex, dialect: str | None) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    index = operation.index
    return ops.CreateIndexOp(
        operation.name,
        table,
        index_elements(index),
        schema=schema,
        unique=index.unique is True,
        **index_options(index, dialect),
    )


def drop_table(table: Table, dialect: str | None) -> list[MigrateOperation]:
    """The table, its indexes before it."""
    from alembic.operations import ops

    names = [index.name or automatic_name(table, index, dialect) for index in table.indexes]
    indexes = [ops.DropIndexOp(name, table.name, schema=table.schema) for name in names]
    return [*indexes, ops.DropTableOp(table.name, schema=table.schema)]


def drop_index(operation: DropIndex) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    return ops.DropIndexOp(operation.name, table, schema=schema)


def drop_column(operation: DropColumn) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    return ops.DropColumnOp(table, operation.column.name, schema=schema)


def rename_column(operation: RenameColumn, dialect: str | None) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    options: dict[str, Any] = {}
    if dialect in ("mysql", "mariadb"):
        options["existing_type"] = to_type(operation.before.type, dialect)
        options["existing_nullable"] = operation.before.nullable
        options["existing_server_default"] = to_server_default(
            operation.before.server_default, operation.before, dialect
        )
        if isinstance(operation.before.comment, str):
            options["existing_comment"] = operation.before.comment
    return ops.AlterColumnOp(table, operation.before.name, schema=schema, modify_name=operation.after, **options)


def alter_column(operation: AlterColumn, dialect: str | None, counts: bool = False) -> MigrateOperation:
    """`counts`: the column counts itself up, which MySQL forgets unless it is told again."""
    from alembic.operations import ops

    schema, table = operation.table
    before, after, aspects = operation.before, operation.after, operation.aspects
    options: dict[str, Any] = {}
    if "type" in aspects:
        options["modify_type"] = to_type(after.type, dialect)
        using = operation.using or _using(before, after, dialect, operation.zone)
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
    elif dialect in ("mysql", "mariadb") and isinstance(before.comment, str):
        options["existing_comment"] = before.comment
    if counts:
        options["autoincrement"] = True
    return ops.AlterColumnOp(
        table,
        before.name,
        schema=schema,
        existing_type=to_type(before.type, dialect),
        existing_nullable=before.nullable if isinstance(before.nullable, bool) else None,
        **options,
    )


def _using(before: Column, after: Column, dialect: str | None, zone: str | None = None) -> str | None:
    """PostgreSQL converts by itself only what cannot go wrong."""
    old, new = family_of(before.type), family_of(after.type)
    if dialect != "postgresql" or (old == new and after.type.enum is None and old != "ARRAY"):
        return None
    if (old in _TEXTS and new in _TEXTS and after.type.enum is None) or (old, new) in _WIDENINGS:
        return None
    sql = after.type.sql
    if sql is None:
        return None
    if zone is not None and {old, new} == {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE"}:
        return f"{name_sql(before.name)} AT TIME ZONE {quoted(zone)}"
    if new == "ARRAY" and old != "ARRAY":
        # A value becomes the only element; nothing stays nothing.
        return f"CASE WHEN {name_sql(before.name)} IS NOT NULL THEN ARRAY[{name_sql(before.name)}]::{sql} END"
    if old == "ARRAY" and new != "ARRAY":
        return f"{name_sql(before.name)}[1]::{sql}"
    text = "::text" if "ENUM" in (old, new) and old not in _TEXTS else ""
    return f"{name_sql(before.name)}{text}::{sql}"


def fix_computed(operation: FixComputed, dialect: str | None) -> list[MigrateOperation]:
    """PostgreSQL has words for it, MySQL redefines the column; neither can go back but by making the column anew."""
    from alembic.operations import ops

    schema, table = operation.table
    if operation.undone:
        computed = ops.AddColumnOp(table, to_column(operation.computed, dialect), schema=schema)
        return [ops.DropColumnOp(table, operation.computed.name, schema=schema), computed]
    if dialect == "postgresql":
        place, name = table_sql(operation.table), name_sql(operation.computed.name)
        return [ops.ExecuteSQLOp(f"ALTER TABLE {place} ALTER COLUMN {name} DROP EXPRESSION")]
    type_ = to_type(operation.plain.type, dialect)
    nullable = operation.plain.nullable if isinstance(operation.plain.nullable, bool) else None
    return [ops.AlterColumnOp(
        table, operation.plain.name, schema=schema, existing_type=type_, modify_type=type_, modify_nullable=nullable,
    )]  # fmt: skip


def change_counter(operation: ChangeCounter, dialect: str | None) -> list[MigrateOperation]:
    """PostgreSQL's sequences and identities in SQL; elsewhere AUTO_INCREMENT, which is part of the column."""
    from alembic.operations import ops

    if dialect == "postgresql":
        change = (operation.table, operation.column, operation.before, operation.after)
        return [*map(ops.ExecuteSQLOp, released(*change)), *_identity(operation), *map(ops.ExecuteSQLOp, started(*change))]
    schema, table = operation.table
    type_ = to_type(operation.column.type, dialect)
    return [ops.AlterColumnOp(
        table, operation.column.name, schema=schema, existing_type=type_, existing_nullable=False, modify_type=type_,
        autoincrement=operation.after is not None,
    )]  # fmt: skip


def _identity(operation: ChangeCounter) -> list[MigrateOperation]:
    from alembic.operations import ops

    before = operation.before.identity if operation.before is not None else None
    after = operation.after.identity if operation.after is not None else None
    if before == after:
        return []
    schema, table = operation.table
    both = before is not None and after is not None
    return [ops.AlterColumnOp(
        table, operation.column.name, schema=schema, existing_type=to_type(operation.column.type, "postgresql"), existing_nullable=False,
        modify_server_default=to_identity(after, whole=both) if after is not None else None,
        existing_server_default=to_identity(before, whole=both) if before is not None else None,
    )]  # fmt: skip


def alterations(operation: AlterColumn, dialect: str | None) -> list[AlterColumn]:
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
        replace(operation, before=bare_before, after=bare_after, aspects=rest),
    ]
    if after.server_default is not None:
        parts.append(AlterColumn(operation.table, bare_after, after, ("server_default",)))
    return parts


def add_constraint(operation: AddConstraint, name: str) -> MigrateOperation:
    import sqlalchemy as sa
    from alembic.operations import ops

    schema, table = operation.table
    part = operation.constraint
    if isinstance(part, PrimaryKey):
        return ops.CreatePrimaryKeyOp(name, table, list(part.columns), schema=schema)
    if isinstance(part, Unique):
        options: dict[str, Any] = {}
        if part.deferrable is not None:
            options["deferrable"] = part.deferrable
        if part.nulls_not_distinct:
            options["postgresql_nulls_not_distinct"] = True
        return ops.CreateUniqueConstraintOp(name, table, list(part.columns or ()), schema=schema, **options)
    assert not isinstance(part, Exclusion)  # it is said in SQL
    if isinstance(part, ForeignKey):
        keys: dict[str, Any] = dict(foreign_key_options(part))
        if schema is not None:
            keys["source_schema"] = schema
        if part.target_schema is not None:
            keys["referent_schema"] = part.target_schema
        return ops.CreateForeignKeyOp(
            name, table, part.target_table or "", list(part.columns or ()), list(part.target_columns or ("id",)), **keys
        )
    return ops.CreateCheckConstraintOp(name, table, sa.text(part.expression or ""), schema=schema)


def add_exclusion(place: tuple[str | None, str], part: Exclusion, name: str, table: Table | None) -> MigrateOperation:
    from alembic.operations import ops

    columns = frozenset(column.name for column in table.columns) if table is not None else frozenset(part.columns or ())
    return ops.ExecuteSQLOp(escaped(exclusion_sql(place, part, name, columns)))


def drop_constraint(operation: DropConstraint, name: str) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    sorts = {PrimaryKey: "primary", ForeignKey: "foreignkey", Unique: "unique", Exclusion: None}
    return ops.DropConstraintOp(name, table, sorts.get(type(operation.constraint), "check"), schema=schema)


def table_comment(operation: ChangeTableComment) -> MigrateOperation:
    from alembic.operations import ops

    schema, table = operation.table
    if operation.after is None:
        return ops.DropTableCommentOp(table, schema=schema, existing_comment=operation.before)
    return ops.CreateTableCommentOp(table, operation.after, schema=schema, existing_comment=operation.before)

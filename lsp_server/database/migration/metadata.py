"""Our words as SQLAlchemy objects: types, columns, constraints, tables, a whole `MetaData`.

Imports SQLAlchemy inside its functions. What SQLAlchemy has no object for raises `NotSayable`, which callers turn into an
obstacle or a "not proved".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsp_server.database.equivalence import automatic_name, family_of, primary_key_of
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Database,
    Default,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.table_options import sayable_options
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.types import TypeEngine


class NotSayable(Exception):
    """The message names what has no SQLAlchemy object, for people."""


# Types


def to_type(type_: ColumnType, dialect: str | None) -> TypeEngine[Any]:
    """The SQLAlchemy type. Raises NotSayable for types of other packages."""
    made = _plain_type(type_, dialect)
    for name, variant in type_.variants:
        made = made.with_variant(_plain_type(variant, name), name)
    return made


def _plain_type(type_: ColumnType, dialect: str | None) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql, postgresql

    if type_.enum is not None:
        return _enum(type_, dialect)
    family = family_of(type_)
    if family is None:
        raise NotSayable(type_.source or type_.python or "a type that is not known")
    if family == "ARRAY":
        if type_.item is None:
            raise NotSayable("an array of unknown elements")
        item = to_type(type_.item, dialect)
        return postgresql.ARRAY(item)
    numbers = [argument for argument in type_.arguments if isinstance(argument, int)]
    simple = _simple_types().get(family)
    if simple is not None:
        return simple(numbers, type_.collation)
    for module in (postgresql, mysql) if dialect not in ("mysql", "mariadb") else (mysql, postgresql):
        found = getattr(module, family.replace(" ", "_"), None)
        if isinstance(found, type) and issubclass(found, sa.types.TypeEngine):
            made: TypeEngine[Any] = found(*numbers)
            return made
    raise NotSayable(type_.source or family)


def _simple_types() -> dict[str, Callable[[list[int], str | None], TypeEngine[Any]]]:
    """By family: how a type is made from its numbers and its collation."""
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    return {
        "VARCHAR": lambda numbers, collation: sa.String(length=_first(numbers), collation=collation),
        "CHAR": lambda numbers, collation: sa.CHAR(length=_first(numbers), collation=collation),
        "TEXT": lambda numbers, collation: sa.Text(length=_first(numbers), collation=collation),
        "INTEGER": lambda numbers, _: sa.Integer(),
        "BIGINT": lambda numbers, _: sa.BigInteger(),
        "SMALLINT": lambda numbers, _: sa.SmallInteger(),
        "NUMERIC": lambda numbers, _: sa.Numeric(_first(numbers), _first(numbers[1:])),
        "DOUBLE PRECISION": lambda numbers, _: sa.Float(),
        "REAL": lambda numbers, _: sa.REAL(),
        "BOOLEAN": lambda numbers, _: sa.Boolean(),
        "DATE": lambda numbers, _: sa.Date(),
        "TIMESTAMP WITHOUT TIME ZONE": lambda numbers, _: (
            postgresql.TIMESTAMP(precision=numbers[0]) if numbers else sa.DateTime()
        ),
        "TIMESTAMP WITH TIME ZONE": lambda numbers, _: (
            postgresql.TIMESTAMP(timezone=True, precision=numbers[0]) if numbers else sa.DateTime(timezone=True)
        ),
        "TIME WITHOUT TIME ZONE": lambda numbers, _: sa.Time(),
        "TIME WITH TIME ZONE": lambda numbers, _: sa.Time(timezone=True),
        "INTERVAL": lambda numbers, _: sa.Interval(),
        "BYTEA": lambda numbers, _: sa.LargeBinary(),
        "UUID": lambda numbers, _: sa.Uuid(),
        "JSON": lambda numbers, _: sa.JSON(),
    }


def _first(numbers: list[int]) -> int | None:
    return numbers[0] if numbers else None


def _enum(type_: ColumnType, dialect: str | None) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql

    enum = type_.enum
    assert enum is not None
    if isinstance(enum.values, Unknown):
        raise NotSayable(f"the values of the enumeration {enum.name or ''}".strip())
    if enum.native and dialect == "postgresql":
        return postgresql.ENUM(*enum.values, name=enum.name, schema=enum.schema, create_type=False)
    options: dict[str, Any] = {"name": enum.name}
    if enum.schema is not None:
        options["schema"] = enum.schema
    if enum.create_constraint:
        options["create_constraint"] = True
    if not enum.native:
        options["native_enum"] = False
        lengths = [argument for argument in type_.arguments if isinstance(argument, int)]
        longest = max((len(value) for value in enum.values), default=0)
        if lengths and lengths[0] > longest:
            options["length"] = lengths[0]
    return sa.Enum(*enum.values, **options)


# Columns


def to_column(column: Column, dialect: str | None, *, nullable: bool | None = None) -> sa.Column[Any]:
    """The SQLAlchemy column, without keys; `nullable` overrides the column's own."""
    import sqlalchemy as sa

    options: dict[str, Any] = {}
    extras: list[Any] = []
    if isinstance(column.computed, str):
        extras.append(sa.Computed(column.computed, persisted=column.persisted))
    elif column.identity is not None and dialect != "sqlite":
        identity = column.identity
        extras.append(to_identity(identity))
    else:
        options["server_default"] = to_server_default(column.server_default, column, dialect)
    if isinstance(column.comment, str):
        options["comment"] = column.comment
    asks = column.default is not None and not isinstance(column.default, Unknown) and column.default.sort == "sequence"
    if column.autoincrement is False or (asks and dialect == "postgresql"):
        options["autoincrement"] = False  # what a sequence of its own feeds is no serial
    wanted = column.nullable if nullable is None else nullable
    if not isinstance(wanted, Unknown):
        options["nullable"] = wanted
    return sa.Column(column.name, to_type(column.type, dialect), *extras, **options)


def to_identity(identity: Identity, *, whole: bool = False) -> sa.Identity:
    """`whole` also says what holds when nothing is said: a change back to it must name it."""
    import sqlalchemy as sa

    if whole:
        return sa.Identity(
            always=identity.always, start=identity.start or 1, increment=identity.increment or 1, minvalue=identity.minvalue,
            nominvalue=True if identity.minvalue is None else None, maxvalue=identity.maxvalue,
            nomaxvalue=True if identity.maxvalue is None else None, cycle=identity.cycle,
        )  # fmt: skip
    return sa.Identity(
        always=identity.always, start=identity.start, increment=identity.increment, minvalue=identity.minvalue,
        maxvalue=identity.maxvalue, cycle=identity.cycle or None,
    )  # fmt: skip


def to_server_default(default: Default | Unknown | None, column: Column, dialect: str | None) -> Any:
    """What `server_default=` takes: a string for a constant, `text()` for an expression, None for none."""
    import sqlalchemy as sa

    if default is None or isinstance(default, Unknown) or default.sort in ("sequence", "python"):
        return None
    if default.sort == "constant" and isinstance(default.value, str):
        return default.value
    from lsp_server.database.migration.values import default_sql

    text = default_sql(default, dialect)
    if text is None:
        raise NotSayable(f"the default of {column.name}")
    if dialect == "sqlite" and _needs_parentheses(text):
        text = f"({text})"
    return sa.text(text.replace(":", r"\:") if _holds_bind_colon(text) else text)


def _needs_parentheses(text: str) -> bool:
    """SQLite takes only literals and CURRENT_… bare."""
    bare = text.strip()
    if bare.startswith(("(", "'", '"', "-", "+")) or bare.upper().startswith("CURRENT_"):
        return False
    return not bare.replace(".", "", 1).isalnum()


def _holds_bind_colon(text: str) -> bool:
    """`text()` takes `:name` for a parameter, but not `::name`."""
    return re.search(r"(?<![:\w\\]):\w", text) is not None


# Tables


def to_constraint(
    table: Table, part: PrimaryKey | ForeignKey | Unique | Check | Exclusion, name: str | None, dialect: str | None = None
) -> sa.Constraint:
    import sqlalchemy as sa

    if isinstance(part, Exclusion):
        return to_exclusion(table, part, name)

    if isinstance(part, PrimaryKey):
        return sa.PrimaryKeyConstraint(*part.columns, name=name)
    if isinstance(part, Unique):
        options: dict[str, Any] = {"deferrable": part.deferrable} if part.deferrable is not None else {}
        if part.nulls_not_distinct:
            options["postgresql_nulls_not_distinct"] = True
        return sa.UniqueConstraint(*(part.columns or ()), name=name, **options)
    if isinstance(part, Check):
        return sa.CheckConstraint(sa.text(part.expression or ""), name=name)
    if dialect in ("mysql", "mariadb") and re.fullmatch(rf"{re.escape(table.name)}_ibfk_\d+", name or ""):
        name = None  # the number that the database itself gives; named so, its index would get another name
    if part.target_table is None or part.columns is None:
        raise NotSayable(f"a foreign key of {table.full_name}")
    return sa.ForeignKeyConstraint(part.columns, target_columns(part), name=name, **foreign_key_options(part))


def to_exclusion(table: Table, part: Exclusion, name: str | None) -> sa.Constraint:
    import sqlalchemy as sa
    from sqlalchemy.dialects.postgresql import ExcludeConstraint

    if part.elements is None or isinstance(part.where, Unknown):
        raise NotSayable(f"an exclusion constraint of {table.full_name}")
    elements: list[Any] = [(text if table.column(text) is not None else sa.text(text), operator) for text, operator in part.elements]
    options: dict[str, Any] = {"deferrable": part.deferrable, "initially": part.initially}
    made: sa.Constraint = ExcludeConstraint(
        *elements, name=name, using=part.method, where=sa.text(part.where) if part.where else None, ops=dict(part.operators),
        **{word: value for word, value in options.items() if value is not None},
    )  # fmt: skip
    return made


def target_columns(key: ForeignKey) -> list[str]:
    prefix = f"{key.target_schema}.{key.target_table}" if key.target_schema else f"{key.target_table}"
    return [f"{prefix}.{column}" for column in key.target_columns or ("id",)]


def foreign_key_options(key: ForeignKey) -> dict[str, Any]:
    options = {
        "onupdate": key.onupdate if isinstance(key.onupdate, str) else None,
        "ondelete": key.ondelete if isinstance(key.ondelete, str) else None,
        "deferrable": key.deferrable,
        "initially": key.initially,
    }
    return {name: value for name, value in options.items() if value is not None}


def index_elements(index: Index) -> list[Any]:
    """Column names, and `text()` for expressions."""
    import sqlalchemy as sa

    marks = index.expressions or tuple(False for _ in index.columns or ())
    return [
        sa.text(column) if marked or not column.replace("_", "a").isalnum() else column
        for column, marked in zip(index.columns or (), marks)
    ]


def index_options(index: Index, dialect: str | None) -> dict[str, Any]:
    import sqlalchemy as sa

    options: dict[str, Any] = {}
    if isinstance(index.where, str):
        for name in (dialect,) if dialect in ("sqlite", "postgresql") else ("postgresql", "sqlite"):
            options[f"{name}_where"] = sa.text(index.where)
    if dialect in ("postgresql", None):
        if index.method:
            options["postgresql_using"] = index.method
        if index.include:
            options["postgresql_include"] = list(index.include)
        if index.operators:
            options["postgresql_ops"] = dict(index.operators)
        if index.storage:
            options["postgresql_with"] = {name: int(text) if text.isdigit() else text for name, text in index.storage}
        if index.concurrently:
            options["postgresql_concurrently"] = True
    return options


def to_table(
    table: Table,
    metadata: sa.MetaData,
    dialect: str | None,
    *,
    names: dict[object, str] | None = None,
    indexes: bool = True,
    final_names: bool = False,
) -> sa.Table:
    """The SQLAlchemy table. `names` gives names to constraints that have none; `final_names` marks names as complete."""
    import sqlalchemy as sa

    names = names or {}

    def final(name: str | None) -> str | None:
        return sa.sql.elements.conv(name) if name is not None and final_names else name

    keys = primary_key_of(table) or ()
    parts: list[PrimaryKey | ForeignKey | Unique | Check | Exclusion] = []
    if keys:
        primary = table.primary_key or PrimaryKey(keys)
        if dialect == "sqlite" and primary.name == automatic_name(table, primary, dialect):
            primary = replace(primary, name=None)  # PostgreSQL's name; SQLite would give none
        parts.append(primary)
    parts += [*table.foreign_keys, *table.uniques, *(check for check in table.checks if check.expression)]
    parts += table.exclusions if dialect in ("postgresql", None) else ()
    made = sa.Table(
        table.name,
        metadata,
        *(
            to_column(column, dialect, nullable=False if column.name in keys else None)
            for column in table.columns
        ),
        *(to_constraint(table, part, final(names.get(part, part.name)), dialect) for part in parts),
        schema=table.schema,
        comment=table.comment if isinstance(table.comment, str) else None,
        **sayable_options(table.options, dialect),
    )
    if indexes:
        for index in table.indexes:
            elements = [made.c[item] if isinstance(item, str) else item for item in index_elements(index)]
            sa.Index(
                index.name or names.get(index) or automatic_name(table, index, dialect),
                *elements,
                unique=index.unique is True,
                _table=made,
                **index_options(replace(index, concurrently=False), dialect),  # a new table holds nobody up
            )
    return made


def to_metadata(database: Database, dialect: str | None, tables: Iterable[Table] | None = None) -> sa.MetaData:
    """All tables of a database, or only these."""
    import sqlalchemy as sa

    metadata = sa.MetaData()
    for table in database.tables if tables is None else tables:
        to_table(table, metadata, dialect)
    return metadata

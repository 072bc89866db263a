"""SQL that Alembic has no operation for: PostgreSQL's enumeration types, and names as SQL wants them quoted."""

from __future__ import annotations

from lsp_server.database.equivalence import default_schema
from lsp_server.database.migration.operations import ChangeEnum, CreateEnum, DropEnum, TableKey
from lsp_server.database.migration.values import quoted
from lsp_server.database.model import EnumType


def name_sql(name: str, dialect: str | None = None) -> str:
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


def table_sql(key: TableKey, dialect: str | None = None) -> str:
    """A table's name with its schema, quoted where it must be."""
    return ".".join(name_sql(part, dialect) for part in key if part)


def enum_sql(operation: CreateEnum | DropEnum | ChangeEnum) -> list[str]:
    """The statements that make, drop or change a named enumeration on PostgreSQL."""
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
    old = name_sql(f"{operation.before.name}_old")
    statements = [f"ALTER TYPE {_enum_name(operation.before)} RENAME TO {old}"]
    statements.append(f"CREATE TYPE {name} AS ENUM ({_value_list(operation.after)})")
    for key, column in operation.uses:
        change = f"ALTER TABLE {table_sql(key)} ALTER COLUMN {name_sql(column.name)}"
        default = column.server_default if column.server_default is not None else None
        suffix = "[]" if column.type.item is not None else ""
        if default is not None:
            statements.append(f"{change} DROP DEFAULT")
        using = f"{name_sql(column.name)}::text{suffix}::{name}{suffix}"
        statements.append(f"{change} TYPE {name}{suffix} USING {using}")
        text = getattr(default, "text", None) or getattr(default, "value", None)
        if isinstance(text, str):
            bare = text.split("::")[0].strip()
            statements.append(f"{change} SET DEFAULT {bare if bare.startswith(chr(39)) else quoted(bare)}")
    schema = f"{name_sql(operation.before.schema)}." if operation.before.schema else ""
    statements.append(f"DROP TYPE {schema}{old}")
    return statements


def _enum_name(enum: EnumType) -> str:
    name = name_sql(enum.name or "")
    schema = default_schema(enum.schema)
    return f"{name_sql(schema)}.{name}" if schema else name


def _value_list(enum: EnumType) -> str:
    return ", ".join(quoted(value) for value in enum.values) if isinstance(enum.values, tuple) else ""

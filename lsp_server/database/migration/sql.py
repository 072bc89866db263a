"""SQL that Alembic has no operation for: PostgreSQL's enumeration types, and names as SQL wants them quoted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_server.database.equivalence import default_schema
from lsp_server.database.grammar import grammar_of
from lsp_server.database.migration.operations import ChangeEnum, CreateEnum, DropEnum, TableKey
from lsp_server.database.model import EnumType
from lsp_server.database.naming import cut_name
from lsp_server.database.sql_text import quoted

if TYPE_CHECKING:
    from sqlglot import exp


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
    renames = _renamed_values(operation)
    return renames if renames is not None else _replaced_type(operation)


def _renamed_values(operation: ChangeEnum) -> list[str] | None:
    """Where values only change their names, in place: the rows follow by themselves."""
    old, new = list(operation.before.values), list(operation.after.values)  # type: ignore[arg-type]
    if len(old) != len(new):
        return None
    pairs = [(before, after) for before, after in zip(old, new) if before != after]
    if not all(pair in operation.replaced and (pair[1], pair[0]) in operation.replaced for pair in pairs):
        return None
    name = _enum_name(operation.before)
    return [f"ALTER TYPE {name} RENAME VALUE {quoted(before)} TO {quoted(after)}" for before, after in pairs]


def replaced_value(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """An expression with some of its values replaced."""
    cases = " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in pairs)
    return f"CASE {text} {cases} ELSE {text} END" if cases else text


def gone_values(before: EnumType | None, after: EnumType | None, replaced: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The replacements that count: of values which the next state does not know, by such as it knows."""
    old = before.values if before is not None and isinstance(before.values, tuple) else ()
    new = after.values if after is not None and isinstance(after.values, tuple) else ()
    return tuple((value, other) for value, other in replaced if value in old and value not in new and other in new)


def selected_columns(query: str, dialect: str | None) -> tuple[str, ...] | None:
    """The names of a query's columns; None where they do not show."""
    found = _selected(query, dialect)
    names = [item.alias_or_name for item in found]
    return tuple(names) if names and all(names) and "*" not in names else None


def selected_sources(query: str, table: str, dialect: str | None) -> dict[str, str]:
    """Columns of one table that a query passes on as they are, with the names they get."""
    from sqlglot import exp

    found = _selected(query, dialect)
    if not found:
        return {}
    select = found[0].find_ancestor(exp.Select)
    sources = [each.name for each in select.find_all(exp.Table)] if select is not None else []
    if sources != [table]:
        return {}
    # A column that is passed on twice goes by the later name: `id, id AS customer_id` refers by customer_id.
    return {item.unalias().name: item.alias_or_name for item in found if isinstance(item.unalias(), exp.Column)}


def _selected(query: str, dialect: str | None) -> list[exp.Expr]:
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        parsed = parse_one(query, dialect=grammar_of(dialect))
    except SqlglotError:
        return []
    return list(parsed.selects) if isinstance(parsed, exp.Select) else []


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
    old = name_sql(f"{cut_name(operation.before.name or '', 59)}_old")
    statements = [f"ALTER TYPE {_enum_name(operation.before)} RENAME TO {old}"]
    statements.append(f"CREATE TYPE {name} AS ENUM ({_value_list(operation.after)})")
    for key, column in operation.uses:
        change = f"ALTER TABLE {table_sql(key)} ALTER COLUMN {name_sql(column.name)}"
        default = column.server_default if column.server_default is not None else None
        suffix = "[]" if column.type.item is not None else ""
        if default is not None:
            statements.append(f"{change} DROP DEFAULT")
        text_of = f"{name_sql(column.name)}::text{suffix}"
        pairs = gone_values(operation.before, operation.after, operation.replaced)
        using = f"({replaced_value(text_of, pairs)})::{name}{suffix}" if pairs and not suffix else f"{text_of}::{name}{suffix}"
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

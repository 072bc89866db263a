"""How a column counts itself up: a serial with its sequence, an identity, AUTO_INCREMENT; and the SQL that leads from one to another."""

from __future__ import annotations

from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.migration.operations import Counter
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Column, Identity, Table
from lsp_server.database.sql_text import quoted
from lsp_server.unknown import Unknown

_WHOLE = ("INTEGER", "BIGINT", "SMALLINT")


def counter_of(table: Table, column: Column, dialect: str | None) -> Counter | None:
    """None where rows must bring their own value."""
    family = family_of(column.type)
    if family not in _WHOLE:
        return None
    if column.identity is not None and dialect == "postgresql":
        return Counter(family, column.identity)
    default = column.server_default
    if default is not None and not isinstance(default, Unknown) and default.sort == "sql" and "nextval" in (default.text or ""):
        return Counter(family)
    keys = primary_key_of(table) or ()
    refers = any(column.name in (key.columns or ()) for key in table.foreign_keys)
    alone = keys == (column.name,) and not refers and column.autoincrement in (None, "auto", True)
    if default is None and (alone or (column.autoincrement is True and column.name in keys)):
        return Counter(family)
    return None


def counter_sql(place: tuple[str | None, str], column: Column, before: Counter | None, after: Counter | None) -> list[str]:
    """The statements on PostgreSQL. The next value follows the largest that is there."""
    table, name = table_sql(place), name_sql(column.name)
    change = f"ALTER TABLE {table} ALTER COLUMN {name}"
    sequence = f"pg_get_serial_sequence({quoted(table)}, {quoted(column.name)})"
    statements: list[str] = []
    if before is not None and before.identity is None and (after is None or after.identity is not None):
        dropping = f"EXECUTE 'DROP SEQUENCE ' || {sequence}"
        statements += [f"{change} DROP DEFAULT", f"DO $$ BEGIN {dropping}; END $$"]
    if before is not None and before.identity is not None and (after is None or after.identity is None):
        statements.append(f"{change} DROP IDENTITY")
    if after is None:
        return statements
    if after.identity is None and before is not None and before.identity is None:
        typed = f"EXECUTE 'ALTER SEQUENCE ' || {sequence} || ' AS {after.family}'"
        return [f"DO $$ BEGIN {typed}; END $$"] if before.family != after.family else []
    if after.identity is not None and before is not None and before.identity is not None:
        changes = _identity_changes(before.identity, after.identity)
        return [f"{change} {changes}"] if changes else []
    start, step = 1, 1
    if after.identity is not None:
        start, step = after.identity.start or 1, after.identity.increment or 1
        kind = "ALWAYS" if after.identity.always else "BY DEFAULT"
        options = _identity_options(after.identity)
        statements.append(f"{change} ADD GENERATED {kind} AS IDENTITY{f' ({options})' if options else ''}")
    else:
        own = ".".join(name_sql(part) for part in (place[0], f"{place[1]}_{column.name}_seq") if part)
        statements += [f"CREATE SEQUENCE {own} AS {after.family} OWNED BY {table}.{name}", f"{change} SET DEFAULT nextval({quoted(own)})"]
    following = f"SELECT coalesce(max({name}) + {step}, {start}) FROM {table}"
    return [*statements, f"SELECT setval({sequence}, ({following}), false)"]


_WORDS = (("start", "START WITH"), ("increment", "INCREMENT BY"), ("minvalue", "MINVALUE"), ("maxvalue", "MAXVALUE"))


def _identity_options(identity: Identity) -> str:
    options = [f"{word} {value}" for field, word in _WORDS if (value := getattr(identity, field)) is not None]
    return " ".join([*options, *(["CYCLE"] if identity.cycle else [])])


def _identity_changes(before: Identity, after: Identity) -> str:
    changes = []
    if before.always != after.always:
        changes.append(f"SET GENERATED {'ALWAYS' if after.always else 'BY DEFAULT'}")
    for field, word in _WORDS:
        old, new = getattr(before, field), getattr(after, field)
        if old == new:
            continue
        if new is None and field in ("minvalue", "maxvalue"):
            changes.append(f"SET NO {word}")
        else:
            changes.append(f"SET {word} {new if new is not None else 1}")
    if before.cycle != after.cycle:
        changes.append(f"SET {'' if after.cycle else 'NO '}CYCLE")
    return " ".join(changes)

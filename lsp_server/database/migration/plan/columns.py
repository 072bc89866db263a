"""Columns that come, go and change: what their rows get, how computed ones become plain, how they count themselves up.

What a person said about values is asked of the answers; which value a type can have without anybody's word is said by `values.py`.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.compare import Difference, plain_identity
from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.migration.answers import for_column
from lsp_server.database.migration.counters import counter_of
from lsp_server.database.migration.operations import (
    AddColumn,
    AlterColumn,
    ChangeCounter,
    DropColumn,
    Fill,
    FixComputed,
    Operation,
    RenameColumn,
    TableKey,
)
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.migration.sql import name_sql, selected_sources, table_sql
from lsp_server.database.migration.values import default_sql, must_be_given, placeholder
from lsp_server.database.model import Column, Table, key_of_name


def add_or_drop_column(builder: Builder, item: Difference) -> None:
    """A column that only one side has."""
    key = key_of_name(item.path[1])
    if isinstance(item.after, Column):
        table = builder.after.table(key[1], key[0])
        if table is not None and builder.knows(table, item.after):
            builder.order.added.append(AddColumn(key, item.after, _fill(builder, key, item.after, item.after)))
    elif isinstance(item.before, Column):
        table = builder.before.table(key[1], key[0])
        if table is not None and builder.knows(table, item.before):
            builder.order.dropped_columns.append(DropColumn(key, item.before, _refill(builder, table, item.before)))


def alter_column(builder: Builder, key: TableKey, items: list[Difference]) -> None:
    """All differences of one column that both sides have, in one operation where a database can do it in place."""
    before, after = items[0].before, items[0].after
    table = builder.after.table(key[1], key[0])
    if not isinstance(before, Column) or not isinstance(after, Column) or table is None:
        return
    if not builder.knows(table, after) or not builder.knows(table, before):
        return
    elements = ("type" if item.element == "enum" else item.element for item in items)
    aspects = tuple(dict.fromkeys(element for element in elements if element != "identity"))
    if not aspects:
        return
    if after.computed is None and aspects == ("computed",):
        plain = replace(after, server_default=None)
        builder.order.freed += _kept_aside(table, before, plain) if builder.dialect == "sqlite" else [FixComputed(key, before, plain)]
        return
    if "computed" in aspects:
        # No database turns a plain column into a computed one, or changes the expression, everywhere.
        builder.order.freed.append(DropColumn(key, before, _refill(builder, table, before)))
        builder.order.added.append(AddColumn(key, after, _fill(builder, key, after, after)))
        return
    changed = _changed(before, after, aspects)
    fill = None
    if "nullable" in aspects:
        demanding = changed if changed.nullable is False else before
        fill = _tightening(builder, key, demanding, after)
    enum = after.type.enum or before.type.enum
    replaced = builder.answers.replacements(enum, f"{key[1]}.{after.name}") if enum is not None else ()
    spoken = [for_column(given, key, after.name) for given in (builder.answers.zones, builder.answers.derived, builder.answers.restored)]
    if any(spoken) and builder.dialect != "postgresql" and "type" in aspects:
        builder.obstacles.append(f"{key[1]}.{after.name} changes its type: only PostgreSQL takes a zone or an expression for it")
    builder.order.altered.append(AlterColumn(key, before, changed, aspects, fill, replaced, *spoken))


def _changed(before: Column, after: Column, aspects: tuple[str, ...]) -> Column:
    """The column before with only these aspects of the column after."""
    return replace(
        before,
        type=after.type if "type" in aspects else before.type,
        nullable=after.nullable if "nullable" in aspects else before.nullable,
        server_default=after.server_default if "server_default" in aspects else before.server_default,
        identity=after.identity if "identity" in aspects else before.identity,
        comment=after.comment if "comment" in aspects else before.comment,
    )


# What rows get


def _tightening(builder: Builder, key: TableKey, column: Column, wanted: Column) -> Fill:
    """What rows get in place of a NULL that must go."""
    given = for_column(builder.answers.values, key, column.name)
    if given is not None:
        return Fill(given, "the value given for existing rows", given=True)
    for default, reason in ((column.server_default, "the database's default"), (wanted.default, "the model's default")):
        text = default_sql(default, builder.dialect)
        if text is not None:
            return Fill(text, reason)
    return Fill(None, "no value is known")


def _fill(builder: Builder, key: TableKey, column: Column, wanted: Column) -> Fill | None:
    """What rows without a value get when `wanted` asks for one."""
    derived = for_column(builder.answers.derived, key, wanted.name)
    if derived is not None:
        return Fill(derived, "derived from the other columns", given=True, restores=True)
    if column.primary_key is True and family_of(column.type) in ("INTEGER", "BIGINT", "SMALLINT"):
        return None
    if not must_be_given(column):
        return None
    given = for_column(builder.answers.values, key, wanted.name)
    if given is not None:
        return Fill(given, "the value given for existing rows", given=True)
    text = default_sql(wanted.default, builder.dialect)
    return Fill(text, "the model's default") if text is not None else Fill(None, "no value is known")


def _refill(builder: Builder, table: Table, column: Column) -> Fill | None:
    """What rows get if a dropped column comes back: its values are gone, a placeholder must do where one can."""
    moved = _moved(builder, table, column)
    if moved is not None:
        return Fill(moved, "from the table it moved to", given=True, restores=True)
    fill = _fill(builder, table.key, column, column)
    if fill is None or fill.sql is not None:
        return fill
    alone = any(unique.columns == (column.name,) for unique in table.uniques) or any(
        index.unique is True and index.columns == (column.name,) for index in table.indexes
    )
    refers = any(column.name in (key.columns or ()) for key in table.foreign_keys)
    stand_in = None if alone or refers else placeholder(column.type, builder.dialect)
    return Fill(stand_in, "a placeholder: the values are gone") if stand_in is not None else fill


def _moved(builder: Builder, table: Table, column: Column) -> str | None:
    """The expression that fetches a column's values back from a new table that was filled with them."""
    keys = primary_key_of(table) or ()
    for name, query in builder.answers.rows.items():
        sources = selected_sources(query, table.name, builder.dialect)
        if len(keys) == 1 and column.name in sources and keys[0] in sources:
            place = table_sql(key_of_name(name), builder.dialect)
            own = f"{table_sql(table.key, builder.dialect)}.{name_sql(keys[0], builder.dialect)}"
            there = name_sql(sources[keys[0]], builder.dialect)
            return f"(SELECT {place}.{name_sql(sources[column.name], builder.dialect)} FROM {place} WHERE {place}.{there} = {own})"
    return None


def _kept_aside(table: Table, computed: Column, plain: Column) -> list[Operation]:
    """SQLite has no words for the end of a computed column: its values wait in another one that takes its place."""
    name = f"{plain.name}_values"
    while table.column(name) is not None:
        name += "_"
    aside, key = replace(plain, name=name), table.key
    return [
        AddColumn(key, aside, Fill(name_sql(computed.name, "sqlite"), "the values computed so far", given=True, restores=True)),
        DropColumn(key, computed),
        RenameColumn(key, aside, plain.name, "the computed column made plain"),
    ]


# How a column counts itself up


def change_counters(builder: Builder) -> None:
    """Columns that come to count themselves up in another way: their key, their type or their identity has changed."""
    for new in builder.after.tables:
        old = builder.before.table(new.name, new.schema)
        if old is None or builder.dialect not in ("postgresql", "mysql", "mariadb"):
            continue
        for column in new.columns:
            earlier = old.column(column.name)
            if earlier is None or earlier.computed is not None or column.computed is not None:
                continue
            counters = counter_of(old, earlier, builder.dialect), counter_of(new, column, builder.dialect)
            if counters[0] == counters[1] or not _recounted(old, earlier, new, column):
                continue
            bare = replace(column, identity=None)
            change = ChangeCounter(new.key, bare, *counters)
            if builder.dialect != "postgresql" and None not in counters:
                continue  # the change of the type says it
            if counters[1] is None:
                builder.order.freed.insert(0, change)  # what counts itself up must be a key as long as it does
            else:
                builder.order.bound.append(change)


def _recounted(old: Table, before: Column, new: Table, after: Column) -> bool:
    """Whether something changed that says so: history and models may spell the same counter differently."""
    return (
        set(primary_key_of(old) or ()) != set(primary_key_of(new) or ())
        or plain_identity(before) != plain_identity(after)
        or family_of(before.type) != family_of(after.type)
    )

"""Constraints and indexes that come, go and get other names, with those that must step aside or that MySQL makes by itself.

Each has the name that the database gave it. Which differences there are is `compare.py`'s word.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lsp_server.database.compare import Difference
from lsp_server.database.equivalence import automatic_name, primary_key_of
from lsp_server.database.migration.operations import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
)
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.migration.whole_table import ChangeTableOptions, recoded_keys
from lsp_server.database.model import Check, Exclusion, ForeignKey, Index, PrimaryKey, Table, Unique, key_of_name
from lsp_server.database.table_options import keeps_foreign_keys


def change_part(builder: Builder, item: Difference) -> None:
    """A constraint or index that only one side has, or that has another name on the other."""
    key = key_of_name(item.path[1])
    old, new = builder.before.table(key[1], key[0]), builder.after.table(key[1], key[0])
    if item.element == "name" and old is not None and new is not None:
        _rename(builder, old, item.before, item.after)
        return
    if item.before is not None and old is not None:
        free(builder, old, item.before)
    if item.after is not None and new is not None:
        bind(builder, new, item.after)


def _rename(builder: Builder, table: Table, before: object, after: object) -> None:
    """The same constraint under another name: said so where the database has words for it, made anew elsewhere."""
    parts = (PrimaryKey, ForeignKey, Check, Unique, Index)
    assert isinstance(before, parts) and isinstance(after, parts)
    if builder.dialect in ("postgresql", "mysql", "mariadb"):
        named = replace(before, name=before.name or automatic_name(table, before, builder.dialect))
        doubtful = (table.key, named.name or "") in builder.doubtful
        builder.order.bound.append(RenameConstraint(table.key, named, after.name or "", doubtful))
        return
    free(builder, table, before)
    bind(builder, table, after)


def bind(builder: Builder, table: Table, part: object) -> None:
    """Add a constraint or index; foreign keys last, when what they refer to is there."""
    assert isinstance(part, (ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index))
    named = replace(part, name=part.name or automatic_name(table, part, builder.dialect))
    if isinstance(named, Index):
        builder.order.bound.append(CreateIndex(table.key, named, named.name or ""))
    else:
        keys = isinstance(named, ForeignKey)
        (builder.order.bound_keys if keys else builder.order.bound).append(AddConstraint(table.key, named, named.name or ""))


def free(builder: Builder, table: Table, part: object) -> None:
    """Drop a constraint or index; foreign keys first, while what they refer to is there."""
    assert isinstance(part, (ForeignKey, Unique, Check, Exclusion, PrimaryKey, Index))
    name = part.name or automatic_name(table, part, builder.dialect)
    if isinstance(part, Index):
        builder.order.freed.append(DropIndex(table.key, part, name))
    else:
        keys = isinstance(part, ForeignKey)
        (builder.order.freed_keys if keys else builder.order.freed).append(DropConstraint(table.key, part, name))


def unbind_recoded(builder: Builder) -> None:
    """Keys over texts step aside while one of their ends is converted to another character set."""
    changes = [change for change in builder.order.options if isinstance(change, ChangeTableOptions)]
    gone = {(item.table, item.name) for item in builder.order.freed_keys if isinstance(item, DropConstraint)}
    for table, key in recoded_keys(builder.before, changes, builder.dialect):
        if (table.key, key.name or automatic_name(table, key, builder.dialect)) not in gone:
            free(builder, table, key)
            bind(builder, table, key)


def add_implicit_indexes(builder: Builder) -> None:
    """MySQL makes an index for each foreign key that has none, and leaves it behind when the key goes."""
    if builder.dialect not in ("mysql", "mariadb"):
        return
    # An engine that forgets foreign keys keeps their indexes.
    forgetful = {
        table.key for database in (builder.before, builder.after) for table in database.tables if not keeps_foreign_keys(table.options, builder.dialect)
    }
    gone = [item for item in builder.order.freed_keys if isinstance(item, DropConstraint) and item.table not in forgetful]
    come = [item for item in builder.order.bound_keys if isinstance(item, AddConstraint) and item.table not in forgetful]
    kept = {(item.table, item.constraint.columns) for item in come if isinstance(item.constraint, ForeignKey)}
    left = {(item.table, item.constraint.columns) for item in gone if isinstance(item.constraint, ForeignKey)}
    for drop in gone:
        key, table = drop.constraint, builder.before.table(drop.table[1], drop.table[0])
        if isinstance(key, ForeignKey) and key.columns and table is not None and (drop.table, key.columns) not in kept:
            chosen = re.fullmatch(rf"{re.escape(table.name)}_ibfk_\d+", drop.name) is not None
            later = builder.after.table(drop.table[1], drop.table[0])
            if later is not None and all(later.column(name) for name in key.columns) and not _indexed(table, key.columns):
                name = key.columns[0] if chosen else drop.name
                builder.order.freed.append(DropIndex(table.key, Index(name, key.columns), name, implicit=True))
    for add in come:
        key, table = add.constraint, builder.after.table(add.table[1], add.table[0])
        if isinstance(key, ForeignKey) and key.columns and table is not None and (add.table, key.columns) not in left:
            new = builder.before.table(add.table[1], add.table[0])
            if new is not None and not _indexed(table, key.columns):
                builder.order.bound.append(CreateIndex(table.key, Index(add.name, key.columns), add.name, implicit=True))


def _indexed(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether some key or index begins with these columns."""
    starts = [primary_key_of(table) or ()]
    starts += [unique.columns or () for unique in table.uniques]
    starts += [index.columns or () for index in table.indexes]
    return any(start[: len(columns)] == columns for start in starts)

"""Tables that come and go, and what changes of them as wholes: comments, options, the keys that wait.

In which order tables are made is said by `order.py`; what is inside of those that stay by the rooms beside this one.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.database.compare import Difference
from lsp_server.database.migration.counters import counter_of
from lsp_server.database.migration.operations import ChangeTableComment, CreateTable, DropTable, FillTable, TableKey
from lsp_server.database.migration.plan.builder import Builder
from lsp_server.database.migration.plan.constraints import bind, free
from lsp_server.database.migration.plan.order import creation_order
from lsp_server.database.migration.sql import selected_columns
from lsp_server.database.migration.whole_table import options_changed
from lsp_server.database.model import ForeignKey, Table, key_of_name
from lsp_server.unknown import Unknown


def create_tables(builder: Builder, elements: list[object]) -> None:
    """New tables, the referenced before the referring; keys whose target is not there yet follow."""
    tables = [element for element in elements if isinstance(element, Table)]
    tables = [table for table in tables if builder.knows_all(table)]
    ordered, late = creation_order(tables)
    for table in ordered:
        keys = [key for key in table.foreign_keys if builder.dialect != "sqlite" and _must_wait(builder, key, late, table)]
        kept = tuple(key for key in table.foreign_keys if key not in keys)
        builder.order.created.append(CreateTable(replace(table, foreign_keys=kept)))
        for key in keys:
            bind(builder, table, key)
        query = builder.answers.rows.get(table.full_name)
        columns = selected_columns(query, builder.dialect) if query is not None else None
        if query is not None and columns is not None:
            counted = next((column for column in table.columns if counter_of(table, column, builder.dialect) is not None), None)
            builder.order.filled.append(FillTable(table.key, columns, query, counted))


def _must_wait(builder: Builder, key: ForeignKey, late: set[tuple[TableKey, TableKey]], table: Table) -> bool:
    """Whether a new table cannot have this foreign key from the start."""
    existing = builder.before.table(key.target_key[1], key.target_key[0])
    if existing is not None:
        return any(existing.column(column) is None for column in key.target_columns or ())
    return (table.key, key.target_key) in late or key.use_alter


def drop_tables(builder: Builder, elements: list[object]) -> None:
    """Tables that go, the referring before the referenced; keys that close a circle go first."""
    tables = [element for element in elements if isinstance(element, Table)]
    ordered, late = creation_order(tables)
    for table in reversed(ordered):
        keys = [key for key in table.foreign_keys if builder.dialect != "sqlite" and (table.key, key.target_key) in late]
        for key in keys:
            free(builder, table, key)
        kept = tuple(key for key in table.foreign_keys if key not in keys)
        builder.order.dropped.append(DropTable(replace(table, foreign_keys=kept)))


def change_comment(builder: Builder, item: Difference) -> None:
    if isinstance(item.before, Table) and isinstance(item.after, Table):
        texts = (item.before.comment, item.after.comment)
        if not isinstance(texts[0], Unknown) and not isinstance(texts[1], Unknown):
            builder.order.comments.append(ChangeTableComment(key_of_name(item.path[1]), texts[0], texts[1]))


def change_options(builder: Builder, item: Difference) -> None:
    if isinstance(item.before, Table) and isinstance(item.after, Table):
        change = options_changed(item.before, item.after, builder.dialect, "option" in builder.after.whole)
        if isinstance(change, str):
            builder.obstacles.append(f"the option {change} of {item.after.full_name} is not changed by any one statement")
        else:
            builder.order.options.append(change)

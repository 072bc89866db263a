"""Operations on a table as a whole, beside its name and its comment: other options on MySQL and MariaDB.

What the options mean is said by `table_options.py`; here is what a plan does with them, and the SQL for it, which Alembic lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.database.equivalence import family_of
from lsp_server.database.model import Column, Database, ForeignKey, Table, TableOptions
from lsp_server.database.table_options import (
    merged_options,
    option_clauses,
    recodes,
    spoken_options,
)

if TYPE_CHECKING:
    from lsp_server.database.migration.operations import TableKey

_MYSQL = ("mysql", "mariadb")
_TEXTS = ("VARCHAR", "CHAR", "TEXT", "ENUM", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT")


@dataclass(frozen=True, slots=True)
class ChangeTableOptions:
    """`before` and `after` are all the table's options. `columns` are said again: converting a table changes them on the way."""

    table: TableKey
    before: TableOptions
    after: TableOptions
    columns: tuple[Column, ...] = ()


def options_changed(before: Table, after: Table, dialect: str | None, whole: bool = False) -> ChangeTableOptions | str:
    """The operation that gives a table the options that another states; the name of an option that no statement changes.

    `whole`: the other states all that it has, so that others are taken back.
    """
    if dialect not in (*_MYSQL, "postgresql"):
        return "sqlite_" + ", sqlite_".join(name.removeprefix("sqlite_") for name, _ in after.options if name.startswith("sqlite_"))
    options = after.options if whole else merged_options(before.options, after.options, dialect)
    for one, two in ((before.options, options), (options, before.options)):
        clauses = option_clauses(one, two, dialect)
        if isinstance(clauses, str):
            return clauses if dialect == "postgresql" else f"mysql_{clauses}"
    columns = tuple(filter(_restated, before.columns)) if recodes(before.options, options, dialect) else ()
    return ChangeTableOptions(before.key, before.options, options, columns)


def _restated(column: Column) -> bool:
    """Converting a table makes longer types of texts without a length, and takes a column's own collation away."""
    return column.type.collation is not None or (family_of(column.type) or "").endswith("TEXT")


def options_sql(operation: ChangeTableOptions, place: str, dialect: str | None) -> list[str]:
    """The statements for a table that SQL calls `place`."""
    clauses = option_clauses(operation.before, operation.after, dialect)
    assert isinstance(clauses, tuple)
    statements = [f"ALTER TABLE {place} {', '.join(clauses)}"]
    engines = [spoken_options(options, dialect).get("engine") for options in (operation.before, operation.after)]
    if engines[0] == "aria" and engines[1] != "aria":
        statements.append(f"ALTER TABLE {place} PAGE_CHECKSUM=DEFAULT")  # what Aria leaves behind
    return statements


def recoded_keys(database: Database, operations: list[ChangeTableOptions], dialect: str | None) -> Iterator[tuple[Table, ForeignKey]]:
    """Foreign keys over texts that stand in the way while a table is converted: those of the table, and those that refer to it."""
    tables = {each.table for each in operations if recodes(each.before, each.after, dialect)}
    for table in database.tables:
        for key in table.foreign_keys:
            kinds = [column.type for name in key.columns or () if (column := table.column(name)) is not None]
            if (table.key in tables or key.target_key in tables) and any(family_of(kind) in _TEXTS for kind in kinds):
                yield table, key


def changed_names(before: TableOptions, after: TableOptions) -> list[str]:
    """The names of the options that are not the same on both sides."""
    one, two = dict(before), dict(after)
    return [name for name in dict.fromkeys((*two, *one)) if one.get(name) != two.get(name)]

"""Changes of a column's type: what the upgrade cut off, and `USING` expressions that go back by their inverse."""

from __future__ import annotations

from lsp_server.database.equivalence import family_of, for_dialect
from lsp_server.database.fold.state import State
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import Column, Table
from lsp_server.database.narrowing import is_mere_cast, what_is_cut
from lsp_server.database.operations import AlterColumn, Keep
from lsp_server.database.undo.parts import NOTHING, Statements, Undoing, shortened

_TEXTS = ("VARCHAR", "TEXT", "CHAR")
_ENUMS = ("ENUM", None)


def undo_type(operation: AlterColumn, before: State, after: State) -> Undoing:
    """What a change of type leaves undone, and how it is undone where a comparison of the schemas would write other values."""
    old = _column(before, operation.table, operation.column)
    new = _column(after, operation.table, operation.column if isinstance(operation.name, Keep) else operation.name)
    if isinstance(operation.type, Keep) or old is None or new is None:
        return NOTHING
    (table, column), (_, changed) = old, new
    name = f"{table.name}.{column.name}"
    if operation.using is not None and not is_mere_cast(operation.using):
        alone = operation == AlterColumn(operation.table, operation.column, type=operation.type, using=operation.using)
        if alone and before.dialect == "postgresql":
            statement = _inverted(operation.using, table, column, changed)
            if statement is not None:
                return Undoing((statement,))
        return Undoing(losses=(f"the values of {name} before {shortened(operation.using)}",))
    kind = before.dialect if before.dialect != "sqlite" else "postgresql"  # a table that is copied there has its values cast
    cut = what_is_cut(column.type, changed.type, kind, operation.using is not None)
    if cut is not None:
        return Undoing(losses=(f"{cut} in {name}",))
    families = [family_of(for_dialect(each.type, kind)) for each in (column, changed)]
    if families[0] in _TEXTS and families[1] not in (*_TEXTS, *_ENUMS) and column.type.enum is None:
        return Undoing(leftovers=(f"how {name} was spelled: {changed.type.sql} keeps the bare value",))
    return NOTHING


def _column(state: State, key: tuple[str | None, str], name: str) -> tuple[Table, Column] | None:
    table = state.tables.get(key)
    column = table.column(name) if table is not None else None
    return None if table is None or column is None else (table, column)


def _inverted(using: str, table: Table, column: Column, changed: Column) -> Statements | None:
    """The change of type with the inverse of its USING; None where there is none, or a default is in the way."""
    from lsp_server.database.undo.conversions import inverse_of_using
    from lsp_server.database.undo.updates import evenness

    if column.server_default is not None or changed.server_default is not None or column.type.sql is None or column.type.enum is not None:
        return None
    inverse = inverse_of_using(using, table, column, changed)
    if inverse is None:
        return None
    place, name = table_sql(table.key), name_sql(column.name)
    check = evenness(table, place, column.name, inverse, "postgresql")
    sql = f"ALTER TABLE {place} ALTER COLUMN {name} TYPE {column.type.sql} USING {inverse.back(name)}"
    return Statements((sql,), checks=(check,) if check is not None else ())

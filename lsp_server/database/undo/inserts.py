"""INSERT statements: the rows they brought, and the DELETE that takes exactly these away again.

A row is known by its primary key or a unique one, where the statement states it as a constant. Rows that may have been there before
(`ON CONFLICT`, `INSERT IGNORE`), and rows that the database numbers, cannot be told from the users'. Loaded only when such a statement is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from lsp_server.database.equivalence import primary_key_of
from lsp_server.database.fold.state import State, points_at
from lsp_server.database.migration.sql import name_sql, table_sql
from lsp_server.database.model import ForeignKey, Table
from lsp_server.database.operations import Key
from lsp_server.database.undo.parts import Check, Statements
from lsp_server.database.undo.updates import literal

_TAKES_ALONG = ("CASCADE", "SET NULL", "SET DEFAULT")


@dataclass(frozen=True, slots=True)
class Insertion:
    """`rows` are SQL constants by column, None for what is none. `query` is set where the rows come from a SELECT."""

    table: Table
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    forgiving: bool
    query: exp.Select | None = None


def inserted_into(tree: exp.Insert) -> exp.Table | None:
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return target if isinstance(target, exp.Table) else None


def read_insert(tree: exp.Insert, table: Table) -> Insertion | None:
    """What an INSERT into this table brings; None where that does not show."""
    names = [each.name for each in tree.this.expressions] if isinstance(tree.this, exp.Schema) else [each.name for each in table.columns]
    columns = [next((each.name for each in table.columns if name in (each.name, each.name.lower()) or each.name.lower() == name.lower()), None) for name in names]
    if None in columns or tree.args.get("with_"):
        return None
    known = tuple(name for name in columns if name is not None)
    forgiving = bool(tree.args.get("conflict") or tree.args.get("ignore") or tree.args.get("alternative") or tree.args.get("overwrite"))
    source = tree.expression
    if isinstance(source, exp.Select):
        return Insertion(table, known, (), forgiving, source)
    if not isinstance(source, exp.Values):
        return None
    rows = []
    for each in source.expressions:
        values = each.expressions if isinstance(each, exp.Tuple) else [each.this if isinstance(each, exp.Paren) else each]
        if len(values) != len(known):
            return None
        rows.append(tuple(literal(value) for value in values))
    return Insertion(table, known, tuple(rows), forgiving)


def key_of(insertion: Insertion) -> tuple[str, ...] | None:
    """The columns by which each row can be told from every other."""
    table = insertion.table
    candidates = [primary_key_of(table) or ()]
    candidates += [unique.columns or () for unique in table.uniques if unique.unknown is None]
    candidates += [
        index.columns or () for index in table.indexes
        if index.unique is True and index.where is None and not any(index.expressions) and index.unknown is None
    ]  # fmt: skip
    for key in candidates:
        if not key or any(column not in insertion.columns for column in key):
            continue
        places = [insertion.columns.index(column) for column in key]
        if all(row[place] not in (None, "NULL") for row in insertion.rows for place in places):
            return key
    return None


def deletion(insertion: Insertion, key: tuple[str, ...], state: State, dialect: str, new: frozenset[Key] = frozenset()) -> Statements:
    """The statement that takes the rows away. It stops before it takes along rows of others, or leaves them pointing at nothing.

    `new` are the tables that the upgrade has made: what they hold goes anyway, and goes first where it would be in the way.
    """
    table = insertion.table
    place = table_sql(table.key, dialect)
    checks = tuple(
        _check(insertion, key, other, foreign, dialect)
        for other in state.tables.values()
        for foreign in other.foreign_keys
        if points_at(foreign, table) and other.key not in new and (dialect == "sqlite" or str(foreign.ondelete or "").upper() in _TAKES_ALONG)
    )
    emptied = _referring(table, state, new)
    first = tuple(f"DELETE FROM {table_sql(each.key, dialect)}" for each in emptied)
    deletion = f"DELETE FROM {place} WHERE {_condition(insertion, key, '', dialect)}"
    return Statements((*first, deletion), checks=tuple(dict.fromkeys(checks)), tables=(table.key, *(each.key for each in emptied)))


def _referring(table: Table, state: State, new: frozenset[Key]) -> list[Table]:
    """The new tables whose rows may refer to those of a table, directly or not: before each the ones that refer to it."""
    found: dict[Key, Table] = {}

    def visit(target: Table) -> None:
        for other in state.tables.values():
            if other.key in new and other.key not in found and other.key != table.key and any(points_at(each, target) for each in other.foreign_keys):
                found[other.key] = other
                visit(other)
                found[other.key] = found.pop(other.key)  # behind those that refer to it

    visit(table)
    return list(found.values())


def _check(insertion: Insertion, key: tuple[str, ...], other: Table, foreign: ForeignKey, dialect: str) -> Check:
    table = insertion.table
    targets = foreign.target_columns or primary_key_of(table) or ()
    same = " AND ".join(f"there.{name_sql(target, dialect)} = here.{name_sql(own, dialect)}" for own, target in zip(foreign.columns or (), targets))
    query = (
        f"SELECT count(*) FROM {table_sql(other.key, dialect)} AS here WHERE EXISTS (SELECT 1 FROM {table_sql(table.key, dialect)} AS there "
        f"WHERE {same} AND ({_condition(insertion, key, 'there.', dialect)}))"
    )
    if other.key == table.key:
        query += f" AND NOT ({_condition(insertion, key, 'here.', dialect)})"
    return Check(query, f"{other.name} has rows that refer to those which go from {table.name}: move them first", (table.key, other.key))


def _condition(insertion: Insertion, key: tuple[str, ...], prefix: str, dialect: str) -> str:
    places = [insertion.columns.index(column) for column in key]
    names = [prefix + name_sql(column, dialect) for column in key]
    rows = list(dict.fromkeys(tuple(row[place] or "NULL" for place in places) for row in insertion.rows))
    if len(key) > 1:
        each = [" AND ".join(f"{name} = {value}" for name, value in zip(names, row)) for row in rows]
        return each[0] if len(each) == 1 else " OR ".join(f"({one})" for one in each)
    if len(rows) == 1:
        return f"{names[0]} = {rows[0][0]}"
    return f"{names[0]} IN ({', '.join(_values(rows))})"


def _values(rows: list[tuple[str, ...]]) -> Iterator[str]:
    return (row[0] for row in rows)

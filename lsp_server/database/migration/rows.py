"""Made-up rows for a database of ours, such as make a change fail where real ones may.

Rough rows: one with every value, one with NULL wherever the schema lets it, one that repeats what need not be unique, and as
many as there are values of an enumeration. Tidy ones: every value, none twice. Foreign keys point to rows that were made
before, or are set afterwards where tables refer to each other in a circle. What a check wants is read from it only so far as it lists
values; where a row is refused, others are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.database.equivalence import family_of, primary_key_of
from lsp_server.database.model import Column, Database, ForeignKey, Table

if TYPE_CHECKING:
    import sqlalchemy as sa

BIND = r"\:"  # how `text()` takes a colon that is no parameter
_MOST_VALUES = 24  # of an enumeration that get a row each
_MOST_TRIES = 40  # for a row that the table's rules refuse
_NUMBERS = (100, 0, 1000)  # large enough for most checks that want "more than", small enough for the others, a year

Key = tuple[str | None, str]
Row = dict[str, object]


def insert_rows(connection: sa.Connection, database: Database, *, tidy: bool = False) -> tuple[str, ...]:
    """Fills the tables of a database of ours. Returns the tables, with their schemas, that took no row."""
    made: dict[Key, list[Row]] = {}
    late: list[tuple[Table, ForeignKey]] = []
    for table in _in_order(database.tables):
        maker = _Maker(table, made, tidy)
        made[table.key] = _fill(connection, maker)
        late += [(table, key) for key in maker.late]
    for table, key in late:
        _tie(connection, table, key, made)
    return tuple(table.full_name for table in database.tables if not made[table.key])


def _in_order(tables: Iterable[Table]) -> Iterator[Table]:
    """Tables after those that they must refer to; in a circle of keys that may not be NULL, some table comes too early."""
    waiting = {table.key: table for table in tables}
    while waiting:
        ready = [table for table in waiting.values() if not _waits(table, waiting, needed=False)]
        ready = ready or [table for table in waiting.values() if not _waits(table, waiting, needed=True)][:1]
        for table in ready or [next(iter(waiting.values()))]:
            yield table
            del waiting[table.key]


def _waits(table: Table, waiting: dict[Key, Table], needed: bool) -> bool:
    return any(
        key.target_key in waiting and key.target_key != table.key and not (needed and _may_be_null(table, key)) for key in table.foreign_keys
    )


def _may_be_null(table: Table, key: ForeignKey) -> bool:
    return any(_nullable(table, column) for column in table.columns if column.name in (key.columns or ()))


def _nullable(table: Table, column: Column) -> bool:
    return column.nullable is not False and column.name not in (primary_key_of(table) or ())


# What the rows of a table are


@dataclass(frozen=True, slots=True)
class _Wish:
    """One row to be made. `empty`: NULL where it may be; `repeats`: the first row's values where they need not be unique.

    `turned` are columns that are NULL although others are not, or the other way round; `base` is what numbers begin with.
    """

    number: int
    empty: bool = False
    repeats: bool = False
    turned: frozenset[str] = frozenset()
    base: int = _NUMBERS[0]


class _Maker:
    """The rows of one table, where those of others are made already. `late`: keys whose target has none yet."""

    def __init__(self, table: Table, made: dict[Key, list[Row]], tidy: bool) -> None:
        self.table = table
        self.made = made
        self.tidy = tidy
        self.late: list[ForeignKey] = []
        self.columns = [column for column in table.columns if column.computed is None and not _always_given(column)]
        self.unique = {name for columns in _unique_sets(table) for name in columns}
        self.choices = {column.name: _choices(table, column) for column in self.columns}
        self.keys: dict[str, tuple[ForeignKey, str]] = {}
        for key in table.foreign_keys:
            targets = key.target_columns or ("id",)
            for name, target in zip(key.columns or (), targets):
                self.keys.setdefault(name, (key, target))

    def wishes(self) -> list[_Wish]:
        most = max([len(choices) for choices in self.choices.values()], default=0)
        if self.tidy:
            return [_Wish(number) for number in range(1, max(2, min(most, _MOST_VALUES)) + 1)]
        others = [_Wish(number, repeats=True) for number in range(3, max(3, min(most, _MOST_VALUES)) + 1)]
        return [_Wish(1), _Wish(2, empty=True), *others]

    def instead(self, wish: _Wish) -> Iterator[_Wish]:
        """Other rows where one is refused: other numbers, all or single columns NULL or not."""
        named = " ".join(check.expression or "" for check in self.table.checks)
        single = [column.name for column in self.columns if _nullable(self.table, column) and column.name in named]
        for base in _NUMBERS:
            for empty in (wish.empty, not wish.empty):
                yield _Wish(wish.number, empty, base=base)
                for name in single:
                    yield _Wish(wish.number, empty, turned=frozenset({name}), base=base)

    def row(self, wish: _Wish) -> Row:
        row: Row = {}
        for column in self.columns:
            empty = wish.empty != (column.name in wish.turned)
            if empty and _nullable(self.table, column):
                row[column.name] = None
            elif column.name in self.keys:
                row[column.name] = self._key_value(column, wish, row)
            else:
                # The second of two rows that agree in everything else is what a new unique constraint stumbles over.
                number = 1 if wish.repeats and column.name not in self.unique and not self.choices[column.name] else wish.number
                row[column.name] = _value(column, self.choices[column.name], number, wish.base)
        return row

    def _key_value(self, column: Column, wish: _Wish, row: Row) -> object:
        key, target = self.keys[column.name]
        if key.target_key == self.table.key:
            return row.get(target) if target in row else None
        rows = self.made.get(key.target_key) or []
        if not rows:
            if key not in self.late:
                self.late.append(key)
            return None
        return rows[(wish.number - 1) % len(rows)].get(target)


def _always_given(column: Column) -> bool:
    """By the database, which takes no value from anybody else."""
    return column.identity is not None and column.identity.always


def _unique_sets(table: Table) -> Iterator[tuple[str, ...]]:
    yield primary_key_of(table) or ()
    for unique in table.uniques:
        yield unique.columns or ()
    for index in table.indexes:
        if index.unique is not False:
            words = set(re.findall(r"\w+", " ".join((*(index.columns or ()), str(index.where or "")))))
            yield tuple(column.name for column in table.columns if column.name in words)


def _choices(table: Table, column: Column) -> tuple[object, ...]:
    """The values of an enumeration, or those that a check lists."""
    enum = column.type.enum
    if enum is not None and isinstance(enum.values, tuple) and enum.values:
        return enum.values
    name = rf'(?<![\w."`])["`(]*{re.escape(column.name)}["`)]*(?:::[\w ]+)?'
    for check in table.checks:
        listed = re.search(rf"{name}\s*(?:IN\s*\(|=\s*ANY\s*\(\s*\(?ARRAY\[)([^()\]]*)", check.expression or "", re.IGNORECASE)
        if listed is None:
            listed = re.search(rf"{name}\s*=\s*('[^']*')", check.expression or "", re.IGNORECASE)
        texts = re.findall(r"'([^']*)'", listed[1]) if listed is not None else []
        if texts:
            return tuple(texts)
    return ()


def _value(column: Column, choices: tuple[object, ...], number: int, base: int) -> object:
    """A value that differs by number, so that unique constraints hold."""
    if choices:
        return choices[(number - 1) % len(choices)]
    family = family_of(column.type)
    if family == "ARRAY":
        return "{}"
    count = base + number
    day, hour = f"2024-01-{number:02}", f"{number % 24:02}"
    values: dict[str | None, object] = {
        "INTEGER": count,
        "BIGINT": count,
        "SMALLINT": count,
        "NUMERIC": count if _holds(column, count) else number,
        "DOUBLE PRECISION": count + 0.5,
        "REAL": count + 0.5,
        "BOOLEAN": number % 2 == 1,
        "DATE": day,
        "TIMESTAMP WITHOUT TIME ZONE": f"{day} 12:00:00.000000",
        "TIMESTAMP WITH TIME ZONE": f"{day} 12:00:00.000000",
        "TIME WITHOUT TIME ZONE": f"{hour}:00:00.000000",
        "UUID": f"{number:032x}",
        "JSON": f"[{number}]",
        "JSONB": f"[{number}]",
        "BYTEA": bytes([number]),
        "INTERVAL": f"{number} days",
        "INET": f"10.0.0.{number}",
        "CIDR": f"10.0.{number}.0/24",
        "MACADDR": f"08:00:2b:01:02:{number:02x}",
        "TSVECTOR": f"'word':{number}",
        "INT4RANGE": f"[{count},{count + 1})",
        "INT8RANGE": f"[{count},{count + 1})",
        "NUMRANGE": f"[{count},{count + 1})",
        "DATERANGE": f"[{day},2024-02-{number:02})",
        "TSRANGE": f"[{day} 12:00,{day} 13:00)",
        "TSTZRANGE": f"[{day} 12:00,{day} 13:00)",
    }
    length = next((argument for argument in column.type.arguments if isinstance(argument, int)), None)
    text = str(number)[-1] if length is not None and length < 3 and family in ("VARCHAR", "CHAR") else str(count)
    return values.get(family, text)


def _holds(column: Column, count: int) -> bool:
    """Whether a number with so many digits before the point fits."""
    digits = [argument for argument in column.type.arguments if isinstance(argument, int)]
    return not digits or len(str(count)) <= digits[0] - (digits[1] if len(digits) > 1 else 0)


# Into the database


def _fill(connection: sa.Connection, maker: _Maker) -> list[Row]:
    """The rows that a table took: all at once, or else one by one."""
    if not maker.columns:
        return []
    wishes = maker.wishes()
    rows = [maker.row(wish) for wish in wishes]
    if insert(connection, maker.table, rows) is None:
        return _as_stored(connection, maker.table, rows)
    taken: list[Row] = []
    for wish in wishes:
        tries = [wish] if taken else [wish, *maker.instead(wish)][:_MOST_TRIES]
        for each in tries:
            row = maker.row(each)
            if insert(connection, maker.table, [row]) is None:
                taken.append(row)
                break
    return _as_stored(connection, maker.table, taken)


def insert(connection: sa.Connection, table: Table, rows: list[Row]) -> str | None:
    """Put rows of the same columns into a table, all or none; what the database has against it."""
    names = list(rows[0])
    marks = ", ".join(f"({', '.join(f':v{number}_{position}' for position in range(len(names)))})" for number in range(len(rows)))
    statement = f"INSERT INTO {_place(connection, table)} ({', '.join(_quoted(connection, name) for name in names)}) VALUES {marks}"
    return _attempt(connection, statement, {f"v{number}_{position}": row[name] for number, row in enumerate(rows) for position, name in enumerate(names)})


def _tie(connection: sa.Connection, table: Table, key: ForeignKey, made: dict[Key, list[Row]]) -> None:
    """Set a key of a circle in the first row, now that there is a row to refer to."""
    targets, own = made.get(key.target_key) or [], made.get(table.key) or []
    names = primary_key_of(table) or ()
    if not targets or not own or not names or not all(name in own[0] for name in names):
        return
    pairs = list(zip(key.columns or (), key.target_columns or ("id",)))
    changes = ", ".join(f"{_quoted(connection, name)} = :v{position}" for position, (name, _) in enumerate(pairs))
    where = " AND ".join(f"{_quoted(connection, name)} = :k{position}" for position, name in enumerate(names))
    values = {f"v{position}": targets[0].get(target) for position, (_, target) in enumerate(pairs)}
    values |= {f"k{position}": own[0][name] for position, name in enumerate(names)}
    _attempt(connection, f"UPDATE {_place(connection, table)} SET {changes} WHERE {where}", values)


def _attempt(connection: sa.Connection, statement: str, values: dict[str, object]) -> str | None:
    """Run a statement that the database may refuse; its first words if it does."""
    import sqlalchemy as sa
    from sqlalchemy.exc import DBAPIError

    try:
        with connection.begin_nested():
            connection.execute(sa.text(statement), values)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return str(error.orig).strip().splitlines()[0]
    return None


def _as_stored(connection: sa.Connection, table: Table, rows: list[Row]) -> list[Row]:
    """The rows as others may refer to them: with the keys that the database gave."""
    given = [column.name for column in table.columns if _always_given(column)]
    if not given or not rows:
        return rows
    import sqlalchemy as sa

    names = ", ".join(_quoted(connection, name) for name in given)
    found = connection.execute(sa.text(f"SELECT {names} FROM {_place(connection, table)} ORDER BY 1")).all()
    return [{**row, **dict(zip(given, keys))} for row, keys in zip(rows, found)]


def _place(connection: sa.Connection, table: Table) -> str:
    return ".".join(_quoted(connection, part) for part in (table.schema, table.name) if part is not None)


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name).replace(":", BIND)

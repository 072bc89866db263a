"""What a SQLite database of ours holds, from its own catalogue: shapes to compare, rows to keep.

Two databases made by the same server are compared as it tells of them, so no expression has to be brought into one spelling.
The order of columns does not count, and a constraint's name only where the wanted schema gives one.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa

_VERSION_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True)
class Shape:
    """One table: its columns as (name, type, not null, default, place in the key, generated), and the rest of it."""

    columns: frozenset[tuple[object, ...]]
    foreign_keys: frozenset[tuple[object, ...]]
    uniques: frozenset[tuple[str | None, frozenset[str]]]
    indexes: frozenset[tuple[str, str]]
    checks: frozenset[tuple[str | None, str]]


def read_shapes(connection: sa.Connection) -> dict[str, Shape]:
    """All tables of the database, by name."""
    import sqlalchemy as sa

    inspector = sa.inspect(connection)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the inspector names the indexes on expressions that it skips; they are read below
        return {
            name: _shape(connection, inspector, name)
            for name in inspector.get_table_names()
            if name not in (_VERSION_TABLE, "sqlite_sequence")
        }


def _shape(connection: sa.Connection, inspector: sa.Inspector, table: str) -> Shape:
    import sqlalchemy as sa

    columns = connection.execute(sa.text(f"PRAGMA table_xinfo({_quoted(table)})")).all()
    keys = [
        (
            key["name"],
            tuple(sorted(zip(key["constrained_columns"], key["referred_columns"]))),
            key["referred_table"],
            tuple(sorted((name, value) for name, value in key["options"].items() if value is not None)),
        )
        for key in inspector.get_foreign_keys(table)
    ]
    made = connection.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"),
        {"table": table},
    ).all()
    sql = connection.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), {"table": table}
    ).scalar_one()
    collations = dict(re.findall(r'^\s*"?(\w+)"? [^,\n]*?COLLATE "?(\w+)"?', sql, re.MULTILINE))
    return Shape(
        frozenset(
            (row[1], row[2].upper(), bool(row[3] or row[5]), _bare(row[4]), row[5], row[6], collations.get(row[1]))
            for row in columns
        ),
        frozenset(keys),
        frozenset((unique["name"], frozenset(unique["column_names"])) for unique in inspector.get_unique_constraints(table)),
        frozenset((row[0], _words(row[1])) for row in made),
        frozenset((check["name"], _words(check["sqltext"])) for check in inspector.get_check_constraints(table)),
    )


def _bare(default: str | None) -> str | None:
    if default is None:
        return None
    text = default.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text


def _words(sql: str) -> str:
    return re.sub(r'[\s"()`]+', " ", sql).strip().lower()


def differences(found: dict[str, Shape], wanted: dict[str, Shape]) -> tuple[str, ...]:
    """What is not as wanted, in words; empty if all is."""
    problems = [f"table {name} is missing" for name in wanted if name not in found]
    problems += [f"table {name} is left over" for name in found if name not in wanted]
    for name, shape in wanted.items():
        if name in found:
            problems += [f"{name}: {text}" for text in _shape_differences(found[name], shape)]
    return tuple(problems)


def _shape_differences(found: Shape, wanted: Shape) -> list[str]:
    problems = [f"column {item} is missing" for item in _sorted(wanted.columns - found.columns)]
    problems += [f"column {item} is left over" for item in _sorted(found.columns - wanted.columns)]
    problems += [f"index {item} is missing" for item in _sorted(wanted.indexes - found.indexes)]
    problems += [f"index {item} is left over" for item in _sorted(found.indexes - wanted.indexes)]
    for label, have, want in (
        ("foreign key", found.foreign_keys, wanted.foreign_keys),
        ("unique constraint", found.uniques, wanted.uniques),
        ("check", found.checks, wanted.checks),
    ):
        problems += _named_differences(label, have, want)
    return problems


def _named_differences(
    label: str, found: frozenset[tuple[Any, ...]], wanted: frozenset[tuple[Any, ...]]
) -> list[str]:
    """An item without a name matches one with any."""
    remaining = list(found)
    problems = []
    for item in sorted(wanted, key=lambda item: item[0] is None):
        match = next((other for other in remaining if other[1:] == item[1:] and item[0] in (None, other[0])), None)
        if match is None:
            problems.append(f"{label} {item} is missing")
        else:
            remaining.remove(match)
    return problems + [f"{label} {item} is left over" for item in remaining]


def _sorted(items: frozenset[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(items, key=repr)


def read_rows(connection: sa.Connection) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables."""
    import sqlalchemy as sa

    names = [name for name in sa.inspect(connection).get_table_names() if name != _VERSION_TABLE]
    return {
        name: [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {_quoted(name)}")).mappings()]
        for name in names
    }


def lost_rows(
    before: dict[str, list[dict[str, object]]],
    after: dict[str, list[dict[str, object]]],
    aside: frozenset[tuple[str, str | None]],
) -> tuple[str, ...]:
    """Tables whose rows changed in columns that both sides have.

    `aside` names (table, column) that may change, and (table, None) for tables that may lose their rows.
    """
    problems = []
    for table, rows in before.items():
        if table not in after or not rows or (table, None) in aside:
            continue
        others = after[table]
        if len(rows) != len(others):
            problems.append(f"{table}: {len(rows)} rows became {len(others)}")
            continue
        common = [name for name in rows[0] if others and name in others[0] and (table, name) not in aside]
        if sorted(repr([row[name] for name in common]) for row in rows) != sorted(
            repr([row[name] for name in common]) for row in others
        ):
            problems.append(f"{table}: values changed")
    return tuple(problems)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

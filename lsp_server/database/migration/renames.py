"""Is it a drop and an add, or a rename? Evidence from the two schemas, never a guess in the dark.

A rename is certain if exactly one pair fits in table, place, type, rules and name. Where only some of it fits, or
the type has changed within its sort, the answer is "perhaps", and whoever plans offers both. What an editor or a history knows comes in
from outside as evidence (`evidence.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lsp_server.database.compare import Difference
from lsp_server.database.equivalence import family_of, primary_key_of, same_default, same_type
from lsp_server.database.migration.operations import STAYS, RenameColumn, RenameTable, Stays, TableKey
from lsp_server.database.model import Column, Database, Table, key_of_name
from lsp_server.unknown import Unknown

_SORTS = (
    frozenset({"SMALLINT", "INTEGER", "BIGINT", "NUMERIC", "REAL", "DOUBLE PRECISION"}),
    frozenset({"CHAR", "VARCHAR", "TEXT"}),
)

@dataclass(frozen=True, slots=True)
class Rename:
    """`table` is the table as it is called before; `column` None: the table itself is renamed."""

    table: TableKey
    column: str | None
    new_name: str
    certain: bool
    evidence: str
    moved_to: str | Stays | None = STAYS  # another schema, for a table

    @property
    def subject(self) -> str:
        """What is renamed, by its full name before: "table" or "table.column"."""
        schema, name = self.table
        return ".".join(part for part in (schema, name, self.column) if part)


def find_renames(
    differences: Iterable[Difference], before: Database, after: Database, dialect: str | None, evidence: tuple[Rename, ...] = ()
) -> tuple[Rename, ...]:
    """All renames that the differences may hide, each old and each new name used once.

    `evidence` decides where it speaks of what is gone and what has come; else it counts for nothing.
    """
    differences = tuple(differences)
    known = _known(differences, evidence)
    taken = {(rename.table, rename.column) for rename in known}
    come = {(rename.table if rename.column is not None else None, rename.new_name) for rename in known}
    left = [item for item in differences if not _is_taken(item, taken, come)]
    return (*known, *_tables(tuple(left), dialect), *_columns(tuple(left), before, after, dialect))


def _known(differences: tuple[Difference, ...], evidence: tuple[Rename, ...]) -> tuple[Rename, ...]:
    """What the evidence says of things that are gone here, and of others that have come in their place."""
    gone = {_place_of(item) for item in differences if item.after is None and item.element in ("table", "column")}
    come = {_place_of(item) for item in differences if item.before is None and item.element in ("table", "column")}
    found: list[Rename] = []
    for rename in evidence:
        new = (rename.table[0], rename.new_name) if rename.column is None else rename.table
        target = (new, None if rename.column is None else rename.new_name)
        if (rename.table, rename.column) in gone and target in come:
            found.append(replace(rename, certain=True))
            gone.discard((rename.table, rename.column))
            come.discard(target)
    return tuple(found)


def _place_of(item: Difference) -> tuple[TableKey, str | None]:
    return key_of_name(item.path[1]), item.column if item.element == "column" else None


def _is_taken(item: Difference, taken: set[tuple[TableKey, str | None]], come: set[tuple[TableKey | None, str]]) -> bool:
    if item.element not in ("table", "column"):
        return False
    table, column = _place_of(item)
    if item.after is None:
        return (table, column) in taken
    return ((table, column) if column is not None else (None, table[1])) in come if item.before is None else False


def rename_operations(renames: Iterable[Rename], before: Database) -> tuple[RenameTable | RenameColumn, ...]:
    """The operations for renames, columns under the table's new name. What is not there (any more) is passed over."""
    renames = tuple(rename for rename in renames if before.table(rename.table[1], rename.table[0]) is not None)
    operations: list[RenameTable | RenameColumn] = [
        RenameTable(rename.table[0], rename.table[1], rename.new_name, rename.evidence, rename.moved_to)
        for rename in renames
        if rename.column is None
    ]
    moved = {(each.schema, each.before): each.target for each in operations if isinstance(each, RenameTable)}
    for rename in renames:
        table = before.table(rename.table[1], rename.table[0])
        column = table.column(rename.column) if table is not None and rename.column is not None else None
        if column is not None:
            operations.append(RenameColumn(moved.get(rename.table, rename.table), column, rename.new_name, rename.evidence))
    return tuple(operations)


# Tables


def _tables(differences: tuple[Difference, ...], dialect: str | None) -> tuple[Rename, ...]:
    gone = [item.before for item in differences if item.element == "table" and isinstance(item.before, Table)]
    come = [item.after for item in differences if item.element == "table" and isinstance(item.after, Table)]
    found = []
    for old in gone:
        pairs = [(_overlap(old, new, dialect), new) for new in come if _same_schema(old, new) or _moves(old, new, dialect)]
        likely = [(share, new) for share, new in pairs if share >= 0.7]
        if len(likely) != 1:
            continue
        share, new = likely[0]
        rivals = [other for other in gone if other is not old and _overlap(other, new, dialect) >= 0.7]
        if rivals:
            continue
        certain = share == 1 and len(old.columns) > 1 and alike(old.name, new.name)
        evidence = f"{len(old.columns)} columns agree" if share == 1 else "most columns agree"
        moved = STAYS if _same_schema(old, new) else new.key[0]
        found.append(Rename(old.key, None, new.name, certain, evidence, moved))
    return tuple(found)


def _same_schema(old: Table, new: Table) -> bool:
    return old.key[0] == new.key[0]


def _moves(old: Table, new: Table, dialect: str | None) -> bool:
    """Whether a table may have gone to another schema, where there is a statement for it."""
    return dialect == "postgresql" and old.name == new.name


def _overlap(old: Table, new: Table, dialect: str | None) -> float:
    """The share of columns that both tables have, with the same types."""
    names = {column.name for column in old.columns} | {column.name for column in new.columns}
    common = 0
    for column in old.columns:
        other = new.column(column.name)
        if other is not None and same_type(column.type, other.type, dialect, exact=True):
            common += 1
    return common / len(names) if names else 0.0


# Columns


def _columns(
    differences: tuple[Difference, ...], before: Database, after: Database, dialect: str | None
) -> tuple[Rename, ...]:
    found: list[Rename] = []
    touched = dict.fromkeys(
        item.path[1] for item in differences if item.element == "column" and item.path[0] == "table"
    )
    for name in touched:
        own = [item for item in differences if item.element == "column" and item.path[1] == name]
        gone = [item.before for item in own if isinstance(item.before, Column)]
        come = [item.after for item in own if isinstance(item.after, Column)]
        schema, bare = key_of_name(name)
        old, new = before.table(bare, schema), after.table(bare, schema)
        if old is not None and new is not None:
            found += _pairs(old, gone, new, come, dialect)
    return tuple(found)


def _pairs(
    old: Table, gone: list[Column], new: Table, come: list[Column], dialect: str | None
) -> list[Rename]:
    fitting = [(left, right) for left in gone for right in come if _fits(old, left, new, right, dialect)]
    found: list[Rename] = []
    while fitting:
        left, right = max(fitting, key=lambda pair: _score(old, pair[0], new, pair[1]))
        score = _score(old, left, new, right)
        rivals = [pair for pair in fitting if (pair[0] is left) != (pair[1] is right)]
        fitting = [pair for pair in fitting if pair[0] is not left and pair[1] is not right]
        if score < 1:
            continue
        certain = score >= 2 and not rivals
        reasons = "same type and rules"
        if alike(left.name, right.name):
            reasons += ", similar name"
        if _place(old, left, new) == _place(new, right, old):
            reasons += ", same place"
        found.append(Rename(old.key, left.name, right.name, certain, reasons))
    if not found and len(gone) == len(come) == 1 and _place(old, gone[0], new) == _place(new, come[0], old):
        left, right = gone[0], come[0]
        if _of_one_sort(left, right) and _fit_but_for_type(old, left, new, right):
            found.append(Rename(old.key, left.name, right.name, False, "type of the same sort, same rules, same place"))
    return found


def _of_one_sort(left: Column, right: Column) -> bool:
    """Whether values go over from one type to the other by themselves: numbers to numbers, texts to texts."""
    return any(family_of(left.type) in sort and family_of(right.type) in sort for sort in _SORTS)


def _fits(old: Table, left: Column, new: Table, right: Column, dialect: str | None) -> bool:
    return same_type(left.type, right.type, dialect, exact=True) is True and _fit_but_for_type(old, left, new, right)


def _fit_but_for_type(old: Table, left: Column, new: Table, right: Column) -> bool:
    if any(isinstance(item, Unknown) for item in (left.nullable, right.nullable)) or left.nullable != right.nullable:
        return False
    defaults = (left.server_default, right.server_default)
    if isinstance(defaults[0], Unknown) or isinstance(defaults[1], Unknown):
        return False
    if not same_default(defaults[0], defaults[1], right.type) or left.computed != right.computed:
        return False
    if (left.name in (primary_key_of(old) or ())) != (right.name in (primary_key_of(new) or ())):
        return False
    return _targets(old, left.name) == _targets(new, right.name)


def _targets(table: Table, column: str) -> set[TableKey]:
    return {
        key.target_key
        for key in table.foreign_keys
        if column in (key.columns or ())
    }


def _score(old: Table, left: Column, new: Table, right: Column) -> float:
    """Similar names and the same place count one each; ties go to the nearer name."""
    same_place = _place(old, left, new) == _place(new, right, old)
    ratio = SequenceMatcher(None, left.name, right.name).ratio()
    return alike(left.name, right.name) + same_place + ratio / 100


def _place(table: Table, column: Column, other: Table) -> tuple[str | None, int]:
    """The last column before this one that both tables have, and how many follow it until this one."""
    previous: str | None = None
    distance = 0
    for item in table.columns:
        if item.name == column.name:
            break
        if other.column(item.name) is not None:
            previous, distance = item.name, 0
        else:
            distance += 1
    return previous, distance


def alike(before: str, after: str) -> bool:
    """Do two names share their words, or nearly all their letters?"""
    words = [set(re.findall(r"[a-z]+|\d+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())) for name in (before, after)]
    smaller = min(words, key=len)
    if smaller and words[0] & words[1] == smaller:
        return True
    return SequenceMatcher(None, before.lower(), after.lower()).ratio() >= 0.75

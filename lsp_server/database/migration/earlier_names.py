"""A naming convention that came after the history: which names of constraints existing databases still have.

Alembic gives unnamed constraints of a revision the names of today's convention, so a new database has them from the start; one
that ran the revision before has those that its server chose. What a history says of itself decides: once any constraint is
stated by a name that the convention makes, the convention may have been known, and nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lsp_server.database.model import Check, Database, ForeignKey, Index, PrimaryKey, Table, Unique
from lsp_server.database.naming import ConventionalName, conventional_name

_SORTS: dict[type, str] = {PrimaryKey: "pk", ForeignKey: "fk", Unique: "uq", Check: "ck"}
_NAMED = ("postgresql", "mysql", "mariadb")  # elsewhere nothing is told by the names that a server chooses


@dataclass(frozen=True, slots=True)
class EarlierNames:
    """`before` as databases have it that are older than the convention. `doubtful`: those names, which newer ones do not have."""

    before: Database
    doubtful: frozenset[tuple[tuple[str | None, str], str]] = frozenset()
    obstacles: tuple[str, ...] = ()


def earlier_names(before: Database, after: Database, dialect: str | None) -> EarlierNames:
    """The schema before with the names from before the convention of `after`, where the history does not know it yet."""
    convention = after.naming_convention
    parts = [(table, part) for table in before.tables for part in _parts(table) if isinstance(part.name, ConventionalName)]
    wanted = {(table.key, part.name) for table in after.tables for part in _parts(table)}
    parts = [(table, part) for table, part in parts if (table.key, part.name) in wanted and part.name.otherwise != part.name]
    if dialect not in _NAMED or not convention or not parts or _is_known(before, convention, dialect):
        return EarlierNames(before)
    obstacles = tuple(
        f"{_words(part)} of {table.full_name} was named by the server before there was a naming convention, which calls it {part.name}: "
        f"its name is not known, rename it by hand"
        for table, part in parts
        if part.name.otherwise is None
    )
    doubtful = frozenset((table.key, part.name.otherwise) for table, part in parts if part.name.otherwise is not None)
    chosen = {(table.key, part.name) for table, part in parts}

    def earlier(table: Table, part: Any) -> Any:
        known = part is not None and (table.key, part.name) in chosen and isinstance(part.name, ConventionalName)
        return replace(part, name=part.name.otherwise) if known and part.name.otherwise is not None else part

    def renamed(table: Table) -> Table:
        return replace(
            table,
            primary_key=earlier(table, table.primary_key),
            foreign_keys=tuple(earlier(table, key) for key in table.foreign_keys),
            uniques=tuple(earlier(table, unique) for unique in table.uniques),
            checks=tuple(earlier(table, check) for check in table.checks),
            indexes=tuple(earlier(table, index) for index in table.indexes),
        )

    return EarlierNames(replace(before, tables=tuple(map(renamed, before.tables))), doubtful, obstacles)


def _parts(table: Table) -> Iterator[Any]:
    if table.maybe is None:
        yield from (part for part in (table.primary_key, *table.foreign_keys, *table.uniques, *table.checks, *table.indexes) if part is not None)


def _is_known(before: Database, convention: Any, dialect: str) -> bool:
    """Whether the history may have known the convention: it states a constraint by a name that the convention makes.

    Where a convention makes the names that the server would choose as well, nobody can tell whether it was there: then it was.
    """
    for table in before.tables:
        for part in _parts(table):
            telling = not isinstance(part, Index) and (dialect == "postgresql" or not isinstance(part, PrimaryKey))
            stated = telling and part.name is not None and not isinstance(part.name, ConventionalName)
            if stated and _follows(table, part, convention):
                return True
    return False


def _follows(table: Table, part: Any, convention: Any) -> bool:
    template = convention.get(_SORTS[type(part)], "")
    if "%(constraint_name)s" in template:
        start, _, end = (conventional_name(convention, _SORTS[type(part)], table.name, (), schema=table.schema, given="\0") or "").partition("\0")
        return bool(start or end) and part.name.startswith(start) and part.name.endswith(end)
    referred = (part.target_table, part.target_columns or ()) if isinstance(part, ForeignKey) else (None, ())
    columns = () if isinstance(part, Check) else part.columns or ()
    return bool(part.name == conventional_name(
        convention, _SORTS[type(part)], table.name, columns, schema=table.schema, referred_table=referred[0], referred_columns=referred[1],
    ))  # fmt: skip


def _words(part: object) -> str:
    if isinstance(part, Check):
        return f"the check {part.expression}"
    return "the foreign key" if isinstance(part, ForeignKey) else "a constraint"

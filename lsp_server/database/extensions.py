"""Which mapped tables are the application's own schema, and which belong to something beside it.

One repository may hold plugins that add tables when they are loaded, and stores of their own (a search index, a cache)
with a metadata that no migration looks after. They are checked like everything else; only where somebody asks for *the*
schema are they told apart. What decides is what the migration histories say, never a name: a history of its own makes
a package an extension; where histories name the metadata they compare, one that none of them names is another store.
Several databases with a history each: the one with the most revisions is the application's, as in the facts of migrations.
Several applications with nothing between them to choose by are all the application's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_server.database.alembic import History
from lsp_server.database.model import Database, Table
from lsp_server.text import Location

_MIGRATIONS = re.compile(r"migrat|alembic|version|revision", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Beside:
    """Tables of one metadata that are not the application's own, and why."""

    database: Database
    reason: str


def own_schema(mapped: Sequence[Database], trees: Sequence[History]) -> tuple[tuple[Database, ...], tuple[Beside, ...]]:
    """The application's own tables, one Database per metadata, and those beside it."""
    own: list[Database] = []
    beside: list[Beside] = []
    stores = _other_stores(mapped, trees)
    for database in mapped:
        if id(database) in stores:
            beside.append(Beside(database, stores[id(database)]))
            continue
        keepers = extensions_of(database, trees)
        kept = tuple(table for table in database.tables if table.key not in keepers)
        own.append(replace(database, tables=kept))
        for folder in sorted(set(keepers.values())):
            tables = tuple(table for table in database.tables if keepers.get(table.key) == folder)
            beside.append(Beside(replace(database, tables=tables, unknowns=()), f"an extension with a history of its own in {folder}"))
    return tuple(own), tuple(beside)


# Stores of their own


def _other_stores(mapped: Sequence[Database], trees: Sequence[History]) -> Mapping[int, str]:
    """Metadatas that are not the application's own, by their identity, and why.

    Those that no history names, where others are named, but not those that a history may mean which does not tell. And
    those that only lesser histories name, where the history with the most revisions names another one.
    """
    named = {env for database in mapped for env in database.compared_by}
    silent = [tree.folder for tree in trees if tree.env not in named]
    main = trees[0].env if trees and trees[0].env in named else None
    largest = max((len(database.tables) for database in mapped if main in database.compared_by), default=0)
    found: dict[int, str] = {}
    for database in mapped:
        if database.location is None:
            continue  # Nobody knows where it is made: its classes' bases are another package's, and may be anybody's.
        if len(database.tables) >= largest or any(_holds(folder, database) for folder in silent):
            continue
        if not database.compared_by:
            found[id(database)] = "no migration history compares this metadata"
        elif main not in database.compared_by:
            folder = next(tree.folder for tree in trees if tree.env in database.compared_by)
            found[id(database)] = f"another database, with a history of its own in {folder}"
    return found


# Extensions


def extensions_of(database: Database, trees: Sequence[History]) -> Mapping[tuple[str | None, str], str]:
    """The tables that a nearer history keeps, by that history's folder; none where they would be most of the metadata's."""
    main = _main_tree(database, trees)
    if main is None:
        return {}
    found = kept_elsewhere(database.tables, main.folder, [tree.folder for tree in trees])
    return found if len(found) * 2 < len(database.tables) else {}


def _main_tree(database: Database, trees: Sequence[History]) -> History | None:
    """The nearest history in whose package the metadata itself is made; of those as near the largest."""
    inside = [tree for tree in trees if _holds(tree.folder, database)]
    return max(inside, key=lambda tree: _common(_place(database), tree.folder), default=None)


def _holds(folder: str, database: Database) -> bool:
    return _common(_place(database), folder) >= depth_of_package(folder)


def _place(database: Database) -> str:
    return database.location.path if database.location is not None else database.source


# What lies nearer to what


def kept_elsewhere(tables: Sequence[Table], folder: str, folders: Sequence[str]) -> Mapping[tuple[str | None, str], str]:
    """Tables whose class stands nearer to another history's folder than to `folder`, by that other folder."""
    others = [other for other in dict.fromkeys(folders) if other != folder]
    return {table.key: keeper for table in tables if (keeper := _nearer(table.location, folder, others)) is not None}


def _nearer(place: Location | None, folder: str, others: Sequence[str]) -> str | None:
    """The history's folder that shares more of a table's path than `folder` does."""
    if place is None:
        return None
    inside = [other for other in others if _common(place.path, other) >= depth_of_package(other)]
    best = max(inside, key=lambda other: _common(place.path, other), default=None)
    return best if best is not None and _common(place.path, best) > _common(place.path, folder) else None


def depth_of_package(folder: str) -> int:
    """How deep the package lies whose history is in a folder: `shop` for `plugins/shop/migrations/versions`."""
    parts = folder.split("/")
    return next((index for index, part in enumerate(parts) if _MIGRATIONS.search(part)), len(parts) - 1)


def _common(path: str, folder: str) -> int:
    """How many leading folders a file and a history have in common."""
    count = 0
    for left, right in zip(path.split("/")[:-1], folder.split("/")):
        if left != right:
            break
        count += 1
    return count

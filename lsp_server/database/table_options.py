"""What is said of a table as a whole, beside its columns and keys: MySQL's engine, character set and row format, SQLite's options.

Options are kept under the names that SQLAlchemy has for them (`mysql_engine`), from models and from revisions alike. Here they
are brought into one spelling and compared. What nobody says is as the database does it unasked: that is never a difference,
except where every server of our time does the same and the models ask for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lsp_server.database.model import Table, TableOptions
from lsp_server.database.storage_options import (
    is_unasked,
    read_storage,
    sayable_storage,
    storage_clauses,
    storage_in_sql,
)
from lsp_server.python.values import Value
from lsp_server.unknown import Unknown

_PREFIXES = ("mysql_", "mariadb_", "sqlite_")
_MYSQL = ("mysql", "mariadb")
_SYNONYMS = {
    "default_charset": "charset", "character_set": "charset", "default_character_set": "charset", "charset": "charset",
    "default_collate": "collate", "collation": "collate", "type": "engine",
}  # fmt: skip
_WORD = re.compile(r"[\w-]+")
# What MySQL and MariaDB do unasked. Which character set that is has changed with their versions: only today's is taken for granted.
_UNASKED = {
    "engine": "innodb", "charset": "utf8mb4", "row_format": "default", "auto_increment": "1", "key_block_size": "0", "checksum": "0",
    "stats_persistent": "default", "stats_auto_recalc": "default", "stats_sample_pages": "default", "pack_keys": "default",
    "delay_key_write": "0", "min_rows": "0", "max_rows": "0", "avg_row_length": "0",
}  # fmt: skip
_DEFAULT_COLLATIONS = ("_general_ci", "_0900_ai_ci", "_uca1400_ai_ci", "latin1_swedish_ci")
_SQLITE_UNASKED = {"autoincrement": "false", "with_rowid": "true", "strict": "false"}


def read_options(given: Mapping[str, Value]) -> TableOptions:
    """The options among the keywords of a `Table`, of `op.create_table` or in `__table_args__`."""
    found: list[tuple[str, str | int | bool | Unknown]] = []
    for name, value in given.items():
        if name.startswith(_PREFIXES) and value is not None:
            known = isinstance(value, str | int | bool | Unknown)
            found.append((name, str(value) if isinstance(value, str) else value if known else Unknown(f"the option {name}")))
    return (*found, *read_storage(given))


def spoken_options(options: TableOptions, dialect: str | None) -> dict[str, str | Unknown]:
    """What is said to a database of this kind, in its own words and lower case: "engine", "charset", "collate", …

    Two spellings of one option are one. A collation tells its character set.
    """
    said: dict[str, str | Unknown] = {}
    for prefix in _heard(dialect):
        for name, value in options:
            if name.startswith(prefix):
                word = name.removeprefix(prefix).lower()
                said[_SYNONYMS.get(word, word)] = value if isinstance(value, Unknown) else str(value).lower()
    collation = said.get("collate")
    if "charset" not in said and isinstance(collation, str) and not collation.startswith("uca1400"):
        said["charset"] = collation.partition("_")[0]
    for name in ("charset", "collate"):
        text = said.get(name)
        if isinstance(text, str):
            said[name] = re.sub(r"^utf8(?=_|$)", "utf8mb3", text)
    return said


def _heard(dialect: str | None) -> tuple[str, ...]:
    """The prefixes of the options that a kind of database listens to, what counts more last."""
    heard = {
        "mysql": ("mariadb_", "mysql_"), "mariadb": ("mysql_", "mariadb_"), "sqlite": ("sqlite_",), "postgresql": ("postgresql_",),
    }  # fmt: skip
    return heard.get(dialect or "", ())


def changed_options(before: TableOptions, after: TableOptions, dialect: str | None, exact: bool = False) -> Iterator[str]:
    """The options that `after` states and `before` has otherwise, by their own words.

    Without `exact` only what both ends state counts, and what every server does unasked.
    """
    old, new = spoken_options(before, dialect), spoken_options(after, dialect)
    for name, value in new.items():
        there = old.get(name)
        if isinstance(value, Unknown) or isinstance(there, Unknown):
            continue
        if there is None:
            certain = exact or name == "engine" or dialect in ("sqlite", "postgresql")
            if certain and not _is_unasked(name, value, new, dialect):
                yield name
        elif there != value and (exact or name != "auto_increment"):
            yield name
    # A character set alone stands for its default collation.
    collation = old.get("collate")
    if exact and "charset" in new and "collate" not in new and isinstance(collation, str) and not collation.endswith(_DEFAULT_COLLATIONS):
        yield "collate"


def unset_options(before: TableOptions, after: TableOptions, dialect: str | None) -> tuple[str, ...]:
    """The options that `before` has and `after`, which tells all, does not, by their own words."""
    old, new = spoken_options(before, dialect), spoken_options(after, dialect)
    return tuple(name for name, value in old.items() if name not in new and isinstance(value, str) and not _is_unasked(name, value, old, dialect))


def _is_unasked(name: str, value: str, said: Mapping[str, str | Unknown], dialect: str | None) -> bool:
    if dialect == "sqlite":
        return value == _SQLITE_UNASKED.get(name, value)
    if dialect == "postgresql":
        return is_unasked(name, value)
    if name == "collate":
        return said.get("charset") == _UNASKED["charset"] and value.endswith(_DEFAULT_COLLATIONS)
    if name == "row_format":
        return value in ("default", "dynamic")
    return value == _UNASKED.get(name)


def merged_options(before: TableOptions, after: TableOptions, dialect: str | None) -> TableOptions:
    """What holds where the options of `after` are set on a table that has those of `before`."""
    stated = set(spoken_options(after, dialect))
    stated |= {"collate"} if "charset" in stated else set()
    kept = tuple(
        (name, value) for name, value in before if not set(spoken_options(((name, value),), dialect)) & stated
    )
    return (*kept, *after)


def option_clauses(before: TableOptions, after: TableOptions, dialect: str | None) -> tuple[str, ...] | str:
    """The clauses of an `ALTER TABLE` that lead from one to the other; the name of an option that none can say."""
    old, new = spoken_options(before, dialect), spoken_options(after, dialect)
    if dialect == "postgresql":
        return storage_clauses(old, new)
    clauses = []
    for name in dict.fromkeys((*new, *old)):
        value = new.get(name)
        if value == old.get(name) or name in ("charset", "collate"):
            continue
        word = value if value is not None else _UNASKED.get(name)
        if not isinstance(word, str) or not _WORD.fullmatch(word):
            return name
        clauses.append(f"{name.upper()}={_spelled(name, word, after)}")
    if any(new.get(name) != old.get(name) for name in ("charset", "collate")):
        words = [new.get(name) for name in ("charset", "collate")]
        if any(word is not None and not (isinstance(word, str) and _WORD.fullmatch(word)) for word in words):
            return "charset"
        text = f"CONVERT TO CHARACTER SET {words[0] or 'DEFAULT'}"
        clauses.append(f"{text} COLLATE {words[1]}" if words[1] is not None else text)
    return tuple(clauses)


def _spelled(name: str, word: str, options: TableOptions) -> str:
    """The word as the models write it."""
    for key, value in options:
        if isinstance(value, str) and key.rpartition("_")[2] == name.rpartition("_")[2] and value.lower() == word:
            return value
    return {"innodb": "InnoDB"}.get(word, word.upper())


def keeps_foreign_keys(options: TableOptions, dialect: str | None) -> bool:
    """Whether the table's engine takes foreign keys: MyISAM and its like read them and forget them."""
    engine = spoken_options(options, dialect).get("engine")
    return engine is None or isinstance(engine, Unknown) or engine in ("innodb", "ndb", "ndbcluster", "xtradb", "pbxt")


def recodes(before: TableOptions, after: TableOptions, dialect: str | None) -> bool:
    """Whether the texts in a table are written in another character set, or sorted by other rules, afterwards."""
    old, new = spoken_options(before, dialect), spoken_options(after, dialect)
    return dialect in _MYSQL and any(old.get(name) != new.get(name) for name in ("charset", "collate"))


def may_not_hold(before: TableOptions, after: TableOptions, dialect: str | None) -> bool:
    """Whether the character set before has characters that the one after lacks."""
    old, new = spoken_options(before, dialect).get("charset"), spoken_options(after, dialect).get("charset")
    if dialect not in _MYSQL or old == new or new in (None, "utf8mb4", "utf16", "utf32"):
        return False
    return not (new == "utf8mb3" and old in ("latin1", "ascii", "latin2", "greek", "cp1251", "koi8r")) and not (old == "ascii" and new == "latin1")


_CLAUSE = re.compile(
    r"(?:default\s+)?(?P<name>character\s+set|charset|collate|engine|row_format|auto_increment|key_block_size|checksum|stats_\w+|pack_keys|page_checksum|"
    r"delay_key_write|min_rows|max_rows|avg_row_length)\s*=?\s*[`'\"]?(?P<value>[\w-]+)[`'\"]?",
    re.IGNORECASE,
)
_CONVERSION = re.compile(
    r"convert\s+to\s+character\s+set\s*=?\s*[`'\"]?(?P<charset>\w+)[`'\"]?(?:\s+collate\s*=?\s*[`'\"]?(?P<collate>\w+)[`'\"]?)?", re.IGNORECASE
)


def options_in_sql(clause: str) -> tuple[tuple[str, str | None], ...] | None:
    """What one clause of an `ALTER TABLE`, or the end of a `CREATE TABLE`, sets, None for the server's default.

    None where it holds anything else.
    """
    stored = storage_in_sql(clause)
    if stored is not None:
        return stored
    conversion = _CONVERSION.fullmatch(clause.strip())
    if conversion is not None:
        charset = None if conversion["charset"].lower() == "default" else conversion["charset"]
        return (("mysql_charset", charset), ("mysql_collate", conversion["collate"]))
    found: list[tuple[str, str | None]] = []
    position, text = 0, clause.strip().rstrip(";").rstrip()
    while position < len(text):
        match = _CLAUSE.match(text, position)
        if match is None:
            return None
        word = "_".join(match["name"].lower().split())
        word = _SYNONYMS.get(word, word)
        found.append((f"mysql_{word}", None if match["value"].lower() == "default" else match["value"]))
        position = match.end()
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
    return tuple(found) or None


def set_options(table: Table, given: tuple[tuple[str, str | None], ...]) -> TableOptions:
    """The options of a table after some were set, as `options_in_sql` tells them."""
    names = {name.partition("_")[2] for name, _ in given}
    said = {name for name, _ in given}
    kept = tuple(
        (name, value) for name, value in table.options
        if name not in said and not set(spoken_options(((name, value),), "mariadb")) & names
    )  # fmt: skip
    return (*kept, *((name, value) for name, value in given if value is not None))


def sayable_options(options: TableOptions, dialect: str | None) -> dict[str, Any]:
    """The options as SQLAlchemy's `Table` takes them, for one kind of database or for all."""
    if dialect == "postgresql":
        return sayable_storage(options)
    prefixes = _PREFIXES if dialect is None else (f"{dialect}_",)
    return {
        name: value
        for name, value in options
        if name.startswith(prefixes)
        and not isinstance(value, Unknown)
        and (not name.startswith("sqlite_") or name.removeprefix("sqlite_") in _SQLITE_UNASKED)
    }

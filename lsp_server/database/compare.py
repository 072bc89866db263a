"""Database x Database -> differences: what the second has that the first lacks, and the other way round.

The usual direction is before = migrated (what revisions have made), after = mapped (what models want). What is found
follows Alembic's own comparison with types and server defaults, plus primary keys, checks, enum values and the options
of indexes, which it does not look at. Equal spellings are the business of `equivalence.py`.

Silence: an Unknown value, a `maybe` element or an `incomplete` table or database silences exactly what it could hide.
Long because it is a list: one short function for each part of a table; what is not a table is in `compare_objects.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsp_server.database.compare_objects import compare_exclusions, compare_sequences, compare_views
from lsp_server.database.difference import Difference as Difference
from lsp_server.database.equivalence import (
    automatic_name,
    default_schema,
    expression_words,
    family_of,
    index_words,
    native_enums,
    primary_key_of,
    same_action,
    same_default,
    same_expression,
    same_name,
    same_type,
)
from lsp_server.database.model import (
    Check,
    Column,
    Database,
    Default,
    EnumType,
    ForeignKey,
    Identity,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.table_options import changed_options, keeps_foreign_keys, unset_options
from lsp_server.unknown import Unknown

_VERSION_TABLE = "alembic_version"  # a project may put something before or after the name
_WITHOUT_COMMENTS = ("sqlite",)
_DIRECTIONS = ("ASC", "DESC")


def compare(
    before: Database, after: Database, dialect: str | None = None, *, exact: bool = False
) -> tuple[Difference, ...]:
    """All differences, in the order of `after`'s tables, then those only in `before`.

    `dialect` decides which spellings are equal; without it, that of either database. `exact` also tells a type with a
    length from the same type without one, which Alembic's comparison lets pass.
    """
    dialect = dialect or after.dialect or before.dialect
    return tuple(_compare(before, after, dialect, exact))


def table_path(table: Table) -> tuple[str, ...]:
    schema, name = table.key
    return ("table", f"{schema}.{name}" if schema else name)


def _compare(before: Database, after: Database, dialect: str | None, exact: bool) -> Iterator[Difference]:
    old = {table.key: table for table in before.tables}
    new = {table.key: table for table in after.tables}
    yield from _compare_enums(before, after, dialect)
    yield from compare_sequences(before, after, dialect)
    yield from compare_views(before, after, dialect)
    for key, table in new.items():
        if table.maybe is not None or _VERSION_TABLE in key[1]:
            continue
        other = old.get(key)
        if other is None:
            if before.incomplete is None and not _is_view(before, table) and not _is_view(after, table):
                yield Difference("missing", "table", table_path(table), None, table)
        elif other.maybe is None:
            yield from compare_tables(other, table, dialect, exact)
            told = any(changed_options(other.options, table.options, dialect, exact))
            if "option" in after.whole and not told and unset_options(other.options, table.options, dialect):
                yield Difference("unrequested", "options", (*table_path(table), "options"), other, table)
    if after.incomplete is None:
        for key, table in old.items():
            if key not in new and table.maybe is None and _VERSION_TABLE not in key[1] and not _is_view(after, table):
                yield Difference("unrequested", "table", table_path(table), table, None)


def _is_view(database: Database, table: Table) -> bool:
    return any(view.key == table.key or view.key == (None, table.name) for view in database.views)


def compare_tables(before: Table, after: Table, dialect: str | None, exact: bool = False) -> Iterator[Difference]:
    """The differences between two tables of one name (or of two: the names are not compared)."""
    path = table_path(after)
    yield from _compare_columns(before, after, dialect, exact, path)
    yield from _compare_primary_keys(before, after, dialect, path, exact)
    yield from _compare_foreign_keys(before, after, path, dialect, exact)
    yield from _compare_uniques_and_indexes(before, after, dialect, path, exact)
    yield from _compare_checks(before, after, path, dialect, exact)
    yield from compare_exclusions(before, after, dialect, path)
    if dialect not in _WITHOUT_COMMENTS and _known_to_differ(before.comment, after.comment):
        yield Difference("contradicts", "comment", (*path, "comment"), before, after)
    if any(changed_options(before.options, after.options, dialect, exact)):
        yield Difference("contradicts", "options", (*path, "options"), before, after)


# Columns


def _compare_columns(
    before: Table, after: Table, dialect: str | None, exact: bool, path: tuple[str, ...]
) -> Iterator[Difference]:
    for column in after.columns:
        other = before.column(column.name)
        place = (*path, "column", column.name)
        if column.maybe is not None:
            continue
        if other is None:
            if before.incomplete is None:
                yield Difference("missing", "column", place, None, column)
        elif other.maybe is None:
            yield from _compare_column(before, other, after, column, dialect, exact, place)
    if after.incomplete is None:
        for column in before.columns:
            if column.maybe is None and after.column(column.name) is None:
                yield Difference("unrequested", "column", (*path, "column", column.name), column, None)


def _compare_column(
    before_table: Table,
    before: Column,
    after_table: Table,
    after: Column,
    dialect: str | None,
    exact: bool,
    path: tuple[str, ...],
) -> Iterator[Difference]:
    if same_type(before.type, after.type, dialect, exact) is False:
        yield Difference("contradicts", "type", (*path, "type"), before, after)
    elif _values_differ(before, after, dialect):
        yield Difference("contradicts", "enum", (*path, "enum"), before, after)
    generated = before.computed is not None or after.computed is not None
    identity = before.identity is not None or after.identity is not None
    left, right = _nullable(before_table, before), _nullable(after_table, after)
    if left is not None and right is not None and left != right and not identity and not generated:
        yield Difference("contradicts", "nullable", (*path, "nullable"), before, after)
    if generated:
        if not isinstance(before.computed, Unknown) and not isinstance(after.computed, Unknown):
            words = [None if text is None else expression_words(text) for text in (before.computed, after.computed)]
            stored = exact and before.persisted is not None and after.persisted is not None and before.persisted != after.persisted
            if words[0] != words[1] or stored:
                yield Difference("contradicts", "computed", (*path, "computed"), before, after)
    elif identity:
        if plain_identity(before) != plain_identity(after) and dialect == "postgresql":
            yield Difference("contradicts", "identity", (*path, "identity"), before, after)
    elif _defaults_differ(before_table, before, after_table, after):
        yield Difference("contradicts", "server_default", (*path, "server_default"), before, after)
    if dialect not in _WITHOUT_COMMENTS and _known_to_differ(before.comment, after.comment):
        yield Difference("contradicts", "comment", (*path, "comment"), before, after)


def _nullable(table: Table, column: Column) -> bool | None:
    """None: not known. Columns of a primary key are never null, whatever is written."""
    keys = primary_key_of(table)
    if keys is None or isinstance(column.nullable, Unknown):
        return None
    return column.nullable and column.name not in keys


def _values_differ(before: Column, after: Column, dialect: str | None) -> bool:
    """Enumerations that live in the column itself: a CHECK on a VARCHAR, or MySQL's ENUM(…)."""
    left, right = before.type.enum, after.type.enum
    if left is None or right is None or isinstance(left.values, Unknown) or isinstance(right.values, Unknown):
        return False
    if native_enums(before.type, dialect) or native_enums(after.type, dialect):
        return False
    return left.create_constraint and right.create_constraint and set(left.values) != set(right.values)


def _defaults_differ(before_table: Table, before: Column, after_table: Table, after: Column) -> bool:
    left, right = before.server_default, after.server_default
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return False
    if _numbers_itself(before_table, before) and _numbers_itself(after_table, after):
        return False
    if any(default is not None and default.sort == "sequence" for default in (left, right)):
        return False
    asks = isinstance(after.default, Default) and after.default.sort == "sequence"
    if right is None and left is not None and asks and "nextval(" in (left.text or ""):
        return False  # the program asks a sequence, and so does the database
    return not same_default(left, right, after.type)


def _numbers_itself(table: Table, column: Column) -> bool:
    """Is this the integer key that databases count up themselves?"""
    keys = primary_key_of(table)
    return keys == (column.name,) and family_of(column.type) in ("INTEGER", "BIGINT", "SMALLINT", None)


def _known_to_differ(before: str | Unknown | None, after: str | Unknown | None) -> bool:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return False
    return (before or None) != (after or None)


# Keys


def _compare_primary_keys(
    before: Table, after: Table, dialect: str | None, path: tuple[str, ...], exact: bool = False
) -> Iterator[Difference]:
    left, right = primary_key_of(before), primary_key_of(after)
    if left is None or right is None or before.incomplete is not None or after.incomplete is not None:
        return
    if set(left) != set(right):
        yield Difference("contradicts", "primary_key", (*path, "primary_key"), *(
            _primary_key(table, columns) for table, columns in ((before, left), (after, right))
        ))
    elif exact and left and dialect not in ("mysql", "mariadb"):
        old, new = _primary_key(before, left), _primary_key(after, right)
        if old is not None and new is not None and _renamed(before, old, new, dialect):
            yield Difference("contradicts", "name", (*path, "primary_key"), old, new)


def _renamed(table: Table, before: PrimaryKey | ForeignKey | Check, after: PrimaryKey | ForeignKey | Check, dialect: str | None) -> bool:
    """Whether the wanted part gives a name that the other does not have."""
    if after.name is None:
        return False
    return not same_name(before.name or automatic_name(table, before, dialect), after.name, dialect)


def plain_identity(column: Column) -> Identity | None:
    """With what every identity has when nothing is said."""
    identity = column.identity
    if identity is None:
        return None
    largest = {"SMALLINT": 2**15 - 1, "INTEGER": 2**31 - 1, "BIGINT": 2**63 - 1}.get(family_of(column.type) or "")
    return replace(
        identity, start=identity.start or 1, increment=identity.increment or 1, minvalue=identity.minvalue or 1,
        maxvalue=None if identity.maxvalue == largest else identity.maxvalue,
    )  # fmt: skip


def _primary_key(table: Table, columns: tuple[str, ...]) -> PrimaryKey | None:
    return (table.primary_key or PrimaryKey(columns)) if columns else None


def _compare_foreign_keys(
    before: Table, after: Table, path: tuple[str, ...], dialect: str | None = None, exact: bool = False
) -> Iterator[Difference]:
    kept = [table.foreign_keys if keeps_foreign_keys(table.options, dialect) else () for table in (before, after)]
    left, right = ([key for key in keys if key.unknown is None and key.columns is not None] for keys in kept)
    unmatched = list(left)
    missing: list[ForeignKey] = []
    for key in right:
        found = next((other for other in unmatched if _same_foreign_key(other, key)), None)
        if found is not None:
            unmatched.remove(found)
            if exact and _renamed(before, found, key, dialect):
                yield Difference("contradicts", "name", (*path, "foreign_key", _label(key)), found, key)
        elif not any(_same_foreign_key(other, key) for other in (*left, *missing)):  # stated twice is one key
            missing.append(key)
    if before.incomplete is None and len(left) == len(kept[0]):
        for key in missing:
            yield Difference("missing", "foreign_key", (*path, "foreign_key", _label(key)), None, key)
    if after.incomplete is None and len(right) == len(kept[1]):
        for key in unmatched:
            yield Difference("unrequested", "foreign_key", (*path, "foreign_key", _label(key)), key, None)


def _same_foreign_key(before: ForeignKey, after: ForeignKey) -> bool:
    """Names do not count. Unknown actions match any, columns of the target that are not stated match its key."""
    pairs = dict(zip(before.columns or (), before.target_columns or ()))
    others = dict(zip(after.columns or (), after.target_columns or ()))
    if set(before.columns or ()) != set(after.columns or ()):
        return False
    if before.target_columns and after.target_columns and pairs != others:
        return False
    if before.target_table is not None and after.target_table is not None and before.target_key != after.target_key:
        return False
    for left, right in ((before.ondelete, after.ondelete), (before.onupdate, after.onupdate)):
        if not isinstance(left, Unknown) and not isinstance(right, Unknown) and not same_action(left, right):
            return False
    if bool(before.deferrable) != bool(after.deferrable):
        return False
    return (before.initially or "IMMEDIATE").upper() == (after.initially or "IMMEDIATE").upper()


# Unique constraints and indexes


def _compare_uniques_and_indexes(
    before: Table, after: Table, dialect: str | None, path: tuple[str, ...], exact: bool = False
) -> Iterator[Difference]:
    """Named ones are matched by name, unnamed ones by columns; a unique index is not a unique constraint, except on MySQL."""
    left: list[Unique | Index] = [*filter(_readable, before.uniques), *filter(_readable, before.indexes)]
    right: list[Unique | Index] = [*filter(_readable, after.uniques), *filter(_readable, after.indexes)]
    unmatched: list[Unique | Index] = list(left)
    missing: list[Unique | Index] = []
    chosen: list[Unique | Index] = []
    # Named ones choose first, then those that have their like, so that none takes a partner that belongs to another.
    for part in sorted(dict.fromkeys(right), key=lambda part: (part.name is None, not any(_same_content(other, part, dialect) for other in left))):
        found = _partner(part, unmatched, before, after, dialect)
        if found is None:
            if not any(other.name == part.name and _same_content(other, part, dialect) for other in chosen):
                missing.append(part)
            continue
        unmatched.remove(found)
        chosen.append(found)
        if not _same_content(found, part, dialect) or (exact and _states_more(found, part, dialect)):
            element = "unique" if isinstance(part, Unique) else "index"
            yield Difference("contradicts", element, (*path, element, _label(part)), found, part)
    for part in list(missing) if exact and dialect != "sqlite" else ():
        # The same under another name.
        found = next((other for other in unmatched if type(other) is type(part) and _same_content(other, part, dialect)
                      and not _states_more(other, part, dialect)), None)  # fmt: skip
        if found is not None and part.name is not None:
            unmatched.remove(found)
            missing.remove(part)
            yield Difference("contradicts", "name", (*path, "unique" if isinstance(part, Unique) else "index", part.name), found, part)
    if before.incomplete is None and len(left) == len(before.uniques) + len(before.indexes):
        for part in missing:
            element = "unique" if isinstance(part, Unique) else "index"
            yield Difference("missing", element, (*path, element, _label(part)), None, part)
    if after.incomplete is None and len(right) == len(after.uniques) + len(after.indexes):
        for part in unmatched:
            if not _stands_for(part, right, dialect) and not _serves_key(part, after, dialect):
                element = "unique" if isinstance(part, Unique) else "index"
                yield Difference("unrequested", element, (*path, element, _label(part)), part, None)


def _readable(part: Unique | Index) -> bool:
    return part.unknown is None and part.columns is not None


def _partner(
    part: Unique | Index, candidates: list[Unique | Index], before: Table, after: Table, dialect: str | None
) -> Unique | Index | None:
    same_sort: list[Unique | Index] = [other for other in candidates if _interchangeable(other, part, dialect)]
    name = part.name or automatic_name(after, part, dialect)
    called = [other for other in same_sort if same_name(other.name or automatic_name(before, other, dialect), name, dialect)]
    if part.name is None:
        # MySQL calls several by one column, with numbers in the order in which they were made: what they hold tells them apart.
        alike = [other for other in same_sort if _same_content(other, part, dialect)]
        return next((other for other in (*(each for each in called if each in alike), *alike, *called)), None)
    if called:
        return called[0]
    if dialect == "sqlite":
        # SQLite forgets no name, but nothing there can be told apart by an automatic one.
        return next((other for other in same_sort if other.name is None and _same_content(other, part, dialect)), None)
    return None


def _interchangeable(before: Unique | Index, after: Unique | Index, dialect: str | None) -> bool:
    if type(before) is type(after):
        return True
    return dialect in ("mysql", "mariadb") and _is_unique(before) is True and _is_unique(after) is True


def _is_unique(part: Unique | Index) -> bool | Unknown:
    return True if isinstance(part, Unique) else part.unique


def _stands_for(part: Unique | Index, wanted: list[Unique | Index], dialect: str | None) -> bool:
    """On PostgreSQL the index behind a unique constraint of the same name is the constraint itself."""
    return (
        isinstance(part, Index)
        and part.unique is True
        and part.name is not None
        and any(isinstance(other, Unique) and other.name == part.name for other in wanted)
        and dialect in ("mysql", "mariadb")
    )


def _serves_key(part: Unique | Index, table: Table, dialect: str | None) -> bool:
    """On MySQL the plain index that a foreign key needs: the database makes it where nobody does."""
    return (
        dialect in ("mysql", "mariadb")
        and isinstance(part, Index)
        and part.unique is False
        and any(key.columns == part.columns for key in table.foreign_keys)
    )


def _same_content(before: Unique | Index, after: Unique | Index, dialect: str | None) -> bool:
    left, right = before.columns or (), after.columns or ()
    if isinstance(before, Unique) and isinstance(after, Unique):
        return (
            set(left) == set(right)
            and bool(before.deferrable) == bool(after.deferrable)
            and before.nulls_not_distinct == after.nulls_not_distinct
        )
    if _directed(before) != _directed(after):
        return False
    unique = (_is_unique(before), _is_unique(after))
    if not any(isinstance(item, Unknown) for item in unique) and unique[0] != unique[1]:
        return False
    if isinstance(before, Unique) or isinstance(after, Unique):
        return True
    if not _same_where(before.where, after.where):
        return False
    if dialect == "postgresql":
        return (
            _agree(before.method and before.method.lower(), after.method and after.method.lower())
            and _agree(before.include, after.include)
            and _agree(_operator_classes(before), _operator_classes(after))
        )
    return True


def _states_more(before: Unique | Index, after: Unique | Index, dialect: str | None) -> bool:
    """Whether the models say how an index is built and the history does not."""
    if not isinstance(before, Index) or not isinstance(after, Index) or dialect != "postgresql":
        return False
    method = (after.method or "btree").lower()
    return (
        (method != (before.method or "btree").lower() and after.method is not None)
        or bool(set(after.include) - set(before.include))
        or bool(_operator_classes(after).items() - _operator_classes(before).items())
        or bool(set(after.storage) - set(before.storage))
    )


def _directed(part: Unique | Index) -> list[tuple[str, ...]]:
    """The words of every column, with the direction that some give as its operator class: `postgresql_ops={"id": "DESC"}`."""
    given = dict(part.operators) if isinstance(part, Index) else {}
    found = []
    for text in part.columns or ():
        direction = given.get(text, "")
        found.append(index_words(f"{text} {direction}" if direction.upper() in _DIRECTIONS else text))
    return found


def _operator_classes(index: Index) -> dict[str, str]:
    return {column: name.lower() for column, name in index.operators if name.upper() not in _DIRECTIONS}


def _agree(before: object, after: object) -> bool:
    """How an index is built differs only where both ends state it: models often leave it to the migration."""
    return not before or not after or before == after


def _same_where(before: str | Unknown | None, after: str | Unknown | None) -> bool:
    if isinstance(before, Unknown) or isinstance(after, Unknown):
        return True
    if before is None or after is None:
        return before is after
    return same_expression(before, after)


# Checks


def _compare_checks(
    before: Table, after: Table, path: tuple[str, ...], dialect: str | None = None, exact: bool = False
) -> Iterator[Difference]:
    left = [check for check in before.checks if check.unknown is None and check.expression is not None]
    right = [check for check in after.checks if check.unknown is None and check.expression is not None]
    unmatched = list(left)
    missing: list[Check] = []
    for check in right:
        found = next((other for other in unmatched if check.name is not None and other.name == check.name), None)
        if found is None:
            others = {each.name for each in right if each is not check and each.name is not None}
            free = [other for other in unmatched if other.name not in others]
            found = next((other for other in free if _same_check(other, check)), None)
        if found is None:
            missing.append(check)
            continue
        unmatched.remove(found)
        if not _same_check(found, check):
            yield Difference("contradicts", "check", (*path, "check", _label(check)), found, check)
        elif exact and _renamed(before, found, check, dialect):
            yield Difference("contradicts", "name", (*path, "check", _label(check)), found, check)
    if before.incomplete is None and len(left) == len(before.checks):
        for check in missing:
            yield Difference("missing", "check", (*path, "check", _label(check)), None, check)
    if after.incomplete is None and len(right) == len(after.checks):
        for check in unmatched:
            yield Difference("unrequested", "check", (*path, "check", _label(check)), check, None)


def _same_check(before: Check, after: Check) -> bool:
    return same_expression(before.expression or "", after.expression or "")


def _label(part: ForeignKey | Unique | Index | Check) -> str:
    if part.name is not None:
        return part.name
    if isinstance(part, Check):
        return part.expression or ""
    return ",".join(part.columns or ())


# Enums


def _compare_enums(before: Database, after: Database, dialect: str | None) -> Iterator[Difference]:
    if dialect in ("sqlite", "mysql", "mariadb"):
        return
    old, new = enums_of(before, dialect), enums_of(after, dialect)
    for key, enum in new.items():
        other = old.get(key)
        path = ("enum", key[1] if key[0] is None else f"{key[0]}.{key[1]}")
        if other is None:
            if before.incomplete is None and not _hidden_enum(before, dialect):
                yield Difference("missing", "enum", path, None, enum)
        elif isinstance(other.values, Unknown) or isinstance(enum.values, Unknown):
            continue
        # The order only counts for sorting; a value that was appended to the database is at its end.
        elif set(other.values) != set(enum.values):
            yield Difference("contradicts", "enum", path, other, enum)
    if after.incomplete is None and not _hidden_enum(after, dialect):
        for key, enum in old.items():
            if key not in new:
                path = ("enum", key[1] if key[0] is None else f"{key[0]}.{key[1]}")
                yield Difference("unrequested", "enum", path, enum, None)


def enums_of(database: Database, dialect: str | None) -> dict[tuple[str | None, str], EnumType]:
    """All named native enums of a database, those of its columns included."""
    found: dict[tuple[str | None, str], EnumType] = {}
    used: Iterable[EnumType] = (
        enum for table in database.tables for column in table.columns for enum in native_enums(column.type, dialect)
    )
    for enum in (*database.enums, *used):
        if enum.native and enum.name is not None:
            found.setdefault((default_schema(enum.schema), enum.name), enum)
    return found


def _hidden_enum(database: Database, dialect: str | None) -> bool:
    """Could a column use an enum that is not known? Then the absence of one proves nothing."""
    return any(
        table.incomplete is not None
        or any(family_of(column.type) in (None, "ENUM") and not native_enums(column.type, dialect) for column in table.columns)
        for table in database.tables
    )

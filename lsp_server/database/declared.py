"""`Column(…)`, `ForeignKeyConstraint(…)`, `Index(…)` as they stand in migrations: values to the words of the schema.

A migration's columns belong to no class, so only what the objects themselves say counts. Names follow the project's
naming convention, except those marked final with `op.f`.
Long because it is a table: one reader for each kind of object that a migration may state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_server.database.alchemy_names import given_to, made_by, name_of
from lsp_server.database.exclusions import exclusion_of_values
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Default,
    EnumType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    Unique,
)
from lsp_server.database.naming import DEFAULT_CONVENTION, ConventionalName, conventional_name, kept_name
from lsp_server.database.operations import Constraint
from lsp_server.database.options import identity_of, storage_options
from lsp_server.database.sql_text import column_name, quoted, sql_text
from lsp_server.database.table_options import read_options
from lsp_server.database.types import TypeReader
from lsp_server.python.values import Argument, ClassValue, Instance, Value, find_argument
from lsp_server.text import Location
from lsp_server.unknown import Unknown


class FinalName(str):
    """A constraint's name that no convention may change (`op.f("…")`)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """A column with the keys and indexes written inside it, and the enumeration types it would make."""

    column: Column
    primary: bool = False
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    enums: tuple[EnumType, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    table: Table
    indexes: tuple[Index, ...] = ()
    enums: tuple[EnumType, ...] = ()


class Declarations:
    """Reads declarations with one reader of types and one naming convention.

    `dialect`: the database they are made in, which cuts long names; None for declarations that belong to none.
    """

    def __init__(self, types: TypeReader, convention: Mapping[str, str], dialect: str | None = None) -> None:
        self.types = types
        self.convention = {**DEFAULT_CONVENTION, **convention}
        self.dialect = dialect

    # Names

    def name(self, sort: str, given: Value, table: str, columns: Sequence[str], schema: str | None = None,
             referred_table: str | None = None, referred_columns: Sequence[str] = ()) -> str | None:  # fmt: skip
        """The real name of a constraint or index; None where the database chooses."""
        if isinstance(given, FinalName):
            return kept_name(str(given), self.dialect)
        text = plain_name(given)
        name = conventional_name(self.convention, sort, table, columns, schema=schema, given=text,
                                 referred_table=referred_table, referred_columns=referred_columns)  # fmt: skip
        if name is None:
            return None
        kept = kept_name(name, self.dialect)
        earlier = text
        if sort == "ix" and text is None:
            earlier = conventional_name(DEFAULT_CONVENTION, sort, table, columns, schema=schema)
        if name == earlier or (sort == "ix" and text is not None):
            return kept
        return ConventionalName(kept, kept_name(earlier, self.dialect) if earlier is not None else None)

    # Columns

    def column(self, value: Value, table: str, schema: str | None) -> Declared | Unknown:
        """A `Column` object of the table; Unknown where it is none, or its name is not known."""
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, Instance) or made_by(value) != "sqlalchemy.Column":
            return Unknown("a column that is not known", getattr(value, "location", None))
        arguments = given_to(value)
        positional = [each for each in arguments if each.name is None and not each.star]
        name = _keyword(arguments, "name")
        if name is None and positional and isinstance(positional[0].value, str):
            name = positional.pop(0).value
        if not isinstance(name, str) or any(each.star for each in arguments):
            return Unknown("a column whose name is not known", value.location)
        type_value = _keyword(arguments, "type_")
        if type_value is None and positional and not _is_item(positional[0].value):
            type_value = positional.pop(0).value
        kind = self.types.read(type_value, value.location) if type_value is not None else None
        items = [each.value for each in positional]
        primary = _keyword(arguments, "primary_key")
        nullable = _keyword(arguments, "nullable")
        if not isinstance(nullable, bool | Unknown):
            nullable = primary is not True
        autoincrement = _keyword(arguments, "autoincrement")
        column = Column(
            str(name), kind or ColumnType(Unknown("a column without a type", value.location)), nullable,
            primary if isinstance(primary, bool | Unknown) else False,
            server_default=self.default(_keyword(arguments, "server_default"), value.location),
            autoincrement=autoincrement if isinstance(autoincrement, bool | str | Unknown) else None,
            comment=_text_or_unknown(_keyword(arguments, "comment")), location=value.location,
        )  # fmt: skip
        constraints: list[Constraint] = []
        for item in items:
            column, made = self._item(item, column, table, schema)
            constraints.extend(made)
        unique, index = _keyword(arguments, "unique"), _keyword(arguments, "index")
        indexes: list[Index] = []
        if index is True:
            indexes.append(Index(self.name("ix", None, table, (column.name,), schema), (column.name,), unique is True,
                                 expressions=(False,), location=value.location))  # fmt: skip
        elif unique is True:
            constraints.append(Unique((column.name,), self.name("uq", None, table, (column.name,), schema), location=value.location))
        return Declared(column, primary is True, tuple(constraints), tuple(indexes), enums_made(type_value, column.type))

    def _item(self, item: Value, column: Column, table: str, schema: str | None) -> tuple[Column, list[Constraint]]:
        name = made_by(item)
        if name == "sqlalchemy.ForeignKey" and isinstance(item, Instance):
            return column, [self.foreign_key_of_column(item, column.name, table, schema)]
        if name == "sqlalchemy.CheckConstraint" and isinstance(item, Instance):
            return column, [self.check(item, table)]
        if name == "sqlalchemy.Identity" and isinstance(item, Instance):
            return replace(column, identity=identity_of(item), nullable=False), []
        if name == "sqlalchemy.Computed" and isinstance(item, Instance):
            given = find_argument(item.arguments, "sqltext", 0)
            persisted = _keyword(item.arguments, "persisted")
            return replace(column, computed=sql_text(given.value, item.location) if given else None,
                           persisted=persisted if isinstance(persisted, bool) else None), []  # fmt: skip
        if name in ("sqlalchemy.DefaultClause", "sqlalchemy.FetchedValue") and isinstance(item, Instance):
            given = find_argument(item.arguments, "arg", 0)
            return replace(column, server_default=self.default(given.value if given else None, item.location)), []
        return column, []

    def default(self, value: Value, location: Location) -> Default | Unknown | None:
        """A `server_default`: a text is a constant of the database, anything else an expression."""
        if value is None or value is False:
            return None
        if isinstance(value, str):
            return Default("constant", quoted(value), str(value))
        if made_by(value) == "sqlalchemy.DefaultClause" and isinstance(value, Instance):
            return self.default(value.arguments[0].value if value.arguments else None, location)
        if made_by(value) in ("sqlalchemy.FetchedValue", "sqlalchemy.Computed"):
            return None
        if made_by(value) == "sqlalchemy.Identity":
            return None
        if name_of(value) in ("sqlalchemy.FetchedValue",):
            return None
        text = sql_text(value, location)
        return text if isinstance(text, Unknown) else Default("sql", text)

    # Keys, checks, indexes

    def foreign_key_of_column(self, item: Instance, column: str, table: str, schema: str | None) -> ForeignKey:
        arguments = given_to(item)
        target = find_argument(arguments, "column", 0)
        return self._foreign_key((column,), [target.value if target else None], arguments, item.location, table, schema)

    def foreign_key(self, item: Instance, table: str, schema: str | None) -> ForeignKey:
        arguments = given_to(item)
        columns = find_argument(arguments, "columns", 0)
        targets = find_argument(arguments, "refcolumns", 1)
        listed = targets.value if targets else None
        return self._foreign_key(names_of(columns.value if columns else None), list(listed) if isinstance(listed, list | tuple) else
                                 [listed], arguments, item.location, table, schema)  # fmt: skip

    def _foreign_key(
        self, columns: tuple[str, ...] | None, targets: list[Value], arguments: tuple[Argument, ...], location: Location,
        table: str, schema: str | None,
    ) -> ForeignKey:  # fmt: skip
        parts = [_target(target) for target in targets]
        known = columns is not None and None not in parts and bool(parts)
        found = [part for part in parts if part is not None]
        key = ForeignKey(columns, None, None, unknown=None if known else Unknown("the target of a foreign key", location),
                         location=location)  # fmt: skip
        if known:
            target_schema, target_table, _ = found[0]
            # A target written as "table" alone means the table's primary key.
            target_columns = tuple(part[2] for part in found if part[2] is not None)
            key = replace(key, target_table=target_table, target_schema=target_schema,
                          target_columns=target_columns if len(target_columns) == len(found) else None)  # fmt: skip
        return self.with_options(key, arguments, table, schema)

    def with_options(self, key: ForeignKey, arguments: tuple[Argument, ...], table: str, schema: str | None) -> ForeignKey:
        """The key with its name, ON DELETE and the like from the arguments of the call."""
        given = _keyword(arguments, "name")
        name = self.name("fk", given, table, key.columns or (), schema, key.target_table, key.target_columns or ())
        deferrable = _keyword(arguments, "deferrable")
        initially = _keyword(arguments, "initially")
        return replace(
            key, name=name, ondelete=_text_or_unknown(_keyword(arguments, "ondelete")),
            onupdate=_text_or_unknown(_keyword(arguments, "onupdate")),
            deferrable=deferrable if isinstance(deferrable, bool) else None,
            initially=initially if isinstance(initially, str) else None, use_alter=_keyword(arguments, "use_alter") is True,
        )  # fmt: skip

    def check(self, item: Instance, table: str) -> Check:
        arguments = given_to(item)
        given = find_argument(arguments, "sqltext", 0)
        text = sql_text(given.value if given else Unknown("a check", item.location), item.location)
        name = self.name("ck", _keyword(arguments, "name"), table, ())
        return Check(text if isinstance(text, str) else None, name, text if isinstance(text, Unknown) else None, item.location)

    def index(self, name: Value, columns: Value, arguments: tuple[Argument, ...], location: Location, table: str,
              schema: str | None) -> Index:  # fmt: skip
        """An index from its name, its columns and the keywords of the call."""
        items = list(columns) if isinstance(columns, list | tuple) else [columns]
        texts: list[str] = []
        marks: list[bool] = []
        unknown: Unknown | None = None
        for item in items:
            if isinstance(item, Instance) and made_by(item) in _ORDERED and item.arguments and isinstance(item.arguments[0].value, str):
                # `desc("started")`: a column and its order
                texts.append(f"{item.arguments[0].value} {_ORDERED[made_by(item) or '']}")
                marks.append(True)
                continue
            plain = str(item) if isinstance(item, str) else None
            bare = column_name(item) if plain is None else plain
            if plain is None and isinstance(item, Instance) and made_by(item) in ("sqlalchemy.column",):
                bare = sql_text(item, location) if isinstance(sql_text(item, location), str) else None  # type: ignore[assignment]
            if bare is not None:
                texts.append(bare)
                marks.append(False)
                continue
            text = sql_text(item, location)
            if isinstance(text, Unknown):
                unknown = text
                break
            texts.append(text)
            marks.append(True)
        unique = _keyword(arguments, "unique")
        where = _keyword(arguments, "postgresql_where")
        where = where if where is not None else _keyword(arguments, "sqlite_where")
        using = _keyword(arguments, "postgresql_using")
        include = names_of(_keyword(arguments, "postgresql_include")) or ()
        ops = _keyword(arguments, "postgresql_ops")
        operators = tuple((key, item) for key, item in ops.items() if isinstance(key, str) and isinstance(item, str)) if isinstance(
            ops, dict) else ()  # fmt: skip
        return Index(
            self.name("ix", name, table, texts, schema), None if unknown is not None else tuple(texts),
            unique if isinstance(unique, bool | Unknown) else False,
            sql_text(where, location) if where is not None else None, using if isinstance(using, str) else None, include,
            operators, tuple(marks), _keyword(arguments, "postgresql_concurrently") is True, unknown, location,
            storage_options(_keyword(arguments, "postgresql_with")),
        )  # fmt: skip

    # Tables

    def table(self, name: str, schema: str | None, items: Sequence[Argument], options: tuple[Argument, ...],
              location: Location) -> DeclaredTable:  # fmt: skip
        """A table from the objects given to `create_table` or `Table`."""
        columns: list[Column] = []
        constraints: list[Constraint] = []
        indexes: list[Index] = []
        enums: list[EnumType] = []
        primary: list[str] = []
        incomplete: Unknown | None = None
        for item in items:
            made = made_by(item.value)
            if item.star or isinstance(item.value, Unknown):
                incomplete = Unknown("columns that are not known", item.location)
            elif made == "sqlalchemy.Column":
                declared = self.column(item.value, name, schema)
                if isinstance(declared, Unknown):
                    incomplete = declared
                    continue
                columns.append(declared.column)
                constraints.extend(declared.constraints)
                indexes.extend(declared.indexes)
                enums.extend(declared.enums)
                indexes.extend(spatial_index(declared.column, name))
                if declared.primary:
                    primary.append(declared.column.name)
            elif isinstance(item.value, Instance):
                found = self.constraint(item.value, name, schema)
                if isinstance(found, Index):
                    indexes.append(found)
                elif found is not None:
                    constraints.append(found)
                elif not (made or "").startswith("sqlalchemy."):
                    incomplete = Unknown("a part of a table that is not known", item.location)
        key = next((each for each in constraints if isinstance(each, PrimaryKey)), None)
        if key is None and primary:
            key = PrimaryKey(tuple(primary), self.name("pk", None, name, primary, schema), location)
        return DeclaredTable(Table(
            name, schema, tuple(columns), key, tuple(each for each in constraints if isinstance(each, ForeignKey)),
            tuple(each for each in constraints if isinstance(each, Unique)),
            checks=tuple(each for each in constraints if isinstance(each, Check)),
            comment=_text_or_unknown(_keyword(options, "comment")), location=location, incomplete=incomplete,
            options=read_options({each.name: each.value for each in options if each.name is not None}),
            exclusions=tuple(each for each in constraints if isinstance(each, Exclusion)),
        ), tuple(indexes), tuple(enums))  # fmt: skip

    def constraint(self, item: Instance, table: str, schema: str | None) -> Constraint | Index | None:
        """A constraint or index object; None for anything else."""
        arguments = given_to(item)
        match made_by(item):
            case "sqlalchemy.PrimaryKeyConstraint":
                columns = positional_names(arguments)
                name = self.name("pk", _keyword(arguments, "name"), table, columns or (), schema)
                return PrimaryKey(columns, name, item.location) if columns else None
            case "sqlalchemy.UniqueConstraint":
                columns = positional_names(arguments)
                name = self.name("uq", _keyword(arguments, "name"), table, columns or (), schema)
                unknown = None if columns else Unknown("the columns of a unique constraint", item.location)
                deferrable = True if _keyword(arguments, "deferrable") is True else None
                return Unique(columns or None, name, deferrable, nulls_not_distinct=_keyword(arguments, "postgresql_nulls_not_distinct") is True,
                              unknown=unknown, location=item.location)  # fmt: skip
            case "sqlalchemy.dialects.postgresql.ExcludeConstraint" | "sqlalchemy.ExcludeConstraint":
                given = _keyword(arguments, "name")
                name = kept_name(text, self.dialect) if (text := plain_name(given)) is not None else None
                elements = [each.value for each in arguments if each.name is None]
                return exclusion_of_values(elements, arguments, name, item.location, element_name)
            case "sqlalchemy.ForeignKeyConstraint":
                return self.foreign_key(item, table, schema)
            case "sqlalchemy.CheckConstraint":
                return self.check(item, table)
            case "sqlalchemy.Index":
                positional = [each.value for each in arguments if each.name is None and not each.star]
                given = positional.pop(0) if positional else _keyword(arguments, "name")
                return self.index(given, positional, arguments, item.location, table, schema)
        return None


def spatial_index(column: Column, table: str) -> list[Index]:
    """The index that GeoAlchemy makes with a table, or with a column that is added to one."""
    if not column.type.indexed:
        return []
    return [Index(f"idx_{table}_{column.name}", (column.name,), method="gist", expressions=(False,), location=column.location)]


def plain_name(value: Value, dialect: str | None = None) -> str | None:
    """A constraint's name as written; None for no name. Final names are cut to what the database takes."""
    if isinstance(value, FinalName):
        return kept_name(str(value), dialect)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Instance) and made_by(value) in ("sqlalchemy.conv", "sqlalchemy.quoted_name", "alembic.op.f"):
        first = value.arguments[0].value if value.arguments else None
        return first if isinstance(first, str) else None
    return None


def names_of(value: Value) -> tuple[str, ...] | None:
    """Names given as a list of texts or columns; None where they are not known."""
    if isinstance(value, str):
        return (str(value),)
    if not isinstance(value, list | tuple | set):
        return None
    names = [str(item) if isinstance(item, str) else column_name(item) for item in value]
    return tuple(name for name in names if name is not None) if None not in names else None


def element_name(value: Value) -> str | None:
    """The column that an element of an exclusion constraint names; None for an expression."""
    if isinstance(value, str):
        return str(value)
    if made_by(value) == "sqlalchemy.column" and isinstance(value, Instance):
        text = sql_text(value, value.location)
        return text if isinstance(text, str) else None
    return column_name(value)


def positional_names(arguments: tuple[Argument, ...]) -> tuple[str, ...] | None:
    if any(each.star for each in arguments):
        return None
    return names_of([each.value for each in arguments if each.name is None])


def enums_made(value: Value, kind: ColumnType) -> tuple[EnumType, ...]:
    """The enumeration types that creating a table with such a column makes."""
    enum = kind.item.enum if kind.item is not None else kind.enum
    if enum is None or not enum.native or enum.name is None:
        return ()
    inner = value
    for _ in range(3):
        if isinstance(inner, Instance) and made_by(inner) == "sqlalchemy.dialects.postgresql.ENUM":
            return () if _keyword(inner.arguments, "create_type") is False else (enum,)
        if isinstance(inner, Instance) and not isinstance(inner.origin, ClassValue) and inner.arguments:
            inner = inner.arguments[0].value
    return (enum,)


def _keyword(arguments: tuple[Argument, ...], name: str) -> Value:
    return next((each.value for each in arguments if each.name == name), None)


def _text_or_unknown(value: Value) -> str | Unknown | None:
    return str(value) if isinstance(value, str) else value if isinstance(value, Unknown) else None


_ORDERED = {
    "sqlalchemy.desc": "DESC", "sqlalchemy.asc": "ASC",
    "sqlalchemy.nulls_last": "NULLS LAST", "sqlalchemy.nullslast": "NULLS LAST",
    "sqlalchemy.nulls_first": "NULLS FIRST", "sqlalchemy.nullsfirst": "NULLS FIRST",
}  # fmt: skip
_ITEMS = frozenset(f"sqlalchemy.{name}" for name in (
    "ForeignKey", "CheckConstraint", "Identity", "Computed", "Sequence", "DefaultClause", "FetchedValue", "ColumnDefault"))  # fmt: skip


def _is_item(value: Value) -> bool:
    """Whether a positional argument of a column is something else than its type."""
    return made_by(value) in _ITEMS


def _target(value: Value) -> tuple[str | None, str, str | None] | None:
    """(schema, table, column) of a foreign key's target: "table.column", "schema.table.column", a column of a Table."""
    if isinstance(value, str):
        parts = value.split(".")
        if len(parts) == 1:
            return (None, parts[0], None)
        schema = ".".join(parts[:-2]) or None
        return (schema, parts[-2], parts[-1])
    column = column_name(value)
    receiver = getattr(value, "receiver", None)
    holder = getattr(receiver, "receiver", None)
    if column and isinstance(holder, Instance) and made_by(holder) in ("sqlalchemy.Table", "sqlalchemy.table"):
        first = holder.arguments[0].value if holder.arguments else None
        schema = _keyword(holder.arguments, "schema")
        if isinstance(first, str):
            return (schema if isinstance(schema, str) else None, first, column)
    return None

"""Drafts of tables to tables: names, references between tables, types that follow a foreign key, naming conventions.

Pure bookkeeping of SQLAlchemy's rules once all declarations are known. How declarations are found is not known here.
Long because each rule takes the same drafts on: references, then the types that follow them, then the names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lsp_server.database.alchemy_names import given_to, made_by
from lsp_server.database.elements import (
    COLUMNS,
    ColumnDraft,
    ForeignKeyDraft,
    flag,
    read_foreign_key_constraint,
)
from lsp_server.database.exclusions import exclusion_of_values
from lsp_server.database.model import (
    Check,
    Column,
    ColumnType,
    Exclusion,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    TableOptions,
    Unique,
)
from lsp_server.database.naming import DEFAULT_CONVENTION, conventional_name
from lsp_server.database.options import storage_options
from lsp_server.database.sql_text import column_name, sql_text
from lsp_server.python.values import Argument, ClassValue, Instance, Method, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown


@dataclass(eq=False, slots=True)
class MetaDataDraft:
    """One MetaData object: the tables that share it, its default schema and naming convention."""

    value: Value
    source: str
    location: Location | None = None
    schema: str | None = None
    convention: Mapping[str, str] = field(default_factory=dict)
    compared_by: dict[str, None] = field(default_factory=dict)  # the `env.py` files that name it


@dataclass(eq=False, slots=True)
class TableDraft:
    """`items` are constraints and indexes as the program made them."""

    name: str
    schema: str | None
    metadata: MetaDataDraft
    location: Location
    columns: list[ColumnDraft] = field(default_factory=list)
    items: list[Instance] = field(default_factory=list)
    ready_made: list[Unique | Index] = field(default_factory=list)  # what a described class of another package brings
    name_location: Location | None = None
    origin: str | None = None
    comment: str | Unknown | None = None
    options: TableOptions = ()
    incomplete: Unknown | None = None
    maybe: Unknown | None = None
    is_view: bool = False  # its `info` says that it maps a view

    @property
    def key(self) -> tuple[str | None, str]:
        return (self.schema, self.name)

    def add(self, column: ColumnDraft) -> None:
        """Put a column in; one of the same name gives way, as in SQLAlchemy."""
        name = column.column_name
        for index, other in enumerate(self.columns):
            if name is not None and other.column_name == name:
                if not column.use_existing:
                    self.columns[index] = column
                return
        self.columns.append(column)

    def column(self, value: Value) -> ColumnDraft | None:
        """The column that a value of the program means: its name, the `Column` itself, or `Model.attribute`."""
        if isinstance(value, str):
            return next((column for column in self.columns if value in (column.key, column.column_name)), None) or next(
                (column for column in self.columns if value == column.attribute), None
            )
        if isinstance(value, Instance):
            for column in self.columns:
                if column.source is value:
                    return column
            name = column_name(value)
            if name is not None and made_by(value) in COLUMNS:
                return self.column(name)
            if isinstance(value.origin, Method) and value.origin.name == "__getitem__" and value.arguments:
                return self.column(value.arguments[0].value)
        if isinstance(value, Method):
            return next((column for column in self.columns if column.attribute == value.name), None) or self.column(value.name)
        return None


class Assembly:
    """Makes the tables of all drafts. `owner_of` tells which draft a class or `Table` object of the program stands for."""

    def __init__(
        self, drafts: Iterable[TableDraft], owner_of: Mapping[int, TableDraft], receiver_at: Callable[[Location], Value]
    ) -> None:
        self.receiver_at = receiver_at
        self.drafts = list(drafts)
        self.owner_of = owner_of
        self._by_name: dict[tuple[int, str | None, str], TableDraft] = {}
        self._by_source: dict[int, list[tuple[TableDraft, ColumnDraft]]] = {}
        for draft in self.drafts:
            self._by_name.setdefault((id(draft.metadata), draft.schema, draft.name), draft)
            for column in draft.columns:
                if column.source is not None:
                    self._by_source.setdefault(id(column.source), []).append((draft, column))

    def table(self, draft: TableDraft) -> Table:
        columns = [self._column(draft, column) for column in draft.columns if column.column_name is not None]
        nameless = next((column for column in draft.columns if column.column_name is None), None)
        keys, uniques, indexes, checks = self._constraints(draft)
        primary = self._primary_key(draft, columns)
        explicit = self._explicit_primary_key(draft)
        if explicit is not None:
            primary = explicit
            columns = [_keyed(column, primary.columns, draft) for column in columns]
        incomplete = draft.incomplete
        if incomplete is None and nameless is not None:
            incomplete = nameless.name if isinstance(nameless.name, Unknown) else Unknown("a column without a name", nameless.location)
        return Table(
            draft.name, draft.schema, tuple(columns), primary, tuple(keys), tuple(uniques), tuple(indexes), tuple(checks),
            draft.comment, draft.location, draft.name_location, draft.origin, draft.options, incomplete, draft.maybe,
            tuple(self._exclusion(draft, item) for item in draft.items if (made_by(item) or "").endswith(".ExcludeConstraint")),
        )  # fmt: skip

    # Columns

    def _column(self, draft: TableDraft, column: ColumnDraft) -> Column:
        name = column.column_name or ""
        return Column(
            name, self._type(draft, column, 0), nullable_of(column), column.primary_key, column.default, column.server_default,
            column.autoincrement, column.identity, column.computed, column.comment, column.location,
            column.attribute if column.attribute != name else None, column.declared_in, column.maybe, persisted=column.persisted,
        )  # fmt: skip

    def _type(self, draft: TableDraft, column: ColumnDraft, depth: int) -> ColumnType:
        """A column's own type; without one, that of the column its foreign key names."""
        if column.type is not None:
            return column.type
        keys = list(column.foreign_keys)
        for item in draft.items:
            if made_by(item) == "sqlalchemy.ForeignKeyConstraint":
                key = read_foreign_key_constraint(item)
                targets = key.target if isinstance(key.target, list | tuple) else ()
                for own, target in zip(key.columns, targets):
                    if draft.column(own) is column:
                        keys.append(ForeignKeyDraft(target, key.location))
        for key in keys:
            target = self._target(draft, key.target, key.target_location)
            if target is not None and target[1] is not None and depth < 10:
                return self._type(target[0], target[1], depth + 1)
        if column.implied_type is not None:
            return column.implied_type
        return ColumnType(Unknown("a column without a type", column.location))

    # References

    def _target(
        self, draft: TableDraft, value: Value, location: Location | None = None
    ) -> tuple[TableDraft, ColumnDraft | None] | None:
        """The table and column that a foreign key's target means, where both are ours."""
        if isinstance(value, str):
            schema, table, column = split_target(value)
            found = self._named(draft, schema, table)
            if found is None:
                return None
            return found, found.column(column) if column is not None else self._only_key(found)
        if isinstance(value, Instance):
            owners = self._by_source.get(id(value), [])
            if len(owners) == 1:
                return owners[0]
            if isinstance(value.origin, Method) and value.origin.name == "__getitem__":
                return self._member(value.origin.receiver, value)
            # The column of a mixin belongs to many tables: `Model.id` says which, a bare `id` means the class' own.
            receiver = self.receiver_at(location) if location is not None and owners else None
            named = self.owner_of.get(id(receiver)) if isinstance(receiver, ClassValue) else draft
            return next((owner for owner in owners if owner[0] is named), None)
        if isinstance(value, Method):
            return self._member(value.receiver, value)
        return None

    def _member(self, receiver: Value, value: Value) -> tuple[TableDraft, ColumnDraft | None] | None:
        """`Model.attribute`, `table.c.name`, `Model.__table__.c.name`."""
        holder = receiver
        while isinstance(holder, Method) and holder.name in ("c", "columns", "__table__"):
            holder = holder.receiver
        found = self.owner_of.get(id(holder))
        if found is None:
            return None
        column = found.column(value)
        return (found, column) if column is not None else None

    def _named(self, draft: TableDraft, schema: str | None, table: str) -> TableDraft | None:
        metadata = id(draft.metadata)
        if schema is None:
            schema = draft.metadata.schema
        return self._by_name.get((metadata, schema, table))

    def _only_key(self, draft: TableDraft) -> ColumnDraft | None:
        keys = [column for column in draft.columns if column.primary_key is True]
        return keys[0] if len(keys) == 1 else None

    def _foreign_key(self, draft: TableDraft, columns: list[ColumnDraft | None], key: ForeignKeyDraft) -> ForeignKey:
        targets = list(key.target) if isinstance(key.target, list | tuple) else [key.target]
        places = [self._place(draft, target, column, key.target_location) for target, column in zip(targets, columns)]
        names = [column.column_name if column else None for column in columns]
        unknown: Unknown | None = None
        if None in names or None in places or len(targets) != len(columns) or not names:
            what = key.target.what if isinstance(key.target, Unknown) else "a foreign key whose target is not known"
            unknown = Unknown(what, key.location)
        known = [place for place in places if place is not None]
        schema, table = known[0][:2] if known else (None, None)
        own = tuple(name for name in names if name is not None) if None not in names else None
        target_columns = tuple(place[2] for place in known) if unknown is None else None
        name = constraint_name(draft, "fk", key.name, own or (), table, target_columns or ())
        return ForeignKey(
            own, table, target_columns, schema, name, key.ondelete, key.onupdate, key.deferrable, key.initially, key.use_alter,
            unknown, key.location,
        )  # fmt: skip

    def _place(
        self, draft: TableDraft, value: Value, column: ColumnDraft | None, location: Location | None
    ) -> tuple[str | None, str, str] | None:
        """(schema, table, column) of a foreign key's target."""
        found = self._target(draft, value, location)
        if found is not None and found[1] is not None and found[1].column_name is not None:
            return found[0].schema, found[0].name, found[1].column_name
        if isinstance(value, str):
            schema, table, name = split_target(value)
            name = name or (column.column_name if column else None)
            return (schema or draft.metadata.schema, table, name) if name else None
        return None

    # Constraints

    def _constraints(self, draft: TableDraft) -> tuple[list[ForeignKey], list[Unique], list[Index], list[Check]]:
        keys: list[ForeignKey] = []
        uniques: list[Unique] = []
        indexes: list[Index] = []
        checks: list[Check] = []
        for column in draft.columns:
            keys.extend(self._foreign_key(draft, [column], key) for key in column.foreign_keys)
            checks.extend(self._check(draft, check) for check in column.checks)
            _column_index(draft, column, uniques, indexes)
        for item in draft.items:
            sort = (made_by(item) or "").rpartition(".")[2]
            if sort == "ForeignKeyConstraint":
                key = read_foreign_key_constraint(item)
                keys.append(self._foreign_key(draft, [draft.column(value) for value in key.columns], key))
            elif sort == "UniqueConstraint":
                uniques.append(self._unique(draft, item))
            elif sort == "Index":
                indexes.append(self._index(draft, item))
            elif sort == "CheckConstraint":
                checks.append(self._check(draft, item))
        indexes.extend(_spatial_index(draft, column) for column in draft.columns if column.type is not None and column.type.indexed)
        for made in draft.ready_made:
            (uniques if isinstance(made, Unique) else indexes).append(made)  # type: ignore[arg-type]
        return keys, uniques, indexes, checks

    def _names(self, draft: TableDraft, values: Iterable[Value]) -> tuple[str, ...] | None:
        names = []
        for value in values:
            column = draft.column(value)
            if column is None or column.column_name is None:
                return None
            names.append(column.column_name)
        return tuple(names)

    def _unique(self, draft: TableDraft, item: Instance) -> Unique:
        values, starred = positional(given_to(item))
        names = None if starred else self._names(draft, values)
        unknown = Unknown("the columns of a unique constraint", item.location) if names is None else None
        deferrable = item.argument("deferrable")
        nulls = item.argument("postgresql_nulls_not_distinct")
        return Unique(
            names, constraint_name(draft, "uq", given_name(item), names or ()), deferrable.value is True if deferrable else None,
            bool(nulls and nulls.value is True), unknown, item.location,
        )  # fmt: skip

    def _index(self, draft: TableDraft, item: Instance) -> Index:
        values, starred = positional(given_to(item))
        name = values.pop(0) if values else given_name(item)
        columns: list[str | None] = []
        expressions: list[bool] = []
        for value in values:
            column = draft.column(value)
            text = column.column_name if column is not None else sql_text(value, item.location)
            columns.append(text if isinstance(text, str) else None)
            expressions.append(column is None)
        known = None if starred or None in columns else tuple(column for column in columns if column is not None)
        unknown = Unknown("the columns of an index", item.location) if known is None else None
        unique = item.argument("unique")
        where = item.argument("postgresql_where") or item.argument("sqlite_where")
        method, include, operators = (item.argument(f"postgresql_{word}") for word in ("using", "include", "ops"))
        pairs = operators.value.items() if operators and isinstance(operators.value, dict) else ()
        return Index(
            constraint_name(draft, "ix", name, known or ()), known,
            flag(unique.value, "unique", item.location) if unique else False,
            sql_text(where.value, item.location) if where and where.value is not None else None,
            method.value if method and isinstance(method.value, str) else None,
            (self._names(draft, include.value) or ()) if include and isinstance(include.value, list | tuple) else (),
            tuple((key, value) for key, value in pairs if isinstance(key, str) and isinstance(value, str)),
            tuple(expressions), False, unknown, item.location,
            storage_options(stored.value if (stored := item.argument("postgresql_with")) is not None else None),
        )  # fmt: skip

    def _check(self, draft: TableDraft, item: Instance) -> Check:
        given = item.argument("sqltext", 0)
        text = sql_text(given.value if given else Unknown("a check without a condition"), item.location)
        unknown = text if isinstance(text, Unknown) else None
        name = item.argument("name", 1)
        return Check(
            text if isinstance(text, str) else None, constraint_name(draft, "ck", name.value if name else None, ()), unknown,
            item.location,
        )  # fmt: skip

    def _exclusion(self, draft: TableDraft, item: Instance) -> Exclusion:
        def named(value: Value) -> str | None:
            column = draft.column(value)
            return column.column_name if column is not None else None

        values, starred = positional(given_to(item))
        name = given_name(item)
        given = [Unknown("elements given at run time", item.location)] if starred else values
        return exclusion_of_values(given, given_to(item), name if isinstance(name, str) else None, item.location, named)

    def _primary_key(self, draft: TableDraft, columns: list[Column]) -> PrimaryKey | None:
        names = tuple(column.name for column in columns if column.primary_key is True)
        return PrimaryKey(names, constraint_name(draft, "pk", None, names), draft.location) if names else None

    def _explicit_primary_key(self, draft: TableDraft) -> PrimaryKey | None:
        for item in draft.items:
            if (made_by(item) or "").endswith(".PrimaryKeyConstraint"):
                values, starred = positional(given_to(item))
                names = None if starred else self._names(draft, values)
                if names:
                    return PrimaryKey(names, constraint_name(draft, "pk", given_name(item), names), item.location)
        return None


def nullable_of(column: ColumnDraft) -> bool | Unknown:
    """SQLAlchemy's rule: what is said, else what the annotation says, else anything but a primary key may be NULL."""
    if column.nullable is not None:
        return column.nullable
    if column.implied_nullable is not None:
        return column.implied_nullable
    if isinstance(column.primary_key, Unknown):
        return column.primary_key
    return not column.primary_key and column.identity is None


def _keyed(column: Column, names: tuple[str, ...], draft: TableDraft) -> Column:
    """A column in an explicit PrimaryKeyConstraint is part of the key, and not NULL unless it says so."""
    if column.name not in names:
        return column
    own = next(entry for entry in draft.columns if entry.column_name == column.name)
    return replace(column, primary_key=True, nullable=own.nullable if own.nullable is not None else False)


def _column_index(draft: TableDraft, column: ColumnDraft, uniques: list[Unique], indexes: list[Index]) -> None:
    """`unique=True` makes a constraint, with `index=True` a unique index."""
    name = column.column_name
    if name is None:
        return
    if isinstance(column.index, Unknown) or column.index:
        if isinstance(column.index, Unknown):
            indexes.append(Index(None, None, unknown=column.index, location=column.location))
            return
        indexes.append(Index(constraint_name(draft, "ix", None, (name,)), (name,), column.unique, expressions=(False,), location=column.location))
    elif isinstance(column.unique, Unknown):
        uniques.append(Unique(None, unknown=column.unique, location=column.location))
    elif column.unique:
        uniques.append(Unique((name,), constraint_name(draft, "uq", None, (name,)), location=column.location))


def _spatial_index(draft: TableDraft, column: ColumnDraft) -> Index:
    """GeoAlchemy2 gives each geometry column a GiST index."""
    name = column.column_name or ""
    return Index(f"idx_{draft.name}_{name}", (name,), method="gist", expressions=(False,), location=column.location)


def constraint_name(
    draft: TableDraft, sort: str, given: Value, columns: tuple[str, ...], referred: str | None = None,
    referred_columns: tuple[str, ...] = (),
) -> str | None:  # fmt: skip
    """The real name of a constraint; `conv("…")` and `op.f("…")` are names that no convention touches."""
    if isinstance(given, Instance) and given.arguments and isinstance(given.arguments[0].value, str):
        return given.arguments[0].value
    text = given if isinstance(given, str) else None
    if given is not None and text is None:
        return None
    return conventional_name(
        draft.metadata.convention or DEFAULT_CONVENTION, sort, draft.name, columns, schema=draft.schema, given=text, referred_table=referred,
        referred_columns=referred_columns,
    )  # fmt: skip


def positional(arguments: tuple[Argument, ...]) -> tuple[list[Value], bool]:
    """Positional values, and whether some are hidden in a `*`."""
    values = [argument.value for argument in arguments if argument.name is None and not argument.star]
    return values, any(argument.star for argument in arguments)


def given_name(item: Instance) -> Value:
    name = item.argument("name")
    return name.value if name else None


def split_target(text: str) -> tuple[str | None, str, str | None]:
    """"schema.table.column" to its parts; a bare "table" names its primary key."""
    parts = text.split(".")
    if len(parts) == 1:
        return None, parts[0], None
    return (".".join(parts[:-2]) or None, parts[-2], parts[-1])

"""The words of a database schema: tables, columns, types, keys, indexes, checks, enums, views, sequences; and a migration history.

All observers fill the same words: entity specs, SQLAlchemy models, replayed Alembic revisions, a live database. Every
element carries its location; what could not be read is `Unknown` and never gives a finding. Nothing here reads text.

Conventions: `schema` None is the default schema; a constraint's `name` None means that the database chooses it; SQL
expressions are kept as text. Types compare by family and arguments, spelled as PostgreSQL spells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lsp_server.text import Location
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enumeration: the values as stored. `native` False: a VARCHAR, perhaps with a CHECK."""

    name: str | None
    values: tuple[str, ...] | Unknown
    native: bool = True
    schema: str | None = None
    create_constraint: bool = False
    location: Location | None = None

    @property
    def key(self) -> tuple[str | None, str | None]:
        return (None if self.schema == "public" else self.schema, self.name)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """`family` is the type's upper-case SQL name as PostgreSQL compiles it ("VARCHAR", "TIMESTAMP WITH TIME ZONE", "ENUM").

    `arguments` are lengths and precisions. `item` is the element type of an ARRAY. `python` keeps the dotted name it was
    written with, for rendering and for types of other packages, whose family is Unknown unless described.
    """

    family: str | Unknown
    arguments: tuple[int | str | None, ...] = ()
    enum: EnumType | None = None
    item: ColumnType | None = None
    collation: str | None = None
    python: str | None = None  # "sqlalchemy.String", "app.types.Money"
    source: str | None = None  # the expression as written, for rendering what we cannot say better
    variants: tuple[tuple[str, ColumnType], ...] = ()  # (dialect, type) from `with_variant`
    indexed: bool = False  # the type makes an index of its own (spatial types)

    @property
    def sql(self) -> str | None:
        """The type as SQL text; None where it is not known."""
        if isinstance(self.family, Unknown):
            return None
        if self.family == "ARRAY":
            inner = self.item.sql if self.item else None
            return None if inner is None else f"{inner}[]"
        if self.enum is not None and self.enum.native and self.enum.name:
            return self.enum.name
        arguments = [str(argument) for argument in self.arguments if argument is not None]
        if not arguments:
            return self.family
        if self.family.endswith("WITH TIME ZONE"):
            return self.family.replace(" WITH", f"({','.join(arguments)}) WITH", 1)
        return f"{self.family}({', '.join(arguments)})"


@dataclass(frozen=True, slots=True)
class Default:
    """A default. `sort`: "constant" (a Python value), "sql" (text of an expression), "python" (a callable), "sequence"."""

    sort: str
    text: str | None = None  # SQL text for "sql" and "constant"; dotted name for "python"
    value: object = None  # the constant, for sort "constant"


@dataclass(frozen=True, slots=True)
class Identity:
    always: bool = False
    start: int | None = None
    increment: int | None = None
    minvalue: int | None = None
    maxvalue: int | None = None
    cycle: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`default` is applied by Python, `server_default` by the database."""

    name: str
    type: ColumnType
    nullable: bool | Unknown = True
    primary_key: bool | Unknown = False
    default: Default | Unknown | None = None
    server_default: Default | Unknown | None = None
    autoincrement: bool | str | Unknown | None = None
    identity: Identity | None = None
    computed: str | Unknown | None = None
    comment: str | Unknown | None = None
    location: Location | None = None  # the column's declaration
    attribute: str | None = None  # the model's attribute where it differs from the column's name
    declared_in: str | None = None  # the class (model, mixin, base) that declares it
    maybe: Unknown | None = None
    runtime: tuple[str, ...] = ()  # the parts that the running project told, where its text left them open
    persisted: bool | None = None  # a computed column's value is stored; None: as the database prefers


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    columns: tuple[str, ...]
    name: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`target_table` is a bare name; None columns or target: not known (see `unknown`)."""

    columns: tuple[str, ...] | None
    target_table: str | None
    target_columns: tuple[str, ...] | None
    target_schema: str | None = None
    name: str | None = None
    ondelete: str | Unknown | None = None
    onupdate: str | Unknown | None = None
    deferrable: bool | None = None
    initially: str | None = None
    use_alter: bool = False
    unknown: Unknown | None = None
    location: Location | None = None

    @property
    def target_key(self) -> tuple[str | None, str]:
        """The key of the table that it refers to; that of no table where the name is not known."""
        return (None if self.target_schema == "public" else self.target_schema, self.target_table or "")


@dataclass(frozen=True, slots=True)
class Unique:
    columns: tuple[str, ...] | None
    name: str | None = None
    deferrable: bool | None = None
    nulls_not_distinct: bool = False
    unknown: Unknown | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """`columns` holds names, or SQL text of expressions such as `lower(email)`; `expressions` marks which are text."""

    name: str | None
    columns: tuple[str, ...] | None
    unique: bool | Unknown = False
    where: str | Unknown | None = None
    method: str | None = None  # "gin", "gist", …
    include: tuple[str, ...] = ()
    operators: tuple[tuple[str, str], ...] = ()  # (column, operator class)
    expressions: tuple[bool, ...] = ()
    concurrently: bool = False
    unknown: Unknown | None = None
    location: Location | None = None
    storage: tuple[tuple[str, str], ...] = ()  # options such as ("fillfactor", "70")


@dataclass(frozen=True, slots=True)
class Check:
    expression: str | None  # SQL text; None: not known
    name: str | None = None
    unknown: Unknown | None = None
    location: Location | None = None


# What is said of a table as a whole, under SQLAlchemy's names: ("mysql_engine", "InnoDB"). See `table_options.py`.
TableOptions = tuple[tuple[str, "str | int | bool | Unknown"], ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """PostgreSQL's EXCLUDE: no two rows may agree by all operators. `elements` pairs a column, or an expression's text, with one."""

    elements: tuple[tuple[str, str], ...] | None
    name: str | None = None
    method: str = "gist"
    where: str | Unknown | None = None
    operators: tuple[tuple[str, str], ...] = ()  # (column, operator class)
    deferrable: bool | None = None
    initially: str | None = None
    unknown: Unknown | None = None
    location: Location | None = None

    @property
    def columns(self) -> tuple[str, ...] | None:
        return None if self.elements is None else tuple(element for element, _ in self.elements)


@dataclass(frozen=True, slots=True)
class Table:
    """`location` is the class or `Table` call (for revisions: the `create_table` call), first decorator included.

    `incomplete` says that columns or constraints may exist that were not seen: their absence proves nothing.
    """

    name: str
    schema: str | None = None
    columns: tuple[Column, ...] = ()
    primary_key: PrimaryKey | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str | Unknown | None = None
    location: Location | None = None
    name_location: Location | None = None
    origin: str | None = None  # dotted name of the class, for models
    options: TableOptions = ()
    incomplete: Unknown | None = None
    maybe: Unknown | None = None
    exclusions: tuple[Exclusion, ...] = ()

    @property
    def key(self) -> tuple[str | None, str]:
        return (None if self.schema == "public" else self.schema, self.name)

    @property
    def subject(self) -> tuple[str, str]:
        return ("table", self.full_name)

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def key_of_name(full_name: str) -> tuple[str | None, str]:
    """The key of the table that has this full name."""
    schema, _, name = full_name.rpartition(".")
    return (schema or None, name)


@dataclass(frozen=True, slots=True)
class View:
    """A view and the text of its query. What stands around the query in `CREATE VIEW` is kept as text too, in one spelling.

    `modifiers` stand before the word VIEW ("RECURSIVE", "SQL SECURITY INVOKER"), `options` before AS ("WITH (security_barrier)").
    """

    name: str
    query: str | Unknown
    schema: str | None = None
    materialized: bool = False
    columns: tuple[str, ...] = ()  # names given to the query's columns
    modifiers: str = ""
    options: str = ""
    indexes: tuple[Index, ...] = ()  # of a materialized one
    dialects: tuple[str, ...] = ()  # the kinds of databases that get it; empty: all
    location: Location | None = None
    maybe: Unknown | None = None
    written: str | None = None  # the name with its schema and quotes, as it stands in the statement

    @property
    def key(self) -> tuple[str | None, str]:
        return (None if self.schema == "public" else self.schema, self.name)

    @property
    def full_name(self) -> str:
        return ".".join(part for part in self.key if part)

    @property
    def sort(self) -> str:
        return "materialized view" if self.materialized else "view"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence that stands by itself. `owner`: the schema, table and column that it goes with when they go."""

    name: str
    schema: str | None = None
    options: Identity = Identity()  # how it counts; `always` says nothing here
    family: str | None = None  # "SMALLINT", "INTEGER"; None: BIGINT
    owner: tuple[str | None, str, str] | None = None
    location: Location | None = None
    maybe: Unknown | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        return (None if self.schema == "public" else self.schema, self.name)

    @property
    def full_name(self) -> str:
        return ".".join(part for part in self.key if part)


@dataclass(frozen=True, slots=True)
class Database:
    """One database as one observer sees it. `incomplete`: tables may exist that were not seen.

    `whole` names the sorts ("view", "sequence", "option" of a table) of which it tells all: others do not exist.
    """

    source: str  # path of the metadata's module, of the Alembic folder, of the entity spec
    tables: tuple[Table, ...] = ()
    enums: tuple[EnumType, ...] = ()
    schemas: tuple[str, ...] = ()
    dialect: str | None = None  # "postgresql", "sqlite", "mysql"; None: not known
    naming_convention: Mapping[str, str] = field(default_factory=dict)
    views: tuple[View, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    incomplete: Unknown | None = None
    location: Location | None = None
    compared_by: tuple[str, ...] = ()  # the `env.py` files whose `target_metadata` it is, for models
    sequences: tuple[Sequence, ...] = ()
    whole: tuple[str, ...] = ()
    made_schemas: tuple[str, ...] = ()  # those that the models themselves make, by a statement of their own

    def table(self, name: str, schema: str | None = None) -> Table | None:
        wanted = (None if schema == "public" else schema, name)
        return next((table for table in self.tables if table.key == wanted), None)


# Migration histories


@dataclass(frozen=True, slots=True)
class Revision:
    """One Alembic revision file. `down` holds several ids for a merge, none for a base.

    `upgrade` and `downgrade` are None where the function is missing. `downgrade_state`: "reverses" (has operations),
    "empty" (only `pass` or nothing), "raises", "missing", "unknown".
    """

    id: str
    down: tuple[str, ...]
    path: str
    location: Location  # the whole file's head: the `revision = …` statement
    message: str | None = None  # the docstring's first line
    branch_labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    down_location: Location | None = None
    upgrade: Location | None = None
    downgrade: Location | None = None
    upgrade_body: Location | None = None
    downgrade_body: Location | None = None
    downgrade_state: str = "unknown"
    docstring: Location | None = None
    unknown: Unknown | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying a history from an empty database gives. `ok` None: the text does not tell."""

    ok: bool | None
    reason: str | None = None
    location: Location | None = None

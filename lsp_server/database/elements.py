"""Parts of a table as a program writes them: `Column(…)`, `ForeignKey(…)`, `Index(…)`, what stands in `__table_args__`.

Gives drafts: a draft still points at values of the program (another column, another class) that only mean something when
all tables are known. `assemble.py` makes tables of drafts. Used for models and for the operations of migrations alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_server.database.alchemy_names import given_to, made_by, name_of, unquoted
from lsp_server.database.model import ColumnType, Default, Identity
from lsp_server.database.options import identity_of
from lsp_server.database.sql_text import constant_text, sql_text
from lsp_server.database.types import TypeReader
from lsp_server.python.values import (
    NATIVE,
    Argument,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    Specialized,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

COLUMNS = ("sqlalchemy.Column", "sqlalchemy.mapped_column", "sqlalchemy.MappedColumn")
WRAPPERS = ("sqlalchemy.deferred", "sqlalchemy.column_property", "sqlalchemy.composite", "sqlalchemy.Deferred")
CONSTRAINTS = ("sqlalchemy.UniqueConstraint", "sqlalchemy.CheckConstraint", "sqlalchemy.Index", "sqlalchemy.ForeignKeyConstraint",
               "sqlalchemy.PrimaryKeyConstraint", "sqlalchemy.dialects.postgresql.ExcludeConstraint",
               "sqlalchemy.ExcludeConstraint")  # fmt: skip
_SCHEMA_ITEMS = frozenset({"ForeignKey", "Sequence", "Identity", "Computed", "FetchedValue", "DefaultClause", "CheckConstraint",
                           "UniqueConstraint", "ColumnDefault"})  # fmt: skip


@dataclass(slots=True)
class ForeignKeyDraft:
    """`target` is "table.column", or a column of the program; for several columns a list of them."""

    target: Value
    location: Location
    target_location: Location | None = None
    columns: tuple[Value, ...] = ()
    name: Value = None
    ondelete: str | Unknown | None = None
    onupdate: str | Unknown | None = None
    use_alter: bool = False
    deferrable: bool | None = None
    initially: str | None = None


@dataclass(slots=True)
class ColumnDraft:
    """A column before its name, type and nullability are settled. None: the declaration does not say."""

    location: Location
    source: Instance | None = None
    attribute: str | None = None
    name: str | Unknown | None = None
    key: str | None = None
    type: ColumnType | None = None
    nullable: bool | Unknown | None = None
    primary_key: bool | Unknown = False
    unique: bool | Unknown = False
    index: bool | Unknown = False
    default: Default | Unknown | None = None
    server_default: Default | Unknown | None = None
    autoincrement: bool | str | Unknown | None = None
    identity: Identity | None = None
    computed: str | Unknown | None = None
    persisted: bool | None = None
    comment: str | Unknown | None = None
    foreign_keys: list[ForeignKeyDraft] = field(default_factory=list)
    checks: list[Instance] = field(default_factory=list)
    declared_in: str | None = None
    implied_nullable: bool | Unknown | None = None  # from an annotation
    implied_type: ColumnType | None = None  # from an annotation; a foreign key's target says more
    use_existing: bool = False
    maybe: Unknown | None = None

    @property
    def column_name(self) -> str | None:
        if isinstance(self.name, str):
            return self.name
        return self.attribute if self.name is None else None


def is_column(value: Value) -> bool:
    return made_by(value) in COLUMNS


def columns_in(value: Value) -> list[Instance]:
    """The columns that an attribute's value declares: itself, or those that `deferred` and `composite` wrap."""
    if not isinstance(value, Instance):
        return []
    if is_column(value):
        return [value]
    if made_by(value) in WRAPPERS:
        return [argument.value for argument in value.arguments if is_column(argument.value)]
    return []


def read_column(types: TypeReader, made: Instance, attribute: str | None = None) -> ColumnDraft:
    """The draft of one `Column(…)` or `mapped_column(…)`."""
    draft = ColumnDraft(made.location, made, attribute)
    arguments = given_to(made)
    rest = [argument for argument in arguments if argument.name is None and not argument.star]
    if any(argument.star for argument in arguments):
        draft.maybe = Unknown("a column with arguments given at run time", made.location)
    if rest and _is_name(rest[0].value):
        draft.name = _name(rest.pop(0).value, made.location)
    for argument in rest:
        _positional(types, draft, argument)
    for argument in arguments:
        if argument.name is not None:
            _keyword(types, draft, argument.name, argument)
    if draft.name is not None and isinstance(draft.name, str):
        types.interpreter.lend(made.attributes, "name", draft.name)
    elif attribute:
        types.interpreter.lend(made.attributes, "name", attribute)
    return draft


def _is_name(value: Value) -> bool:
    return isinstance(value, str) or value is None or made_by(value) == "sqlalchemy.quoted_name" or (
        isinstance(value, Unknown))  # fmt: skip


def _name(value: Value, location: Location) -> str | Unknown | None:
    value = unquoted(value)
    if value is None or isinstance(value, str):
        return value
    return Unknown("a column's name made at run time", location)


def _positional(types: TypeReader, draft: ColumnDraft, argument: Argument) -> None:
    value = argument.value
    word = (made_by(value) or name_of(value) or "").rpartition(".")[2]
    if word == "ForeignKey" and isinstance(value, Instance):
        draft.foreign_keys.append(read_foreign_key(value))
    elif word == "Identity":
        draft.identity = identity_of(value)
    elif word == "Computed" and isinstance(value, Instance):
        draft.computed = sql_text(given_to(value)[0].value, value.location) if given_to(value) else None
        persisted = value.argument("persisted")
        draft.persisted = persisted.value if persisted is not None and isinstance(persisted.value, bool) else None
    elif word == "Sequence":
        draft.default = sequence_default(value)
    elif word == "CheckConstraint" and isinstance(value, Instance):
        draft.checks.append(value)
    elif word == "FetchedValue":
        draft.server_default = Unknown("a default that the database makes", argument.location)
    elif word in _SCHEMA_ITEMS or value is None:
        return
    elif draft.type is None and _may_be_type(value):
        draft.type = types.read(value, argument.location)


def _may_be_type(value: Value) -> bool:
    return isinstance(value, External | ClassValue | Instance | Method | Specialized | Unknown | FunctionValue)


def _keyword(types: TypeReader, draft: ColumnDraft, name: str, argument: Argument) -> None:
    value = argument.value
    if name == "name":
        draft.name = _name(value, argument.location)
    elif name == "type_":
        draft.type = None if value is None else types.read(value, argument.location)
    elif name == "key" and isinstance(value, str):
        draft.key = value
    elif name in ("primary_key", "unique", "index"):
        setattr(draft, name, flag(value, name, argument.location))
    elif name == "nullable":
        draft.nullable = flag(value, name, argument.location) if value is not None else None
    elif name == "server_default":
        draft.server_default = server_default(value, argument.location)
    elif name in ("default", "insert_default"):
        if name == "insert_default" or draft.default is None:
            draft.default = python_default(value, argument.location)
    elif name == "default_factory" and draft.default is None:
        return
    elif name == "autoincrement":
        draft.autoincrement = value if isinstance(value, bool | str | Unknown) else None
    elif name == "comment":
        draft.comment = value if isinstance(value, str | Unknown) or value is None else Unknown("a comment", argument.location)
    elif name == "use_existing_column":
        draft.use_existing = value is True


def flag(value: Value, name: str, location: Location) -> bool | Unknown:
    if isinstance(value, bool | int) or value is None:
        return bool(value)
    return value if isinstance(value, Unknown) else Unknown(f"whether `{name}` is set", location)


def read_foreign_key(made: Instance) -> ForeignKeyDraft:
    arguments = given_to(made)
    target = made.argument("column", 0) if made.base_arguments is None else (arguments[0] if arguments else None)
    draft = ForeignKeyDraft(target.value if target else None, made.location, target.location if target else None)
    _actions(draft, arguments)
    return draft


def read_foreign_key_constraint(made: Instance) -> ForeignKeyDraft:
    columns, targets = made.argument("columns", 0), made.argument("refcolumns", 1)
    draft = ForeignKeyDraft(targets.value if targets else None, made.location)
    if columns is not None and isinstance(columns.value, list | tuple):
        draft.columns = tuple(columns.value)
    _actions(draft, given_to(made))
    name = made.argument("name", 2)
    draft.name = name.value if name else None
    return draft


def _actions(draft: ForeignKeyDraft, arguments: Iterable[Argument]) -> None:
    for argument in arguments:
        value = argument.value
        if argument.name in ("ondelete", "onupdate"):
            known = isinstance(value, str | Unknown) or value is None
            setattr(draft, argument.name, value if known else Unknown("a foreign key's action", argument.location))
        elif argument.name == "name":
            draft.name = value
        elif argument.name == "use_alter":
            draft.use_alter = value is True
        elif argument.name == "deferrable" and isinstance(value, bool):
            draft.deferrable = value
        elif argument.name == "initially" and isinstance(value, str):
            draft.initially = value



def server_default(value: Value, location: Location) -> Default | Unknown | None:
    """What the database fills in. A Python string is a constant, `text("…")` and functions are SQL."""
    if value is None:
        return None
    if isinstance(value, EnumMember):
        value = value.value if isinstance(value.value, str) and value.cls.inherits("builtins.str", "enum.StrEnum") else value.name
    if isinstance(value, str):
        return Default("constant", constant_text(value), value)
    if isinstance(value, Instance) and made_by(value) in ("sqlalchemy.FetchedValue", "sqlalchemy.Computed"):
        return Unknown("a default that the database makes", location)
    if isinstance(value, Instance) and made_by(value) == "sqlalchemy.Identity":
        return None
    text = sql_text(value, location)
    return text if isinstance(text, Unknown) else Default("sql", text)


def python_default(value: Value, location: Location) -> Default | Unknown | None:
    """What Python fills in: a constant, a function of the program, or an SQL expression sent with the INSERT."""
    if value is None:
        return None
    if isinstance(value, Unknown):
        return value
    if isinstance(value, NATIVE):
        return Default("constant", constant_text(value), value)
    if isinstance(value, EnumMember):
        return Default("constant", constant_text(value), value.name)
    if isinstance(value, Instance):
        if made_by(value) == "sqlalchemy.Sequence":
            return sequence_default(value)
        text = sql_text(value, location)
        return Default("sql", text) if isinstance(text, str) else Default("python", None)
    if isinstance(value, FunctionValue):
        return Default("python", value.qualname or value.name)
    if isinstance(value, BoundMethod):
        return Default("python", value.function.qualname)
    return Default("python", value.name if isinstance(value, External | ClassValue | Method) else None)


def sequence_default(value: Value) -> Default | None:
    """A `Sequence(…)` that feeds a column; an optional one is for databases that cannot count by themselves."""
    optional = value.argument("optional") if isinstance(value, Instance) else None
    return None if optional is not None and optional.value is True else Default("sequence")


def split_table_arguments(value: Value) -> tuple[list[Value], dict[str, Value], Unknown | None]:
    """What `__table_args__` holds: constraints, options, and what could not be read."""
    if value is None:
        return [], {}, None
    if isinstance(value, dict):
        return [], {key: item for key, item in value.items() if isinstance(key, str)}, None
    if isinstance(value, list | tuple):
        items = list(value)
        options: dict[str, Value] = {}
        if items and isinstance(items[-1], dict):
            options = {key: item for key, item in items.pop().items() if isinstance(key, str)}
        unknown = next((item for item in items if isinstance(item, Unknown)), None)
        return [item for item in items if not isinstance(item, Unknown)], options, unknown
    if isinstance(value, Unknown):
        return [], {}, value
    return [], {}, Unknown("`__table_args__` made at run time")

"""SQLModel's rules: annotated fields to columns. Everything behind the column is SQLAlchemy's (`declarative.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.annotations import is_no_column
from lsp_server.database.elements import ColumnDraft, ForeignKeyDraft, flag, is_column, python_default, read_column
from lsp_server.database.model import ColumnType
from lsp_server.database.types import PYTHON_TYPES, TypeReader
from lsp_server.python.judge import ENUMS
from lsp_server.python.values import Argument, ClassValue, External, Instance, Specialized, Value
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.database.declarative import Declarations

_FIELDS = ("sqlmodel.Field", "pydantic.Field", "pydantic.fields.Field")
_IGNORED = ("model_config", "metadata", "registry")
_TEXTS = ("ipaddress.", "pathlib.Path", "pydantic.EmailStr", "pydantic.networks.EmailStr")


def columns(reader: Declarations, cls: ClassValue) -> list[ColumnDraft]:
    """The columns of a class with `table=True`: the fields of its whole lineage, the oldest first."""
    fields: dict[str, tuple[ClassValue, bool]] = {}
    for entry in reversed(list(cls.lineage())):
        mapped = entry is not cls and reader.mapped.get(id(entry)) is not None
        for name in entry.annotations:
            if not name.startswith("_") and name not in _IGNORED:
                fields[name] = (entry, mapped)
    result: list[ColumnDraft] = []
    for name, (entry, _) in fields.items():
        draft = _column(reader, entry, name)
        if draft is not None:
            draft.declared_in = entry.name
            result.append(draft)
    return result


def _column(reader: Declarations, entry: ClassValue, name: str) -> ColumnDraft | None:
    place = entry.places.get(name, entry.location)
    value: Value = reader.interpreter.resolve(entry.scope, name) if name in entry.names else Ellipsis  # none given
    if made_by(value) == "sqlmodel.Relationship" or (made_by(value) or "").endswith("PrivateAttr"):
        return None
    annotation = reader.interpreter.annotation(entry.annotations[name])
    if is_no_column(annotation):
        return None
    field: Instance | None = value if isinstance(value, Instance) and made_by(value) in _FIELDS else None
    kind, optional, extras = _unwrapped(annotation)
    field = field or next((extra for extra in extras if made_by(extra) in _FIELDS), None)
    given = {argument.name: argument for argument in field.arguments if argument.name} if field is not None else {}
    column = given.get("sa_column")
    if column is not None and is_column(column.value):
        draft = read_column(reader.types, column.value, name)
    else:
        draft = ColumnDraft(place, attribute=name)
        _from_field(reader.types, draft, given, kind, optional, extras)
    default = _default(value, field)
    if default is None and not optional and "nullable" not in given and draft.primary_key is not True and draft.implied_nullable is None:
        said = "nullable" in {argument.name for argument in _column_arguments(given)} or is_column(column.value if column else None)
        if not said:
            draft.nullable = Unknown("whether a field may be NULL whose default alone is None: Pydantic 1 and 2 differ", place)
    draft.location = Location(place.path, Span(place.span.start, place.span.end))
    if draft.default is None and default is not Ellipsis:
        draft.default = python_default(default, place)
    return draft


def _default(value: Value, field: Instance | None) -> Value:
    if field is None or value is not field:
        return value
    given = field.argument("default", 0)
    return given.value if given is not None else Ellipsis


def _unwrapped(annotation: Value) -> tuple[Value, bool, list[Value]]:
    """The type without `Optional` and `Annotated`, whether it takes None, and what `Annotated` carries."""
    extras: list[Value] = []
    optional = False
    for _ in range(10):
        if not isinstance(annotation, Specialized) or not isinstance(annotation.origin, External):
            break
        if annotation.origin.name == "typing.Annotated":
            extras.extend(annotation.arguments[1:])
            annotation = annotation.arguments[0]
        elif annotation.origin.name == "typing.Union":
            parts = [part for part in annotation.arguments if part is not None]
            optional = optional or len(parts) < len(annotation.arguments)
            if not parts:
                break
            annotation = parts[0]
        else:
            break
    return annotation, optional, extras


def _from_field(
    types: TypeReader, draft: ColumnDraft, given: dict[str | None, Argument], kind: Value, optional: bool, extras: list[Value]
) -> None:
    for name in ("primary_key", "index", "unique"):
        if name in given:
            setattr(draft, name, flag(given[name].value, name, given[name].location))
    if "foreign_key" in given and given["foreign_key"].value is not None:
        key = ForeignKeyDraft(given["foreign_key"].value, given["foreign_key"].location)
        if "ondelete" in given:
            action = given["ondelete"].value
            key.ondelete = action if isinstance(action, str | Unknown) else None
        draft.foreign_keys.append(key)
    draft.nullable = optional and draft.primary_key is not True
    if "nullable" in given:
        draft.nullable = flag(given["nullable"].value, "nullable", given["nullable"].location)
    if "sa_type" in given:
        draft.type = types.read(given["sa_type"].value, given["sa_type"].location)
    else:
        draft.type = _type(types, kind, given, draft.location)
    made = Instance(External("sqlalchemy.Column"), _column_arguments(given), draft.location)
    extra = read_column(types, made, draft.attribute)
    draft.foreign_keys.extend(extra.foreign_keys)
    draft.checks.extend(extra.checks)
    draft.name, draft.server_default, draft.comment = extra.name, extra.server_default, extra.comment
    draft.identity, draft.computed, draft.autoincrement = extra.identity, extra.computed, extra.autoincrement
    draft.persisted = extra.persisted
    names = {argument.name for argument in made.arguments}
    for name in ("nullable", "unique", "index", "primary_key", "default", "type"):
        if name in names or (name == "type" and "type_" in names):
            setattr(draft, name, getattr(extra, name))


def _column_arguments(given: dict[str | None, Argument]) -> tuple[Argument, ...]:
    """What `sa_column_args` and `sa_column_kwargs` hand to `Column`."""
    result: list[Argument] = []
    if "sa_column_args" in given and isinstance(given["sa_column_args"].value, list | tuple):
        result.extend(Argument(None, value, given["sa_column_args"].location) for value in given["sa_column_args"].value)
    if "sa_column_kwargs" in given and isinstance(given["sa_column_kwargs"].value, dict):
        place = given["sa_column_kwargs"].location
        result.extend(Argument(key, value, place) for key, value in given["sa_column_kwargs"].value.items() if isinstance(key, str))
    return tuple(result)


def _type(types: TypeReader, kind: Value, given: dict[str | None, Argument], location: Location) -> ColumnType:
    """SQLModel's choice for a Python type."""
    if isinstance(kind, ClassValue) and kind.inherits(*ENUMS):
        return types.python_enum(kind)
    names = [kind.name] if isinstance(kind, External) else list(kind.externals()) if isinstance(kind, ClassValue) else []
    if isinstance(kind, Specialized) and name_of(kind.origin) == "typing.Literal":
        names = ["builtins.str"]
    for name in names:
        if name == "builtins.str" or name.startswith(_TEXTS):
            length = given.get("max_length")
            if length is not None and isinstance(length.value, Unknown):
                return ColumnType(length.value)
            return ColumnType("VARCHAR", (length.value,) if length is not None and isinstance(length.value, int) else ())
        if name == "decimal.Decimal":
            sizes = [given[word].value for word in ("max_digits", "decimal_places") if word in given]
            return ColumnType("NUMERIC", tuple(size for size in sizes if isinstance(size, int)))
        if (newer := types.library.annotation("sqlmodel", name)) is not None:
            return ColumnType(newer)
        if name in PYTHON_TYPES:
            return PYTHON_TYPES[name]
    return ColumnType(Unknown("a column type that the annotation does not tell", location))

"""What `Mapped[…]` says of a column: its type, whether it may be NULL, and the `mapped_column` an `Annotated` carries.

Follows SQLAlchemy's order: the whole annotation in `type_annotation_map`, then its parts, then Python's own types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_server.database.alchemy_names import made_by, name_of
from lsp_server.database.elements import is_column
from lsp_server.database.model import ColumnType
from lsp_server.database.types import PYTHON_TYPES, TypeReader
from lsp_server.python.judge import ENUMS
from lsp_server.python.values import NATIVE, ClassValue, External, Instance, Specialized, TypeVariable, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_MAPPED = ("sqlalchemy.Mapped", "sqlalchemy.MappedColumn")
_NOT_COLUMNS = ("sqlalchemy.DynamicMapped", "sqlalchemy.WriteOnlyMapped", "sqlalchemy.AssociationProxy", "typing.ClassVar")
_ENUM_KEYS = (*ENUMS, "typing.Literal")


@dataclass(frozen=True, slots=True)
class Said:
    """`type` None: the annotation says no type. `column` is the `mapped_column(…)` inside an `Annotated`."""

    type: ColumnType | None
    nullable: bool | Unknown
    column: Instance | None = None


def mapped_argument(annotation: Value) -> Value | None:
    """The type inside `Mapped[…]`; None where the annotation is another."""
    if isinstance(annotation, Specialized) and name_of(annotation.origin) in _MAPPED and annotation.arguments:
        return annotation.arguments[0] if annotation.arguments[0] is not None else Unknown("Mapped[None]")
    return None


def read_annotation(types: TypeReader, annotation: Value, known: Mapping[Value, Value], location: Location) -> Said:
    """What the type inside `Mapped[…]` says. `known` is the `type_annotation_map`, `{type: column type}`."""
    if isinstance(annotation, Unknown):
        return Said(ColumnType(annotation), Unknown(annotation.what, location))
    inner, optional = _without_none(annotation)
    column: Instance | None = None
    carrier = inner
    if _is(inner, "typing.Annotated"):
        column = next((part for part in inner.arguments[1:] if is_column(part)), None)
        inner, inside = _without_none(inner.arguments[0])
        optional = optional or inside
    found = _lookup(types, known, carrier, location)
    if found is None and carrier is not annotation:
        found = _lookup(types, known, annotation, location)
    if found is None and inner is not carrier:
        found = _lookup(types, known, inner, location)
    if found is None:
        found = python_type(types, known, inner, location)
    return Said(found, optional, column)


def _without_none(annotation: Value) -> tuple[Value, bool]:
    """`X | None` to X and True."""
    if not _is(annotation, "typing.Union"):
        return annotation, False
    parts = [part for part in annotation.arguments if not _is_none(part)]
    optional = len(parts) < len(annotation.arguments)
    if len(parts) == 1:
        return parts[0], optional
    return Specialized(annotation.origin, tuple(parts), annotation.location), optional


def _is_none(part: Value) -> bool:
    return part is None or (isinstance(part, External) and part.name in ("types.NoneType", "builtins.None"))


def _is(value: Value, name: str) -> bool:
    return isinstance(value, Specialized) and isinstance(value.origin, External) and value.origin.name == name


def _lookup(types: TypeReader, known: Mapping[Value, Value], wanted: Value, location: Location) -> ColumnType | None:
    for key, value in known.items():
        if same_type(key, wanted):
            return _adapted(types, value, wanted, location)
    return None


def _adapted(types: TypeReader, value: Value, wanted: Value, location: Location) -> ColumnType:
    """An Enum object in the map takes the values of the enumeration that is annotated."""
    if made_by(value) == "sqlalchemy.Enum" or name_of(value) == "sqlalchemy.Enum":
        if isinstance(wanted, ClassValue) and wanted.inherits(*ENUMS):
            return types.python_enum(wanted, value)
        if _is(wanted, "typing.Literal"):
            return types.literal(wanted.arguments, location)
    if isinstance(value, str):
        return ColumnType(value)
    return types.read(value, location)


def python_type(types: TypeReader, known: Mapping[Value, Value], value: Value, location: Location) -> ColumnType:
    """The column type of a Python type, looked up along its bases."""
    if isinstance(value, External):
        return PYTHON_TYPES.get(value.name) or ColumnType(Unknown(f"the column type of `{value.name}`", location))
    if _is(value, "typing.Literal"):
        for key, mapped in known.items():
            if isinstance(key, External) and key.name == "typing.Literal":
                return _adapted(types, mapped, value, location)
        return types.literal(value.arguments, location)
    if isinstance(value, ClassValue):
        for entry in value.mro()[1:]:
            found = _lookup(types, known, entry, location)
            if found is not None:
                return _adapted(types, next(item for key, item in known.items() if same_type(key, entry)), value, location)
        if value.inherits(*ENUMS):
            for key, mapped in known.items():
                if isinstance(key, External) and key.name in _ENUM_KEYS:
                    return _adapted(types, mapped, value, location)
            return types.python_enum(value)
        for name in value.externals():
            if name in PYTHON_TYPES:
                return PYTHON_TYPES[name]
    if isinstance(value, TypeVariable):
        return ColumnType(Unknown(f"the type parameter `{value.name}`", location))
    return ColumnType(Unknown("a column type that the annotation does not tell", location))


def same_type(left: Value, right: Value) -> bool:
    """Whether two values mean the same Python type."""
    if left is right:
        return True
    if isinstance(left, External) and isinstance(right, External):
        return left.name == right.name
    if isinstance(left, Specialized) and isinstance(right, Specialized):
        return (
            same_type(left.origin, right.origin)
            and len(left.arguments) == len(right.arguments)
            and all(same_type(one, other) for one, other in zip(left.arguments, right.arguments))
        )
    if isinstance(left, NATIVE) and isinstance(right, NATIVE) and not isinstance(left, list | dict | set):
        return type(left) is type(right) and bool(left == right)
    return False


def is_no_column(annotation: Value) -> bool:
    return isinstance(annotation, Specialized) and name_of(annotation.origin) in _NOT_COLUMNS

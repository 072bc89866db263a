"""What can be told of a class or a type without asking for its schema: its sort, its parameters, its name.

Small pure functions over the interpreter's values, for models of Pydantic 1 and 2 and for what Pydantic takes besides.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsp_server.api.names import is_class_of, made_by, name_of, spelled
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, External, Specialized, TypeVariable, Value
from lsp_server.unknown import Unknown

MODELS = ("pydantic.BaseModel", "pydantic.GenericModel", "pydantic.BaseSettings", "pydantic.RootModel", "sqlmodel.SQLModel")
STRUCTS = ("msgspec.Struct", "msgspec._core.Struct")
UNSET = ("msgspec.UnsetType", "msgspec._core.UnsetType", "msgspec.UNSET")
OWN_SCHEMA = ("__get_pydantic_core_schema__", "__get_validators__", "__get_pydantic_json_schema__", "__modify_schema__")
_VERSION_2 = ("field_validator", "model_validator", "ConfigDict", "TypeAdapter", "computed_field", "RootModel", "field_serializer",
              "model_serializer", "SettingsConfigDict", "BeforeValidator", "AfterValidator", "PlainSerializer",
              "WithJsonSchema", "AliasChoices")  # fmt: skip
_VERSION_1 = ("validator", "root_validator", "BaseSettings", "GenericModel", "parse_obj_as")


def pydantic_version(interpreter: Interpreter) -> int | None:
    """The major version a program is written for, from most of what it imports; None where nothing tells.

    A program of version 1 may import a name of version 2 in a corner, and one of version 2 keeps deprecated names.
    """
    old = new = 0
    for execution in interpreter.executions.values():
        for value in execution.scope.names.values():
            if not isinstance(value, External) or not value.name.startswith("pydantic"):
                continue
            module, _, last = value.name.rpartition(".")
            if last in _VERSION_2 or module in ("pydantic_settings", "pydantic.alias_generators"):
                new += 1
            elif last in _VERSION_1 and ".v1" not in module:
                old += 1
    if not new and not old:
        return None
    return 1 if old > new else 2


def kind_of(cls: ClassValue) -> str | None:
    """What sort of class with fields it is: "model", "struct", "data class", "typed dictionary"; None for others."""
    if is_class_of(cls, *MODELS):
        return "model"
    if is_class_of(cls, *STRUCTS):
        return "struct"
    if is_class_of(cls, "typing.TypedDict"):
        return "typed dictionary"
    if is_class_of(cls, "typing.NamedTuple"):
        return None
    for owner in cls.lineage():
        for mark, _ in owner.decorators:
            if {name_of(mark), made_by(mark)} & {"dataclasses.dataclass", "pydantic.dataclasses.dataclass"}:
                return "data class"
    return None


def parameters_of(cls: ClassValue) -> tuple[str, ...]:
    """The names of a generic class's type parameters, in order."""
    if cls.type_parameters:
        return cls.type_parameters
    names: list[str] = []
    for base in cls.bases:
        if isinstance(base, Specialized) and name_of(base.origin) in ("typing.Generic", "typing.Protocol"):
            return tuple(argument.name for argument in base.arguments if isinstance(argument, TypeVariable))
    for base in cls.bases:
        names.extend(_variables_in(base))
    return tuple(dict.fromkeys(names))


def _variables_in(value: Value) -> list[str]:
    if isinstance(value, TypeVariable):
        return [value.name]
    if isinstance(value, Specialized):
        return [name for argument in value.arguments for name in _variables_in(argument)]
    return []


def lineage_with_variables(cls: ClassValue, variables: Mapping[str, Value]) -> list[tuple[ClassValue, Mapping[str, Value]]]:
    """A class and its bases in look-up order, each with what its type parameters stand for."""
    environments: dict[int, Mapping[str, Value]] = {id(cls): variables}
    for owner in cls.lineage():
        environment = environments.get(id(owner), {})
        for base in owner.bases:
            if isinstance(base, Specialized) and isinstance(base.origin, ClassValue):
                given = [substituted(argument, environment) for argument in base.arguments]
                environments.setdefault(id(base.origin), dict(zip(parameters_of(base.origin), given)))
    return [(owner, environments.get(id(owner), {})) for owner in cls.lineage()]


def substituted(value: Value, variables: Mapping[str, Value]) -> Value:
    """A type with its parameters replaced by what they stand for."""
    if isinstance(value, TypeVariable):
        return variables.get(value.name, value)
    if isinstance(value, Specialized) and variables:
        return Specialized(value.origin, tuple(substituted(argument, variables) for argument in value.arguments), value.location)
    return value


def plain_type(value: Value) -> Value:
    """A type without what `Annotated` adds, and without the parts of a union that only add None."""
    for _ in range(20):
        if not isinstance(value, Specialized):
            break
        name = name_of(value.origin)
        if name == "typing.Annotated" and value.arguments:
            value = value.arguments[0]
        elif name in ("typing.Union", "typing.Optional"):
            some = [argument for argument in value.arguments if argument is not None and name_of(argument) != "types.NoneType"]
            if len(some) != 1:
                break
            value = some[0]
        else:
            break
    return value


def identity_of(value: Value) -> object:
    """A key that is equal for equal types."""
    if isinstance(value, Specialized):
        return (identity_of(value.origin), tuple(identity_of(argument) for argument in value.arguments))
    if isinstance(value, External | TypeVariable):
        return value.name
    if isinstance(value, str | int | bool | None):
        return value
    return id(value)


def unreadable_argument(value: Value) -> bool:
    return isinstance(value, TypeVariable | Unknown)


def type_name(value: Value) -> str:
    """A type's name as it stands in the name of a generic model."""
    if value is None:
        return "NoneType"
    if isinstance(value, ClassValue):
        return value.name
    if isinstance(value, External):
        return value.name.rpartition(".")[2]
    if isinstance(value, Specialized):
        return f"{type_name(value.origin)}[{', '.join(type_name(argument) for argument in value.arguments)}]"
    if isinstance(value, TypeVariable):
        return value.name
    return str(value) if isinstance(value, str | int) else type(value).__name__


def is_optional(value: Value) -> bool:
    """Whether a type allows None by itself."""
    if value is None:
        return True
    if isinstance(value, External):
        return spelled(value.name) == "typing.Any"
    if isinstance(value, Specialized):
        name = name_of(value.origin)
        if name == "typing.Optional":
            return True
        if name == "typing.Union":
            return any(is_optional(argument) for argument in value.arguments)
        return name == "typing.Annotated" and is_optional(value.arguments[0])
    return False


def is_hidden(annotation: Value) -> bool:
    """`SkipJsonSchema[…]`, `UnsetType`: the field is there, but the schema keeps quiet about it."""
    if not isinstance(annotation, Specialized):
        return name_of(annotation) in UNSET
    name = name_of(annotation.origin)
    if name == "typing.Annotated":
        return is_hidden(annotation.arguments[0]) or any(name_of(item) == "pydantic.SkipJsonSchema" for item in annotation.arguments[1:])
    return name == "pydantic.SkipJsonSchema"

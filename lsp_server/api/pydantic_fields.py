"""The fields of a model: their annotations, defaults, names and configuration, bases included.

Knows how Pydantic 1 and 2, SQLModel, msgspec, data classes and typed dictionaries declare fields; shapes are `pydantic.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lsp_server.api.model import MISSING
from lsp_server.api.names import is_class_of, made_by, name_of
from lsp_server.api.pydantic_classes import (
    MODELS,
    identity_of,
    is_optional,
    kind_of,
    lineage_with_variables,
)
from lsp_server.api.python_types import ALIAS_GENERATORS, STRUCT_NAMES, argument_of
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Specialized,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

FIELD = ("pydantic.Field", "sqlmodel.Field", "dataclasses.field", "msgspec.field")
PARAMETER_FIELDS = tuple(f"fastapi.{name}" for name in ("Query", "Path", "Header", "Cookie", "Body", "Form", "File"))
NO_ARGUMENTS: Mapping[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model. `info` is its `Field(…)` call; `default` MISSING where it has none."""

    name: str
    annotation: Value
    variables: Mapping[str, Value]
    default: Value
    info: tuple[Instance, ...]
    location: Location | None
    owner: ClassValue
    required: bool | Unknown | None = None  # stated by the class (typed dictionaries), else from the default


@dataclass(eq=False, slots=True)
class Config:
    """A model's merged configuration; `unknown` where a part of it is not known."""

    values: dict[str, Value]
    unknown: Unknown | None = None


class Fields:
    """Reads the fields and configurations of models, each once."""

    def __init__(self, interpreter: Interpreter, version: int | None) -> None:
        self.interpreter = interpreter
        self.version = version
        self._fields: dict[tuple[object, ...], list[Field]] = {}
        self._configs: dict[int, Config] = {}

    def of(self, cls: ClassValue, variables: Mapping[str, Value] = NO_ARGUMENTS) -> list[Field]:
        """The fields of a model, bases first, each with the annotation and default of its last declaration."""
        key = (id(cls), tuple((name, identity_of(value)) for name, value in variables.items()))
        if key not in self._fields:
            found: dict[str, Field] = {}
            total = _total(cls)
            for owner, environment in reversed(list(lineage_with_variables(cls, variables))):
                for name, annotation in owner.annotations.items():
                    if name.startswith("_") or name == "model_config":
                        continue
                    field = self._field(cls, owner, name, self.interpreter.annotation(annotation), environment, total)
                    if field is not None:
                        found[name] = field
                if self.version == 1 and is_class_of(cls, *MODELS):
                    self._bare_fields(cls, owner, found)
            self._fields[key] = list(found.values())
        return self._fields[key]

    def _bare_fields(self, cls: ClassValue, owner: ClassValue, found: dict[str, Field]) -> None:
        """Pydantic 1 takes `name = "x"` for a field, its type from the value; an inherited field gets a new default."""
        for name, value in owner.names.items():
            if name.startswith("_") or name in owner.annotations or not (value is None or isinstance(value, str | int | float | bool)):
                continue
            known = found.get(name)
            if known is not None:
                found[name] = replace(known, default=value)
            elif value is not None:
                found[name] = Field(name, External(f"builtins.{type(value).__name__}"), {}, value, (), owner.places.get(name), cls)

    def _field(self, cls: ClassValue, owner: ClassValue, name: str, annotation: Value, variables: Mapping[str, Value],
               total: bool) -> Field | None:  # fmt: skip
        infos: list[Instance] = []
        required: bool | None = None
        if isinstance(annotation, Specialized):
            kind = name_of(annotation.origin)
            if kind in ("typing.ClassVar", "dataclasses.InitVar"):
                return None
            if kind in ("typing.Required", "typing.NotRequired"):
                required = kind == "typing.Required"
            if kind == "typing.Annotated":
                infos.extend(value for value in annotation.arguments[1:] if made_by(value) in (*FIELD, *PARAMETER_FIELDS))
        elif name_of(annotation) == "typing.ClassVar":
            return None
        if kind_of(cls) == "typed dictionary" and required is None:
            required = total
        default: Value = MISSING
        constraints: tuple[Instance, ...] = ()
        for info in infos:  # Their constraints are read with the annotation.
            given = _given_default(info)
            default = given if given is not Ellipsis and given is not MISSING else default
        if name in owner.names:
            value = owner.names[name]
            if isinstance(value, Instance) and made_by(value) in ("sqlmodel.Relationship", "pydantic.PrivateAttr"):
                return None
            if made_by(value) in FIELD or made_by(value) in PARAMETER_FIELDS:  # FastAPI's are Pydantic's own, extended.
                given = _given_default(value)
                default = MISSING if given is Ellipsis else given
                constraints = (value,)
                if default is MISSING and argument_of(value.arguments, "default_factory") is not None:
                    default = Unknown("a default made by a factory", value.location)
            elif value is not Ellipsis:
                default = value
        if default is MISSING and any(argument_of(info.arguments, "default_factory") is not None for info in infos):
            default = Unknown("a default made by a factory", owner.places.get(name))
        # Aliases may stand in the annotation: those infos serve for names only, so they come after the field's own.
        return Field(name, annotation, variables, default, (*constraints, *infos), owner.places.get(name), cls, required)

    def is_required(self, field: Field) -> bool | Unknown:
        """Whether a field must be given: in Pydantic 1, one that may be None need not be."""
        if field.default is not MISSING or any(argument_of(info.arguments, "default_factory") is not None for info in field.info):
            return False
        optional = is_optional(field.annotation)
        if not optional or self.version == 2:
            return True
        if self.version == 1:
            return any(_given_default(info) is Ellipsis for info in field.info)
        return Unknown("whether an optional field without a default must be given", field.location)

    def alias_of(self, field: Field, output: bool) -> str | Unknown:
        """The name under which a field is read or written."""
        own = ("serialization_alias", "alias") if output else ("validation_alias", "alias")
        for info in field.info:
            for name in own:
                value = argument_of(info.arguments, name)
                if isinstance(value, Instance) and made_by(value) == "pydantic.AliasChoices":
                    value = value.arguments[0].value if value.arguments else None
                if isinstance(value, EnumMember):
                    value = value.value
                if isinstance(value, str):
                    return value
                if value is not None:
                    return Unknown("an alias computed at run time", field.location)
        config = self.config(field.owner)
        if config.unknown is not None:
            return config.unknown
        if kind_of(field.owner) == "struct":
            return self._struct_name(field, config)
        generator = config.values.get("alias_generator")
        fixed = config.values.get("fields")
        if isinstance(fixed, dict) and field.name in fixed:
            entry = fixed[field.name]
            alias = entry.get("alias") if isinstance(entry, dict) else entry
            return alias if isinstance(alias, str) else field.name
        return self.generated_alias(generator, field, output)

    def _struct_name(self, field: Field, config: Config) -> str | Unknown:
        """The name of a `msgspec.Struct`'s field in messages: its own, or what the class's `rename` makes of it."""
        for info in field.info:
            if (stated := argument_of(info.arguments, "name")) is not None:
                return stated if isinstance(stated, str) else Unknown("an alias computed at run time", field.location)
        rename = config.values.get("rename")
        if isinstance(rename, dict):
            named = rename.get(field.name, field.name)
            return named if isinstance(named, str) else Unknown("an alias computed at run time", field.location)
        if isinstance(rename, str) and rename in STRUCT_NAMES:
            return STRUCT_NAMES[rename](field.name)
        return self.generated_alias(rename, field, True)

    def generated_alias(self, generator: Value, field: Field, output: bool) -> str | Unknown:
        if made_by(generator) in ("pydantic.AliasGenerator", "pydantic.aliases.AliasGenerator"):
            given = generator.arguments
            chosen = argument_of(given, "serialization_alias" if output else "validation_alias")
            generator = chosen if chosen is not None else (generator.argument("alias", 0).value if generator.argument("alias", 0) else None)
        if generator is None:
            return field.name
        known = ALIAS_GENERATORS.get(name_of(generator) or "")
        if known is not None:
            return known(field.name)
        if isinstance(generator, FunctionValue | BoundMethod):
            place = field.location or _place_of(generator)
            function = generator.function if isinstance(generator, BoundMethod) else generator
            given = (Argument(None, field.name, place),)
            if isinstance(generator, BoundMethod):
                given = (Argument(None, generator.receiver, place), *given)
            result, _ = self.interpreter.call_detached(function, given)
            if isinstance(result, str):
                return result
        return Unknown("an alias computed at run time", field.location)

    def config(self, cls: ClassValue) -> Config:
        """`model_config`, `class Config` and class keywords of a model and its bases, merged."""
        known = self._configs.get(id(cls))
        if known is not None:
            return known
        merged = Config({})
        for owner in reversed(list(cls.lineage())):
            value = owner.names.get("model_config")
            if isinstance(value, Instance):
                merged.values.update({argument.name: argument.value for argument in value.arguments if argument.name is not None})
                if any(argument.star for argument in value.arguments):
                    merged.unknown = Unknown("a configuration with unknown parts", value.location)
            elif isinstance(value, dict):
                merged.values.update(value)
            elif isinstance(value, Unknown):
                merged.unknown = value
            inner = owner.names.get("Config")
            if isinstance(inner, ClassValue):
                for entry in reversed(list(inner.lineage())):
                    merged.values.update({name: item for name, item in entry.names.items() if not name.startswith("__")})
            merged.values.update({argument.name: argument.value for argument in owner.keywords if argument.name is not None})
        extra = merged.values.get("extra")
        if isinstance(extra, External) and "." in extra.name:
            merged.values["extra"] = extra.name.rpartition(".")[2]  # pydantic.Extra.forbid
        self._configs[id(cls)] = merged
        return merged


def _given_default(info: Instance) -> Value:
    """The default stated in a `Field(…)` call; MISSING where none is, Ellipsis where it says so itself."""
    argument = info.argument("default", 0)
    return MISSING if argument is None else argument.value


def _total(cls: ClassValue) -> bool:
    return not any(argument.name == "total" and argument.value is False for argument in cls.keywords)


def _place_of(value: FunctionValue | BoundMethod) -> Location:
    return value.function.location if isinstance(value, BoundMethod) else value.location

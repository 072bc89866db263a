"""Python classes as shapes: Pydantic 1 and 2 models, SQLModel, data classes, typed dictionaries, enumerations.

`Shapes` turns the types that annotations mean into `Schema`s and keeps the named ones. What a class does to its own
schema in code (core schema hooks, model serializers, computed configuration) is `unknown`, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lsp_server.api.fastapi_names import bases_of, is_class_of, made_by, name_of, spelled
from lsp_server.api.model import MISSING, Property, Schema
from lsp_server.api.python_types import (
    ALIAS_GENERATORS,
    ANYTHING,
    ARRAYS,
    CONSTRAINED,
    MAPPINGS,
    NULL,
    SCALARS,
    SETS,
    annotated_constraints,
    argument_of,
    constant,
    constrained,
    decimal,
    enumeration,
    for_version,
    nullable,
    unreadable,
)
from lsp_server.python.expressions import ENUMS, call_value, members
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Parameter,
    Scope,
    Specialized,
    TypeVariable,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

MODELS = ("pydantic.BaseModel", "pydantic.GenericModel", "pydantic.BaseSettings", "pydantic.RootModel", "sqlmodel.SQLModel")
_HARMLESS = frozenset({*MODELS, "typing.Generic", "abc.ABC", "builtins.object", "typing.Protocol", "typing.TypedDict", "typing.NamedTuple"})
_FIELD = ("pydantic.Field", "sqlmodel.Field", "dataclasses.field")
_PARAMETER_FIELDS = tuple(f"fastapi.{name}" for name in ("Query", "Path", "Header", "Cookie", "Body", "Form", "File"))
OWN_SCHEMA = ("__get_pydantic_core_schema__", "__get_validators__", "__get_pydantic_json_schema__", "__modify_schema__")
_VERSION_2 = ("field_validator", "model_validator", "ConfigDict", "TypeAdapter", "computed_field", "RootModel", "field_serializer",
              "model_serializer", "SettingsConfigDict", "BeforeValidator", "AfterValidator", "PlainSerializer",
              "WithJsonSchema", "AliasChoices")  # fmt: skip
_VERSION_1 = ("validator", "root_validator", "BaseSettings", "GenericModel", "parse_obj_as")
_NO_ARGUMENTS: Mapping[str, Value] = {}


def pydantic_version(interpreter: Interpreter) -> int | None:
    """The major version a program is written for, from what it imports; None where nothing tells."""
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
    if new:
        return 2
    return 1 if old else None


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
class _Config:
    """A model's merged configuration; `unknown` where a part of it is not known."""

    values: dict[str, Value]
    unknown: Unknown | None = None


class Shapes:
    """Types to schemas for one Api; named ones are kept in `schemas` and referred to."""

    def __init__(self, interpreter: Interpreter, version: int | None = None) -> None:
        self.interpreter = interpreter
        self.version = version
        self.schemas: dict[str, Schema] = {}
        self._names: dict[tuple[object, ...], str] = {}
        self._fields: dict[tuple[object, ...], list[Field]] = {}
        self._configs: dict[int, _Config] = {}
        self._seconds = False  # time spans of the model being read are numbers (`ser_json_timedelta="float"`)

    # Types

    def of(self, value: Value, output: bool, location: Location | None = None,
           variables: Mapping[str, Value] = _NO_ARGUMENTS) -> Schema:  # fmt: skip
        """The schema of a type. `output`: of what is written, not of what is read."""
        if value is None:
            return NULL
        if isinstance(value, Unknown):
            return unreadable(value, "a type", location)
        if isinstance(value, External):
            return self._external(value, output, location)
        if isinstance(value, ClassValue):
            return self._class(value, (), output, location)
        if isinstance(value, Specialized):
            return self._specialized(value, output, location, variables)
        if isinstance(value, TypeVariable):
            bound = variables.get(value.name)
            if bound is None or bound is value:
                return unreadable(None, f"the type parameter {value.name}", location)
            return self.of(bound, output, location, variables)
        if isinstance(value, Instance):
            return self._called(value, output, location, variables)
        return unreadable(None, "a type computed at run time", location)

    def _external(self, value: External, output: bool, location: Location | None) -> Schema:
        name = spelled(value.name)
        if name == "decimal.Decimal":
            return decimal(self.version, output)
        if name == "datetime.timedelta" and (self.version == 1 or self._seconds):
            return Schema(types=("number",), format="time-delta" if self.version == 1 else None)
        if name == "builtins.NoneType" or name == "types.NoneType":
            return NULL
        if name in ARRAYS:
            return Schema(types=("array",))
        if name in SETS:
            return Schema(types=("array",), unique_items=True)
        if name == "typing.Tuple":
            return Schema(types=("array",))
        if name == "pydantic.Json":
            return ANYTHING if output else SCALARS["builtins.str"]
        known = SCALARS.get(name)
        return for_version(known, self.version) if known is not None else unreadable(None, f"the type {value.name}", location)

    def _specialized(self, value: Specialized, output: bool, location: Location | None,
                     variables: Mapping[str, Value]) -> Schema:  # fmt: skip
        if isinstance(value.origin, ClassValue):
            arguments = tuple(substituted(argument, variables) for argument in value.arguments)
            return self._class(value.origin, arguments, output, location)
        name = name_of(value.origin)
        arguments = value.arguments
        if name == "typing.Optional":
            return self._union((*arguments, None), output, location, variables)
        if name == "typing.Union":
            return self._union(arguments, output, location, variables)
        if name == "typing.Annotated" and arguments:
            return self.annotated(arguments[0], arguments[1:], output, location, variables)
        if name == "typing.Literal":
            return enumeration(list(arguments))
        if name in ("typing.Final", "typing.Required", "typing.NotRequired", "typing.ReadOnly", "sqlalchemy.orm.Mapped") and arguments:
            return self.of(arguments[0], output, location, variables)
        if name == "pydantic.Json":
            return self.of(arguments[0], output, location, variables) if output else SCALARS["builtins.str"]
        if name in ARRAYS or name in SETS:
            return Schema(types=("array",), items=self.of(arguments[0], output, location, variables), unique_items=name in SETS)
        if name in MAPPINGS:
            inner = self.of(arguments[1], output, location, variables) if len(arguments) > 1 else None
            return Schema(types=("object",), additional=None if inner is None else True if inner.is_anything else inner)
        if name == "typing.Tuple":
            return self._tuple(arguments, output, location, variables)
        return unreadable(value.origin, f"the type {name}" if name else "a generic type", location)

    def _tuple(self, arguments: tuple[Value, ...], output: bool, location: Location | None,
               variables: Mapping[str, Value]) -> Schema:  # fmt: skip
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return Schema(types=("array",), items=self.of(arguments[0], output, location, variables))
        if arguments == ((),):
            arguments = ()
        parts = tuple(self.of(argument, output, location, variables) for argument in arguments)
        return Schema(types=("array",), prefix_items=parts, min_items=len(parts), max_items=len(parts))

    def _union(self, arguments: tuple[Value, ...], output: bool, location: Location | None,
               variables: Mapping[str, Value]) -> Schema:  # fmt: skip
        flat: list[Value] = []
        stack = list(reversed([substituted(argument, variables) for argument in arguments]))
        while stack:
            part = stack.pop()
            if isinstance(part, Specialized) and name_of(part.origin) == "typing.Union":
                stack.extend(reversed(part.arguments))
            else:
                flat.append(part)
        some = [part for part in flat if part is not None and name_of(part) not in ("builtins.NoneType", "types.NoneType")]
        parts = list(dict.fromkeys(self.of(part, output, location, variables) for part in some))
        unknown = next((part for part in parts if part.unknown is not None), None)
        if unknown is not None:
            return unknown
        if not parts:
            return NULL
        schema = parts[0] if len(parts) == 1 else Schema(any_of=tuple(parts))
        return nullable(schema) if len(some) < len(flat) else schema

    def annotated(self, inner: Value, extra: tuple[Value, ...], output: bool, location: Location | None,
                  variables: Mapping[str, Value] = _NO_ARGUMENTS) -> Schema:  # fmt: skip
        """`Annotated[inner, *extra]`: constraints narrow it, other Pydantic annotations may replace it."""
        schema = self.of(inner, output, location, variables)
        for value in extra:
            maker = made_by(value)
            if isinstance(value, Unknown):
                return unreadable(value, "an annotation", location)
            if maker in _FIELD or maker in _PARAMETER_FIELDS or maker == "pydantic.StringConstraints":
                schema = self.with_field(schema, value, output, location)
            elif (bounds := annotated_constraints(value)) is not None:
                schema = constrained(schema, bounds.get)
            elif maker in ("pydantic.PlainSerializer", "pydantic.WrapSerializer"):
                # Pydantic's URL types describe themselves past their serializers.
                schema = self._serialized(value, location) if output and schema.format != "uri" else schema
            elif maker == "pydantic.PlainValidator":
                schema = schema if output else unreadable(None, "what a validator accepts", location)
            elif maker in ("pydantic.WithJsonSchema", "pydantic.GetPydanticSchema", "pydantic.SkipJsonSchema"):
                return unreadable(None, "a schema made by the program", location)
            elif maker in ("pydantic.BeforeValidator", "pydantic.WrapValidator") and argument_of(value.arguments, "json_schema_input_type") is not None:
                schema = schema if output else self.of(argument_of(value.arguments, "json_schema_input_type"), output, location)
            elif isinstance(value, Instance | ClassValue) and self._makes_schema(value, output):
                return unreadable(None, "a schema made by the program", location)
            elif isinstance(value, External) and spelled(value.name) == "pydantic.SkipJsonSchema":
                return unreadable(None, "a schema made by the program", location)
        return schema

    def _makes_schema(self, value: Instance | ClassValue, output: bool) -> bool:
        """Whether a class's hooks change its schema, beyond naming and describing it. Classes that are no model: always."""
        cls = value if isinstance(value, ClassValue) else value.origin
        if not isinstance(cls, ClassValue):
            return False
        hooks = [found[1] for name in OWN_SCHEMA if (found := cls.find(name)) is not None]
        if isinstance(value, ClassValue) and kind_of(cls) is None:
            return bool(hooks)
        return any(not self._keeps_schema(hook, value, output) for hook in hooks)

    def _keeps_schema(self, hook: Value, value: Instance | ClassValue, output: bool) -> bool:
        """Whether a hook gives back what its handler gave it, with harmless words added."""
        if not isinstance(hook, FunctionValue) or hook.name in ("__get_validators__", "__modify_schema__"):
            return False
        place = hook.location
        handler = _handler(place, "serialization" if output else "validation")
        given = (Argument(None, value, place), Argument(None, Unknown("a core schema"), place), Argument(None, handler, place))
        result, _ = self.interpreter.call_detached(hook, given)
        if not isinstance(result, dict) or _GIVEN not in result:
            return False
        return all(key == _GIVEN or key in _HARMLESS_KEYS or str(key).startswith("x-") for key in result)

    def _serialized(self, value: Instance, location: Location | None) -> Schema:
        stated = argument_of(value.arguments, "return_type")
        if stated is not None:
            return self.of(stated, True, location)
        function = value.argument("func", 0)
        if function is not None and isinstance(function.value, FunctionValue) and function.value.returns is not None:
            return self.of(self.interpreter.annotation(function.value.returns), True, location)
        if function is not None and name_of(function.value) in SCALARS:
            return SCALARS[name_of(function.value) or ""]
        return unreadable(None, "what a serializer writes", location)

    def _called(self, value: Instance, output: bool, location: Location | None, variables: Mapping[str, Value]) -> Schema:
        """Types made by a call: `conint(gt=1)`, `conlist(int)`, `TypeAliasType("T", int)`."""
        maker = made_by(value)
        if maker in CONSTRAINED:
            return constrained(CONSTRAINED[maker], lambda name: argument_of(value.arguments, name))
        if maker == "pydantic.condecimal":
            return constrained(decimal(self.version, output), lambda name: argument_of(value.arguments, name))
        if maker in ("pydantic.conlist", "pydantic.conset", "pydantic.confrozenset"):
            inner = value.argument("item_type", 0)
            items = self.of(inner.value, output, location, variables) if inner else None
            schema = Schema(types=("array",), items=items, unique_items=maker != "pydantic.conlist")
            return constrained(schema, lambda name: argument_of(value.arguments, name))
        if maker == "typing.TypeAliasType":
            inner = value.argument("value", 1)
            return self.of(inner.value if inner else None, output, location, variables)
        return unreadable(None, "a type made by a call", location)

    # Fields

    def with_field(self, schema: Schema, info: Instance, output: bool, location: Location | None) -> Schema:
        """A schema narrowed and described by `Field(…)`, `Query(…)` and their like."""
        given = info.arguments
        if any(argument.star for argument in given):
            return unreadable(None, "arguments given with **", location)
        extra = argument_of(given, "json_schema_extra")
        if extra is not None and not (isinstance(extra, dict) and not {"type", "format", "enum", "properties", "anyOf", "oneOf", "$ref"} & set(extra)):
            return unreadable(None, "a schema changed by the program", location)
        # Pydantic 2's own `Field` still knows `min_items`, FastAPI's `Query` and its like do not.
        ignored = ("min_items", "max_items") if self.version != 1 and made_by(info) in _PARAMETER_FIELDS else ()
        schema = constrained(schema, lambda name: None if name in ignored else argument_of(given, name))
        discriminator = argument_of(given, "discriminator")
        if isinstance(discriminator, str) and schema.any_of:
            schema = replace(schema, any_of=(), one_of=schema.any_of, discriminator=discriminator)
        description, deprecated = argument_of(given, "description"), argument_of(given, "deprecated")
        if isinstance(description, str) and schema.ref is None:
            schema = replace(schema, description=description)
        if deprecated is True or isinstance(deprecated, str):
            schema = replace(schema, deprecated=True) if schema.ref is None else schema
        return schema

    def field_schema(self, field: Field, output: bool) -> Schema:
        """The schema of a field's value, its default included."""
        schema = self.of(field.annotation, output, field.location, field.variables)
        for info in field.info:
            schema = self.with_field(schema, info, output, field.location)
        default = field.default
        if default is not MISSING and schema.unknown is None:
            stated = constant(default)
            if schema.ref is not None:
                schema = Schema(any_of=(schema,), default=stated) if not isinstance(stated, Unknown) else schema
            else:
                schema = replace(schema, default=stated)
        if self.version == 1 and default is None and schema.unknown is None:
            schema = nullable(schema)
        return schema

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
        generator = config.values.get("alias_generator")
        fixed = config.values.get("fields")
        if isinstance(fixed, dict) and field.name in fixed:
            entry = fixed[field.name]
            alias = entry.get("alias") if isinstance(entry, dict) else entry
            return alias if isinstance(alias, str) else field.name
        return self._generated_alias(generator, field, output)

    def _generated_alias(self, generator: Value, field: Field, output: bool) -> str | Unknown:
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
            place = field.location or generator_location(generator)
            function = generator.function if isinstance(generator, BoundMethod) else generator
            given = (Argument(None, field.name, place),)
            if isinstance(generator, BoundMethod):
                given = (Argument(None, generator.receiver, place), *given)
            result, _ = self.interpreter.call_detached(function, given)
            if isinstance(result, str):
                return result
        return Unknown("an alias computed at run time", field.location)

    # Classes

    def _class(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool, location: Location | None) -> Schema:
        if cls.inherits(*ENUMS):
            if cls.find("__new__") or not members(cls):
                return unreadable(None, f"the values of the enumeration `{cls.name}`", location)
            return self._named(cls, (), False, lambda: replace(enumeration([member.value for member in members(cls)]), location=cls.location))
        if self._makes_schema(cls, output):
            return unreadable(None, f"the schema that `{cls.name}` makes of itself", location)
        if cls.unknown_bases():
            return unreadable(cls.unknown_bases()[0], "a base class", location)
        kind = kind_of(cls)
        if kind is None:
            return unreadable(None, f"the class `{cls.name}`, which is no model", location)
        foreign = [name for name in bases_of(cls) if name not in _HARMLESS]
        if foreign:
            return unreadable(None, f"the class {foreign[0]} of another package", location)
        if output and self._decorated(cls, "pydantic.model_serializer"):
            return unreadable(None, f"what `{cls.name}` writes of itself", location)
        if any(unreadable_argument(argument) for argument in arguments):
            return unreadable(None, "a type parameter", location)
        # Pydantic 1 shows what is read and what is written alike.
        return self._named(cls, arguments, output and self.version != 1, lambda: self._model(cls, arguments, output))

    def _named(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool, build: Callable[[], Schema]) -> Schema:
        key = (id(cls), tuple(identity_of(argument) for argument in arguments), output)
        name = self._names.get(key)
        if name is None:
            name = self._free_name(cls, arguments, output)
            self._names[key] = name
            self.schemas[name] = Schema(unknown=Unknown("a schema that is being read"))
            self.schemas[name] = build()
        return Schema(ref=name)

    def _free_name(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool) -> str:
        plain = cls.name
        if arguments:
            plain = re.sub(r"[^a-zA-Z0-9.\-_]", "_", f"{cls.name}[{','.join(type_name(argument) for argument in arguments)}]")
        module = self.interpreter.program.module_name(cls.path).replace(".", "__")
        long = f"{module}__{plain}"
        for name in (plain, f"{plain}-{'Output' if output else 'Input'}", long, f"{long}-{'Output' if output else 'Input'}"):
            if name not in self.schemas:
                return name
        count = 2
        while f"{long}-{count}" in self.schemas:
            count += 1
        return f"{long}-{count}"

    def _model(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool) -> Schema:
        variables = dict(zip(parameters_of(cls), arguments))
        config = self.config(cls)
        if config.unknown is not None:
            return unreadable(config.unknown, "a configuration", cls.location)
        extra = config.values.get("json_schema_extra") if self.version != 1 else config.values.get("schema_extra")
        if extra is not None and not (isinstance(extra, dict) and not {"properties", "required", "type", "allOf", "anyOf", "oneOf"} & set(extra)):
            return unreadable(None, "a schema changed by the program", cls.location)
        outer, self._seconds = self._seconds, output and config.values.get("ser_json_timedelta") == "float"
        try:
            return self._object(cls, variables, config, output)
        finally:
            self._seconds = outer

    def _object(self, cls: ClassValue, variables: Mapping[str, Value], config: _Config, output: bool) -> Schema:
        root = self._root(cls, variables, output)
        if root is not None:
            return replace(root, location=cls.location) if root.ref is None else Schema(any_of=(root,), location=cls.location)
        properties: list[Property] = []
        required_by_config = output and config.values.get("json_schema_serialization_defaults_required") is True
        for field in self.fields(cls, variables):
            if output and any(argument_of(info.arguments, "exclude") is True for info in field.info):
                continue
            if _is_hidden(field.annotation):
                continue
            name = self.alias_of(field, output)
            if isinstance(name, Unknown):
                return unreadable(name, "an alias", cls.location)
            schema = self._serialized_field(cls, field) if output else None
            if schema is None:
                schema = self.field_schema(field, output)
            required = field.required if field.required is not None else self.is_required(field)
            if required_by_config:
                required = True
            properties.append(Property(name, schema, required, field.location))
        if output:
            properties.extend(self._computed(cls, variables, {entry.name for entry in properties}))
        unique = {entry.name: entry for entry in properties}
        additional = {"forbid": False, "allow": True}.get(_text(config.values.get("extra")))
        return Schema(types=("object",), properties=tuple(unique.values()), additional=additional, location=cls.location)

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

    def _root(self, cls: ClassValue, variables: Mapping[str, Value], output: bool) -> Schema | None:
        for owner, environment in lineage_with_variables(cls, variables):
            for base in owner.bases:
                if isinstance(base, Specialized) and name_of(base.origin) == "pydantic.RootModel" and base.arguments:
                    return self.of(base.arguments[0], output, cls.location, environment)
            for name in ("root", "__root__"):
                if name in owner.annotations and (name == "__root__" or is_class_of(cls, "pydantic.RootModel")):
                    return self.of(self.interpreter.annotation(owner.annotations[name]), output, cls.location, environment)
        return None

    def fields(self, cls: ClassValue, variables: Mapping[str, Value] = _NO_ARGUMENTS) -> list[Field]:
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
                infos.extend(value for value in annotation.arguments[1:] if made_by(value) in _FIELD)
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
            if made_by(value) in _FIELD:
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

    # What is written

    def _decorated(self, cls: ClassValue, decorator: str) -> list[FunctionValue]:
        found = []
        for owner in cls.lineage():
            for value in owner.names.values():
                if isinstance(value, FunctionValue) and any(
                    name_of(mark) == decorator or made_by(mark) == decorator for mark, _ in value.decorators
                ):
                    found.append(value)
        return found

    def _serialized_field(self, cls: ClassValue, field: Field) -> Schema | None:
        """The shape that a `@field_serializer` gives a field; None where there is none."""
        for function in self._decorated(cls, "pydantic.field_serializer"):
            for mark, place in function.decorators:
                if made_by(mark) == "pydantic.field_serializer":
                    names = [argument.value for argument in mark.arguments if argument.name is None]
                    if field.name in names or "*" in names:
                        if function.returns is not None:
                            return self.of(self.interpreter.annotation(function.returns), True, place)
                        return unreadable(None, "what a serializer writes", place)
        return None

    def _computed(self, cls: ClassValue, variables: Mapping[str, Value], taken: set[str]) -> list[Property]:
        found = []
        for function in reversed(self._decorated(cls, "pydantic.computed_field")):
            mark = next(mark for mark, _ in function.decorators if "pydantic.computed_field" in (name_of(mark), made_by(mark)))
            returns = self.interpreter.annotation(function.returns) if function.returns is not None else None
            schema = self.of(returns, True, function.location, variables) if function.returns is not None else unreadable(
                None, "what a computed field gives", function.location)  # fmt: skip
            if _is_hidden(returns):
                continue
            alias = argument_of(mark.arguments, "alias") if isinstance(mark, Instance) else None
            field = Field(function.name, returns, variables, MISSING, (), function.location, cls)
            name = alias if isinstance(alias, str) else self._generated_alias(self.config(cls).values.get("alias_generator"), field, True)
            if isinstance(name, str) and name not in taken:
                found.append(Property(name, schema, True, function.location))
        return found

    # Configuration

    def config(self, cls: ClassValue) -> _Config:
        """`model_config`, `class Config` and class keywords of a model and its bases, merged."""
        known = self._configs.get(id(cls))
        if known is not None:
            return known
        merged = _Config({})
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


_GIVEN = "$given"
_HARMLESS_KEYS = frozenset({"ref", "title", "description", "example", "examples", "deprecated"})


def _handler(place: Location, mode: str) -> Instance:
    """A stand-in for Pydantic's schema handler: calling it gives a dictionary that can be recognised."""
    scope = Scope(place.path)
    given = ("dict", 0, 0, (("const", 0, 0, _GIVEN),), (("const", 0, 0, True),))
    rest = Parameter("arguments", "vararg", None, None, place)
    call = FunctionValue("__call__", place.path, place, place, (rest,), None, (("return", 0, 0, given),), scope)
    cls = ClassValue("handler", place.path, place, place, [], [], {"__call__": call}, {}, {}, scope)
    return Instance(cls, (), place, {"mode": mode})


def kind_of(cls: ClassValue) -> str | None:
    """What sort of class with fields it is: "model", "data class", "typed dictionary", "named tuple"; None for others."""
    if is_class_of(cls, *MODELS):
        return "model"
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


def _given_default(info: Instance) -> Value:
    """The default stated in a `Field(…)` call; MISSING where none is, Ellipsis where it says so itself."""
    argument = info.argument("default", 0)
    return MISSING if argument is None else argument.value


def _is_hidden(annotation: Value) -> bool:
    """`SkipJsonSchema[…]`: the field is there, but the schema keeps quiet about it."""
    if not isinstance(annotation, Specialized):
        return False
    name = name_of(annotation.origin)
    if name == "typing.Annotated":
        return _is_hidden(annotation.arguments[0]) or any(name_of(item) == "pydantic.SkipJsonSchema" for item in annotation.arguments[1:])
    return name == "pydantic.SkipJsonSchema"


def _total(cls: ClassValue) -> bool:
    return not any(argument.name == "total" and argument.value is False for argument in cls.keywords)


def _text(value: Value) -> str:
    if isinstance(value, EnumMember):
        value = value.value
    return value if isinstance(value, str) else ""


def generator_location(value: FunctionValue | BoundMethod) -> Location:
    return value.function.location if isinstance(value, BoundMethod) else value.location


__all__ = ["Field", "MODELS", "Shapes", "call_value", "is_optional", "kind_of", "pydantic_version", "type_name"]

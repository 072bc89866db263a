"""Python classes as shapes: Pydantic 1 and 2 models, SQLModel, data classes, typed dictionaries, enumerations.

`Shapes` turns the types that annotations mean into `Schema`s and keeps the named ones. What a class does to its own
schema in code (core schema hooks, model serializers, computed configuration) is `unknown`, never guessed.
Long because one class holds what all its readers share: the named shapes, and the circles between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from lsp_server.api.model import MISSING, Property, Schema
from lsp_server.api.names import bases_of, is_class_of, made_by, name_of, spelled
from lsp_server.api.pydantic_classes import (
    MODELS,
    STRUCTS,
    identity_of,
    is_hidden,
    kind_of,
    lineage_with_variables,
    parameters_of,
    pydantic_version,
    substituted,
    type_name,
    unreadable_argument,
)
from lsp_server.api.pydantic_fields import FIELD, NO_ARGUMENTS, PARAMETER_FIELDS, Config, Field, Fields
from lsp_server.api.pydantic_hooks import makes_schema, required_after, type_behind
from lsp_server.api.python_types import (
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
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import ENUMS, members
from lsp_server.python.values import (
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Pending,
    Specialized,
    TypeVariable,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_HARMLESS = frozenset({*MODELS, *STRUCTS, "typing.Generic", "abc.ABC", "builtins.object", "typing.Protocol", "typing.TypedDict", "typing.NamedTuple"})
_SCHEMA_WORDS = frozenset({"type", "format", "enum", "properties", "anyOf", "oneOf", "allOf", "$ref"})


class Shapes:
    """Types to schemas for one Api; named ones are kept in `schemas` and referred to.

    `split`: what is written has schemas of its own; else it is described as what is read (`separate_input_output_schemas=False`).
    """

    def __init__(self, interpreter: Interpreter, version: int | None = None, split: bool = True) -> None:
        self.split = split
        self.interpreter = interpreter
        self.version = version
        self.fields = Fields(interpreter, version)
        self.schemas: dict[str, Schema] = {}
        self._names: dict[tuple[object, ...], str] = {}
        self._owners: dict[str, ClassValue] = {}
        self._seconds = False  # time spans of the model being read are numbers (`ser_json_timedelta="float"`)

    # Types

    def of(self, value: Value, output: bool, location: Location | None = None,
           variables: Mapping[str, Value] = NO_ARGUMENTS) -> Schema:  # fmt: skip
        """The schema of a type. `output`: of what is written, not of what is read."""
        output = output and self.split
        if value is None:
            return NULL
        if isinstance(value, Pending) and value.scope is not None:
            known = self.interpreter.resolve(value.scope, value.name)
            value = value if isinstance(known, Pending) else known
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
        if name == "pydantic.RootModel" and arguments:
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
        flat = [part for part in flat if not is_hidden(part)]
        some = [part for part in flat if part is not None and name_of(part) not in ("builtins.NoneType", "types.NoneType")]
        parts = list(dict.fromkeys(self.of(part, output, location, variables) for part in some))
        if not parts:
            return NULL
        if all(part.unknown is not None for part in parts):
            return parts[0]
        schema = parts[0] if len(parts) == 1 else Schema(any_of=tuple(parts))
        return nullable(schema) if len(some) < len(flat) else schema

    def annotated(self, inner: Value, extra: tuple[Value, ...], output: bool, location: Location | None,
                  variables: Mapping[str, Value] = NO_ARGUMENTS) -> Schema:  # fmt: skip
        """`Annotated[inner, *extra]`: constraints narrow it, other Pydantic annotations may replace it."""
        schema = self.of(inner, output, location, variables)
        for value in extra:
            maker = made_by(value)
            if isinstance(value, Unknown):
                return unreadable(value, "an annotation", location)
            if maker in FIELD or maker in PARAMETER_FIELDS or maker == "pydantic.StringConstraints":
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
            elif (isinstance(value, Instance | ClassValue) and makes_schema(self.interpreter, value, output)) or (isinstance(value, External) and spelled(value.name) == "pydantic.SkipJsonSchema"):
                return unreadable(None, "a schema made by the program", location)
        return schema

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
        if extra is not None and not (isinstance(extra, dict) and not _SCHEMA_WORDS & set(extra)):
            return unreadable(None, "a schema changed by the program", location)
        # Pydantic 2's own `Field` still knows `min_items`, FastAPI's `Query` and its like do not.
        ignored = ("min_items", "max_items") if self.version != 1 and made_by(info) in PARAMETER_FIELDS else ()
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

    # Classes

    def _class(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool, location: Location | None) -> Schema:
        if cls.inherits(*ENUMS):
            if cls.find("__new__") or not members(cls):
                return unreadable(None, f"the values of the enumeration `{cls.name}`", location)
            return self._named(cls, (), False, lambda: replace(enumeration([member.value for member in members(cls)]), location=cls.location))
        if kind_of(cls) is None and (inner := type_behind(self.interpreter, cls, output)) is not None:
            return self.of(inner, output, location)
        if makes_schema(self.interpreter, cls, output):
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
            self._owners[name] = cls
            self.schemas[name] = Schema(unknown=Unknown("a schema that is being read"))
            self.schemas[name] = build()
        return Schema(ref=name)

    def _free_name(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool) -> str:
        plain = cls.name
        if arguments:
            plain = re.sub(r"[^a-zA-Z0-9.\-_]", "_", f"{cls.name}[{','.join(type_name(argument) for argument in arguments)}]")
        module = self.interpreter.program.module_name(cls.path).replace(".", "__")
        long = f"{module}__{plain}"
        mine = [name for name, owner in self._owners.items() if owner is cls]
        suffix = "-Output" if output else "-Input"
        for name, other in ((plain, f"{plain}{suffix}"), (long, f"{long}{suffix}")):
            if name not in self.schemas:
                return name
            if name in mine and other not in self.schemas:
                return other
        count = 2
        while f"{long}-{count}" in self.schemas:
            count += 1
        return f"{long}-{count}"

    def _model(self, cls: ClassValue, arguments: tuple[Value, ...], output: bool) -> Schema:
        variables = dict(zip(parameters_of(cls), arguments))
        config = self.fields.config(cls)
        if config.unknown is not None:
            return unreadable(config.unknown, "a configuration", cls.location)
        outer, self._seconds = self._seconds, output and config.values.get("ser_json_timedelta") == "float"
        try:
            return self._object(cls, variables, config, output)
        finally:
            self._seconds = outer

    def _object(self, cls: ClassValue, variables: Mapping[str, Value], config: Config, output: bool) -> Schema:
        root = self._root(cls, variables, output)
        if root is not None:
            return replace(root, location=cls.location) if root.ref is None else Schema(any_of=(root,), location=cls.location)
        properties: list[Property] = []
        required_by_config = output and config.values.get("json_schema_serialization_defaults_required") is True
        for field in self.fields.of(cls, variables):
            if output and any(argument_of(info.arguments, "exclude") is True for info in field.info):
                continue
            if is_hidden(field.annotation):
                continue
            name = self.fields.alias_of(field, output)
            if isinstance(name, Unknown):
                return unreadable(name, "an alias", cls.location)
            schema = self._serialized_field(cls, field) if output else None
            if schema is None:
                schema = self.field_schema(field, output)
            required = field.required if field.required is not None else self.fields.is_required(field)
            if required_by_config:
                required = True
            properties.append(Property(name, schema, required, field.location))
        if output:
            properties.extend(self._computed(cls, variables, {entry.name for entry in properties}))
        unique = {entry.name: entry for entry in properties}
        extra = config.values.get("schema_extra" if self.version == 1 else "json_schema_extra")
        if extra is not None:
            listed = [entry.name for entry in unique.values() if entry.required is True]
            changed = required_after(self.interpreter, extra, listed, list(unique), cls.location)
            if changed is None:
                return unreadable(None, "a schema changed by the program", cls.location)
            unique = {name: replace(entry, required=True) if name in changed else entry for name, entry in unique.items()}
        additional = {"forbid": False, "allow": True}.get(_text(config.values.get("extra")))
        return Schema(types=("object",), properties=tuple(unique.values()), additional=additional, location=cls.location)

    def _root(self, cls: ClassValue, variables: Mapping[str, Value], output: bool) -> Schema | None:
        """The schema of a model that is one value rather than an object; None for all others."""
        modern = is_class_of(cls, "pydantic.RootModel")
        for owner, environment in lineage_with_variables(cls, variables):
            if "__root__" in owner.annotations:
                return self.of(self.interpreter.annotation(owner.annotations["__root__"]), output, cls.location, environment)
            if modern and "root" in owner.annotations:
                root = next((field for field in self.fields.of(cls, variables) if field.name == "root"), None)
                return self.field_schema(root, output) if root is not None else None
            for base in owner.bases:
                if isinstance(base, Specialized) and name_of(base.origin) == "pydantic.RootModel" and base.arguments:
                    return self.of(base.arguments[0], output, cls.location, environment)
        return None

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
            if is_hidden(returns):
                continue
            alias = argument_of(mark.arguments, "alias") if isinstance(mark, Instance) else None
            field = Field(function.name, returns, variables, MISSING, (), function.location, cls)
            name = alias if isinstance(alias, str) else self.fields.generated_alias(self.fields.config(cls).values.get("alias_generator"), field, True)
            if isinstance(name, str) and name not in taken:
                found.append(Property(name, schema, True, function.location))
        return found



def _text(value: Value) -> str:
    if isinstance(value, EnumMember):
        value = value.value
    return value if isinstance(value, str) else ""


__all__ = ["Field", "Shapes", "pydantic_version"]

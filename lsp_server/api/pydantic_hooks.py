"""What Pydantic's hooks in a program's own classes do to schemas, found by calling them with stand-ins.

A hook that gives back what it was given, or wraps it in validators, changes nothing that we describe. One that does more
makes the schema unknown.
"""

from __future__ import annotations

from lsp_server.api.names import made_by
from lsp_server.api.pydantic_classes import OWN_SCHEMA, kind_of
from lsp_server.python.calls import call_value
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Argument, ClassValue, FunctionValue, Instance, Parameter, Scope, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_GIVEN = "$given"
_VALIDATING = tuple(
    f"pydantic_core.core_schema.{name}_{place}_validator_function" for name in ("no_info", "with_info", "general") for place in ("after", "before")
)
_HARMLESS_KEYS = frozenset({"ref", "title", "description", "example", "examples", "deprecated"})


def makes_schema(interpreter: Interpreter, value: Instance | ClassValue, output: bool) -> bool:
    """Whether a class's hooks change its schema, beyond naming and describing it. Classes that are no model: always."""
    cls = value if isinstance(value, ClassValue) else value.origin
    if not isinstance(cls, ClassValue):
        return False
    hooks = [found[1] for name in OWN_SCHEMA if (found := cls.find(name)) is not None]
    if isinstance(value, ClassValue) and kind_of(cls) is None:
        return bool(hooks)
    return any(not _keeps_schema(interpreter, hook, value, output) for hook in hooks)


def type_behind(interpreter: Interpreter, cls: ClassValue, output: bool) -> Value:
    """The type whose schema a custom type takes over, adding only validators to it; None where it does not."""
    found = cls.find("__get_pydantic_core_schema__")
    if found is None or not isinstance(found[1], FunctionValue):
        return None
    result = _hooked(interpreter, found[1], cls, output)
    for _ in range(5):
        if made_by(result) not in _VALIDATING:
            break
        inner = result.argument("schema", 1)
        result = inner.value if inner is not None else None
    given = result.get(_GIVEN) if isinstance(result, dict) and set(result) == {_GIVEN} else None
    return given[0] if isinstance(given, tuple) and given and not isinstance(given[0], Unknown) else None


def _hooked(interpreter: Interpreter, hook: FunctionValue, value: Instance | ClassValue, output: bool) -> Value:
    place = hook.location
    handler = _handler(place, "serialization" if output else "validation")
    given = (Argument(None, value, place), Argument(None, Unknown("a core schema"), place), Argument(None, handler, place))
    return interpreter.call_detached(hook, given)[0]


def _keeps_schema(interpreter: Interpreter, hook: Value, value: Instance | ClassValue, output: bool) -> bool:
    """Whether a hook gives back what its handler gave it, with harmless words added."""
    if not isinstance(hook, FunctionValue) or hook.name in ("__get_validators__", "__modify_schema__"):
        return False
    result = _hooked(interpreter, hook, value, output)
    if not isinstance(result, dict) or _GIVEN not in result:
        return False
    return all(key == _GIVEN or key in _HARMLESS_KEYS or str(key).startswith("x-") for key in result)


def required_after(interpreter: Interpreter, extra: Value, required: list[str], properties: list[str], place: Location) -> list[str] | None:
    """What a model's `json_schema_extra` leaves of the list of required properties; None where it may do more.

    `extra` is a dictionary laid over the schema, or something that is called with the schema.
    """
    schema: dict[Value, Value] = {"type": "object", "properties": {name: {} for name in properties}, "required": list(required)}
    if isinstance(extra, dict):
        schema.update(extra)
    else:
        count = _parameters_left(extra)
        call_value(interpreter, extra, tuple(Argument(None, value, place) for value in (schema, None)[:count]), place)
    shown = schema.get("properties")
    listed = schema.get("required")
    untouched = isinstance(shown, dict) and shown == {name: {} for name in properties} and schema.get("type") == "object"
    if not untouched or {"allOf", "anyOf", "oneOf", "$ref", "enum"} & set(schema):
        return None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        return None
    return listed


def _parameters_left(value: Value) -> int:
    """How many positional arguments a schema hook takes: the schema, or the schema and the model."""
    if isinstance(value, FunctionValue):
        return len(value.parameters) - (1 if value.kind == "class" else 0)
    if made_by(value) == "functools.partial" and isinstance(value.arguments[0].value, FunctionValue):
        return len(value.arguments[0].value.parameters) - len(value.arguments) + 1
    return 1



def _handler(place: Location, mode: str) -> Instance:
    """A stand-in for Pydantic's schema handler: calling it gives a dictionary that can be recognised."""
    scope = Scope(place.path)
    given = ("dict", 0, 0, (("const", 0, 0, _GIVEN),), (("name", 0, 0, "arguments"),))
    parameters = (Parameter("self", "normal", None, None, place), Parameter("arguments", "vararg", None, None, place))
    call = FunctionValue("__call__", place.path, place, place, parameters, None, (("return", 0, 0, given),), scope)
    cls = ClassValue("handler", place.path, place, place, [], [], {"__call__": call}, {}, {}, scope)
    return Instance(cls, (), place, {"mode": mode})

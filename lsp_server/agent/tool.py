"""The words in which tools are described: what a model may call, and what a call gets and gives.

Knows no tool and no model. A tool can do only what its function does, whatever the text says that made the model call it.
"""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_server.agent.bench import Workbench

Arguments = Mapping[str, Any]
Schema = Mapping[str, Any]  # a JSON Schema


class ToolError(Exception):
    """A call that cannot be done. The model reads the message and may try again; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing a model may do.

    `parameters` is the JSON Schema of its arguments, an object; arguments are validated (`checked`) before `run` sees them. `run` gives the text the
    model reads, and raises ToolError. One that is not a coroutine function runs in a thread. `aliases` are the names under which the allow-lists of
    agent files know it (`Read`, `Grep`). `changes` says that it may change the draft.
    """

    name: str
    description: str
    parameters: Schema
    run: Callable[[Workbench, Arguments], str | Awaitable[str]]
    aliases: tuple[str, ...] = ()
    changes: bool = False


# Schemas


def takes(needed: Mapping[str, Schema] | None = None, optional: Mapping[str, Schema] | None = None) -> Schema:
    """The schema of a tool's arguments."""
    needed, optional = needed or {}, optional or {}
    return {"type": "object", "properties": {**needed, **optional}, "required": list(needed), "additionalProperties": False}


def text(description: str, choices: tuple[str, ...] = ()) -> Schema:
    return {"type": "string", "description": description, **({"enum": list(choices)} if choices else {})}


def number(description: str, least: int = 1) -> Schema:
    return {"type": "integer", "description": description, "minimum": least}


def flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


# Arguments


def checked(tool: Tool, arguments: object) -> Arguments:
    """The arguments, if they fit the tool's schema. Raises ToolError that says what does not.

    Knows the words of JSON Schema that tools here use: type, properties, required, additionalProperties, items, enum, minimum. Others are
    left to whoever runs the tool.
    """
    if not isinstance(arguments, Mapping):
        raise ToolError(f"{tool.name}: the arguments must be an object, not {_kind(arguments)}")
    fault = _fault(arguments, tool.parameters, "")
    if fault is not None:
        raise ToolError(f"{tool.name}: {fault}")
    return arguments


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list, tuple), "object": (Mapping,), "null": (type(None),),
}  # fmt: skip


def _fault(value: object, schema: Schema, place: str) -> str | None:
    wanted = schema.get("type")
    kinds = [wanted] if isinstance(wanted, str) else list(wanted or ())
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"{place or 'the arguments'} must be {' or '.join(kinds)}, not {_kind(value)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place} must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(schema.get("minimum"), int | float) and isinstance(value, int | float) and value < schema["minimum"]:
        return f"{place} must be at least {schema['minimum']}"
    if isinstance(value, Mapping):
        return _fault_of_object(value, schema, place)
    if isinstance(value, list | tuple) and isinstance(schema.get("items"), Mapping):
        faults = (_fault(each, schema["items"], f"{place}[{position}]") for position, each in enumerate(value))
        return next((fault for fault in faults if fault is not None), None)
    return None


def _fault_of_object(value: Mapping[str, Any], schema: Schema, place: str) -> str | None:
    properties = schema.get("properties", {})
    at = f"{place}." if place else ""
    for name in schema.get("required", ()):
        if name not in value:
            return f"{at}{name} is missing"
    if schema.get("additionalProperties") is False:
        for name in value:
            if name not in properties:
                near = difflib.get_close_matches(str(name), properties, 1)
                return f"there is no argument {at}{name}{f'; did you mean {near[0]}?' if near else ''}"
    faults = (_fault(value[name], inner, f"{at}{name}") for name, inner in properties.items() if name in value)
    return next((fault for fault in faults if fault is not None), None)


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool) and kind in ("integer", "number"):
        return False
    return isinstance(value, _TYPES.get(kind, (object,)))


def _kind(value: object) -> str:
    return next((kind for kind in ("null", "boolean", "integer", "number", "string", "array", "object") if _is(value, kind)), type(value).__name__)

"""What a route is worth in a framework whose handlers declare nothing but their path: method, path and path parameters.

Query, body, answers and security are Unknown there: the handler takes them from the request by hand. Also: which methods a
class-based view answers, which is the same question in every framework.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from lsp_server.api.bodies import calls_in
from lsp_server.api.handlers import raised_statuses
from lsp_server.api.model import Api, Operation, Parameter, Schema
from lsp_server.api.routing import Listing, PlacedRoute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import BoundMethod, ClassValue, External, FunctionValue, Instance, Value
from lsp_server.unknown import Unknown

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

# What converters in path templates take, in the words of JSON Schema.
CONVERTERS: Mapping[str, Schema] = {
    "int": Schema(types=("integer",)),
    "float": Schema(types=("number",)),
    "uuid": Schema(types=("string",), format="uuid"),
    "str": Schema(types=("string",)),
    "string": Schema(types=("string",)),
    "path": Schema(types=("string",)),
}

ANY_TEXT = Schema(unknown=Unknown("what a handler makes of a text"))


def template(text: str, pattern: re.Pattern[str]) -> tuple[str, dict[str, Schema]]:
    """A framework's path template as `/users/{id}`, with the schemas of its parameters.

    `pattern` finds one parameter and has the groups `name` and, where there may be one, `converter`. A converter of the
    project's own takes anything, and a text without converter is what the handler makes of it.
    """
    parameters: dict[str, Schema] = {}

    def parameter(match: re.Match[str]) -> str:
        converter = match.groupdict().get("converter")
        own = Schema(unknown=Unknown("what a converter of its own takes"))
        parameters[match["name"]] = CONVERTERS.get(converter.partition("(")[0], own) if converter else ANY_TEXT
        return "{" + match["name"] + "}"

    return pattern.sub(parameter, text), parameters


def handler_of(endpoint: Value) -> FunctionValue | None:
    """The function that a reader would look for: behind bound methods, `functools.wraps` and `partial`, other packages'
    decorators, and wrappers that stand in for a function which their maker was given.
    """
    for _ in range(_DEEPEST_WRAPPING):
        if isinstance(endpoint, BoundMethod):
            endpoint = endpoint.function
        elif isinstance(endpoint, Instance):
            inner = [argument.value for argument in endpoint.arguments if isinstance(argument.value, FunctionValue | BoundMethod)]
            if len(inner) != 1:
                return None
            endpoint = inner[0]
        elif isinstance(endpoint, FunctionValue):
            written = endpoint.innermost()
            replaced = _stood_in_for(written)
            if len(replaced) != 1:
                return written
            endpoint = replaced[0]
    return None


_DEEPEST_WRAPPING = 10


def _stood_in_for(wrapper: FunctionValue) -> list[FunctionValue]:
    """Functions of other scopes that a function calls by the name under which the function around it was given them."""
    around = wrapper.scope
    if around.parent is None or around.owner is not None:
        return []
    called = {call[3][3] for call in calls_in(wrapper.body) if call[3][0] == "name"}
    given = (name for name in sorted(called) if name not in around.places)  # parameters are bound at no place of their own
    values = (around.names.get(name) for name in given)
    return [value for value in values if isinstance(value, FunctionValue) and value.scope is not around]


def view_methods(
    view: ClassValue, verbs: Iterable[str] = VERBS, prefix: str = "", suffix: str = ""
) -> dict[str, FunctionValue | None]:
    """The methods that a class answers by having functions named for them (`get`, with a prefix `on_get`), upper case.

    A function is None where the name is bound to something else.
    """
    found: dict[str, FunctionValue | None] = {}
    for verb in verbs:
        held = view.find(prefix + verb + suffix)
        if held is not None and held[1] is not None:
            found[verb.upper()] = handler_of(held[1])
    return found


# Bases that bring no methods of ours, whatever the framework.
_INNOCENT = ("builtins.", "abc.", "typing.", "enum.", "logging.", "dataclasses.")


def unseen_bases(view: ClassValue, seen: Iterable[str] = ()) -> Unknown | None:
    """Says so where a class inherits from what cannot be looked into, so that it may answer more than its text shows.

    `seen` are other packages' classes whose methods are known.
    """
    for base in view.mro():
        name = base.name if isinstance(base, External) else ""
        if not isinstance(base, ClassValue) and name not in seen and not name.startswith(_INNOCENT):
            what = base.what if isinstance(base, Unknown) else f"`{name}`, which another package defines"
            return Unknown(f"what `{view.name}` inherits from {what}", view.name_location)
    return None


def bare_operation(
    interpreter: Interpreter, placed: PlacedRoute, method: str, path: str, handler: FunctionValue | None,
    parameters: Mapping[str, Schema], operation_id: str | Unknown | None = None, raised: tuple[str, ...] | None = None,
) -> Operation:  # fmt: skip
    """The operation of a route that declares a path and no more. `path` has its parameters as `{name}`.

    `raised`: the statuses that the handler visibly answers with, where the caller has them; else its text is searched.
    """
    route = placed.route
    if raised is None:
        raised = raised_statuses(interpreter, handler) if handler is not None else ("default",)
    unread = Unknown("what a handler takes and answers without declaring it", route.location)
    module = interpreter.program.module_name(handler.path) if handler is not None else None
    return Operation(
        method, path, route.location,
        parameters=tuple(Parameter(name, "path", schema, True, location=route.location) for name, schema in parameters.items()),
        body=unread, responses=unread, security=unread, operation_id=operation_id, maybe=placed.doubt, documented=False,
        handler=f"{module}:{handler.qualname}" if handler is not None else None,
        handler_location=handler.name_location if handler is not None else None,
        declaration=handler.location if handler is not None else route.location, router=placed.owner.location,
        template=placed.path if placed.path != path else None,
        raised=raised, reads_request=unread,
    )  # fmt: skip


def api_of(framework: str, listing: Listing, operations: Callable[[PlacedRoute], Iterable[Operation]]) -> Api:
    """The Api of an application, from a reader of its single routes."""
    router = listing.router
    found = tuple(operation for placed in listing.routes for operation in operations(placed))
    sources = {operation.location.path for operation in found} | {router.location.path}
    return Api(
        router.location.path, None, found, version=framework, unknowns=listing.unknowns, incomplete=listing.hole,
        location=router.location, sources=tuple(sorted(sources)), served=listing.served, mounts=listing.mounts,
        elsewhere=listing.elsewhere,
    )  # fmt: skip

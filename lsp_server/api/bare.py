"""What a route is worth in a framework whose handlers declare nothing but their path: method, path and path parameters.

Query, body, answers and security are Unknown there: the handler takes them from the request by hand. Also: which methods a
class-based view answers, which is the same question in every framework.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from lsp_server.api.handlers import raised_statuses
from lsp_server.api.model import Api, Operation, Parameter, Schema
from lsp_server.api.routing import Listing, PlacedRoute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import BoundMethod, ClassValue, FunctionValue, Value
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


def template(text: str, pattern: re.Pattern[str]) -> tuple[str, dict[str, Schema]]:
    """A framework's path template as `/users/{id}`, with the schemas of its parameters.

    `pattern` finds one parameter and has the groups `name` and, where there may be one, `converter`. A converter of the
    project's own takes anything.
    """
    parameters: dict[str, Schema] = {}

    def parameter(match: re.Match[str]) -> str:
        converter = (match.groupdict().get("converter") or "str").partition("(")[0]
        parameters[match["name"]] = CONVERTERS.get(converter, Schema(unknown=Unknown("what a converter of its own takes")))
        return "{" + match["name"] + "}"

    return pattern.sub(parameter, text), parameters


def handler_of(endpoint: Value) -> FunctionValue | None:
    """The function that a reader would look for: behind `functools.wraps` and bound methods."""
    if isinstance(endpoint, BoundMethod):
        endpoint = endpoint.function
    return endpoint.original() if isinstance(endpoint, FunctionValue) else None


def view_methods(view: ClassValue, verbs: Iterable[str] = VERBS, prefix: str = "") -> dict[str, FunctionValue | None]:
    """The methods that a class answers by having functions named for them (`get`, with a prefix `on_get`), upper case.

    A function is None where the name is bound to something else.
    """
    found: dict[str, FunctionValue | None] = {}
    for verb in verbs:
        held = view.find(prefix + verb)
        if held is not None and held[1] is not None:
            found[verb.upper()] = handler_of(held[1])
    return found


def bare_operation(
    interpreter: Interpreter, placed: PlacedRoute, method: str, path: str, handler: FunctionValue | None,
    parameters: Mapping[str, Schema], operation_id: str | Unknown | None = None,
) -> Operation:  # fmt: skip
    """The operation of a route that declares a path and no more. `path` has its parameters as `{name}`."""
    route = placed.route
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
        raised=raised_statuses(interpreter, handler) if handler is not None else ("default",), reads_request=unread,
    )  # fmt: skip


def api_of(framework: str, listing: Listing, operations: Callable[[PlacedRoute], Iterable[Operation]]) -> Api:
    """The Api of an application, from a reader of its single routes."""
    router = listing.router
    found = tuple(operation for placed in listing.routes for operation in operations(placed))
    sources = {operation.location.path for operation in found} | {router.location.path}
    return Api(
        router.location.path, None, found, version=framework, unknowns=listing.unknowns, incomplete=listing.hole,
        location=router.location, sources=tuple(sorted(sources)), served=listing.served, elsewhere=listing.elsewhere,
    )  # fmt: skip

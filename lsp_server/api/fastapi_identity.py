"""The id that FastAPI, or the project's own `generate_unique_id_function`, gives a route."""

from __future__ import annotations

import re

from lsp_server.api.fastapi_placement import Placement
from lsp_server.api.model import Choice
from lsp_server.api.names import made_by
from lsp_server.api.routing import Route
from lsp_server.python.calls import call_value
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Argument, BoundMethod, EnumMember, External, FunctionValue, Instance, Method, Value
from lsp_server.unknown import Unknown

_ROUTE = External("fastapi.routing.APIRoute")
_CONVERTER = re.compile(r"\{([a-zA-Z_]\w*)(?::[a-zA-Z_]\w*)?\}")


def without_converters(path: str) -> str:
    """`/files/{rest:path}` as `/files/{rest}`."""
    return _CONVERTER.sub(r"{\1}", path)


def identity_of(interpreter: Interpreter, route: Route, own: Placement) -> str | Unknown:
    """The id of a route whose methods and path are known; `own` holds what the route itself says (`Placement.of_route`)."""
    given = route.options.get("operation_id")
    if given is not None:
        given = given.value if isinstance(given, EnumMember) else given
        return given if isinstance(given, str) else Unknown("an operation id computed at run time", route.location)
    if not isinstance(own.prefix, str):
        return own.prefix
    if not isinstance(route.methods, tuple):
        return route.methods
    name = route_name(route)
    path = without_converters(own.prefix).removeprefix(own.mount)
    # FastAPI makes the id from whichever method comes first in a set, and the order of a set changes from run to run.
    orders = [(first, *(each for each in route.methods if each != first)) for first in route.methods]
    orders.sort(key=lambda order: order[0] != "GET")
    maker = own.unique_ids[0] if own.unique_ids else None
    if maker is not None and made_by(maker) != "fastapi.Default":
        made = [_made_with(interpreter, maker, route, own, name, path, set(order) if len(order) == 1 else order) for order in orders]
    elif isinstance(name, Unknown):
        return name
    else:
        made = [re.sub(r"\W", "_", f"{name}{path}") + f"_{order[0].lower()}" for order in orders]
    values = tuple(dict.fromkeys(value for value in made if value is not None))
    if not values or None in made:
        return Unknown("an operation id computed at run time", route.location)
    return values[0] if len(values) == 1 else Choice("the operation id of a route with several methods", route.location, values=values)


def _made_with(
    interpreter: Interpreter, maker: Value, route: Route, own: Placement, name: Value, path: str, methods: Value
) -> str | None:
    """What the project's own function gives for a route with its methods in this order; None where that is not known."""
    place = route.location
    stand_in = Instance(_ROUTE, (), place)
    stand_in.attributes.update({
        "name": name, "path": path, "path_format": path, "tags": list(own.tags) if isinstance(own.tags, tuple) else own.tags,
        "methods": methods, "endpoint": route.endpoint, "operation_id": None, "summary": route.options.get("summary"),
        "deprecated": route.options.get("deprecated"), "include_in_schema": own.documented,
        "description": route.options.get("description"),
    })  # fmt: skip
    if isinstance(maker, FunctionValue):
        value, _ = interpreter.call_detached(maker, (Argument(None, stand_in, place),))
    else:
        value = call_value(interpreter, maker, (Argument(None, stand_in, place),), place)
    return value if isinstance(value, str) else None


def handler_function(endpoint: Value) -> FunctionValue | None:
    """The function whose signature and name FastAPI sees."""
    if isinstance(endpoint, BoundMethod):
        endpoint = endpoint.function
    if isinstance(endpoint, FunctionValue):
        return endpoint.original()
    return None


def route_name(route: Route) -> str | Unknown:
    """What FastAPI calls a route."""
    given = route.options.get("name")
    if isinstance(given, str) and given:
        return given
    if given is not None:
        return Unknown("a route's name", route.location)
    function = handler_function(route.endpoint)
    if function is not None:
        return function.name
    endpoint = route.endpoint
    if isinstance(endpoint, Instance) and not isinstance(endpoint.origin, External | Method):
        origin = endpoint.origin
        return getattr(origin, "name", None) or Unknown("a route's name", route.location)
    return Unknown("the name of a handler that is not known", route.location)

"""What Flask-RESTX and RESTPlus resources declare for their documentation: operation ids, hidden ones, answers.

Knows the decorators `doc`, `response`, `marshal_with`, `hide` and `deprecated`. A body or query that `expect` names is only
documented, not enforced, and a handler may read more: both stay unknown, and so are the shapes of answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lsp_server.api.bare import bare_operation, template, view_methods
from lsp_server.api.flask.names import PARAMETER
from lsp_server.api.model import Operation, Response
from lsp_server.api.names import status_code
from lsp_server.api.routing import Options, PlacedRoute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, FunctionValue, Instance, Method, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_FIRST = re.compile(r"(.)([A-Z][a-z]+)")
_REST = re.compile(r"([a-z0-9])([A-Z])")
_SHAPE = "the shape of an answer"


def read_documented(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    """The operations of a resource on one path."""
    path, parameters = template(placed.path, PARAMETER)
    route = placed.route
    assert isinstance(route.methods, tuple)
    handlers = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        handler = handlers.get(method)
        operation = bare_operation(interpreter, placed, method, path, handler, parameters)
        yield _declared(operation, route.view, handler) if handler is not None and route.view is not None else operation


def _declared(operation: Operation, resource: ClassValue, handler: FunctionValue) -> Operation:
    own = _calls(handler, None)
    around = _calls(resource, operation.method.lower())
    calls = [*own, *around]
    responses = dict(entry for name, options, place in calls for entry in _answers(name, options, place))
    shown = not any(name == "hide" or (name == "doc" and options.get("shortcut") is False) for name, options, _ in calls)
    return replace(
        operation, operation_id=_identity(operation, resource, calls), documented=shown,
        responses=tuple(responses.values()) if responses else operation.responses,
        deprecated=any(name == "deprecated" or (name == "doc" and options.get("deprecated") is True) for name, options, _ in calls),
    )  # fmt: skip


Call = tuple[str, Options, Location]


def _calls(target: FunctionValue | ClassValue, method: str | None) -> list[Call]:
    """The documentation decorators of a method, or those of a class with what they say of one method."""
    found: list[Call] = []
    for mark, place in target.decorators:
        called = mark.origin if isinstance(mark, Instance) else mark
        if not isinstance(called, Method):
            continue
        options = Options.of(mark.arguments, _ARGUMENTS.get(called.name, ())) if isinstance(mark, Instance) else Options.of(())
        if method is not None and called.name == "doc" and isinstance(inner := options.get(method), dict):
            found.append(("doc", Options({**inner}, {}), place))
        if method is None or called.name != "doc" or not isinstance(options.get("id"), str):
            found.append((called.name, options, place))
    return found


_ARGUMENTS = {"doc": ("shortcut",), "response": ("code", "description", "model"), "marshal_with": ("fields", "as_list", "code")}


def _identity(operation: Operation, resource: ClassValue, calls: list[Call]) -> str | Unknown:
    for name, options, place in calls:
        given = (options.get("id") or options.get("shortcut")) if name == "doc" and options.hidden is None else None
        if isinstance(given, str):
            return given
        if isinstance(given, Unknown):
            return Unknown(given.what, place)
    return f"{operation.method.lower()}_{_dashed(resource.name)}"


def _dashed(name: str) -> str:
    """`ChallengeList` as `challenge_list`."""
    return _REST.sub(r"\1_\2", _FIRST.sub(r"\1_\2", name)).lower()


def _answers(name: str, options: Options, place: Location) -> Iterator[tuple[str, Response]]:
    """The answers that a decorator states, by status."""
    if name == "doc":
        given = options.get("responses")
        for code, said in given.items() if isinstance(given, dict) else ():
            yield from _answer(code, said, place)
    elif name == "response":
        yield from _answer(options.get("code"), (options.get("description"), options.get("model")), place)
    elif name == "marshal_with":
        yield from _answer(options.get("code") or 200, options.get("description"), place)


def _answer(code: Value, said: Value, place: Location) -> Iterator[tuple[str, Response]]:
    status = code if code == "default" else status_code(code)
    if status is not None:
        text = said[0] if isinstance(said, tuple) and said else said
        description = text if isinstance(text, str) else None
        yield str(status), Response(str(status), description=description, location=place, unknown=Unknown(_SHAPE, place))

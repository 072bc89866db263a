"""What a handler's body and decorators show besides its signature: statuses it answers with, the request read by hand,
rate limits. Only the handler's own text is looked at, not what it calls: this widens what code may do, and proves no absence.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.names import is_class_of, made_by, status_code
from lsp_server.api.pydantic_classes import plain_type
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import FunctionValue, Instance, Method
from lsp_server.unknown import Unknown

# What of a request holds the client's input; the rest (`state`, `app`, `url_for`) is the server's own.
_INPUT = frozenset(("query_params", "headers", "cookies", "json", "body", "form", "stream", "scope", "receive"))
_LIMITERS = ("slowapi.Limiter", "slowapi.extension.Limiter", "flask_limiter.Limiter")


def raised_statuses(interpreter: Interpreter, function: FunctionValue) -> tuple[str, ...]:
    """Status codes in calls of exceptions and responses and in assignments to `status_code`, in order.

    "default" stands for one that is computed: the handler may answer with any.
    """
    found: dict[str, None] = {}
    for node in _nodes(function.body):
        value = None
        if node[0] == "call":
            value = _stated_status(node)
        elif node[0] == "assign" and any(target[0] == "attr" and target[4] == "status_code" for target in node[3]):
            value = node[4]
        if value is not None:
            code = status_code(interpreter.evaluate(value, function.scope))
            found["default" if code is None else str(code)] = None
    return tuple(found)


def _stated_status(call: Node) -> Node | None:
    """The argument that is a status: `status_code=`, or what an HTTP exception or a bare `Response` takes first or second."""
    _, _, _, callee, arguments, keywords = call
    for keyword in keywords:
        if keyword[0] == "status_code":
            return keyword[1]  # type: ignore[no-any-return]
    name = callee[3] if callee[0] == "name" else callee[4] if callee[0] == "attr" else ""
    if name.endswith("HTTPException") and arguments:
        return arguments[0]  # type: ignore[no-any-return]
    if name.endswith("Response") and len(arguments) > 1:
        return arguments[1]  # type: ignore[no-any-return]
    return None


def request_read_by_hand(interpreter: Interpreter, function: FunctionValue) -> Unknown | None:
    """Says so where a handler takes input from the request object, or hands the object on; else None."""
    request_names = {
        parameter.name
        for parameter in function.parameters
        if parameter.annotation is not None
        and is_class_of(plain_type(interpreter.annotation(parameter.annotation)), "fastapi.Request")
    }
    if not request_names:
        return None
    for node in _nodes(function.body):
        inner: list[Node] = []
        if node[0] == "attr" and node[4] in _INPUT:
            inner = [node[3]]
        elif node[0] == "call":
            inner = [*node[4], *(keyword[1] for keyword in node[5])]
        if any(each[0] == "name" and each[3] in request_names for each in inner):
            return Unknown("what a handler reads from the request by hand", function.name_location)
    return None


def rate_limit(function: FunctionValue) -> str | Unknown | None:
    """The limit that a decorator of a known limiter states."""
    for mark, place in function.decorators:
        call = mark.origin if isinstance(mark, Instance) else None
        if not isinstance(mark, Instance) or not isinstance(call, Method):
            continue
        if made_by(call.receiver) in _LIMITERS and call.name in ("limit", "shared_limit"):
            given = mark.argument("limit_value", 0)
            value = given.value if given is not None else None
            return value if isinstance(value, str) else Unknown("a rate limit computed at run time", place)
    return None


def _nodes(body: tuple[Node, ...]) -> Iterator[Node]:
    """Every statement and expression of a body, those of inner functions and classes left out."""
    stack: list[object] = list(reversed(body))
    while stack:
        node = stack.pop()
        if not isinstance(node, tuple) or not node:
            continue
        if node[0] in ("def", "class"):
            continue
        if isinstance(node[0], str) and len(node) > 2 and isinstance(node[1], int):
            yield node
        stack.extend(part for part in reversed(node) if isinstance(part, tuple))

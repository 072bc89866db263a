"""What a function's body calls, looked up without running it: the calls, and what the names in them mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import External, FunctionValue, Scope, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def makes(interpreter: Interpreter, function: FunctionValue, wanted: Callable[[Value], bool]) -> list[Location]:
    """Places in a function's own body where it calls a class of the wanted kind."""
    if function.constructions is None:  # Walking every body costs more than all that is asked of it.
        function.constructions = tuple(call for call in calls_in(function.body) if _looks_like_a_class(call[3]))
    return [
        interpreter.location(call, function.scope) for call in function.constructions if wanted(meant(interpreter, function, call[3]))
    ]


def _looks_like_a_class(callee: Node) -> bool:
    if callee[0] not in ("name", "attr"):
        return False
    last = callee[3] if callee[0] == "name" else callee[4]
    return bool(last[:1].isupper())


def meant(interpreter: Interpreter, function: FunctionValue, callee: Node, ours: bool = False) -> Value:
    """What a name or attribute in a function's body means, its own imports included.

    Modules of the workspace that only the body imports are looked into where `ours` asks for it.
    """
    value = interpreter.evaluate(callee, function.scope)
    if not isinstance(value, Unknown):
        return value
    imports = [node for node in nodes_in(function.body, ("import", "from")) if node[0] != "from" or all(name != "*" for name, _ in node[5])]
    scope = Scope(function.path, {}, function.scope)
    for node in imports:
        interpreter.statement(node, scope)
    if not ours:
        scope.names = {name: bound for name, bound in scope.names.items() if isinstance(bound, External)}
    return interpreter.evaluate(callee, scope) if scope.names else value


def calls_in(body: tuple[Node, ...]) -> Iterator[Node]:
    """The calls in a body, those of inner functions and classes left out."""
    return nodes_in(body, ("call",))


def nodes_in(body: tuple[Node, ...], kinds: tuple[str, ...]) -> Iterator[Node]:
    """The nodes of some kinds in a body, those of inner functions and classes left out."""
    stack: list[object] = list(reversed(body))
    while stack:
        node = stack.pop()
        if not isinstance(node, tuple) or not node:
            continue
        if node[0] == "def" or node[0] == "class":
            continue
        if node[0] in kinds and len(node) > 2 and isinstance(node[1], int):
            yield node
        stack.extend(part for part in reversed(node) if isinstance(part, tuple))

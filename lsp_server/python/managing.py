"""`with` statements: what entering and leaving a context of the workspace does around the body.

A generator under `contextlib.contextmanager` runs up to its `yield`, then the body, then the rest; a class by its
`__enter__` and `__exit__`. Contexts of other packages, and what happens when the body fails, are not followed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_server.python.calls import arguments_of
from lsp_server.python.lower import Node
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    Certainty,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Scope,
    Value,
)
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def with_(self: Interpreter, node: Node, scope: Scope) -> object:
    return _entered(self, node[3], node[4], scope)


def _entered(self: Interpreter, items: tuple[Node, ...], body: tuple[Node, ...], scope: Scope) -> object:
    """Run the body inside of the items' contexts; gives the body's signal."""
    if not items:
        return self.block(body, scope)
    value_node, target = items[0]
    if value_node[0] == "call" and _is_plain(value_node[3]):
        callee = self.evaluate(value_node[3], scope)
        if _is_manager(callee):
            return _around(self, callee, value_node, target, lambda: _entered(self, items[1:], body, scope), scope)
    value = self.evaluate(value_node, scope)
    entered = _own(self, value, ("__enter__", "__aenter__"), (), value_node, scope)
    if target is not None:
        self.assign(target, value if entered is None or isinstance(entered, Unknown) else entered, scope)
    signal = _entered(self, items[1:], body, scope)
    _own(self, value, ("__exit__", "__aexit__"), (None, None, None), value_node, scope)
    return signal


def _is_plain(node: Node) -> bool:
    """Whether an expression is names and attributes only: asking for it twice does nothing twice."""
    while node[0] == "attr":
        node = node[3]
    return bool(node[0] == "name")


def _is_manager(callee: Value) -> bool:
    function = callee.function if isinstance(callee, BoundMethod) else callee
    if not isinstance(function, FunctionValue) or function.sort != "generator":
        return False
    marks = [mark for mark, _ in function.decorators]
    return any(isinstance(mark, External) and mark.name == "contextlib.contextmanager" for mark in marks)


def _own(
    self: Interpreter, value: Value, names: tuple[str, ...], given: tuple[Value, ...], node: Node, scope: Scope
) -> Value:
    """Call a method that an object of a workspace class has; None where it has none."""
    if not isinstance(value, Instance) or not isinstance(value.origin, ClassValue):
        return None
    found = next(filter(None, map(value.origin.find, names)), None)
    if found is None or not isinstance(found[1], FunctionValue):
        return None
    place = self.location(node, scope)
    return self.call(found[1], tuple(Argument(None, each, place) for each in (value, *given)), place)


def _around(
    self: Interpreter, manager: Value, node: Node, target: Node | None, inside: Callable[[], object], scope: Scope
) -> object:
    """Run a generator, and the body where it yields; behind it where it seems not to."""
    location = self.location(node, scope)
    given = arguments_of(self, node, scope)
    if isinstance(manager, BoundMethod):
        given, manager = (Argument(None, manager.receiver, location), *given), manager.function
    before = (self.certainty, self.condition)
    outcome: list[tuple[object, Certainty, Unknown | None]] = []

    def body(value: Value) -> None:
        if outcome:
            return  # Another branch of the generator: only one of its yields happens.
        saved = (self.certainty, self.condition)
        self.certainty, self.condition = before
        if target is not None:
            self.assign(target, value, scope)
        signal = inside()
        outcome.append((signal, self.certainty, self.condition))
        self.certainty, self.condition = saved

    self.call(manager, given, location, body)
    if not outcome:
        body(Unknown("what a context gives", location))
    signal, self.certainty, self.condition = outcome[0]
    return signal

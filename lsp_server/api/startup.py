"""Routes that an application gets when it starts: by its lifespan, or by handlers of the event `startup`.

Of such a function only those statements are run that hand the application on or call a method of it: the others open
connections and the like, which is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lsp_server.api.bodies import calls_in
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, BoundMethod, Event, FunctionValue, Instance, Value

Feed = Callable[[Iterable[Event]], None]

_DEEPEST = 5
_BINDING = ("import", "from", "assign", "annassign")
_QUIET = frozenset(("state", "dependency_overrides", "middleware", "add_middleware", "extra"))


def run_startup(interpreter: Interpreter, application: Instance, handlers: Iterable[Value], feed: Feed) -> None:
    """Run what the handlers do to the application, each with it as its argument where it takes one."""
    for handler in handlers:
        before: tuple[Value, ...] = ()
        if isinstance(handler, BoundMethod):
            before, handler = (handler.receiver,), handler.function
        if isinstance(handler, FunctionValue):
            _Start(interpreter, application, feed).run(handler.original(), before, 0)


class _Start:
    """One start of one application."""

    def __init__(self, interpreter: Interpreter, application: Instance, feed: Feed) -> None:
        self.interpreter = interpreter
        self.application = application
        self.feed = feed

    def run(self, function: FunctionValue, before: tuple[Value, ...], depth: int) -> None:
        """Run the statements that touch the application; what is only handed on is followed as if it were called alone."""
        taken = function.parameters[len(before) :]
        arguments = (*before, self.application) if taken else before
        parameter = taken[0].name if taken else None
        body: list[Node] = []
        touched = False
        for node in _flat(function.body):
            if node[0] in ("def", "class") or not self._touches(node, function, parameter):
                body.extend([node] if node[0] in _BINDING else [])
                continue
            inner = self._handed_to(node, function, parameter) if depth < _DEEPEST else None
            if inner is not None:
                self.run(inner.original(), (), depth + 1)
                continue
            body.append(node)
            touched = True
        if touched:
            # A generator does all this before it yields.
            plain = replace(function, sort="function", wrapped=None, body=tuple(body))
            place = function.location
            _, events = self.interpreter.call_detached(plain, tuple(Argument(None, value, place) for value in arguments))
            self.feed(events)

    def _is_application(self, node: Node, function: FunctionValue, parameter: str | None) -> bool:
        if node[0] != "name":
            return False
        return node[3] == parameter or self.interpreter.evaluate(node, function.scope) is self.application

    def _touches(self, statement: Node, function: FunctionValue, parameter: str | None) -> bool:
        for call in calls_in((statement,)):
            callee = call[3]
            if callee[0] == "attr" and callee[4] not in _QUIET and self._is_application(callee[3], function, parameter):
                return True
            given = (*call[4], *(value for _, value, *_ in call[5]))
            if any(self._is_application(node, function, parameter) for node in given):
                return True
        return False

    def _handed_to(self, statement: Node, function: FunctionValue, parameter: str | None) -> FunctionValue | None:
        """The workspace's function that a statement calls with the application and nothing else."""
        call: Node = statement[3] if statement[0] == "expr" else statement
        call = call[3] if call[0] == "await" else call
        if call[0] != "call" or call[5] or len(call[4]) != 1 or not self._is_application(call[4][0], function, parameter):
            return None
        callee = self.interpreter.evaluate(call[3], function.scope)
        return callee if isinstance(callee, FunctionValue) else None


def _flat(body: Iterable[Node]) -> Iterator[Node]:
    """Statements, those inside `with` and `try` among them."""
    for node in body:
        if node[0] == "with":
            yield from _flat(node[4])
        elif node[0] == "try":
            yield from _flat((*node[3], *node[5], *node[6]))
        else:
            yield node

"""Functions that put routes on an application and that nobody in the workspace calls, because a command line, a server or a
registry of plug-ins does: `def main(): app.register_blueprint(...)`, `def init_routes(app): ...`.

Knows which functions to run and with what; what the calls in them mean is the framework's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lsp_server.api.discovery import Feed, calls_any
from lsp_server.api.principal import place_beside
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, Certainty, Event, FunctionValue, Instance
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_GENERATIONS = 3  # a command that calls a starter that calls a registrar


def call_registrars(
    interpreter: Interpreter, candidates: Iterable[str], feed: Feed, methods: frozenset[str], heard: set[Location]
) -> list[FunctionValue]:
    """Run the functions whose calls of `methods` were not heard yet: those that know the application, then callers of the rest.

    `heard` is filled by `feed` with the places of the calls. Gives the functions that remain: they want an application that
    nobody gives them.
    """
    functions = [each for path in sorted(set(candidates)) if place_beside(path) is None for each in _functions(interpreter, path)]
    for function in functions:
        calls = _unheard(interpreter, function, methods, heard)
        if any(root not in _parameters(function) for root in calls):
            feed(_followed(interpreter.call_detached(function)[1]))
    waiting = [each for each in functions if _unheard(interpreter, each, methods, heard)]
    called = waiting
    for _ in range(_GENERATIONS):
        called = [each for each in functions if called and each not in waiting and calls_any(interpreter, each, called)]
        for caller in called:
            feed(_followed(interpreter.call_detached(caller)[1]))
    return [each for each in waiting if _unheard(interpreter, each, methods, heard)]


def _followed(events: Iterable[Event]) -> list[Event]:
    """What is given to a parameter that nobody passes (`app.register_blueprint(ours)`) is not given away: others pass it."""
    return [event for event in events if not isinstance(event.callee, Unknown)]


def offer(
    interpreter: Interpreter, functions: Iterable[FunctionValue], feed: Feed, application: Instance,
    takes: Callable[[FunctionValue, str], bool],
) -> None:  # fmt: skip
    """Run functions with the one application that they can mean. That somebody does so is not proved: what they do is doubtful.

    `takes` says whether a function's parameter is for an application.
    """
    for function in functions:
        names = [parameter.name for parameter in function.parameters if takes(function, parameter.name)]
        if len(names) != 1:
            continue
        events = interpreter.call_detached(function, (Argument(names[0], application, function.location),))[1]
        for event in events:
            _doubt(event, function)
        feed(events)


def _doubt(event: Event, function: FunctionValue) -> None:
    if event.certainty is not Certainty.CONDITIONAL:
        event.certainty = Certainty.CONDITIONAL
        event.condition = Unknown(f"who calls `{function.name}`", function.name_location)


def _functions(interpreter: Interpreter, path: str) -> list[FunctionValue]:
    """The functions at a module's top level."""
    execution = interpreter.run(path)
    return [each for each in execution.functions if each.owner is None and each.scope is execution.scope]


def _parameters(function: FunctionValue) -> set[str]:
    return {parameter.name for parameter in function.parameters}


def _unheard(interpreter: Interpreter, function: FunctionValue, methods: frozenset[str], heard: set[Location]) -> list[str]:
    """The first names of `name.method(...)` for the calls in a function that nobody heard of: of what is called there."""
    places = [(root, interpreter.location(call, function.scope)) for root, call in _calls(function.body, methods)]
    return [] if any(place in heard for _, place in places) else [root for root, _ in places]


def _calls(body: tuple[Node, ...], methods: frozenset[str]) -> Iterator[tuple[str, Node]]:
    """Calls of the methods in a body, decorators of inner functions among them, with the name that each begins with."""
    stack: list[object] = list(reversed(body))
    while stack:
        node = stack.pop()
        if not isinstance(node, tuple) or not node:
            continue
        if node[0] == "def" and len(node) > 8:
            stack.extend(reversed(node[7]))
            continue
        if node[0] == "class":
            continue
        if node[0] == "call" and node[3][0] == "attr" and node[3][4] in methods:
            owner = node[3][3]
            while owner[0] == "attr":
                owner = owner[3]
            yield (owner[3] if owner[0] == "name" else ""), node
        stack.extend(part for part in reversed(node) if isinstance(part, tuple))

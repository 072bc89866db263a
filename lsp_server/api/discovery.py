"""Running a program as far as its routes need it: the candidate modules, then the factories that nobody calls.

Every framework's reader does the same first steps: run the modules, look at every event once and in order, and run those
functions that make an application and that no module calls (`create_app`). What an event means is the reader's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, Event, FunctionValue, Instance, Value
from lsp_server.text import Location

Feed = Callable[[Iterable[Event]], None]
Wanted = Callable[[Value], bool]


def discover(
    interpreter: Interpreter, candidates: Iterable[str], feed: Feed, wanted: Sequence[Wanted], made: Callable[[], set[Location]]
) -> None:
    """Give `feed` all events of the candidates and of what they import, then those of factories that nobody calls.

    `wanted` are tests for the classes whose objects are looked for, the most important first; `made` gives the places where
    objects of them are known to be made.
    """
    paths = sorted(set(candidates))
    for path in paths:
        interpreter.run(path)
    fed: set[str] = set()
    _feed_new(interpreter, feed, fed)
    _call_uncalled(interpreter, paths, feed, wanted, made)
    _feed_new(interpreter, feed, fed)


def _feed_new(interpreter: Interpreter, feed: Feed, fed: set[str]) -> None:
    while True:
        new = [execution for path, execution in list(interpreter.executions.items()) if path not in fed]
        if not new:
            return
        for execution in new:
            fed.add(execution.path)
            feed(execution.events)


def _call_uncalled(
    interpreter: Interpreter, paths: list[str], feed: Feed, wanted: Sequence[Wanted], made: Callable[[], set[Location]]
) -> None:
    """Run functions and constructors that make what is wanted and that no module calls."""
    seen = made()
    for test in wanted:
        for path in paths:
            for function in list(interpreter.run(path).functions):
                if function.owner is not None and function.name != "__init__":
                    continue
                places = _makes(interpreter, function, test)
                if not places or any(place in seen for place in places):
                    continue
                arguments: tuple[Argument, ...] = ()
                if function.owner is not None:
                    self_value = Instance(function.owner, (), function.location)
                    arguments = (Argument(None, self_value, function.location),)
                _, events = interpreter.call_detached(function, arguments)
                feed(events)
                seen |= made()


def _makes(interpreter: Interpreter, function: FunctionValue, wanted: Wanted) -> list[Location]:
    """Places in a function's own body where it calls a class of the wanted kind."""
    places: list[Location] = []
    for call in _calls(function.body):
        callee = call[3]
        if callee[0] not in ("name", "attr"):
            continue
        last = callee[3] if callee[0] == "name" else callee[4]
        if last[:1].isupper() and wanted(interpreter.evaluate(callee, function.scope)):
            places.append(interpreter.location(call, function.scope))
    return places


def _calls(body: tuple[Node, ...]) -> Iterator[Node]:
    stack: list[object] = list(reversed(body))
    while stack:
        node = stack.pop()
        if not isinstance(node, tuple) or not node:
            continue
        if node[0] == "def" or node[0] == "class":
            continue
        if node[0] == "call":
            yield node
        stack.extend(part for part in reversed(node) if isinstance(part, tuple))

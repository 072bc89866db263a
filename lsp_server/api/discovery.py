"""Running a program as far as its routes need it: the candidate modules, then the factories that nobody calls.

Every framework's reader does the same first steps: run the modules, look at every event once and in order, and run those
functions that make an application and that no module calls (`create_app`). What an event means is the reader's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, Event, External, FunctionValue, Instance, Scope, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

Feed = Callable[[Iterable[Event]], None]
Wanted = Callable[[Value], bool]


def discover(
    interpreter: Interpreter, candidates: Iterable[str], feed: Feed, wanted: Sequence[Wanted], made: Callable[[], set[Location]]
) -> set[str]:
    """Give `feed` all events of the candidates and of what they import, then those of factories that nobody calls.

    `wanted` are tests for the classes whose objects are looked for, the most important first; `made` gives the places where
    objects of them are known to be made. Gives the modules whose events were fed, for `feed_new`.
    """
    paths = sorted(set(candidates))
    for path in paths:
        interpreter.run(path)
    fed: set[str] = set()
    feed_new(interpreter, feed, fed)
    _call_uncalled(interpreter, paths, feed, wanted, made)
    feed_new(interpreter, feed, fed)
    return fed


def feed_new(interpreter: Interpreter, feed: Feed, fed: set[str]) -> None:
    """Give `feed` the events of modules that ran since, and note them in `fed`."""
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


def call_callers(
    interpreter: Interpreter, candidates: Iterable[str], feed: Feed, unfinished: Callable[[], set[Location]]
) -> None:
    """Run the functions that call a factory with what the factory itself does not know: `def start(): create_app(prefix="")`.

    `unfinished` gives the places of objects that are not understood without their factory's arguments; callers of callers
    are only run while there are such.
    """
    places = unfinished()
    functions = [each for path in sorted(set(candidates)) for each in list(interpreter.run(path).functions)] if places else []
    factories = [each for each in functions if any(_holds(each.location, place) for place in places)]
    tried = {id(each) for each in factories}
    for _ in range(_GENERATIONS):
        if not factories or not unfinished():
            break
        callers = [each for each in functions if id(each) not in tried and _calls_any(interpreter, each, factories)]
        for caller in callers[:_CALLERS]:
            tried.add(id(caller))
            _, events = interpreter.call_detached(caller)
            feed(events)
        factories = callers


_CALLERS = 20  # a test suite may call a factory a hundred times
_GENERATIONS = 3  # a command that calls a starter that calls a factory


def _holds(outer: Location, inner: Location) -> bool:
    return outer.path == inner.path and outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def _calls_any(interpreter: Interpreter, function: FunctionValue, wanted: Sequence[FunctionValue]) -> bool:
    """Whether a function's body calls one of the wanted."""
    if function.owner is not None:
        return False
    names = {each.name for each in wanted}
    for call in calls_in(function.body):
        callee = call[3]
        if callee[0] in ("name", "attr") and (callee[3] if callee[0] == "name" else callee[4]) in names:
            value = _meant(interpreter, function, callee, ours=True)
            if any(value is each for each in wanted):
                return True
    return False


def _makes(interpreter: Interpreter, function: FunctionValue, wanted: Wanted) -> list[Location]:
    """Places in a function's own body where it calls a class of the wanted kind."""
    places: list[Location] = []
    for call in calls_in(function.body):
        callee = call[3]
        if callee[0] not in ("name", "attr"):
            continue
        last = callee[3] if callee[0] == "name" else callee[4]
        if last[:1].isupper() and wanted(_meant(interpreter, function, callee)):
            places.append(interpreter.location(call, function.scope))
    return places


def _meant(interpreter: Interpreter, function: FunctionValue, callee: Node, ours: bool = False) -> Value:
    """What a name or attribute in a function's body means, its own imports included.

    Modules of the workspace that only the body imports are looked into where `ours` asks for it.
    """
    value = interpreter.evaluate(callee, function.scope)
    if not isinstance(value, Unknown):
        return value
    imports = [node for node in _nodes(function.body, ("import", "from")) if node[0] != "from" or all(name != "*" for name, _ in node[5])]
    scope = Scope(function.path, {}, function.scope)
    for node in imports:
        interpreter.statement(node, scope)
    if not ours:
        scope.names = {name: bound for name, bound in scope.names.items() if isinstance(bound, External)}
    return interpreter.evaluate(callee, scope) if scope.names else value


def calls_in(body: tuple[Node, ...]) -> Iterator[Node]:
    """The calls in a body, those of inner functions and classes left out."""
    return _nodes(body, ("call",))


def _nodes(body: tuple[Node, ...], kinds: tuple[str, ...]) -> Iterator[Node]:
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

"""Running a program as far as its routes need it: the candidate modules, then the factories that nobody calls.

Every framework's reader does the same first steps: run the modules, look at every event once and in order, and run those
functions that make an application and that no module calls (`create_app`). What an event means is the reader's business.
Where programs begin besides (`if __name__ == "__main__"`, methods) is in `starting_points.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lsp_server.api.bodies import calls_in, makes, meant
from lsp_server.api.starting_points import run_main_blocks, run_methods, run_users
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Argument, Event, FunctionValue, Instance, Value
from lsp_server.text import Location

Feed = Callable[[Iterable[Event]], None]
Wanted = Callable[[Value], bool]


def discover(
    interpreter: Interpreter, candidates: Iterable[str], feed: Feed, wanted: Sequence[Wanted], made: Callable[[], set[Location]],
    scripts: bool = False, users: bool = False,
) -> set[str]:  # fmt: skip
    """Give `feed` all events of the candidates and of what they import, then those of factories that nobody calls.

    `wanted` are tests for the classes whose objects are looked for, the most important first; `made` gives the places where
    objects of them are known to be made. `scripts`: the framework's programs begin in main blocks and in objects that hold
    the application; `users`: in functions that put something on an application and that nobody calls, too. Gives the modules whose events
    were fed, for `feed_new`.
    """
    paths = sorted(set(candidates))
    for path in paths:
        interpreter.run(path)
    fed: set[str] = set()
    seen: set[Location] = set()

    def noted(events: Iterable[Event]) -> None:
        happened = list(events)
        seen.update(event.location for event in happened)
        feed(happened)

    feed_new(interpreter, noted, fed)
    if scripts:
        run_main_blocks(interpreter, paths, noted, wanted, made)
    _call_uncalled(interpreter, paths, noted, wanted, made)
    if scripts:
        run_methods(interpreter, paths, noted, wanted)
    if users:
        run_users(interpreter, paths, noted, wanted, seen)
    feed_new(interpreter, noted, fed)
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
                places = makes(interpreter, function, test)
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
    factories = [each for each in functions if any(holds(each.location, place) for place in places)]
    tried = {id(each) for each in factories}
    for _ in range(_GENERATIONS):
        if not factories or not unfinished():
            break
        callers = [each for each in functions if id(each) not in tried and calls_any(interpreter, each, factories)]
        for caller in callers[:_CALLERS]:
            tried.add(id(caller))
            _, events = interpreter.call_detached(caller)
            feed(events)
        factories = callers


_CALLERS = 20  # a test suite may call a factory a hundred times
_GENERATIONS = 3  # a command that calls a starter that calls a factory


def holds(outer: Location, inner: Location) -> bool:
    """Whether a place lies inside of another."""
    return outer.path == inner.path and outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def calls_any(interpreter: Interpreter, function: FunctionValue, wanted: Sequence[FunctionValue]) -> bool:
    """Whether a function's body calls one of the wanted."""
    if function.owner is not None:
        return False
    names = {each.name for each in wanted}
    for call in calls_in(function.body):
        callee = call[3]
        if callee[0] in ("name", "attr") and (callee[3] if callee[0] == "name" else callee[4]) in names:
            value = meant(interpreter, function, callee, ours=True)
            if any(value is each for each in wanted):
                return True
    return False

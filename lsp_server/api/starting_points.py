"""Where programs begin besides their modules' top level: `if __name__ == "__main__"`, and objects that hold an application.

A main block runs if it leads to an application: makes one, uses one, or calls a function of the workspace that does. A class
that makes an application in one of its methods is made for once, and those of its methods run that lead there or go on with
what is made, and that no other of them calls. Functions that put something on an application of their module and that nobody
calls run too: a server, a command or an event may call them, but who knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lsp_server.api.bodies import calls_in, makes, meant, nodes_in
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, Certainty, ClassValue, Event, FunctionValue, Instance, Specialized, Value
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

Feed = Callable[[Iterable[Event]], None]
Wanted = Callable[[Value], bool]

_DEEPEST = 3  # functions behind a main block that are looked into


def run_main_blocks(
    interpreter: Interpreter, paths: Sequence[str], feed: Feed, wanted: Sequence[Wanted], made: Callable[[], set[Location]]
) -> None:
    """Run what a module does as a script, where it leads to what is wanted."""
    for path in paths:
        for body in _main_blocks(interpreter.program.load(path).body):
            place = Location(path, Span(body[0][1], body[-1][2]))
            block = FunctionValue("__main__", path, place, place, (), None, body, interpreter.run(path).scope, qualname="__main__")
            if any(_leads(interpreter, block, test, made(), _DEEPEST) for test in wanted):
                _, events = interpreter.call_detached(block)
                feed(events)


_MAIN = (("name", "__name__"), ("const", "__main__"))


def _main_blocks(body: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    for statement in body:
        if statement[0] != "if" or statement[3][0] != "compare" or not statement[4]:
            continue
        sides = [statement[3][3], *statement[3][5]]
        asked, compared = (any(side[0] == kind and side[3] == word for side in sides) for kind, word in _MAIN)
        if asked and compared:
            yield statement[4]


def _leads(interpreter: Interpreter, function: FunctionValue, wanted: Wanted, made: set[Location], depth: int) -> bool:
    """Whether a body makes what is wanted, uses what is made, or calls what does so."""
    if makes(interpreter, function, wanted):
        return True
    for name in nodes_in(function.body, ("name",)):
        held = function.scope.find(name[3])
        value = held.names[name[3]] if held is not None else None
        if isinstance(value, Instance) and value.location in made and wanted(_class_of(value)):
            return True
    for call in calls_in(function.body) if depth else ():
        if call[3][0] in ("name", "attr"):
            callee = meant(interpreter, function, call[3], ours=True)
            for inner in _bodies(callee):
                if inner is not function and _leads(interpreter, inner, wanted, made, depth - 1):
                    return True
    return False


def _bodies(callee: Value) -> list[FunctionValue]:
    if isinstance(callee, FunctionValue):
        return [callee]
    return list(_methods(callee).values()) if isinstance(callee, ClassValue) else []


def _methods(cls: ClassValue) -> dict[str, FunctionValue]:
    """The plain methods that a class's own body defines."""
    return {
        name: value for name, value in cls.names.items()
        if isinstance(value, FunctionValue) and value.kind == "plain" and value.owner is cls
    }  # fmt: skip


def _class_of(value: Instance) -> Value:
    return value.origin.origin if isinstance(value.origin, Specialized) else value.origin


def run_methods(interpreter: Interpreter, paths: Sequence[str], feed: Feed, wanted: Sequence[Wanted]) -> None:
    """Run the methods, constructors apart, of classes whose objects make what is wanted and keep it."""
    for test in wanted:
        for path in paths:
            owners = [each.owner for each in list(interpreter.run(path).functions) if each.owner is not None]
            for owner in dict.fromkeys(owners):
                makers = {name for name, method in _methods(owner).items() if makes(interpreter, method, test)}
                if makers:
                    _run_object(interpreter, owner, makers, feed, test)


def _run_object(interpreter: Interpreter, owner: ClassValue, makers: set[str], feed: Feed, wanted: Wanted) -> None:
    value = Instance(owner, (), owner.location)
    me = (Argument(None, value, owner.location),)
    methods = _methods(owner)
    events: list[Event] = []
    if (constructor := methods.pop("__init__", None)) is not None:
        _, events = interpreter.call_detached(constructor, me)
    kept = {name for name, held in value.attributes.items() if isinstance(held, Instance) and wanted(_class_of(held))}
    relevant = {name for name, method in methods.items() if name in makers or _goes_on(method, kept)}
    calls = {name: _own_calls(method) & methods.keys() for name, method in methods.items()}
    while more := {name for name, called in calls.items() if called & relevant} - relevant:
        relevant |= more
    by_constructor = _own_calls(constructor) if constructor is not None else set()
    called = by_constructor.union(*(calls[name] - {name} for name in relevant))
    starts = [name for name in methods if name in relevant - called]
    if starts or by_constructor & relevant:
        feed(events)
    for name in starts:
        _, events = interpreter.call_detached(methods[name], me)
        feed(events)


def make_own_kinds(
    interpreter: Interpreter, paths: Iterable[str], feed: Feed, wanted: Wanted, made: Iterable[Instance]
) -> frozenset[Location]:
    """Make one object of each class of the workspace that is a kind of what is wanted and of which nobody makes one.

    Whoever makes it stands in a file that says nothing of the framework: `from ours import Application`. Gives the places
    where they are made: one that holds nothing is none, but a class for others to build on.
    """
    places = set()
    known = {base for value in made if isinstance(cls := _class_of(value), ClassValue) for base in cls.lineage()}
    for path in sorted(set(paths)):
        for cls in list(interpreter.run(path).classes):
            outer = cls.scope.parent
            if cls in known or outer is None or not wanted(cls) or not isinstance(cls.names.get("__init__"), FunctionValue):
                continue
            known.update(cls.lineage())
            start, end = cls.name_location.span
            call: Node = ("expr", start, end, ("call", start, end, ("name", start, end, cls.name), (), ()))
            maker = FunctionValue("__main__", path, cls.name_location, cls.name_location, (), None, (call,), outer, qualname="__main__")
            _, events = interpreter.call_detached(maker)
            feed(events)
            places.add(cls.name_location)
    return frozenset(places)


def run_users(interpreter: Interpreter, paths: Sequence[str], feed: Feed, wanted: Sequence[Wanted], seen: set[Location]) -> None:
    """Run functions that put something on an application of their module, of which nothing happened yet.

    `seen` are the places of the calls that happened. What these functions do is conditional.
    """
    for path in paths:
        names = interpreter.run(path).scope.names
        kept = {
            name for name, value in names.items()
            if isinstance(value, Instance) and any(test(_class_of(value)) for test in wanted)
        }  # fmt: skip
        for function in list(interpreter.run(path).functions) if kept else ():
            if function.owner is not None or function.scope.parent is not None or function.name.startswith("test"):
                continue
            places = [interpreter.location(call, function.scope) for call in calls_in(function.body) if _puts_on(call, kept)]
            if places and seen.isdisjoint(places):
                _, events = interpreter.call_detached(function)
                feed(_doubted(event, function) for event in events)


def _puts_on(call: Node, names: set[str]) -> bool:
    node, putting = call[3], False
    while node[0] == "attr":
        putting = putting or node[4].startswith(_PUTTING)
        node = node[3]
    return putting and node[0] == "name" and node[3] in names


def _doubted(event: Event, function: FunctionValue) -> Event:
    if event.certainty in (Certainty.CERTAIN, Certainty.CONFIGURED):
        event.certainty = Certainty.CONDITIONAL
        event.condition = Unknown(f"whether `{function.name}` is called", function.name_location)
    return event


def _own_calls(method: FunctionValue) -> set[str]:
    """Names of the methods that a method calls on its own object."""
    return {call[3][4] for call in calls_in(method.body) if call[3][0] == "attr" and _is_own(call[3][3], method)}


def _is_own(node: Node, method: FunctionValue) -> bool:
    return bool(node[0] == "name" and method.parameters and node[3] == method.parameters[0].name)


# Beginnings of the names of methods that put something on an application.
_PUTTING = ("add_", "include_", "register", "mount", "route", "host")


def _goes_on(method: FunctionValue, kept: set[str]) -> bool:
    """Whether a method puts something on what its object keeps, or hands it on."""
    for call in calls_in(method.body):
        if any(_keeps(argument, method, kept) for argument in call[4]):
            return True
        node, putting = call[3], False
        while node[0] == "attr":
            if putting and _keeps(node, method, kept):
                return True
            putting = putting or node[4].startswith(_PUTTING)
            node = node[3]
    return False


def _keeps(node: Node, method: FunctionValue, kept: set[str]) -> bool:
    return bool(node[0] == "attr" and node[4] in kept and _is_own(node[3], method))

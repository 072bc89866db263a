"""What the statements of the workspace would do if they ran, as far as the text tells.

An abstract interpreter: it binds names, makes classes, calls the workspace's own functions, unrolls loops over known
values and writes down every call of something outside the workspace as an `Event`. Nothing is executed: no import, no
`eval`, no attribute of a real object. Where the text does not tell, the value is `Unknown` and both branches are walked.
Work is bounded by steps and depth. Frameworks are not known here.
"""

from __future__ import annotations

import os.path
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lsp_server.python import expressions
from lsp_server.python.inherit import Marks, marks_of
from lsp_server.python.lower import Node
from lsp_server.python.program import Program
from lsp_server.python.values import (
    NATIVE,
    Annotation,
    Argument,
    BoundMethod,
    Certainty,
    ClassValue,
    EnumMember,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Parameter,
    Scope,
    Specialized,
    Super,
    TypeVariable,
    UnknownText,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

STEPS = 60_000  # statements and calls while one module runs; the largest real factories need some ten thousand
DEPTH = 30  # nested calls of workspace functions
LOOP = 2_000  # rounds of one loop
RECURSION = 30_000  # our own frames: a chain of imports of a real application is some thousand deep


class Exhausted(Exception):
    """A module needs more work than we are willing to do; what is known until then stays."""


@dataclass(eq=False, slots=True)
class Imported:
    """A name bound by an import, not looked at yet. `member` is None for `import module`.

    `dotted` is the name as it was written, for a module of the workspace that turns out not to be the one meant.
    """

    path: str
    member: str | None
    dotted: str | None = None


@dataclass(eq=False, slots=True)
class Execution:
    """What running one module's top level would do. `reads` are the other modules it looked into, `ran` those of them that
    it looked into while it ran itself, in order.

    For `inherit.py`: `late` are imports that others looked up in it; `entangled`: it ran in a circle, or under answers for
    the outside world; `marks` say what its values held when it ended, where somebody may want to keep it.
    """

    path: str
    scope: Scope
    events: list[Event] = field(default_factory=list)
    classes: list[ClassValue] = field(default_factory=list)
    functions: list[FunctionValue] = field(default_factory=list)
    unknowns: list[Unknown] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    done: set[int] = field(default_factory=set)  # indexes of top-level statements that ran
    state: str = "new"  # "new", "running", "done"
    ran: dict[str, None] = field(default_factory=dict)
    late: list[tuple[Scope, str, Imported]] = field(default_factory=list)
    entangled: bool = False
    marks: Marks | None = None


@dataclass(slots=True)
class _Return:
    value: Value


_BREAK, _CONTINUE, _RAISE = "break", "continue", "raise"


@dataclass(slots=True)
class _Frame:
    """One running call: values that it may return besides the certain one."""

    function: FunctionValue | None
    possible: list[Value] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    certainty: Certainty = Certainty.CERTAIN  # when the call began


UNANSWERED = object()


class Outside(Protocol):
    """What somebody who knows a framework says about the world outside the workspace; UNANSWERED: nothing to say."""

    def called(self, event: Event) -> Value:
        """A call is written down: what it gives."""

    def attribute(self, receiver: Value, name: str) -> Value:
        """An attribute of another package's object: what it holds."""


class Interpreter:
    """Runs modules on demand, each once. Its executions are only valid for the program they were made from.

    `outside`, when set, answers for other packages' objects; answers are only sought where nothing else is known.
    `lasting`: its executions may be kept for the next program (see `inherit.py`); `kept` are those of the last one.
    """

    def __init__(self, program: Program, lasting: bool = False, kept: Mapping[str, Execution] | None = None) -> None:
        self.program = program
        self.lasting = lasting
        self.kept = dict(kept or {})
        self.lent: list[tuple[dict[str, Value], str]] = []
        self._seen: dict[int, Value] = {}
        self.outside: Outside | None = None
        self.executions: dict[str, Execution] = {}
        self.certainty = Certainty.CERTAIN
        self.condition: Unknown | None = None
        self.touched_settings = False
        self.calls: list[Location] = []
        self._stack: list[Execution] = []
        self.guards = 0  # running `try` statements whose handlers go on
        self._frames: list[_Frame] = []
        self._steps = 0

    # Modules

    def run(self, path: str) -> Execution:
        """The execution of a module; of a half-run one where modules import each other."""
        execution = self.executions.get(path)
        if execution is None and path in self.kept:
            self._revive(path)
            execution = self.executions[path]
        if execution is None:
            execution = self.executions[path] = Execution(path, Scope(path), entangled=self.outside is not None)
            execution.scope.names["__name__"] = self.program.module_name(path)
            execution.scope.names["__file__"] = Unknown("the place of a file at run time")
        if self._stack and self._stack[-1] is not execution:
            self._stack[-1].reads.add(path)
            self._stack[-1].ran[path] = None
        if execution.state == "new":
            execution.state = "running"
            self._isolated(execution, self._run_all)
            execution.state = "done"
            if self.lasting and not execution.entangled:
                execution.marks = marks_of(execution, self._seen)
        elif execution.state == "running" and self._stack and self._stack[-1] is not execution:
            for inner in self._stack[self._stack.index(execution) if execution in self._stack else 0 :]:
                inner.entangled = True
        return execution

    def _revive(self, path: str) -> None:
        """Let a kept execution take part, and after it what it ran itself, in that order."""
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if path in self.executions:
                continue
            execution = self.executions[path] = self.kept.pop(path)
            waiting.extend(reversed(execution.ran))

    def _run_all(self, execution: Execution) -> None:
        for index, statement in enumerate(self.program.load(execution.path).body):
            if index not in execution.done:
                execution.done.add(index)
                self.statement(statement, execution.scope)

    def _isolated(self, execution: Execution, work: Callable[[Execution], None]) -> None:
        """Do work on behalf of a module: its own certainty, budget and event list."""
        saved = (self.certainty, self.condition, self._steps, self._frames, self.calls, self.touched_settings, self.guards)
        self.certainty, self.condition, self._steps, self._frames, self.calls = Certainty.CERTAIN, None, 0, [], []
        self.touched_settings, self.guards = False, 0
        self._stack.append(execution)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        try:
            work(execution)
        except Exhausted:
            execution.unknowns.append(Unknown("a module that does too much work when it is imported", _top(execution.path)))
        except RecursionError:
            execution.unknowns.append(Unknown("a module that is nested too deeply", _top(execution.path)))
        finally:
            sys.setrecursionlimit(limit)
            self._stack.pop()
            self.certainty, self.condition, self._steps, self._frames, self.calls, self.touched_settings, self.guards = saved

    def call_detached(self, function: FunctionValue, arguments: tuple[Argument, ...] = ()) -> tuple[Value, list[Event]]:
        """Call a function that no module calls (a factory, a migration step): its result and its events."""
        execution = Execution(function.path, function.scope)
        result: list[Value] = []

        def work(_: Execution) -> None:
            result.append(self.call(function, arguments, function.location))

        self._isolated(execution, work)
        self.run(function.path).reads |= execution.reads
        return (result[0] if result else Unknown("a function that does too much work", function.location)), execution.events

    def member(self, path: str, name: str) -> Value:
        """A module's name, as `from module import name` sees it; a submodule where the module binds no such name."""
        if not path.endswith("/"):
            execution = self.run(path)
            if name not in execution.scope.names and execution.state == "running":
                self._hoist(execution, name)
            if name in execution.scope.names:
                value = self.resolve(execution.scope, name)
                if not (isinstance(value, Unknown) and self.program.submodule(path, name)):
                    return value
        inner = self.program.submodule(path, name)
        if inner is not None:
            return ModuleValue(inner)
        if not path.endswith("/"):
            getter = self.executions[path].scope.names.get("__getattr__")
            what = "a name its module makes when asked" if getter else f"`{name}`, which its module does not define"
            return Unknown(what, _top(path))
        return Unknown(f"`{name}`, which its package does not define", None)

    def _hoist(self, execution: Execution, name: str) -> None:
        """Modules that import each other: run the statement that binds a name before its turn."""
        for index, statement in enumerate(self.program.load(execution.path).body):
            if index not in execution.done and name in _binds(statement):
                execution.done.add(index)

                def work(_: Execution, statement: Node = statement) -> None:
                    self.statement(statement, execution.scope)

                self._isolated(execution, work)

    def lend(self, names: dict[str, Value], name: str, value: Value) -> None:
        """Let an object have an attribute that a library would give it; one that it has stays. Taken back for the next program."""
        if name not in names:
            names[name] = value
            self.lent.append((names, name))

    # Names

    def lookup(self, scope: Scope, name: str, location: Location) -> Value:
        found = scope.find(name)
        if found is not None:
            if name in found.configured:
                self.touched_settings = True
            return self.resolve(found, name)
        top = scope
        while top.parent is not None:
            top = top.parent
        execution = self.executions.get(top.path)
        if execution is not None and execution.scope is top and execution.state == "running":
            self._hoist(execution, name)
            if name in top.names:
                return self.resolve(top, name)
        if name in expressions.BUILTIN_NAMES:
            return External(f"builtins.{name}")
        stars = top.names.get("*")
        if isinstance(stars, list) and len(stars) == 1:
            return External(f"{stars[0]}.{name}")
        return Unknown(f"the name `{name}`", location)

    def resolve(self, scope: Scope, name: str) -> Value:
        value = scope.names[name]
        if isinstance(value, Imported):
            imported = value
            if imported.member is None:
                value = ModuleValue(imported.path)
            else:
                value = self._member_meant(imported, scope)
                if isinstance(value, Unknown) and self._is_running(imported.path):
                    return value  # Asked too early, in modules that import each other: it may be known later.
                self._note_late(scope, name, imported)
            scope.names[name] = value
        return value

    def _note_late(self, scope: Scope, name: str, imported: Imported) -> None:
        """An import that is looked up when its module does not run is nothing that the module did."""
        owner = self.executions.get(scope.path)
        if owner is not None and not (self._stack and self._stack[-1] is owner and owner.state == "running"):
            owner.reads.add(imported.path)
            owner.late.append((scope, name, imported))

    def _is_running(self, path: str) -> bool:
        execution = self.executions.get(path)
        return execution is not None and execution.state == "running"

    def _member_meant(self, imported: Imported, scope: Scope) -> Value:
        """What `from package import name` gives; another package's name where ours only looks like the one meant.

        A folder without `__init__.py` yields to any installed package of its name, and a script folder named like a
        library (`alembic/`) often holds files that import the library.
        """
        assert imported.member is not None
        value = self.member(imported.path, imported.member)
        if imported.dotted is None or not isinstance(value, Unknown):
            return value
        path, package = imported.path, imported.path.rpartition("/")[0]
        inside = path.endswith("__init__.py") and scope.path.startswith(f"{package}/")
        if path.endswith("/") or (inside and imported.member not in self.run(path).scope.names):
            return External(expressions.canonical(f"{imported.dotted}.{imported.member}"))
        return value

    def bind(self, scope: Scope, name: str, value: Value, location: Location) -> None:
        scope.names[name] = value
        scope.places[name] = location
        if self.touched_settings:
            scope.configured.add(name)
        else:
            scope.configured.discard(name)

    # Statements

    def block(self, statements: tuple[Node, ...], scope: Scope) -> object:
        for statement in statements:
            signal = self.statement(statement, scope)
            if signal is not None:
                return signal
        return None

    def statement(self, node: Node, scope: Scope) -> object:
        self._steps += 1
        if self._steps > STEPS:
            raise Exhausted
        return _STATEMENTS[node[0]](self, node, scope)

    def evaluate(self, node: Node, scope: Scope) -> Value:
        if self._stack:
            return expressions.evaluate(self, node, scope)
        return self._asked(lambda: expressions.evaluate(self, node, scope), self.location(node, scope))

    def annotation(self, annotation: Annotation) -> Value:
        """The type an annotation means: quoted names resolved, unions as `Specialized(typing.Union)`."""
        if self._stack:
            return expressions.annotation(self, annotation.node, annotation.scope)
        place = self.location(annotation.node, annotation.scope)
        return self._asked(lambda: expressions.annotation(self, annotation.node, annotation.scope), place)

    def _asked(self, work: Callable[[], Value], location: Location) -> Value:
        """What a reader asks for when no module runs: every question has a budget of its own."""
        self._steps = 0
        try:
            return work()
        except (Exhausted, RecursionError):
            return Unknown("a value that takes too much work", location)

    def location(self, node: Node, scope: Scope) -> Location:
        return Location(scope.path, Span(node[1], node[2]))

    def assign(self, target: Node, value: Value, scope: Scope) -> None:
        kind = target[0]
        if kind == "name":
            self.bind(scope, target[3], value, self.location(target, scope))
        elif kind == "attr":
            receiver = self.evaluate(target[3], scope)
            if isinstance(receiver, Instance | FunctionValue):
                receiver.attributes[target[4]] = value
                if isinstance(receiver, Instance) and self.touched_settings:
                    receiver.configured = receiver.configured | {target[4]}
            elif isinstance(receiver, ClassValue):
                receiver.names[target[4]] = value
                receiver.places[target[4]] = self.location(target, scope)
            elif isinstance(receiver, ModuleValue) and not receiver.path.endswith("/"):
                self.bind(self.run(receiver.path).scope, target[4], value, self.location(target, scope))
            elif isinstance(receiver, External | Method):
                location = self.location(target, scope)
                given = (Argument(None, part, location) for part in (receiver, target[4], value))
                self.emit(External("builtins.setattr"), tuple(given), location)
        elif kind == "subscript":
            receiver = self.evaluate(target[3], scope)
            key = self.evaluate(target[4], scope)
            if (isinstance(receiver, dict) and expressions.hashable(key)) or (isinstance(receiver, list) and isinstance(key, int) and -len(receiver) <= key < len(receiver)):
                receiver[key] = value
        elif kind in ("tuple", "list"):
            self._unpack(target[3], value, scope)
        elif kind == "star":
            self.assign(target[3], value, scope)

    def _unpack(self, targets: tuple[Node, ...], value: Value, scope: Scope) -> None:
        values = expressions.items_of(value)
        stars = [index for index, target in enumerate(targets) if target[0] == "star"]
        if values is not None and stars:
            index = stars[0]
            behind = len(targets) - index - 1
            if len(values) >= len(targets) - 1:
                middle = values[index : len(values) - behind]
                values = [*values[:index], list(middle), *values[len(values) - behind :]]
        if values is None or len(values) != len(targets):
            values = [Unknown("a part of a value that is not known") for _ in targets]
        for target, part in zip(targets, values):
            self.assign(target, part, scope)

    # Branches

    def under(self, certainty: Certainty, condition: Unknown | None, body: tuple[Node, ...], scope: Scope) -> object:
        saved = (self.certainty, self.condition)
        if _RANK[certainty] > _RANK[self.certainty]:
            self.certainty, self.condition = certainty, condition
        try:
            return self.block(body, scope)
        finally:
            self.certainty, self.condition = saved

    def dormant(self, body: tuple[Node, ...], scope: Scope) -> dict[str, Value]:
        """Walk a branch the default settings do not take: its events count as dormant, its names only where new.

        Gives the names as they are at its end.
        """
        before = dict(scope.names)
        self.under(Certainty.DORMANT, Unknown("a branch that the default settings do not take"), body, scope)
        after = dict(scope.names)
        scope.names.update(before)
        return after

    def either(self, bodies: list[tuple[Node, ...]], condition: Unknown, scope: Scope) -> object:
        """Walk all branches of a choice the text does not decide, and join what they bind."""
        before = dict(scope.names)
        outcomes: list[dict[str, Value]] = []
        signals = []
        contents = _Contents(before)
        for body in bodies:
            scope.names.clear()
            scope.names.update(before)
            contents.restore()
            signal = self.under(Certainty.CONDITIONAL, condition, body, scope)
            signals.append(signal)
            if signal is None or signal in (_CONTINUE, _BREAK):
                outcomes.append(dict(scope.names))
                contents.note()
        contents.join(condition)
        scope.names.clear()
        scope.names.update(_join(before, outcomes, condition))
        returns = [signal for signal in signals if isinstance(signal, _Return)]
        if len(returns) == len(signals):
            return _Return(join_values([signal.value for signal in returns], condition))
        if all(signal == _RAISE or isinstance(signal, _Return) for signal in signals):
            return _Return(join_values([signal.value for signal in returns], condition)) if returns else _RAISE
        if returns:
            if self._frames:
                self._frames[-1].possible.extend(signal.value for signal in returns)
            # What follows happens only if the branch did not return.
            if _RANK[self.certainty] < _RANK[Certainty.CONDITIONAL]:
                self.certainty, self.condition = Certainty.CONDITIONAL, condition
        return None

    def yield_(self, value: Value, several: bool, location: Location) -> None:
        """A generator's `yield`: its items are known as long as every yield certainly happens, in order."""
        if not self._frames:
            return
        frame = self._frames[-1]
        items = expressions.items_of(value) if several else [value]
        if items is None or _RANK[self.certainty] > max(_RANK[frame.certainty], _RANK[Certainty.CONFIGURED]):
            items = [Unknown("what a generator gives", location)]
        frame.yielded.extend(items[: expressions.LONGEST - len(frame.yielded)])

    # Calls

    def emit(self, callee: Value, arguments: tuple[Argument, ...], location: Location) -> Value:
        """Write down a call of something outside the workspace; gives what the call makes."""
        result = Instance(callee, arguments, location)
        if self._stack:
            event = Event(callee, arguments, location, self.certainty, result, None, self.condition, tuple(self.calls), self.guards > 0)
            self._stack[-1].events.append(event)
            if self.outside is not None:
                answer = self.outside.called(event)
                if answer is not UNANSWERED:
                    return answer
        return result

    def hand_out(self, callee: Unknown, arguments: tuple[Argument, ...], location: Location) -> None:
        """Write down that objects were given to something that cannot be followed: it may do anything with them."""
        if self._stack and any(isinstance(argument.value, Instance) for argument in arguments):
            self._stack[-1].events.append(
                Event(callee, arguments, location, self.certainty, None, None, self.condition, tuple(self.calls), self.guards > 0)
            )

    def call(self, function: FunctionValue, arguments: tuple[Argument, ...], location: Location) -> Value:
        """Call a function of the workspace with its first parameter already among the arguments."""
        if not self._stack and not self._frames:
            return self._asked(lambda: self._call(function, arguments, location), location)
        return self._call(function, arguments, location)

    def _call(self, function: FunctionValue, arguments: tuple[Argument, ...], location: Location) -> Value:
        self._steps += 5
        running = sum(frame.function is function for frame in self._frames)
        if len(self._frames) >= DEPTH or running > 3 or self._steps > STEPS:
            return Unknown(f"a call of `{function.name}` that is nested too deeply", location)
        if function.sort == "asyncgen":
            return Instance(External("builtins.generator"), arguments, location)
        scope = Scope(function.path, {}, function.scope, owner=function.owner)
        self._bind_parameters(function, arguments, scope, location)
        frame = _Frame(function, certainty=self.certainty)
        self._frames.append(frame)
        self.calls.append(location)
        saved = (self.certainty, self.condition)
        try:
            signal = self.block(function.body, scope)
        finally:
            self._frames.pop()
            self.calls.pop()
            self.certainty, self.condition = saved
        if function.sort == "generator":
            return Instance(External("builtins.generator"), arguments, location, {"items": frame.yielded})
        if isinstance(signal, _Return):
            values = [*frame.possible, signal.value]
        elif signal == _RAISE:
            values = frame.possible or [Unknown(f"the result of `{function.name}`, which raises", location)]
        else:
            values = [*frame.possible, None]
        return join_values(values, Unknown(f"the result of `{function.name}`", location))

    def _bind_parameters(
        self, function: FunctionValue, arguments: tuple[Argument, ...], scope: Scope, location: Location
    ) -> None:
        positional = [argument for argument in arguments if argument.name is None and not argument.star]
        keywords = {argument.name: argument for argument in arguments if argument.name is not None}
        starred = any(argument.star for argument in arguments)
        rest = list(positional)
        for parameter in function.parameters:
            if parameter.sort in ("positional", "normal") and rest:
                scope.names[parameter.name] = rest.pop(0).value
            elif parameter.sort == "vararg":
                scope.names[parameter.name] = (
                    Unknown("arguments given with *", location) if starred else tuple(argument.value for argument in rest)
                )
                rest = []
            elif parameter.sort == "kwarg":
                named = {name: argument.value for name, argument in keywords.items()}
                scope.names[parameter.name] = Unknown("arguments given with **", location) if starred else named
            elif parameter.name in keywords:
                scope.names[parameter.name] = keywords.pop(parameter.name).value
            elif starred:
                scope.names[parameter.name] = Unknown(f"the argument `{parameter.name}`", location)
            elif parameter.default is not None:
                scope.names[parameter.name] = self.evaluate(parameter.default, function.defaults_scope or function.scope)
            else:
                scope.names[parameter.name] = Unknown(f"the argument `{parameter.name}`", location)

    def instantiate(self, cls: ClassValue, arguments: tuple[Argument, ...], location: Location) -> Value:
        """An object of a workspace class: its `__init__` runs; without one, arguments become attributes."""
        instance = Instance(cls, arguments, location)
        if cls.externals() and self._stack:
            self._stack[-1].events.append(
                Event(cls, arguments, location, self.certainty, instance, None, self.condition, tuple(self.calls), self.guards > 0)
            )
        found = cls.find("__init__")
        if found and isinstance(found[1], FunctionValue):
            first = Argument(None, instance, location)
            self.call(found[1], (first, *arguments), location)
            return instance
        names = [name for entry in reversed(list(cls.lineage())) for name in entry.annotations]
        position = 0
        for argument in arguments:
            if argument.star:
                continue
            if argument.name is not None:
                instance.attributes[argument.name] = argument.value
            elif position < len(names):
                instance.attributes[names[position]] = argument.value
                position += 1
        return instance

    # Definitions

    def function(self, node: Node, scope: Scope) -> Value:
        _, start, end, name, name_span, parameters, returns, decorators, body, sort, _ = node
        closure = scope
        owner = scope.owner if scope.owner is not None and scope.owner.scope is scope else None
        if owner is not None:
            closure = scope.parent or scope
        function = FunctionValue(
            name, scope.path, Location(scope.path, Span(start, end)), Location(scope.path, Span(*name_span)),
            self.parameters(parameters, scope), Annotation(returns, scope) if returns else None, body, closure, sort,
            owner, qualname=f"{owner.qualname}.{name}" if owner else name, defaults_scope=scope,
        )  # fmt: skip
        if self._stack:
            self._stack[-1].functions.append(function)
        if owner is not None and name in ("__init_subclass__", "__class_getitem__"):
            function.kind = "class"
        return self._decorate(function, decorators, scope)

    def parameters(self, nodes: tuple[Node, ...], scope: Scope) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(name, sort, Annotation(annotation, scope) if annotation else None, default,
                      Location(scope.path, Span(start, end)))
            for name, sort, annotation, default, start, end in nodes
        )  # fmt: skip

    def _decorate(self, target: Value, decorators: tuple[Node, ...], scope: Scope) -> Value:
        """Apply decorators from the last to the first. A decorator we cannot follow leaves the target as it is."""
        values = [(self.evaluate(node, scope), self.location(node, scope)) for node in decorators]
        target.decorators.extend(values)
        current = target
        for value, location in reversed(values):
            if isinstance(value, ClassValue) and isinstance(current, FunctionValue) and value.find("__get__"):
                # A descriptor of the workspace. Put on a class method, or named so, it is a property of the class.
                by_class = current.kind == "class" or "class" in value.name.lower()
                current.kind = "class property" if by_class else "property"
                continue
            result = self._apply_decorator(value, current, target, location)
            if isinstance(result, FunctionValue | ClassValue | BoundMethod | Instance) and result is not current:
                current = result
        return current

    def _apply_decorator(self, value: Value, current: Value, target: Value, location: Location) -> Value:
        if isinstance(value, External):
            kind = expressions.FUNCTION_KINDS.get(value.name)
            if kind and isinstance(current, FunctionValue):
                current.kind = kind
                return current
            self.emit(value, (Argument(None, current, location),), location)
            self._mark(current)
            return current
        if isinstance(value, Instance):
            if isinstance(value.origin, External) and value.origin.name == "functools.wraps":
                original = value.argument("wrapped", 0)
                if original and isinstance(original.value, FunctionValue) and isinstance(current, FunctionValue):
                    current.wrapped = original.value
                return current
            for event in reversed(self._stack[-1].events if self._stack else []):
                if event.result is value:
                    event.decorates = current if isinstance(current, FunctionValue | ClassValue) else target
                    return current
        if isinstance(value, FunctionValue | BoundMethod | ClassValue | Instance):
            result = expressions.call_value(self, value, (Argument(None, current, location),), location)
            if isinstance(result, Unknown) or result is None:
                return current
            if isinstance(result, Instance) and isinstance(result.origin, ClassValue) and not isinstance(value, ClassValue):
                return result
            return result if isinstance(result, FunctionValue | ClassValue | BoundMethod) else current
        if isinstance(value, Method):
            if value.name in ("setter", "getter", "deleter"):
                return current
            self.emit(value, (Argument(None, current, location),), location)
            self._mark(current)
        return current

    def _mark(self, current: Value) -> None:
        if self._stack and isinstance(current, FunctionValue | ClassValue):
            self._stack[-1].events[-1].decorates = current

    def class_(self, node: Node, scope: Scope) -> Value:
        _, start, end, name, name_span, bases, keywords, decorators, body, names = node
        inner = Scope(scope.path, {}, scope)
        for parameter in names:
            inner.names[parameter] = TypeVariable(parameter)
        outer = scope.owner
        cls = ClassValue(
            name, scope.path, Location(scope.path, Span(start, end)), Location(scope.path, Span(*name_span)),
            [], [], inner.names, {}, inner.places, inner, f"{outer.qualname}.{name}" if outer else name, names, node=node,
        )  # fmt: skip
        for base in bases:
            if base[0] == "star":
                cls.bases.extend(expressions.items_of(self.evaluate(base[3], inner)) or [Unknown("base classes given with *")])
            else:
                cls.bases.append(expressions.annotation(self, base, inner))
        for keyword, value, first, last in keywords:
            place = Location(scope.path, Span(first, last))
            cls.keywords.append(Argument(keyword, self.evaluate(value, inner), place, keyword is None))
        cls.certainty, cls.condition = self.certainty, self.condition
        inner.owner = cls
        self.block(body, inner)
        for parameter in names:
            if isinstance(inner.names.get(parameter), TypeVariable):
                del inner.names[parameter]
        if names:  # Methods and annotations still see the parameters, attribute look-ups do not.
            scope_of_parameters = Scope(scope.path, {parameter: TypeVariable(parameter) for parameter in names}, scope)
            inner.parent = scope_of_parameters
        if self._stack:
            self._stack[-1].classes.append(cls)
        self._init_subclass(cls)
        return self._decorate(cls, decorators, scope)

    def _init_subclass(self, cls: ClassValue) -> None:
        for entry in list(cls.lineage())[1:]:
            hook = entry.names.get("__init_subclass__")
            if isinstance(hook, FunctionValue):
                keywords = tuple(argument for argument in cls.keywords if argument.name != "metaclass")
                self.call(hook, (Argument(None, cls, cls.name_location), *keywords), cls.name_location)
                break


class _Contents:
    """What the lists and dictionaries of a scope hold, so that a branch's changes to them are not taken for certain."""

    def __init__(self, names: dict[str, Value]) -> None:
        self.held = [value for value in names.values() if isinstance(value, list | dict) and len(value) < LOOP]
        self.before = [_copy(value) for value in self.held]
        self.outcomes: list[list[list[Value] | dict[Value, Value]]] = []

    def restore(self) -> None:
        for value, content in zip(self.held, self.before):
            _refill(value, content)

    def note(self) -> None:
        self.outcomes.append([_copy(value) for value in self.held])

    def join(self, condition: Unknown) -> None:
        """What all branches agree on; an unknown item or entry where they do not."""
        self.restore()
        for index, value in enumerate(self.held):
            results = [outcome[index] for outcome in self.outcomes]
            if results and isinstance(value, list):
                _refill(value, _join_lists([list(result) for result in results], condition))
            elif results and isinstance(value, dict):
                _refill(value, _join_entries([dict(result) for result in results], condition))


def _join_lists(results: list[list[Value]], condition: Unknown) -> list[Value]:
    first = results[0]
    if all(len(result) == len(first) and all(map(same_value, first, result)) for result in results[1:]):
        return first
    agreed: list[Value] = []
    for items in zip(*results):
        if not all(same_value(items[0], item) for item in items[1:]):
            break
        agreed.append(items[0])
    return [*agreed, Unknown(condition.what, condition.location)]


def _join_entries(results: list[dict[Value, Value]], condition: Unknown) -> dict[Value, Value]:
    joined: dict[Value, Value] = {}
    for key in dict.fromkeys(key for result in results for key in result):
        values = [result.get(key, _ABSENT) for result in results]
        same = all(same_value(values[0], value) for value in values[1:])
        joined[key] = values[0] if same else Unknown(condition.what, condition.location)
    return joined


_ABSENT = object()


def _copy(value: list[Value] | dict[Value, Value]) -> list[Value] | dict[Value, Value]:
    return dict(value) if isinstance(value, dict) else list(value)


def _refill(value: list[Value] | dict[Value, Value], content: list[Value] | dict[Value, Value]) -> None:
    if isinstance(value, dict) and isinstance(content, dict):
        value.clear()
        value.update(content)
    elif isinstance(value, list):
        value[:] = content


_RANK = {Certainty.CERTAIN: 0, Certainty.CONFIGURED: 1, Certainty.DORMANT: 2, Certainty.CONDITIONAL: 3}


def _top(path: str) -> Location:
    return Location(path, Span(0, 0))


def same_value(left: Value, right: Value) -> bool:
    """Whether two values are the same thing or equal constants."""
    if left is right:
        return True
    if isinstance(left, External) and isinstance(right, External):
        return left.name == right.name
    if isinstance(left, ModuleValue) and isinstance(right, ModuleValue):
        return left.path == right.path
    if isinstance(left, Imported) and isinstance(right, Imported):
        return (left.path, left.member) == (right.path, right.member)
    if isinstance(left, NATIVE) and type(left) is type(right):
        return expressions.plain(left) and expressions.plain(right) and left == right
    return False


def join_values(values: list[Value], condition: Unknown) -> Value:
    """One value for several possible ones: themselves where they agree, the object where the others are None."""
    first = values[0]
    if all(same_value(first, value) for value in values[1:]):
        return first
    if all(isinstance(value, UnknownText | str) for value in values):
        return joined_text(values, condition)
    objects = [value for value in values if value is not None and not isinstance(value, Unknown)]
    if objects and all(same_value(objects[0], value) for value in objects[1:]) and not isinstance(objects[0], NATIVE):
        return objects[0]
    return Unknown(condition.what, condition.location)


def joined_text(values: list[Value], condition: Unknown) -> UnknownText:
    """One of several texts: what they all begin with."""
    texts = [value.beginning if isinstance(value, UnknownText) else value for value in values]
    beginning = os.path.commonprefix(texts)  # noqa: RUF071 - texts, not paths
    return UnknownText(condition.what, condition.location, beginning=beginning)


def _join(before: dict[str, Value], outcomes: list[dict[str, Value]], condition: Unknown) -> dict[str, Value]:
    if not outcomes:
        return before
    joined: dict[str, Value] = {}
    for outcome in outcomes:
        for name, value in outcome.items():
            if name not in joined:
                joined[name] = value
            elif not same_value(joined[name], value):
                joined[name] = _join_pair(joined[name], value, name, condition)
    return joined


def _join_pair(left: Value, right: Value, name: str, condition: Unknown) -> Value:
    if isinstance(left, UnknownText | str) and isinstance(right, UnknownText | str):
        return joined_text([left, right], Unknown(f"`{name}`, which depends on a condition", condition.location))
    if isinstance(left, NATIVE) or isinstance(right, NATIVE) or isinstance(left, Unknown):
        return Unknown(f"`{name}`, which depends on a condition", condition.location)
    return left


def _binds(node: Node) -> set[str]:
    """The names a top-level statement binds, also inside its branches."""
    kind = node[0]
    if kind in ("def", "class"):
        return {node[3]}
    if kind == "assign":
        return {name for target in node[3] for name in _target_names(target)}
    if kind in ("annassign", "augassign"):
        return _target_names(node[3])
    if kind == "import":
        return {alias or module.partition(".")[0] for module, alias in node[3]}
    if kind == "from":
        return {alias or name for name, alias in node[5]}
    names: set[str] = set()
    blocks: list[tuple[Node, ...]] = []
    if kind == "if":
        blocks = [node[4], node[5]]
    elif kind == "try":
        blocks = [node[3], *(handler[2] for handler in node[4]), node[5], node[6]]
    elif kind in ("with", "while"):
        blocks = [node[4]]
    elif kind == "for":
        blocks = [node[5]]
    for block in blocks:
        for statement in block:
            names |= _binds(statement)
    return names


def _target_names(target: Node) -> set[str]:
    if target[0] == "name":
        return {target[3]}
    if target[0] in ("tuple", "list"):
        return {name for part in target[3] for name in _target_names(part)}
    return set()


# Statements, one function each


def _expression(self: Interpreter, node: Node, scope: Scope) -> object:
    if node[3][0] != "const":
        self.evaluate(node[3], scope)
    return None


def _assign(self: Interpreter, node: Node, scope: Scope) -> object:
    outer, self.touched_settings = self.touched_settings, False
    value = self.evaluate(node[4], scope)
    for target in node[3]:
        self.assign(target, value, scope)
    self.touched_settings = outer
    return None


def _annotated(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, annotation, value = node
    if target[0] == "name" and scope.owner is not None and scope.owner.scope is scope:
        scope.owner.annotations[target[3]] = Annotation(annotation, scope)
        scope.owner.places[target[3]] = self.location(node, scope)
    if value is not None:
        outer, self.touched_settings = self.touched_settings, False
        result = self.evaluate(value, scope)
        self.assign(target, result, scope)
        self.touched_settings = outer
        if target[0] == "name":
            scope.places[target[3]] = self.location(node, scope)
    elif target[0] == "name" and scope.owner is None and scope.find(target[3]) is None:
        self.bind(scope, target[3], Unknown(f"`{target[3]}`, which is only declared", self.location(node, scope)),
                  self.location(node, scope))  # fmt: skip
    return None


def _augmented(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, operator, operand = node
    left = self.evaluate(target, scope)
    right = self.evaluate(operand, scope)
    if operator == "+" and isinstance(left, list):
        added = expressions.items_of(right)
        if added is not None:
            left.extend(added)
            return None
    if operator == "|" and isinstance(left, dict) and isinstance(right, dict):
        left.update(right)
        return None
    self.assign(target, expressions.binary(self, operator, left, right, self.location(node, scope)), scope)
    return None


def _import(self: Interpreter, node: Node, scope: Scope) -> object:
    for module, alias in node[3]:
        top = module.partition(".")[0]
        bound = module if alias else top
        path = self.program.find(bound, scope.path)
        name = alias or top
        value: Value = Imported(path, None) if path is not None else External(bound)
        self.bind(scope, name, value, self.location(node, scope))
    return None


def _from(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, module, level, names = node
    if level:
        path = self.program.relative(scope.path, level, module)
    else:
        path = self.program.find(module, scope.path)
    location = self.location(node, scope)
    for name, alias in names:
        if name == "*":
            _import_star(self, path, module, scope, location)
        elif path is not None and path != scope.path:
            self.bind(scope, alias or name, Imported(path, name, None if level else module), location)
        elif path is not None:
            inner = self.program.submodule(path, name)
            value: Value = Imported(inner, None) if inner else Unknown(f"`{name}`, imported from its own module", location)
            self.bind(scope, alias or name, value, location)
        elif level:
            self.bind(scope, alias or name, Unknown(f"`{name}` from a module that is not there", location), location)
        else:
            self.bind(scope, alias or name, External(expressions.canonical(f"{module}.{name}")), location)
    return None


def _import_star(self: Interpreter, path: str | None, module: str, scope: Scope, location: Location) -> None:
    if path is None:
        stars = scope.names.setdefault("*", [])
        if isinstance(stars, list):
            stars.append(module)
        return
    if path.endswith("/"):
        return
    execution = self.run(path)
    public = execution.scope.names.get("__all__")
    exported = expressions.items_of(public) if public is not None else None
    for name in list(execution.scope.names):
        wanted = name in exported if exported is not None else not name.startswith("_")
        if wanted and name != "*":
            scope.names[name] = Imported(path, name)
            scope.places[name] = location
    for name in exported or ():
        if isinstance(name, str) and name not in execution.scope.names:
            scope.names[name] = Imported(path, name)


def _def(self: Interpreter, node: Node, scope: Scope) -> object:
    value = self.function(node, scope)
    self.bind(scope, node[3], value, Location(scope.path, Span(*node[4])))
    return None


def _class(self: Interpreter, node: Node, scope: Scope) -> object:
    value = self.class_(node, scope)
    self.bind(scope, node[3], value, Location(scope.path, Span(*node[4])))
    return None


def _if(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, test, then, otherwise = node
    checked = _checking_branch(self, test, scope)
    if checked is not None:
        # What only type checkers see is walked for the names it imports; what runs has the last word.
        static, running = (then, otherwise) if checked else (otherwise, then)
        self.block(static, scope)
        return self.block(running, scope)
    outer, self.touched_settings = self.touched_settings, False
    value = self.evaluate(test, scope)
    configured, self.touched_settings = self.touched_settings, outer
    truth = expressions.truth(value)
    location = self.location(test, scope)
    if isinstance(value, External) and value.name == "typing.TYPE_CHECKING":
        # Imports for the checker are what annotations mean; where both branches bind a name, the running program has the other.
        self.block(then, scope)
        return self.block(otherwise, scope)
    if truth is None:
        what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
        return self.either([then, otherwise], Unknown(what, location), scope)
    taken, other = (then, otherwise) if truth else (otherwise, then)
    if not configured:
        return self.block(taken, scope)
    condition = Unknown("a condition on settings", location)
    signal = self.under(Certainty.CONFIGURED, condition, taken, scope)
    self.dormant(other, scope)
    return signal


def _checking_branch(self: Interpreter, test: Node, scope: Scope) -> bool | None:
    """Whether a test is `TYPE_CHECKING` (True) or `not TYPE_CHECKING` (False); None for any other."""
    negated = test[0] == "unary" and test[3] == "not"
    inner = test[4] if negated else test
    if inner[0] not in ("name", "attr") or inner[3 if inner[0] == "name" else 4] != "TYPE_CHECKING":
        return None
    value = self.evaluate(inner, scope)
    return not negated if isinstance(value, External) and value.name == "typing.TYPE_CHECKING" else None


def _for(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, target, iterable, body, otherwise = node
    value = self.evaluate(iterable, scope)
    items = expressions.items_of(value)
    location = self.location(iterable, scope)
    if items is None or len(items) > LOOP:
        condition = value if isinstance(value, Unknown) else Unknown("a loop over values that are not known", location)
        before = dict(scope.names)
        self.assign(target, Unknown("a loop's value", location), scope)
        signal = self.under(Certainty.CONDITIONAL, condition, body, scope)
        if isinstance(signal, _Return) and self._frames:
            self._frames[-1].possible.append(signal.value)
        joined = _join(before, [before, dict(scope.names)], condition)
        scope.names.update(joined)
        return None
    for item in list(items):
        self.assign(target, item, scope)
        signal = self.block(body, scope)
        if signal == _BREAK:
            return None
        if signal is not None and signal != _CONTINUE:
            return signal
    return self.block(otherwise, scope)


def _while(self: Interpreter, node: Node, scope: Scope) -> object:
    for _ in range(LOOP):
        known = expressions.truth(self.evaluate(node[3], scope))
        if known is False:
            return None
        if known is None:
            break
        signal = self.block(node[4], scope)
        if signal == _BREAK:
            return None
        if signal is not None and signal != _CONTINUE:
            return signal
        if node[3][0] == "const":
            return None  # `while True` whose end the text does not tell: it ran once for sure.
    condition = Unknown("a loop whose end the text does not tell", self.location(node[3], scope))
    return self.either([node[4], ()], condition, scope)


def _with(self: Interpreter, node: Node, scope: Scope) -> object:
    for value_node, target in node[3]:
        value = self.evaluate(value_node, scope)
        if target is not None:
            if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
                entered = value.origin.find("__enter__") or value.origin.find("__aenter__")
                if entered and isinstance(entered[1], FunctionValue):
                    location = self.location(value_node, scope)
                    result = self.call(entered[1], (Argument(None, value, location),), location)
                    value = value if isinstance(result, Unknown) else result
            self.assign(target, value, scope)
    return self.block(node[4], scope)


def _try(self: Interpreter, node: Node, scope: Scope) -> object:
    _, _, _, body, handlers, otherwise, final = node
    guarded = any(not handler or handler[-1][0] != "raise" for _, _, handler in handlers)
    self.guards += guarded
    try:
        signal = self.block(body, scope)
    finally:
        self.guards -= guarded
    if signal == _RAISE:
        signal = None
    for kind, name, handler in handlers:
        if name:
            scope.names.setdefault(name, Unknown("an exception"))
        before = dict(scope.names)
        fallback = self.dormant(handler, scope)
        if kind is not None and _catches_imports(kind):
            # `try: from enterprise import A` / `except ImportError: from ours import A`: what is not here was not installed.
            for bound, value in fallback.items():
                ours = isinstance(value, ClassValue | FunctionValue | ModuleValue | Imported)
                if ours and isinstance(before.get(bound), External):
                    scope.names[bound] = value
    if signal is None:
        signal = self.block(otherwise, scope)
    ending = self.block(final, scope)
    return ending if ending is not None else signal


def _catches_imports(kind: Node) -> bool:
    names = kind[3] if kind[0] == "tuple" else (kind,)
    return any(name[0] == "name" and name[3] in ("ImportError", "ModuleNotFoundError") for name in names)


def _match(self: Interpreter, node: Node, scope: Scope) -> object:
    self.evaluate(node[3], scope)
    condition = Unknown("a match statement", self.location(node[3], scope))
    return self.either([*node[4], ()], condition, scope)


def _return(self: Interpreter, node: Node, scope: Scope) -> object:
    return _Return(None if node[3] is None else self.evaluate(node[3], scope))


def _raise(self: Interpreter, node: Node, scope: Scope) -> object:
    return _RAISE


def _delete(self: Interpreter, node: Node, scope: Scope) -> object:
    for target in node[3]:
        if target[0] == "name":
            scope.names.pop(target[3], None)
    return None


_STATEMENTS: dict[str, Callable[[Interpreter, Node, Scope], object]] = {
    "expr": _expression, "assign": _assign, "annassign": _annotated, "augassign": _augmented, "import": _import,
    "from": _from, "def": _def, "class": _class, "if": _if, "for": _for, "while": _while, "with": _with, "try": _try,
    "match": _match, "return": _return, "raise": _raise, "delete": _delete,
    "global": lambda self, node, scope: None, "pass": lambda self, node, scope: None,
    "break": lambda self, node, scope: _BREAK, "continue": lambda self, node, scope: _CONTINUE,
}  # fmt: skip

__all__ = ["BoundMethod", "EnumMember", "Execution", "Interpreter", "Specialized", "Super", "join_values", "same_value"]

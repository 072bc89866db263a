"""What the statements of the workspace would do if they ran, as far as the text tells.

An abstract interpreter: it binds names, makes classes, calls the workspace's own functions, unrolls loops over known
values and writes down every call of something outside the workspace as an `Event`. Nothing is executed: no import, no
`eval`, no attribute of a real object. Where the text does not tell, the value is `Unknown` and both branches are walked.
Work is bounded by steps and depth. Frameworks are not known here.
Long because the class is the state that every statement and expression shares; what they mean is in files of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from lsp_server.python.annotations import annotation as type_meant
from lsp_server.python.calls import container_of
from lsp_server.python.execution import (
    BREAK,
    CONTINUE,
    DEFERRED_STEPS,
    DEPTH,
    RAISE,
    RECURSION,
    STEPS,
    UNANSWERED,
    Deferred,
    Execution,
    Exhausted,
    Frame,
    Imported,
    Outside,
    Return,
    top_of,
)
from lsp_server.python.expressions import evaluate
from lsp_server.python.inherit import marks_of
from lsp_server.python.joining import RANK, Contents, join_names, join_values
from lsp_server.python.judge import BUILTIN_NAMES, LONGEST, canonical, hashable, items_of
from lsp_server.python.lower import Node
from lsp_server.python.objects import Kind, furnish, kept_under
from lsp_server.python.program import Program
from lsp_server.python.statements import STATEMENTS, binds
from lsp_server.python.traits import Configured
from lsp_server.python.values import (
    Annotation,
    Argument,
    Certainty,
    ClassValue,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Pending,
    Place,
    Scope,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown


class Interpreter:
    """Runs modules on demand, each once. Its executions are only valid for the program they were made from.

    `outside`, when set, answers for other packages' objects; answers are only sought where nothing else is known.
    `answers` do so for single attributes, by name: each gives a value that hangs on what has run (it says so with `rest_on`), or None.
    `lasting`: its executions may be kept for the next program (see `inherit.py`); `kept` are those of the last one.
    `kinds` describe classes of other packages by their dotted names.
    """

    def __init__(
        self, program: Program, lasting: bool = False, kept: Mapping[str, Execution] | None = None,
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:  # fmt: skip
        self.program = program
        self.lasting = lasting
        self.kept = dict(kept or {})
        self.kinds = dict(kinds or {})
        self.lent: list[tuple[dict[str, Value], str]] = []
        self._seen: dict[int, Value] = {}
        self.configured: Configured | None = None
        self.outside: Outside | None = None
        self.current: dict[str, dict[Location, Instance]] = {}  # see `objects.Kind`
        self.answers: Mapping[str, Callable[[Interpreter, Value], Value]] = {}
        self.notes: dict[str, object] = {}  # what those who answer keep while this program runs, each under a name of its own
        self.executions: dict[str, Execution] = {}
        self.certainty = Certainty.CERTAIN
        self.condition: Unknown | None = None
        self.touched_settings = False
        self.calls: list[Location] = []
        self._stack: list[Execution] = []
        self.guards = 0  # running `try` statements whose handlers go on
        self._frames: list[Frame] = []
        self._steps = 0
        self.defers = False  # whether what a class body binds waits until somebody asks for it
        self.budget = STEPS  # statements and calls while one module runs

    # Modules

    def all_executions(self) -> list[Execution]:
        """Every execution there is, those of detached calls that are running included."""
        return [*self.executions.values(), *(each for each in self._stack if self.executions.get(each.path) is not each)]

    def entangle(self) -> None:
        """What runs now hangs on more than the modules it reads: it does not hold for the next program."""
        for execution in self._stack:
            execution.entangled = True

    def rest_on(self, value: Instance, paths: set[str]) -> None:
        """What runs now was told something about an object, which hangs on what some modules have done to it.

        That holds for the next program where the object is the asking module's own and it has read all those modules.
        """
        if not self._stack:
            return
        asking = self._stack[-1]
        if value.location.path != asking.path:
            self.entangle()
            return
        missing, waiting, known = paths - {asking.path}, [asking], {asking.path}
        while missing and waiting:
            for path in waiting.pop().reads - known:
                known.add(path)
                missing.discard(path)
                if path in self.executions:
                    waiting.append(self.executions[path])
        if missing:
            self.entangle()

    def run(self, path: str) -> Execution:
        """The execution of a module; of a half-run one where modules import each other."""
        execution = self.executions.get(path)
        if execution is None and path in self.kept:
            self._revive(path)
            execution = self.executions[path]
        if execution is None:
            execution = self.executions[path] = Execution(path, Scope(path), entangled=self.outside is not None)
            execution.scope.names["__name__"] = self.program.module_name(path)
            execution.scope.names["__file__"] = Place("the place of a file at run time", path=path)
            execution.scope.names["__package__"] = execution.scope.names["__name__"]
            if path.rpartition("/")[2] == "__init__.py":
                execution.scope.names["__path__"] = [Place("the place of a package at run time", path=path.rpartition("/")[0])]
            else:
                execution.scope.names["__package__"] = execution.scope.names["__name__"].rpartition(".")[0]
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

    def note_reads(self, paths: Iterable[str]) -> None:
        """Note that what runs has looked into files."""
        if self._stack:
            self._stack[-1].reads.update(paths)

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
        saved = (
            self.certainty,
            self.condition,
            self._steps,
            self._frames,
            self.calls,
            self.touched_settings,
            self.guards,
        )
        self.certainty, self.condition, self._steps, self._frames, self.calls = Certainty.CERTAIN, None, 0, [], []
        self.touched_settings, self.guards = False, 0
        self._stack.append(execution)
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        try:
            work(execution)
        except Exhausted:
            execution.unknowns.append(
                Unknown("a module that does too much work when it is imported", top_of(execution.path))
            )
        except RecursionError:
            execution.unknowns.append(Unknown("a module that is nested too deeply", top_of(execution.path)))
        finally:
            sys.setrecursionlimit(limit)
            self._stack.pop()
            (
                self.certainty,
                self.condition,
                self._steps,
                self._frames,
                self.calls,
                self.touched_settings,
                self.guards,
            ) = saved

    def call_detached(self, function: FunctionValue, arguments: tuple[Argument, ...] = ()) -> tuple[Value, list[Event]]:
        """Call a function that no module calls (a factory, a migration step): its result and its events."""
        execution = Execution(function.path, function.scope)
        result: list[Value] = []

        def work(_: Execution) -> None:
            result.append(self.call(function, arguments, function.location))

        self._isolated(execution, work)
        self.run(function.path).reads |= execution.reads
        return (
            result[0] if result else Unknown("a function that does too much work", function.location)
        ), execution.events

    def other(self, name: str) -> Value:
        """What another package's dotted name is worth: what a description says of it, else no more than its name."""
        described = self.program.described
        if not described:
            return External(name)
        if name in described:
            return ModuleValue(described[name])
        module, _, member = name.rpartition(".")
        return self.member(described[module], member) if module in described else External(name)

    def member(self, path: str, name: str) -> Value:
        """A module's name, as `from module import name` sees it; a submodule where the module binds no such name."""
        if path in self.program.descriptions and name not in self.run(path).scope.names:
            dotted = f"{self.program.descriptions[path]}.{name}"
            inside = self.program.described.get(dotted)
            return ModuleValue(inside) if inside is not None else External(dotted)
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
            return Unknown(what, top_of(path))
        return Unknown(f"`{name}`, which its package does not define", None)

    def _hoist(self, execution: Execution, name: str) -> None:
        """Modules that import each other: run the statement that binds a name before its turn."""
        for index, statement in enumerate(self.program.load(execution.path).body):
            if index not in execution.done and name in binds(statement):
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
        if name in BUILTIN_NAMES:
            return External(f"builtins.{name}")
        stars = top.names.get("*")
        if isinstance(stars, list) and len(stars) == 1:
            return External(f"{stars[0]}.{name}")
        return Unknown(f"the name `{name}`", location)

    def resolve(self, scope: Scope, name: str) -> Value:
        value = scope.names[name]
        if isinstance(value, Deferred):
            value = self._make_deferred(scope, name, value.node)
        if isinstance(value, Imported):
            imported = value
            if imported.member is None:
                value = ModuleValue(imported.path)
            else:
                value = self._member_meant(imported, scope)
                if isinstance(value, Unknown) and self._is_running(imported.path):
                    return Pending(value.what, value.location, scope=scope, name=name)
                self._note_late(scope, name, imported)
            scope.names[name] = value
        return value

    def _make_deferred(self, scope: Scope, name: str, node: Node) -> Value:
        """What a class body bound to a name, now that somebody asks; too costly a value does not cost the module its rest."""
        place = self.location(node, scope)
        scope.names[name] = Unknown(f"`{name}`, which is made of itself", place)
        outer, self.budget = self.budget, min(self.budget, self._steps + DEFERRED_STEPS)
        try:
            value = self.evaluate(node, scope)
        except Exhausted:
            value = Unknown("a value that takes too much work", place)
        finally:
            self.budget = outer
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
            return self.other(canonical(f"{imported.dotted}.{imported.member}"))
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
        if self._steps > self.budget:
            raise Exhausted
        return STATEMENTS[node[0]](self, node, scope)

    def evaluate(self, node: Node, scope: Scope) -> Value:
        if self._stack:
            return evaluate(self, node, scope)
        return self._asked(lambda: evaluate(self, node, scope), self.location(node, scope))

    def annotation(self, annotation: Annotation) -> Value:
        """The type an annotation means: quoted names resolved, unions as `Specialized(typing.Union)`."""
        if self._stack:
            return type_meant(self, annotation.node, annotation.scope)
        place = self.location(annotation.node, annotation.scope)
        return self._asked(lambda: type_meant(self, annotation.node, annotation.scope), place)

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
            if isinstance(receiver, Instance) and receiver.content is not None:
                value, receiver = kept_under(self, receiver, key, value), receiver.content
            if (isinstance(receiver, dict) and hashable(key)) or (
                isinstance(receiver, list) and isinstance(key, int) and -len(receiver) <= key < len(receiver)
            ):
                receiver[key] = value
        elif kind in ("tuple", "list"):
            self._unpack(target[3], value, scope)
        elif kind == "star":
            self.assign(target[3], value, scope)

    def _unpack(self, targets: tuple[Node, ...], value: Value, scope: Scope) -> None:
        values = items_of(value)
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
        doubtful = certainty is self.certainty is Certainty.CONDITIONAL  # a doubt within a doubt is one of its own
        dormant = Certainty.DORMANT  # what does not run by default does not do so under further conditions either
        if self.certainty is not dormant and (certainty is dormant or doubtful or RANK[certainty] > RANK[self.certainty]):
            self.certainty, self.condition = certainty, condition
        try:
            return self.block(body, scope)
        finally:
            self.certainty, self.condition = saved

    def dormant(self, body: tuple[Node, ...], scope: Scope) -> dict[str, Value]:
        """Walk a branch the default settings do not take: its events count as dormant, its names and what it puts into lists
        and dictionaries only where new.

        Gives the names as they are at its end.
        """
        before = dict(scope.names)
        contents = Contents(before)
        self.under(Certainty.DORMANT, Unknown("a branch that the default settings do not take"), body, scope)
        contents.restore_changed()
        after = dict(scope.names)
        scope.names.update(before)
        return after

    def either(self, bodies: list[tuple[Node, ...]], condition: Unknown, scope: Scope) -> object:
        """Walk all branches of a choice the text does not decide, and join what they bind."""
        before = dict(scope.names)
        outcomes: list[dict[str, Value]] = []
        signals = []
        contents = Contents(before)
        for body in bodies:
            scope.names.clear()
            scope.names.update(before)
            contents.restore()
            signal = self.under(Certainty.CONDITIONAL, condition, body, scope)
            signals.append(signal)
            if signal is None or signal in (CONTINUE, BREAK):
                outcomes.append(dict(scope.names))
                contents.note()
        contents.join(condition)
        scope.names.clear()
        scope.names.update(join_names(before, outcomes, condition))
        returns = [signal for signal in signals if isinstance(signal, Return)]
        if len(returns) == len(signals):
            return Return(join_values([signal.value for signal in returns], condition))
        if all(signal == RAISE or isinstance(signal, Return) for signal in signals):
            return Return(join_values([signal.value for signal in returns], condition)) if returns else RAISE
        if returns:
            if self._frames:
                self._frames[-1].possible.extend(signal.value for signal in returns)
            # What follows happens only if the branch did not return.
            if RANK[self.certainty] < RANK[Certainty.CONDITIONAL]:
                self.certainty, self.condition = Certainty.CONDITIONAL, condition
        return None

    def yield_(self, value: Value, several: bool, location: Location) -> None:
        """A generator's `yield`: its items are known as long as every yield certainly happens, in order."""
        if not self._frames:
            return
        frame = self._frames[-1]
        if frame.within is not None:
            self._outside_of(frame, frame.within, value)
            return
        items = items_of(value) if several else [value]
        if items is None or RANK[self.certainty] > max(RANK[frame.certainty], RANK[Certainty.CONFIGURED]):
            items = [Unknown("what a generator gives", location)]
        frame.yielded.extend(items[: LONGEST - len(frame.yielded)])

    def _outside_of(self, frame: Frame, work: Callable[[Value], None], value: Value) -> None:
        """Do what the caller does while a generator waits."""
        self._frames.pop()
        place = self.calls.pop()
        try:
            work(value)
        finally:
            self._frames.append(frame)
            self.calls.append(place)

    # Calls

    def emit(self, callee: Value, arguments: tuple[Argument, ...], location: Location) -> Value:
        """Write down a call of something outside the workspace; gives what the call makes."""
        result = Instance(callee, arguments, location)
        if isinstance(callee, External) and callee.name in self.kinds:
            furnish(self, result, arguments, location)
        if self._stack:
            event = Event(
                callee,
                arguments,
                location,
                self.certainty,
                result,
                None,
                self.condition,
                tuple(self.calls),
                self.guards > 0,
            )
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
                Event(
                    callee,
                    arguments,
                    location,
                    self.certainty,
                    None,
                    None,
                    self.condition,
                    tuple(self.calls),
                    self.guards > 0,
                )
            )

    def call(
        self, function: FunctionValue, arguments: tuple[Argument, ...], location: Location,
        within: Callable[[Value], None] | None = None,
    ) -> Value:  # fmt: skip
        """Call a function of the workspace with its first parameter already among the arguments.

        `within` is called where it yields, if it is a context manager.
        """
        if not self._stack and not self._frames:
            return self._asked(lambda: self._call(function, arguments, location, within), location)
        return self._call(function, arguments, location, within)

    def _call(
        self, function: FunctionValue, arguments: tuple[Argument, ...], location: Location,
        within: Callable[[Value], None] | None,
    ) -> Value:  # fmt: skip
        self._steps += 5
        running = sum(frame.function is function for frame in self._frames)
        if len(self._frames) >= DEPTH or running > 3 or self._steps > self.budget:
            return Unknown(f"a call of `{function.name}` that is nested too deeply", location)
        if function.sort == "asyncgen":
            return Instance(External("builtins.generator"), arguments, location)
        scope = Scope(function.path, {}, function.scope, owner=function.owner)
        self._bind_parameters(function, arguments, scope, location)
        frame = Frame(function, certainty=self.certainty, within=within)
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
        if isinstance(signal, Return):
            values = [*frame.possible, signal.value]
        elif signal == RAISE:
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
                    Unknown("arguments given with *", location)
                    if starred
                    else tuple(argument.value for argument in rest)
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
                scope.names[parameter.name] = self.evaluate(
                    parameter.default, function.defaults_scope or function.scope
                )
            else:
                scope.names[parameter.name] = Unknown(f"the argument `{parameter.name}`", location)

    def instantiate(self, cls: ClassValue, arguments: tuple[Argument, ...], location: Location) -> Value:
        """An object of a workspace class: its `__init__` runs; without one, arguments become attributes."""
        instance = Instance(cls, arguments, location)
        if cls.externals() and self._stack:
            self._stack[-1].events.append(
                Event(
                    cls,
                    arguments,
                    location,
                    self.certainty,
                    instance,
                    None,
                    self.condition,
                    tuple(self.calls),
                    self.guards > 0,
                )
            )
        instance.content = container_of(self, cls, arguments, location)
        furnish(self, instance, () if cls.find("__init__") else arguments, location)
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

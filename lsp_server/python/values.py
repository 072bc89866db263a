"""What an expression must be worth, as far as the text tells.

Constants and containers are Python's own (`str`, `int`, `list`, `dict`, …, holding values). Everything else is one of the
classes here. All compare by identity, as the objects they stand for do. `Unknown` (see `unknown.py`) is a value too.
Frameworks are not known here: `External("fastapi.APIRouter")` is just a name from outside the workspace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lsp_server.python.lower import Node
from lsp_server.text import Location
from lsp_server.unknown import Unknown

Value = Any  # A Python constant or container, or one of the classes below, or Unknown.

@dataclass(frozen=True, slots=True)
class Unset(Unknown):
    """A setting without a default, such as an environment variable: not known, but no particular text by itself."""


class Defaulting(dict[Any, Any]):
    """A `defaultdict`: `factory` makes what is missing."""

    factory: Value = None


NATIVE = (str, int, float, bool, type(None), bytes, tuple, list, dict, set, frozenset, range, complex, type(...))


class Certainty(StrEnum):
    """How sure it is that a statement runs."""

    CERTAIN = "certain"
    CONFIGURED = "configured"  # it runs under the default settings
    DORMANT = "dormant"  # it runs only under other settings than the default ones
    CONDITIONAL = "conditional"  # it hangs on something the text does not tell


@dataclass(eq=False, slots=True)
class Scope:
    """Names visible at a place. A class body's names are not seen by the functions in it."""

    path: str
    names: dict[str, Value] = field(default_factory=dict)
    parent: Scope | None = None
    configured: set[str] = field(default_factory=set)  # names whose value hangs on settings or the environment
    places: dict[str, Location] = field(default_factory=dict)
    owner: ClassValue | None = None  # the class in whose body or method we are (for `super()`)

    def find(self, name: str) -> Scope | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return None


@dataclass(eq=False, slots=True)
class External:
    """Something that another package defines, by its dotted name (`sqlalchemy.Column`)."""

    name: str

    def __repr__(self) -> str:
        return f"<external {self.name}>"


@dataclass(eq=False, slots=True)
class ModuleValue:
    """A module or package of the workspace, by its path (a folder with a slash where it has no `__init__.py`)."""

    path: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: `name` for keywords, `star` for `*value` and `**value` that could not be unpacked."""

    name: str | None
    value: Value
    location: Location
    star: bool = False


@dataclass(eq=False, slots=True)
class Annotation:
    """An annotation that has not been evaluated yet: `Interpreter.annotation` does."""

    node: Node
    scope: Scope

    @property
    def location(self) -> Location:
        from lsp_server.text import Span

        return Location(self.scope.path, Span(self.node[1], self.node[2]))


@dataclass(eq=False, slots=True)
class Parameter:
    """A function's parameter. `default` is a node of the compact tree, None where there is none."""

    name: str
    sort: str
    annotation: Annotation | None
    default: Node | None
    location: Location


@dataclass(eq=False, slots=True)
class FunctionValue:
    """A function of the workspace. `wrapped` is what `functools.wraps` says it stands for."""

    name: str
    path: str
    location: Location
    name_location: Location
    parameters: tuple[Parameter, ...]
    returns: Annotation | None
    body: tuple[Node, ...]
    scope: Scope
    sort: str = "function"
    owner: ClassValue | None = None
    decorators: list[tuple[Value, Location]] = field(default_factory=list)
    kind: str = "plain"  # "plain", "static", "class", "property", "class property"
    wrapped: FunctionValue | None = None
    around: FunctionValue | None = None  # the function it was put around as a decorator, said by `functools.wraps` or not
    qualname: str = ""
    defaults_scope: Scope | None = None
    attributes: dict[str, Value] = field(default_factory=dict)  # those set on it
    constructions: tuple[Node, ...] | None = None  # calls in its body of what looks like a class; None: nobody has looked

    def original(self) -> FunctionValue:
        """The function whose signature callers see."""
        function = self
        for _ in range(20):
            if function.wrapped is None:
                break
            function = function.wrapped
        return function

    def innermost(self) -> FunctionValue:
        """The function that somebody wrote the decorators over: where a person looks for what is called."""
        function = self
        for _ in range(20):
            inner = function.around or function.wrapped
            if inner is None:
                break
            function = inner
        return function

    def __repr__(self) -> str:
        return f"<function {self.path}:{self.qualname or self.name}>"


@dataclass(eq=False, slots=True)
class ClassValue:
    """A class of the workspace. `names` holds what its body binds, in order; `annotations` its annotated names."""

    name: str
    path: str
    location: Location
    name_location: Location
    bases: list[Value]
    keywords: list[Argument]
    names: dict[str, Value]
    annotations: dict[str, Annotation]
    places: dict[str, Location]
    scope: Scope
    qualname: str = ""
    type_parameters: tuple[str, ...] = ()
    decorators: list[tuple[Value, Location]] = field(default_factory=list)
    node: Node = ()
    certainty: Certainty = Certainty.CERTAIN  # of the statement that makes it
    condition: Unknown | None = None
    _mro: list[Value] | None = None

    def mro(self) -> list[Value]:
        """This class, then its bases in the order Python looks them up: classes, externals and unknowns."""
        if self._mro is None:
            self._mro = [self]  # A class that inherits from itself, half-typed, must not hang.
            self._mro = _linearise(self)
        return self._mro

    def lineage(self) -> Iterator[ClassValue]:
        """The workspace's classes in the order Python looks attributes up."""
        for entry in self.mro():
            if isinstance(entry, ClassValue):
                yield entry

    def externals(self) -> tuple[str, ...]:
        """Dotted names of the other packages' classes it inherits from."""
        return tuple(entry.name for entry in self.mro() if isinstance(entry, External))

    def inherits(self, *names: str) -> bool:
        return any(entry.name in names for entry in self.mro() if isinstance(entry, External))

    def unknown_bases(self) -> list[Unknown]:
        return [entry for entry in self.mro() if isinstance(entry, Unknown)]

    def find(self, name: str) -> tuple[ClassValue, Value] | None:
        """The class of the lineage that binds a name, and the value."""
        for entry in self.lineage():
            if name in entry.names:
                return entry, entry.names[name]
        return None

    def __repr__(self) -> str:
        return f"<class {self.path}:{self.qualname or self.name}>"


@dataclass(eq=False, slots=True)
class Instance:
    """What a call of a class (ours or another package's) makes. `attributes` are those set on it."""

    origin: Value  # ClassValue, External, Method or Instance (a call of something callable)
    arguments: tuple[Argument, ...]
    location: Location
    attributes: dict[str, Value] = field(default_factory=dict)
    configured: frozenset[str] = frozenset()  # attributes whose value hangs on settings or the environment
    base_arguments: tuple[Argument, ...] | None = None  # what `super().__init__` was given, if it was called
    content: Value = None  # the list, set or dictionary that an object of a class derived from one is

    def argument(self, name: str, position: int | None = None) -> Argument | None:
        return find_argument(self.arguments, name, position)

    def __repr__(self) -> str:
        return f"<instance of {self.origin!r}>"


@dataclass(eq=False, slots=True)
class Method:
    """`receiver.name` where the name is not ours: a method of another package's object."""

    receiver: Value
    name: str


@dataclass(eq=False, slots=True)
class BoundMethod:
    """A function of the workspace bound to an instance or class."""

    receiver: Value
    function: FunctionValue


@dataclass(eq=False, slots=True)
class EnumMember:
    """One member of an enumeration of the workspace."""

    cls: ClassValue
    name: str
    value: Value


@dataclass(eq=False, slots=True)
class Specialized:
    """`origin[arguments]`, or a union (`origin` is then `External("typing.Union")`)."""

    origin: Value
    arguments: tuple[Value, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class UnknownText(Unknown):
    """A text put together at run time, of which the `beginning` is known."""

    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Comparison(Unknown):
    """A comparison of values that are not known: not settled here, but what is compared may be an expression of another language.

    `operator` is Python's: "==", "<", or "&" and "|" between two comparisons.
    """

    operator: str = field(default="", compare=False)
    left: Value = field(default=None, compare=False)
    right: Value = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UnknownItems(Unknown):
    """Items of a list of which it is not known whether they stand there; `possible` are those that may."""

    possible: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Place(Unknown):
    """Where a file of the workspace is: not known as a text, but `path` is below the workspace's folder (see `places.py`)."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class Pending(Unknown):
    """A name asked for too early, in modules that import each other: once they have run, `Interpreter.resolve` may know it."""

    scope: Scope | None = None
    name: str = ""


@dataclass(eq=False, slots=True)
class TypeVariable:
    """A type parameter, by name."""

    name: str


@dataclass(eq=False, slots=True)
class Super:
    """`super()` inside a method: looks names up behind `owner` in the receiver's lineage."""

    owner: ClassValue
    receiver: Value


@dataclass(eq=False, slots=True)
class Event:
    """A call of something outside the workspace, in the order it would happen.

    `callee` is an External, a Method or an Instance; Unknown where an object of ours was given to something that cannot be
    followed. `decorates` is the function or class that the call's result was
    put on with `@`. `result` is what the call gave.
    """

    callee: Value
    arguments: tuple[Argument, ...]
    location: Location
    certainty: Certainty
    result: Value = None
    decorates: FunctionValue | ClassValue | None = None
    condition: Unknown | None = None
    caller: tuple[Location, ...] = ()
    guarded: bool = False  # a failure here is caught, and what follows goes on

    def argument(self, name: str, position: int | None = None) -> Argument | None:
        return find_argument(self.arguments, name, position)

    @property
    def method(self) -> str | None:
        return self.callee.name if isinstance(self.callee, Method) else None

    @property
    def receiver(self) -> Value:
        return self.callee.receiver if isinstance(self.callee, Method) else None


def find_argument(arguments: tuple[Argument, ...], name: str, position: int | None = None) -> Argument | None:
    """The argument given by keyword, else the positional one at `position`."""
    count = 0
    for argument in arguments:
        if argument.name == name:
            return argument
        if argument.name is None and not argument.star:
            if position is not None and count == position:
                return argument
            count += 1
    return None


def _linearise(cls: ClassValue) -> list[Value]:
    bases = [base.origin if isinstance(base, Specialized) else base for base in cls.bases]
    sequences: list[list[Value]] = []
    for base in bases:
        sequences.append(list(base.mro()) if isinstance(base, ClassValue) and base is not cls else [base])
    sequences.append([base for base in bases if base is not cls])
    result: list[Value] = [cls]
    while any(sequences):
        sequences = [sequence for sequence in sequences if sequence]
        for sequence in sequences:
            candidate = sequence[0]
            if not any(_same(candidate, other) for rest in sequences for other in rest[1:]):
                break
        else:
            candidate = sequences[0][0]  # No consistent order: Python would refuse; take the order as written.
        if not any(_same(candidate, known) for known in result):
            result.append(candidate)
        for sequence in sequences:
            sequence[:] = [entry for entry in sequence if not _same(entry, candidate)]
    return result


def _same(left: Value, right: Value) -> bool:
    if left is right:
        return True
    return isinstance(left, External) and isinstance(right, External) and left.name == right.name

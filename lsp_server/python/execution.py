"""What running a module leaves behind, and the bounds of the work: the interpreter's own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lsp_server.python.inherit import Marks
from lsp_server.python.lower import Node
from lsp_server.python.values import Certainty, ClassValue, Event, FunctionValue, Scope, Value
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

STEPS = 60_000  # statements and calls while one module runs; the largest real factories need some ten thousand
DEFERRED_STEPS = 10_000  # of these for one value that a class body binds and somebody asks for
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
class Deferred:
    """What a class body binds to a name, not looked at yet."""

    node: Node


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
class Return:
    value: Value


BREAK, CONTINUE, RAISE = "break", "continue", "raise"


@dataclass(slots=True)
class Frame:
    """One running call: values that it may return besides the certain one."""

    function: FunctionValue | None
    possible: list[Value] = field(default_factory=list)
    yielded: list[Value] = field(default_factory=list)
    certainty: Certainty = Certainty.CERTAIN  # when the call began
    within: Callable[[Value], None] | None = None  # what runs where a context manager yields


UNANSWERED = object()


class Outside(Protocol):
    """What somebody who knows a framework says about the world outside the workspace; UNANSWERED: nothing to say."""

    def called(self, event: Event) -> Value:
        """A call is written down: what it gives."""

    def attribute(self, receiver: Value, name: str) -> Value:
        """An attribute of another package's object: what it holds."""


def top_of(path: str) -> Location:
    return Location(path, Span(0, 0))

"""The routes a project has already, with their source: the models for every route that is to be written.

Joins the operations of an application with the functions behind them. Says what each parameter of a handler brings by
itself (a session, a credential, a page's bounds), so that new handlers can ask for the same things in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lsp_server.api.dependencies import dependency_of, read_dependency, read_part
from lsp_server.api.fastapi_signature import Signature
from lsp_server.api.model import MISSING, Operation
from lsp_server.api.names import bases_of, name_of
from lsp_server.api.pair import route_key, spec_key
from lsp_server.api.parameter_kinds import unwrapped
from lsp_server.api.pydantic import Shapes
from lsp_server.api.pydantic_classes import plain_type, pydantic_version
from lsp_server.document import Document
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.lower import Node
from lsp_server.python.values import ClassValue, External, FunctionValue, Scope, Value
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.api import Contract
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_CONVERTER = re.compile(r"\{([a-zA-Z_]\w*):[a-zA-Z_]\w*\}")
_SESSIONS = {
    "sqlalchemy.orm.Session": "sync", "sqlalchemy.orm.session.Session": "sync", "sqlmodel.Session": "sqlmodel",
    "sqlalchemy.orm.scoped_session": "sync", "sqlmodel.orm.session.Session": "sqlmodel",
    "sqlalchemy.ext.asyncio.AsyncSession": "async", "sqlalchemy.ext.asyncio.session.AsyncSession": "async",
    "sqlmodel.ext.asyncio.session.AsyncSession": "async sqlmodel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One parameter of a handler. `kind` is its plain type, `dependency` the callable behind `Depends`, if it is one.

    `session` is "sync", "async", "sqlmodel" or "async sqlmodel" for a database session.
    """

    name: str
    node: Node
    source: str
    brings: Signature
    kind: Value
    dependency: Value | None
    session: str | None

    @property
    def secures(self) -> bool:
        return isinstance(self.brings.security, tuple) and bool(self.brings.security)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The request's parameters it reads, by name."""
        found = self.brings.parameters
        return () if isinstance(found, Unknown) else tuple(each.name for each in found)


@dataclass(frozen=True, slots=True)
class Sibling:
    """A route with its source. `router` is the source before the verb (`router`, `api.v1`); `prefix` is what comes before the
    decorator's own path in the application's; `promise` the spec's operation, where the spec has it."""

    operation: Operation
    promise: Operation | None
    document: Document
    function: FunctionValue
    node: Node
    decorator: Node
    router: str
    prefix: str
    parts: tuple[Part, ...]
    demands: tuple[tuple[Value, Signature], ...]  # the callables in the decorator's own `dependencies=`, and what they bring

    @property
    def path(self) -> str:
        return self.document.path

    @property
    def own_path(self) -> str:
        return self.operation.path[len(self.prefix) :]

    @property
    def source(self) -> str:
        return self.document.text[self.node[1] : self.node[2]]

    @property
    def is_async(self) -> bool:
        return self.node[9] in ("coroutine", "asyncgen")

    @property
    def session(self) -> Part | None:
        return next((part for part in self.parts if part.session), None)

    def text(self, node: Node) -> str:
        return self.document.text[node[1] : node[2]]

    def argument(self, name: str) -> Node | None:
        """The value of one of the decorator's keyword arguments."""
        return next((keyword[1] for keyword in self.decorator[5] if keyword[0] == name), None)

    def secured_by_decorator(self) -> bool:
        return any(isinstance(each.security, tuple) and each.security for _, each in self.demands)


class Project:
    """What repairs of one contract ask again and again: the siblings, and the code's types as schemas."""

    def __init__(self, snapshot: Snapshot, contract: Contract) -> None:
        self.snapshot = snapshot
        self.contract = contract
        self.interpreter: Interpreter = snapshot.interpreter
        _ = snapshot.implemented  # runs the modules that make the application
        self.version = pydantic_version(self.interpreter)
        self.shapes = Shapes(self.interpreter, self.version)

    @cached_property
    def siblings(self) -> tuple[Sibling, ...]:
        """The routes that a decorator puts on a router, in the order in which the application tries them."""
        promises = {spec_key(each, self.contract.pairing): each for each in self.contract.promised.operations}
        functions = {
            function.name_location: function
            for execution in self.interpreter.executions.values()
            for function in execution.functions
        }
        found = (self._sibling(each, functions, promises.get(route_key(each))) for each in self.contract.implemented.operations)
        return tuple(sibling for sibling in found if sibling is not None)

    def _sibling(
        self, operation: Operation, functions: dict[Location, FunctionValue], promise: Operation | None
    ) -> Sibling | None:
        place = operation.handler_location
        function = functions.get(place) if place is not None else None
        document = self.snapshot.document(place.path) if place is not None else None
        if function is None or document is None or place is None or function.owner is not None:
            return None
        node = definition(self.snapshot.module(place.path).body, place)
        decorator = next((each for each in node[7] if (each[1], each[2]) == tuple(operation.location.span)), None) if node else None
        if node is None or decorator is None or decorator[0] != "call" or decorator[3][0] != "attr":
            return None
        given = decorator[4][0] if decorator[4] else next((each[1] for each in decorator[5] if each[0] == "path"), None)
        own = self.interpreter.evaluate(given, function.scope) if given is not None else ""
        if not isinstance(own, str) or not operation.path.endswith(own := _CONVERTER.sub(r"{\1}", own)):
            return None
        receiver = decorator[3][3]
        return Sibling(
            operation, promise, document, function, node, decorator, document.text[receiver[1] : receiver[2]],
            operation.path[: len(operation.path) - len(own)], tuple(self._parts(function, node, document, operation.path)),
            tuple(self._demands(decorator, function.scope, operation)),
        )  # fmt: skip

    def _parts(self, function: FunctionValue, node: Node, document: Document, path: str) -> Iterator[Part]:
        for parameter, written in zip(function.parameters, node[5]):
            annotation = self.interpreter.annotation(parameter.annotation) if parameter.annotation is not None else None
            default: Value = MISSING
            if parameter.default is not None:
                default = self.interpreter.evaluate(parameter.default, function.defaults_scope or function.scope)
            end = written[3][2] if written[3] is not None else written[5]
            kind = plain_type(unwrapped(annotation)[0])
            yield Part(
                parameter.name, written, document.text[written[4] : end],
                read_part(self.interpreter, self.shapes, function, parameter, path),
                kind, dependency_of(annotation, default), session_kind(kind),
            )  # fmt: skip

    def _demands(self, decorator: Node, scope: Scope, operation: Operation) -> Iterator[tuple[Value, Signature]]:
        given = next((keyword[1] for keyword in decorator[5] if keyword[0] == "dependencies"), None)
        values = items_of(self.interpreter.evaluate(given, scope)) if given is not None else None
        for value in values or ():
            yield dependency_of(None, value), read_dependency(self.interpreter, self.shapes, value, operation.path, operation.location)

    def strictness(self, sibling: Sibling) -> int:
        """How much a route asks for before it lets somebody in: the longest chain of dependencies that ends in credentials."""
        asked = [target for target, brings in sibling.demands if isinstance(brings.security, tuple) and brings.security]
        asked.extend(part.dependency for part in sibling.parts if part.secures)
        return max((self._depth(target, 0) for target in asked), default=0)

    def _depth(self, target: Value, depth: int) -> int:
        if not isinstance(target, FunctionValue) or depth > 20:
            return depth
        deepest = depth
        for parameter in target.original().parameters:
            annotation = self.interpreter.annotation(parameter.annotation) if parameter.annotation is not None else None
            default = self.interpreter.evaluate(parameter.default, target.scope) if parameter.default is not None else MISSING
            inner = dependency_of(annotation, default)
            if inner is not None and session_kind(plain_type(unwrapped(annotation)[0])) is None:
                deepest = max(deepest, self._depth(inner, depth + 1))
        return deepest


def is_test(path: str) -> bool:
    """Whether a file belongs to the project's tests."""
    *folders, name = path.split("/")
    return bool({"tests", "test"} & set(folders)) or name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


def session_kind(kind: Value) -> str | None:
    """What sort of database session a type is; None for everything else."""
    names = bases_of(kind) if isinstance(kind, ClassValue) else ((kind.name, name_of(kind) or "") if isinstance(kind, External) else ())
    return next((_SESSIONS[name] for name in names if name in _SESSIONS), None)


def definition(body: Iterable[Node], place: Location) -> Node | None:
    """The function or class whose name stands at a place, wherever it is nested."""
    stack = list(body)
    while stack:
        node = stack.pop()
        if node[0] in ("def", "class"):
            if tuple(node[4]) == tuple(place.span):
                return node
            if node[1] <= place.span.start < node[2]:
                stack.extend(node[8])
        elif node[0] in ("if", "for"):
            stack.extend((*node[-2], *node[-1]))
        elif node[0] in ("while", "with"):
            stack.extend(node[-1])
        elif node[0] == "try":
            stack.extend((*node[3], *node[5], *node[6]))
            stack.extend(inner for handler in node[4] for inner in handler[2])
    return None

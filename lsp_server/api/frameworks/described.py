"""Routes declared by decorators that a configuration describes: `[tool.specdrift.routes]`.

For a company's own framework, or any package whose decorators no other file here knows: the description says which argument
is the path and which methods there are. All described routes together are one application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lsp_server.api.bare import api_of, bare_operation, handler_of, template
from lsp_server.api.discovery import discover
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.routing import Options, PlacedRoute, Route, Router, list_routes, methods_named
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, Event, External, Instance, Method, Specialized, Value
from lsp_server.unknown import Unknown

Descriptions = Mapping[str, Mapping[str, Any]]  # dotted name -> {"path": 0 or "rule", "methods": ["GET"] or "verbs", "prefix": "/api"}

_PARAMETER = re.compile(r"\{(?P<name>[a-zA-Z_]\w*)(?::(?P<converter>[^{}]*))?\}|<(?:(?P<before>[^<>:]+):)?(?P<other>[a-zA-Z_]\w*)>")


class _Routing:
    """Collects the described calls that decorate something, in one router."""

    def __init__(self, descriptions: Descriptions) -> None:
        self.descriptions = descriptions
        self.router: Router | None = None

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            name = _called(event.callee)
            description = self.descriptions.get(name) if name is not None else None
            if description is not None and event.decorates is not None:
                self._add(event, description)

    def _add(self, event: Event, description: Mapping[str, Any]) -> None:
        options = Options.of(event.arguments, tuple(str(position) for position in range(len(event.arguments))))
        methods = description.get("methods", ["GET"])
        path = options.get(str(description.get("path", 0)))
        prefix = str(description.get("prefix", ""))
        route = Route(
            prefix + path if isinstance(path, str) else path if isinstance(path, Unknown) else Unknown("a path that is not a text"),
            event.decorates, methods_named(options.get(methods) if isinstance(methods, str) else methods), options,
            event.location, event.certainty, event.condition,
        )  # fmt: skip
        if self.router is None:
            owner = Instance(External("described"), (), event.location)
            self.router = Router(owner, event.location, True, Options.of(()), event.certainty, event.condition)
        self.router.entries.append(route)


def _called(callee: Value) -> str | None:
    """The dotted name of what is called: a function, or a class and its method."""
    if isinstance(callee, External):
        return callee.name
    if isinstance(callee, Method):
        receiver = callee.receiver
        origin = receiver.origin if isinstance(receiver, Instance) else receiver
        origin = origin.origin if isinstance(origin, Specialized) else origin
        names = origin.externals() if isinstance(origin, ClassValue) else (origin.name,) if isinstance(origin, External) else ()
        return f"{names[0]}.{callee.name}" if names else None
    return None


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    written = _PARAMETER.sub(_braced, placed.path)
    path, parameters = template(written, re.compile(r"\{(?P<name>\w+)(?::(?P<converter>[^{}]*))?\}"))
    endpoint = placed.route.endpoint
    methods = placed.route.methods
    for method in methods if isinstance(methods, tuple) else ():
        yield bare_operation(interpreter, placed, method, path, handler_of(endpoint), parameters)


def _braced(match: re.Match[str]) -> str:
    name, converter = match["name"] or match["other"], match["converter"] or match["before"]
    return "{" + name + (f":{converter}" if converter else "") + "}"


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    if not program.decorators:
        return ()
    routing = _Routing(program.decorators)
    words = tuple({name.partition(".")[0] for name in program.decorators})
    discover(program.interpreter, program.mentioning(words), routing.feed, (), set)
    if routing.router is None:
        return ()
    return (api_of(FRAMEWORK.name, list_routes(routing.router), lambda placed: _operations(program.interpreter, placed)),)


FRAMEWORK = Framework("described routes", _read)

"""Django projects, with or without REST framework: what their root of paths leads to.

Knows how a project becomes an Api. Where projects are is `api/django/projects.py`, lists of paths are `api/django/urls.py`,
views `api/django/views.py`, the world around them `api/django/world.py`. What serializers and models hold is not read:
bodies and answers stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from lsp_server.api.bare import api_of, bare_operation
from lsp_server.api.django.apps import start_applications
from lsp_server.api.django.patterns import read_path
from lsp_server.api.django.projects import Project, root_of, started_projects, stated_projects
from lsp_server.api.django.urls import Paths
from lsp_server.api.django.world import FOLDER, interpreter_for, is_described, setting, use_settings
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import ANY_METHOD, Api, Operation
from lsp_server.api.path_patterns import Reading
from lsp_server.api.routing import PlacedRoute, list_routes
from lsp_server.python.interpret import Interpreter
from lsp_server.python.program import Program as Modules
from lsp_server.python.values import ClassValue, FunctionValue
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

_KEY = ("pk",)  # whatever the primary key is called: documentation made of the program says `id`


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    """One operation for each path that the pattern says; one with the pattern itself where no template says it."""
    route = placed.route
    assert isinstance(route.methods, tuple)
    handler = route.endpoint if isinstance(route.endpoint, FunctionValue) else None
    pattern = read_path(placed.path)
    for method in route.methods:
        for reading in pattern.readings or (Reading(pattern.text, ()),):
            operation = bare_operation(
                interpreter, placed, method, reading.path, handler, dict(reading.parameters), raised=("default",)
            )
            operation = replace(
                operation, pattern=pattern.text if pattern.text != reading.path else None, freely_named=_KEY,
            )  # fmt: skip
            if route.view is not None and not is_described(route.view):
                operation = _of_class(interpreter, operation, route.view, handler)
            if method == ANY_METHOD and operation.maybe is None:
                operation = replace(operation, maybe=Unknown("which methods a view answers", operation.location))
            yield operation


def _of_class(interpreter: Interpreter, operation: Operation, view: ClassValue, handler: FunctionValue | None) -> Operation:
    """An operation that a class answers: its place is the class, whoever the method is inherited from."""
    inside = handler is not None and handler.path == view.path and handler.qualname.startswith(f"{view.qualname}.")
    return replace(
        operation, declaration=view.name_location,
        handler=operation.handler if inside else f"{interpreter.program.module_name(view.path)}:{view.qualname}",
        handler_location=handler.name_location if handler is not None else view.name_location,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read of a workspace, and the digests of all that was looked into for it."""

    candidates: tuple[str, ...]
    modules: frozenset[str]
    digests: Mapping[str, object]
    apis: tuple[Api, ...]

    def holds(self, program: Program, candidates: tuple[str, ...]) -> bool:
        same = self.candidates == candidates and self.modules == program.interpreter.program.paths
        return same and all(program.digest(path) == digest for path, digest in self.digests.items())


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    """The workspace's projects; those of the last time where no file that was looked into has changed since."""
    paths, modules = tuple(candidates), program.interpreter.program
    before = program.memory.get(FRAMEWORK.name)
    if isinstance(before, _Reading) and before.holds(program, paths):
        return before.apis
    looked: set[str] = set(paths)
    apis = _read_all(modules, started_projects(modules, paths), looked)
    apis = apis or _read_all(modules, stated_projects(modules, paths), looked)
    digests = {path: program.digest(path) for path in looked if path in modules.paths}
    program.memory[FRAMEWORK.name] = _Reading(paths, modules.paths, digests, apis)
    return apis


def _read_all(modules: Modules, projects: Iterable[Project], looked: set[str]) -> tuple[Api, ...]:
    """One Api for each root of paths, with the settings of the first project that has it. Adds the files to `looked`."""
    apis: dict[str, Api] = {}
    for project in projects:
        interpreter = interpreter_for(modules)
        use_settings(interpreter, project.settings)
        root = root_of(interpreter, project, setting(interpreter, "ROOT_URLCONF"))
        if root is not None and root not in apis and not root.startswith(FOLDER):
            start_applications(interpreter, project.settings)
            router = Paths(interpreter).module(root)
            router.application = True
            api = api_of(FRAMEWORK.name, list_routes(router, "/"), partial(_operations, interpreter))
            elsewhere = tuple(_beginning(prefix) for prefix in api.elsewhere)
            incomplete = api.incomplete if api.incomplete is not None else _broken(interpreter)
            apis[root] = replace(api, elsewhere=elsewhere, incomplete=incomplete)
        looked.update(interpreter.executions)
    return tuple(apis.values())


def _broken(interpreter: Interpreter) -> Unknown | None:
    """Says so where lines of a module that was looked into are not Python: routes may stand there."""
    for path in interpreter.executions:
        if interpreter.program.load(path).lacks_lines:
            return Unknown("lines that are not Python", Location(path, Span(0, 0)))
    return None


def _beginning(expression: str) -> str:
    """What the paths below a prefix begin with; the root for one that no template says."""
    readings = read_path(expression).readings
    return readings[0].path if len(readings) == 1 else "/"


FRAMEWORK = Framework("Django", _read)

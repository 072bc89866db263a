"""Django projects, with or without REST framework: what their root of paths leads to.

Knows how a project becomes an Api. Where projects are is `api/django_projects.py`, lists of paths are `api/django_urls.py`,
views `api/django_views.py`, the world around them `api/django_world.py`. What serializers and models hold is not read:
bodies and answers stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from lsp_server.api.bare import api_of, bare_operation
from lsp_server.api.django_apps import start_applications
from lsp_server.api.django_patterns import read_path
from lsp_server.api.django_projects import find_projects, root_of
from lsp_server.api.django_urls import Paths
from lsp_server.api.django_world import FOLDER, interpreter_for, is_described, setting, use_settings
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import ANY_METHOD, Api, Operation
from lsp_server.api.path_patterns import Reading
from lsp_server.api.routing import PlacedRoute, list_routes
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, FunctionValue
from lsp_server.unknown import Unknown

_KEY = ("pk",)  # whatever the primary key is called: documentation made of the program says `id`
_WORDS = ("urlpatterns", "DJANGO_SETTINGS_MODULE", "ROOT_URLCONF")


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


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    paths = tuple(candidates)
    apis: dict[str, Api] = {}
    for project in find_projects(program.interpreter.program, paths):
        interpreter = interpreter_for(program.interpreter.program)
        use_settings(interpreter, project.settings)
        root = root_of(interpreter, project, setting(interpreter, "ROOT_URLCONF"))
        if root is None or root in apis or root.startswith(FOLDER):
            continue
        start_applications(interpreter, project.settings)
        router = Paths(interpreter).module(root)
        router.application = True
        listing = list_routes(router, "/")
        api = api_of(FRAMEWORK.name, listing, partial(_operations, interpreter))
        apis[root] = replace(api, elsewhere=tuple(_beginning(prefix) for prefix in api.elsewhere))
    return tuple(apis.values())


def _beginning(expression: str) -> str:
    """What the paths below a prefix begin with; the root for one that no template says."""
    readings = read_path(expression).readings
    return readings[0].path if len(readings) == 1 else "/"


FRAMEWORK = Framework("Django", lambda text: any(word in text for word in _WORDS), _read)

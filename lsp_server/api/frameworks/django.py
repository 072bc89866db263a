"""Django projects, with or without REST framework: what their root of paths leads to.

Knows how a project becomes an Api. Where projects are is `api/django_projects.py`, lists of paths are `api/django_urls.py`,
views `api/django_views.py`, the world around them `api/django_world.py`. What serializers and models hold is not read:
bodies and answers stay unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from lsp_server.api.bare import api_of, bare_operation, template
from lsp_server.api.django_projects import find_projects, root_of
from lsp_server.api.django_urls import PARAMETER, Paths
from lsp_server.api.django_views import ANY
from lsp_server.api.django_world import FOLDER, interpreter_for, is_described, setting, use_settings
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.routing import PlacedRoute, list_routes
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import FunctionValue
from lsp_server.unknown import Unknown

_WORDS = ("urlpatterns", "DJANGO_SETTINGS_MODULE", "ROOT_URLCONF")


def _operations(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    path, parameters = template(placed.path, PARAMETER)
    route = placed.route
    assert isinstance(route.methods, tuple)
    handler = route.endpoint if isinstance(route.endpoint, FunctionValue) else None
    for method in route.methods:
        operation = bare_operation(interpreter, placed, method, path, handler, parameters)
        if route.view is not None and not is_described(route.view):
            module, name = interpreter.program.module_name(route.view.path), route.view.qualname
            inside = handler is not None and handler.path == route.view.path and handler.qualname.startswith(f"{name}.")
            operation = replace(
                operation, declaration=route.view.location,
                handler=operation.handler if inside else f"{module}:{name}",
                handler_location=handler.name_location if handler is not None else route.view.name_location,
            )  # fmt: skip
        if method == ANY and operation.maybe is None:
            operation = replace(operation, maybe=Unknown("which methods a view answers", operation.location))
        yield operation


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    paths = tuple(candidates)
    apis: dict[str, Api] = {}
    for project in find_projects(program.interpreter.program, paths):
        interpreter = interpreter_for(program.interpreter.program)
        use_settings(interpreter, project.settings)
        root = root_of(interpreter, project, setting(interpreter, "ROOT_URLCONF"))
        if root is None or root in apis or root.startswith(FOLDER):
            continue
        router = Paths(interpreter).module(root)
        router.application = True
        listing = list_routes(router, "/")
        apis[root] = api_of(FRAMEWORK.name, listing, partial(_operations, interpreter))
    return tuple(apis.values())


FRAMEWORK = Framework("Django", lambda text: any(word in text for word in _WORDS), _read)

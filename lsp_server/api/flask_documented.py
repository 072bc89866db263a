"""The operations of flask-smorest and APIFlask rules, where a class may stand for a function.

What their decorators declare of bodies and answers is made of marshmallow schemas and stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lsp_server.api.bare import bare_operation, handler_of, template, view_methods
from lsp_server.api.flask_names import PARAMETER
from lsp_server.api.model import Operation
from lsp_server.api.routing import PlacedRoute
from lsp_server.python.interpret import Interpreter


def read_documented(interpreter: Interpreter, placed: PlacedRoute) -> Iterator[Operation]:
    """The operations of a rule."""
    path, parameters = template(placed.path, PARAMETER)
    route = placed.route
    assert isinstance(route.methods, tuple)
    handlers = view_methods(route.view) if route.view is not None else {}
    for method in route.methods:
        handler = handlers.get(method) or handler_of(route.endpoint)
        operation = bare_operation(interpreter, placed, method, path, handler, parameters)
        if handler is None and route.view is not None:  # A rule may name methods that its class does not answer.
            operation = replace(operation, declaration=route.view.location)
        yield operation

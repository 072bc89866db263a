"""What the decorators of flask-smorest and APIFlask declare: arguments, answers, documentation by hand."""

from __future__ import annotations

from collections.abc import Iterator

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
        yield bare_operation(interpreter, placed, method, path, handler, parameters)

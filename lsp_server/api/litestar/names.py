"""Litestar's names as this reader speaks of them, and what its own classes look like in its documentation.

The last word of a name decides: nearly everything is exported by several modules. Starlite, as it was called before version 2,
spells the same words. Knows names, status codes and shapes only.
"""

from __future__ import annotations

from lsp_server.api.model import Property, Schema
from lsp_server.api.python_types import ANYTHING, INTEGER, STRING
from lsp_server.python.values import BoundMethod, ClassValue, External, Instance, Specialized, Value

PACKAGES = ("litestar", "starlite")
APPLICATIONS = ("Litestar", "Starlite")
ROUTER = "Router"
CONTROLLER = "Controller"
# The methods of each handler decorator; None: `http_method` says.
HANDLERS: dict[str, tuple[str, ...] | None] = {
    "get": ("GET",), "post": ("POST",), "put": ("PUT",), "patch": ("PATCH",), "delete": ("DELETE",), "head": ("HEAD",),
    "route": None, "HTTPRouteHandler": None,
}  # fmt: skip
# Handlers and classes that answer no HTTP method of their own.
SILENT = ("websocket", "websocket_listener", "websocket_stream", "WebsocketListener", "WebsocketRouteHandler",
          "WebsocketListenerRouteHandler", "create_static_files_router", "StaticFilesConfig", "OpenAPIController")  # fmt: skip
MOUNTS = ("asgi", "ASGIRouteHandler")
# Packages whose plugins put no routes of an API on the application.
QUIET_PLUGINS = ("litestar", "starlite", "advanced_alchemy", "litestar_granian", "litestar_saq", "litestar_vite", "litestar_email",
                 "litestar_htmx", "litestar_asyncpg", "litestar_oracledb", "litestar_manticore", "sqlspec", "dishka")  # fmt: skip

STATUSES = {
    "HTTPException": 500, "ClientException": 400, "ValidationException": 400, "NotAuthorizedException": 401,
    "PermissionDeniedException": 403, "NotFoundException": 404, "MethodNotAllowedException": 405,
    "TooManyRequestsException": 429, "InternalServerException": 500, "ServiceUnavailableException": 503,
    "ImproperlyConfiguredException": 500, "NoRouteMatchFoundException": 500, "TemplateNotFoundException": 500,
}  # fmt: skip
MEDIA_TYPES = {"JSON": "application/json", "URL_ENCODED": "application/x-www-form-urlencoded", "MULTI_PART": "multipart/form-data",
               "MESSAGEPACK": "application/vnd.msgpack", "HTML": "text/html", "TEXT": "text/plain"}  # fmt: skip


def word_of(value: Value) -> str | None:
    """The last word of a name of Litestar's; None for everything else."""
    if isinstance(value, Specialized):
        value = value.origin
    if isinstance(value, External) and value.name.partition(".")[0] in PACKAGES:
        return value.name.rpartition(".")[2]
    return None


def words_of(value: Value) -> tuple[str, ...]:
    """The words of a class of Litestar's, or of those that a workspace class is below."""
    if isinstance(value, Specialized):
        value = value.origin
    if isinstance(value, ClassValue):
        return tuple(word for word in map(word_of, value.mro()) if word is not None)
    word = word_of(value)
    return (word,) if word is not None else ()


def made_from(value: Value) -> tuple[str, ...]:
    """The words of the class that an object is of."""
    return words_of(value.origin) if isinstance(value, Instance) else ()


def given_to(value: Instance) -> Instance | None:
    """The object that a call was made of: the `get("/x")` of `get("/x")(handler)`."""
    return value.origin if isinstance(value.origin, Instance) else None


def package_of(value: Value) -> str | None:
    """The package that something from outside the workspace comes from; None where it is ours."""
    for _ in range(10):
        if isinstance(value, External):
            return value.name.partition(".")[0]
        if isinstance(value, Instance | Specialized):
            value = value.origin
        elif isinstance(value, BoundMethod | ClassValue):
            return None
        elif hasattr(value, "receiver"):
            value = value.receiver
        else:
            return None
    return None


def page_of(name: str, items: Schema) -> Schema | None:
    """One page of `items`, as the pagination class of that name shows itself."""
    more = _PAGES.get(name)
    if more is None:
        return None
    listed = Property("items", Schema(types=("array",), items=items), True)
    return Schema(types=("object",), properties=(listed, *(Property(each, schema, True) for each, schema in more)))


_PAGES: dict[str, tuple[tuple[str, Schema], ...]] = {
    "OffsetPagination": (("limit", INTEGER), ("offset", INTEGER), ("total", INTEGER)),
    "ClassicPagination": (("page_size", INTEGER), ("current_page", INTEGER), ("total_pages", INTEGER)),
    "CursorPagination": (("results_per_page", INTEGER), ("cursor", ANYTHING)),
}
PAGINATION_PACKAGES = ("litestar", "starlite", "advanced_alchemy")

OWN_SHAPES: dict[str, Schema] = {
    "OAuth2Login": Schema(types=("object",), properties=(
        Property("access_token", STRING, True), Property("token_type", STRING, True),
        Property("refresh_token", Schema(types=("string",), nullable=True), False),
        Property("expires_in", Schema(types=("integer",), nullable=True), False),
    )),
}  # fmt: skip

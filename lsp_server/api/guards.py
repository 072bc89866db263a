"""Checks of credentials that no declaration shows: middleware, dependencies run for their effect, handlers that look themselves.

Whoever may refuse a request makes the security of a route unknown where the route declares none; this proves nothing more.
Judged by words: code that checks credentials names them, or the refusal, somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsp_server.api.names import is_class_of, made_by, spelled
from lsp_server.api.pydantic_classes import plain_type
from lsp_server.api.routing import Options
from lsp_server.python.interpret import Interpreter
from lsp_server.python.lower import Node
from lsp_server.python.values import BoundMethod, ClassValue, External, FunctionValue, Instance, Value
from lsp_server.python.walk import walk
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_CHECKS = re.compile(
    r"authori[sz]|authenti|\bauth\b|auth_|_auth|bearer|jwt|api_?-?key|credential|unauthori|forbidden|permission|access_?token|id_?token"
    r"|verify_?token|token_?verif|current_?user|logged_?in|login_?required|secret|signature|hmac|\b40[13]\b|http_40[13]",
    re.IGNORECASE,
)
# Words in the names of other packages' middleware that refuses nobody for want of credentials.
_HARMLESS = re.compile(
    r"cors|gzip|brotli|compress|zstd|trustedhost|httpsredirect|proxyheader|correlation|requestid|request_id|rawcontext|context"
    r"|prometheus|metric|instrument|sentry|opentelemetry|opentelemetry|otel|trac|telemetry|logfire|elasticapm|datadog|log|timing|timer|profil"
    r"|ratelimit|slowapi|limit|cache|locale|i18n|exception|error|secureheader|session|background|debug|toolbar|sqlalchemy|db",
    re.IGNORECASE,
)
_REQUESTS = ("request", "req", "scope")
_ONWARDS = ("call_next", "app", "handler", "original_route_handler", "get_route_handler", "dispatch", "original_handler", "next", "isinstance", "getattr")
_BY_HAND = ("starlette.middleware.base.BaseHTTPMiddleware", "starlette.middleware.Middleware")


def of_middleware(middleware: Value, arguments: Options, location: Location) -> Unknown | None:
    """What a middleware may check; None where it surely lets every request through."""
    what = Unknown("the credentials that a middleware may ask for", location)
    if isinstance(middleware, BoundMethod):
        middleware = middleware.function
    if isinstance(middleware, FunctionValue):
        return what if may_refuse(middleware) else None
    if isinstance(middleware, ClassValue):
        named = [middleware.name, *middleware.externals()]
        return what if any(map(_CHECKS.search, named)) or any(map(may_refuse, methods_of(middleware))) else None
    if isinstance(middleware, External):
        if spelled(middleware.name) in _BY_HAND:
            return of_middleware(arguments.get("dispatch"), Options.of(()), location)
        return None if _HARMLESS.search(middleware.name) and not _CHECKS.search(middleware.name) else what
    if isinstance(middleware, Instance) and made_by(middleware) == "starlette.middleware.Middleware":
        given = Options.of(middleware.arguments, ("cls",))
        return of_middleware(given.get("cls"), given, middleware.location)
    return what


def of_listed(listed: Value, location: Location) -> Unknown | None:
    """What the middleware given to an application's constructor may check."""
    if listed is None:
        return None
    if not isinstance(listed, list | tuple):
        return Unknown("the credentials that a middleware may ask for", location)
    found = (of_middleware(each, Options.of(()), location) for each in listed)
    return next((guard for guard in found if guard is not None), None)


def methods_of(cls: ClassValue) -> list[FunctionValue]:
    return [value for owner in cls.lineage() for value in owner.names.values() if isinstance(value, FunctionValue)]


def may_refuse(function: FunctionValue) -> bool:
    """Whether what stands around every request may turn one away: it names credentials, raises, answers by itself, or hands
    the request to somebody who may.
    """
    if checks(function):
        return True
    for node in walk(function.body):
        if node[0] == "raise" and node[3] is not None:
            return True
        if node[0] != "call":
            continue
        callee = node[3]
        name = callee[4] if callee[0] == "attr" else callee[3] if callee[0] == "name" else ""
        if name.endswith("Response"):
            return True
        if name in _ONWARDS or name[:1].isupper() or name == "dict":
            continue
        given = (*node[4], *(value for _, value, *_ in node[5]))
        if any(each[0] == "name" and each[3] in _REQUESTS for each in given):
            return True
    return False


def checks(function: FunctionValue) -> bool:
    """Whether a function's text names credentials, or a refusal for want of them."""
    names = (function.name, *(parameter.name for parameter in function.parameters))
    return any(map(_CHECKS.search, names)) or any(map(_CHECKS.search, _words(function.body)))


def looks_itself(interpreter: Interpreter, function: FunctionValue) -> Unknown | None:
    """Says so where a handler or a dependency has the request, or a header, and may look for credentials in it."""
    if not checks(function):
        return None
    for parameter in function.parameters:
        kind = plain_type(interpreter.annotation(parameter.annotation)) if parameter.annotation is not None else None
        if is_class_of(kind, "fastapi.Request", "fastapi.WebSocket") or _CHECKS.search(parameter.name):
            return Unknown(f"the credentials that `{function.name}` may ask for by itself", function.name_location)
    return None


def _words(body: Iterable[Node]) -> Iterable[str]:
    for index, node in enumerate(body):
        if index == 0 and node[0] == "expr" and node[3][0] == "const":
            continue  # the docstring
        for inner in walk((node,)):
            if inner[0] == "name":
                yield inner[3]
            elif inner[0] == "attr":
                yield inner[4]
            elif inner[0] == "const" and isinstance(inner[3], str | int) and not isinstance(inner[3], bool):
                yield str(inner[3])

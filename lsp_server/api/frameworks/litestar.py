"""Litestar (and Starlite, as it was called) programs as `Api`s.

Which calls and hooks register what is in `litestar/routing.py`, what a handler takes and answers in `litestar/operations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lsp_server.api.bare import api_of
from lsp_server.api.discovery import discover, feed_new
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.litestar.names import APPLICATIONS, words_of
from lsp_server.api.litestar.operations import OperationReader, join
from lsp_server.api.litestar.routing import Routing
from lsp_server.api.model import Api
from lsp_server.api.pydantic import Shapes, pydantic_version
from lsp_server.api.routing import Listing, Router, applications_first, list_routes, one_per_place
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Value


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    interpreter, routing = program.interpreter, Routing(program.interpreter)
    fed = discover(
        interpreter, candidates, routing.feed, (_is_application,), lambda: {router.location for router in routing.applications()}
    )
    for application in routing.applications():
        happened = routing.start(application)
        feed_new(interpreter, routing.feed, fed)
        routing.feed(happened)
    routing.fill()
    version = pydantic_version(interpreter)
    listings = one_per_place(_listing(router) for router in applications_first(routing.routers.values()))
    apis = (_api(interpreter, listing, version) for listing in listings)
    return tuple(api for api in apis if api.operations or api.served)


def _is_application(value: Value) -> bool:
    return any(word in APPLICATIONS for word in words_of(value))


def _listing(router: Router) -> Listing:
    stated = router.options.get("path")
    return list_routes(router, stated if isinstance(stated, str) else "", join)


def _api(interpreter: Interpreter, listing: Listing, version: int | None) -> Api:
    shapes = Shapes(interpreter, version)
    reader = OperationReader(interpreter, shapes, listing.router.options)
    return replace(api_of(FRAMEWORK.name, listing, reader.operations), schemas=shapes.schemas)


FRAMEWORK = Framework("Litestar", _read)

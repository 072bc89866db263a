"""FastAPI programs as `Api`s: which modules and functions to look into, and what each application serves.

Stands on the interpreter (`python/`): nothing is imported or run. The meaning of single calls is in
`fastapi_routing.py` (routers), `fastapi_operations.py` (routes), `dependencies.py` (parameters) and `pydantic.py` (shapes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lsp_server.api.discovery import discover, feed_new
from lsp_server.api.fastapi_listing import Listing, changed, list_routes, routes_seen
from lsp_server.api.fastapi_operations import OperationReader
from lsp_server.api.fastapi_routing import APPLICATION, ROUTER, Routing
from lsp_server.api.frameworks import Framework
from lsp_server.api.model import Api, Operation
from lsp_server.api.names import bases_of, spelled
from lsp_server.api.principal import place_beside
from lsp_server.api.pydantic import Shapes, pydantic_version
from lsp_server.api.routing import Inclusion, Router, doubt_about, places_of
from lsp_server.api.startup import run_startup
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import ClassValue, External, FunctionValue, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def read_applications(
    interpreter: Interpreter, candidates: Iterable[str], pydantic: int | None = None
) -> tuple[Api, ...]:
    """One Api for each FastAPI application that the candidates make, mounted ones included.

    Routers that no application includes come last, each as an Api of its own with `served` False. `pydantic` is the
    library's major version where it is known; else the program's imports tell.
    """
    routing = Routing(interpreter)
    kinds = tuple(lambda value, kind=kind: _is_kind(value, kind) for kind in (APPLICATION, ROUTER))
    fed = discover(interpreter, candidates, routing.feed, kinds, lambda: places_of(routing.routers), scripts=True)
    while routing.startup:
        router, handler = routing.startup.pop(0)
        if not _has_run(handler, router):
            run_startup(interpreter, router.value, [handler], routing.feed)
    feed_new(interpreter, routing.feed, fed)
    _guard_mounted(routing)
    version = pydantic if pydantic is not None else pydantic_version(interpreter)
    listings = [changed(list_routes(*root)) for root in _roots(routing)]
    served = _one_per_place(listing for listing in listings if listing.served)
    used = {router.location for router in routing.routers.values() if router.included or router.application}
    loose = (each for each in listings if not each.served and each.operations and each.router.location not in used)
    return _read_all(interpreter, [*served, *_one_per_place(loose)], version)


def _is_kind(value: object, wanted: str) -> bool:
    if isinstance(value, External):
        return spelled(value.name) == wanted
    return isinstance(value, ClassValue) and wanted in bases_of(value)


# Applications


def _roots(routing: Routing) -> list[tuple[Router, str, Unknown | None]]:
    """Applications with the prefix they are mounted under, then routers that nothing includes."""
    mounts: dict[int, tuple[str | Unknown, Unknown | None]] = {}
    for router in routing.routers.values():
        for entry in router.entries:
            if isinstance(entry, Inclusion) and entry.mounted and isinstance(entry.target, Router):
                if place_beside(router.location.path) and not place_beside(entry.target.location.path):
                    continue  # A test puts the project's application somewhere: that is not where it is served.
                prefix = entry.prefix if isinstance(entry.prefix, str) else Unknown("a mount path", entry.location)
                # An application is there whether or not it is mounted, in one branch or another: it has a spec of its own.
                doubt = None if entry.target.application else doubt_about(entry, router)
                if isinstance(prefix, str) or id(entry.target) not in mounts:
                    mounts[id(entry.target)] = (prefix, doubt)
    roots = []
    reached = _reached(routing)
    for router in routing.routers.values():
        prefix, doubt = mounts.get(id(router), ("", None))
        if (router.application or id(router) in mounts) and isinstance(prefix, str):
            roots.append((router, prefix.rstrip("/"), doubt))
    for router in routing.routers.values():
        if not router.application and not router.included and id(router) not in reached:
            roots.append((router, "", None))
    return roots


def _has_run(handler: Value, router: Router) -> bool:
    """Whether what a function does to an application was seen already: somebody calls it besides."""
    if not isinstance(handler, FunctionValue):
        return False
    place = handler.location
    return any(entry.location.path == place.path and place.span.start <= entry.location.span.start < place.span.end for entry in router.entries)


def _guard_mounted(routing: Routing) -> None:
    """What an application's middleware asks for is asked of those mounted in it too."""
    waiting = [router for router in routing.routers.values() if router.guard is not None]
    while waiting:
        router = waiting.pop()
        for entry in router.entries:
            if isinstance(entry, Inclusion) and isinstance(entry.target, Router) and entry.mounted and entry.target.guard is None:
                entry.target.guard = router.guard
                waiting.append(entry.target)


def _reached(routing: Routing) -> set[int]:
    reached: set[int] = set()
    stack = [router for router in routing.routers.values() if router.application]
    while stack:
        router = stack.pop()
        if id(router) in reached:
            continue
        reached.add(id(router))
        stack.extend(entry.target for entry in router.entries if isinstance(entry, Inclusion) and isinstance(entry.target, Router))
    return reached


def _read_all(interpreter: Interpreter, listings: list[Listing], version: int | None) -> tuple[Api, ...]:
    """The listings' Apis. Test suites make dozens of applications of the same routes in the same places: read once."""
    known: dict[tuple[int, ...], list[tuple[Listing, Api]]] = {}
    apis = []
    for listing in listings:
        alike = known.setdefault(tuple(id(route) for route, _, _ in listing.routes), [])
        twin = next((api for other, api in alike if other.routes == listing.routes), None)
        if twin is None:
            api = _read(interpreter, listing, version)
            alike.append((listing, api))
        else:
            api = _at(listing, twin)
        apis.append(api)
    return tuple(apis)


def _at(listing: Listing, twin: Api) -> Api:
    """The Api of a listing with the routes and placements of another."""
    router = listing.router
    title = router.options.get("title")
    return replace(
        twin, source=router.location.path, title=title if isinstance(title, str) else None, location=router.location,
        sources=_sources(router, twin.operations), unknowns=listing.unknowns, incomplete=listing.hole, served=listing.served,
        mounts=listing.mounts, joined=_joined(router),
    )  # fmt: skip


def _joined(router: Router) -> bool:
    mounts = (entry for entry in router.entries if isinstance(entry, Inclusion) and entry.mounted)
    return router.included or any(isinstance(entry.target, Router) for entry in mounts)


def _sources(router: Router, operations: Iterable[Operation]) -> tuple[str, ...]:
    return tuple(sorted({operation.location.path for operation in operations} | {router.location.path}))


def _read(interpreter: Interpreter, listing: Listing, version: int | None) -> Api:
    router = listing.router
    shapes = Shapes(interpreter, version, router.options.get("separate_input_output_schemas") is not False)
    reader = OperationReader(interpreter, shapes)
    operations = [operation for route, owner, placement in listing.routes for operation in reader.operations(route, owner, placement)]
    title = router.options.get("title")
    return Api(
        router.location.path, title if isinstance(title, str) else None, tuple(operations), shapes.schemas,
        tuple(reader.security_schemes.values()), version="FastAPI", unknowns=listing.unknowns,
        incomplete=listing.hole, location=router.location, sources=_sources(router, operations),
        states_null=version != 1, served=listing.served, mounts=listing.mounts, joined=_joined(router),
    )  # fmt: skip


def _one_per_place(listings: Iterable[Listing]) -> list[Listing]:
    """A factory that is called several times makes one application for us: the fullest."""
    best: dict[Location, Listing] = {}
    for listing in listings:
        known = best.get(listing.router.location)
        if known is None or listing.operations > known.operations:
            best[listing.router.location] = listing
    return list(best.values())


FRAMEWORK = Framework(
    "FastAPI", lambda program, paths: read_applications(program.interpreter, paths), answers={"routes": routes_seen},
)  # fmt: skip

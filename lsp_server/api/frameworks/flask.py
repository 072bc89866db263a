"""Flask and Quart applications: rules and blueprints, and what extensions put on them.

Knows which modules to run and how a rule becomes an operation. The calls are in `flask/routing.py`; extensions stand in
the table below, each in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsp_server.api.bare import api_of, bare_operation, template
from lsp_server.api.discovery import call_callers, discover, feed_new, holds
from lsp_server.api.flask import appbuilder, classful, resources, smorest
from lsp_server.api.flask.config import KINDS
from lsp_server.api.flask.connexion_names import APIS
from lsp_server.api.flask.names import PARAMETER, join
from lsp_server.api.flask.routing import Extension, FlaskRouting
from lsp_server.api.flask.views import View
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.model import Api, Operation
from lsp_server.api.names import is_a, is_class_of
from lsp_server.api.principal import place_beside
from lsp_server.api.registrars import call_registrars, offer
from lsp_server.api.routing import SURE, PlacedRoute, applications_first, list_routes, one_per_place
from lsp_server.python.values import Event, FunctionValue, Instance, Method
from lsp_server.text import Location


def _is_connexions(routing: FlaskRouting, event: Event) -> bool:
    """`app.register_blueprint(api.blueprint)`: a blueprint of Connexion's, whose routes are read where its spec is."""
    given = event.argument("blueprint", 0) if event.method == "register_blueprint" else None
    value = given.value if given is not None else None
    return isinstance(value, Method) and value.name == "blueprint" and is_a(value.receiver, *APIS)


EXTENSIONS: tuple[Extension, ...] = (
    appbuilder.EXTENSION, classful.EXTENSION, resources.EXTENSION, smorest.EXTENSION,
    Extension("Connexion", hear=_is_connexions),
)  # fmt: skip

def operations(routing: FlaskRouting, placed: PlacedRoute) -> Iterator[Operation]:
    """The operations of a rule: by the extension that declared it, else what its path and view say."""
    read = routing.readers.get(id(placed.route))
    if read is not None:
        yield from read(routing.interpreter, placed)
        return
    path, parameters = template(placed.path, PARAMETER)
    view = routing.views.get(id(placed.route), View())
    handlers = view.handlers()
    assert isinstance(placed.route.methods, tuple)
    for method in placed.route.methods:
        handler = handlers.get(method) or view.function
        yield bare_operation(routing.interpreter, placed, method, path, handler, parameters)


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    routing = FlaskRouting(program.interpreter, EXTENSIONS, program.views)
    kinds = (routing.applications, routing.blueprints)
    wanted = tuple(lambda value, names=names: is_class_of(value, *names) for names in kinds)
    paths = tuple(candidates)
    fed = discover(
        program.interpreter, paths, routing.feed, wanted,
        # A factory that is only called in doubt is run by itself, too, to see what is in doubt inside of it.
        lambda: {router.location for router in routing.routers.values() if router.certainty in SURE},
    )  # fmt: skip
    asking = _asking(routing, paths)
    if asking:
        callers = program.mentioning(tuple(sorted({function.name for function in asking.values()})))
        ours = [path for path in dict.fromkeys((*paths, *callers)) if place_beside(path) is None]
        call_callers(program.interpreter, ours, routing.feed, lambda: set(asking))
        feed_new(program.interpreter, routing.feed, fed)
    remaining = call_registrars(program.interpreter, paths, routing.feed, routing.methods, routing.heard)
    feed_new(program.interpreter, routing.feed, fed)
    application = _only_application(routing)
    if application is not None:
        offer(program.interpreter, remaining, routing.feed, application, lambda function, name: _takes(routing, function, name))
        feed_new(program.interpreter, routing.feed, fed)
    routing.finish()
    listings = one_per_place(list_routes(router, join=join) for router in applications_first(routing.routers.values()))
    apis = (api_of(FRAMEWORK.name, listing, lambda placed: operations(routing, placed)) for listing in listings)
    return tuple(api for api in apis if api.operations or api.served)


def _asking(routing: FlaskRouting, paths: Iterable[str]) -> dict[Location, FunctionValue]:
    """The places of applications whose factory has parameters and surely is not called by a module as it runs, with it.

    What serves them passes something: `def create_app(): return factory.create_app(blueprints=OURS)`.
    """
    interpreter = routing.interpreter
    made = {router.location for router in routing.routers.values() if router.application}
    by_modules = {
        event.location
        for execution in interpreter.executions.values() for event in execution.events
        if event.location in made and event.certainty in SURE
    }  # fmt: skip
    functions = [function for path in paths for function in interpreter.run(path).functions if function.parameters]
    return {place: function for place in made - by_modules for function in functions if holds(function.location, place)}


def _only_application(routing: FlaskRouting) -> Instance | None:
    """The application of a program that makes one, in one place; those of tests and examples aside."""
    made = [router for router in routing.routers.values() if router.application and place_beside(router.location.path) is None]
    return made[-1].value if len({router.location for router in made}) == 1 else None


def _takes(routing: FlaskRouting, function: FunctionValue, name: str) -> bool:
    """Whether a parameter is for an application: by its annotation, else by its name."""
    (parameter,) = [each for each in function.parameters if each.name == name]
    if parameter.annotation is not None:
        return is_class_of(routing.interpreter.annotation(parameter.annotation), *routing.applications)
    return name in ("app", "application", "flask_app")


FRAMEWORK = Framework("Flask", _read, kinds=KINDS)

"""Flask-RESTful, and Flask-RESTX and RESTPlus which grew out of it: classes of resources on Apis and namespaces.

An Api is a part of the application or blueprint it is made with, a namespace a part of its Apis. Knows their calls; what
RESTX's documentation decorators declare is `flask/restx.py`.
"""

from __future__ import annotations

from lsp_server.api.flask.restx import read_documented
from lsp_server.api.flask.routing import Extension, FlaskRouting
from lsp_server.api.flask.views import class_methods, class_view
from lsp_server.api.names import is_a
from lsp_server.api.routing import Options, Router, methods_named
from lsp_server.python.values import Certainty, ClassValue, Event, External, Instance, Method, Value
from lsp_server.unknown import Unknown

_GROWN = ("flask_restx", "flask_restplus")
RESTFUL = ("flask_restful.Api", "flask_restful_swagger_2.Api", "flask_restful_swagger_3.Api")
WRAPPERS = ("flask_restful_swagger.swagger.docs",)  # functions that give back the Api they are given
DOCUMENTED = tuple(f"{package}.{name}" for package in _GROWN for name in ("Api", "api.Api", "apidoc.Api"))
NAMESPACE = tuple(f"{package}.{name}" for package in _GROWN for name in ("Namespace", "namespace.Namespace"))
_RESTFUL_ARGUMENTS = ("app", "prefix")
_DOCUMENTED_ARGUMENTS = ("app", "version", "title", "description")
_NAMESPACE_ARGUMENTS = ("name", "description", "path")


def hear(routing: FlaskRouting, event: Event) -> bool:
    """Apis, namespaces and the resources on them."""
    callee = event.callee
    if isinstance(callee, Method):
        router = _router_of(routing, callee.receiver)
        return router is not None and _on_router(routing, router, event)
    if isinstance(callee, Instance):  # `ns.route("/x")(Resource)`
        declared = callee.origin
        router = _router_of(routing, declared.receiver) if isinstance(declared, Method) else None
        given = event.argument("cls", 0)
        if router is None or given is None or declared.name not in ("route", "resource"):
            return False
        _add(routing, router, event, given.value, Options.of(callee.arguments), _urls(callee))
        return True
    return _made(routing, event)


def _router_of(routing: FlaskRouting, value: Value) -> Router | None:
    """The Api or namespace that a value is."""
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name in WRAPPERS and value.arguments:
        value = value.arguments[0].value
    if not isinstance(value, Instance) or not _is_ours(value):
        return None
    known = routing.routers.get(id(value))
    if known is not None:
        return known
    given = value.base_arguments if value.base_arguments is not None else value.arguments
    names = _NAMESPACE_ARGUMENTS if _is_namespace(value) else _RESTFUL_ARGUMENTS if is_a(value, *RESTFUL) else _DOCUMENTED_ARGUMENTS
    return routing.note(Router(value, value.location, False, Options.of(given, names), Certainty.CERTAIN, None))


def _made(routing: FlaskRouting, event: Event) -> bool:
    """An Api or namespace is made: it joins what it is given."""
    router = _router_of(routing, event.result)
    if router is None:
        return False
    router.certainty, router.condition = event.certainty, event.condition
    if _is_namespace(router.value):
        made = router.value.origin
        api = made.receiver if isinstance(made, Method) else router.options.get("api")
        if api is not None:
            _join_namespace(routing, api, event, router.value, None)
    elif (app := router.options.get("app")) is not None:
        _join_application(routing, app, event, router.value)
    return True


def _is_ours(value: Instance) -> bool:
    return is_a(value, *RESTFUL, *DOCUMENTED) or _is_namespace(value)


def _is_namespace(value: Instance) -> bool:
    made = value.origin
    return is_a(value, *NAMESPACE) or (isinstance(made, Method) and made.name == "namespace" and is_a(made.receiver, *DOCUMENTED))


def _on_router(routing: FlaskRouting, router: Router, event: Event) -> bool:
    name = event.callee.name
    if name in ("route", "resource"):
        if event.decorates is not None:
            _add(routing, router, event, event.decorates, Options.of(event.arguments), _urls(event))
    elif name == "add_resource":
        resource = event.argument("resource", 0)
        urls = _urls(event)[1:] if resource is not None and resource.name is None else _urls(event)
        _add(routing, router, event, resource.value if resource is not None else None, Options.of(event.arguments), urls)
    elif name == "namespace":
        _made(routing, event)
    elif name == "add_namespace":
        options = Options.of(event.arguments, ("ns", "path"))
        _join_namespace(routing, router.value, event, options.get("ns"), options.get("path"))
    elif name == "init_app":
        options = Options.of(event.arguments, ("app",))
        _join_application(routing, options.get("app"), event, router.value)
    return True


def _urls(call: Event | Instance) -> list[Value]:
    return [argument.value for argument in call.arguments if argument.name is None]


def _join_application(routing: FlaskRouting, application: Value, event: Event, api: Instance) -> None:
    """Put an Api on an application or blueprint, below its own prefix."""
    owner = routing.router_of(application)
    prefix = routing.routers[id(api)].options.get("prefix")
    if owner is not None:
        routing.include(owner, event, Options.of(()), api, "" if prefix is None else prefix)


def _join_namespace(routing: FlaskRouting, api: Value, event: Event, namespace: Value, path: Value) -> None:
    """Put a namespace on an Api: under the path given, its own, or its name."""
    owner, part = _router_of(routing, api), _router_of(routing, namespace)
    if owner is None:
        return
    if path is None and part is not None:
        path = part.options.get("path")
        name = part.options.get("name")
        if path is None:
            path = f"/{name}" if isinstance(name, str) else name
    if isinstance(path, str):
        path = path.rstrip("/")
    routing.include(owner, event, Options.of(()), namespace, "" if path is None else path)


def _add(routing: FlaskRouting, router: Router, event: Event, resource: Value, options: Options, urls: list[Value]) -> None:
    """Put a resource on a router, once for each of its paths."""
    methods: tuple[str, ...] | Unknown | None
    if not isinstance(resource, ClassValue):
        what = resource.what if isinstance(resource, Unknown) else "a resource that is no class of the workspace"
        methods = Unknown(what, event.location)
    elif options.get("methods") is not None:
        methods = methods_named(options.get("methods"))
    else:
        methods = class_methods(resource)
    for url in urls:
        options.values = {**options.values, "rule": url}
        read = read_documented if not is_a(router.value, *RESTFUL) else None
        route = routing.add(router, event, Options(options.values, options.places, options.hidden), resource, () if methods is None else methods, read)
        if route is not None and isinstance(resource, ClassValue):
            route.view = resource
            routing.views[id(route)] = class_view(resource)


EXTENSION = Extension("Flask-RESTful and Flask-RESTX", methods=("add_resource", "add_namespace"), hear=hear)

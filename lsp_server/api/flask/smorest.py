"""flask-smorest (flask-rest-api before), and APIFlask, which works alike: blueprints whose decorators declare operations.

Knows where blueprints are registered and that a class may stand where Flask wants a function. What the decorators declare
is `flask/documented.py`.
"""

from __future__ import annotations

from lsp_server.api.flask.documented import read_documented
from lsp_server.api.flask.routing import RULE_ARGUMENTS, Extension, FlaskRouting
from lsp_server.api.flask.views import class_methods, class_view
from lsp_server.api.names import is_a
from lsp_server.api.routing import Options, Router, methods_named
from lsp_server.python.values import Certainty, ClassValue, Event, Instance, Method, Value

_PACKAGES = ("flask_smorest", "flask_rest_api")
API = tuple(f"{package}.{name}" for package in _PACKAGES for name in ("Api", "api.Api"))
BLUEPRINTS = (*(f"{package}.{name}" for package in _PACKAGES for name in ("Blueprint", "blueprint.Blueprint")), "apiflask.APIBlueprint",
              "apiflask.blueprint.APIBlueprint")  # fmt: skip
APPLICATIONS = ("apiflask.APIFlask", "apiflask.app.APIFlask")
_VERBS = ("get", "post", "put", "delete", "patch")


def hear(routing: FlaskRouting, event: Event) -> bool:
    """Apis that pass blueprints on, and rules that document themselves."""
    callee = event.callee
    if not isinstance(callee, Method):
        api = _api_of(routing, event.result)
        if api is not None:
            _join(routing, event, api, api.options.get("app"))
        return api is not None
    api = _api_of(routing, callee.receiver)
    if api is not None:
        if callee.name == "init_app":
            _join(routing, event, api, Options.of(event.arguments, ("app",)).get("app"))
        elif callee.name == "register_blueprint":
            options = Options.of(event.arguments, ("blp",))
            routing.include(api, event, options, options.get("blp"))
        return True
    if not is_a(callee.receiver, *BLUEPRINTS, *APPLICATIONS):
        return False
    router = routing.router_of(callee.receiver)
    return router is not None and _on_blueprint(routing, router, event)


def _api_of(routing: FlaskRouting, value: Value) -> Router | None:
    """The Api that a value is: a part of its application without a path of its own."""
    if not isinstance(value, Instance) or not is_a(value, *API):
        return None
    known = routing.routers.get(id(value))
    if known is not None:
        return known
    given = value.base_arguments if value.base_arguments is not None else value.arguments
    return routing.note(Router(value, value.location, False, Options.of(given, ("app",)), Certainty.CERTAIN, None))


def _join(routing: FlaskRouting, event: Event, api: Router, application: Value) -> None:
    owner = routing.router_of(application) if application is not None else None
    if owner is not None:
        routing.include(owner, event, Options.of(()), api.value, "")


def _on_blueprint(routing: FlaskRouting, router: Router, event: Event) -> bool:
    name = event.callee.name
    if name == "add_url_rule":
        options = Options.of(event.arguments, RULE_ARGUMENTS)
        view = options.get("view_func")
    elif name == "route" or name in _VERBS:
        options, view = Options.of(event.arguments, ("rule",)), event.decorates
        if name in _VERBS:
            options.values["methods"] = [name.upper()]
    else:
        return False
    if view is None:
        return False
    given = options.get("methods")
    cls = view if isinstance(view, ClassValue) else None
    methods = class_methods(cls) if cls is not None and given is None else methods_named(given)
    route = routing.add(router, event, options, view, () if methods is None else methods, read_documented)
    if route is not None and cls is not None:
        route.view = cls
        routing.views[id(route)] = class_view(cls)
    return True


EXTENSION = Extension("flask-smorest", applications=APPLICATIONS, blueprints=BLUEPRINTS, hear=hear)

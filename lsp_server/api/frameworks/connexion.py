"""Connexion applications: their routes are those of the spec files given to `add_api`, handlers are named by operation ids.

Knows Connexion 2 and 3: where it looks for a spec, under which path it serves it, and how its resolvers find a handler's
function. What the spec says of an operation is what Connexion enforces, so it is what the route takes and answers.
Routes that are put on the Flask application inside, past the spec, are left out: they are no part of what Connexion promises.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lsp_server.api.discovery import discover
from lsp_server.api.flask.config import CONFIG, KINDS
from lsp_server.api.flask.connexion_names import APIS, APPLICATIONS, RESOLVERS
from lsp_server.api.frameworks import Framework, Program
from lsp_server.api.handlers import raised_statuses
from lsp_server.api.model import Api, Operation, Schema, SecurityScheme
from lsp_server.api.names import is_a, is_class_of
from lsp_server.api.routing import Options
from lsp_server.python.attributes import attribute
from lsp_server.python.discoveries import surely_lacks
from lsp_server.python.execution import top_of
from lsp_server.python.interpret import Interpreter
from lsp_server.python.objects import Kind
from lsp_server.python.places import place_of
from lsp_server.python.values import (
    BoundMethod,
    Certainty,
    ClassValue,
    Event,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Place,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_APPLICATION = ("import_name", "port", "specification_dir")
_LOADERS = ("yaml.safe_load", "yaml.load", "yaml.full_load", "json.load", "json.loads", "ruamel.yaml.safe_load", "builtins.open")
_LOADINGS = 5  # calls around a file
_API = ("specification", "base_path", "arguments")


@dataclass(frozen=True, slots=True)
class _Served:
    """One spec that an application serves."""

    owner: Instance
    options: Options
    event: Event


class _Connexion:
    """Collects applications and the specs they are given."""

    def __init__(self) -> None:
        self.applications: dict[int, Instance] = {}
        self.served: list[_Served] = []

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            result = event.result
            if isinstance(event.callee, Method) and event.callee.name == "add_api" and is_a(event.callee.receiver, *APPLICATIONS):
                self.applications[id(event.callee.receiver)] = event.callee.receiver
                self.served.append(_Served(event.callee.receiver, Options.of(event.arguments, _API), event))
            elif isinstance(result, Instance) and is_a(result, *APPLICATIONS):
                self.applications[id(result)] = result
            elif isinstance(result, Instance) and is_a(result, *APIS) and event.arguments:
                self.applications[id(result)] = result
                self.served.append(_Served(result, Options.of(event.arguments, _API), event))

    def places(self) -> set[Location]:
        return {application.location for application in self.applications.values()}


def _read(program: Program, candidates: Iterable[str]) -> tuple[Api, ...]:
    found = _Connexion()
    wanted = (lambda value: is_class_of(value, *APPLICATIONS), lambda value: is_class_of(value, *APIS))
    discover(program.interpreter, candidates, found.feed, wanted, found.places)
    best: dict[object, Api] = {}
    for key, application in found.applications.items():
        api = _api(program, application, [served for served in found.served if id(served.owner) == key])
        known = best.get(application.location)
        if known is None or len(api.operations) > len(known.operations):
            best[application.location] = api
    return tuple(best.values())


def _api(program: Program, application: Instance, served: list[_Served]) -> Api:
    operations: list[Operation] = []
    schemas: dict[str, Schema] = {}
    schemes: dict[str, SecurityScheme] = {}
    unknowns: list[Unknown] = []
    holes: list[Unknown] = []
    sources = {application.location.path}
    for one in served:
        path = _specification_path(program, one)
        spec = program.specification(path) if isinstance(path, str) else None
        if spec is None:
            what = path.what if isinstance(path, Unknown) else f"the specification `{path}`, which is not there"
            holes.append(Unknown(what, one.event.location))
            continue
        prefix = _prefix(spec, one, unknowns)
        for name, schema in spec.schemas.items():
            schemas.setdefault(name, schema)
        for scheme in spec.security_schemes:
            schemes.setdefault(scheme.name, scheme)
        operations.extend(_operations(program.interpreter, spec, prefix, one))
        holes.extend([spec.incomplete] if spec.incomplete is not None else [])
        sources.update(spec.sources or (spec.source,))
    sources.update(operation.location.path for operation in operations)
    return Api(
        application.location.path, None, tuple(operations), schemas, tuple(schemes.values()), version=FRAMEWORK.name,
        unknowns=tuple(dict.fromkeys((*unknowns, *holes))), incomplete=holes[0] if holes else None, location=application.location,
        sources=tuple(sorted(sources)),
    )  # fmt: skip


# Where the spec is, and where it is served


def _specification_path(program: Program, served: _Served) -> str | Unknown:
    """The workspace path of the spec that a call names; Connexion looks below `specification_dir` in the application's folder."""
    given = _loaded(place_of(served.options.get("specification")))
    if isinstance(given, Place):
        return given.path
    if not isinstance(given, str):
        return Unknown(given.what if isinstance(given, Unknown) else "a specification made at run time", served.event.location)
    options = Options.of(served.owner.arguments, _APPLICATION)
    home = _home(program, served.owner, options)
    folder = place_of(options.get("specification_dir"))
    if isinstance(folder, Place):
        bases = [folder.path]
    elif folder is None:
        bases = [home, posixpath.join(home, "swagger"), posixpath.join(home, "openapi")]
    elif isinstance(folder, str):
        bases = [posixpath.join(home, folder), folder]
    else:
        bases = [home]
    names = [posixpath.normpath(posixpath.join(base, given)) for base in (*bases, program.interpreter.program.root_of(served.event.location.path), "")]
    return next((name for name in names if program.specification(name) is not None), names[0])


def _loaded(value: Value) -> Value:
    """The file behind what `yaml.safe_load(file)` and the like give; any other value as it is."""
    for _ in range(_LOADINGS):
        if isinstance(value, Instance) and isinstance(value.origin, Method) and isinstance(value.origin.receiver, Place):
            return value.origin.receiver  # path.open()
        if isinstance(value, Instance) and isinstance(value.origin, Method) and value.origin.name == "read":
            value = value.origin.receiver
        elif isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name in _LOADERS and value.arguments:
            value = place_of(value.arguments[0].value)
        else:
            return value
    return value


def _home(program: Program, owner: Instance, options: Options) -> str:
    """The folder of the module or package whose name the application was given."""
    modules, here = program.interpreter.program, owner.location.path
    name = options.get("import_name")
    path = modules.find(name, here) if isinstance(name, str) and name != modules.module_name(here) else None
    return (path or here).rpartition("/")[0]


def _prefix(spec: Api, served: _Served, unknowns: list[Unknown]) -> str:
    """The path under which a spec is served: the one given, else the spec's own.

    One that is given and not known is taken to be the spec's own, too: a program that puts its promise elsewhere breaks it.
    """
    given = served.options.get("base_path")
    if isinstance(given, str):
        return "/" + given.strip("/") if given.strip("/") else ""
    if given is not None:
        what = given.what if isinstance(given, Unknown) else "a value computed at run time"
        unknowns.append(Unknown(f"the path under which `{spec.source}` is served: {what}", served.event.location))
    return spec.base_paths[0] if spec.base_paths else ""


# Operations and their handlers


def _operations(interpreter: Interpreter, spec: Api, prefix: str, served: _Served) -> Iterator[Operation]:
    doubt = None
    if served.event.certainty not in (Certainty.CERTAIN, Certainty.CONFIGURED):
        doubt = Unknown(served.event.condition.what if served.event.condition is not None else "a condition", served.event.location)
    resolver = served.options.get("resolver")
    for promised in spec.operations:
        name = _handler_name(promised, resolver)
        own = isinstance(name, Unknown)  # a resolver of its own: most of them begin with what the operation id says
        name = _stated_name(promised) if own else name
        handler = _function(interpreter, name, served.owner.location.path) if isinstance(name, str) else None
        if own and not isinstance(handler, FunctionValue):
            name = handler = None
        elif name is None or handler is False:
            continue  # Connexion does not start without the handler, or answers that it is not implemented.
        operation = replace(
            promised, path=prefix + promised.path, maybe=doubt, router=served.event.location, handler=name if isinstance(name, str) else None,
            template=None, declaration=promised.declaration,
        )  # fmt: skip
        if isinstance(handler, FunctionValue):
            module = interpreter.program.module_name(handler.path)
            operation = replace(
                operation, location=handler.name_location, handler=f"{module}:{handler.qualname}", handler_location=handler.name_location,
                declaration=handler.location, raised=raised_statuses(interpreter, handler),
            )  # fmt: skip
        yield operation


def _handler_name(operation: Operation, resolver: Value) -> str | Unknown | None:
    """The dotted name that a resolver makes of an operation; None where it makes none."""
    kind, options = _resolver(resolver)
    identity, controller = operation.operation_id, operation.controller
    if kind is None:
        return Unknown("a resolver of its own")
    if kind in ("RestyResolver", "MethodResolver", "MethodViewResolver") and not identity:
        return _resty(operation, kind, options)
    if not isinstance(identity, str):
        return None
    if kind == "RelativeResolver" and controller is None:
        root = options.get("root_path")
        return f"{root}.{identity}" if isinstance(root, str) else Unknown("the folder of all handlers")
    return _stated_name(operation)


def _stated_name(operation: Operation) -> str | None:
    identity, controller = operation.operation_id, operation.controller
    if not isinstance(identity, str):
        return None
    return f"{controller}.{identity}" if controller is not None else identity


def _resolver(value: Value) -> tuple[str | None, Options]:
    """Which of Connexion's ways to find a handler holds; None for one of the project's own."""
    if value is None:
        return "Resolver", Options.of(())
    if not isinstance(value, Instance):
        return None, Options.of(())
    origin = value.origin
    names = [origin] if not isinstance(origin, ClassValue) else origin.mro()
    if isinstance(origin, ClassValue) and (origin.find("resolve") or origin.find("resolve_operation_id")):
        return None, Options.of(())
    kind = next((RESOLVERS[name.name] for name in names if getattr(name, "name", None) in RESOLVERS and not isinstance(name, ClassValue)), None)
    given = value.base_arguments if value.base_arguments is not None else value.arguments
    first = "root_path" if kind == "RelativeResolver" else "default_module_name"
    return kind, Options.of(given, (first, "collection_endpoint_name"))


def _resty(operation: Operation, kind: str, options: Options) -> str | Unknown:
    """`GET /foo/{id}` is `api.foo.get`, `GET /foo` is `api.foo.search`; with classes they are `api.FooView.get`."""
    parts = [part for part in operation.path.split("/") if part]
    resource = ".".join(part for part in parts if not part.startswith("{")).replace("-", "_")
    module = operation.controller or options.get("default_module_name")
    if not isinstance(module, str):
        return Unknown("the folder of all handlers")
    if operation.controller is None and resource:
        module += "." + resource
    search = options.get("collection_endpoint_name") or "search"
    of_all = operation.method == "GET" and resource and not parts[-1].startswith("{")
    function = str(search) if of_all else operation.method.lower()
    if kind == "RestyResolver":
        return f"{module}.{function}"
    package, _, view = module.rpartition(".")
    if kind == "MethodViewResolver":
        function = operation.method.lower()
    return f"{package}.{''.join(word[:1].upper() + word[1:] for word in view.split('_'))}View.{function}"


def _function(interpreter: Interpreter, dotted: str, importer: str) -> FunctionValue | bool | None:
    """The function of a dotted name; False where its module is ours and surely has no such name, None where it is not known."""
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        path = interpreter.program.find(".".join(parts[:count]), importer)
        if path is None:
            continue
        value: Value = ModuleValue(path)
        for name in parts[count:]:
            if isinstance(value, ModuleValue) and surely_lacks(interpreter, value.path, name):
                return False
            value = attribute(interpreter, value, name, top_of(path))
        if isinstance(value, BoundMethod):
            value = value.function
        return value.original() if isinstance(value, FunctionValue) else None
    return None


_INSIDE = "connexion.FlaskApp.app"
_KINDS = {**KINDS, **{name: Kind(parts={"app": _INSIDE}) for name in APPLICATIONS}, _INSIDE: Kind(parts={"config": CONFIG})}

FRAMEWORK = Framework("Connexion", _read, kinds=_KINDS)

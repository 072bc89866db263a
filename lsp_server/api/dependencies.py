"""What a FastAPI handler takes: parameters, body and security, gathered through its dependencies.

Follows `Depends` and `Security` into functions, classes, callable objects and models the way FastAPI does. A dependency
that cannot be followed makes the security unknown, and leaves open what else the handler takes. Long because one reader
follows all of these into each other; what is found is put together in `fastapi_signature.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lsp_server.api.fastapi_security import security_scheme
from lsp_server.api.fastapi_signature import BodyField, Gathered, Signature, finished
from lsp_server.api.guards import looks_itself
from lsp_server.api.model import (
    MISSING,
    Parameter,
    Schema,
    SecurityScheme,
    path_parameters,
)
from lsp_server.api.names import bases_of, is_class_of, made_by, name_of, spelled
from lsp_server.api.parameter_kinds import (
    is_foreign,
    is_scalar,
    is_upload,
    is_whole,
    model_of,
    of_another_package,
    unwrapped,
)
from lsp_server.api.pydantic import Shapes
from lsp_server.api.pydantic_classes import kind_of, plain_type
from lsp_server.api.pydantic_fields import Field
from lsp_server.api.python_types import argument_of, constant
from lsp_server.api.routing import Route
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import (
    NATIVE,
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Specialized,
    Value,
)
from lsp_server.python.values import (
    Parameter as FunctionParameter,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_WHERE = {"fastapi.Path": "path", "fastapi.Query": "query", "fastapi.Header": "header", "fastapi.Cookie": "cookie"}
_BODIES = {"fastapi.Body": "body", "fastapi.Form": "form", "fastapi.File": "file"}
_DEPENDS = ("fastapi.Depends", "fastapi.Security")
_GIVEN_BY_FRAMEWORK = (
    "fastapi.Request", "fastapi.WebSocket", "starlette.responses.Response", "fastapi.BackgroundTasks",
    "fastapi.security.SecurityScopes",
)  # fmt: skip
_PASSWORD_FORM = (
    ("grant_type", False, "^password$"), ("username", True, None), ("password", True, None), ("scope", False, None),
    ("client_id", False, None), ("client_secret", False, None),
)  # fmt: skip


_FROM_SETTINGS = object()  # stands for a default that there is, and that settings decide


def read_signature(interpreter: Interpreter, shapes: Shapes, route: Route, path: str, dependencies: tuple[Value, ...]) -> Signature:
    """What a route takes, the dependencies of its routers and application included."""
    reader = _Reader(interpreter, shapes, frozenset(path_parameters(path)))
    gathered = Gathered()
    for value in dependencies:
        found = reader.depends(value, None, (), route.location)
        if found.guard is None and not found.security:  # It is there for its effect alone: to refuse, or to count.
            found.guard = Unknown("the credentials that a dependency may ask for", route.location)
        gathered.add(found)
    endpoint = route.endpoint
    if route.view is not None and isinstance(endpoint, FunctionValue):
        gathered.add(reader.function(endpoint.original(), (), drop=1))
        gathered.add(reader.view(route.view))
    else:
        gathered.add(reader.callable(endpoint, (), route.location))
    return finished(gathered)


def read_part(
    interpreter: Interpreter, shapes: Shapes, function: FunctionValue, parameter: FunctionParameter, path: str
) -> Signature:
    """What one parameter of a handler brings by itself: `page: Pagination` may be two query parameters."""
    reader = _Reader(interpreter, shapes, frozenset(path_parameters(path)))
    annotation = interpreter.annotation(parameter.annotation) if parameter.annotation is not None else External("typing.Any")
    default: Value = MISSING
    if parameter.default is not None:
        default = interpreter.evaluate(parameter.default, function.defaults_scope or function.scope)
    return finished(reader.parameter(parameter.name, annotation, default, (), parameter.location))


def read_dependency(interpreter: Interpreter, shapes: Shapes, value: Value, path: str, location: Location) -> Signature:
    """What one entry of `dependencies=[…]` brings by itself."""
    return finished(_Reader(interpreter, shapes, frozenset(path_parameters(path))).depends(value, None, (), location))


def dependency_of(annotation: Value, default: Value) -> Value | None:
    """The callable behind `Depends(…)` in an annotation or default; None where there is none."""
    kind, extra = unwrapped(annotation)
    for value in (*extra, default):
        if made_by(value) in _DEPENDS:
            chosen = value.argument("dependency", 0)
            return kind if chosen is None or chosen.value is None else chosen.value
    return None


class _Reader:
    """Walks one route's dependencies, each callable once for each set of scopes."""

    def __init__(self, interpreter: Interpreter, shapes: Shapes, path_names: frozenset[str]) -> None:
        self.interpreter = interpreter
        self.shapes = shapes
        self.path_names = path_names
        self._seen: dict[tuple[int, tuple[str, ...]], Value] = {}  # the values, so that ids stay theirs

    # Callables

    def depends(self, value: Value, annotation: Value, scopes: tuple[str, ...], location: Location) -> Gathered:
        """A `Depends(…)` or `Security(…)`; without an argument it means the annotation."""
        if isinstance(value, Unknown) or made_by(value) not in _DEPENDS:
            return Gathered(unknown=value if isinstance(value, Unknown) else Unknown("a dependency made by another package", location))
        chosen = value.argument("dependency", 0)
        target = annotation if chosen is None or chosen.value is None else chosen.value
        own = argument_of(value.arguments, "scopes")
        if isinstance(own, list | tuple):
            texts = [constant(scope) for scope in own]
            scopes = (*scopes, *(text for text in texts if isinstance(text, str)))
        return self.callable(target, scopes, value.location)

    def callable(self, target: Value, scopes: tuple[str, ...], location: Location) -> Gathered:
        key = (id(target), scopes)
        if key in self._seen:
            return Gathered()
        self._seen[key] = target
        if isinstance(target, FunctionValue):
            return self.function(target.original(), scopes, drop=1 if target.kind == "class" else 0)
        if isinstance(target, BoundMethod):
            return self.function(target.function.original(), scopes, drop=1)
        if isinstance(target, Specialized):
            return self.callable(target.origin, scopes, location)
        if isinstance(target, ClassValue):
            return self._class(target, scopes, location)
        if isinstance(target, Instance):
            return self._object(target, scopes, location)
        name = name_of(target)
        if name in ("fastapi.security.OAuth2PasswordRequestForm", "fastapi.security.OAuth2PasswordRequestFormStrict"):
            return _password_form(name, location)
        if name in _GIVEN_BY_FRAMEWORK:
            return Gathered()
        what = target.what if isinstance(target, Unknown) else f"the dependency {target.name}" if isinstance(target, External) else "a dependency"
        return Gathered(unknown=Unknown(what, location))

    def function(self, function: FunctionValue, scopes: tuple[str, ...], drop: int = 0, bound: Iterable[str] = ()) -> Gathered:
        """What a function takes, without its first `drop` parameters and those `bound` by name."""
        stated = _stated_signature(function)
        if isinstance(stated, Instance):
            given = stated.argument("obj", 0)
            return self.callable(given.value if given is not None else None, scopes, stated.location)
        if isinstance(stated, Unknown):
            return Gathered(unknown=stated)
        gathered = Gathered(guard=looks_itself(self.interpreter, function))
        if stated is not None:
            for name, annotation, default, place in stated:
                if name not in ("self", "cls"):
                    gathered.add(self.parameter(name, annotation, default, scopes, place))
            return gathered
        hints = function.attributes.get("__annotations__")
        for parameter in function.parameters[drop:]:
            if parameter.name in bound:
                continue
            if parameter.sort in ("vararg", "kwarg"):
                return Gathered(unknown=Unknown(f"`{function.name}`, which takes whatever it is given", parameter.location))
            if isinstance(hints, dict) and parameter.name in hints:
                annotation = hints[parameter.name]
            elif parameter.annotation is not None:
                annotation = self.interpreter.annotation(parameter.annotation)
            else:
                annotation = External("typing.Any")
            gathered.add(self.parameter(parameter.name, annotation, self._default(function, parameter), scopes, parameter.location))
        return gathered

    def _default(self, function: FunctionValue, parameter: FunctionParameter) -> Value:
        """A parameter's default; unknown where it is a constant that hangs on settings."""
        if parameter.default is None:
            return MISSING
        outer, self.interpreter.touched_settings = self.interpreter.touched_settings, False
        value = self.interpreter.evaluate(parameter.default, function.defaults_scope or function.scope)
        configured, self.interpreter.touched_settings = self.interpreter.touched_settings, outer
        if configured and isinstance(value, Instance):
            return _without_default(value)
        if configured and not isinstance(value, Unknown):
            return _FROM_SETTINGS
        return value

    def _class(self, cls: ClassValue, scopes: tuple[str, ...], location: Location) -> Gathered:
        found = cls.find("__init__")
        if found and isinstance(found[1], FunctionValue):
            return self.function(found[1].original(), scopes, drop=1)
        if any(spelled(name) == "fastapi.security.OAuth2PasswordRequestForm" for name in cls.externals()):
            return _password_form("fastapi.security.OAuth2PasswordRequestForm", location)
        if kind_of(cls) is not None:
            gathered = Gathered()
            for entry in self.shapes.fields.of(cls):
                gathered.add(self._model_field(entry, scopes))
            return gathered
        foreign = [name for name in bases_of(cls) if name not in ("builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol", "enum.Enum")]
        if foreign or cls.unknown_bases():
            return Gathered(unknown=Unknown(f"the dependency `{cls.name}`", location))
        return Gathered()

    def _model_field(self, entry: Field, scopes: tuple[str, ...]) -> Gathered:
        """A field of a model or data class used as a dependency: it is a parameter of the constructor."""
        for owner in entry.owner.lineage():
            value = owner.names.get(entry.name)
            if isinstance(value, Instance) and made_by(value) in {*_WHERE, *_BODIES, *_DEPENDS}:
                return self.parameter(entry.name, entry.annotation, value, scopes, entry.location or value.location)
        name = self.shapes.fields.alias_of(entry, False)
        if isinstance(name, Unknown):
            return Gathered(unknown=name)
        required = self.shapes.fields.is_required(entry)
        place = entry.location or entry.owner.location
        schema = self.shapes.field_schema(entry, False)
        where = "path" if entry.name in self.path_names else "query"
        if where == "path" or is_scalar(entry.annotation):
            return Gathered([Parameter(name, where, schema, True if where == "path" else required, location=place)])
        return self.parameter(entry.name, entry.annotation, MISSING if required is True else None, scopes, place)

    def _object(self, target: Instance, scopes: tuple[str, ...], location: Location) -> Gathered:
        origin = target.origin.origin if isinstance(target.origin, Specialized) else target.origin
        gathered = Gathered()
        scheme = security_scheme(target)
        if scheme is not None:
            scoped = isinstance(scheme, SecurityScheme) and scheme.sort in ("oauth2", "openIdConnect")
            gathered.security.append((scheme, scopes if scoped else ()))
        if isinstance(origin, ClassValue):
            found = origin.find("__call__")
            if found and isinstance(found[1], FunctionValue):
                gathered.add(self.function(found[1].original(), scopes, drop=1))
                return gathered
        if scheme is not None:
            return gathered
        if made_by(target) == "functools.partial" and target.arguments:
            inner = target.arguments[0].value
            named = [argument.name for argument in target.arguments if argument.name is not None]
            count = sum(argument.name is None for argument in target.arguments[1:])
            if isinstance(inner, FunctionValue):
                return self.function(inner.original(), scopes, drop=count, bound=named)
        return Gathered(unknown=Unknown("a dependency made by another package", location))

    def view(self, cls: ClassValue) -> Gathered:
        """What a class-based view's attributes and constructor take."""
        gathered = Gathered()
        found = cls.find("__init__")
        if found and isinstance(found[1], FunctionValue):
            names = [entry.name for entry in found[1].parameters if entry.sort in ("vararg", "kwarg")]
            gathered.add(self.function(found[1].original(), (), drop=1, bound=names))
        for owner in cls.lineage():
            for name, annotation in owner.annotations.items():
                value = owner.names.get(name, MISSING)
                kind = self.interpreter.annotation(annotation)
                inside = kind.arguments[1:] if isinstance(kind, Specialized) and name_of(kind.origin) == "typing.Annotated" else ()
                if made_by(value) in _DEPENDS or any(made_by(item) in _DEPENDS for item in inside):
                    gathered.add(self.parameter(name, kind, value, (), owner.places.get(name, owner.location)))
        return gathered

    # Parameters

    def parameter(self, name: str, annotation: Value, default: Value, scopes: tuple[str, ...], location: Location) -> Gathered:
        """One parameter of a handler or dependency, as FastAPI judges it by annotation and default."""
        kind, extra = unwrapped(annotation)
        info: Instance | None = None
        for value in extra:
            maker = made_by(value)
            if maker in _DEPENDS:
                return self.depends(value, kind, scopes, location)
            if maker in _WHERE or maker in _BODIES:
                info = value
        if default is _FROM_SETTINGS:
            default, from_settings = MISSING, True
        else:
            from_settings = False
        stated: Value = default
        if made_by(default) in _DEPENDS:
            return self.depends(default, kind, scopes, location)
        if made_by(default) in _WHERE or made_by(default) in _BODIES:
            info = default
            given = default.argument("default", 0)
            stated = given.value if given is not None else MISSING
            if given is None and default.argument("default_factory") is not None:
                stated = Unknown("a default made by a factory", location)
        elif isinstance(default, Unknown) and info is None:
            return Gathered(unknown=Unknown(default.what, location))
        elif info is not None and default is MISSING:
            stated = argument_of(info.arguments, "default_factory")
            stated = MISSING if stated is None else Unknown("a default made by a factory", location)
        if stated is Ellipsis:
            stated = MISSING
        if from_settings:
            stated = Unknown("a default taken from the settings", location)
        if isinstance(kind, Unknown) and info is None and name not in self.path_names:
            return Gathered(unknown=Unknown(kind.what, location))
        if info is None and is_class_of(plain_type(kind), *_GIVEN_BY_FRAMEWORK):
            return Gathered()
        if info is not None and any(argument.star for argument in info.arguments):
            return Gathered(unknown=Unknown("arguments given with **", location))
        return self._field(name, annotation, kind, info, stated, location)

    def _field(self, name: str, annotation: Value, kind: Value, info: Instance | None, stated: Value, location: Location) -> Gathered:
        maker = made_by(info) if info is not None else None
        where = _WHERE.get(maker or "")
        sort = _BODIES.get(maker or "")
        if info is None:
            scalar = is_scalar(kind)
            unfamiliar = of_another_package(kind) if scalar else None
            if name in self.path_names:
                where = "path"
            elif unfamiliar is not None:
                return Gathered(unknown=Unknown(f"from where `{name}` is taken: what `{unfamiliar}` is, another package knows", location))
            elif is_upload(kind):
                sort = "file"
            elif scalar:
                where = "query"
            else:
                sort = "body"
        if info is not None and argument_of(info.arguments, "include_in_schema") is False:
            return Gathered()
        alias = argument_of(info.arguments, "alias") if info is not None else None
        alias = argument_of(info.arguments, "validation_alias") if info is not None and alias is None else alias
        if alias is not None and not isinstance(alias, str):
            return Gathered(unknown=Unknown("an alias computed at run time", location))
        if where is not None:
            model = model_of(kind)
            if model is not None and where != "path":
                return self._model_parameters(model, where, info)
            converted = info is None or argument_of(info.arguments, "convert_underscores") is not False
            if alias is None and where == "header" and converted:
                alias = name.replace("_", "-")
            required = True if where == "path" else stated is MISSING
            if is_foreign(kind):
                return Gathered(unknown=Unknown(f"the parameter `{name}`, whose type FastAPI would not take", location))
            schema = self._schema(annotation, info, stated if where != "path" else MISSING, location)
            deprecated = info is not None and argument_of(info.arguments, "deprecated") in (True,)
            return Gathered([Parameter(alias or name, where, schema, required, deprecated, schema.description, location)])
        schema = self._schema(annotation, info, stated, location)
        embed = info is not None and argument_of(info.arguments, "embed") is True
        media_type = argument_of(info.arguments, "media_type") if info is not None else None
        stated_twice = info is not None and argument_of(info.arguments, "validation_alias") == alias
        renamed = alias not in (None, name) and self.shapes.version != 1 and not stated_twice
        part = BodyField(alias or name, schema, stated is MISSING, sort or "body", embed, is_whole(kind),
                         media_type if isinstance(media_type, str) else None, location, renamed)  # fmt: skip
        return Gathered(bodies=[part])

    def _model_parameters(self, model: ClassValue, where: str, info: Instance | None) -> Gathered:
        gathered = Gathered()
        for entry in self.shapes.fields.of(model):
            name = self.shapes.fields.alias_of(entry, False)
            if isinstance(name, Unknown):
                return Gathered(unknown=name)
            convert = info is None or argument_of(info.arguments, "convert_underscores") is not False
            if where == "header" and name == entry.name and convert:
                name = name.replace("_", "-")
            schema = self.shapes.field_schema(entry, False)
            gathered.parameters.append(Parameter(name, where, schema, self.shapes.fields.is_required(entry), location=entry.location))
        return gathered

    def _schema(self, annotation: Value, info: Instance | None, stated: Value, location: Location) -> Schema:
        schema = self.shapes.of(annotation, False, location)
        if info is not None:
            schema = self.shapes.with_field(schema, info, False, location)
        if stated is not MISSING and schema.unknown is None:
            default = constant(stated)
            if schema.ref is None:
                schema = replace(schema, default=default)
            elif not isinstance(default, Unknown):
                schema = Schema(any_of=(schema,), default=default)
        return schema


def _stated_signature(
    function: FunctionValue,
) -> list[tuple[str, Value, Value, Location]] | Instance | Unknown | None:
    """The signature that a function was given: its parameters, or the `inspect.signature(…)` of another callable.

    Given by `@makefun.with_signature(Signature([Parameter(…), …]))` or by `function.__signature__ = …`; None without one.
    """
    signature: Value = function.attributes.get("__signature__")
    for mark, _ in function.decorators:
        if made_by(mark) == "makefun.with_signature":
            given = mark.argument("func_signature", 0)
            signature = given.value if given is not None else None
    if signature is None:
        return None
    if isinstance(signature, Instance) and made_by(signature) == "inspect.signature":
        return signature
    listed = signature.argument("parameters", 0) if made_by(signature) == "inspect.Signature" else None
    unknown = Unknown("a signature made at run time", function.location)
    if listed is None or not isinstance(listed.value, list | tuple):
        return unknown
    found = []
    for item in listed.value:
        name = item.argument("name", 0) if made_by(item) == "inspect.Parameter" else None
        if name is None or not isinstance(name.value, str):
            return unknown
        annotation = argument_or(item, "annotation", External("typing.Any"))
        found.append((name.value, annotation, argument_or(item, "default", MISSING), item.location))
    return found


def _without_default(info: Instance) -> Instance:
    """A `Query(default=settings.SIZE)` whose default counts as unknown: another environment has another."""
    if made_by(info) not in {*_WHERE, *_BODIES}:
        return info
    given = info.argument("default", 0)
    if given is None or not isinstance(given.value, NATIVE) or given.value is Ellipsis:
        return info
    unknown = Unknown("a default taken from the settings", given.location)
    arguments = tuple(replace(argument, value=unknown) if argument is given else argument for argument in info.arguments)
    return Instance(info.origin, arguments, info.location)


def argument_or(value: Instance, name: str, otherwise: Value) -> Value:
    given = value.argument(name)
    return otherwise if given is None else given.value


def _password_form(name: str, location: Location) -> Gathered:
    gathered = Gathered()
    for entry, required, pattern in _PASSWORD_FORM:
        nullable = not required and entry != "scope"
        if entry == "grant_type" and name.endswith("Strict"):
            required, nullable = True, False
        schema = Schema(types=("string",), pattern=pattern, nullable=nullable, default="" if entry == "scope" else None if nullable else MISSING,
                        format="password" if entry in ("password", "client_secret") else None)  # fmt: skip
        gathered.bodies.append(BodyField(entry, schema, required, "form", False, False, None, location))
    return gathered

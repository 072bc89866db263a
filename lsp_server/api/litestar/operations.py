"""One route of a Litestar program as an operation: what the layers above it and the handler's signature declare.

A data transfer object decides shapes at run time, guards decide access: both are unknown here. Injected dependencies may read
the request, so that a handler's own parameters prove no absence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lsp_server.api.bare import handler_of, template
from lsp_server.api.litestar.names import (
    MEDIA_TYPES,
    OWN_SHAPES,
    PAGINATION_PACKAGES,
    STATUSES,
    made_from,
    package_of,
    page_of,
    word_of,
    words_of,
)
from lsp_server.api.model import MISSING, Body, Operation, Parameter, Response, Schema
from lsp_server.api.names import name_of, status_code
from lsp_server.api.parameter_kinds import is_scalar, unwrapped
from lsp_server.api.pydantic import Shapes
from lsp_server.api.pydantic_classes import is_optional, kind_of, plain_type
from lsp_server.api.python_types import ANYTHING, argument_of, constant, constrained
from lsp_server.api.routing import Options, PlacedRoute
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import ClassValue, EnumMember, FunctionValue, Instance, Specialized, Value
from lsp_server.python.values import Parameter as FunctionParameter
from lsp_server.text import Location
from lsp_server.unknown import Unknown

PATH_PARAMETER = re.compile(r"\{\s*(?P<name>[a-zA-Z_]\w*)\s*(?::\s*(?P<converter>[a-zA-Z_]\w*)\s*)?\}")
_SEPARATORS = re.compile(r"[!#$%&'*+\-.^_`|~:]+")
# Arguments that Litestar itself gives; the first word of each is what the handler may read of the request by hand.
_GIVEN = frozenset(("self", "request", "scope", "state", "headers", "cookies", "query", "body", "socket", "app"))
_INPUT = frozenset(("request", "scope", "headers", "cookies", "query", "body"))
_NOTHING = ("builtins.NoneType", "types.NoneType")


def join(prefix: str, path: str) -> str:
    """Two parts of a path as Litestar joins them: one slash between and before them, none at the end."""
    return re.sub("//+", "/", "/" + f"{prefix}/{path}".strip("/"))


@dataclass(frozen=True, slots=True)
class _Layers:
    """What is stated for a route, the application first and the handler last."""

    options: tuple[Options, ...]

    def nearest(self, name: str) -> Value:
        """The value of the innermost layer that gives one; None where none does."""
        for options in reversed(self.options):
            if name in options:
                return options.get(name)
        return None

    def every(self, name: str) -> list[Value]:
        return [value for options in self.options if (value := options.get(name)) is not None]


class OperationReader:
    """The routes of one application as operations."""

    def __init__(self, interpreter: Interpreter, shapes: Shapes, application: Options) -> None:
        self.interpreter = interpreter
        self.shapes = shapes
        self.application = application

    def operations(self, placed: PlacedRoute) -> Iterator[Operation]:
        route = placed.route
        assert isinstance(route.methods, tuple)
        layers = _Layers((*(router.options for router in placed.above), route.options))
        path, parameters = template(placed.path, PATH_PARAMETER)
        function = handler_of(route.endpoint)
        signature = self._signature(function, layers, parameters, route.location)
        responses = self._responses(route.methods, function, layers, signature, route.location)
        module = self.interpreter.program.module_name(function.path) if function is not None else None
        for method in route.methods:
            yield Operation(
                method, path, route.location, parameters=signature.parameters, body=signature.body, responses=responses,
                security=Unknown("what guards and middleware ask for", route.location),
                operation_id=self._identity(placed, function, method), tags=_tags(layers),
                deprecated=_flag(route.options.get("deprecated"), "whether it is deprecated"),
                summary=_text(route.options.get("summary")), description=_text(route.options.get("description")),
                maybe=placed.doubt, documented=self._is_documented(layers),
                handler=f"{module}:{function.qualname}" if function is not None else None,
                handler_location=function.name_location if function is not None else None,
                declaration=function.location if function is not None else route.location, router=placed.owner.location,
                template=placed.path if placed.path != path else None, raised=("default",), reads_request=signature.unread,
            )  # fmt: skip

    def _is_documented(self, layers: _Layers) -> bool:
        stated = layers.nearest("include_in_schema")
        hidden = "openapi_config" in self.application and self.application.get("openapi_config") is None
        return not hidden and (stated is None or stated is True or word_of(stated) == "Empty")

    def _identity(self, placed: PlacedRoute, function: FunctionValue | None, method: str) -> str | Unknown:
        given = placed.route.options.get("operation_id")
        if isinstance(given, str):
            return given
        config = self.application.get("openapi_config")
        made = argument_of(config.arguments, "operation_id_creator") if isinstance(config, Instance) else None
        unknown = isinstance(config, Unknown) or (isinstance(config, Instance) and any(each.star for each in config.arguments))
        if given is not None or made is not None or unknown or function is None:
            return Unknown("an operation id computed at run time", placed.route.location)
        namespace = ""
        for part in placed.path.strip("/").split("/"):
            component = PATH_PARAMETER.sub(r"\g<name>", part).title()
            namespace += component if component not in namespace else ""
        several = isinstance(placed.route.methods, tuple) and len(placed.route.methods) > 1
        return _SEPARATORS.sub("", namespace + (method.title() if several else "") + function.name.title())

    # What is taken

    def _signature(
        self, function: FunctionValue | None, layers: _Layers, path: Mapping[str, Schema], location: Location
    ) -> _Signature:
        own = tuple(Parameter(name, "path", schema, True, location=location) for name, schema in path.items())
        if function is None:
            unread = Unknown("what an unknown handler takes", location)
            return _Signature(own, unread, unread, True)
        injected = _injected(layers)
        found: list[Parameter] = list(own)
        body: Body | Unknown | None = None
        doubts = [injected] if isinstance(injected, Unknown) else []
        for parameter in function.parameters:
            if parameter.sort in ("vararg", "kwarg") or parameter.name in path:
                continue
            if parameter.name == "data":
                body = self._body(function, parameter, layers)
            elif parameter.name in _GIVEN:
                if parameter.name in _INPUT:
                    doubts.append(Unknown("what a handler reads from the request by hand", parameter.location))
            elif isinstance(injected, Unknown) or parameter.name in injected:
                doubts.append(Unknown(f"what the dependency `{parameter.name}` takes", parameter.location))
            else:
                taken = self._parameter(function, parameter)
                if taken is None:
                    doubts.append(Unknown(f"what `{parameter.name}` is taken from", parameter.location))
                else:
                    found.append(taken)
        refusing = bool(found) or body is not None
        doubt = _data_of(injected) if body is None else None
        return _Signature(tuple(found), body if doubt is None else doubt, doubts[0] if doubts else None, refusing or doubt is not None)

    def _default(self, function: FunctionValue, parameter: FunctionParameter) -> Value:
        if parameter.default is None:
            return MISSING
        return self.interpreter.evaluate(parameter.default, function.defaults_scope or function.scope)

    def _parameter(self, function: FunctionValue, parameter: FunctionParameter) -> Parameter | None:
        """A query, header or cookie parameter that the handler declares for itself; None where it may be something else."""
        if parameter.annotation is None:
            return None
        annotation = self.interpreter.annotation(parameter.annotation)
        kind, extra = unwrapped(annotation)
        default = self._default(function, parameter)
        infos = [value for value in (*extra, default) if made_from(value)]
        info = next((value for value in infos if made_from(value)[0] in ("Parameter", "ParameterKwarg")), None)
        if len(infos) > (info is not None) or isinstance(kind, Unknown) or isinstance(default, Unknown):
            return None
        if info is not None and any(argument.star for argument in info.arguments):
            return None
        if info is None and not is_scalar(kind):
            return None
        where, name = "query", parameter.name
        for place in ("query", "header", "cookie"):
            stated = argument_of(info.arguments, place) if info is not None else None
            if stated is not None:
                where, name = place, stated
        if not isinstance(name, str):
            return None
        if info is default and info is not None:
            default = MISSING
        stated_default = argument_of(info.arguments, "default") if info is not None else None
        required: bool | Unknown = default is MISSING and stated_default is None and not is_optional(kind)
        if info is not None and argument_of(info.arguments, "required") is not None:
            stated = argument_of(info.arguments, "required")
            required = stated if isinstance(stated, bool) else Unknown("whether it is required", parameter.location)
        schema = self.shapes.of(kind, False, parameter.location)
        if info is None and schema.unknown is not None:
            return None  # No type of a parameter: something injects it.
        if info is not None and schema.unknown is None:
            schema = constrained(schema, lambda bound: argument_of(info.arguments, bound))
        if default is not MISSING and schema.unknown is None and schema.ref is None:
            schema = replace(schema, default=constant(default))
        return Parameter(name, where, schema, required, location=parameter.location)

    def _body(self, function: FunctionValue, parameter: FunctionParameter, layers: _Layers) -> Body | Unknown:
        if parameter.annotation is None:
            return Unknown("a body without a type", parameter.location)
        kind, extra = unwrapped(self.interpreter.annotation(parameter.annotation))
        default = self._default(function, parameter)
        media: str | Unknown = "application/json"
        for info in (*extra, default):
            stated = argument_of(info.arguments, "media_type") if isinstance(info, Instance) else None
            if stated is not None:
                media = _media_type(stated)
        if isinstance(media, Unknown):
            return Unknown(media.what, parameter.location)
        transferred = _decided_elsewhere(layers, ("dto",))
        schema = Schema(unknown=Unknown(transferred, parameter.location)) if transferred else self._shape(kind, False, parameter.location)
        return Body(((media, schema),), True, location=parameter.location)

    # What is answered

    def _responses(
        self, methods: tuple[str, ...], function: FunctionValue | None, layers: _Layers, signature: _Signature, location: Location
    ) -> tuple[Response, ...] | Unknown:  # fmt: skip
        stated = layers.options[-1].get("status_code")
        status = status_code(stated) if stated is not None else 201 if "POST" in methods else 204 if "DELETE" in methods else 200
        declared = self._declared(layers.options[-1], location)
        if status is None or isinstance(declared, Unknown):
            return declared if isinstance(declared, Unknown) else Unknown("a status code computed at run time", location)
        answers = {str(status): self._success(str(status), function, layers, location), **{each.status: each for each in declared}}
        if signature.validated and "400" not in answers:
            answers["400"] = Response("400", (("application/json", Schema(unknown=Unknown("Litestar's own errors"))),),
                                      location=location, automatic=True)  # fmt: skip
        return tuple(answers.values())

    def _declared(self, options: Options, location: Location) -> list[Response] | Unknown:
        """The answers that `raises` and `responses` name."""
        raised = options.get("raises")
        errors = [] if raised is None else items_of(raised)
        statuses = [_status_of(error) for error in errors] if errors is not None else [None]
        more = options.get("responses")
        if None in statuses or not (more is None or isinstance(more, dict)):
            return Unknown("answers that are not known", location)
        found = [Response(str(status), (("application/json", Schema(unknown=Unknown("Litestar's own errors"))),), location=location)
                 for status in dict.fromkeys(statuses)]  # fmt: skip
        for key, value in (more or {}).items():
            code = status_code(key)
            if code is None:
                return Unknown("answers that are not known", location)
            given = value.argument("data_container", 0) if isinstance(value, Instance) else None
            schema = Schema(unknown=Unknown("an answer that is not known")) if given is None else self._shape(given.value, True, location)
            content = () if given is not None and given.value is None else (("application/json", schema),)
            found.append(Response(str(code), content, location=location))
        return found

    def _success(self, status: str, function: FunctionValue | None, layers: _Layers, location: Location) -> Response:
        if function is None or function.returns is None:
            return Response(status, location=location, unknown=Unknown("what a handler answers without saying it", location))
        place = function.returns.location
        kind, _ = unwrapped(self.interpreter.annotation(function.returns))
        media = layers.nearest("media_type")
        media_type = "application/json" if media is None else _media_type(media)
        if kind is None or name_of(kind) in _NOTHING or word_of(kind) in ("Redirect", "ASGIResponse", "ASGIRedirectResponse"):
            return Response(status, location=place)
        transferred = _decided_elsewhere(layers, ("return_dto", "dto"))
        answer = self._answer(kind, place)
        if transferred or answer is None or isinstance(media_type, Unknown):
            return Response(status, location=place, unknown=Unknown(transferred or "a response that is made by hand", place))
        plain = media is None and set(answer.types) == {"string"} and not answer.properties
        return Response(status, (("text/plain" if plain else media_type, answer),), location=place, unknown=answer.unknown)

    def _answer(self, kind: Value, place: Location) -> Schema | None:
        """The schema of what a handler's annotation says it answers; None for responses without a shape of their own."""
        inner = kind
        word = word_of(kind)
        if word == "Response":
            inner = kind.arguments[0] if isinstance(kind, Specialized) and kind.arguments else None
            if inner is None:
                return ANYTHING
        elif word in ("File", "Stream", "Template", "ServerSentEvent", "ASGIFileResponse") or "Response" in words_of(kind):
            return None
        elif isinstance(kind, Specialized) and name_of(kind.origin) == "typing.Union":
            if any("Response" in words_of(part) for part in kind.arguments):
                return ANYTHING
        elif name_of(kind) in ("builtins.str", "builtins.bytes"):
            return self.shapes.of(kind, True, place)
        return self._shape(inner, True, place)

    def _shape(self, kind: Value, output: bool, place: Location) -> Schema:
        """A type's schema; Litestar's own containers are known by name."""
        plain = plain_type(kind)
        word = _last_word(plain)
        if isinstance(plain, Specialized) and word is not None and plain.arguments and package_of(plain) in PAGINATION_PACKAGES:
            page = page_of(word, self._shape(plain.arguments[0], output, place))
            if page is not None:
                return page
        if word in OWN_SHAPES and package_of(plain) in ("litestar", "starlite"):
            return OWN_SHAPES[word]
        if output and isinstance(plain, ClassValue) and kind_of(plain) == "model" and self._is_renamed(plain):
            return Schema(unknown=Unknown("whether aliases are written", place))
        return self.shapes.of(kind, output, place)

    def _is_renamed(self, cls: ClassValue) -> bool:
        """Whether a Pydantic model has aliases: a setting of the plugin says whether answers use them."""
        return any(self.shapes.fields.alias_of(field, True) != field.name for field in self.shapes.fields.of(cls))


@dataclass(frozen=True, slots=True)
class _Signature:
    parameters: tuple[Parameter, ...]
    body: Body | Unknown | None
    unread: Unknown | None
    validated: bool  # input may be refused


def _injected(layers: _Layers) -> dict[str, Value] | Unknown:
    """The dependencies by name, all layers together."""
    merged: dict[str, Value] = {}
    for value in layers.every("dependencies"):
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            return value if isinstance(value, Unknown) else Unknown("dependencies that are not known")
        merged.update(value)
    return merged


def _data_of(injected: dict[str, Value] | Unknown) -> Unknown | None:
    """Why a body may be read by a dependency; None where none is."""
    if isinstance(injected, Unknown):
        return injected
    for name, value in injected.items():
        given = value.argument("dependency", 0) if isinstance(value, Instance) else None
        function = handler_of(given.value if given is not None else value)
        if function is None or any(parameter.name == "data" for parameter in function.parameters):
            return Unknown(f"what the dependency `{name}` takes")
    return None


def _decided_elsewhere(layers: _Layers, names: Iterable[str]) -> str | None:
    for name in names:
        for options in reversed(layers.options):
            if name in options and word_of(options.get(name)) != "Empty":
                return "what a data transfer object makes of it" if options.get(name) is not None else None
    return None


def _status_of(error: Value) -> int | None:
    if isinstance(error, ClassValue):
        stated = error.find("status_code")
        if stated is not None:
            return status_code(stated[1])
        return next((STATUSES[word] for word in words_of(error) if word in STATUSES), None)
    return STATUSES.get(word_of(error) or "")


def _media_type(value: Value) -> str | Unknown:
    if isinstance(value, EnumMember):
        value = value.value
    if isinstance(value, str):
        return value
    return MEDIA_TYPES.get(word_of(value) or "") or Unknown("a media type computed at run time")


def _tags(layers: _Layers) -> tuple[str, ...] | Unknown:
    found: set[str] = set()
    for value in layers.every("tags"):
        items = items_of(value)
        if items is None or not all(isinstance(item, str) for item in items):
            return Unknown("tags that are not known")
        found.update(items)
    return tuple(sorted(found))


def _flag(value: Value, what: str) -> bool | Unknown:
    return value is True if value is None or isinstance(value, bool) else Unknown(what)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _last_word(value: Value) -> str | None:
    name = name_of(value.origin if isinstance(value, Specialized) else value)
    return name.rpartition(".")[2] if name is not None else None

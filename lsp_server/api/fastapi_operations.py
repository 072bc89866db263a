"""One route of a FastAPI program as operations: path, responses, identity, tags, as FastAPI puts them together.

What inclusions add on the way from the application to the router is a `Placement`. Parameters come from
`dependencies.py`, shapes from `pydantic.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lsp_server.api.dependencies import Signature, read_signature
from lsp_server.api.fastapi_extra import Extra
from lsp_server.api.fastapi_names import made_by
from lsp_server.api.fastapi_responses import ResponseClass, read_responses, response_class
from lsp_server.api.handlers import raised_statuses, rate_limit, request_read_by_hand
from lsp_server.api.model import Choice, Operation, SecurityScheme
from lsp_server.api.pydantic import Shapes
from lsp_server.api.routing import Inclusion, Options, Route, Router
from lsp_server.python.calls import call_value
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    Value,
)
from lsp_server.unknown import Unknown

_ROUTE = External("fastapi.routing.APIRoute")
_CONVERTER = re.compile(r"\{([a-zA-Z_]\w*)(?::[a-zA-Z_]\w*)?\}")


@dataclass(frozen=True, slots=True)
class Placement:
    """Everything that an application and the inclusions below it add to the routes of a router.

    Values are those of the calls; `None` stands for "not given". Lists run from the outside in.
    """

    prefix: str | Unknown = ""
    mount: str = ""  # the part of the prefix that the application itself does not know of
    tags: tuple[Value, ...] | Unknown = ()
    dependencies: tuple[Value, ...] = ()
    responses: tuple[Value, ...] = ()
    deprecated: bool | Unknown = False
    documented: bool | Unknown = True
    response_classes: tuple[Value, ...] = ()  # nearest to the route first
    unique_ids: tuple[Value, ...] = ()  # nearest to the route first
    doubt: Unknown | None = None

    @classmethod
    def of_router(cls, router: Router, prefix: str) -> Placement:
        return cls(prefix=prefix, mount=prefix)._with(router.options, None if router.application else router.options.get("prefix"))

    def including(self, inclusion: Inclusion, router: Router) -> Placement:
        """The placement of an included router's routes."""
        given = inclusion.options
        return self._with(given, inclusion.prefix)._with(router.options, router.options.get("prefix"))

    def of_route(self, route: Route) -> Placement:
        """The placement with what the route itself says; its prefix is the whole path."""
        return self._with(route.options, route.path if route.path is not None else "")

    def doubted(self, doubt: Unknown) -> Placement:
        return self if self.doubt is not None else replace(self, doubt=doubt)

    def _with(self, options: Options, prefix: Value) -> Placement:
        path = self.prefix
        if isinstance(path, str):
            text = prefix.value if isinstance(prefix, EnumMember) else "" if prefix is None else prefix
            path = path + text if isinstance(text, str) else _unknown(text, "a prefix computed at run time")
        own_class = options.get("default_response_class")
        own_id = options.get("generate_unique_id_function")
        return replace(
            self, prefix=path, tags=_joined(self.tags, options.get("tags")),
            dependencies=(*self.dependencies, *_listed(options.get("dependencies"))),
            responses=(*self.responses, options.get("responses")) if options.get("responses") is not None else self.responses,
            deprecated=_either(self.deprecated, options.get("deprecated")),
            documented=_both(self.documented, options.get("include_in_schema")),
            response_classes=(own_class, *self.response_classes) if own_class is not None else self.response_classes,
            unique_ids=(own_id, *self.unique_ids) if own_id is not None else self.unique_ids,
        )  # fmt: skip


def unplaced(route: Route, placement: Placement) -> Unknown | None:
    """Why the path or the methods of a route are not known; None where they are."""
    path = placement.of_route(route).prefix
    unknown = path if isinstance(path, Unknown) else route.methods
    return Unknown(unknown.what, route.location) if isinstance(unknown, Unknown) else None


def _unknown(value: Value, what: str) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(what)


def _joined(left: tuple[Value, ...] | Unknown, value: Value) -> tuple[Value, ...] | Unknown:
    if isinstance(left, Unknown) or value is None:
        return left
    items = items_of(value) if not isinstance(value, str) else None
    return (*left, *items) if items is not None else _unknown(value, "tags that are not known")


def _listed(value: Value) -> tuple[Value, ...]:
    if value is None:
        return ()
    items = items_of(value) if not isinstance(value, str) else None
    return tuple(items) if items is not None else (_unknown(value, "dependencies that are not known"),)


def _either(left: bool | Unknown, value: Value) -> bool | Unknown:
    if left is True or value is True:
        return True
    if value is None or value is False:
        return left
    return _unknown(value, "whether it is deprecated")


def _both(left: bool | Unknown, value: Value) -> bool | Unknown:
    if left is False or value is False:
        return False
    if value is None or value is True:
        return left
    return _unknown(value, "whether it is documented")


class OperationReader:
    """Routes of one application to operations; collects the security schemes it meets."""

    def __init__(self, interpreter: Interpreter, shapes: Shapes) -> None:
        self.interpreter = interpreter
        self.shapes = shapes
        self.security_schemes: dict[str, SecurityScheme] = {}

    def operations(self, route: Route, router: Router, placement: Placement) -> list[Operation]:
        """One operation per method; none where the path or the methods are not known (see `unplaced`)."""
        own = placement.of_route(route)
        if isinstance(own.prefix, Unknown) or isinstance(route.methods, Unknown):
            return []
        path = _CONVERTER.sub(r"{\1}", own.prefix)
        function = handler_function(route.endpoint)
        name = _route_name(route, function)
        chosen = _response_class(self.interpreter, own, route)
        if route.plain:
            signature = Signature()
        else:
            signature = read_signature(self.interpreter, self.shapes, route, path, own.dependencies)
        for scheme in signature.schemes:
            self.security_schemes.setdefault(scheme.name, scheme)
        result = []
        for method in route.methods:
            identity = self._identity(route, own, name, path.removeprefix(own.mount), method, chosen)
            result.append(self._operation(route, router, own, signature, function, chosen, path, method, identity))
        return result

    def _operation(
        self, route: Route, router: Router, own: Placement, signature: Signature, function: FunctionValue | None,
        chosen: ResponseClass, path: str, method: str, identity: str | Unknown,
    ) -> Operation:  # fmt: skip
        tags = own.tags if isinstance(own.tags, Unknown) else _texts(own.tags)
        responses = read_responses(self.interpreter, self.shapes, route, own.responses, chosen, function, signature)
        module = self.interpreter.program.module_name(function.path) if function is not None else None
        documented = own.documented is not False and not route.plain and self._is_documented(route, router, own, path)
        extra = Extra(self.shapes, route.options.get("openapi_extra"), route.options.places.get("openapi_extra", route.location))
        plain = Unknown("what a plain Starlette route takes and answers", route.location)
        return Operation(
            method, path, route.location,
            parameters=plain if route.plain else extra.parameters(signature.parameters),
            body=plain if route.plain else extra.body(signature.body_for(identity, self.shapes)),
            responses=plain if route.plain else extra.responses(responses),
            security=extra.unknown if "security" in extra else signature.security, operation_id=identity if not route.plain else None, tags=tags,
            deprecated=own.deprecated, summary=_text(route.options.get("summary")), description=_text(route.options.get("description")),
            maybe=own.doubt, documented=documented,
            handler=f"{module}:{function.qualname}" if function is not None else None,
            handler_location=function.name_location if function is not None else None,
            declaration=function.location if function is not None else route.location, router=router.location,
            template=own.prefix if isinstance(own.prefix, str) and own.prefix != path else None,
            raised=raised_statuses(self.interpreter, function) if function is not None else ("default",),
            rate_limit=rate_limit(function) if function is not None else None,
            reads_request=signature.unknown if signature.unknown is not None or function is None
            else request_read_by_hand(self.interpreter, function),
        )  # fmt: skip

    def _is_documented(self, route: Route, router: Router, own: Placement, path: str) -> bool:
        """Whether the project's own route class leaves a route in the documentation."""
        cls = router.options.get("route_class")
        made = cls.find("__init__") if isinstance(cls, ClassValue) else None
        if not isinstance(cls, ClassValue) or made is None or not isinstance(made[1], FunctionValue):
            return True
        place = route.location
        given = Instance(cls, (), place)
        keywords = {**route.options.values, "tags": list(own.tags) if isinstance(own.tags, tuple) else own.tags, "include_in_schema": True}
        keywords.pop("path", None)
        arguments = [Argument(None, given, place), Argument(None, path, place), Argument(None, route.endpoint, place)]
        arguments += [Argument(name, value, place) for name, value in keywords.items() if name != "endpoint"]
        given.attributes.update(keywords)
        self.interpreter.call_detached(made[1], tuple(arguments))
        # What only some settings show counts as hidden: nobody can say that the documentation lacks it.
        return given.attributes.get("include_in_schema") is True and "include_in_schema" not in given.configured

    def _identity(
        self, route: Route, own: Placement, name: str | Unknown, path: str, method: str, chosen: ResponseClass
    ) -> str | Unknown:
        given = route.options.get("operation_id")
        if given is not None:
            given = given.value if isinstance(given, EnumMember) else given
            return given if isinstance(given, str) else Unknown("an operation id computed at run time", route.location)
        maker = own.unique_ids[0] if own.unique_ids else None
        if maker is not None and made_by(maker) != "fastapi.Default":
            return self._made_identity(maker, route, own, name, path)
        if isinstance(name, Unknown):
            return name
        # FastAPI takes the first of a set, whose order changes from run to run.
        methods = sorted(route.methods, key=lambda each: each != "GET") if isinstance(route.methods, tuple) else [method]
        values = tuple(re.sub(r"\W", "_", f"{name}{path}") + f"_{each.lower()}" for each in methods)
        return values[0] if len(values) == 1 else Choice("the operation id of a route with several methods", route.location, values=values)

    def _made_identity(self, maker: Value, route: Route, own: Placement, name: Value, path: str) -> str | Unknown:
        """What the project's own `generate_unique_id_function` gives for a route."""
        unknown = Unknown("an operation id computed at run time", route.location)
        if not isinstance(route.methods, tuple):
            return self._made_with(maker, route, own, name, path, route.methods) or unknown
        # The methods are a set: whichever comes first may be the one that the id is made of.
        orders = [(first, *(each for each in route.methods if each != first)) for first in route.methods]
        orders.sort(key=lambda order: order[0] != "GET")
        made = [self._made_with(maker, route, own, name, path, set(order) if len(order) == 1 else order) for order in orders]
        values = tuple(dict.fromkeys(value for value in made if value is not None))
        if not values or None in made:
            return unknown
        return values[0] if len(values) == 1 else Choice("the operation id of a route with several methods", route.location, values=values)

    def _made_with(self, maker: Value, route: Route, own: Placement, name: Value, path: str, methods: Value) -> str | None:
        place = route.location
        tags = list(own.tags) if isinstance(own.tags, tuple) else own.tags
        stand_in = Instance(_ROUTE, (), place)
        stand_in.attributes.update({
            "name": name, "path": path, "path_format": path, "tags": tags, "methods": methods, "endpoint": route.endpoint,
            "operation_id": None, "summary": route.options.get("summary"), "deprecated": route.options.get("deprecated"),
            "include_in_schema": own.documented, "description": route.options.get("description"),
        })  # fmt: skip
        if isinstance(maker, FunctionValue):
            value, _ = self.interpreter.call_detached(maker, (Argument(None, stand_in, place),))
        else:
            value = call_value(self.interpreter, maker, (Argument(None, stand_in, place),), place)
        return value if isinstance(value, str) else None


def handler_function(endpoint: Value) -> FunctionValue | None:
    """The function whose signature and name FastAPI sees."""
    if isinstance(endpoint, BoundMethod):
        endpoint = endpoint.function
    if isinstance(endpoint, FunctionValue):
        return endpoint.original()
    return None


def _route_name(route: Route, function: FunctionValue | None) -> str | Unknown:
    given = route.options.get("name")
    if isinstance(given, str) and given:
        return given
    if given is not None:
        return Unknown("a route's name", route.location)
    if function is not None:
        return function.name
    endpoint = route.endpoint
    if isinstance(endpoint, Instance) and not isinstance(endpoint.origin, External | Method):
        origin = endpoint.origin
        return getattr(origin, "name", None) or Unknown("a route's name", route.location)
    return Unknown("the name of a handler that is not known", route.location)


def _response_class(interpreter: Interpreter, own: Placement, route: Route) -> ResponseClass:
    given = route.options.get("response_class")
    if given is None or made_by(given) == "fastapi.Default":
        given = next((value for value in own.response_classes if made_by(value) != "fastapi.Default"), None)
    return response_class(interpreter, given)


def _texts(values: tuple[Value, ...]) -> tuple[str, ...] | Unknown:
    texts = []
    for value in values:
        if isinstance(value, EnumMember):
            value = value.value
        if not isinstance(value, str):
            return _unknown(value, "tags that are not known")
        texts.append(value)
    return tuple(dict.fromkeys(texts))


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None

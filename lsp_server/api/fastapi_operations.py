"""One route of a FastAPI program as operations: path, responses, identity, tags, as FastAPI puts them together.

What inclusions add on the way from the application to the router is a `Placement`. Parameters come from
`dependencies.py`, shapes from `pydantic.py`.
"""

from __future__ import annotations

from lsp_server.api.dependencies import read_signature
from lsp_server.api.fastapi_extra import Extra
from lsp_server.api.fastapi_identity import handler_function, identity_of, without_converters
from lsp_server.api.fastapi_placement import Placement, as_unknown
from lsp_server.api.fastapi_responses import ResponseClass, read_responses, response_class
from lsp_server.api.fastapi_signature import Signature
from lsp_server.api.guards import may_refuse, methods_of
from lsp_server.api.handlers import raised_statuses, rate_limit, request_read_by_hand
from lsp_server.api.model import Operation, SecurityRequirement, SecurityScheme
from lsp_server.api.names import made_by
from lsp_server.api.pydantic import Shapes
from lsp_server.api.routing import Route, Router
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import Argument, ClassValue, EnumMember, FunctionValue, Instance, Value
from lsp_server.unknown import Unknown


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
        path = without_converters(own.prefix)
        function = handler_function(route.endpoint)
        chosen = _response_class(self.interpreter, own, route)
        if route.plain:
            signature = Signature()
        else:
            signature = read_signature(self.interpreter, self.shapes, route, path, own.dependencies)
        for scheme in signature.schemes:
            self.security_schemes.setdefault(scheme.name, scheme)
        result = []
        for method in route.methods:
            identity = identity_of(self.interpreter, route, own)
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
            security=extra.unknown if "security" in extra else _security(signature, own, router), operation_id=identity if not route.plain else None, tags=tags,
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
            return as_unknown(value, "tags that are not known")
        texts.append(value)
    return tuple(dict.fromkeys(texts))


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _security(signature: Signature, own: Placement, router: Router) -> tuple[SecurityRequirement, ...] | Unknown:
    """What the route declares; where that is nothing, what may ask for credentials all the same is not known."""
    if isinstance(signature.security, Unknown) or signature.security:
        return signature.security
    guard = own.guard if own.guard is not None else signature.guard
    cls = router.options.get("route_class")
    if guard is None and cls is not None and not isinstance(cls, ClassValue):
        guard = Unknown("the credentials that a route class may ask for", router.location)
    elif guard is None and isinstance(cls, ClassValue):
        around = [method for method in methods_of(cls) if method.name in ("get_route_handler", "handle")]
        guard = Unknown("the credentials that a route class may ask for", cls.location) if any(map(may_refuse, around)) else None
    return signature.security if guard is None else guard

"""One promised operation beside the route that implements it: its parameters, security and plain facts; bodies and answers
have files of their own.

Bodies are handed to the comparison of schemas; the meetings of named schemas they lead to come back with the differences, so
that a shared schema is told of once for all its operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.api.compare_bodies import request_body
from lsp_server.api.compare_context import Context, OperationOutcome, OperationPair, sides
from lsp_server.api.compare_responses import responses
from lsp_server.api.compare_schemas import Meeting
from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import Operation, Parameter, SecurityRequirement, path_parameters
from lsp_server.unknown import Unknown

# Headers that OpenAPI leaves to the protocol, and those that servers, proxies and middleware answer for.
_PROTOCOL_HEADERS = frozenset((
    "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "connection",
    "content-encoding", "content-length", "content-type", "cookie", "forwarded", "host", "if-match",
    "if-modified-since", "if-none-match", "if-unmodified-since", "origin", "range", "referer", "traceparent",
    "tracestate", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
    "x-request-id", "x-correlation-id", "x-csrf-token", "x-xsrf-token",
))  # fmt: skip


def compare_operation(operation: Operation, route: Operation, path: str, context: Context) -> OperationOutcome:
    """All that one operation and its route disagree about. `path` is the operation's path as the code would spell it."""
    pair = OperationPair(operation, route, context)
    differences: list[Difference] = []
    meetings: dict[Meeting, None] = {}
    differences.extend(_path_parameters(pair, path))
    for outcome in (_parameters(pair, path), request_body(pair), responses(pair)):
        differences.extend(outcome.differences)
        meetings.update(dict.fromkeys(outcome.meetings))
    differences.extend(_security(pair))
    differences.extend(_plain_facts(pair))
    return OperationOutcome(tuple(differences), tuple(meetings))


# --- parameters -----------------------------------------------------------------------------------------------------


def _path_parameters(pair: OperationPair, path: str) -> Iterator[Difference]:
    spec, code = path_parameters(path), path_parameters(pair.route.path)
    if len(spec) != len(code):
        return
    code = tuple(one if other in pair.route.freely_named else other for one, other in zip(spec, code))
    if spec != code:
        yield pair.differ(Kind.CONTRADICTS, Element.PATH_PARAMETER, ("path",), "names", spec, code)


def _parameters(pair: OperationPair, path: str) -> OperationOutcome:
    promised, implemented = pair.operation.parameters, pair.route.parameters
    if isinstance(promised, Unknown) or isinstance(implemented, Unknown):
        return OperationOutcome((), ())
    differences: list[Difference] = []
    partners = _partners(promised, implemented, dict(zip(path_parameters(path), path_parameters(pair.route.path))))
    for left, right in partners:
        if left is not None and right is not None:
            differences.extend(_parameter(pair, left, right))
        elif left is not None and pair.route.reads_request is None and not _is_ambient(left, pair.context):
            differences.append(
                pair.differ(Kind.MISSING, Element.PARAMETER, _at(left), "presence", left, None,
                            left.location, pair.route.handler_location)
            )  # fmt: skip
        elif right is not None and not _is_ambient(right, pair.context):
            differences.append(
                pair.differ(Kind.UNREQUESTED, Element.PARAMETER, _at(right), "presence", None, right, None, right.location)
            )
    return OperationOutcome(tuple(differences), ())


def _partners(
    promised: tuple[Parameter, ...], implemented: tuple[Parameter, ...], renamed: dict[str, str]
) -> list[tuple[Parameter | None, Parameter | None]]:
    """Parameters of both ends that belong together: by name and place, then by name alone (a query that became a header).

    `renamed` gives the code's name of a path parameter of the spec.
    """
    rest = list(implemented)
    found: list[tuple[Parameter | None, Parameter | None]] = []
    lonely: list[Parameter] = []
    for left in promised:
        name = renamed.get(left.name, left.name) if left.where == "path" else left.name
        right = next((each for each in rest if each.where == left.where and _same_name(each, name, left.where)), None)
        if right is None:
            lonely.append(left)
        else:
            rest = [each for each in rest if each is not right]
            found.append((left, right))
    for left in lonely:
        right = next((each for each in rest if _same_name(each, left.name, left.where)), None)
        if right is not None:
            rest = [each for each in rest if each is not right]
        found.append((left, right))
    return [*found, *((None, right) for right in rest)]


def _at(parameter: Parameter) -> tuple[str, ...]:
    return ("parameter", parameter.where, parameter.name)


def _same_name(parameter: Parameter, name: str, where: str) -> bool:
    if (parameter.where == "path") != (where == "path"):
        return False
    one, other = parameter.name.removesuffix("[]"), name.removesuffix("[]")
    return one.lower() == other.lower() if "header" in (where, parameter.where) else one == other


def _is_ambient(parameter: Parameter, context: Context) -> bool:
    """Whether a parameter that one end leaves out may still be read: by the protocol, by middleware, as a credential.

    Names in a path are compared as the path's.
    """
    if parameter.where == "path":
        return True
    name = parameter.name.lower()
    if parameter.where == "header" and name in _PROTOCOL_HEADERS:
        return True
    schemes = context.promised.security_schemes + context.implemented.security_schemes
    return any(scheme.parameter is not None and scheme.parameter.lower() == name for scheme in schemes)


def _parameter(pair: OperationPair, left: Parameter, right: Parameter) -> Iterator[Difference]:
    places = (left.location, right.location)
    if left.where != right.where:
        yield pair.differ(Kind.CONTRADICTS, Element.PARAMETER, _at(left), "in", left.where, right.where, *places)
        return
    spec, code = left.required, right.required
    if left.where != "path" and isinstance(spec, bool) and isinstance(code, bool) and spec != code:
        yield pair.differ(Kind.CONTRADICTS, Element.PARAMETER, _at(left), "required", spec, code, *places)
    outcome = pair.context.schemas.compare(left.schema, right.schema, Direction.REQUEST, textual=True)
    found = list(outcome.differences)
    for meeting in outcome.meetings:  # a parameter's named schema is an enumeration or an alias: short, and its own
        found.extend(pair.context.schemas.meet(meeting).differences)
    for part in found:
        yield pair.differ(
            part.clash.kind, Element.PARAMETER, _at(left), part.clash.aspect, *sides(part),
            left.location or part.promised, right.location or part.implemented,
        )  # fmt: skip


# --- security and plain facts ---------------------------------------------------------------------------------------


def _security(pair: OperationPair) -> Iterator[Difference]:
    spec, code = pair.operation.security, pair.route.security
    if not isinstance(spec, tuple) or not isinstance(code, tuple) or not pair.context.security_is_stated:
        return
    if not _is_open(spec) and _is_open(code):
        if not code:
            yield pair.differ(Kind.MISSING, Element.SECURITY, ("security",), "required", _schemes(spec), (),
                              None, pair.route.handler_location)  # fmt: skip
    elif not spec and not _is_open(code):
        yield pair.differ(Kind.UNREQUESTED, Element.SECURITY, ("security",), "required", (), _schemes(code))


def _is_open(security: tuple[SecurityRequirement, ...]) -> bool:
    return not security or any(not requirement.schemes for requirement in security)


def _schemes(security: tuple[SecurityRequirement, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for requirement in security for name, _ in requirement.schemes))


def _plain_facts(pair: OperationPair) -> Iterator[Difference]:
    operation, route = pair.operation, pair.route
    spec, code = operation.operation_id, route.operation_id
    if isinstance(spec, str) and isinstance(code, str) and spec != code and not _is_generated(code, route):
        yield pair.differ(Kind.CONTRADICTS, Element.OPERATION_ID, ("operation-id",), "value", spec, code)
    old, marked = operation.deprecated, route.deprecated
    if isinstance(old, bool) and isinstance(marked, bool) and old != marked:
        yield pair.differ(Kind.CONTRADICTS, Element.DEPRECATION, ("deprecated",), "value", old, marked)
    promised, enforced = operation.rate_limit, route.rate_limit
    if isinstance(promised, str) and not isinstance(enforced, Unknown):
        if enforced is None and pair.context.limits_are_visible:
            yield pair.differ(Kind.MISSING, Element.RATE_LIMIT, ("rate-limit",), "presence", promised, None)
        elif enforced is not None and _rate(promised) != _rate(enforced):
            yield pair.differ(Kind.CONTRADICTS, Element.RATE_LIMIT, ("rate-limit",), "value", promised, enforced)


def _is_generated(operation_id: str, route: Operation) -> bool:
    """Whether the framework made the id up from the function and the path, as FastAPI does."""
    words = re.sub(r"\W", "_", route.path)
    function = (route.handler or "").rsplit(":", 1)[-1].rsplit(".", 1)[-1]
    return operation_id.endswith(f"{words}_{route.method.lower()}") or operation_id == function


def _rate(text: str) -> tuple[str, ...]:
    """"100/minute", "100 per minute" and "100 requests per 1 minute" as one."""
    words = re.findall(r"\d+|[a-z]+", text.lower())
    return tuple(word.removesuffix("s") for word in words if word not in ("per", "requests", "request", "every", "1"))

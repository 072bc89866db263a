"""One promised operation beside the route that implements it: everything but the shapes inside bodies.

Bodies are handed to the comparison of schemas; the meetings of named schemas they lead to come back with the differences, so
that a shared schema is told of once for all its operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.api.compare_schemas import Meeting, Outcome, PartDifference, SchemaComparison, schema_name
from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element, Kind, Value
from lsp_server.api.model import (
    Api,
    Body,
    Operation,
    Parameter,
    Response,
    Schema,
    SecurityRequirement,
    path_parameters,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

# Headers that OpenAPI leaves to the protocol, and those that servers, proxies and middleware answer for.
_PROTOCOL_HEADERS = frozenset((
    "accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "connection",
    "content-encoding", "content-length", "content-type", "cookie", "forwarded", "host", "if-match",
    "if-modified-since", "if-none-match", "if-unmodified-since", "origin", "range", "referer", "traceparent",
    "tracestate", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
    "x-request-id", "x-correlation-id", "x-csrf-token", "x-xsrf-token",
))  # fmt: skip
# Statuses that no handler has to declare: validation, authentication, throttling and failure come from around it.
_AMBIENT = frozenset(("400", "401", "403", "405", "406", "408", "415", "422", "429"))
_JSON = re.compile(r"application/(?:[\w.+-]*\+)?json", re.IGNORECASE)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Context:
    """What the comparison of one operation may need to know of the two Apis."""

    promised: Api
    implemented: Api
    schemas: SchemaComparison
    declared_errors: frozenset[str]  # error statuses that some route of the application declares
    security_is_stated: bool  # the spec speaks of security somewhere
    limits_are_visible: bool  # some route of the application has a rate limit that can be seen


@dataclass(frozen=True, slots=True)
class OperationOutcome:
    differences: tuple[Difference, ...]
    meetings: tuple[Meeting, ...]


def compare_operation(operation: Operation, route: Operation, path: str, context: Context) -> OperationOutcome:
    """All that one operation and its route disagree about. `path` is the operation's path as the code would spell it."""
    pair = _Pair(operation, route, context)
    differences: list[Difference] = []
    meetings: dict[Meeting, None] = {}
    differences.extend(_path_parameters(pair, path))
    for outcome in (_parameters(pair, path), _body(pair), _responses(pair)):
        differences.extend(outcome.differences)
        meetings.update(dict.fromkeys(outcome.meetings))
    differences.extend(_security(pair))
    differences.extend(_plain_facts(pair))
    return OperationOutcome(tuple(differences), tuple(meetings))


@dataclass(frozen=True, slots=True)
class _Pair:
    operation: Operation
    route: Operation
    context: Context

    def differ(
        self,
        kind: Kind,
        element: Element,
        path: tuple[str, ...],
        aspect: str,
        left: Value,
        right: Value,
        promised: Location | None = None,
        implemented: Location | None = None,
    ) -> Difference:
        return Difference(
            kind, element, (*self.operation.subject, *path), aspect, left, right,
            promised or self.operation.location, implemented or self.route.location,
            self.operation, self.route, (label(self.operation),),
        )  # fmt: skip

    def parts(
        self, outcome: Outcome, element: Element, path: tuple[str, ...], promised: Location | None, implemented: Location | None
    ) -> list[Difference]:
        return [
            self.differ(
                part.clash.kind, element, (*path, part.path) if part.path else path, part.clash.aspect, *sides(part),
                part.promised or promised, part.implemented or implemented,
            )
            for part in outcome.differences
        ]  # fmt: skip


def label(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def sides(part: PartDifference) -> tuple[Value, Value]:
    """The two values of a difference inside a schema: the properties themselves where one end has none."""
    if part.clash.aspect == "presence":
        return part.left, part.right
    return part.clash.left, part.clash.right


# --- parameters -----------------------------------------------------------------------------------------------------


def _path_parameters(pair: _Pair, path: str) -> Iterator[Difference]:
    spec, code = path_parameters(path), path_parameters(pair.route.path)
    if len(spec) == len(code) and spec != code:
        yield pair.differ(Kind.CONTRADICTS, Element.PATH_PARAMETER, ("path",), "names", spec, code)


def _parameters(pair: _Pair, path: str) -> OperationOutcome:
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


def _parameter(pair: _Pair, left: Parameter, right: Parameter) -> Iterator[Difference]:
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


# --- bodies ---------------------------------------------------------------------------------------------------------


def _body(pair: _Pair) -> OperationOutcome:
    left, right = pair.operation.body, pair.route.body
    if isinstance(left, Unknown) or isinstance(right, Unknown) or pair.operation.method in ("GET", "HEAD", "TRACE"):
        return OperationOutcome((), ())
    if left is None or right is None:
        if left is right or (right is None and pair.route.reads_request is not None):
            return OperationOutcome((), ())
        kind = Kind.MISSING if right is None else Kind.UNREQUESTED
        places = (
            left.location if left else None,
            right.location if right else pair.route.handler_location,
        )
        return OperationOutcome(
            (pair.differ(kind, Element.REQUEST_BODY, ("request",), "presence", left, right, *places),), ()
        )
    differences: list[Difference] = []
    if left.required is True and right.required is False:
        differences.append(
            pair.differ(Kind.PARTIAL, Element.REQUEST_BODY, ("request",), "required", True, False, left.location, right.location)
        )
    spec, code = _types(left), _types(right)
    if any(not _covered(name, code) for name in spec) and spec and code:
        differences.append(
            pair.differ(Kind.CONTRADICTS, Element.MEDIA_TYPE, ("request",), "media-types", spec, code, left.location, right.location)
        )
    inner = _contents(pair, left, right, Direction.REQUEST, ("request",))
    return OperationOutcome((*differences, *inner.differences), inner.meetings)


def _contents(pair: _Pair, left: Body, right: Body, direction: Direction, path: tuple[str, ...]) -> OperationOutcome:
    """The shapes of two bodies: JSON with JSON, forms with forms; text and files have no fields."""
    element = Element.REQUEST_FIELD if direction is Direction.REQUEST else Element.RESPONSE_FIELD
    differences: list[Difference] = []
    meetings: dict[Meeting, None] = {}
    for form in (False, True):
        one, other = _schema(left, form), _schema(right, form)
        if one is None or other is None:
            continue
        outcome = pair.context.schemas.compare(one, other, direction, textual=form)
        differences.extend(pair.parts(outcome, element, path, left.location, right.location))
        meetings.update(dict.fromkeys(outcome.meetings))
    return OperationOutcome(tuple(differences), tuple(meetings))


def _types(body: Body) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.split(";")[0].strip().lower() for name, _ in body.content))


def _schema(body: Body, form: bool) -> Schema | None:
    for name, schema in body.content:
        bare = name.split(";")[0].strip().lower()
        if (bare in _FORMS) if form else (_JSON.fullmatch(bare) or bare in ("*/*", "application/*")):
            return schema
    return None


def _covered(name: str, others: tuple[str, ...]) -> bool:
    """Whether one of the others takes this media type: wildcards take what they match, all JSON is JSON, all forms are forms."""
    for other in others:
        if name == other or "*/*" in (name, other):
            return True
        if _JSON.fullmatch(name) and _JSON.fullmatch(other):
            return True
        if name in _FORMS and other in _FORMS:
            return True
        if (name.endswith("/*") or other.endswith("/*")) and name.split("/")[0] == other.split("/")[0]:
            return True
    return False


# --- responses ------------------------------------------------------------------------------------------------------


def _responses(pair: _Pair) -> OperationOutcome:
    promised, implemented = pair.operation.responses, pair.route.responses
    if isinstance(promised, Unknown) or isinstance(implemented, Unknown) or not promised or not implemented:
        return OperationOutcome((), ())
    differences = list(_statuses(pair, promised, implemented))
    meetings: dict[Meeting, None] = {}
    for left, right in _met_responses(promised, implemented):
        if left.unknown is not None or right.unknown is not None or not left.content or not right.content:
            continue
        one, other = Body(left.content, location=left.location), Body(right.content, location=right.location)
        path = ("response", left.status)
        spec, code = _types(one), _types(other)
        if any(not _covered(name, spec) for name in code):
            differences.append(
                pair.differ(Kind.CONTRADICTS, Element.MEDIA_TYPE, path, "media-types", spec, code, left.location, right.location)
            )
        inner = _contents(pair, one, other, Direction.RESPONSE, path)
        differences.extend(inner.differences)
        meetings.update(dict.fromkeys(inner.meetings))
    return OperationOutcome(tuple(differences), tuple(meetings))


def _statuses(pair: _Pair, promised: tuple[Response, ...], implemented: tuple[Response, ...]) -> Iterator[Difference]:
    if any(response.status == "default" for response in implemented):
        return  # code that does not say which
    spec_says = [response.status for response in promised]
    code_says = [response.status for response in implemented] + list(pair.route.raised)
    missing = [each for each in promised if _is_owed(each.status, code_says, pair)]
    extra = [each for each in implemented if _is_news(each, spec_says, pair.route)]
    wins = [[each for each in side if each.status.startswith("2")] for side in (missing, extra)]
    if len(wins[0]) == 1 and len(wins[1]) == 1:  # one mistake, not two
        left, right = wins[0][0], wins[1][0]
        yield pair.differ(Kind.CONTRADICTS, Element.STATUS, ("response", left.status), "status", left.status, right.status,
                          left.location, right.location)  # fmt: skip
        missing, extra = [each for each in missing if each is not left], [each for each in extra if each is not right]
    for each in missing:
        kind = Kind.MISSING if each.status.startswith("2") else Kind.PARTIAL
        yield pair.differ(kind, Element.STATUS, ("response", each.status), "presence", each, None,
                          each.location, pair.route.handler_location)  # fmt: skip
    for each in extra:
        yield pair.differ(Kind.UNREQUESTED, Element.STATUS, ("response", each.status), "presence", None, each,
                          None, each.location)  # fmt: skip


def _is_owed(status: str, code_says: list[str], pair: _Pair) -> bool:
    """Whether the code provably does not answer with a promised status.

    Anything may raise an error from anywhere. An error is owed only where the route declares errors of its own, others of
    the application declare this very one, and it is none that comes from around the handler.
    """
    if not status.isdigit() or _status_covered(status, code_says):
        return False
    if status.startswith("2"):
        return any(each.startswith("2") for each in code_says)
    if not status.startswith("4") or status in _AMBIENT or status not in pair.context.declared_errors:
        return False
    responses = pair.route.responses
    return not isinstance(responses, Unknown) and any(
        response.status.startswith("4") and not response.automatic for response in responses
    )


def _is_news(response: Response, spec_says: list[str], route: Operation) -> bool:
    """Whether a declared answer is one the spec does not have. A success that the handler may answer otherwise proves nothing."""
    if response.automatic or _status_covered(response.status, spec_says):
        return False
    if not response.status.startswith("2"):
        return True
    answers_itself = any(each[:1] in ("2", "3", "d") for each in route.raised)
    return not answers_itself and any(each.startswith("2") for each in spec_says)


def _status_covered(status: str, others: list[str]) -> bool:
    """"4XX" covers 404 and is covered by it; "default" covers everything."""
    for other in others:
        if other == status or other.lower() == "default":
            return True
        if "X" in (other + status).upper() and other[:1] == status[:1]:
            return True
    return False


def _met_responses(promised: tuple[Response, ...], implemented: tuple[Response, ...]) -> Iterator[tuple[Response, Response]]:
    """The answers that speak of the same case; the only success of each end is that, under whatever status."""
    by_status = {response.status: response for response in implemented if not response.automatic}
    wins = [[each for each in side if each.status.startswith("2")] for side in (promised, implemented)]
    for left in promised:
        right = by_status.get(left.status)
        if right is None and left.status.startswith("2") and len(wins[0]) == len(wins[1]) == 1:
            right = wins[1][0]
        if right is not None:
            yield left, right


# --- security and plain facts ---------------------------------------------------------------------------------------


def _security(pair: _Pair) -> Iterator[Difference]:
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


def _plain_facts(pair: _Pair) -> Iterator[Difference]:
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


def meeting_path(meeting: Meeting) -> tuple[str, ...]:
    return ("schema", schema_name(meeting.left), meeting.direction.value)

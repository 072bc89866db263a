"""Request bodies side by side, and what bodies and answers share: media types and the shapes inside."""

from __future__ import annotations

import re

from lsp_server.api.compare_context import OperationOutcome, OperationPair
from lsp_server.api.compare_schemas import Meeting
from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import Body, Schema
from lsp_server.unknown import Unknown

_JSON = re.compile(r"application/(?:[\w.+-]*\+)?json", re.IGNORECASE)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def request_body(pair: OperationPair) -> OperationOutcome:
    """Whether both ends have a body, in which media types, and what differs inside."""
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
    spec, code = media_types(left), media_types(right)
    if any(not is_covered(name, code) for name in spec) and spec and code:
        differences.append(
            pair.differ(Kind.CONTRADICTS, Element.MEDIA_TYPE, ("request",), "media-types", spec, code, left.location, right.location)
        )
    inner = contents(pair, left, right, Direction.REQUEST, ("request",))
    return OperationOutcome((*differences, *inner.differences), inner.meetings)


def contents(pair: OperationPair, left: Body, right: Body, direction: Direction, path: tuple[str, ...]) -> OperationOutcome:
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


def media_types(body: Body) -> tuple[str, ...]:
    """The media types without their parameters, in lower case."""
    return tuple(dict.fromkeys(name.split(";")[0].strip().lower() for name, _ in body.content))


def _schema(body: Body, form: bool) -> Schema | None:
    for name, schema in body.content:
        bare = name.split(";")[0].strip().lower()
        if (bare in _FORMS) if form else (_JSON.fullmatch(bare) or bare in ("*/*", "application/*")):
            return schema
    return None


def is_covered(name: str, others: tuple[str, ...]) -> bool:
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

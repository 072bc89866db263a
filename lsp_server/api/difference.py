"""What two views of one API disagree about: one `Difference` for each thing that a person would change.

Only words: made by `compare`, read by rules and fixes. A difference holds no sentence for people and takes no side;
which end is wrong is the rules' and the configuration's question.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lsp_server.api.model import Body, Constant, Operation, Parameter, Property, Response
from lsp_server.text import Location


class Kind(StrEnum):
    """How two ends disagree."""

    MISSING = "missing"  # promised, not implemented
    UNREQUESTED = "unrequested"  # implemented, not promised
    CONTRADICTS = "contradicts"  # both speak, and cannot both be true
    PARTIAL = "partial"  # one end states it, the other leaves it open: the code does less than the spec says


class Element(StrEnum):
    """What the difference is about. Together with the kind it decides which rule reports it."""

    OPERATION = "operation"
    PATH_PARAMETER = "path-parameter"
    PARAMETER = "parameter"
    REQUEST_BODY = "request-body"
    REQUEST_FIELD = "request-field"
    STATUS = "status"
    RESPONSE_FIELD = "response-field"
    MEDIA_TYPE = "media-type"
    SECURITY = "security"
    OPERATION_ID = "operation-id"
    DEPRECATION = "deprecation"
    RATE_LIMIT = "rate-limit"


Value = Constant | Operation | Parameter | Property | Response | Body


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement between a spec's operation and the route behind it.

    `path` leads to the element through the vocabulary: ("operation", "GET", "/users/{id}", "parameter", "query", "limit")
    or, for a named schema that operations share, ("schema", "User", "response", "address.city"). It survives moved lines.
    `aspect` names what of the element: "presence", "type", "required", "maximum", …

    `left` is what the spec has, `right` what the code has: the element itself (`Parameter`, `Property`, …) where one end
    lacks it, otherwise the two values, None where one end states none. `promised` and `implemented` are the places to show;
    where an end lacks the element it is the nearest thing that would hold it. `operation` and `route` are the first
    operation concerned, `uses` names all of them ("GET /users") in order.
    """

    kind: Kind
    element: Element
    path: tuple[str, ...]
    aspect: str
    left: Value
    right: Value
    promised: Location | None
    implemented: Location | None
    operation: Operation | None = None
    route: Operation | None = None
    uses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The element's own name: a parameter's, a field's dotted one, a status code."""
        return self.path[-1]

    @property
    def subject(self) -> tuple[str, ...]:
        return (*self.path, self.aspect)

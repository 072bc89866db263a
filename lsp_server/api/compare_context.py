"""What the comparisons of one operation's parts share: the two ends, and how a difference between them is put.

No opinion about what differs: that is for the parts.
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.api.compare_schemas import Meeting, Outcome, PartDifference, SchemaComparison, schema_name
from lsp_server.api.difference import Difference, Element, Kind, Value
from lsp_server.api.model import Api, Operation
from lsp_server.text import Location


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


@dataclass(frozen=True, slots=True)
class OperationPair:
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


def meeting_path(meeting: Meeting) -> tuple[str, ...]:
    return ("schema", schema_name(meeting.left), meeting.direction.value)

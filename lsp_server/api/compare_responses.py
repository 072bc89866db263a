"""Answers side by side: which statuses each end has, and what they carry. Anything may raise an error from anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.api.compare_bodies import contents, is_covered, media_types
from lsp_server.api.compare_context import OperationOutcome, OperationPair
from lsp_server.api.compare_schemas import Meeting
from lsp_server.api.compare_values import Direction
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import Body, Operation, Response
from lsp_server.unknown import Unknown

# Statuses that no handler has to declare: validation, authentication, throttling and failure come from around it.
_AMBIENT = frozenset(("400", "401", "403", "405", "406", "408", "415", "422", "429"))


def responses(pair: OperationPair) -> OperationOutcome:
    """All that the answers of an operation and its route disagree about."""
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
        spec, code = media_types(one), media_types(other)
        if any(not is_covered(name, spec) for name in code):
            differences.append(
                pair.differ(Kind.CONTRADICTS, Element.MEDIA_TYPE, path, "media-types", spec, code, left.location, right.location)
            )
        inner = contents(pair, one, other, Direction.RESPONSE, path)
        differences.extend(inner.differences)
        meetings.update(dict.fromkeys(inner.meetings))
    return OperationOutcome(tuple(differences), tuple(meetings))


def _statuses(pair: OperationPair, promised: tuple[Response, ...], implemented: tuple[Response, ...]) -> Iterator[Difference]:
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


def _is_owed(status: str, code_says: list[str], pair: OperationPair) -> bool:
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

"""What the rules about spec and code share: differences of one sort, one finding per element, and the words for values.

Where only one end has the element, the finding stands there. Where both have it, it stands at the end that has to
follow: in code if the spec leads, in the spec if the code leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import Operation
from lsp_server.findings import Finding, Fix, Related, Severity
from lsp_server.rules.api._phrases import phrase
from lsp_server.snapshot import Snapshot
from lsp_server.snapshot.api import Contract
from lsp_server.text import Location

CONTRADICTIONS = (Kind.CONTRADICTS, Kind.PARTIAL)


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences of one element: a parameter that differs in its default and in its bounds is one drift.

    `leads` is the end that is right by the configuration, "spec" or "code".
    """

    contract: Contract
    differences: tuple[Difference, ...]
    leads: str

    @property
    def first(self) -> Difference:
        return self.differences[0]

    @property
    def operation(self) -> Operation:
        """The promised operation, or the route where nothing is promised."""
        found = self.first.operation or self.first.route
        assert found is not None  # every difference speaks of an operation
        return found

    @property
    def phrases(self) -> str:
        """What the two ends say, as the rest of a sentence that begins with the element's name."""
        return "; ".join(phrase(difference) for difference in self.differences)

    @property
    def is_partial(self) -> bool:
        """One end leaves open what the other states: nothing breaks yet."""
        return all(difference.kind is Kind.PARTIAL for difference in self.differences)


def drifts(snapshot: Snapshot, element: Element, *kinds: Kind) -> Iterator[Drift]:
    """The drifts of one sort of element, over all specs and the applications they describe."""
    for contract in snapshot.contracts:
        found: dict[tuple[str, ...], list[Difference]] = {}
        for difference in contract.differences:
            if difference.element is element and difference.kind in kinds:
                found.setdefault(difference.path, []).append(difference)
        for same in found.values():
            place = same[0].implemented
            yield Drift(contract, tuple(same), snapshot.config.leads_for(place.path if place else ""))


def follower_is_code(snapshot: Snapshot, drift: Drift) -> bool:
    """Whether the code has to follow, by the configuration for the file it stands in."""
    return drift.leads == "spec"


def finding(
    rule: str, severity: Severity, drift: Drift, message: str, *, in_code: bool, fixes: tuple[Fix, ...] = ()
) -> Iterator[Finding]:
    """One finding at one of the two ends with the other related; none where that end has no place."""
    first = drift.first
    place, other = (first.implemented, first.promised) if in_code else (first.promised, first.implemented)
    if place is None:
        return
    if drift.is_partial and severity > Severity.INFO:
        severity = Severity(severity - 1)
    from lsp_server.repair.drift import fixes_for  # Only where something is found: repairs are a third of the start.

    repairs = fixes or fixes_for(drift.differences, drift.leads, drift.contract.implemented.version)
    yield Finding(rule, place, message, first.path, _related(other, in_code), severity, repairs)


def _related(other: Location | None, in_code: bool) -> tuple[Related, ...]:
    return (Related(other, "the spec's side" if in_code else "the code's side"),) if other else ()


def field_of(drift: Drift, *, answer: bool) -> str:
    """The field and the body it belongs to, for people: "`name` of `User` (GET /users and 2 more)", "`name` of the answer of …".

    What is not inside any field is the body or the named schema itself.
    """
    first = drift.first
    if first.path[0] == "schema":
        more = len(first.uses) - 1
        whole = f"`{first.path[1]}` ({first.uses[0]}{f' and {more} more' if more > 0 else ''})"
        return whole if len(first.path) == 3 else f"`{first.name}` of {whole}"
    whole = f"the {'answer' if answer else 'request'} of `{first.uses[0]}`"
    depth = 4 if first.path[3] == "request" else 5  # ("operation", method, path, "response", status) is the body itself
    return whole if len(first.path) == depth else f"`{first.name}` of {whole}"


def label(drift: Drift) -> str:
    return f"`{drift.operation.method} {drift.operation.path}`"

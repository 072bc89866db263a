"""One table: which repair a difference between spec and code has, in either direction.

The code's side is `follow_*.py`. What reaches further than the text shows (a parameter that nobody reads yet, a field that
nobody fills, something taken away) is offered as unsafe: somebody has to look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair import follow_fields, follow_parameters, follow_routes
from lsp_server.repair.work import Work
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
_DIFFERS = (Kind.CONTRADICTS, Kind.PARTIAL)
_HARMLESS = frozenset({*follow_parameters.BOUNDS, "default"})  # aspects that no body can notice


@dataclass(frozen=True, slots=True)
class Repair:
    """`title` says what is done, with `{name}` for the element's name. `apply` notes its edits and says whether it could.

    `safe` are aspects that make it safe: all of a drift's have to be among them; None: always, (): never.
    """

    title: str
    apply: Callable[[Work], bool]
    safe: frozenset[str] | None = None


_NEVER: frozenset[str] = frozenset()

CODE: dict[tuple[Element, Kind, str], Repair] = {
    (Element.OPERATION_ID, Kind.CONTRADICTS, ""): Repair("Use the operation id of the spec", follow_routes.operation_id),
    (Element.DEPRECATION, Kind.CONTRADICTS, ""): Repair("Deprecate the route as the spec does", follow_routes.deprecation),
    (Element.STATUS, Kind.CONTRADICTS, "status"): Repair("Answer {left} as the spec says", follow_routes.status),
    (Element.STATUS, Kind.MISSING, ""): Repair("Declare the answer {name}", follow_routes.declare_answer, _NEVER),
    (Element.STATUS, Kind.PARTIAL, ""): Repair("Declare the answer {name}", follow_routes.declare_answer, _NEVER),
    (Element.SECURITY, Kind.MISSING, ""): Repair("Ask for credentials as the neighbours do", follow_routes.ask_for_credentials),
    (Element.PATH_PARAMETER, Kind.CONTRADICTS, ""): Repair("Call the path parameters as the spec does", follow_parameters.rename),
    (Element.PARAMETER, Kind.MISSING, ""): Repair("Add the parameter `{name}`", follow_parameters.add, _NEVER),
    (Element.REQUEST_BODY, Kind.MISSING, ""): Repair("Add the request body", follow_parameters.add_body, _NEVER),
    **{(Element.PARAMETER, kind, ""): Repair("Make `{name}` follow the spec", follow_parameters.change, _HARMLESS) for kind in _DIFFERS},
    (Element.REQUEST_FIELD, Kind.MISSING, ""): Repair("Add the field `{name}`", follow_fields.add, _NEVER),
    (Element.RESPONSE_FIELD, Kind.MISSING, ""): Repair("Add the field `{name}`", follow_fields.add, _NEVER),
    (Element.REQUEST_FIELD, Kind.UNREQUESTED, ""): Repair("Remove the field `{name}`", follow_fields.remove, _NEVER),
    (Element.RESPONSE_FIELD, Kind.UNREQUESTED, ""): Repair("Remove the field `{name}`", follow_fields.remove, _NEVER),
    **{(Element.REQUEST_FIELD, kind, ""): Repair("Make `{name}` follow the spec", follow_fields.change, _HARMLESS) for kind in _DIFFERS},
    **{(Element.RESPONSE_FIELD, kind, ""): Repair("Make `{name}` follow the spec", follow_fields.change, _NEVER) for kind in _DIFFERS},
}  # fmt: skip
"""By element, kind and aspect; the aspect "" stands for all that have no entry of their own."""

SPEC: dict[tuple[Element, Kind, str], Callable[[Sequence[Difference], bool], Fix | None]] = {}
"""The other direction, *Document …*: builders of whole fixes, given a drift's differences and whether they are preferred."""


def fixes_for(differences: Sequence[Difference], leads: str) -> tuple[Fix, ...]:
    """The repairs of one drift: all differences of one element. `leads` is the end that is right, "spec" or "code"."""
    found = [_code_fix(differences, leads == "spec")]
    builders = {_entry(SPEC, each) for each in differences}
    if len(builders) == 1 and (builder := builders.pop()) is not None:
        found.append(builder(differences, leads == "code"))
    return tuple(fix for fix in found if fix is not None)


def _entry(table: dict, difference: Difference):  # type: ignore[no-untyped-def, type-arg]
    key = (difference.element, difference.kind)
    return table.get((*key, difference.aspect)) or table.get((*key, ""))


def _code_fix(differences: Sequence[Difference], preferred: bool) -> Fix | None:
    repairs = [_entry(CODE, each) for each in differences]
    if not repairs or any(repair is None or repair.apply is not repairs[0].apply for repair in repairs):
        return None
    repair: Repair = repairs[0]
    first = differences[0]
    title = repair.title.format(name=first.name, left=first.left)
    safe = repair.safe is None or all(each.aspect in repair.safe for each in differences)
    spec = first.operation.location.path if first.operation is not None else ""
    subjects = {each.subject for each in differences}

    def build(snapshot: Snapshot) -> Change | None:
        for contract in snapshot.contracts:
            same = tuple(each for each in contract.differences if each.subject in subjects and each.kind in {d.kind for d in differences})
            if same and same[0].operation is not None and same[0].operation.location.path == spec:
                work = Work(snapshot, contract, same)
                return work.change(title) if repair.apply(work) else None
        return None

    return Fix(title, "follow-spec", build, SAFE if safe else UNSAFE, Direction.CODE, preferred)

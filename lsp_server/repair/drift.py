"""One table: which repair a difference between spec and code has, in either direction.

The code's side is `follow_fields`, `follow_parameters` and `follow_routes`, the spec's side `follow_code`. What reaches
further than the text shows (a parameter that nobody reads yet, a field that nobody fills, something taken away) is offered
as unsafe: somebody has to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.findings import Applicability, Direction, Fix
from lsp_server.repair import follow_code, follow_code_fields, follow_fields, follow_parameters, follow_routes
from lsp_server.repair.work import Work
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change
from lsp_server.tree.edit import Unwritable

SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
_FIELDS = (Element.REQUEST_FIELD, Element.RESPONSE_FIELD)
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

SPEC: dict[tuple[Element, Kind, str], Repair] = {
    (Element.OPERATION, Kind.UNREQUESTED, ""): Repair("Document {label}", follow_code.document),
    (Element.OPERATION, Kind.MISSING, ""): Repair("Take {label} out of the spec", follow_code.take_out, _NEVER),
    (Element.OPERATION_ID, Kind.CONTRADICTS, ""): Repair("Write the operation id of the code into the spec", follow_code.operation_id),
    (Element.DEPRECATION, Kind.CONTRADICTS, ""): Repair("Deprecate the operation as the code does", follow_code.deprecation),
    (Element.SECURITY, Kind.UNREQUESTED, ""): Repair("Document the credentials that the route asks for", follow_code.credentials),
    (Element.SECURITY, Kind.MISSING, ""): Repair("Say in the spec that no credentials are needed", follow_code.credentials, _NEVER),
    (Element.PATH_PARAMETER, Kind.CONTRADICTS, ""): Repair("Call the path parameters in the spec as the code does", follow_code.rename_path),
    (Element.PARAMETER, Kind.UNREQUESTED, ""): Repair("Document the parameter `{name}`", follow_code.add_parameter),
    (Element.PARAMETER, Kind.MISSING, ""): Repair("Take the parameter `{name}` out of the spec", follow_code.remove_parameter, _NEVER),
    (Element.PARAMETER, Kind.CONTRADICTS, ""): Repair("Make the spec of `{name}` follow the code", follow_code.change_parameter),
    (Element.PARAMETER, Kind.PARTIAL, ""): Repair("Make the spec of `{name}` follow the code", follow_code.change_parameter, _NEVER),
    (Element.REQUEST_BODY, Kind.UNREQUESTED, ""): Repair("Document the request body", follow_code.add_body),
    (Element.REQUEST_BODY, Kind.MISSING, ""): Repair("Take the request body out of the spec", follow_code.remove_body, _NEVER),
    (Element.REQUEST_BODY, Kind.PARTIAL, ""): Repair("Make the request body optional in the spec", follow_code.body_optional, _NEVER),
    (Element.MEDIA_TYPE, Kind.CONTRADICTS, ""): Repair("Write the media types of the code into the spec", follow_code.change_media_types, _NEVER),
    (Element.STATUS, Kind.UNREQUESTED, ""): Repair("Document the answer {name}", follow_code.add_response),
    (Element.STATUS, Kind.CONTRADICTS, "status"): Repair("Promise {right} in the spec", follow_code.change_status),
    **{(Element.STATUS, kind, ""): Repair("Take the answer {name} out of the spec", follow_code.remove_response, _NEVER)
       for kind in (Kind.MISSING, Kind.PARTIAL)},
    **{(element, Kind.UNREQUESTED, ""): Repair("Document the field `{name}`", follow_code_fields.add) for element in _FIELDS},
    **{(element, Kind.MISSING, ""): Repair("Take the field `{name}` out of the spec", follow_code_fields.remove, _NEVER) for element in _FIELDS},
    **{(element, Kind.CONTRADICTS, ""): Repair("Make the spec of `{name}` follow the code", follow_code_fields.change) for element in _FIELDS},
    **{(element, Kind.PARTIAL, ""): Repair("Make the spec of `{name}` follow the code", follow_code_fields.change, _NEVER) for element in _FIELDS},
}  # fmt: skip
"""The other direction. What the spec says beyond the code is a promise to somebody: taking it back is unsafe."""


WRITTEN = ("FastAPI",)  # the frameworks whose code the repairs know how to write


def fixes_for(differences: Sequence[Difference], leads: str, framework: str | None = None) -> tuple[Fix, ...]:
    """The repairs of one drift: all differences of one element. `leads` is the end that is right, "spec" or "code".

    For an application of another framework than those that are `WRITTEN`, only the spec is offered to follow.
    """
    found = (
        _fix(CODE, "follow-spec", Direction.CODE, differences, leads == "spec") if framework in (None, *WRITTEN) else None,
        _fix(SPEC, "follow-code", Direction.SPEC, differences, leads == "code"),
    )
    return tuple(fix for fix in found if fix is not None)


def _fix(
    table: Mapping[tuple[Element, Kind, str], Repair],
    kind: str,
    direction: Direction,
    differences: Sequence[Difference],
    preferred: bool,
) -> Fix | None:
    repairs = [_entry(table, each) for each in differences]
    repair = repairs[0] if repairs else None
    if repair is None or any(each is None or each.apply is not repair.apply for each in repairs):
        return None
    first = differences[0]
    label = first.uses[0] if first.uses else ""
    title = repair.title.format(name=first.name, left=first.left, right=first.right, label=label)
    safe = all(
        each is not None and (each.safe is None or difference.aspect in each.safe) for each, difference in zip(repairs, differences)
    )
    spec = _spec_of(first)
    subjects, kinds = {each.subject for each in differences}, {each.kind for each in differences}

    def build(snapshot: Snapshot) -> Change | None:
        for contract in snapshot.contracts:
            same = tuple(each for each in contract.differences if each.subject in subjects and each.kind in kinds)
            if same and _spec_of(same[0]) == spec:
                work = Work(snapshot, contract, same)
                try:
                    return work.change(title) if repair.apply(work) else None
                except Unwritable:
                    return None
        return None

    return Fix(title, kind, build, SAFE if safe else UNSAFE, direction, preferred)


def _entry(table: Mapping[tuple[Element, Kind, str], Repair], difference: Difference) -> Repair | None:
    key = (difference.element, difference.kind)
    return table.get((*key, difference.aspect)) or table.get((*key, ""))


def _spec_of(difference: Difference) -> str:
    """The file of a difference's operation, or of the spec where no operation is promised."""
    if difference.operation is not None:
        return difference.operation.location.path
    return difference.promised.path if difference.promised is not None else ""

"""The spec follows the code: operations, parameters, bodies, answers, credentials and plain facts.

Each function notes the edits of one drift and says whether there are any; what cannot be written, or would be a guess, is
refused. Fields are `follow_code_fields`, how a specification is edited `api.yaml_edit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from lsp_server.api import yaml_edit
from lsp_server.api.difference import Element, Kind
from lsp_server.api.model import Body, Operation, Parameter, Response, Schema, anonymous_path, walk
from lsp_server.api.pair import Pairing, code_path
from lsp_server.api.spec_rename import rename_path_parameters, rename_response
from lsp_server.api.yaml_edit import Specification
from lsp_server.repair.followed import followed
from lsp_server.repair.spec_names import SpecNames, partners
from lsp_server.repair.work import Work
from lsp_server.snapshot.api import Contract
from lsp_server.text import Edit
from lsp_server.unknown import Unknown


def specification(work: Work) -> Specification:
    """The spec of a drift with the trees of its files."""
    api = work.contract.promised
    loaded = {path: work.snapshot.tree(path) for path in dict.fromkeys((api.source, *api.sources))}
    return Specification(api, {path: found[1] for path, found in loaded.items() if found is not None})


def note(work: Work, edits: Iterable[Edit]) -> bool:
    """Keep edits for the change; whether there were any."""
    found = tuple(edits)
    work.edits.extend(found)
    return bool(found)


# --- operations -----------------------------------------------------------------------------------------------------


def document(work: Work) -> bool:
    """A route as an operation of the spec, under the path by which the spec would call it."""
    route = work.first.route
    path = spec_path(route, work.contract.pairing) if route is not None else None
    if route is None or path is None or isinstance(route.parameters, Unknown) or isinstance(route.body, Unknown):
        return False
    names = SpecNames(work.contract)
    operation = replace(names.operation(route), path=path, operation_id=_operation_id(work.contract, route))
    if not _speaks_of_security(work.contract):
        operation = replace(operation, security=Unknown("a spec that says nothing of credentials"))
    schemes = work.contract.implemented.security_schemes
    return note(work, yaml_edit.add_operation(specification(work), operation, names.schemas, schemes))


def spec_path(route: Operation, pairing: Pairing) -> str | None:
    """The path of a route as its spec would write it; None for one outside the prefix that the spec speaks of."""
    if "{" in pairing.stripped:
        return None
    prefix, parts = pairing.prefix, pairing.prefix.count("/")
    words = route.path.split("/")
    if anonymous_path("/".join(words[: parts + 1])) != anonymous_path(prefix):
        return None
    path = pairing.stripped + "/" + "/".join(words[parts + 1 :])
    return path if code_path(replace(route, path=path), pairing).rstrip("/") == route.path.rstrip("/") else None


def _operation_id(contract: Contract, route: Operation) -> str | None:
    """The route's own id, spelled as the spec spells those of its neighbours; none where the spec has none."""
    identity = route.operation_id
    taken = {each.operation_id for each in contract.promised.operations if isinstance(each.operation_id, str)}
    if not isinstance(identity, str) or (contract.promised.operations and not taken):
        return None
    generated = identity.endswith(re.sub(r"\W", "_", route.path) + f"_{route.method.lower()}")
    known = {route.operation_id for _, route in partners(contract)}
    if not generated or taken & known or not taken:
        return identity if identity not in taken else None
    function = re.split(r"[:.]", route.handler or "")[-1]
    if any(re.fullmatch(r"[a-z0-9]+(?:[A-Z][a-z0-9]*)+", each) for each in taken):
        function = re.sub(r"_+(\w)", lambda match: match[1].upper(), function.strip("_"))
    return function if function and function not in taken else identity


def _speaks_of_security(contract: Contract) -> bool:
    """Whether credentials may be written: they are there, or nobody promised has any that would then be missing."""
    promised = contract.promised
    if promised.security_schemes or any(isinstance(each.security, tuple) and each.security for each in promised.operations):
        return True
    return not any(isinstance(route.security, tuple) and route.security for _, route in partners(contract))


def take_out(work: Work) -> bool:
    operation = work.first.operation
    return operation is not None and note(work, yaml_edit.remove_operation(specification(work), operation))


# --- parameters -----------------------------------------------------------------------------------------------------


def rename_path(work: Work) -> bool:
    operation, spec, code = work.first.operation, work.first.left, work.first.right
    if operation is None or not isinstance(spec, tuple) or not isinstance(code, tuple):
        return False
    names = {str(old): str(new) for old, new in zip(spec, code) if old != new}
    return note(work, rename_path_parameters(specification(work), operation, names))


def add_parameter(work: Work) -> bool:
    operation, parameter = work.first.operation, work.first.right
    if operation is None or not isinstance(parameter, Parameter):
        return False
    names = SpecNames(work.contract)
    return note(work, yaml_edit.set_parameter(specification(work), operation, names.parameter(parameter), names.schemas))


def remove_parameter(work: Work) -> bool:
    operation, parameter = work.first.operation, work.first.left
    if operation is None or not isinstance(parameter, Parameter):
        return False
    missed = {
        use for each in work.contract.differences
        if each.element is Element.PARAMETER and each.kind is Kind.MISSING and each.promised == parameter.location
        for use in each.uses
    }  # fmt: skip
    for_all = _sharing(work.contract, parameter) <= missed
    return note(work, yaml_edit.remove_parameter(specification(work), operation, parameter, for_all))


def change_parameter(work: Work) -> bool:
    """A parameter that several operations share is changed where it stands if all of them drift alike; else overridden."""
    operation, route = work.first.operation, work.first.route
    if operation is None or route is None:
        return False
    where, name = work.first.path[-2:]
    old, new = operation.parameter(where, name), _implemented(route, work, where, name)
    if old is None or new is None:
        return False
    names, aspects = SpecNames(work.contract), {each.aspect for each in work.differences}
    new = names.parameter(new)
    spec = specification(work)
    if "in" in aspects:
        return note(work, yaml_edit.replace_parameter(spec, operation, old, new, names.schemas))
    schema = followed(old.schema, new.schema, aspects - {"required"}, work.contract.promised, names)
    if schema is None or isinstance(new.required, Unknown):
        return False
    if "required" not in aspects and _drift_alike(work, old):
        return note(work, yaml_edit.set_schema(spec, old.schema, schema, names.schemas))
    required = new.required if "required" in aspects else old.required
    return note(work, yaml_edit.set_parameter(spec, operation, replace(old, schema=schema, required=required), names.schemas))


def _implemented(route: Operation, work: Work, where: str, name: str) -> Parameter | None:
    found = route.parameter(where, name)
    if found is None and not isinstance(route.parameters, Unknown):
        place = work.first.implemented
        found = next((each for each in route.parameters if each.location == place and each.location is not None), None)
    return found


def _drift_alike(work: Work, parameter: Parameter) -> bool:
    """Whether several operations have this very schema of a parameter, and the same drift in it."""
    ours = {(each.aspect, each.right) for each in work.differences}
    others = [
        operation
        for operation in work.contract.promised.operations
        if not isinstance(operation.parameters, Unknown)
        and any(each.schema.location == parameter.schema.location for each in operation.parameters)
    ]
    ends = work.first.path[3:]
    drifts = [
        {(each.aspect, each.right) for each in work.contract.differences if each.path == (*operation.subject, *ends)}
        for operation in others
    ]
    return len(others) > 1 and (all(drift == ours for drift in drifts) or {*work.first.uses} == {_label(each) for each in others})


def _label(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _sharing(contract: Contract, parameter: Parameter) -> set[str]:
    """The operations that have a parameter declared at this very place."""
    return {
        _label(operation)
        for operation in contract.promised.operations
        if not isinstance(operation.parameters, Unknown)
        for each in operation.parameters
        if each.location == parameter.location
    }


# --- bodies and answers ---------------------------------------------------------------------------------------------


def add_body(work: Work) -> bool:
    operation, body = work.first.operation, work.first.right
    if operation is None or not isinstance(body, Body) or _is_unclear(schema for _, schema in body.content):
        return False
    names = SpecNames(work.contract)
    return note(work, yaml_edit.set_body(specification(work), operation, names.body(body), names.schemas))


def remove_body(work: Work) -> bool:
    operation = work.first.operation
    return operation is not None and note(work, yaml_edit.set_body(specification(work), operation, None))


def body_optional(work: Work) -> bool:
    operation = work.first.operation
    if operation is None or not isinstance(work.first.right, bool):
        return False
    return note(work, yaml_edit.set_body_required(specification(work), operation, work.first.right))


def add_response(work: Work) -> bool:
    operation, response = work.first.operation, work.first.right
    if operation is None or not isinstance(response, Response):
        return False
    names = SpecNames(work.contract)
    return note(work, yaml_edit.set_response(specification(work), operation, names.response(response), names.schemas))


def remove_response(work: Work) -> bool:
    operation, response = work.first.operation, work.first.left
    if operation is None or not isinstance(response, Response):
        return False
    return note(work, yaml_edit.remove_response(specification(work), operation, response.status))


def change_status(work: Work) -> bool:
    operation, old, new = work.first.operation, work.first.left, work.first.right
    if operation is None or not isinstance(old, str) or not isinstance(new, str):
        return False
    return note(work, rename_response(specification(work), operation, old, new))


def change_media_types(work: Work) -> bool:
    operation, route = work.first.operation, work.first.route
    if operation is None or route is None:
        return False
    names, spec = SpecNames(work.contract), specification(work)
    if work.first.path[-1] == "request":
        if not isinstance(route.body, Body) or _is_unclear(schema for _, schema in route.body.content):
            return False
        return note(work, yaml_edit.set_body(spec, operation, names.body(route.body), names.schemas))
    status = work.first.path[-1]
    response = _answer(route, status)
    if response is None or _is_unclear(schema for _, schema in response.content):
        return False
    return note(work, yaml_edit.set_content(spec, operation, status, names.response(response).content, names.schemas))


def _answer(route: Operation, status: str) -> Response | None:
    """The route's answer of a status, or its only success where the spec calls that something else."""
    found = route.response(status)
    if found is None and not isinstance(route.responses, Unknown) and status.startswith("2"):
        wins = [each for each in route.responses if each.status.startswith("2")]
        found = wins[0] if len(wins) == 1 else None
    return found


def _is_unclear(schemas: Iterable[Schema]) -> bool:
    return any(part.unknown is not None for schema in schemas for part in walk(schema))


# --- credentials and plain facts ------------------------------------------------------------------------------------


def credentials(work: Work) -> bool:
    """What the route asks for, or that it asks for nothing."""
    operation, route = work.first.operation, work.first.route
    if operation is None or route is None or isinstance(route.security, Unknown):
        return False
    schemes = work.contract.implemented.security_schemes
    return note(work, yaml_edit.set_security(specification(work), operation, route.security, schemes))


def operation_id(work: Work) -> bool:
    operation, name = work.first.operation, work.first.right
    if operation is None or not isinstance(name, str):
        return False
    return note(work, yaml_edit.set_operation_id(specification(work), operation, name))


def deprecation(work: Work) -> bool:
    operation, marked = work.first.operation, work.first.right
    if operation is None or not isinstance(marked, bool):
        return False
    return note(work, yaml_edit.set_deprecated(specification(work), operation, marked))

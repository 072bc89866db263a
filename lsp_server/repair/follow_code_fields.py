"""The spec follows the code in the fields of its schemas: added, removed, made to say what the model says.

A named schema is changed where it stands, for all that use it: the difference is about it.
"""

from __future__ import annotations

from dataclasses import replace

from lsp_server.api import yaml_edit
from lsp_server.api.model import Property
from lsp_server.repair.field_ends import end_at, object_at
from lsp_server.repair.follow_code import note, specification
from lsp_server.repair.followed import followed
from lsp_server.repair.spec_names import SpecNames
from lsp_server.repair.work import Work
from lsp_server.unknown import Unknown


def add(work: Work) -> bool:
    operation, wanted = work.first.operation, work.first.right
    if operation is None or not isinstance(wanted, Property):
        return False
    owner = object_at(work.contract.promised, operation, work.first.promised)
    if owner is None:
        return False
    names = SpecNames(work.contract)
    return note(work, yaml_edit.set_property(specification(work), owner, names.property(wanted), names.schemas))


def remove(work: Work) -> bool:
    operation, promised = work.first.operation, work.first.left
    if operation is None or not isinstance(promised, Property):
        return False
    end = end_at(work.contract.promised, operation, promised.name, promised.location)
    if end is None or end.owner is None:
        return False
    return note(work, yaml_edit.remove_property(specification(work), end.owner, promised.name))


def change(work: Work) -> bool:
    first = work.first
    if first.operation is None or first.route is None:
        return False
    old = end_at(work.contract.promised, first.operation, first.name, first.promised)
    new = end_at(work.contract.implemented, first.route, first.name, first.implemented)
    if old is None or new is None:
        return False
    names, spec = SpecNames(work.contract), specification(work)
    aspects = {each.aspect for each in work.differences}
    schema = followed(old.schema, names.schema(new.schema), aspects - {"required"}, work.contract.promised, names)
    if schema is None:
        return False
    if "required" not in aspects:
        return note(work, yaml_edit.set_schema(spec, old.schema, schema, names.schemas))
    required = new.property.required if new.property is not None else Unknown("the code's field", first.implemented)
    if old.property is None or old.owner is None or isinstance(required, Unknown):
        return False
    if aspects == {"required"}:
        return note(work, yaml_edit.set_required(spec, old.owner, old.property.name, required))
    return note(work, yaml_edit.set_property(spec, old.owner, replace(old.property, schema=schema, required=required), names.schemas))

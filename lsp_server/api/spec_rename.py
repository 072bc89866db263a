"""Other names in a specification: of the parameters of a path, of an answer's status. What stands under them stays.

Refused with Unwritable where a name is shared with operations that are not meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lsp_server.api.model import Operation, Parameter
from lsp_server.api.spec_places import Specification, status_before
from lsp_server.text import Edit
from lsp_server.tree.draft import Draft
from lsp_server.tree.edit import Unwritable
from lsp_server.tree.node import Pointer
from lsp_server.unknown import Unknown


def rename_path_parameters(specification: Specification, operation: Operation, names: Mapping[str, str]) -> tuple[Edit, ...]:
    """Give the parameters of an operation's path other names, in the path and wherever they are declared for it.

    `names` leads from the old names to the new ones. All operations of the path are concerned.
    """
    draft = Draft(specification.trees)
    path, pointer = specification.pointer(operation.location)
    if pointer[:-1] != ("paths", operation.path):
        raise Unwritable(f"the path {operation.path} is not written here")
    places = {}
    for one in specification.api.operations:
        if isinstance(one.parameters, Unknown):
            continue
        for parameter in one.parameters:
            if one.path == operation.path and parameter.where == "path" and parameter.name in names:
                place = _declaration(specification, parameter)
                if _users(specification, parameter) != {operation.path}:
                    raise Unwritable(f"the parameter {parameter.name} is shared with other paths")
                places[place] = names[parameter.name]
    for (file, where), name in places.items():
        draft.set(file, (*where, "name"), name)
    template = re.sub(r"\{([^{}:]*)", lambda match: "{" + names.get(match[1], match[1]), operation.path)
    draft.rename(path, ("paths",), operation.path, template)
    return draft.edits()


def _users(specification: Specification, parameter: Parameter) -> set[str]:
    """The paths that have a parameter declared at this very place."""
    return {
        one.path
        for one in specification.api.operations
        if not isinstance(one.parameters, Unknown)
        for other in one.parameters
        if other.schema.location == parameter.schema.location
    }


def _declaration(specification: Specification, parameter: Parameter) -> tuple[str, Pointer]:
    """The mapping with the parameter's name: in the list itself, or where a reference leads."""
    path, pointer = specification.mapping(parameter.schema.location)
    while pointer:
        node = specification.trees[path].at(pointer)
        if node is not None and node.is_mapping and "name" in node and "in" in node:
            return path, pointer
        pointer = pointer[:-1]
    raise Unwritable(f"the parameter {parameter.name} is not written here")


def rename_response(specification: Specification, operation: Operation, status: str, name: str) -> tuple[Edit, ...]:
    """Put an answer under another status, where the statuses are in order."""
    draft = Draft(specification.trees)
    path, pointer = specification.pointer(operation.location)
    listed = (*pointer, "responses")
    node = draft.node(path, listed)
    if node is None or status not in node:
        raise Unwritable(f"there is no response {status}")
    before = status_before(node, name)
    if before is not None and before != status and status_before(node, status) != before:
        raise Unwritable(f"the response {status} stands among others")
    draft.rename(path, listed, status, name)
    return draft.edits()

"""Small Apis for tests, written as OpenAPI text: both ends of a comparison speak the same words, so both can be spelled so."""

from __future__ import annotations

from dataclasses import replace

from lsp_server.api.model import Api, Operation
from lsp_server.api.openapi import read_specification
from lsp_server.api.pair import Pairing, pair
from lsp_server.document import Document, Kind
from lsp_server.tree.repair import read


def api(text: str, path: str = "openapi.yaml") -> Api:
    """An Api from the text below `openapi:` and `info:`; paths and components as YAML."""
    document = Document(path, f"openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\n{text}")
    found = read_specification(document, read(document.text, Kind.YAML), lambda _: None)
    assert not [fault for fault in found.faults if fault.sort == "syntax"], found.faults
    return found


def code(text: str, path: str = "app/main.py") -> Api:
    return api(text, path)


def with_operations(view: Api, **changes: object) -> Api:
    """The same Api with fields of all its operations replaced."""
    operations: tuple[Operation, ...] = tuple(replace(each, **changes) for each in view.operations)  # type: ignore[arg-type]
    return replace(view, operations=operations)


def paired(promised: Api, implemented: Api) -> Pairing:
    found = pair([promised], [implemented])
    assert len(found) == 1, "the two were not taken for each other's"
    return found[0]

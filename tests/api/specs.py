"""Reading specifications in tests: files as a mapping from path to text."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

import yaml

from lsp_server.api.model import Api, Fault
from lsp_server.api.openapi import read_specification
from lsp_server.document import Document
from lsp_server.text import Location
from lsp_server.tree.node import Tree
from lsp_server.tree.repair import read

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


def api_of(text: str, path: str = "openapi.yaml", others: dict[str, str] | None = None) -> Api:
    files = {path: text, **(others or {})}

    def load(name: str) -> tuple[Document, Tree] | None:
        if name not in files:
            return None
        document = Document(name, files[name])
        return document, read(files[name], document.kind)

    loaded = load(path)
    assert loaded is not None
    return read_specification(*loaded, load)


def as_json(text: str) -> str:
    """YAML text as JSON text."""
    return json.dumps(yaml.safe_load(text), indent=2)


def without_places(value: Any) -> Any:
    """A value of the model as plain data, locations left out: what two readings of one API share."""
    if isinstance(value, Location):
        return None
    if is_dataclass(value):
        return {one.name: without_places(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {key: without_places(inner) for key, inner in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [without_places(inner) for inner in value]
    return value


def shown(text: str, location: Location | None) -> str:
    """The text at a location."""
    assert location is not None
    return text[location.span.start : location.span.end]


def faults_of(text: str, path: str = "openapi.yaml", **others: Any) -> list[tuple[str, str, str]]:
    """Sort, message and text of each fault in the file itself."""
    return [(one.sort, one.message, shown(text, one.location)) for one in api_of(text, path, **others).faults]


def only_fault(text: str, sort: str) -> Fault:
    faults = [one for one in api_of(text).faults if one.sort == sort]
    assert len(faults) == 1, faults
    return faults[0]

"""What subclasses of the workspace change about Flask's classes: whose methods are their own."""

from __future__ import annotations

from lsp_server.python.values import ClassValue, FunctionValue, Instance, Specialized


def class_of(value: Instance) -> ClassValue | None:
    """The workspace class of an object."""
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    return origin if isinstance(origin, ClassValue) else None


def own_method(value: Instance, name: str) -> FunctionValue | None:
    """The workspace's own method of an object of a workspace class."""
    cls = class_of(value)
    found = cls.find(name) if cls is not None else None
    return found[1] if found is not None and isinstance(found[1], FunctionValue) else None

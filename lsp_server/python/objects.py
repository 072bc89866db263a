"""Other packages' objects that remember what they were made of, as far as somebody who knows the package says so.

Here is only how that is used; no package is known by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.python.values import Argument, ClassValue, External, Instance, Specialized, find_argument

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of another package: its constructor's `parameters`, in order, are attributes of its objects; None if not given."""

    parameters: tuple[str, ...] = ()


def furnish(self: Interpreter, value: Instance, arguments: tuple[Argument, ...]) -> None:
    """Give an object the attributes that its class is known to make of arguments; those of a workspace class are its own."""
    kind = _kind_of(self, value)
    if kind is None:
        return
    own = value.origin if isinstance(value.origin, ClassValue) else None
    starred = any(argument.star for argument in arguments)
    for position, name in enumerate(kind.parameters):
        if own is not None and own.find(name) is not None:
            continue
        given = find_argument(arguments, name, position)
        if given is not None:
            value.attributes[name] = given.value
        elif not starred:
            value.attributes.setdefault(name, None)


def _kind_of(self: Interpreter, value: Instance) -> Kind | None:
    """What is known of an object's class, or of the other package's class that its class derives from."""
    if not self.kinds:
        return None
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        return self.kinds.get(origin.name)
    if isinstance(origin, ClassValue):
        return next((self.kinds[name] for name in origin.externals() if name in self.kinds), None)
    return None

"""Other packages' objects, as far as somebody who knows the package describes them: what they remember of their arguments,
what is made with them, what their methods do to them.

Here is only how such descriptions are used; no package is known by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsp_server.python.joining import same_value
from lsp_server.python.judge import hashable
from lsp_server.python.values import (
    Argument,
    Certainty,
    ClassValue,
    External,
    Instance,
    Specialized,
    Value,
    find_argument,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

MethodOf = Callable[["Interpreter", Instance, tuple[Argument, ...], Location], Value]


_MADE = "<made>"  # on an object: the condition under which it is made


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of another package.

    `parameters`: those of its constructor, in order, that its objects keep under the same name; None where none is given.
    `parts`: attributes that are objects made with it, by the name of their class. `content`: the dictionary that its objects
    begin with, None where they are none; `empty`: attributes that are dictionaries without entries. `settings`: whether the
    content is settings, which others may have set otherwise. `current`: names for whichever object is in use, known where
    the program makes one only.
    """

    parameters: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Value] | None = None
    settings: bool = False
    empty: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    methods: Mapping[str, MethodOf] = field(default_factory=dict)


def kind_of(self: Interpreter, value: Instance) -> Kind | None:
    """What is known of an object's class, or of the other package's class that its class derives from."""
    if not self.kinds:
        return None
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        return self.kinds.get(origin.name)
    if isinstance(origin, ClassValue):
        return next((self.kinds[name] for name in origin.externals() if name in self.kinds), None)
    return None


def furnish(self: Interpreter, value: Instance, arguments: tuple[Argument, ...], location: Location) -> None:
    """Give an object what its class is known to give it when it is made of arguments."""
    kind = kind_of(self, value)
    if kind is None:
        return
    if kind.content is not None and value.content is None:
        value.content = dict(kind.content)
    for name in kind.empty:
        value.attributes.setdefault(name, {})
    for name, part in kind.parts.items():
        if name not in value.attributes:
            value.attributes[name] = made = Instance(External(part), (), location, {_MADE: self.condition})
            furnish(self, made, (), location)
    for name in kind.current:
        self.current.setdefault(name, {})[value.location] = value
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


def in_use(self: Interpreter, name: str, asked: Location) -> Instance | None:
    """The one object that a name for whichever is in use means; None where the program makes several or none.

    A script in another folder of the repository that makes one of its own is another program.
    """
    known = self.current.get(name, {})
    if len(known) > 1:
        top = asked.path.partition("/")[0]
        known = {place: value for place, value in known.items() if place.path.partition("/")[0] == top}
    return next(iter(known.values())) if len(known) == 1 else None


def kept_under(self: Interpreter, owner: Instance, key: Value, value: Value) -> Value:
    """What an entry of settings is worth behind an assignment that may not happen."""
    kind = kind_of(self, owner)
    if kind is None or not kind.settings or self.certainty in (Certainty.CERTAIN, Certainty.CONFIGURED):
        return value
    if self.certainty is Certainty.CONDITIONAL and self.condition is not None and self.condition == owner.attributes.get(_MADE):
        return value  # under the same condition as the settings themselves
    before = owner.content.get(key) if isinstance(owner.content, dict) and hashable(key) else None
    if self.certainty is Certainty.DORMANT and before is not None:
        return before
    return value if same_value(before, value) else Unknown(f"the setting `{key}`, which depends on a condition")


def call_method(
    self: Interpreter, receiver: Instance, name: str, arguments: tuple[Argument, ...], location: Location
) -> tuple[Value] | None:
    """What a method of a described object gives, in a tuple; None where nothing is known of it."""
    from lsp_server.python import methods

    kind = kind_of(self, receiver)
    if kind is None:
        return None
    if name in kind.methods:
        return (kind.methods[name](self, receiver, arguments, location),)
    if isinstance(receiver.content, dict) and hasattr(dict, name):
        self.touched_settings = self.touched_settings or kind.settings
        return (methods.call_method(self, receiver.content, name, arguments, location),)
    return None

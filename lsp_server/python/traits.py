"""Attributes that traitlets declares (`port = Int(8000).tag(config=True)`): what an object has before anybody configures it.

A default is what the workspace's configuration files (`hub_config.py`: `c.Hub.port = 8000`) agree on, else what the method says
that `@default("port")` is put on, else the declaration's own. A trait is a setting: what hangs on it holds under this
configuration only. Observers and conversions by traitlets itself are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_server.python.judge import items_of
from lsp_server.python.lower import Node
from lsp_server.python.values import Argument, ClassValue, External, FunctionValue, Instance, Method, Super, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

# What a trait of a kind has that states no default.
_EMPTY: dict[str, Value] = {
    "Unicode": "", "CUnicode": "", "Bool": False, "CBool": False, "Int": 0, "CInt": 0, "Integer": 0, "Long": 0, "Float": 0.0,
    "CFloat": 0.0, "Any": None, "ObjectName": "", "Bytes": b"",
}  # fmt: skip
_CONTAINERS: dict[str, type] = {"List": list, "Dict": dict, "Set": set, "Tuple": tuple}
_FIRST_IS_SOMETHING_ELSE = frozenset(["Instance", "Enum", "CaselessStrEnum", "Union", "UseEnum", "ForwardDeclaredInstance", "This"])


@dataclass(frozen=True, slots=True)
class Configured:
    """What a workspace's configuration files set, by class and attribute."""

    files: frozenset[str]
    values: dict[tuple[str, str], list[Value]]


def is_trait(value: Value) -> bool:
    """Whether a value is a declaration of traitlets, or of a class of the workspace below one of its own."""
    return isinstance(value, Instance) and _kind(value) is not None


def _kind(trait: Instance) -> str | None:
    names: tuple[str, ...] = (trait.origin.name,) if isinstance(trait.origin, External) else ()
    if isinstance(trait.origin, ClassValue):
        names = trait.origin.externals()
    name = next((name for name in names if name.startswith("traitlets.")), "")
    last = name.rpartition(".")[2]
    return last if last[:1].isupper() and last not in ("HasTraits", "Application", "Configurable") else None


def default_of(self: Interpreter, owner: Instance, cls: ClassValue, name: str, trait: Instance, location: Location) -> Value:
    """What an object's trait is worth before anybody sets it; kept by the object, as its containers are its own."""
    self.touched_settings = True
    maker = _maker(cls, name)
    configured = [value for entry in cls.lineage() for value in _configured(self).get((entry.name, name), ())]
    if configured:
        agreed = all(type(each) is type(configured[0]) and each == configured[0] for each in configured)
        value = configured[0] if agreed else Unknown(f"`{name}`, which configuration files set differently", location)
    elif maker is not None:
        value = self.call(maker, (Argument(None, owner, location),), location)
    else:
        value = _stated(trait, location)
    checker = trait.origin.find("validate") if isinstance(trait.origin, ClassValue) else None
    if checker is not None and isinstance(checker[1], FunctionValue) and not isinstance(value, Unknown):
        given = (Argument(None, item, location) for item in (trait, owner, value))
        value = self.call(checker[1], tuple(given), location)
    owner.attributes[name] = value
    owner.configured = owner.configured | {name}
    return value


def _configured(self: Interpreter) -> dict[tuple[str, str], list[Value]]:
    """What configuration files set, by class and attribute: constants only, all others are Unknown."""
    if self.configured is None:
        files = [path for path in self.program.paths if path.endswith("_config.py") and not _EXAMPLES & set(path.split("/")[:-1])]
        found: dict[tuple[str, str], list[Value]] = {}
        for path in sorted(files):
            for key, value in _settings_in(self.program.load(path).body):
                found.setdefault(key, []).append(value)
        self.configured = Configured(frozenset(files), found)
    self.note_reads(self.configured.files)
    return self.configured.values


_EXAMPLES = frozenset(["example", "examples", "doc", "docs", "demo", "demos", "samples", "templates"])


def _settings_in(body: tuple[Node, ...]) -> Iterator[tuple[tuple[str, str], Value]]:
    """`c.Class.attribute = value` at the top level of a file, in traitlets' way. What is computed says nothing."""
    for statement in body:
        if statement[0] != "assign" or statement[4][0] != "const":
            continue
        for target in statement[3]:
            owner = target[3] if target[0] == "attr" else ()
            if owner and owner[0] == "attr" and owner[3][0] == "name" and owner[3][3] == "c":
                yield (owner[4], target[4]), statement[4][3]


def _maker(cls: ClassValue, name: str) -> FunctionValue | None:
    """The method that makes a trait's default."""
    for entry in cls.lineage():
        for bound, value in entry.names.items():
            if isinstance(value, FunctionValue) and (bound == f"_{name}_default" or _makes_default_of(value, name)):
                return value
    return None


def _makes_default_of(function: FunctionValue, name: str) -> bool:
    for mark, _ in function.decorators:
        if isinstance(mark, Instance) and isinstance(mark.origin, External) and mark.origin.name == "traitlets.default":
            given = mark.argument("name", 0)
            if given is not None and given.value == name:
                return True
    return False


def _stated(trait: Instance, location: Location) -> Value:
    kind = _kind(trait)
    given = trait.argument("default_value", None if kind in _FIRST_IS_SOMETHING_ELSE or kind in _CONTAINERS else 0)
    if given is None and kind in _CONTAINERS:
        given = next((each for each in trait.arguments[:1] if each.name is None and not is_trait(each.value)), None)
    if given is not None:
        items = items_of(given.value) if kind in _CONTAINERS else None
        if isinstance(given.value, dict):
            return dict(given.value)
        return _CONTAINERS[kind](items) if items is not None and kind is not None else given.value
    if kind in _CONTAINERS:
        return _CONTAINERS[kind]()
    return _EMPTY[kind] if kind in _EMPTY else Unknown("a trait without a default that the text says", location)


def of_traitlets(method: Method, arguments: tuple[Argument, ...]) -> Argument | None:
    """What a call of traitlets' own method gives back unchanged: `trait.tag(…)` the trait, `super().validate(…)` the value."""
    receiver = method.receiver
    if method.name == "tag" and is_trait(receiver):
        return Argument(None, receiver, receiver.location)
    if method.name == "validate" and isinstance(receiver, Super) and is_trait(receiver.receiver) and arguments:
        return arguments[-1]
    return None

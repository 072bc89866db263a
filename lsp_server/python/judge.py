"""What can be said of a value by itself: its items, its truth, its text, whether it is made of known constants."""

from __future__ import annotations

import builtins

from lsp_server.python.packages import ALWAYS_TRUE
from lsp_server.python.values import (
    NATIVE,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    UnknownText,
    Value,
)
from lsp_server.unknown import Unknown

BUILTIN_NAMES = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {"__import__"}
LONGEST = 100_000  # items or characters of a value we are willing to build
ENUMS = ("enum.Enum", "enum.ReprEnum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag")


def canonical(name: str) -> str:
    """One spelling for what several modules of the standard library export."""
    if name.startswith("typing_extensions."):
        return "typing." + name[18:]
    return name


def items_of(value: Value) -> list[Value] | None:
    """The items a loop over the value sees, None where they are not known."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=_order)  # one order, whatever the hashes are today
    if isinstance(value, list | tuple | dict | range):
        return list(value) if not isinstance(value, range) or len(value) <= LONGEST else None
    if isinstance(value, str):
        return list(value) if len(value) <= LONGEST else None
    if isinstance(value, ClassValue) and value.inherits(*ENUMS):
        return members(value)
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "pkgutil.ModuleInfo":
        return [value.attributes[name] for name in ("module_finder", "name", "ispkg")]
    if isinstance(value, Instance) and value.content is not None:
        return items_of(value.content)
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "builtins.generator":
        given = value.attributes.get("items")
        return None if not isinstance(given, list) or any(isinstance(item, Unknown) for item in given) else list(given)
    return None


def _order(item: Value) -> tuple[str, str, int]:
    """Where an item of a set comes: constants by their text, objects by the place they were made at."""
    place = getattr(item, "location", None)
    return (type(item).__name__, repr(item), 0) if place is None else ("", place.path, place.span.start)


def members(cls: ClassValue) -> list[EnumMember]:
    """An enumeration's members in order of definition."""
    result = []
    for entry in reversed(list(cls.lineage())):
        for name, value in entry.names.items():
            if not name.startswith("_") and not isinstance(value, FunctionValue | ClassValue | BoundMethod):
                result.append(member_of(cls, name, value))
    return [member for member in result if member is not None]


def member_of(cls: ClassValue, name: str, value: Value) -> EnumMember:
    if isinstance(value, EnumMember):
        return value
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "enum.auto":
        value = _automatic(cls, name)
    cache = cls.scope.names if cls.scope.names is not cls.names else cls.names
    member = EnumMember(cls, name, value)
    cache[name] = member
    return member


def _automatic(cls: ClassValue, name: str) -> Value:
    """What `auto()` gives a member: its place, or its name where the class (or StrEnum) says so."""
    found = cls.find("_generate_next_value_")
    if found is not None:
        function = found[1]
        returned = function.body[-1] if isinstance(function, FunctionValue) and function.body else ()
        result = returned[3] if returned and returned[0] == "return" else None
        first = (
            ("name", function.parameters[0].name)
            if isinstance(function, FunctionValue) and function.parameters
            else None
        )
        if result is not None and first is not None:
            if result[0] == "name" and ("name", result[3]) == first:
                return name
            cased = (
                result[0] == "call" and result[3][0] == "attr" and result[3][4] in ("lower", "upper") and not result[4]
            )
            if cased and result[3][3][0] == "name" and ("name", result[3][3][3]) == first:
                return name.lower() if result[3][4] == "lower" else name.upper()
        return Unknown("a value that an enumeration makes of a member's name")
    return name.lower() if cls.inherits("enum.StrEnum") else list(cls.names).index(name) + 1


def plain(value: Value) -> bool:
    """Whether a value is made of Python's constants only, all known."""
    if type(value) in _SINGLE:
        return True
    if isinstance(value, list | tuple | set | frozenset):
        return all(plain(item) for item in value)
    if isinstance(value, dict):
        return all(plain(key) and plain(item) for key, item in value.items())
    return isinstance(value, NATIVE)


_SINGLE = frozenset((str, int, float, bool, type(None), bytes, range, complex, type(...)))
_OURS = (ClassValue, FunctionValue, ModuleValue, EnumMember)  # equal to nothing but themselves
_GROUPS = (set, frozenset, tuple)


def settled(value: Value) -> bool:
    """Whether a value is a group of constants and of things of the workspace, so that Python's `==` can be trusted."""
    if not isinstance(value, _GROUPS):
        return False
    for item in value:  # A loop without a generator: caches of a thousand keys are asked a thousand times.
        kind = type(item)
        if kind in _SINGLE or kind in _OURS:
            continue
        if not (settled(item) if kind in _GROUPS else plain(item)):
            return False
    return True


def hashable(value: Value) -> bool:
    if isinstance(value, Unknown | list | dict | set):
        return False
    return all(hashable(item) for item in value) if isinstance(value, tuple) else True


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where the text does not tell."""
    if isinstance(value, NATIVE):
        return bool(value)
    if isinstance(value, External):
        return True if value.name == "typing.TYPE_CHECKING" else None
    if isinstance(value, FunctionValue | ClassValue | ModuleValue | BoundMethod):
        return True
    if isinstance(value, EnumMember):
        return (
            bool(value.value)
            if isinstance(value.value, NATIVE) and value.cls.inherits("builtins.str", "builtins.int")
            else True
        )
    if isinstance(value, Instance) and isinstance(value.origin, External):
        return True if value.origin.name in ALWAYS_TRUE else None
    if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
        return True if not value.origin.find("__bool__") and not value.origin.find("__len__") else None
    return None


def text_of(value: Value) -> str | None:
    """What `str(value)` gives, None where it is not known."""
    if isinstance(value, str):
        return value
    if isinstance(value, EnumMember):
        if value.cls.inherits("enum.StrEnum"):
            return str(value.value) if isinstance(value.value, NATIVE) else None
        return f"{value.cls.name}.{value.name}"
    return str(value) if isinstance(value, NATIVE) and plain(value) else None


def beginning_of(value: Value) -> str:
    """What a text surely begins with: all of it, the known part, or the left end of a sum."""
    if isinstance(value, str):
        return value
    if isinstance(value, UnknownText):
        return value.beginning
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "operator.+":
        return beginning_of(value.arguments[0].value)
    return ""


def unwrap_enum(value: Value) -> Value:
    if isinstance(value, EnumMember) and value.cls.inherits(
        "builtins.str", "builtins.int", "enum.StrEnum", "enum.IntEnum"
    ):
        return value.value
    return value


def same(left: Value, right: Value) -> bool | None:
    if left is right:
        return True
    if isinstance(left, EnumMember) and isinstance(right, EnumMember):
        return left.cls is right.cls and left.name == right.name
    left, right = unwrap_enum(left), unwrap_enum(right)
    if plain(left) and plain(right):
        return bool(left == right)
    if settled(left) and settled(right):
        return bool(left == right)
    if isinstance(left, External) and isinstance(right, External):
        if left.name == right.name:
            return True
        return False if left.name.startswith("builtins.") and right.name.startswith("builtins.") else None
    if (left is None or right is None) and any(
        isinstance(value, External) and value.name.startswith("builtins.") for value in (left, right)
    ):
        return False
    if (left is None and isinstance(right, (*_OURS, Instance))) or (
        right is None and isinstance(left, (*_OURS, Instance))
    ):
        return False
    if isinstance(left, _OURS) and isinstance(right, _OURS):
        return False
    return None

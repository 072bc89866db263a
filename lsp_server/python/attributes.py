"""`value.name`, followed through modules, classes, instances, enumerations and other packages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsp_server.python import places
from lsp_server.python.discoveries import names_in
from lsp_server.python.judge import ENUMS, canonical, member_of, members
from lsp_server.python.objects import in_use
from lsp_server.python.packages import FIELDS, MODELS, SETTINGS
from lsp_server.python.traits import default_of, is_trait
from lsp_server.python.values import (
    NATIVE,
    Argument,
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Place,
    Specialized,
    Super,
    TypeVariable,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter


def attribute(self: Interpreter, value: Value, name: str, location: Location) -> Value:
    """`value.name`, followed through modules, classes, instances and other packages."""
    result = _attribute_of(self, value, name, location)
    if isinstance(result, Method) and self.outside is not None:
        from lsp_server.python.execution import UNANSWERED

        answer = self.outside.attribute(value, name)
        if answer is not UNANSWERED:
            return answer
    if isinstance(result, Method) and name in self.answers:
        known = self.answers[name](self, value)
        if known is not None:
            return known
    return result


def _attribute_of(self: Interpreter, value: Value, name: str, location: Location) -> Value:
    if isinstance(value, ModuleValue):
        return names_in(self, value) if name == "__dict__" else self.member(value.path, name)
    if isinstance(value, External):
        return _external_attribute(self, value, name, location)
    if isinstance(value, ClassValue):
        return class_attribute(self, value, name, location)
    if isinstance(value, Instance):
        return _instance_attribute(self, value, name, location)
    if isinstance(value, EnumMember):
        return _member_attribute(self, value, name, location)
    if isinstance(value, Super):
        return _super_attribute(self, value, name)
    if isinstance(value, Specialized):
        return attribute(self, value.origin, name, location)
    if isinstance(value, FunctionValue):
        if name == "__annotations__":
            return value.attributes.setdefault(name, {})
        if name in value.attributes:
            return value.attributes[name]
        shown = value.original()  # `functools.wraps` hands the name on
        return {"__name__": shown.name, "__qualname__": shown.qualname, "__module__": self.program.module_name(shown.path),
                "__wrapped__": value.wrapped}.get(name) or _made_by_decorator(value, name, location)  # fmt: skip
    if isinstance(value, NATIVE):
        return Method(value, name)
    if isinstance(value, Place):
        return places.attribute(value, name, location)
    if isinstance(value, Unknown):
        return Unknown(value.what, location)
    if isinstance(value, TypeVariable):
        return Unknown(f"`{name}` of a type parameter", location)
    return Method(value, name)


def _made_by_decorator(function: FunctionValue, name: str, location: Location) -> Value:
    """An attribute that a function does not have: what another package's decorator made of it may (`@click.group()`)."""
    marks = [mark.origin if isinstance(mark, Instance) else mark for mark, _ in function.decorators]
    if any(isinstance(mark, External | Method) for mark in marks):
        return Method(function, name)
    return Unknown(f"`{name}` of a function", location)


def _external_attribute(self: Interpreter, value: External, name: str, location: Location) -> Value:
    full = canonical(f"{value.name}.{name}")
    if value.name == "builtins.object" and name == "__init_subclass__":
        return Unknown("`object.__init_subclass__`", location)
    if full in _SIGNS:
        return _SIGNS[full]
    owner = in_use(self, value.name, location)
    if owner is not None and name in owner.attributes:
        return owner.attributes[name]
    stated = _STATED.search(full)
    return int(stated[1]) if stated else self.other(full)


# How places are written in the workspace.
_SIGNS = {"os.sep": "/", "os.path.sep": "/", "os.pardir": "..", "os.curdir": ".", "os.path.pardir": "..", "os.extsep": "."}

# Constants of other packages whose name says their value: `status.HTTP_404_NOT_FOUND`.
_STATED = re.compile(r"\.HTTP_([1-5]\d\d)_[A-Z_]+$")


def mangled(cls: ClassValue, name: str) -> str:
    """The name a private name of a class body has outside of it."""
    return f"_{cls.name.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name


def find_mangled(cls: ClassValue, name: str) -> tuple[ClassValue, Value] | None:
    if not name.startswith("_") or "__" not in name[1:]:
        return None
    for entry in cls.lineage():
        prefix = f"_{entry.name.lstrip('_')}__"
        inner = name[len(prefix) - 2 :]
        if name.startswith(prefix) and inner in entry.names:
            return entry, entry.names[inner]
    return None


def class_attribute(self: Interpreter, cls: ClassValue, name: str, location: Location) -> Value:
    if name == "__name__":
        return cls.name
    if name == "__qualname__":
        return cls.qualname
    if name == "__module__":
        return self.program.module_name(cls.path)
    if name in ("__mro__", "__bases__"):
        return tuple(cls.mro() if name == "__mro__" else cls.bases)
    if name == "__annotations__":
        return {key: Unknown("an annotation", location) for key in cls.annotations}
    if name == "__members__" and cls.inherits(*ENUMS):
        return {member.name: member for member in members(cls)}
    found = cls.find(name) or find_mangled(cls, name)
    if found is not None:
        owner, value = found
        value = self.resolve(owner.scope, name) if name in owner.scope.names else value
        if isinstance(value, FunctionValue) and value.kind == "class property":
            made = self.call(value, (Argument(None, cls, location),), location)
            if isinstance(made, Instance):
                made.attributes.setdefault("__name__", name)  # it is told its name, as `__set_name__` does
            return made
        if isinstance(value, FunctionValue) and value.kind == "class":
            return BoundMethod(cls, value)
        if cls.inherits(*ENUMS) and not name.startswith("_") and not isinstance(value, FunctionValue | ClassValue):
            return member_of(owner, name, value)
        return value
    if cls.unknown_bases():
        return Unknown(f"`{name}` of a class whose bases are not all known", location)
    externals = [entry for entry in cls.mro() if isinstance(entry, External | Method | Instance)]
    if externals:
        return Method(cls, name)
    return Unknown(f"`{name}`, which `{cls.name}` does not define", location)


def _instance_attribute(self: Interpreter, value: Instance, name: str, location: Location) -> Value:
    if name in value.attributes:
        result = value.attributes[name]
        if name in value.configured or (isinstance(value.origin, ClassValue) and value.origin.inherits(*SETTINGS)):
            self.touched_settings = True
        return result
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if not isinstance(origin, ClassValue):
        return Method(value, name)
    if name == "__class__":
        return origin
    settings = origin.inherits(*SETTINGS)
    if settings:
        self.touched_settings = True
    found = origin.find(name)
    if found is None:
        return _missing_attribute(self, value, origin, name, settings, location)
    owner, result = found
    result = self.resolve(owner.scope, name) if name in owner.scope.names else result
    if isinstance(result, FunctionValue):
        if result.kind == "static":
            return result
        if result.kind == "class":
            return BoundMethod(origin, result)
        if result.kind == "class property":
            return self.call(result, (Argument(None, origin, location),), location)
        if result.kind == "property":
            return self.call(result, (Argument(None, value, location),), location)
        return BoundMethod(value, result)
    if is_trait(result):
        return default_of(self, value, origin, name, result, location)
    if isinstance(result, Instance) and isinstance(result.origin, External) and result.origin.name in FIELDS:
        return _field_default(self, result, name, location)
    return result


def _missing_attribute(
    self: Interpreter, value: Instance, cls: ClassValue, name: str, settings: bool, location: Location
) -> Value:
    for entry in cls.lineage():
        if name in entry.annotations and (
            settings or cls.inherits(*MODELS) or not cls.externals() or cls.unknown_bases()
        ):
            what = f"the setting `{name}`, which has no default" if settings else f"`{name}`, which has no default"
            return Unknown(what, location)
    getter = cls.find("__getattr__")
    if getter and isinstance(getter[1], FunctionValue):
        return self.call(getter[1], (Argument(None, value, location), Argument(None, name, location)), location)
    if value.content is not None and hasattr(type(value.content), name):
        return Method(value.content, name)
    if cls.externals() and not cls.unknown_bases():
        return Method(value, name)
    return Unknown(f"`{name}`, which `{cls.name}` does not define", location)


def _field_default(self: Interpreter, field: Instance, name: str, location: Location) -> Value:
    from lsp_server.python.calls import call_value

    default = field.argument("default", 0)
    if default is not None and default.value is not Ellipsis:
        return default.value
    factory = field.argument("default_factory")
    if factory is not None:
        return call_value(self, factory.value, (), location)
    return Unknown(f"`{name}`, which has no default", location)


def _member_attribute(self: Interpreter, member: EnumMember, name: str, location: Location) -> Value:
    if name in ("value", "_value_"):
        return member.value
    if name in ("name", "_name_"):
        return member.name
    found = member.cls.find(name)
    if found and isinstance(found[1], FunctionValue):
        if found[1].kind == "property":
            return self.call(found[1], (Argument(None, member, location),), location)
        return BoundMethod(member, found[1])
    if isinstance(member.value, NATIVE) and member.cls.inherits("builtins.str", "enum.StrEnum"):
        return Method(member.value, name)
    return Unknown(f"`{name}` of an enumeration member", location)


def _super_attribute(self: Interpreter, value: Super, name: str) -> Value:
    receiver = value.receiver
    start = receiver if isinstance(receiver, ClassValue) else None
    if isinstance(receiver, Instance):
        origin = receiver.origin.origin if isinstance(receiver.origin, Specialized) else receiver.origin
        start = origin if isinstance(origin, ClassValue) else None
    order = (start or value.owner).mro()
    behind = order[order.index(value.owner) + 1 :] if value.owner in order else value.owner.mro()[1:]
    for entry in behind:
        if isinstance(entry, ClassValue) and name in entry.names:
            found = self.resolve(entry.scope, name) if name in entry.scope.names else entry.names[name]
            if isinstance(found, FunctionValue) and found.kind == "class property":
                return self.call(found, (Argument(None, start or receiver, found.location),), found.location)
            if isinstance(found, FunctionValue) and found.kind == "property" and isinstance(receiver, Instance):
                return self.call(found, (Argument(None, receiver, found.location),), found.location)
            return (
                BoundMethod(receiver, found) if isinstance(found, FunctionValue) and found.kind != "static" else found
            )
    return Method(value, name)

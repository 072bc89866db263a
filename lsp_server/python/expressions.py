"""Expressions to values: operators, attributes, calls, comprehensions and annotations.

The second half of the interpreter (`interpret.py` holds statements). Python's own built-ins and the few standard-library
functions that decide names and paths are in `standard.py`.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lsp_server.python.lower import Node, lower_expression
from lsp_server.python.syntax import parse_expression
from lsp_server.python.values import (
    NATIVE,
    Annotation,
    Argument,
    BoundMethod,
    ClassValue,
    Defaulting,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Scope,
    Specialized,
    Super,
    TypeVariable,
    UnknownText,
    Unset,
    Value,
)
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

BUILTIN_NAMES = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {"__import__"}
LONGEST = 100_000  # items or characters of a value we are willing to build

FUNCTION_KINDS = {
    "builtins.staticmethod": "static", "builtins.classmethod": "class", "builtins.property": "property",
    "functools.cached_property": "property", "abc.abstractproperty": "property",
    "sqlalchemy.util.classproperty": "class property", "pydantic.computed_field": "property",
    "sqlalchemy.orm.declared_attr": "class property", "sqlalchemy.ext.declarative.declared_attr": "class property",
    "sqlalchemy.orm.declared_attr.directive": "class property",
}  # fmt: skip

ENUMS = ("enum.Enum", "enum.ReprEnum", "enum.StrEnum", "enum.IntEnum", "enum.Flag", "enum.IntFlag")
SETTINGS = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings")
MODELS = ("pydantic.BaseModel", "typing.NamedTuple", "typing.Protocol")  # an annotation without a value is a field to be given
FIELDS = {"pydantic.Field": "default", "pydantic.fields.Field": "default", "sqlmodel.Field": "default",
          "dataclasses.field": "default"}  # fmt: skip


def canonical(name: str) -> str:
    """One spelling for what several modules of the standard library export."""
    if name.startswith("typing_extensions."):
        return "typing." + name[18:]
    return name


# Judging values


def items_of(value: Value) -> list[Value] | None:
    """The items a loop over the value sees, None where they are not known."""
    if isinstance(value, list | tuple | set | frozenset | dict | range):
        return list(value) if not isinstance(value, range) or len(value) <= LONGEST else None
    if isinstance(value, str):
        return list(value) if len(value) <= LONGEST else None
    if isinstance(value, ClassValue) and value.inherits(*ENUMS):
        return members(value)
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "builtins.generator":
        given = value.attributes.get("items")
        return None if not isinstance(given, list) or any(isinstance(item, Unknown) for item in given) else list(given)
    return None


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
        first = ("name", function.parameters[0].name) if isinstance(function, FunctionValue) and function.parameters else None
        if result is not None and first is not None:
            if result[0] == "name" and ("name", result[3]) == first:
                return name
            cased = result[0] == "call" and result[3][0] == "attr" and result[3][4] in ("lower", "upper") and not result[4]
            if cased and result[3][3][0] == "name" and ("name", result[3][3][3]) == first:
                return name.lower() if result[3][4] == "lower" else name.upper()
        return Unknown("a value that an enumeration makes of a member's name")
    return name.lower() if cls.inherits("enum.StrEnum") else list(cls.names).index(name) + 1


def plain(value: Value) -> bool:
    """Whether a value is made of Python's constants only, all known."""
    if isinstance(value, list | tuple | set | frozenset):
        return all(plain(item) for item in value)
    if isinstance(value, dict):
        return all(plain(key) and plain(item) for key, item in value.items())
    return isinstance(value, NATIVE)


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
        return bool(value.value) if isinstance(value.value, NATIVE) and value.cls.inherits("builtins.str", "builtins.int") else True
    if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
        return True if not value.origin.find("__bool__") and not value.origin.find("__len__") else None
    return None


# Evaluation


def evaluate(self: Interpreter, node: Node, scope: Scope) -> Value:
    return _EXPRESSIONS[node[0]](self, node, scope)


def _name(self: Interpreter, node: Node, scope: Scope) -> Value:
    name = node[3]
    found: Scope | None = scope
    while found is not None:  # The usual case, without making a place that nobody needs.
        if name in found.names:
            if name in found.configured:
                self.touched_settings = True
            return self.resolve(found, name)
        found = found.parent
    return self.lookup(scope, name, self.location(node, scope))


def _attribute(self: Interpreter, node: Node, scope: Scope) -> Value:
    return attribute(self, evaluate(self, node[3], scope), node[4], self.location(node, scope))


def _sequence(self: Interpreter, nodes: Iterable[Node], scope: Scope) -> list[Value] | None:
    values: list[Value] = []
    for node in nodes:
        if node[0] == "star":
            items = items_of(evaluate(self, node[3], scope))
            if items is None:
                return None
            values.extend(items)
        else:
            values.append(evaluate(self, node, scope))
    return values


def _list(self: Interpreter, node: Node, scope: Scope) -> Value:
    values = _sequence(self, node[3], scope)
    return values if values is not None else Unknown("a list with unknown parts", self.location(node, scope))


def _tuple(self: Interpreter, node: Node, scope: Scope) -> Value:
    values = _sequence(self, node[3], scope)
    return tuple(values) if values is not None else Unknown("a tuple with unknown parts", self.location(node, scope))


def _set(self: Interpreter, node: Node, scope: Scope) -> Value:
    values = _sequence(self, node[3], scope)
    if values is None or not all(hashable(value) for value in values):
        return Unknown("a set with unknown parts", self.location(node, scope))
    return set(values)


def _dict(self: Interpreter, node: Node, scope: Scope) -> Value:
    result: dict[Value, Value] = {}
    for key_node, value_node in zip(node[3], node[4]):
        value = evaluate(self, value_node, scope)
        if key_node is None:
            if not isinstance(value, dict):
                return Unknown("a dictionary with unknown parts", self.location(node, scope))
            result.update(value)
            continue
        key = evaluate(self, key_node, scope)
        if not hashable(key):
            return Unknown("a dictionary with unknown keys", self.location(node, scope))
        result[key] = value
    return result


def text_of(value: Value) -> str | None:
    """What `str(value)` gives, None where it is not known."""
    if isinstance(value, str):
        return value
    if isinstance(value, EnumMember):
        if value.cls.inherits("enum.StrEnum"):
            return str(value.value) if isinstance(value.value, NATIVE) else None
        return f"{value.cls.name}.{value.name}"
    return str(value) if isinstance(value, NATIVE) and plain(value) else None


def _fstring(self: Interpreter, node: Node, scope: Scope) -> Value:
    parts: list[str] = []
    for part in node[3]:
        if part[0] == "const":
            parts.append(part[3])
            continue
        value = evaluate(self, part[3], scope)
        if part[5] is not None:
            spec = _fstring(self, part[5], scope)
            if not isinstance(spec, str) or not isinstance(value, str | int | float):
                return Unknown("a text put together at run time", self.location(node, scope))
            try:
                parts.append(format(value, spec) if _harmless(spec) else "")
            except ValueError:
                return Unknown("a text put together at run time", self.location(node, scope))
            continue
        text = repr(value) if part[4] == "r" and plain(value) else text_of(value)
        if text is None:
            what = value.what if isinstance(value, Unknown) else "a part computed at run time"
            beginning = "".join(parts) + (value.beginning if isinstance(value, UnknownText) else "")
            return UnknownText(f"a text that holds {what}", self.location(node, scope), beginning=beginning)
        parts.append(text)
    return "".join(parts)


def _harmless(spec: str) -> bool:
    """A width of a billion would build a text of a gigabyte."""
    return sum(character.isdigit() for character in spec) <= 3


def _binop(self: Interpreter, node: Node, scope: Scope) -> Value:
    left, right = evaluate(self, node[4], scope), evaluate(self, node[5], scope)
    return binary(self, node[3], left, right, self.location(node, scope))


def beginning_of(value: Value) -> str:
    """What a text surely begins with: all of it, the known part, or the left end of a sum."""
    if isinstance(value, str):
        return value
    if isinstance(value, UnknownText):
        return value.beginning
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "operator.+":
        return beginning_of(value.arguments[0].value)
    return ""


_SMALL = 1 << 64


def binary(self: Interpreter, operator: str, left: Value, right: Value, location: Location) -> Value:
    """The result of a binary operator; unions of types become `Specialized(typing.Union)`."""
    if operator == "|" and (_is_type(left) or _is_type(right)):
        return union((left, right), location)
    left, right = _unwrap_enum(left), _unwrap_enum(right)
    if operator == "+" and isinstance(left, UnknownText):
        return left
    if isinstance(left, Unknown):
        return Unknown(left.what, left.location or location)
    if isinstance(right, Unknown):
        start = beginning_of(left) if operator == "+" else ""
        if start:
            beginning = start + beginning_of(right) if isinstance(left, str) else start
            return UnknownText(f"a text that holds {right.what}", location, beginning=beginning)
        return Unknown(right.what, right.location or location)
    try:
        if operator == "+" and type(left) is type(right) and isinstance(left, str | list | tuple | int | float | bytes):
            return left + right if isinstance(left, int | float) or len(left) + len(right) <= LONGEST else _large(location)
        if operator == "%" and isinstance(left, str) and plain(right) and _harmless(left):
            return left % right
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _arithmetic(operator, left, right, location)
        if operator == "*" and isinstance(left, str | list | tuple) and isinstance(right, int):
            return left * right if len(left) * max(right, 0) <= LONGEST else _large(location)
        if operator in "|&-^" and isinstance(left, set | frozenset) and isinstance(right, set | frozenset):
            return {"|": left | right, "&": left & right, "-": left - right, "^": left ^ right}[operator]
        if operator == "|" and isinstance(left, dict) and isinstance(right, dict):
            return {**left, **right}
    except (TypeError, ValueError, ArithmeticError, KeyError):
        return Unknown("an expression that would fail", location)
    if isinstance(left, Instance) and isinstance(left.origin, ClassValue):
        name = {"/": "__truediv__", "+": "__add__", "|": "__or__"}.get(operator)
        found = left.origin.find(name) if name else None
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, left, location), Argument(None, right, location)), location)
    if isinstance(left, Instance | External | Method) or isinstance(right, Instance | External | Method):
        given = (Argument(None, left, location), Argument(None, right, location))
        return Instance(External(f"operator.{operator}"), given, location)
    return Unknown("an operation on values that are not known", location)


def _arithmetic(operator: str, left: float, right: float, location: Location) -> Value:
    if abs(left) > _SMALL or abs(right) > _SMALL:
        return _large(location)
    if operator in ("<<", "**") and right > 64:
        return _large(location)
    whole = isinstance(left, int) and isinstance(right, int)
    match operator:
        case "+": return left + right
        case "-": return left - right
        case "*": return left * right
        case "/": return left / right
        case "//": return left // right
        case "%": return left % right
        case "**": return left**right
        case "<<" if whole: return int(left) << int(right)
        case ">>" if whole: return int(left) >> int(right)
        case "|" if whole: return int(left) | int(right)
        case "&" if whole: return int(left) & int(right)
        case "^" if whole: return int(left) ^ int(right)
    return Unknown("an operation on numbers", location)  # fmt: skip


def _large(location: Location) -> Unknown:
    return Unknown("a value too large to be worked out", location)


def _unwrap_enum(value: Value) -> Value:
    if isinstance(value, EnumMember) and value.cls.inherits("builtins.str", "builtins.int", "enum.StrEnum", "enum.IntEnum"):
        return value.value
    return value


def _is_type(value: Value) -> bool:
    return isinstance(value, ClassValue | Specialized | TypeVariable) or (isinstance(value, External) and value.name != "builtins.None")


def union(parts: tuple[Value, ...], location: Location) -> Specialized:
    flat: list[Value] = []
    for part in parts:
        if isinstance(part, Specialized) and isinstance(part.origin, External) and part.origin.name == "typing.Union":
            flat.extend(part.arguments)
        else:
            flat.append(part)
    return Specialized(External("typing.Union"), tuple(flat), location)


def _unary(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[4], scope)
    location = self.location(node, scope)
    if node[3] == "not":
        known = truth(value)
        if known is None:
            return Unknown(value.what if isinstance(value, Unknown) else "a condition that the text does not decide", location)
        return not known
    if isinstance(value, int | float):
        match node[3]:
            case "-": return -value
            case "+": return value
            case "~" if isinstance(value, int): return ~value  # fmt: skip
    return Unknown("an operation on a value that is not known", location)


def _bool(self: Interpreter, node: Node, scope: Scope) -> Value:
    wanted = node[3] == "or"
    unknown: Unknown | None = None
    value: Value = None
    for part in node[4]:
        value = evaluate(self, part, scope)
        known = truth(value)
        if known is None:
            if isinstance(value, Instance | External) and wanted:
                return value  # `x or default`: an object that is there
            what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
            unknown = Unknown(what, self.location(part, scope)) if unknown is None else unknown
        elif known is wanted:
            return value if unknown is None else unknown
    return value if unknown is None else unknown


def _compare(self: Interpreter, node: Node, scope: Scope) -> Value:
    left = evaluate(self, node[3], scope)
    location = self.location(node, scope)
    for operator, part in zip(node[4], node[5]):
        right = evaluate(self, part, scope)
        result = _compare_pair(operator, left, right, location)
        if not isinstance(result, bool) or not result:
            return result
        left = right
    return True


def _compare_pair(operator: str, left: Value, right: Value, location: Location) -> Value:
    if operator in ("==", "!=") and isinstance(left, Unset) and isinstance(right, str) and right:
        return operator == "!="  # Nobody has set it; `touched_settings` says that this can change.
    for value in (left, right):
        if isinstance(value, Unknown):
            return Unknown(value.what, location)
    if isinstance(left, External) and left.name == "sys.version_info" and isinstance(right, tuple):
        return operator in (">", ">=", "!=")  # The newest Python is as good a guess as any, and it is what people run.
    if operator in ("is", "is not", "==", "!="):
        same = _same(left, right)
        if same is None:
            return Unknown("a comparison of values that are not known", location)
        return same if operator in ("is", "==") else not same
    left, right = _unwrap_enum(left), _unwrap_enum(right)
    try:
        if operator in ("in", "not in"):
            if isinstance(right, ClassValue) and right.inherits(*ENUMS):
                right = [*members(right)]
            if isinstance(right, str | list | tuple | set | frozenset | dict) and plain(left) and plain(right):
                return (left in right) is (operator == "in")
            if isinstance(right, list | tuple | set | frozenset | dict) and not isinstance(left, Instance | External):
                found = [_same(left, item) for item in right]
                if True in found or None not in found:
                    return (True in found) is (operator == "in")
        elif plain(left) and plain(right):
            return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    except TypeError:
        pass
    return Unknown("a comparison of values that are not known", location)


def _same(left: Value, right: Value) -> bool | None:
    if left is right:
        return True
    if isinstance(left, EnumMember) and isinstance(right, EnumMember):
        return left.cls is right.cls and left.name == right.name
    left, right = _unwrap_enum(left), _unwrap_enum(right)
    if plain(left) and plain(right):
        return bool(left == right)
    ours = (ClassValue, FunctionValue, ModuleValue, EnumMember)
    groups = (set, frozenset, tuple)
    grouped = isinstance(left, groups) and isinstance(right, groups)
    if grouped and all(isinstance(item, ours) or plain(item) for item in (*left, *right)):
        return bool(left == right)
    if isinstance(left, External) and isinstance(right, External):
        return True if left.name == right.name else None
    if (left is None or right is None) and any(isinstance(value, External) and value.name.startswith("builtins.") for value in (left, right)):
        return False
    if (left is None and isinstance(right, (*ours, Instance))) or (right is None and isinstance(left, (*ours, Instance))):
        return False
    if isinstance(left, ours) and isinstance(right, ours):
        return False
    return None


def _conditional(self: Interpreter, node: Node, scope: Scope) -> Value:
    from lsp_server.python.interpret import join_values

    value = evaluate(self, node[3], scope)
    known = truth(value)
    if known is not None:
        return evaluate(self, node[4] if known else node[5], scope)
    what = value.what if isinstance(value, Unknown) else "a condition that the text does not decide"
    parts = [evaluate(self, node[4], scope), evaluate(self, node[5], scope)]
    return join_values(parts, Unknown(what, self.location(node, scope)))


def _subscript(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[3], scope)
    location = self.location(node, scope)
    if isinstance(value, ClassValue | Specialized | TypeVariable) and not (
        isinstance(value, ClassValue) and value.inherits(*ENUMS)
    ):
        return specialize(self, value, node[4], scope, location)
    key = evaluate(self, node[4], scope) if node[4][0] != "slice" else _slice(self, node[4], scope)
    if isinstance(value, ClassValue):
        found = value.find(key) if isinstance(key, str) else None
        return member_of(value, key, found[1]) if found else Unknown("a member looked up at run time", location)
    if isinstance(value, Unknown):
        return Unknown(value.what, location)
    if isinstance(value, External):
        if value.name == "os.environ":
            self.touched_settings = True
            return Unknown(f"the environment variable {key}" if isinstance(key, str) else "an environment variable", location)
        return Specialized(value, key if isinstance(key, tuple) else (key,), location)
    if isinstance(value, dict):
        if hashable(key) and key in value:
            return value[key]
        if isinstance(value, Defaulting) and hashable(key) and value.factory is not None:
            value[key] = call_value(self, value.factory, (), location)
            return value[key]
        return Unknown("an entry that is not known", location)
    if isinstance(value, str | list | tuple) and isinstance(key, int | slice):
        try:
            return value[key]
        except (IndexError, ValueError):
            return Unknown("an item that is not there", location)
    if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
        found = value.origin.find("__getitem__")
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, value, location), Argument(None, key, location)), location)
    if isinstance(value, Instance | Method):
        return Instance(Method(value, "__getitem__"), (Argument(None, key, location),), location)
    return Unknown("an item of a value that is not known", location)


def _slice(self: Interpreter, node: Node, scope: Scope) -> Value:
    parts = [None if part is None else evaluate(self, part, scope) for part in node[3:6]]
    if all(part is None or isinstance(part, int) for part in parts):
        return slice(*parts)
    return Unknown("a slice that is not known", self.location(node, scope))


def specialize(self: Interpreter, origin: Value, index: Node, scope: Scope, location: Location) -> Specialized:
    nodes = index[3] if index[0] == "tuple" else (index,)
    return Specialized(origin, tuple(annotation(self, node, scope) for node in nodes), location)


def _lambda(self: Interpreter, node: Node, scope: Scope) -> Value:
    location = self.location(node, scope)
    body = (("return", node[1], node[2], node[4]),)
    return FunctionValue("<lambda>", scope.path, location, location, self.parameters(node[3], scope), None, body,
                         _closure(scope), qualname="<lambda>", defaults_scope=scope)  # fmt: skip


def _closure(scope: Scope) -> Scope:
    return scope.parent if scope.owner is not None and scope.owner.scope is scope and scope.parent else scope


def _comprehension(self: Interpreter, node: Node, scope: Scope) -> Value:
    _, _, _, sort, element, generators = node
    location = self.location(node, scope)
    inner = Scope(scope.path, {}, scope, owner=None)
    results: list[Value] = []

    def walk(position: int) -> bool:
        if position == len(generators):
            if sort == "dict":
                results.append((evaluate(self, element[0], inner), evaluate(self, element[1], inner)))
            else:
                results.append(evaluate(self, element, inner))
            return len(results) <= LONGEST
        target, iterable, conditions = generators[position]
        items = items_of(evaluate(self, iterable, inner))
        if items is None:
            return False
        for item in items:
            self.assign(target, item, inner)
            kept = [truth(evaluate(self, condition, inner)) for condition in conditions]
            if None in kept:
                return False
            if all(kept) and not walk(position + 1):
                return False
        return True

    if not walk(0):
        return Unknown("a comprehension over values that are not known", location)
    if sort == "dict":
        if not all(hashable(key) for key, _ in results):
            return Unknown("a dictionary with unknown keys", location)
        return dict(results)
    if sort == "set":
        return set(results) if all(hashable(result) for result in results) else Unknown("a set with unknown parts", location)
    return results


def _walrus(self: Interpreter, node: Node, scope: Scope) -> Value:
    value = evaluate(self, node[4], scope)
    self.bind(scope, node[3], value, self.location(node, scope))
    return value


def _yield(self: Interpreter, node: Node, scope: Scope) -> Value:
    location = self.location(node, scope)
    value = None if node[3] is None else evaluate(self, node[3], scope)
    self.yield_(value, node[4], location)
    return Unknown("what is sent to a generator", location)


# Calls


def receiver_at(self: Interpreter, location: Location) -> Value:
    """What `X` is worth in the expression `X.name` that stands at a location of a module; Unknown where none does."""
    waiting: list[Any] = [self.program.load(location.path).body]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, tuple):
            continue
        located = len(node) > 2 and isinstance(node[0], str) and isinstance(node[1], int) and isinstance(node[2], int)
        if located and not node[1] <= location.span.start <= location.span.end <= node[2]:
            continue
        if located and node[0] == "attr" and (node[1], node[2]) == tuple(location.span):
            return evaluate(self, node[3], self.run(location.path).scope)
        waiting.extend(node)
    return Unknown("the owner of an attribute", location)


def arguments_of(self: Interpreter, node: Node, scope: Scope) -> tuple[Argument, ...]:
    """The arguments of a call node, evaluated; `*` and `**` unpacked where their content is known."""
    result: list[Argument] = []
    for part in node[4]:
        location = self.location(part, scope)
        if part[0] == "star":
            value = evaluate(self, part[3], scope)
            items = items_of(value)
            if items is None:
                result.append(Argument(None, value, location, star=True))
            else:
                result.extend(Argument(None, item, location) for item in items)
        else:
            result.append(Argument(None, evaluate(self, part, scope), location))
    for name, part, start, end in node[5]:
        location = Location(scope.path, Span(start, end))
        value = evaluate(self, part, scope)
        if name is not None:
            result.append(Argument(name, value, location))
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            result.extend(Argument(key, item, location) for key, item in value.items())
        else:
            result.append(Argument(None, value, location, star=True))
    return tuple(result)


def _call(self: Interpreter, node: Node, scope: Scope) -> Value:
    location = self.location(node, scope)
    callee_node = node[3]
    if callee_node[0] == "name" and callee_node[3] == "super" and scope.find("super") is None:
        return _super(self, node, scope, location)
    if callee_node[0] == "name" and callee_node[3] in ("locals", "globals", "vars"):
        return Unknown(f"`{callee_node[3]}()`", location)
    callee = evaluate(self, callee_node, scope)
    return call_value(self, callee, arguments_of(self, node, scope), location)


def _super(self: Interpreter, node: Node, scope: Scope, location: Location) -> Value:
    holder: Scope | None = scope
    while holder is not None and holder.owner is None:
        holder = holder.parent
    if holder is None or holder.owner is None:
        return Unknown("`super()` outside a class", location)
    receiver = next(iter(holder.names.values()), None)
    return Super(holder.owner, receiver)


def call_value(self: Interpreter, callee: Value, arguments: tuple[Argument, ...], location: Location) -> Value:
    """Call any value: ours is followed, another package's is written down as an event."""
    from lsp_server.python import patterns, standard

    if isinstance(callee, FunctionValue):
        return self.call(callee, arguments, location)
    if isinstance(callee, BoundMethod):
        return self.call(callee.function, (Argument(None, callee.receiver, location), *arguments), location)
    if isinstance(callee, ClassValue):
        if callee.inherits(*ENUMS) and arguments:
            return _enum_by_value(callee, arguments[0].value, location)
        return self.instantiate(callee, arguments, location)
    if isinstance(callee, External):
        known = standard.FUNCTIONS.get(callee.name)
        if known is not None:
            return known(self, arguments, location)
        if callee.name in standard.QUIET:
            return Instance(callee, arguments, location)
        return self.emit(callee, arguments, location)
    if isinstance(callee, Method):
        if isinstance(callee.receiver, NATIVE):
            return standard.call_method(self, callee.receiver, callee.name, arguments, location)
        if isinstance(callee.receiver, Instance):
            matched = patterns.call_method(self, callee.receiver, callee.name, arguments, location)
            if matched is not None:
                return matched
        if isinstance(callee.receiver, Super):
            return _call_super(self, callee, arguments, location)
        return self.emit(callee, arguments, location)
    if isinstance(callee, Specialized):
        if isinstance(callee.origin, ClassValue):
            value = self.instantiate(callee.origin, arguments, location)
            if isinstance(value, Instance):
                value.origin = callee
            return value
        return call_value(self, callee.origin, arguments, location)
    if isinstance(callee, Instance):
        return _call_instance(self, callee, arguments, location)
    what = callee.what if isinstance(callee, Unknown) else "a value that cannot be called"
    if isinstance(callee, Unknown):
        self.hand_out(callee, arguments, location)
    return Unknown(f"the result of calling {what}", location)


def _call_instance(self: Interpreter, callee: Instance, arguments: tuple[Argument, ...], location: Location) -> Value:
    if isinstance(callee.origin, ClassValue):
        found = callee.origin.find("__call__")
        if found and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, callee, location), *arguments), location)
    if isinstance(callee.origin, External) and callee.origin.name == "functools.partial" and callee.arguments:
        return call_value(self, callee.arguments[0].value, (*callee.arguments[1:], *arguments), location)
    return self.emit(callee, arguments, location)


def _call_super(self: Interpreter, method: Method, arguments: tuple[Argument, ...], location: Location) -> Value:
    receiver = method.receiver.receiver
    if method.name == "__init__" and isinstance(receiver, Instance):
        receiver.base_arguments = arguments
        for argument in arguments:
            if argument.name is not None and not argument.star:
                receiver.attributes.setdefault(argument.name, argument.value)
        return None
    if method.name == "__new__" and isinstance(receiver, ClassValue):
        return Instance(receiver, arguments, location)
    return self.emit(Method(receiver, method.name), arguments, location)


def _enum_by_value(cls: ClassValue, value: Value, location: Location) -> Value:
    for member in members(cls):
        if _same(member.value, value):
            return member
    return Unknown("an enumeration member looked up at run time", location)


# Attributes


def attribute(self: Interpreter, value: Value, name: str, location: Location) -> Value:
    """`value.name`, followed through modules, classes, instances and other packages."""
    result = _attribute_of(self, value, name, location)
    if isinstance(result, Method) and self.outside is not None:
        from lsp_server.python.interpret import UNANSWERED

        answer = self.outside.attribute(value, name)
        if answer is not UNANSWERED:
            return answer
    return result


def _attribute_of(self: Interpreter, value: Value, name: str, location: Location) -> Value:
    if isinstance(value, ModuleValue):
        return self.member(value.path, name)
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
        return {"__name__": value.name, "__qualname__": value.qualname, "__module__": self.program.module_name(value.path),
                "__wrapped__": value.wrapped}.get(name) or Unknown(f"`{name}` of a function", location)  # fmt: skip
    if isinstance(value, NATIVE):
        return Method(value, name)
    if isinstance(value, Unknown):
        return Unknown(value.what, location)
    if isinstance(value, TypeVariable):
        return Unknown(f"`{name}` of a type parameter", location)
    return Method(value, name)


def _external_attribute(self: Interpreter, value: External, name: str, location: Location) -> Value:
    full = canonical(f"{value.name}.{name}")
    if value.name == "builtins.object" and name == "__init_subclass__":
        return Unknown("`object.__init_subclass__`", location)
    stated = _STATED.search(full)
    return int(stated[1]) if stated else External(full)


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
    if isinstance(result, Instance) and isinstance(result.origin, External) and result.origin.name in FIELDS:
        return _field_default(self, result, name, location)
    return result


def _missing_attribute(
    self: Interpreter, value: Instance, cls: ClassValue, name: str, settings: bool, location: Location
) -> Value:
    for entry in cls.lineage():
        if name in entry.annotations and (settings or cls.inherits(*MODELS) or not cls.externals() or cls.unknown_bases()):
            what = f"the setting `{name}`, which has no default" if settings else f"`{name}`, which has no default"
            return Unknown(what, location)
    getter = cls.find("__getattr__")
    if getter and isinstance(getter[1], FunctionValue):
        return self.call(getter[1], (Argument(None, value, location), Argument(None, name, location)), location)
    if cls.externals() and not cls.unknown_bases():
        return Method(value, name)
    return Unknown(f"`{name}`, which `{cls.name}` does not define", location)


def _field_default(self: Interpreter, field: Instance, name: str, location: Location) -> Value:
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
            found = entry.names[name]
            if isinstance(found, FunctionValue) and found.kind == "class property":
                return self.call(found, (Argument(None, start or receiver, found.location),), found.location)
            return BoundMethod(receiver, found) if isinstance(found, FunctionValue) and found.kind != "static" else found
    return Method(value, name)


# Annotations

_LITERALS = ("typing.Literal",)
_ANNOTATED = ("typing.Annotated",)


def annotation(self: Interpreter, node: Node, scope: Scope) -> Value:
    """The type a node means where a type is expected: quoted names are read, `X | None` is a union."""
    kind = node[0]
    if kind == "const":
        return _quoted(self, node, scope) if isinstance(node[3], str) else node[3]
    if kind == "binop" and node[3] == "|":
        parts = (annotation(self, node[4], scope), annotation(self, node[5], scope))
        return union(parts, self.location(node, scope))
    if kind == "subscript":
        return _annotation_subscript(self, node, scope)
    if kind == "list":
        return [annotation(self, item, scope) for item in node[3]]
    if kind == "tuple":
        return tuple(annotation(self, item, scope) for item in node[3])
    value = evaluate(self, node, scope)
    if isinstance(value, str) and kind in ("name", "attr"):
        return _parse_quoted(self, value, node, scope)
    return value


def _quoted(self: Interpreter, node: Node, scope: Scope) -> Value:
    return _parse_quoted(self, node[3], node, scope)


def _parse_quoted(self: Interpreter, text: str, node: Node, scope: Scope) -> Value:
    expression = parse_expression(text)
    if expression is None:
        return Unknown("a quoted annotation that is no type", self.location(node, scope))
    lowered = lower_expression(expression, node[1], node[2])
    if lowered[0] == "const" and isinstance(lowered[3], str):
        return Unknown("a quoted annotation that is no type", self.location(node, scope))
    return annotation(self, lowered, scope)


def _annotation_subscript(self: Interpreter, node: Node, scope: Scope) -> Value:
    origin = annotation(self, node[3], scope)
    location = self.location(node, scope)
    index = node[4]
    nodes = index[3] if index[0] == "tuple" else (index,)
    if isinstance(origin, External):
        if origin.name in _LITERALS:
            return Specialized(origin, tuple(evaluate(self, part, scope) for part in nodes), location)
        if origin.name in _ANNOTATED:
            rest = tuple(evaluate(self, part, scope) for part in nodes[1:])
            return Specialized(origin, (annotation(self, nodes[0], scope), *rest), location)
        if origin.name == "typing.Optional":
            return union((annotation(self, nodes[0], scope), None), location)
        if origin.name == "typing.Union":
            return union(tuple(annotation(self, part, scope) for part in nodes), location)
    if isinstance(origin, External | ClassValue | Specialized | TypeVariable):
        return Specialized(origin, tuple(annotation(self, part, scope) for part in nodes), location)
    if isinstance(origin, Unknown):
        return origin
    return evaluate(self, node, scope)


def annotation_of(self: Interpreter, value: Annotation) -> Value:
    return annotation(self, value.node, value.scope)


_EXPRESSIONS: dict[str, Any] = {
    "const": lambda self, node, scope: node[3],
    "name": _name, "attr": _attribute, "call": _call, "list": _list, "tuple": _tuple, "set": _set, "dict": _dict,
    "star": lambda self, node, scope: evaluate(self, node[3], scope),
    "binop": _binop, "unary": _unary, "bool": _bool, "compare": _compare, "if": _conditional, "fstring": _fstring,
    "subscript": _subscript, "slice": _slice, "lambda": _lambda, "comp": _comprehension,
    "await": lambda self, node, scope: evaluate(self, node[3], scope),
    "walrus": _walrus,
    "yield": _yield,
    "opaque": lambda self, node, scope: Unknown(f"an expression ({node[3]})", self.location(node, scope)),
    "format": lambda self, node, scope: evaluate(self, node[3], scope),
}  # fmt: skip

"""Python's own functions and the few of the standard library that decide names, paths and lists.

Each takes the interpreter, the arguments and the place of the call, and gives a value. Nothing here reads the
environment, the clock or a file: such answers are `Unknown`, or the default that the code itself gives.
Long because it is a table: one short function for each of Python\'s own.
"""

from __future__ import annotations

import os.path
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lsp_server.python import discoveries, patterns
from lsp_server.python.attributes import attribute, mangled
from lsp_server.python.calls import call_value
from lsp_server.python.definitions import make_class
from lsp_server.python.judge import LONGEST, hashable, items_of, plain, text_of, truth
from lsp_server.python.operators import binary
from lsp_server.python.values import (
    NATIVE,
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
    Place,
    TypeVariable,
    Unset,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

Function = Callable[["Interpreter", tuple[Argument, ...], Location], Value]


def values_of(arguments: tuple[Argument, ...]) -> list[Value]:
    return [argument.value for argument in arguments if argument.name is None and not argument.star]


def _named(arguments: tuple[Argument, ...], name: str, default: Value = None) -> Value:
    return next((argument.value for argument in arguments if argument.name == name), default)


def _list(kind: type) -> Function:
    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given = values_of(arguments)
        if not given:
            return kind()
        items = items_of(given[0])
        if items is None or (kind in (set, frozenset) and not all(hashable(item) for item in items)):
            return Unknown(given[0].what if isinstance(given[0], Unknown) else f"a {kind.__name__} made at run time", location)
        return kind(items)

    return make


def _dict(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    result: dict[Value, Value] = {}
    if any(argument.star for argument in arguments):
        return Unknown("a dictionary made at run time", location)
    if given:
        if isinstance(given[0], dict):
            result.update(given[0])
        else:
            pairs = items_of(given[0])
            if pairs is None or not all(isinstance(pair, tuple | list) and len(pair) == 2 and hashable(pair[0]) for pair in pairs):
                return Unknown("a dictionary made at run time", location)
            result.update({pair[0]: pair[1] for pair in pairs})
    result.update({argument.name: argument.value for argument in arguments if argument.name is not None})
    return result


def _defaulting(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    content = _dict(self, tuple(argument for argument in arguments if argument.name is not None) + arguments[1:2], location)
    if not isinstance(content, dict):
        return content
    result = Defaulting(content)
    result.factory = arguments[0].value if arguments and arguments[0].name is None else None
    return result


def _str(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if not given:
        return ""
    text = text_of(given[0])
    if text is not None:
        return text
    if isinstance(given[0], Place):
        return given[0]
    if isinstance(given[0], Instance):
        origin = given[0].origin
        if isinstance(origin, ClassValue) and (found := origin.find("__str__")) and isinstance(found[1], FunctionValue):
            return self.call(found[1], (Argument(None, given[0], location),), location)
    return Unknown(given[0].what if isinstance(given[0], Unknown) else "a text made at run time", location)


def _number(kind: type) -> Function:
    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given = values_of(arguments)
        if len(given) == 1 and isinstance(given[0], str | int | float) and len(str(given[0])) < 100:
            try:
                return kind(given[0])
            except (ValueError, OverflowError):
                pass
        return kind() if not given else Unknown("a number made at run time", location)

    return make


def _bool(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    known = truth(given[0]) if given else False
    return known if known is not None else Unknown("a condition that the text does not decide", location)


def _len(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    items = items_of(values_of(arguments)[0]) if values_of(arguments) else None
    return len(items) if items is not None else Unknown("the length of a value that is not known", location)


def pure(function: Callable[..., object]) -> Function:
    """A function of constants, applied when all arguments are known constants."""

    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given = values_of(arguments)
        named = {argument.name: argument.value for argument in arguments if argument.name is not None}
        if all(plain(value) for value in (*given, *named.values())) and not any(argument.star for argument in arguments):
            try:
                result = function(*given, **named)
            except (TypeError, ValueError, ArithmeticError, IndexError, KeyError):
                return Unknown("a call that would fail", location)
            return list(result) if isinstance(result, zip | map | filter | enumerate | reversed) else result
        return Unknown("the result of a call on values that are not known", location)

    return make


def _structural(function: Callable[..., list[Value]]) -> Function:
    """A function of containers that does not look at the items."""

    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given = [items_of(value) for value in values_of(arguments)]
        if any(items is None for items in given) or any(argument.star for argument in arguments):
            return Unknown("a loop over values that are not known", location)
        return function(*given)

    return make


def _enumerate(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    items = items_of(given[0]) if given else None
    start = _named(arguments, "start", given[1] if len(given) > 1 else 0)
    if items is None or not isinstance(start, int):
        return Unknown("a loop over values that are not known", location)
    return [(start + index, item) for index, item in enumerate(items)]


def _range(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if given and all(isinstance(value, int) for value in given):
        try:
            numbers = range(*given[:3])
        except ValueError:
            return Unknown("a range that would fail", location)
        if len(numbers) <= LONGEST:
            return numbers
    return Unknown("a range that is not known", location)


def _sorted(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    items = items_of(given[0]) if given else None
    key = _named(arguments, "key")
    if items is not None:
        keys = items if key is None else [call_value(self, key, (Argument(None, item, location),), location) for item in items]
        if plain(keys):
            try:
                order = sorted(range(len(items)), key=keys.__getitem__, reverse=_named(arguments, "reverse", False) is True)
                return [items[index] for index in order]
            except TypeError:
                pass
        elif all(isinstance(item, External) or plain(item) for item in keys):
            return list(items)  # Keys of another package: the items are known, their order is not.
    return Unknown("a sorted list that is not known", location)


def _map(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    items = items_of(given[1]) if len(given) == 2 else None
    if items is None:
        return Unknown("a map over values that are not known", location)
    return [call_value(self, given[0], (Argument(None, item, location),), location) for item in items]


def _getattr(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) >= 2 and isinstance(given[1], str):
        if len(given) > 2 and isinstance(given[0], External) and _is_absent(self, given[0].name, location.path):
            self.touched_settings = True
            return given[2]
        value = attribute(self, given[0], given[1], location)
        return given[2] if isinstance(value, Unknown) and len(given) > 2 and not isinstance(given[0], Unknown) else value
    return Unknown("an attribute looked up at run time", location)


def _is_absent(self: Interpreter, name: str, importer: str) -> bool:
    """Whether a name is a module's in a package of the workspace that does not hold it: a file each installation adds."""
    package = name.rpartition(".")[0]
    return bool(package) and self.program.is_ours(name, importer) and self.program.find(name, importer) is None


def _setattr(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) == 3 and isinstance(given[1], str):
        if isinstance(given[0], Instance):
            given[0].attributes[given[1]] = given[2]
        elif isinstance(given[0], ClassValue):
            given[0].names[given[1]] = given[2]
    return None


def _hasattr(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) != 2 or not isinstance(given[1], str):
        return Unknown("whether a value has an attribute", location)
    if isinstance(given[0], ModuleValue) and given[1] in discoveries.names_in(self, given[0]):
        return True
    if isinstance(given[0], ModuleValue) and discoveries.surely_lacks(self, given[0].path, given[1]):
        return False
    if isinstance(given[0], ClassValue):
        if given[0].find(given[1]):
            return True
        if not given[0].externals() and not given[0].unknown_bases():
            return False
    if len(given) == 2 and isinstance(given[1], str) and isinstance(given[0], Instance):
        origin = given[0].origin
        if given[1] in given[0].attributes or (isinstance(origin, ClassValue) and origin.find(given[1])):
            return True
        if isinstance(origin, ClassValue) and not origin.externals() and not origin.unknown_bases() and not origin.find("__getattr__"):
            return False
    return Unknown("whether a value has an attribute", location)


def _callable(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if given and isinstance(given[0], FunctionValue | ClassValue):
        return True
    if given and isinstance(given[0], NATIVE):
        return False
    return Unknown("whether a value can be called", location)


def _dir(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """The names of a module; those the workspace binds on a class, private ones as Python spells them (`_Owner__name`)."""
    given = values_of(arguments)
    if len(given) == 1 and isinstance(given[0], ModuleValue):
        return sorted(discoveries.names_in(self, given[0]))
    if len(given) == 1 and isinstance(given[0], ClassValue) and not given[0].unknown_bases():
        return sorted({mangled(entry, name) for entry in given[0].lineage() for name in entry.names})
    return Unknown("the names of an object", location)


_NATIVE_TYPES: dict[str, type | tuple[type, ...]] = {
    "builtins.str": str, "builtins.int": int, "builtins.float": float, "builtins.bool": bool, "builtins.list": list,
    "builtins.dict": dict, "builtins.tuple": tuple, "builtins.set": set, "builtins.bytes": bytes,
}  # fmt: skip


def _isinstance(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) == 2:
        kinds = list(given[1]) if isinstance(given[1], tuple) else [given[1]]
        answers = [_is_a(given[0], kind) for kind in kinds]
        if True in answers:
            return True
        if None not in answers:
            return False
    return Unknown("the type of a value", location)


def _is_plain_class(word: str) -> bool:
    """Whether a name looks like a class (`CheckConstraint`) that is not one of Python's containers or texts extended."""
    if not word[:1].isupper() or word.isupper():
        return False
    return not any(part in word for part in ("Dict", "List", "Tuple", "Set", "Str", "Text", "Map", "Int", "Float", "Bytes"))


_NO_OBJECTS_OF_LIBRARIES = (FunctionValue, BoundMethod, ModuleValue, Place, *NATIVE)


def _is_library_class(kind: External) -> bool:
    """Whether a name is surely a class of a package that is not Python's own: no function, module or constant is one of its objects."""
    top, last = kind.name.partition(".")[0], kind.name.rpartition(".")[2]
    return top not in sys.stdlib_module_names and last[:1].isupper() and not last.isupper()


def _same_class(left: str, right: str) -> bool:
    """`flask.Blueprint` and `flask.blueprints.Blueprint`: one class under the names of two modules of its package."""
    return left.rpartition(".")[2] == right.rpartition(".")[2] and left.partition(".")[0] == right.partition(".")[0]


_SORTS: dict[str, type] = {"types.FunctionType": FunctionValue, "types.LambdaType": FunctionValue, "builtins.type": ClassValue}


def _is_a(value: Value, kind: Value) -> bool | None:
    if isinstance(kind, External) and isinstance(value, _NO_OBJECTS_OF_LIBRARIES) and _is_library_class(kind):
        return False
    if isinstance(value, Unknown) or isinstance(kind, Unknown):
        return None
    if isinstance(kind, External) and kind.name in _SORTS and isinstance(value, FunctionValue | ClassValue):
        return isinstance(value, _SORTS[kind.name])
    if isinstance(kind, External):
        if isinstance(value, External) and _is_library_class(value) and _is_library_class(kind) and "Meta" not in kind.name:
            return False  # a class, and `kind` is not the class of classes
        native = _NATIVE_TYPES.get(kind.name)
        if native is not None and isinstance(value, NATIVE):
            return isinstance(value, native)
        if isinstance(value, Instance):
            if isinstance(value.origin, External | Method):
                name = value.origin.name
                if name == kind.name or (isinstance(value.origin, External) and _same_class(name, kind.name)):
                    return True
                return False if native is not None and _is_plain_class(name.rpartition(".")[2]) else None
            if isinstance(value.origin, ClassValue):
                return True if value.origin.inherits(kind.name) else None
        return None
    if isinstance(kind, ClassValue):
        if isinstance(value, Instance) and isinstance(value.origin, ClassValue):
            return kind in value.origin.mro()
        if isinstance(value, EnumMember):
            return kind in value.cls.mro()
        return False if isinstance(value, NATIVE) else None
    return None


def _issubclass(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) == 2 and isinstance(given[0], ClassValue):
        if isinstance(given[1], ClassValue):
            return given[1] in given[0].mro()
        if isinstance(given[1], External) and given[0].inherits(given[1].name):
            return True
    return Unknown("the bases of a class", location)


def _type(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) == 1 and isinstance(given[0], Instance):
        return given[0].origin
    if len(given) == 1 and isinstance(given[0], NATIVE):
        return External(f"builtins.{type(given[0]).__name__}")
    if len(given) == 1 and isinstance(given[0], ClassValue | FunctionValue):
        return External("builtins.type" if isinstance(given[0], ClassValue) else "builtins.function")
    if len(given) == 3 and len(arguments) == 3:
        name, bases, names = given
        if isinstance(name, str) and isinstance(bases, tuple) and isinstance(names, dict) and all(isinstance(key, str) for key in names):
            return make_class(self, name, bases, names, location)
    return self.emit(External("builtins.type"), arguments, location)


def _first(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    return given[0] if given else Unknown("a call without arguments", location)


def _second(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    return given[1] if len(given) > 1 else _named(arguments, "val", Unknown("a cast", location))


def _environment(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    self.touched_settings = True
    given = values_of(arguments)
    if len(given) > 1:
        return given[1]
    default = _named(arguments, "default")
    name = given[0] if given and isinstance(given[0], str) else "?"
    return default if default is not None else Unset(f"the environment variable {name}", location)


def _environment_items(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """Programs look through the environment for settings of theirs: nobody has set any."""
    self.touched_settings = True
    return []


def _type_variable(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    return TypeVariable(given[0] if given and isinstance(given[0], str) else "T")


def _new_type(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    return given[1] if len(given) > 1 else Unknown("a new type", location)


def _type_hints(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """The types that a function's or class's annotations mean, by name; a result's is called "return"."""
    given = values_of(arguments)
    target = given[0] if given else None
    if isinstance(target, FunctionValue):
        function = target.original()
        hints = {parameter.name: self.annotation(parameter.annotation) for parameter in function.parameters if parameter.annotation}
        if function.returns is not None:
            hints["return"] = self.annotation(function.returns)
        return hints
    if isinstance(target, ClassValue) and not target.externals() and not target.unknown_bases():
        return {
            name: self.annotation(annotation)
            for entry in reversed(list(target.lineage()))
            for name, annotation in entry.annotations.items()
        }
    return Unknown("the annotations of a value that is not known", location)


def _decorator(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """`@lru_cache` and `@lru_cache(maxsize=None)`: the function itself."""
    given = values_of(arguments)
    if given and isinstance(given[0], FunctionValue | ClassValue):
        return given[0]
    return Instance(External("functools.lru_cache"), arguments, location)


def _path_join(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if all(isinstance(value, str) for value in given) and given and len(given) == len(arguments):
        return os.path.join(*given)
    return Unknown("a path put together at run time", location)


def _split_url(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    if len(given) != 1 or len(arguments) != 1 or not isinstance(given[0], str):
        return Unknown("the parts of a URL that is not known", location)
    try:
        parts = urlsplit(given[0])
    except ValueError:
        return Unknown("a call that would fail", location)
    return Instance(External("urllib.parse.SplitResult"), arguments, location, dict(parts._asdict()))


def _next(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = values_of(arguments)
    items = items_of(given[0]) if given else None
    if items:
        return items[0]
    return given[1] if items is not None and len(given) > 1 else Unknown("the next item", location)


def _any(wanted: bool) -> Function:
    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        items = items_of(values_of(arguments)[0]) if values_of(arguments) else None
        known = [truth(item) for item in items] if items is not None else [None]
        if wanted in known:
            return wanted
        return Unknown("a condition that the text does not decide", location) if None in known else not wanted

    return make


def _chain(*groups: list[Value]) -> list[Value]:
    return [item for group in groups for item in group]


def _from_iterable(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    groups = items_of(values_of(arguments)[0]) if values_of(arguments) else None
    items = [items_of(group) for group in groups] if groups is not None else [None]
    if any(item is None for item in items):
        return Unknown("a loop over values that are not known", location)
    return [item for group in items for item in group or ()]


def _reduce(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """`reduce(function, items)` and `reduce(function, items, first)`."""
    given = values_of(arguments)
    items = items_of(given[1]) if len(given) > 1 else None
    if items is None or len(items) > LONGEST or not [*given[2:], *items]:
        return Unknown("a value put together from values that are not known", location)
    result, *rest = [*given[2:3], *items]
    for item in rest:
        result = call_value(self, given[0], (Argument(None, result, location), Argument(None, item, location)), location)
    return result


def _operator(sign: str) -> Function:
    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given = values_of(arguments)
        if len(given) != 2:
            return Unknown("an operation on values that are not known", location)
        return binary(self, sign, given[0], given[1], location)

    return make


def _nothing(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    return None


FUNCTIONS: dict[str, Function] = {
    "builtins.str": _str, "builtins.int": _number(int), "builtins.float": _number(float), "builtins.bool": _bool,
    "builtins.list": _list(list), "builtins.tuple": _list(tuple), "builtins.set": _list(set),
    "builtins.frozenset": _list(frozenset), "builtins.dict": _dict, "builtins.len": _len, "builtins.sorted": _sorted,
    "builtins.zip": _structural(lambda *groups: list(zip(*groups))), "builtins.reversed": _structural(lambda items: items[::-1]),
    "builtins.iter": _structural(lambda items: items), "builtins.enumerate": _enumerate, "builtins.range": _range,
    "builtins.map": _map, "builtins.getattr": _getattr, "builtins.setattr": _setattr, "builtins.object.__setattr__": _setattr, "builtins.hasattr": _hasattr,
    "builtins.dir": _dir, "builtins.callable": _callable, "builtins.isinstance": _isinstance, "builtins.issubclass": _issubclass, "builtins.type": _type, "builtins.next": _next,
    "builtins.any": _any(True), "builtins.all": _any(False), "builtins.min": pure(min), "builtins.max": pure(max),
    "builtins.sum": pure(sum), "builtins.abs": pure(abs), "builtins.repr": pure(repr), "builtins.print": _nothing,
    "itertools.chain": _structural(_chain), "itertools.chain.from_iterable": _from_iterable,
    "werkzeug.datastructures.ImmutableDict": _dict, "types.MappingProxyType": _dict,
    "collections.defaultdict": _defaulting, "collections.OrderedDict": _dict,
    "typing.cast": _second, "typing.TypeVar": _type_variable, "typing.NewType": _new_type,
    "typing.ParamSpec": _type_variable, "typing.TypeVarTuple": _type_variable,
    "os.getenv": _environment, "os.environ.get": _environment, "os.environ.items": _environment_items, "os.path.join": _path_join,
    "re.escape": pure(re.escape), "functools.reduce": _reduce, "operator.add": _operator("+"), "operator.concat": _operator("+"),
    "operator.iadd": _operator("+"), "operator.or_": _operator("|"),
    "functools.lru_cache": _decorator, "functools.cache": _decorator,
    "urllib.parse.urlparse": _split_url, "urllib.parse.urlsplit": _split_url, "asyncio.run": _first,
    **patterns.FUNCTIONS,
    **discoveries.FUNCTIONS,
    "typing.get_type_hints": _type_hints,
    "copy.copy": _first, "copy.deepcopy": _first, "inspect.cleandoc": _first, "textwrap.dedent": _first,
}  # fmt: skip

# Calls that matter to nobody: no event is written down for them.
QUIET = frozenset({"re.compile", "logging.getLogger", "structlog.get_logger", "enum.auto", "builtins.object", "functools.wraps",
                   "functools.partial", "dataclasses.field", "datetime.timedelta", "builtins.slice"})  # fmt: skip

"""Regular expressions on known texts: names such as `re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()`.

Patterns come from the user's text, so work is bounded: short texts, short patterns, no repeated repetition.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsp_server.python.values import Argument, External, FunctionValue, Instance, Value, find_argument
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

_LONGEST = 200  # characters of a pattern and of a text
_REPEATED = re.compile(r"[+*}]\s*\)[+*{]")
_FLAGS = {"I": re.I, "IGNORECASE": re.I, "A": re.A, "ASCII": re.A, "X": re.X, "VERBOSE": re.X, "M": re.M, "MULTILINE": re.M,
          "S": re.S, "DOTALL": re.S, "U": re.U, "UNICODE": re.U}  # fmt: skip
METHODS = ("sub", "split", "findall", "match", "fullmatch", "search")


def _compiled(value: Value, flags: Argument | None = None) -> re.Pattern[str] | None:
    if isinstance(value, Instance) and isinstance(value.origin, External) and value.origin.name == "re.compile":
        given = value.argument("pattern", 0)
        return _compiled(given.value if given else None, value.argument("flags", 1))
    if not isinstance(value, str) or len(value) > _LONGEST or _REPEATED.search(value):
        return None
    options = 0
    if flags is not None:
        name = flags.value.name.removeprefix("re.") if isinstance(flags.value, External) else ""
        if name not in _FLAGS:
            return None
        options = _FLAGS[name]
    try:
        return re.compile(value, options)
    except (re.error, OverflowError, RecursionError):
        return None


def _function(name: str, position: int) -> Callable[[Interpreter, tuple[Argument, ...], Location], Value]:
    """`re.<name>(pattern, …)`; the text stands at `position`."""

    def make(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
        given, text = find_argument(arguments, "pattern", 0), find_argument(arguments, "string", position)
        pattern = _compiled(given.value, find_argument(arguments, "flags")) if given else None
        unknown = Unknown("a text matched at run time", location)
        if pattern is None or text is None or not isinstance(text.value, str) or len(text.value) > _LONGEST:
            return unknown
        if name == "sub":
            return _substitute(self, pattern, find_argument(arguments, "repl", 1), text.value, location)
        result = getattr(pattern, name)(text.value)
        return _match(result, location) if isinstance(result, re.Match) else result

    return make


def _substitute(self: Interpreter, pattern: re.Pattern[str], replacement: Argument | None, text: str, location: Location) -> Value:
    from lsp_server.python.calls import call_value

    unknown = Unknown("a text put together at run time", location)
    if replacement is None:
        return unknown
    if isinstance(replacement.value, str):
        try:
            return pattern.sub(replacement.value, text)
        except (re.error, IndexError):
            return unknown
    if not isinstance(replacement.value, FunctionValue):
        return unknown
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        part = call_value(self, replacement.value, (Argument(None, _match(match, location), location),), location)
        if not isinstance(part, str):
            return unknown
        parts += [text[end : match.start()], part]
        end = match.end()
    return "".join([*parts, text[end:]])


def _match(match: re.Match[str], location: Location) -> Instance:
    return Instance(External("re.Match"), (), location, {"groups": (match.group(), *match.groups()), "string": match.string})


def call_method(
    self: Interpreter, receiver: Instance, name: str, arguments: tuple[Argument, ...], location: Location
) -> Value | None:
    """A method of a compiled pattern or of a match; None where it is neither."""
    origin = receiver.origin.name if isinstance(receiver.origin, External) else None
    if origin == "re.compile" and name in METHODS:
        return FUNCTIONS[f"re.{name}"](self, (Argument(None, receiver, location), *arguments), location)
    if origin == "re.Match" and name == "group" and all(isinstance(argument.value, int) for argument in arguments):
        groups = receiver.attributes["groups"]
        numbers = [argument.value for argument in arguments] or [0]
        if len(numbers) == 1 and numbers[0] < len(groups):
            return groups[numbers[0]] if groups[numbers[0]] is not None else Unknown("a group that did not match", location)
    return None


FUNCTIONS = {f"re.{name}": _function(name, 2 if name == "sub" else 1) for name in METHODS}

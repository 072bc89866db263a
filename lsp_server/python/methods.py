"""Methods of constants and containers. Lists and dictionaries change in place, as they would."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from lsp_server.python.judge import LONGEST, hashable, items_of, plain, text_of
from lsp_server.python.standard import pure, values_of
from lsp_server.python.values import (
    Argument,
    UnknownText,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

_PURE_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(name for name in dir(str) if not name.startswith("_")) - {"ljust", "rjust", "center", "zfill", "expandtabs", "encode"},
    int: frozenset(), float: frozenset(), bytes: frozenset({"decode"}),
}  # fmt: skip


def call_method(
    self: Interpreter, receiver: Value, name: str, arguments: tuple[Argument, ...], location: Location
) -> Value:
    """A method of a constant or container. Lists and dictionaries change in place, as they would."""
    given = values_of(arguments)
    if name in ("__getitem__", "__setitem__") and given and isinstance(receiver, list | dict):
        return _index(self, receiver, given, location)
    if isinstance(receiver, list):
        return _list_method(receiver, name, given, location)
    if isinstance(receiver, dict):
        return _dict_method(receiver, name, given, arguments, location)
    if isinstance(receiver, set):
        return _set_method(receiver, name, given, location)
    if isinstance(receiver, tuple) and name in ("index", "count") and plain(receiver) and len(given) == 1:
        return pure(lambda value: getattr(receiver, name)(value))(self, arguments, location)
    if isinstance(receiver, str):
        return _str_method(self, receiver, name, given, arguments, location)
    return Unknown(f"the result of `{name}`", location)


def _is_formatted(text: str) -> bool:
    """Whether a template wants more than texts in their places (`{:03d}`, `{!r}`, `{0.name}`)."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return True
    return any(spec or conversion or "." in (name or "") or "[" in (name or "") for _, name, spec, conversion in fields)


def _index(self: Interpreter, receiver: list[Value] | dict[Value, Value], given: list[Value], location: Location) -> Value:
    """`__getitem__` and `__setitem__` called by name, as a class derived from a container does of its base."""
    from lsp_server.python.expressions import item

    if len(given) == 1:
        return item(self, receiver, given[0], location)
    if isinstance(receiver, dict) and hashable(given[0]):
        receiver[given[0]] = given[1]
    return None


def _str_method(
    self: Interpreter, receiver: str, name: str, given: list[Value], arguments: tuple[Argument, ...], location: Location
) -> Value:
    if name == "join" and len(given) == 1:
        items = items_of(given[0])
        texts = [text_of(item) for item in items] if items is not None else [None]
        if None not in texts:
            return receiver.join(text for text in texts if text is not None)
        return Unknown("a text put together at run time", location)
    if name == "format":
        texts_by_position = [text_of(value) for value in given]
        by_name = {argument.name: text_of(argument.value) for argument in arguments if argument.name is not None}
        missing = [key for key, text in by_name.items() if text is None and f"{{{key}" in receiver]
        if None in texts_by_position or missing or _is_formatted(receiver):
            return UnknownText("a text put together at run time", location, beginning=receiver.partition("{")[0])
        known = tuple(argument for argument in arguments if argument.name is None or by_name[argument.name] is not None)
        return pure(receiver.format)(self, known, location)
    if name in _PURE_METHODS[str] and sum(len(value) for value in given if isinstance(value, str)) < LONGEST:
        return pure(getattr(receiver, name))(self, arguments, location)
    return Unknown(f"the result of `{name}`", location)


def _list_method(receiver: list[Value], name: str, given: list[Value], location: Location) -> Value:
    if name == "append" and given and len(receiver) < LONGEST:
        receiver.append(given[0])
        return None
    if name == "extend" and given:
        items = items_of(given[0])
        if items is not None and len(receiver) + len(items) < LONGEST:
            receiver.extend(items)
        else:
            receiver.append(Unknown("items added at run time", location))
        return None
    if name == "insert" and len(given) == 2 and isinstance(given[0], int):
        receiver.insert(given[0], given[1])
        return None
    if name == "copy":
        return list(receiver)
    if name == "pop" and receiver:
        index = given[0] if given and isinstance(given[0], int) else -1
        return (
            receiver.pop(index)
            if -len(receiver) <= index < len(receiver)
            else Unknown("an item that is not there", location)
        )
    if name == "reverse":
        receiver.reverse()
        return None
    if name in ("sort", "clear", "remove"):
        if name == "clear":
            receiver.clear()
        elif name == "remove" and given:
            receiver[:] = [
                item
                for item in receiver
                if item is not given[0] and not (plain(item) and plain(given[0]) and item == given[0])
            ]
        return None
    return Unknown(f"the result of `{name}`", location)


def _dict_method(
    receiver: dict[Value, Value], name: str, given: list[Value], arguments: tuple[Argument, ...], location: Location
) -> Value:
    if name == "items":
        return list(receiver.items())
    if name == "keys":
        return list(receiver.keys())
    if name == "values":
        return list(receiver.values())
    if name == "copy":
        return dict(receiver)
    if name in ("get", "pop", "setdefault") and given and hashable(given[0]):
        default = given[1] if len(given) > 1 else None
        if given[0] not in receiver:
            if name == "setdefault":
                receiver[given[0]] = default
            return default
        return receiver.pop(given[0]) if name == "pop" else receiver[given[0]]
    if name == "update":
        if given and isinstance(given[0], dict):
            receiver.update(given[0])
        receiver.update({argument.name: argument.value for argument in arguments if argument.name is not None})
        return None
    return Unknown(f"the result of `{name}`", location)


def _set_method(receiver: set[Value], name: str, given: list[Value], location: Location) -> Value:
    if name == "add" and given and hashable(given[0]):
        receiver.add(given[0])
        return None
    if name in ("update", "union") and all(items_of(value) is not None for value in given):
        extra = {item for value in given for item in items_of(value) or () if hashable(item)}
        if name == "update":
            receiver.update(extra)
            return None
        return receiver | extra
    if name == "discard" and given and hashable(given[0]):
        receiver.discard(given[0])
        return None
    return Unknown(f"the result of `{name}`", location)

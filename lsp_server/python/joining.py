"""One value for several possible ones: what branches that the text does not decide leave behind."""

from __future__ import annotations

import os

from lsp_server.python.execution import LOOP, Imported
from lsp_server.python.judge import plain
from lsp_server.python.values import (
    NATIVE,
    Certainty,
    ClassValue,
    External,
    Instance,
    ModuleValue,
    UnknownItems,
    UnknownText,
    Value,
)
from lsp_server.unknown import Unknown


class Contents:
    """What the lists and dictionaries of a scope hold, so that a branch's changes to them are not taken for certain."""

    def __init__(self, names: dict[str, Value]) -> None:
        objects = (value for value in names.values() if isinstance(value, Instance) and isinstance(value.origin, ClassValue))
        within = (part for value in objects for part in value.attributes.values())
        self.held = [value for value in names.values() if isinstance(value, list | dict) and len(value) < LOOP]
        self.named = len(self.held)  # those after them are parts of objects
        self.held += [value for value in within if isinstance(value, list | dict) and len(value) < LOOP]
        self.before = [_copy(value) for value in self.held]
        self.outcomes: list[list[list[Value] | dict[Value, Value]]] = []

    def restore(self) -> None:
        for value, content in zip(self.held, self.before):
            _refill(value, content)

    def restore_changed(self) -> None:
        """Take back what was changed or removed; what is new stays, except in the parts of objects, which others go through."""
        for index, (value, content) in enumerate(zip(self.held, self.before)):
            if isinstance(value, dict) and isinstance(content, dict):
                value.update(content)
            elif isinstance(value, list):
                value[: len(content) if index < self.named else len(value)] = content

    def note(self) -> None:
        self.outcomes.append([_copy(value) for value in self.held])

    def join(self, condition: Unknown) -> None:
        """What all branches agree on; an unknown item or entry where they do not."""
        self.restore()
        for index, value in enumerate(self.held):
            results = [outcome[index] for outcome in self.outcomes]
            if results and isinstance(value, list):
                _refill(value, _join_lists([list(result) for result in results], condition))
            elif results and isinstance(value, dict):
                _refill(value, _join_entries([dict(result) for result in results], condition))


def _join_lists(results: list[list[Value]], condition: Unknown) -> list[Value]:
    first = results[0]
    if all(len(result) == len(first) and all(map(same_value, first, result)) for result in results[1:]):
        return first
    agreed: list[Value] = []
    for items in zip(*results):
        if not all(same_value(items[0], item) for item in items[1:]):
            break
        agreed.append(items[0])
    possible = tuple({id(item): item for result in results for item in result[len(agreed) :]}.values())
    return [*agreed, UnknownItems(condition.what, condition.location, possible=possible)]


def _join_entries(results: list[dict[Value, Value]], condition: Unknown) -> dict[Value, Value]:
    joined: dict[Value, Value] = {}
    for key in dict.fromkeys(key for result in results for key in result):
        values = [result.get(key, _ABSENT) for result in results]
        same = all(same_value(values[0], value) for value in values[1:])
        joined[key] = values[0] if same else Unknown(condition.what, condition.location)
    return joined


_ABSENT = object()


def _copy(value: list[Value] | dict[Value, Value]) -> list[Value] | dict[Value, Value]:
    return dict(value) if isinstance(value, dict) else list(value)


def _refill(value: list[Value] | dict[Value, Value], content: list[Value] | dict[Value, Value]) -> None:
    if isinstance(value, dict) and isinstance(content, dict):
        value.clear()
        value.update(content)
    elif isinstance(value, list):
        value[:] = content


RANK = {Certainty.CERTAIN: 0, Certainty.CONFIGURED: 1, Certainty.DORMANT: 2, Certainty.CONDITIONAL: 3}


def same_value(left: Value, right: Value) -> bool:
    """Whether two values are the same thing or equal constants."""
    if left is right:
        return True
    if isinstance(left, External) and isinstance(right, External):
        return left.name == right.name
    if isinstance(left, ModuleValue) and isinstance(right, ModuleValue):
        return left.path == right.path
    if isinstance(left, Imported) and isinstance(right, Imported):
        return (left.path, left.member) == (right.path, right.member)
    if isinstance(left, NATIVE) and type(left) is type(right):
        return plain(left) and plain(right) and left == right
    return False


def join_values(values: list[Value], condition: Unknown) -> Value:
    """One value for several possible ones: themselves where they agree, the object where the others are None."""
    first = values[0]
    if all(same_value(first, value) for value in values[1:]):
        return first
    if all(isinstance(value, UnknownText | str) for value in values):
        return joined_text(values, condition)
    if (agreed := _agreed(values, condition)) is not None:
        return agreed
    objects = [value for value in values if value is not None and not isinstance(value, Unknown)]
    if objects and all(same_value(objects[0], value) for value in objects[1:]) and not isinstance(objects[0], NATIVE):
        return objects[0]
    return Unknown(condition.what, condition.location)


def _agreed(values: list[Value], condition: Unknown) -> list[Value] | None:
    """One of several lists: what they all begin with, then an unknown item; None for other values and without a beginning."""
    if not all(isinstance(value, list) for value in values):
        return None
    joined = _join_lists(values, condition)
    return joined if len(joined) > 1 else None


def joined_text(values: list[Value], condition: Unknown) -> UnknownText:
    """One of several texts: what they all begin with."""
    texts = [value.beginning if isinstance(value, UnknownText) else value for value in values]
    beginning = os.path.commonprefix(texts)  # noqa: RUF071 - letters, not folders
    return UnknownText(condition.what, condition.location, beginning=beginning)


def join_names(before: dict[str, Value], outcomes: list[dict[str, Value]], condition: Unknown) -> dict[str, Value]:
    if not outcomes:
        return before
    joined: dict[str, Value] = {}
    for outcome in outcomes:
        for name, value in outcome.items():
            if name not in joined:
                joined[name] = value
            elif not same_value(joined[name], value):
                joined[name] = _join_pair(joined[name], value, name, condition)
    return joined


def _join_pair(left: Value, right: Value, name: str, condition: Unknown) -> Value:
    if isinstance(left, UnknownText | str) and isinstance(right, UnknownText | str):
        return joined_text([left, right], Unknown(f"`{name}`, which depends on a condition", condition.location))
    agreed = _agreed([left, right], Unknown(f"`{name}`, which depends on a condition", condition.location))
    if agreed is not None:
        return agreed
    if isinstance(left, NATIVE) or isinstance(right, NATIVE) or isinstance(left, Unknown):
        return Unknown(f"`{name}`, which depends on a condition", condition.location)
    return left

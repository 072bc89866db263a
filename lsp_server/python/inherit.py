"""Which executions of one program still hold for the next, where some files have another text.

An execution is kept when nothing it read, directly or not, has changed; when it did not run in the middle of another one
that it read back (modules that import each other see what the order of running decides) nor under somebody's answers for
the outside world; and when nobody has changed its values since it ended: a registry that other modules fill is filled by
running all of them again. What is kept takes part only once it is asked for, and then brings what it had asked for
itself, in the same order: whoever walks the executions finds them as if all had run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_server.python.values import (
    BoundMethod,
    ClassValue,
    EnumMember,
    External,
    FunctionValue,
    Instance,
    Method,
    Scope,
    Specialized,
    Super,
    Value,
)

if TYPE_CHECKING:
    from lsp_server.python.execution import Execution
    from lsp_server.python.interpret import Interpreter

Marks = list[tuple[Value, Value]]  # containers and what they held


def marks_of(execution: Execution, seen: dict[int, Value]) -> Marks:
    """What the values of a module hold, those aside that `seen` has from modules that ended before. Fills `seen`."""
    marks: Marks = []
    stack: list[Value] = [execution.scope]
    while stack:
        value = stack.pop()
        if isinstance(value, str | int | float | bool | None | bytes) or id(value) in seen:
            continue
        if isinstance(value, tuple | frozenset):
            stack.extend(value)
            continue
        if isinstance(value, list | set | dict):
            seen[id(value)] = value
            marks.append((value, value.copy()))
            stack.extend(value.values() if isinstance(value, dict) else value)
            continue
        inner = _inside(value)
        if inner is not None:
            seen[id(value)] = value
            stack.extend(inner)
            if isinstance(value, FunctionValue):
                marks.append((value, (value.kind, value.wrapped)))
    return marks


def _inside(value: Value) -> list[Value] | None:
    """The values that an object of ours leads to; None for what holds nothing that can change."""
    match value:
        case Scope():
            return [value.names, value.parent]
        case Instance():
            return [value.attributes, value.origin, value.content, *(argument.value for argument in value.arguments)]
        case FunctionValue():
            decorators = [decorator for decorator, _ in value.decorators]
            return [value.attributes, value.scope, value.defaults_scope, value.wrapped, value.owner, *decorators]
        case ClassValue():
            decorators = [decorator for decorator, _ in value.decorators]
            keywords = [argument.value for argument in value.keywords]
            return [value.names, value.annotations, value.bases, value.scope, *decorators, *keywords]
        case BoundMethod():
            return [value.receiver, value.function]
        case Method():
            return [value.receiver]
        case Specialized():
            return [value.origin, *value.arguments]
        case EnumMember():
            return [value.cls, value.value]
        case Super():
            return [value.owner, value.receiver]
    return None


def disturbed(marks: Marks) -> bool:
    """Whether something that was marked holds other things now. Names that were looked up meanwhile are the same names."""
    return any(not _unchanged(value, held) for value, held in marks)


def _unchanged(value: Value, held: Value) -> bool:
    if isinstance(value, FunctionValue):
        return value.kind == held[0] and value.wrapped is held[1]
    if len(value) != len(held):
        return False
    if isinstance(value, dict):
        return all(name in value and (value[name] is before or _resolved(before, value[name])) for name, before in held.items())
    if isinstance(value, list):
        return all(map(_same_object, value, held))
    return bool(value == held)


def _same_object(left: Value, right: Value) -> bool:
    return left is right


def _resolved(before: Value, now: Value) -> bool:
    from lsp_server.python.execution import Imported

    if isinstance(now, EnumMember):  # A member is made of its value when it is first asked for; `auto()` counts then.
        return now.value is before or (isinstance(before, Instance) and _is_auto(before))
    return isinstance(before, Imported)


def _is_auto(value: Instance) -> bool:
    return isinstance(value.origin, External) and value.origin.name == "enum.auto"


def inherited(previous: Interpreter, changed: Iterable[str]) -> dict[str, Execution]:
    """The executions that hold for a program with the same files, some of them changed."""
    for names, name in previous.lent:
        names.pop(name, None)
    previous.lent.clear()
    executions = {**previous.kept, **previous.executions}
    lost = {path for path, execution in executions.items() if execution.state != "done" or execution.entangled
            or execution.marks is None or disturbed(execution.marks)}  # fmt: skip
    lost.update(changed)
    readers: dict[str, list[str]] = {}
    for path, execution in executions.items():
        for read in execution.reads:
            readers.setdefault(read, []).append(path)
    waiting = list(lost)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in lost:
                lost.add(reader)
                waiting.append(reader)
    kept = {path: execution for path, execution in executions.items() if path not in lost}
    for execution in kept.values():
        for scope, name, imported in execution.late:
            scope.names[name] = imported
        execution.late.clear()
    return kept

"""Places of files: `__file__` and what a program makes of it with `os.path` and `pathlib`.

A place is not known as a text, for nobody knows where the workspace lies; it is known inside of the workspace. What
leaves the workspace is unknown. No file is looked at: a place says nothing of what is there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsp_server.python.values import Argument, External, Instance, Method, Place, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

_READING = frozenset(("open", "read_text", "read_bytes"))
_SAME = frozenset(("absolute", "as_posix", "expanduser", "resolve"))


def joined(place: Place, parts: Iterable[Value], location: Location | None = None) -> Value:
    """The place that `/` or `os.path.join` makes of a place and texts; Unknown where it leaves the workspace."""
    texts = list(parts)
    if not all(isinstance(text, str) for text in texts) or any(text.startswith("/") for text in texts):
        return Unknown("a path put together at run time", location)
    return _normal(posixpath.join(place.path, *texts), place, location)


def extended(place: Place, text: str) -> Value:
    """The place that `f"{place}/folder"` and `place + "/folder"` make."""
    return _normal(place.path + text if place.path else text.lstrip("/"), place, None)


def _normal(path: str, place: Place, location: Location | None) -> Value:
    path = posixpath.normpath(path) if path else ""
    if path == ".." or path.startswith("../"):
        return Unknown("a path outside of the workspace", location)
    return Place(place.what, location or place.location, path="" if path == "." else path)


def attribute(place: Place, name: str, location: Location) -> Value:
    """An attribute of a path object."""
    if name == "parent":
        return joined(place, (".." if place.path else "../..",), location)
    if name == "parents":
        above = [posixpath.dirname(place.path)] if place.path else []
        while above and above[-1]:
            above.append(posixpath.dirname(above[-1]))
        return tuple(Place(place.what, location, path=path) for path in above)
    if name in ("name", "stem", "suffix"):
        last = posixpath.basename(place.path)
        stem, suffix = posixpath.splitext(last)
        return {"name": last, "stem": stem, "suffix": suffix}[name] if last else Unknown("the name of a folder", location)
    return Method(place, name)


def call_method(place: Place, name: str, arguments: tuple[Argument, ...], location: Location) -> Value:
    """A method of a path object."""
    given = [argument.value for argument in arguments]
    if name in _SAME:
        return place
    if name == "joinpath":
        return joined(place, given, location)
    if name == "with_name":
        return joined(place, ("..", *given), location)
    if name in _READING:
        return Instance(Method(place, name), arguments, location)
    return Unknown(f"`{name}` of a path", location)


def _path(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    """`os.path.abspath(…)`, `pathlib.Path(…)`: the place given, with further parts below it."""
    given = [argument.value for argument in arguments if argument.name is None]
    if given and isinstance(given[0], Place):
        return joined(given[0], given[1:], location)
    return None


def _dirname(self: Interpreter, arguments: tuple[Argument, ...], location: Location) -> Value:
    given = [argument.value for argument in arguments]
    if given and isinstance(given[0], Place):
        return attribute(given[0], "parent", location)
    if given and isinstance(given[0], str):
        return posixpath.dirname(given[0])
    return None


_FUNCTIONS = {
    **dict.fromkeys(("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser", "os.fspath", "os.path.join"), _path),
    **dict.fromkeys(("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "anyio.Path", "py.path.local"), _path),
    "os.path.dirname": _dirname,
}  # fmt: skip


def call(self: Interpreter, callee: External, arguments: tuple[Argument, ...], location: Location) -> Value:
    """What a function of `os.path` or `pathlib` makes of a place; None where it is another, or is given something else."""
    function = _FUNCTIONS.get(callee.name)
    return function(self, arguments, location) if function is not None else None


def place_of(value: Value) -> Value:
    """The text or place behind a path object that was made of a plain text (`Path("openapi") / "spec.yaml"`)."""
    if isinstance(value, Instance) and isinstance(value.origin, External):
        parts = [place_of(argument.value) for argument in value.arguments]
        known = parts and all(isinstance(part, str) for part in parts)
        if known and (value.origin.name == "operator./" or value.origin.name.startswith("pathlib.")):
            return posixpath.join(*parts)
    return value

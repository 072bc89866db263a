"""What a program finds among its own files: folders listed, packages walked, modules imported by name, and what they hold.

Only Python files of the workspace are known, so a list of a folder's entries has no others; a folder without any is not
listed at all. Nothing is looked up on a disk.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lsp_server.python.calls import call_value
from lsp_server.python.judge import items_of, truth
from lsp_server.python.values import (
    Argument,
    BoundMethod,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    Place,
    Value,
)
from lsp_server.text import Location
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.python.interpret import Interpreter

Arguments = tuple[Argument, ...]
Function = Callable[["Interpreter", Arguments, Location], Value]
_FINDER, _SPEC = "importlib.machinery.FileFinder", "importlib.machinery.ModuleSpec"


def call_method(self: Interpreter, place: Place, name: str, arguments: Arguments, location: Location) -> Value:
    """A method of a path object that looks at files; None for any other method."""
    given = [argument.value for argument in arguments]
    if name in ("is_file", "is_dir", "exists"):
        return _there(self, place, name, location)
    if name == "iterdir":
        return _listed(self, place, location, lambda names: [_inside(place, each, location) for each in names])
    if name in ("glob", "rglob") and given and isinstance(given[0], str):
        pattern = given[0] if name == "glob" else f"**/{given[0]}"
        return _globbed(self, _inside(place, pattern, location), True, location)
    if name in ("endswith", "startswith") and given and isinstance(given[0], str) and name == "endswith":
        return place.path.endswith(given[0])
    if name == "relative_to" and given and isinstance(given[0], Place) and _is_below(place.path, given[0].path):
        return _relative(place, given[0])
    return None


def method_of_finder(self: Interpreter, receiver: Instance, name: str, arguments: Arguments, location: Location) -> Value:
    """`finder.find_spec(name)`, `loader.load_module(name)`, `loader.exec_module(module)`; None for any other method."""
    if not isinstance(receiver.origin, External) or receiver.origin.name not in (_FINDER, _SPEC):
        return None
    given = [argument.value for argument in arguments]
    if name in ("find_spec", "find_module") and given and isinstance(given[0], str):
        folder = receiver.attributes.get("folder")
        path = _submodule(self, folder, given[0].rpartition(".")[2]) if isinstance(folder, str) else None
        return _spec(path, given[0], location) if path is not None else None
    if name in ("load_module", "exec_module", "create_module"):
        module = receiver.attributes.get("module")
        if isinstance(module, ModuleValue) and not module.path.endswith("/"):
            self.run(module.path)
        return module
    return None


# Folders


def _there(self: Interpreter, place: Place, kind: str, location: Location) -> Value:
    if place.path in self.program.paths:
        return kind not in ("is_dir", "isdir")
    if self.program.entries(place.path) is not None:
        return kind not in ("is_file", "isfile")
    return Unknown("whether a file is there", location)


def _inside(place: Place, name: str, location: Location) -> Place:
    return Place(place.what, location, path=posixpath.normpath(posixpath.join(place.path, name)))


def _listed(self: Interpreter, place: Value, location: Location, give: Callable[[list[str]], Value]) -> Value:
    names = self.program.entries(place.path) if isinstance(place, Place) else None
    return Unknown("the files of a folder", location) if names is None else give(names)


def _walked(self: Interpreter, place: Place, location: Location) -> Iterator[tuple[Place, list[str], list[str]]]:
    names = self.program.entries(place.path) or []
    folders = [name for name in names if self.program.entries(_inside(place, name, location).path) is not None]
    yield place, folders, [name for name in names if name not in folders]
    for name in folders:
        yield from _walked(self, _inside(place, name, location), location)


def _globbed(self: Interpreter, pattern: Place, deep: bool, location: Location) -> Value:
    """The Python files and folders whose path is of a pattern; `**` stands for any folders if `deep`."""
    steps = pattern.path.split("/")
    found: list[str] = [""]
    for step in steps:
        if step == "**" and deep:
            found = [inner.path for path in found for inner, _, _ in _walked(self, Place("", None, path=path), location)]
            continue
        found = [
            posixpath.join(path, name) for path in found for name in self.program.entries(path) or () if fnmatchcase(name, step)
        ]
    if not found:
        return Unknown("the files of a pattern", location)
    return [Place(pattern.what, location, path=path) for path in dict.fromkeys(found)]


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _relative(place: Place, start: Place) -> str:
    return posixpath.relpath(f"/{place.path}", f"/{start.path}")


def _values(arguments: Arguments) -> list[Value]:
    return [argument.value for argument in arguments if argument.name is None]


def _listdir(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = _values(arguments)
    return _listed(self, given[0] if given else None, location, list)


def _walk(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = _values(arguments)
    return _listed(self, given[0] if given else None, location, lambda _: list(_walked(self, given[0], location)))


def _glob(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = _values(arguments)
    if not given or not isinstance(given[0], Place):
        return Unknown("the files of a pattern", location)
    deep = any(argument.name == "recursive" and argument.value is True for argument in arguments)
    return _globbed(self, given[0], deep, location)


def _on_places(work: Callable[[Interpreter, list[Value], Location], Value]) -> Function:
    """A function of `os.path` for places, Unknown where it is given something else."""

    def call(self: Interpreter, arguments: Arguments, location: Location) -> Value:
        given = _values(arguments)
        answer = work(self, given, location) if given else None
        return Unknown("a path computed at run time", location) if answer is None else answer

    return call


def _basename(self: Interpreter, given: list[Value], location: Location) -> Value:
    text = given[0].path if isinstance(given[0], Place) else given[0]
    return posixpath.basename(text) if isinstance(text, str) and text else None


def _splitext(self: Interpreter, given: list[Value], location: Location) -> Value:
    if isinstance(given[0], Place):
        stem, suffix = posixpath.splitext(given[0].path)
        return (Place(given[0].what, location, path=stem), suffix)
    return posixpath.splitext(given[0]) if isinstance(given[0], str) else None


def _relpath(self: Interpreter, given: list[Value], location: Location) -> Value:
    return _relative(given[0], given[1]) if len(given) == 2 and all(isinstance(each, Place) for each in given) else None


def _is_there(kind: str) -> Function:
    def answer(self: Interpreter, given: list[Value], location: Location) -> Value:
        return _there(self, given[0], kind, location) if isinstance(given[0], Place) else None

    return _on_places(answer)


# Modules


def _submodule(self: Interpreter, folder: str, name: str) -> str | None:
    inside = f"{folder}/{name}" if folder else name
    for path in (f"{inside}/__init__.py", f"{inside}.py"):
        if path in self.program.paths:
            return path
    return f"{inside}/" if self.program.entries(inside) is not None else None


def _spec(path: str, name: str, location: Location) -> Instance:
    module = ModuleValue(path)
    spec = Instance(External(_SPEC), (), location, {"module": module, "name": name})
    spec.attributes["loader"] = Instance(External(_SPEC), (), location, {"module": module})
    return spec


def _modules_of(self: Interpreter, value: Value, prefix: str, deep: bool, location: Location) -> list[Value] | None:
    """What `pkgutil` says of the modules in folders; None where a folder is not known."""
    found: list[Value] = []
    for place in items_of(value) or [value]:
        names = self.program.entries(place.path) if isinstance(place, Place) else None
        if names is None:
            return None
        finder = Instance(External(_FINDER), (), location, {"folder": place.path, "path": place})
        for name in names:
            inner = _inside(place, name, location)
            package = f"{inner.path}/__init__.py" in self.program.paths
            if not package and (not name.endswith(".py") or name == "__init__.py"):
                continue
            dotted = prefix + name.removesuffix(".py")
            attributes = {"module_finder": finder, "name": dotted, "ispkg": package}
            found.append(Instance(External("pkgutil.ModuleInfo"), (), location, attributes))
            if package and deep:
                found.extend(_modules_of(self, inner, f"{dotted}.", True, location) or ())
    return found


def _pkgutil(deep: bool) -> Function:
    def call(self: Interpreter, arguments: Arguments, location: Location) -> Value:
        named = {argument.name: argument.value for argument in arguments if argument.name is not None}
        given = _values(arguments)
        path = named.get("path", given[0] if given else None)
        prefix = named.get("prefix", given[1] if len(given) > 1 else "")
        found = _modules_of(self, path, prefix, deep, location) if isinstance(prefix, str) else None
        return Unknown("the modules of a package", location) if found is None else found

    return call


def _import_module(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = [argument.value for argument in arguments]
    if not given or not isinstance(given[0], str):
        return Unknown("a module imported at run time", location)
    name = given[0]
    if name.startswith("."):
        if len(given) < 2 or not isinstance(given[1], str):
            return Unknown("a module imported relatively at run time", location)
        level = len(name) - len(name.lstrip("."))
        steps = given[1].split(".")
        name = ".".join([*steps[: len(steps) - level + 1], *filter(None, [name.lstrip(".")])])
    path = self.program.find(name, location.path)
    if path is None:
        return self.other(name)
    if not path.endswith("/"):
        self.run(path)
    return ModuleValue(path)


def _loaded_module(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    """`sys.modules.get(name)`: what was imported before, which no text tells."""
    return Unknown("a module that was imported before", location)


def _spec_from_file(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = [argument.value for argument in arguments]
    if len(given) > 1 and isinstance(given[1], Place) and given[1].path in self.program.paths:
        return _spec(given[1].path, given[0] if isinstance(given[0], str) else "", location)
    return Unknown("a module imported from a file", location)


def _module_from_spec(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = _values(arguments)
    module = given[0].attributes.get("module") if given and isinstance(given[0], Instance) else None
    return module if module is not None else Unknown("a module imported from a file", location)


def names_in(self: Interpreter, module: ModuleValue) -> dict[str, Value]:
    """What the names of a module are bound to; those of a package's modules that were imported are not among them."""
    if module.path.endswith("/"):
        return {}
    scope = self.run(module.path).scope
    return {name: self.resolve(scope, name) for name in list(scope.names) if name != "*"}


def surely_lacks(self: Interpreter, path: str, name: str) -> bool:
    """Whether a module neither binds a name nor has a module of that name, nor may get it in a way that is not seen."""
    if path.endswith("/") or self.program.submodule(path, name) is not None:
        return False
    execution = self.run(path)
    names = execution.scope.names
    return execution.state == "done" and not {name, "*", "__getattr__"} & names.keys() and not execution.unknowns


def _members(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    """`inspect.getmembers`: those for which the predicate does not say no."""
    given = [argument.value for argument in arguments]
    if not given or not isinstance(given[0], ModuleValue | ClassValue):
        return Unknown("the members of an object", location)
    names: Iterable[tuple[str, Value]]
    if isinstance(given[0], ModuleValue):
        names = names_in(self, given[0]).items()
    else:
        names = {name: value for entry in reversed(list(given[0].lineage())) for name, value in entry.names.items()}.items()
    pairs = sorted(names, key=lambda pair: pair[0])
    if len(given) > 1 and given[1] is not None:
        pairs = [pair for pair in pairs if _may_be(self, given[1], pair[1], location)]
    return pairs


def _may_be(self: Interpreter, predicate: Value, value: Value, location: Location) -> bool:
    answer = truth(call_value(self, predicate, (Argument(None, value, location),), location))
    return answer is True or (answer is None and isinstance(value, Instance))


def named_by(self: Interpreter, text: str, location: Location) -> Value:
    """What `package.module:name` or `package.module.name` names; a module too."""
    dotted = text.replace(":", ".")
    path = self.program.find(dotted, location.path)
    if path is not None and not path.endswith("/"):
        self.run(path)
        return ModuleValue(path)
    module, _, name = dotted.rpartition(".")
    path = self.program.find(module, location.path) if module else None
    return self.other(dotted) if path is None else self.member(path, name)


def _import_string(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    given = _values(arguments)
    text = given[0] if given else None
    return named_by(self, text, location) if isinstance(text, str) else Unknown("something imported by name at run time", location)


def _find_modules(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    """The dotted names of a package's modules: those of packages and of what is in them only if asked for."""
    named = {argument.name: argument.value for argument in arguments if argument.name is not None}
    given = _values(arguments)
    place = _root_path(self, arguments, location)
    deep = named.get("recursive", given[2] if len(given) > 2 else False) is True
    packages = named.get("include_packages", given[1] if len(given) > 1 else False) is True
    found = _modules_of(self, place, f"{given[0]}.", deep, location) if isinstance(place, Place) else None
    if found is None:
        return Unknown("the modules of a package", location)
    return [each.attributes["name"] for each in found if packages or not each.attributes["ispkg"]]


def _root_path(self: Interpreter, arguments: Arguments, location: Location) -> Value:
    """The folder of a module or package that is given by name."""
    given = _values(arguments)
    path = self.program.find(given[0], location.path) if given and isinstance(given[0], str) else None
    if path is None:
        return Unknown("the folder of a package", location)
    return Place("the place of a package at run time", location, path=path.rpartition("/")[0])


def _is_kind(yes: tuple[type, ...], no: tuple[type, ...]) -> Function:
    def call(self: Interpreter, arguments: Arguments, location: Location) -> Value:
        given = _values(arguments)
        if len(given) == 1 and isinstance(given[0], (*yes, *no)):
            return isinstance(given[0], yes)
        return Unknown("the type of a value", location)

    return call


_CONSTANTS = (str, int, float, bytes, type(None), list, tuple, dict, set, ModuleValue)

FUNCTIONS: dict[str, Function] = {
    "os.listdir": _listdir, "os.walk": _walk, "glob.glob": _glob, "glob.iglob": _glob,
    "os.path.basename": _on_places(_basename), "os.path.splitext": _on_places(_splitext), "os.path.relpath": _on_places(_relpath),
    "os.path.isfile": _is_there("isfile"), "os.path.isdir": _is_there("isdir"), "os.path.exists": _is_there("exists"),
    "pkgutil.iter_modules": _pkgutil(False), "pkgutil.walk_packages": _pkgutil(True),
    "importlib.import_module": _import_module, "builtins.__import__": _import_module,
    "sys.modules.get": _loaded_module,
    "importlib.util.spec_from_file_location": _spec_from_file, "importlib.util.module_from_spec": _module_from_spec,
    # What libraries offer for the same purpose.
    "werkzeug.utils.import_string": _import_string, "django.utils.module_loading.import_string": _import_string,
    "werkzeug.utils.find_modules": _find_modules,
    "flask.helpers.get_root_path": _root_path, "quart.helpers.get_root_path": _root_path,
    "inspect.getmembers": _members,
    "inspect.isclass": _is_kind((ClassValue,), (FunctionValue, BoundMethod, *_CONSTANTS)),
    "inspect.isfunction": _is_kind((FunctionValue,), (ClassValue, BoundMethod, *_CONSTANTS)),
    "inspect.ismodule": _is_kind((ModuleValue,), (ClassValue, BoundMethod, FunctionValue, Instance)),
    "builtins.callable": _is_kind((ClassValue, FunctionValue, BoundMethod), _CONSTANTS),
}  # fmt: skip

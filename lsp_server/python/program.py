"""The modules of a workspace as one program: which file an import means.

Knows paths and dotted names only; values and frameworks are elsewhere. Import roots are guessed the way a person would:
walk up from the importing file until a folder holds the name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from lsp_server.python.module import ModuleFacts
from lsp_server.python.packages import INSTALLED, KNOWN_BY_NAME


class Program:
    """Resolves dotted names to files of the workspace. `load` gives a file's facts, memoised by whoever owns them.

    `described` names modules of other packages that `load` gives a description of, written in Python, under a path of its
    own: what stands in it is read as if it were the package. Nothing else of the package is there.
    """

    def __init__(
        self, paths: Iterable[str], load: Callable[[str], ModuleFacts], described: Mapping[str, str] | None = None
    ) -> None:
        self.described = dict(described or {})
        self.descriptions = {path: dotted for dotted, path in reversed(self.described.items())}
        self.paths = frozenset(path for path in paths if path.endswith(".py"))
        self.load = load
        self._folders: set[str] = set()
        self._tops: dict[str, list[str]] = {}
        self._roots: dict[tuple[str, str], str | None] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        self._entries: dict[str, list[str]] = {}
        for path in self.paths:
            folder, _, name = path.rpartition("/")
            self._note(folder, name.removesuffix(".py"))
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder, _, name = folder.rpartition("/")
                self._note(folder, name)

    def _note(self, folder: str, name: str) -> None:
        folders = self._tops.setdefault(name, [])
        if folder not in folders:
            folders.append(folder)

    def entries(self, folder: str) -> list[str] | None:
        """Names of the Python files, and of the folders with any, in a folder, sorted; None where there is none."""
        if not self._entries:
            for path in self.paths | self._folders:
                parent, _, name = path.rpartition("/")
                self._entries.setdefault(parent, []).append(name)
            for names in self._entries.values():
                names.sort()
        return self._entries.get(folder)

    def module_name(self, path: str) -> str:
        """The dotted name a module most likely has at run time: its path below its import root."""
        root = self.root_of(path)
        inner = path[len(root) + 1 :] if root else path
        return inner.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def root_of(self, path: str) -> str:
        """The folder absolute imports of this file start from: the parent of its outermost package."""
        folder = path.rpartition("/")[0]
        while folder and f"{folder}/__init__.py" in self.paths:
            folder = folder.rpartition("/")[0]
        return folder

    def find(self, dotted: str, importer: str) -> str | None:
        """The file of an absolutely named module, as `importer` would see it; None for other packages' modules.

        A package without `__init__.py` is given as its folder with a trailing slash.
        """
        top = dotted.partition(".")[0]
        root = self._root_for(top, importer)
        if root is None:
            return self.described.get(dotted)
        return self._below(root, dotted)

    def is_ours(self, dotted: str, importer: str) -> bool:
        """Whether a dotted name begins with a package or module of the workspace."""
        return self._root_for(dotted.partition(".")[0], importer) is not None

    def relative(self, importer: str, level: int, dotted: str) -> str | None:
        """The file that `from <level dots><dotted> import …` means in `importer`."""
        folder = importer.rpartition("/")[0]
        for _ in range(level - 1):
            if not folder:
                return None
            folder = folder.rpartition("/")[0]
        if not dotted:
            return self._package(folder)
        return self._below(folder, dotted)

    def holders(self, top: str) -> tuple[str, ...]:
        """The folders that hold a file or a folder of this name."""
        return tuple(self._tops.get(top, ()))

    def submodule(self, path: str, name: str) -> str | None:
        """The file of `name` inside the package whose `__init__.py` (or folder with a slash) is `path`."""
        if path.endswith("/__init__.py") or path == "__init__.py":
            return self._below(path.rpartition("/")[0], name)
        if path.endswith("/"):
            return self._below(path[:-1], name)
        return None

    def _package(self, folder: str) -> str | None:
        init = f"{folder}/__init__.py" if folder else "__init__.py"
        if init in self.paths:
            return init
        return f"{folder}/" if not folder or folder in self._folders else None

    def _below(self, root: str, dotted: str) -> str | None:
        key = (root, dotted)
        if key not in self._found:
            inner = f"{root}/{dotted.replace('.', '/')}" if root else dotted.replace(".", "/")
            package = self._package(inner)
            if package is not None and not package.endswith("/"):
                self._found[key] = package
            elif f"{inner}.py" in self.paths:
                self._found[key] = f"{inner}.py"
            else:
                self._found[key] = package
        return self._found[key]

    def _root_for(self, top: str, importer: str) -> str | None:
        key = (importer.rpartition("/")[0], top)
        if key not in self._roots:
            self._roots[key] = self._search_root(top, importer)
        return self._roots[key]

    def _search_root(self, top: str, importer: str) -> str | None:
        holders = self._tops.get(top)
        if not holders:
            return None
        folder = self.root_of(importer)
        if top in KNOWN_BY_NAME:
            return None
        if top in INSTALLED and not any(self._is_package(holder, top) for holder in ("", "src", folder)):
            return None
        while True:
            if folder in holders:
                return folder
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        if top in sys.stdlib_module_names:
            return None
        # A script folder inside a package (migrations/env.py), or a `src` layout seen from beside it.
        # Not a package's inner folder: what is called `pydantic` there hides nobody else's `pydantic`.
        inner = importer.rpartition("/")[0]
        if inner in holders and inner.rpartition("/")[0] in (self.root_of(importer), inner):
            return inner
        packages = [holder for holder in holders if self._is_source(holder, top)]
        if len(packages) == 1:
            return packages[0]
        return _nearest(packages, importer)

    def _is_package(self, holder: str, top: str) -> bool:
        return (f"{holder}/{top}/__init__.py" if holder else f"{top}/__init__.py") in self.paths

    def _is_source(self, holder: str, top: str) -> bool:
        """A folder that can be an import root for `top`: it is no package itself, and `top` is more than a stray file."""
        if f"{holder}/__init__.py" in self.paths:
            return False
        inner = f"{holder}/{top}" if holder else top
        return f"{inner}/__init__.py" in self.paths or (f"{inner}.py" in self.paths and not holder.startswith("tests"))


def _nearest(folders: list[str], importer: str) -> str | None:
    """The one folder that shares the longest path with the importer; None where two are equally near."""
    if not folders:
        return None
    steps = importer.split("/")

    def shared(folder: str) -> int:
        count = 0
        for mine, theirs in zip(steps, folder.split("/")):
            if mine != theirs:
                break
            count += 1
        return count

    ranked = sorted(folders, key=shared, reverse=True)
    if shared(ranked[0]) == shared(ranked[1]):
        return None
    return ranked[0]

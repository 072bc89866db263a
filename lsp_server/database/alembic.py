"""Alembic trees of a workspace: where the revisions lie, and the graph they make.

Finds trees from `alembic.ini`, `pyproject.toml`, folders with an `env.py` and folders of revision files without any of
these, several in one workspace. What the revisions do to a schema is said by `replay.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from configparser import Error as IniError
from configparser import RawConfigParser
from dataclasses import dataclass, field

from lsp_server.database.model import Revision
from lsp_server.database.revisions import lacks_identifier, looks_like_revision, place_of_predecessor, read_revision
from lsp_server.document import Document
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.text import Location
from lsp_server.unknown import Unknown

DEFAULT_FILE_TEMPLATE = "%%(rev)s_%%(slug)s"
_LIKELY_FOLDER = re.compile(r"(?:^|/)(?:[^/]*versions?|[^/]*migrations?|[^/]*alembic[^/]*|revisions|migrate)(?:/|$)")
_LIKELY_NAME = re.compile(r"(?:^|/)(?:\d{8}|[0-9a-f]{10,}|\d{3,4}_)[^/]*\.py$")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a configuration file says about one tree. Paths are as written, `%(here)s` replaced."""

    path: str  # the alembic.ini or pyproject.toml
    section: str
    script_location: str | None
    version_locations: tuple[str, ...] = ()
    file_template: str | None = None
    url: str | None = None
    timezone: str | None = None
    options: tuple[tuple[str, str], ...] = ()  # everything the section says, for what the project itself looks up


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the graph. `sort`: "hole" (a predecessor that is not there), "duplicate" (of an id), "cycle", "nameless" (a
    file that is no revision for want of an id; `revision` is then its name)."""

    sort: str
    message: str
    location: Location
    revision: str


@dataclass(frozen=True, slots=True)
class History:
    """One Alembic tree. `folder` holds `env.py`; `versions` are the folders of the revisions, the first takes new ones.

    `revisions` stand in the order Alembic would run them. `heads` and `bases` are ids.
    """

    folder: str
    versions: tuple[str, ...]
    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    bases: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    env: str | None = None
    settings: Settings | None = None
    dialect: str = "postgresql"
    unread: tuple[Unknown, ...] = ()  # revisions in folders that Alembic does not read
    _index: Mapping[str, Revision] = field(default_factory=dict, repr=False, compare=False)

    def revision(self, identifier: str) -> Revision | None:
        """A revision by its id, a unique beginning of it, or a branch label."""
        found = self._index.get(identifier)
        if found is None and len(identifier) >= 4:
            matches = [revision for key, revision in self._index.items() if key == revision.id and key.startswith(identifier)]
            found = matches[0] if len(matches) == 1 else None
        return found

    @property
    def file_template(self) -> str:
        return (self.settings.file_template if self.settings else None) or DEFAULT_FILE_TEMPLATE.replace("%%", "%")


def find_histories(
    paths: Iterable[str], load: Callable[[str], Document], facts: Callable[[str], ModuleFacts] | None = None
) -> tuple[History, ...]:
    """Every Alembic tree among the paths, the one with most revisions first. `facts` gives a Python file's tree."""
    known = frozenset(paths)
    read = facts or (lambda path: read_module(path, load(path).text))
    settings = [each for path in sorted(known) for each in read_settings(path, load)]
    environments = {path.rpartition("/")[0] for path in known if path.rpartition("/")[2] == "env.py"}
    environments = {folder for folder in environments if "context" in load(_join(folder, "env.py")).text}
    located = {_locate(each, each.script_location, known): each for each in settings if each.script_location}
    extra = {folder: tree for tree, each in located.items() if tree is not None
             for folder in (_locate(each, place, known) for place in each.version_locations) if folder is not None}  # fmt: skip
    trees: dict[str, dict[str, list[Revision]]] = {}
    nameless: dict[str, list[Fault]] = {}  # by folder
    for path in sorted(known):
        if not path.endswith(".py") or path.endswith("/env.py"):
            continue
        folder = path.rpartition("/")[0]
        if folder not in extra and not _LIKELY_FOLDER.search(folder) and not _LIKELY_NAME.search(path):
            continue
        text = load(path).text
        if lacks_identifier(text, path):
            message = "the file has a `down_revision` and no `revision`: Alembic cannot load the history"
            nameless.setdefault(folder, []).append(Fault("nameless", message, place_of_predecessor(text, path), path.rpartition("/")[2]))
        if not looks_like_revision(text, path):
            continue
        revision = read_revision(read(path))
        if revision is not None:
            tree = extra.get(folder) or _tree_of(folder, environments, set(located) - {None})
            trees.setdefault(tree, {}).setdefault(folder, []).append(revision)
    histories = []
    for tree, folders in trees.items():
        own = _settings_for(tree, located, settings)
        env = _join(tree, "env.py") if tree in environments else None
        groups = _connected(folders, {folder for folder, owner in extra.items() if owner == tree})
        groups, unread = _read_by_alembic(tree, groups, own) if env is not None else (groups, [])
        for group in groups:
            revisions = [revision for folder in group for revision in folders[folder]]
            dialect = _dialect(tuple(group), own, (load(revision.path).text for revision in revisions))
            aside = tuple(_aside(folder, folders[folder]) for folder in unread)
            faults = [fault for folder in group for fault in nameless.get(folder, ())]
            histories.append(_history(tree, tuple(group), revisions, env, own, dialect, faults, aside))
    return tuple(sorted(histories, key=lambda each: (-len(each.revisions), each.folder, each.versions)))


# Configuration


def read_settings(path: str, load: Callable[[str], Document]) -> list[Settings]:
    """The Alembic sections of an ini file or pyproject.toml; none where it does not parse."""
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0]
    if name == "pyproject.toml":
        text = load(path).text
        return _toml_settings(path, folder, text) if "tool.alembic" in text else []
    if not (name.endswith(".ini") and "alembic" in name):
        return []
    parser = RawConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(load(path).text)
    except IniError:
        return []
    result = []
    for section in parser.sections():
        options = {key: value.replace("%(here)s", folder or ".") for key, value in parser.items(section) if value is not None}
        if section != "alembic" and "script_location" not in options:
            continue
        locations = re.split(r"[\s,;:]+(?![/\\])" if ":" in options.get("version_locations", "") and options.get(
            "version_path_separator") == ":" else r"[\s,;]+", options.get("version_locations", ""))  # fmt: skip
        result.append(Settings(path, section, options.get("script_location"), tuple(filter(None, locations)),
                               _unescape(options.get("file_template")), options.get("sqlalchemy.url") or None,
                               options.get("timezone") or None, tuple(sorted(options.items()))))  # fmt: skip
    return result


def _toml_settings(path: str, folder: str, text: str) -> list[Settings]:
    try:
        table = tomllib.loads(text).get("tool", {}).get("alembic", {})
    except tomllib.TOMLDecodeError:
        return []
    if not isinstance(table, dict) or not table:
        return []

    def text_of(key: str) -> str | None:
        value = table.get(key)
        return value.replace("%(here)s", folder or ".") if isinstance(value, str) else None

    locations = table.get("version_locations")
    places = [each.replace("%(here)s", folder or ".") for each in locations if isinstance(each, str)] if isinstance(
        locations, list) else []  # fmt: skip
    return [Settings(path, "tool.alembic", text_of("script_location") or "migrations", tuple(places),
                     _unescape(text_of("file_template")), text_of("sqlalchemy_url"), text_of("timezone"))]  # fmt: skip


def _unescape(template: str | None) -> str | None:
    return template.replace("%%", "%") if template else None


def _locate(settings: Settings, written: str | None, known: frozenset[str]) -> str | None:
    """The workspace folder that a location means: beside the configuration, below an import root, or anywhere above."""
    if not written:
        return None
    package = ":" in written and not written.startswith(("/", "."))
    inner = _clean(written.replace(":", "/") if package else written)
    base = settings.path.rpartition("/")[0]
    candidates = [inner]
    folder = base
    while True:
        candidates.append(_join(folder, inner))
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    candidates.insert(0, inner if inner == base or inner.startswith(f"{base}/") else _join(base, inner))
    folders = {path.rpartition("/")[0] for path in known if path.endswith(".py")}
    prefixes = {"/".join(each.split("/")[:count]) for each in folders for count in range(1, each.count("/") + 2)}
    for candidate in candidates:
        if candidate in prefixes:
            return candidate
    tail = f"/{inner.lstrip('/')}"
    matches = sorted({each for each in prefixes if each.endswith(tail)}, key=len)
    return matches[0] if matches else None


def _clean(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _tree_of(folder: str, environments: set[str], located: set[str | None]) -> str:
    """The tree a folder of revisions belongs to: the nearest folder above it with an `env.py`, else its parent."""
    step = folder
    while step:
        if step in environments or step in located:
            return step
        step = step.rpartition("/")[0]
    if folder.rpartition("/")[2] in ("versions", "revisions"):
        return folder.rpartition("/")[0]
    return folder


def _settings_for(tree: str, located: dict[str | None, Settings], settings: list[Settings]) -> Settings | None:
    """The tree's configuration: the one that names it, else one that lies in it and names no place that we know."""
    if tree in located:
        return located[tree]
    resolved = set(map(id, located.values())) if None not in located else {id(each) for key, each in located.items() if key is not None}
    for each in settings:
        if id(each) not in resolved and each.path.rpartition("/")[0] in (tree, tree.rpartition("/")[0]):
            return each
    return None


def _connected(folders: dict[str, list[Revision]], declared: set[str]) -> list[list[str]]:
    """Folders whose revisions build on each other, or that one configuration names together, are one history."""
    groups = {folder: folder for folder in folders}

    def root(folder: str) -> str:
        while groups[folder] != folder:
            folder = groups[folder]
        return folder

    owner = {revision.id: folder for folder, revisions in folders.items() for revision in revisions}
    for folder, revisions in folders.items():
        for revision in revisions:
            for other in (*revision.down, *revision.depends_on):
                if other in owner and not any(each.id == other for each in revisions):
                    groups[root(folder)] = root(owner[other])
    listed = [folder for folder in folders if folder in declared]
    for folder in listed[1:]:
        groups[root(folder)] = root(listed[0])
    result: dict[str, list[str]] = {}
    for folder in folders:
        result.setdefault(root(folder), []).append(folder)
    return [sorted(group) for group in result.values()]


def _read_by_alembic(tree: str, groups: list[list[str]], settings: Settings | None) -> tuple[list[list[str]], list[str]]:
    """The groups of folders that Alembic reads, and the folders it does not: without `version_locations` it reads `versions`
    alone. Where there are no revisions in that folder, `env.py` must have said otherwise, and all are read."""
    recursive = dict(settings.options).get("recursive_version_locations", "") if settings is not None else ""
    main = next((group for group in groups if _join(tree, "versions") in group), None)
    if main is None or recursive.lower() in ("true", "1", "yes") or (settings is not None and settings.version_locations):
        return groups, []
    return [main], [folder for group in groups if group is not main for folder in group]


def _aside(folder: str, revisions: list[Revision]) -> Unknown:
    count = f"{len(revisions)} revision{'' if len(revisions) == 1 else 's'}"
    return Unknown(f"{count} in {folder}, which Alembic does not read: no `version_locations` names the folder", revisions[0].location)


# The graph


def _history(
    tree: str, versions: tuple[str, ...], revisions: list[Revision], env: str | None, settings: Settings | None, dialect: str,
    faults: list[Fault], unread: tuple[Unknown, ...],
) -> History:  # fmt: skip
    index: dict[str, Revision] = {}
    for revision in revisions:
        if revision.id in index:
            faults.append(Fault("duplicate", f"the revision {revision.id} is also defined in {index[revision.id].path}",
                                revision.location, revision.id))  # fmt: skip
        else:
            index[revision.id] = revision
    lookup = dict(index)
    for revision in index.values():
        for label in revision.branch_labels:
            lookup.setdefault(label, revision)
    history = History(tree, versions, (), (), (), _index=lookup)
    followed: set[str] = set()
    for revision in index.values():
        for down in revision.down:
            target = history.revision(down)
            if target is None:
                faults.append(Fault("hole", f"the revision {revision.id} builds on {down}, which is not there",
                                    revision.down_location or revision.location, revision.id))  # fmt: skip
            else:
                followed.add(target.id)
    ordered, cycle = _ordered(history, index)
    if cycle is not None:
        faults.append(Fault("cycle", f"the revision {cycle.id} builds on itself", cycle.down_location or cycle.location, cycle.id))
    return History(
        tree, versions, tuple(ordered), tuple(key for key in index if key not in followed),
        tuple(key for key, revision in index.items() if not revision.down and revision.unknown is None),
        tuple(faults), env, settings, dialect, unread, lookup,
    )  # fmt: skip


def _dialect(versions: tuple[str, ...], settings: Settings | None, texts: Iterable[str]) -> str:
    """The database that the migrations are for; PostgreSQL where nothing says otherwise.

    An address of SQLite is often only the default for development: revisions that speak of PostgreSQL are held to it.
    """
    tails = {folder.rpartition("/")[2] for folder in versions}
    for name in ("sqlite", "mysql", "mariadb"):
        if tails == {name}:
            return name
    scheme = (settings.url or "").partition(":")[0].partition("+")[0] if settings is not None else ""
    if scheme == "sqlite" and any("postgresql" in text for text in texts):
        return "postgresql"
    return scheme if scheme in ("sqlite", "mysql", "mariadb") else "postgresql"


def _ordered(history: History, index: dict[str, Revision]) -> tuple[list[Revision], Revision | None]:
    """The revisions with each behind those it builds on; and one that builds on itself, if any."""
    done: dict[str, bool] = {}
    result: list[Revision] = []
    cycle: Revision | None = None
    for start in index.values():
        stack: list[tuple[Revision, int]] = [(start, 0)]
        while stack:
            revision, position = stack.pop()
            if position == 0:
                if revision.id in done:
                    if not done[revision.id] and cycle is None:
                        cycle = revision
                    continue
                done[revision.id] = False
            before = [*revision.down, *revision.depends_on]
            if position < len(before):
                stack.append((revision, position + 1))
                other = history.revision(before[position])
                if other is not None and not done.get(other.id, False):
                    if other.id in done:
                        cycle = cycle or revision
                    else:
                        stack.append((other, 0))
                continue
            done[revision.id] = True
            result.append(revision)
    return result, cycle

"""From the command line's paths and options to a snapshot: root, configuration, files, cache."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.cache import Cache
from lsp_server.cache import folder as cache_folder
from lsp_server.commands import UsageError
from lsp_server.config import Config, ConfigError
from lsp_server.document import Documents
from lsp_server.workspace import Earlier, Stamp, database_urls, documents_of, find_config, list_files, read_config

if TYPE_CHECKING:  # A report that is recalled needs no snapshot.
    from lsp_server.database.migration.answers import Answers
    from lsp_server.database.migration.scratch import FindScratch
    from lsp_server.database.standing import Standing
    from lsp_server.snapshot import Snapshot
    from lsp_server.snapshot.memo import Memo


@dataclass(frozen=True, slots=True)
class Ground:
    """What is looked at, before any file is. `only` are the workspace paths that were asked for, None for all of them."""

    root: Path
    shown_root: str
    config: Config
    files: dict[str, Stamp]
    only: tuple[str, ...] | None
    cache: Cache | None

    def wants(self, path: str) -> bool:
        return self.only is None or any(path == wanted or path.startswith(wanted + "/") for wanted in self.only)


@dataclass(frozen=True, slots=True)
class Project(Ground):
    """What is looked at, with a snapshot of it."""

    snapshot: Snapshot
    memo: Memo

    def save_cache(self) -> None:
        if self.cache is not None:
            documents: Documents = self.snapshot.documents
            read = {path for _, path in self.memo.entries}
            self.cache.save(self.files, {path: documents.digest(path) for path in self.files if path in read}, self.memo)


def survey(options: argparse.Namespace) -> Ground:
    """Raises UsageError for paths that are not there, ConfigError for a configuration that cannot be used."""
    root, shown, only = _root(options.paths or [Path()])
    if options.config is not None:
        config = read_config(options.config)
        if config is None:
            raise ConfigError(f"{options.config}: has no [tool.specdrift] table")
    else:
        config = find_config(root)
    _refuse_unknown_rules(config)
    config = _with_options(config, options, root)
    files = list_files(root, config)
    _name_unread(only, files)
    return Ground(root, shown, config, files, only, None if options.no_cache else Cache(root))


def open_project(
    options: argparse.Namespace, ground: Ground | None = None, lasting: bool = False, earlier: Project | None = None
) -> Project:
    """The project on a ground, by default that of the options, with the facts known from last time. Raises as `survey`.

    `lasting`: changes will be tried on it. `earlier` is the project as it was a while ago, in this process.
    """
    from lsp_server.snapshot import Snapshot
    from lsp_server.snapshot.memo import Memo

    if ground is None:
        ground = survey(options)
    memo = Memo() if earlier is None else earlier.memo
    if earlier is not None:
        read = {path for _, path in memo.entries}
        same = [path for path in read & ground.files.keys() if earlier.files.get(path) == ground.files[path]]
        digests = {path: earlier.snapshot.documents.digest(path) for path in same}
    else:
        digests = ground.cache.load(ground.files, memo) if ground.cache is not None else {}
    snapshot = Snapshot(documents_of(ground.root, ground.files, digests), ground.config, memo, now=datetime.now(), lasting=lasting)
    if earlier is not None and earlier.config == ground.config:
        snapshot = snapshot.inherit(earlier.snapshot)
    if options.trust:
        from lsp_server.worker.ask import ask_project

        snapshot = snapshot.with_runtime(ask_project(snapshot, ground.root))
    snapshot.answers, snapshot.earlier = answers_of(options), Earlier(ground.root)
    if options.development_database is not None:
        snapshot.standing = _standing(options.development_database, ground.root, snapshot)
    snapshot.find_scratch = _scratch_servers(options.shadow, ground, snapshot) if lasting else None
    return Project(ground.root, ground.shown_root, ground.config, ground.files, ground.only, ground.cache, snapshot, memo)


def answers_of(options: argparse.Namespace) -> Answers:
    """What the file of `--answers` says. Raises UsageError for one that cannot be read or says what is not understood."""
    from lsp_server.database.migration.answers import Answers, AnswersError, parse_answers

    if options.answers is None:
        return Answers()
    try:
        return parse_answers(options.answers.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"--answers: {options.answers}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--answers: {options.answers}: this is no UTF-8 text") from None
    except AnswersError as error:
        raise UsageError(f"--answers: {options.answers}: {error}") from None


def _standing(url: str, root: Path, snapshot: Snapshot) -> Standing | None:
    """What the development database records; None, said on stderr, where it cannot be read. Raises UsageError for a URL that cannot be one."""
    from lsp_server.development.connection import Unreachable, look
    from lsp_server.development.target import Refused, read_target

    try:
        return look(snapshot, read_target(url, root))
    except Refused as reason:
        raise UsageError(f"--development-database: {reason}") from None
    except Unreachable as reason:
        print(f"lsp_server: the development database: {reason}", file=sys.stderr)
        return None


def _scratch_servers(given: str | None, ground: Ground, snapshot: Snapshot) -> FindScratch:
    """Where proofs may make databases. Raises UsageError for a URL that cannot be one."""
    from lsp_server.shadow.address import Origin, Refused, read_address
    from lsp_server.shadow.offer import offer

    if given is not None:
        try:
            read_address(given, Origin.PERSON)
        except Refused as reason:
            raise UsageError(f"--shadow: {reason}") from None
    written = (*database_urls(ground.root), ground.config.development_database)
    return offer(given, ground.config.shadow, lambda: (*written, *snapshot.database_urls), cache_folder(), os.environ)


def _root(paths: list[Path]) -> tuple[Path, str, tuple[str, ...] | None]:
    """The folder to look at, how it is called in reports, and the part of it that was asked for."""
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"{str(path)[:200]}: no such file or folder")
    try:
        here = Path.cwd()
    except OSError:
        raise UsageError("the current folder is not there any more") from None
    if len(paths) == 1 and paths[0].is_dir():
        return paths[0].resolve(), str(paths[0]), None
    resolved = [path.resolve() for path in paths]
    if all(path.is_relative_to(here) for path in resolved):
        root, shown = here, "."
    else:
        root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in resolved]))
        shown = str(root)
    return root, shown, tuple(path.relative_to(root).as_posix() for path in resolved)


def _name_unread(only: tuple[str, ...] | None, files: Iterable[str]) -> None:
    """Say of which paths nothing is read: silence about them would look like agreement."""
    for path in only or ():
        if path != "." and not any(name == path or name.startswith(path + "/") for name in files):
            print(f"lsp_server: {path}: nothing here is a file that is looked at", file=sys.stderr)


def _with_options(config: Config, options: argparse.Namespace, root: Path) -> Config:
    select, ignore = _names("--select", options.select), _names("--ignore", options.ignore)
    if select:
        config = replace(config, select=tuple(select))
    if ignore:
        config = replace(config, ignore=(*config.ignore, *ignore))
    if options.baseline is not None:
        path = options.baseline.absolute()
        shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(options.baseline)
        config = replace(config, baseline=shown)
    return config


def _names(option: str, given: Iterable[str] | None) -> list[str]:
    """The rules and areas that an option names. Raises UsageError for unknown names and for none."""
    names = [name.strip() for part in given or () for name in part.split(",") if name.strip()]
    if given is not None and not names:
        raise UsageError(f"{option} names no rule")
    for name in names:
        if (problem := _no_such_rule(name)) is not None:
            raise UsageError(problem)
    return names


def _refuse_unknown_rules(config: Config) -> None:
    """Raises ConfigError for a rule or area that the configuration names and that does not exist."""
    places = {
        "select": config.select,
        "ignore": config.ignore,
        "severity": tuple(config.severity),
        "ignore-in": tuple(name for _, names in config.ignore_in for name in names if name != "*"),
    }
    for key, names in places.items():
        for name in names:
            if (problem := _no_such_rule(name)) is not None:
                raise ConfigError(f"{config.source}: `{key}`: {problem}")


def _no_such_rule(name: str) -> str | None:
    from lsp_server.rules import AREAS, rule_names

    known = [*AREAS, *sorted(rule_names())]
    if name in known:
        return None
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else "--rules lists them"
    return f"there is no rule or area `{name}`; {hint}"

"""The snapshot: documents, facts, views and configuration at one moment. Everything a rule may look at.

Immutable from outside; views are made when first asked for and kept. Facts are memoised by (path, digest) in a `Memo`
that snapshots share. `with_change` gives the snapshot as it would be after a change. No file is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from lsp_server.api.compare import compare as compare_apis
from lsp_server.api.difference import Difference as ApiDifference
from lsp_server.api.frameworks import Program as RoutedProgram
from lsp_server.api.frameworks import answers_of, framework, kinds_of
from lsp_server.api.looks import LOOKS, frameworks_of, packages_named
from lsp_server.api.model import Api, unknowns_of
from lsp_server.api.mounts import mounted
from lsp_server.api.openapi import is_specification, read_specification
from lsp_server.api.pair import Pairing, pair, unpaired
from lsp_server.api.runtime import fill as fill_applications
from lsp_server.config import Config, matches
from lsp_server.database.alembic import History, find_histories
from lsp_server.database.compare import Difference as SchemaDifference
from lsp_server.database.compare import compare as compare_databases
from lsp_server.database.facts import unknowns_of as unknowns_of_table
from lsp_server.database.library import Library, shipped_library
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.scratch import FindScratch
from lsp_server.database.model import Database
from lsp_server.database.pair import Upkeep, unkept
from lsp_server.database.pair import pair as pair_histories
from lsp_server.database.replay import HistoryReplay, Replayer, RevisionReplay
from lsp_server.database.rollback import DowngradeOutcome, downgrade_outcome
from lsp_server.database.runtime import Tables
from lsp_server.database.runtime import fill as fill_models
from lsp_server.database.sqlalchemy import is_aside, may_declare_tables, read_models
from lsp_server.database.standing import Standing
from lsp_server.database.unseen import Unseen, runs_comparison, unseen_models
from lsp_server.database.urls import urls_in
from lsp_server.document import Document, Documents, Kind, is_broken_settings, kind_of
from lsp_server.python.execution import Execution
from lsp_server.python.inherit import inherited
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.program import Program
from lsp_server.requirements import least_version
from lsp_server.suppressions import Suppression, suppressions_of
from lsp_server.text import Change, EditConflict, Location, Span, apply_edits
from lsp_server.tree.node import Tree
from lsp_server.tree.repair import read as read_tree
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.database.migration.own_tables import Created, OwnTables
    from lsp_server.database.migration.seed import BadSeed, Seed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Contract:
    """A spec and an application that belong together, and what they disagree about."""

    pairing: Pairing
    differences: tuple[ApiDifference, ...]

    @property
    def promised(self) -> Api:
        return self.pairing.promised

    @property
    def implemented(self) -> Api:
        return self.pairing.implemented


@dataclass(frozen=True, slots=True)
class Drift:
    """A migration history with its models, and what the models want that the history has not made."""

    upkeep: Upkeep
    differences: tuple[SchemaDifference, ...]

    @property
    def replay(self) -> HistoryReplay:
        return self.upkeep.replay

    @property
    def mapped(self) -> Database:
        return self.upkeep.mapped


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the running project told: OpenAPI documents (see `api/runtime.py`) and tables (see `database/runtime.py`).

    It speaks only of what the text leaves open. `failures` are words about what could not be asked. `created` holds the CREATE statements
    of its tables, `digests` the texts of their files, by path, as they were when it was asked.
    """

    specifications: tuple[Api, ...] = ()
    metadata: tuple[Tables, ...] = ()
    failures: tuple[str, ...] = ()
    created: tuple[Created, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


class Cancelled(Exception):
    """The work is no longer wanted."""


class Memo:
    """Facts by (sort, path, digest). Owned by whoever makes snapshots; holds the newest entry per sort and path."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[Hashable, object]] = {}

    def get(self, sort: str, path: str, digest: Hashable, make: Callable[[], T]) -> T:
        key = (sort, path)
        entry = self.entries.get(key)
        if entry is not None and entry[0] == digest:
            return entry[1]  # type: ignore[return-value]
        value = make()
        self.entries[key] = (digest, value)
        return value

    def previous(self, sort: str, path: str) -> object | None:
        """The newest entry whatever text it was made from: what a half-typed text is mended by."""
        entry = self.entries.get((sort, path))
        return entry[1] if entry is not None else None


class Snapshot:
    """One moment of a workspace. `cancelled` is asked between files while views are made; `now` dates what is generated.

    `lasting`: others will be made from it (`with_change`, `inherit`), so that it is worth noting what they may keep.
    `find_scratch` gives databases to prove migrations on; the views never ask for one. `standing` is what the development database records,
    where a person lets us look. `answers` are a person's about migrations, `earlier` the texts before the latest changes, as far as
    somebody knows them: views hang on neither.
    """

    def __init__(
        self,
        documents: Documents,
        config: Config | None = None,
        memo: Memo | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        now: datetime | None = None,
        lasting: bool = False,
        find_scratch: FindScratch | None = None,
    ) -> None:
        self.documents = documents
        self.config = config or Config()
        self.memo = memo or Memo()
        self.cancelled = cancelled
        self.now = now
        self.lasting = lasting
        self.runtime = Runtime()
        self.find_scratch = find_scratch
        self.answers = Answers()
        self.earlier: Mapping[str, str] = {}
        self.standing: Standing | None = None
        self._kept: Mapping[str, Execution] = {}

    @classmethod
    def of(cls, texts: dict[str, str], config: Config | None = None) -> Snapshot:
        """A snapshot of texts in memory."""
        return cls(Documents({path: Document(path, text) for path, text in texts.items()}), config)

    # Documents

    def document(self, path: str) -> Document | None:
        return self.documents.get(path)

    def line(self, location: Location) -> int:
        """The 1-based line at which a location starts; 1 for a file that is not there."""
        document = self.document(location.path)
        return 1 if document is None else document.lines.position(location.span.start).line + 1

    def with_change(self, change: Change) -> Snapshot:
        """The hypothetical next snapshot. Raises EditConflict for stale, overlapping or impossible edits."""
        changed: dict[str, Document | None] = {}
        for path in {edit.path for edit in change.edits}:
            document = self.document(path)
            if document is None:
                raise EditConflict(f"{path}: there is no such file to edit")
            base = change.bases.get(path)
            if base is not None and base != document.digest:
                raise EditConflict(f"{path}: the file has changed since the edit was made")
            edits = [edit for edit in change.edits if edit.path == path]
            changed[path] = Document(path, apply_edits(document.text, edits))
        for path, text in change.new_files.items():
            if path in self.documents or path in changed:
                raise EditConflict(f"{path}: the file exists already")
            changed[path] = Document(path, text)
        documents = self.documents.replacing(changed)
        changed_one = Snapshot(documents, self.config, self.memo, self.cancelled, self.now, self.lasting, self.find_scratch)
        changed_one.runtime, changed_one.standing = self.runtime, self.standing
        changed_one.answers, changed_one.earlier = self.answers, self.earlier
        return changed_one.inherit(self)

    def with_runtime(self, runtime: Runtime) -> Snapshot:
        """The same moment, with what the running project told. The programs that were read are not read again."""
        told = Snapshot(self.documents, self.config, self.memo, self.cancelled, self.now, self.lasting, self.find_scratch)
        for view in ("signals", "program", "interpreter", "written_applications", "written_models"):
            if view in self.__dict__:
                told.__dict__[view] = self.__dict__[view]
        told.runtime, told.standing, told.answers, told.earlier = runtime, self.standing, self.answers, self.earlier
        return told

    def with_answers(self, answers: Answers) -> Snapshot:
        """The same moment with a person's answers; what was made of the texts is shared."""
        told = copy(self)
        told.answers = answers
        return told

    def inherit(self, previous: Snapshot | None) -> Snapshot:
        """This snapshot, which now spares running again what holds from a previous `lasting` one. For a fresh snapshot.

        The same modules must be there in both; only their texts may differ.
        """
        ran = previous.__dict__.get("interpreter") if previous is not None else None
        if not self.lasting or previous is None or not isinstance(ran, Interpreter) or not ran.lasting:
            return self
        if self.program.paths != previous.program.paths:
            return self
        paths = self.program.paths
        changed = [path for path in paths if self.documents.digest(path) != previous.documents.digest(path)]
        self._kept = inherited(ran, changed)
        return self

    def suppressions(self, path: str) -> tuple[Suppression, ...]:
        document = self.document(path)
        if document is None:
            return ()
        return self.memo.get("suppressions", path, document.digest, lambda: suppressions_of(document))

    def check_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled

    # Python

    def module(self, path: str) -> ModuleFacts:
        self.check_cancelled()
        return self.memo.get("module", path, self.documents.digest(path), lambda: self._read_module(path))

    def lacks_lines(self, path: str) -> bool:
        """Whether a Python file that was read has lines that nobody could read: what rests on it is not known."""
        facts = self.memo.previous("module", path)
        if not isinstance(facts, ModuleFacts) or not facts.lacks_lines or path not in self.documents:
            return False
        return self.module(path).lacks_lines

    def _read_module(self, path: str) -> ModuleFacts:
        document = self.documents[path]
        good = self.memo.previous("good", path)
        facts = read_module(path, document.text, good if isinstance(good, str) else None)
        if not facts.problems:
            self.memo.entries[("good", path)] = (None, document.text)
        return facts

    @cached_property
    def program(self) -> Program:
        return Program(self.documents, self.module)

    @cached_property
    def interpreter(self) -> Interpreter:
        interpreter = Interpreter(self.program, self.lasting, self._kept, kinds_of(self._spoken))
        interpreter.answers = answers_of(self._spoken)
        return interpreter

    @cached_property
    def _spoken(self) -> tuple[str, ...]:
        """The frameworks that the program may use, by their readers' names: nothing is paid for the others."""
        found = set().union(*self.signals.values())
        return tuple(
            look.reader for look in LOOKS
            if (_ROUTES + look.reader in found and (not look.packages or _PACKAGE + look.reader in found))
            or (look.described and self.config.routes)
        )  # fmt: skip

    @cached_property
    def signals(self) -> dict[str, frozenset[str]]:
        """What each file may hold, by a quick look at its text: "specification", "tables", "routes of FastAPI"."""
        return {path: found for path in self.documents if (found := self._signals(path))}

    def _signals(self, path: str) -> frozenset[str]:
        kind = kind_of(path)
        if kind not in (Kind.YAML, Kind.JSON, Kind.PYTHON):
            return frozenset()
        self.check_cancelled()
        return self.memo.get("signals", path, self.documents.digest(path), lambda: self._look(path, kind))

    def _look(self, path: str, kind: Kind) -> frozenset[str]:
        text = self.documents[path].text
        found = set()
        if kind is not Kind.PYTHON:
            if is_specification(path, text):
                found.add("specification")
        else:
            found.update(_ROUTES + name for name in frameworks_of(text))
            found.update(_PACKAGE + name for name in packages_named(text))
            if may_declare_tables(text):
                found.add("tables")
        return frozenset(found)

    def candidates(self, signal: str, patterns: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Paths with a signal, narrowed to the configuration's patterns where it has some."""
        paths = [path for path, found in self.signals.items() if signal in found]
        if patterns:
            paths = [path for path in paths if any(matches(path, pattern) for pattern in patterns)]
        return tuple(sorted(paths))

    def may_serve(self) -> tuple[str, ...]:
        """Python files that may have something to do with routes, in any framework."""
        return tuple(sorted(path for path, found in self.signals.items() if any(signal.startswith(_ROUTES) for signal in found)))

    # Trees of YAML and JSON

    def tree(self, path: str) -> tuple[Document, Tree] | None:
        """A document with its tree; None for a path that is not there. Half-typed text is mended by the tree before."""
        document = self.document(path)
        if document is None:
            return None
        previous = self.memo.previous("tree", path)
        before = previous if isinstance(previous, Tree) else None
        return document, self.memo.get("tree", path, document.digest, lambda: read_tree(document.text, document.kind, before))

    def is_broken(self, path: str) -> bool:
        """Whether a reader stops somewhere in this text, as in the middle of typing: it then tells less than was meant."""
        document = self.documents[path]
        match document.kind:
            case Kind.PYTHON:
                return bool(self.module(path).problems)
            case Kind.YAML | Kind.JSON:
                found = self.tree(path)
                return found is not None and not found[1].complete
            case Kind.TOML | Kind.INI:
                return is_broken_settings(document)
        return False

    # Views: the API

    @cached_property
    def promised(self) -> tuple[Api, ...]:
        """What the specs promise, one Api per spec."""
        return tuple(self._promised(path) for path in self.candidates("specification", self.config.specs))

    def _promised(self, path: str) -> Api:
        """A spec's Api, memoised by the digests of every file it was read from, those that are not there included."""
        known = self.memo.previous("promised", path)
        if isinstance(known, tuple):
            read, api = known
            if all(digest == self._digest(source) for source, digest in read.items()):
                return api  # type: ignore[no-any-return]
        self.check_cancelled()
        read = {path: self._digest(path)}

        def load(source: str) -> tuple[Document, Tree] | None:
            read[source] = self._digest(source)
            return self.tree(source)

        loaded = load(path)
        assert loaded is not None
        api = read_specification(*loaded, load)
        self.memo.entries[("promised", path)] = (None, (read, api))
        return api

    def _digest(self, path: str) -> str | None:
        return self.documents.digest(path) if path in self.documents else None

    @cached_property
    def implemented(self) -> tuple[Api, ...]:
        """What the applications implement, one Api each."""
        return fill_applications(self.written_applications, self.runtime.specifications)

    @cached_property
    def written_applications(self) -> tuple[Api, ...]:
        """What the applications implement as far as their text tells."""
        found: list[Api] = []
        program = RoutedProgram(
            self.interpreter, self._specification, self._mentioning, self.config.routes, self.config.views,
            self.documents.digest, self.memo.get("routes", "", None, dict),
        )  # fmt: skip
        for look in LOOKS:
            paths = self.candidates(_ROUTES + look.reader, self.config.applications)
            if look.reader in self._spoken and (paths or look.described):
                self.check_cancelled()
                found.extend(self._doubted(api, paths) for api in framework(look.reader).read(program, paths))
        return mounted(found)

    def _mentioning(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The Python files in whose text one of the words stands."""
        python = (path for path in self.documents if kind_of(path) is Kind.PYTHON)
        return tuple(path for path in python if any(word in self.documents[path].text for word in words))

    def _specification(self, path: str) -> Api | None:
        return self._promised(path) if path in self.documents else None

    def _doubted(self, api: Api, paths: tuple[str, ...]) -> Api:
        """An application of which broken lines may hold a part is not seen whole."""
        broken = [path for path in paths if self.lacks_lines(path)]
        if broken and api.incomplete is None:
            behind = set().union(*(self.replayer.files_behind(source) for source in api.sources))
            for path in broken:
                if path in behind:
                    return replace(api, incomplete=_broken(path))
        return api

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """Specs with the applications they speak of."""
        served = tuple(api for api in self.implemented if api.served)
        found = []
        for pairing in pair(self.promised, served):
            self.check_cancelled()
            found.append(Contract(pairing, compare_apis(pairing.promised, pairing.implemented, pairing)))
        return tuple(found)

    # Views: the database

    @cached_property
    def library(self) -> Library:
        """What other packages bring to models, with what the configuration adds."""
        shipped = shipped_library()
        texts = [self.documents[path].text for path in self.documents if path.rpartition("/")[2] == "pyproject.toml"]
        least = {package: least_version(texts, package) for package in shipped.releases}
        return shipped.since(least).extended(self.config.types, self.config.bases)

    @cached_property
    def mapped(self) -> tuple[Database, ...]:
        """What the models map, one Database per metadata."""
        return fill_models(self.written_models, self.runtime.metadata)

    @cached_property
    def written_models(self) -> tuple[Database, ...]:
        """What the models map as far as their text tells."""
        paths = self.candidates("tables")
        environments = tuple(dict.fromkeys(tree.env for tree in self.trees if tree.env is not None))
        found = read_models(self.interpreter, paths, self.library, environments)
        broken = next((path for path in paths if self.lacks_lines(path)), None)
        if broken is None:
            return found
        return tuple(replace(database, incomplete=database.incomplete or _broken(broken)) for database in found)

    def seed(self, dialect: str | None) -> Seed | BadSeed | None:
        """The user's own rows for proofs, or why they cannot be read."""
        from lsp_server.database.migration.seed import BadSeed, read_seed

        path = self.config.seed
        if path is None:
            return None
        document = self.document(path)
        if document is None:
            return BadSeed(f"{path}: there is no such file in the workspace")
        try:
            return read_seed(path, document.text, document.digest, dialect)
        except BadSeed as problem:
            return problem

    def own_tables(self, mapped: Database) -> OwnTables | None:
        """What the running project said of these models' tables, those whose files have not been edited since."""
        from lsp_server.database.migration.own_tables import own_tables

        if not self.runtime.created:
            return None
        same = {path for path, digest in self.runtime.digests.items() if path in self.documents and self.documents.digest(path) == digest}
        unchanged = frozenset(table.key for table in mapped.tables if table.location is not None and table.location.path in same)
        return own_tables(self.runtime.created, mapped, unchanged)

    @cached_property
    def database_urls(self) -> tuple[str, ...]:
        """Whatever looks like a database's URL in settings and code: `sqlalchemy.url`, defaults, tests. As written."""
        kinds = (Kind.PYTHON, Kind.INI, Kind.TOML)
        texts = (self.documents[path].text for path in self.documents if kind_of(path) in kinds)
        return tuple(dict.fromkeys(url for text in texts if "://" in text for url in urls_in(text)))

    @cached_property
    def trees(self) -> tuple[History, ...]:
        """Every Alembic tree that the configuration does not leave out, the one with most revisions first."""
        paths = [path for path in self.documents if kind_of(path) in (Kind.PYTHON, Kind.INI, Kind.TOML)]
        found = find_histories(paths, self.documents.__getitem__, self.module)
        patterns = self.config.alembic
        if patterns:
            found = tuple(each for each in found if any(matches(f"{each.folder}/env.py", pattern) for pattern in patterns))
        return found

    @cached_property
    def histories(self) -> tuple[HistoryReplay, ...]:
        """Every Alembic tree, replayed from an empty database."""
        replays = []
        for history in self.trees:
            self.check_cancelled()
            if self.config.dialect is not None:
                history = replace(history, dialect=self.config.dialect)
            replays.append(self.replayer.replay(history))
        return tuple(replays)

    def replay_of(self, history: History) -> HistoryReplay | None:
        """The same Alembic tree as in another snapshot; one folder may hold trees for several databases."""
        place = (history.folder, history.versions)
        return next((each for each in self.histories if (each.history.folder, each.history.versions) == place), None)

    @cached_property
    def replayer(self) -> Replayer:
        return Replayer(self.interpreter, self.documents.digest, self.memo.get("replay", "", None, dict), self.library)

    @cached_property
    def downgrades(self) -> tuple[tuple[HistoryReplay, RevisionReplay, DowngradeOutcome], ...]:
        """What the downgrade of every replayed revision does right after its upgrade."""
        found = []
        for replay in self.histories:
            for step in replay.revisions:
                self.check_cancelled()
                outcome = downgrade_outcome(self.replayer, replay, step.revision.id)
                if outcome is not None:
                    found.append((replay, step, outcome))
        return tuple(found)

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """Models held against their migrations."""
        return tuple(
            Drift(upkeep, compare_databases(upkeep.replay.database, upkeep.mapped, upkeep.replay.history.dialect))
            for upkeep in pair_histories(self.histories, self.mapped)
        )

    @cached_property
    def unseen(self) -> tuple[Unseen, ...]:
        """Models that the `env.py` of their history does not import."""
        found = unseen_models(self.mapped, self.trees, self.program)
        own = [path for path in self.program.paths if not is_aside(path)] if found else []
        return () if any(runs_comparison(self.documents[path].text) for path in own) else found

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What could not be read, in order of place."""
        found = [unknown for api in (*self.promised, *self.implemented) for unknown in api.unknowns]
        found.extend(unknown for api in self.implemented for each in api.operations for unknown in unknowns_of(each))
        found.extend(unknown for database in self.mapped for unknown in database.unknowns)
        found.extend(unknown for database in self.mapped for table in database.tables for unknown in unknowns_of_table(table))
        found.extend(unknown for tree in self.trees for unknown in tree.unread)
        found.extend(unkept(self.mapped, self.histories, [drift.upkeep for drift in self.drifts]))
        found.extend(_why(replay) for replay in self.histories if replay.verdict.ok is not True)
        found.extend(unpaired(self.promised, [contract.pairing for contract in self.contracts]))
        found.extend(Unknown(f"what the running project would tell: {failure}") for failure in self.runtime.failures)
        found.extend(self._unread())
        found.extend(self._unmatched())
        return tuple(sorted(set(found), key=lambda unknown: (unknown.location or _NOWHERE, unknown.what)))

    def _unread(self) -> Iterator[Unknown]:
        """Files whose text could not be read, or not wholly, among those that somebody looked at."""
        for path in self.documents:
            if kind_of(path) not in _READABLE:
                continue
            if (problem := self.documents.problem(path)) is not None:
                yield Unknown(f"a file that cannot be read: {problem}", Location(path, Span(0, 0)), unread=True)
            facts = self.memo.previous("module", path)
            if isinstance(facts, ModuleFacts) and facts.problems and self.module(path) is facts:
                for error in facts.problems:
                    yield Unknown(f"a part that is not Python: {error.message}", Location(path, error.span), unread=True)

    def _unmatched(self) -> Iterator[Unknown]:
        """Patterns of the configuration that name nothing: what they were meant for is not looked at."""
        for key, patterns in (("specs", self.config.specs), ("applications", self.config.applications)):
            for pattern in patterns:
                if not any(matches(path, pattern) for path in self.documents):
                    yield Unknown(f"`{key}` in the configuration: no file fits `{pattern}`")
        for pattern in self.config.alembic:
            if not any(matches(f"{tree.folder}/env.py", pattern) for tree in self.trees):
                yield Unknown(f"`alembic` in the configuration: no folder of migrations fits `{pattern}`")


def _broken(path: str) -> Unknown:
    return Unknown("lines that are not Python", Location(path, Span(0, 0)))


def _why(replay: HistoryReplay) -> Unknown:
    verdict = replay.verdict
    said = "does not replay from an empty database" if verdict.ok is False else "cannot be replayed to the end"
    return Unknown(f"the migration history in {replay.history.folder or '.'} {said}: {verdict.reason}", verdict.location)


_PACKAGE = "package of "  # and a framework's name: the signal that a file names its package
_ROUTES = "routes of "  # and a framework's name: the signal that a file may hold some
_READABLE = frozenset({Kind.PYTHON, Kind.YAML, Kind.JSON, Kind.TOML, Kind.INI})
_NOWHERE = Location("", Span(0, 0))

"""The snapshot: documents, facts, views and configuration at one moment. Everything a rule may look at.

Immutable from outside; views are made when first asked for and kept. Facts are memoised by (path, digest) in a `Memo`
that snapshots share. `with_change` gives the snapshot as it would be after a change. How views are made is said in `api.py` and
`database.py`, what files may hold in `signals.py`, what could not be read in `unknowns.py`. No file is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from lsp_server.api.frameworks import answers_of, kinds_of
from lsp_server.api.model import Api
from lsp_server.config import Config, matches
from lsp_server.database.alembic import History
from lsp_server.database.library import Library
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.scratch import FindScratch
from lsp_server.database.model import Database
from lsp_server.database.replay import HistoryReplay, Replayer, RevisionReplay
from lsp_server.database.rollback import DowngradeOutcome
from lsp_server.database.standing import Standing
from lsp_server.database.unseen import Unseen
from lsp_server.document import Document, Documents, Kind, is_broken_settings
from lsp_server.python.execution import Execution
from lsp_server.python.inherit import inherited
from lsp_server.python.interpret import Interpreter
from lsp_server.python.module import ModuleFacts, read_module
from lsp_server.python.program import Program
from lsp_server.snapshot import api, database
from lsp_server.snapshot.api import Contract
from lsp_server.snapshot.database import Drift
from lsp_server.snapshot.memo import Memo
from lsp_server.snapshot.runtime import Runtime
from lsp_server.snapshot.signals import ROUTES, frameworks_spoken, signals_of
from lsp_server.snapshot.unknowns import all_unknowns
from lsp_server.suppressions import Suppression, suppressions_of
from lsp_server.text import Change, EditConflict, Location, apply_edits
from lsp_server.tree.node import Tree
from lsp_server.tree.repair import read as read_tree
from lsp_server.unknown import Unknown

if TYPE_CHECKING:
    from lsp_server.database.migration.own_tables import OwnTables
    from lsp_server.database.migration.seed import BadSeed, Seed


class Cancelled(Exception):
    """The work is no longer wanted."""


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
        interpreter = Interpreter(self.program, self.lasting, self._kept, kinds_of(self.spoken))
        interpreter.answers = answers_of(self.spoken)
        return interpreter

    @cached_property
    def spoken(self) -> tuple[str, ...]:
        """The frameworks that the program may use, by their readers' names: nothing is paid for the others."""
        return frameworks_spoken(self)

    @cached_property
    def signals(self) -> dict[str, frozenset[str]]:
        """What each file may hold, by a quick look at its text: "specification", "tables", "routes of FastAPI"."""
        return {path: found for path in self.documents if (found := signals_of(self, path))}

    def candidates(self, signal: str, patterns: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Paths with a signal, narrowed to the configuration's patterns where it has some."""
        paths = [path for path, found in self.signals.items() if signal in found]
        if patterns:
            paths = [path for path in paths if any(matches(path, pattern) for pattern in patterns)]
        return tuple(sorted(paths))

    def may_serve(self) -> tuple[str, ...]:
        """Python files that may have something to do with routes, in any framework."""
        return tuple(sorted(path for path, found in self.signals.items() if any(signal.startswith(ROUTES) for signal in found)))

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
        return api.promised(self)

    @cached_property
    def implemented(self) -> tuple[Api, ...]:
        """What the applications implement, one Api each."""
        return api.implemented(self)

    @cached_property
    def written_applications(self) -> tuple[Api, ...]:
        """What the applications implement as far as their text tells."""
        return api.written_applications(self)

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """Specs with the applications they speak of."""
        return api.contracts(self)

    # Views: the database

    @cached_property
    def library(self) -> Library:
        """What other packages bring to models, with what the configuration adds."""
        return database.library(self)

    @cached_property
    def mapped(self) -> tuple[Database, ...]:
        """What the models map, one Database per metadata."""
        return database.mapped(self)

    @cached_property
    def written_models(self) -> tuple[Database, ...]:
        """What the models map as far as their text tells."""
        return database.written_models(self)

    def seed(self, dialect: str | None) -> Seed | BadSeed | None:
        """The user's own rows for proofs, or why they cannot be read."""
        return database.seed(self, dialect)

    def own_tables(self, mapped: Database) -> OwnTables | None:
        """What the running project said of these models' tables, those whose files have not been edited since."""
        return database.own_tables(self, mapped)

    @cached_property
    def database_urls(self) -> tuple[str, ...]:
        """Whatever looks like a database's URL in settings and code: `sqlalchemy.url`, defaults, tests. As written."""
        return database.database_urls(self)

    @cached_property
    def trees(self) -> tuple[History, ...]:
        """Every Alembic tree that the configuration does not leave out, the one with most revisions first."""
        return database.trees(self)

    @cached_property
    def histories(self) -> tuple[HistoryReplay, ...]:
        """Every Alembic tree, replayed from an empty database."""
        return database.histories(self)

    def replay_of(self, history: History) -> HistoryReplay | None:
        """The same Alembic tree as in another snapshot; one folder may hold trees for several databases."""
        place = (history.folder, history.versions)
        return next((each for each in self.histories if (each.history.folder, each.history.versions) == place), None)

    @cached_property
    def replayer(self) -> Replayer:
        return database.replayer(self)

    @cached_property
    def downgrades(self) -> tuple[tuple[HistoryReplay, RevisionReplay, DowngradeOutcome], ...]:
        """What the downgrade of every replayed revision does right after its upgrade."""
        return database.downgrades(self)

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """Models held against their migrations."""
        return database.drifts(self)

    @cached_property
    def unseen(self) -> tuple[Unseen, ...]:
        """Models that the `env.py` of their history does not import."""
        return database.unseen(self)

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What could not be read, in order of place."""
        return all_unknowns(self)

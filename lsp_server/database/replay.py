"""Replays a migration history from an empty database, without a database: the schema before and after every revision.

Each revision runs once in the interpreter; what it does is remembered by the digests of the files it read, so a keystroke
in one revision does not run the others again. What the downgrade of a revision leaves behind is worked out when asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_server.database.alembic import History
from lsp_server.database.declared import Declarations
from lsp_server.database.environment import Environment, read_environment
from lsp_server.database.fold import apply
from lsp_server.database.fold.state import Refusal, State
from lsp_server.database.library import Library, shipped_library
from lsp_server.database.model import Database, Replay, Revision
from lsp_server.database.operations import Step
from lsp_server.database.recorder import Recorder
from lsp_server.database.types import TypeReader
from lsp_server.python.interpret import Interpreter
from lsp_server.python.values import FunctionValue


@dataclass(frozen=True, slots=True)
class Trace:
    """What one function of a revision asks for. `before` is set where the answer hangs on the schema it met."""

    steps: tuple[Step, ...]
    reads: tuple[tuple[str, str], ...]  # (path, digest) of every file that had a say
    environment: Environment
    library: Library
    dialect: str  # it cuts the names
    before: State | None = None


Memo = dict[tuple[str, str], Trace]  # (path, "upgrade" | "downgrade") -> trace


@dataclass(frozen=True, slots=True)
class RevisionReplay:
    """One revision of a replay. `before` and `after` are not to be changed; `database` makes a view of either."""

    revision: Revision
    steps: tuple[Step, ...]
    before: State
    after: State
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class HistoryReplay:
    """A replayed history. `database` is the schema at head, empty where the history does not replay."""

    history: History
    verdict: Replay
    database: Database
    revisions: tuple[RevisionReplay, ...]
    environment: Environment

    def revision(self, identifier: str) -> RevisionReplay | None:
        return next((each for each in self.revisions if each.revision.id == identifier), None)


class Replayer:
    """Runs the functions of revisions. `digest` gives a file's content digest; `memo` is kept by whoever owns the replays."""

    def __init__(self, interpreter: Interpreter, digest: Callable[[str], str], memo: Memo | None = None,
                 library: Library | None = None) -> None:  # fmt: skip
        self.interpreter = interpreter
        self.digest = digest
        self.library = library or shipped_library()
        self.memo: Memo = memo if memo is not None else {}

    def replay(self, history: History) -> HistoryReplay:
        """Run every upgrade from an empty database, in Alembic's order, up to the first that the database would refuse.

        Where branches without a common base cannot stand in one database, they are alternatives: the one that new
        databases get (the branch labelled `main`, else the last one by its place in the tree) is replayed alone.
        """
        environment = read_environment(history, self.interpreter)
        whole = self._replay(history, history.revisions, environment)
        branches = independent_branches(history)
        if whole.verdict.ok is not False or len(branches) < 2:
            return whole
        alone = [self._replay(history, branch, environment) for branch in branches]
        if any(each.verdict.ok is not True for each in alone):
            return whole
        return next((each for each, branch in zip(alone, branches) if any("main" in one.branch_labels for one in branch)), alone[-1])

    def _replay(self, history: History, revisions: tuple[Revision, ...], environment: Environment) -> HistoryReplay:
        state = State(history.dialect)
        done: list[RevisionReplay] = []
        refusal: Refusal | None = None
        for revision in revisions:
            before = state.copy()
            steps, refusal = self.run(revision, "upgrade", state, environment)
            done.append(RevisionReplay(revision, steps, before, state.copy(), refusal))
            if refusal is not None:
                break
        verdict = _verdict(history, state, refusal)
        source = history.folder
        database = state.database(source) if verdict.ok is not False else Database(source, dialect=history.dialect)
        return HistoryReplay(history, verdict, database, tuple(done), environment)

    def run(self, revision: Revision, name: str, state: State, environment: Environment) -> tuple[tuple[Step, ...], Refusal | None]:
        """Run `upgrade` or `downgrade` of a revision over a state, in place: its steps, and where it would be refused."""
        remembered = self._remembered(revision.path, name, state, environment)
        if remembered is not None:
            for step in remembered.steps:
                refusal = apply(state, step)
                if refusal is not None:
                    return remembered.steps, refusal
            return remembered.steps, None
        before = state.copy()
        recorder = Recorder(revision.path, state, Declarations(TypeReader(self.interpreter, self.library), environment.convention, state.dialect), environment)
        outer, self.interpreter.outside = self.interpreter.outside, recorder
        try:
            function = self.interpreter.member(revision.path, name)
            if isinstance(function, FunctionValue):
                self.interpreter.call_detached(function)
        finally:
            self.interpreter.outside = outer
        reads = tuple((path, self.digest(path)) for path in sorted(self.files_behind(revision.path)))
        self.memo[revision.path, name] = Trace(tuple(recorder.steps), reads, environment, self.library, state.dialect, before if recorder.asked else None)
        return tuple(recorder.steps), recorder.refusal

    def _remembered(self, path: str, name: str, state: State, environment: Environment) -> Trace | None:
        trace = self.memo.get((path, name))
        if trace is None or (trace.environment, trace.library, trace.dialect) != (environment, self.library, state.dialect):
            return None
        if any(self.digest(read) != digest for read, digest in trace.reads):
            return None
        return None if trace.before is not None and trace.before != state else trace

    def files_behind(self, path: str) -> set[str]:
        """A file and every file that it looked into, directly or not."""
        found = {path}
        waiting = [path]
        while waiting:
            execution = self.interpreter.executions.get(waiting.pop())
            for other in execution.reads if execution is not None else ():
                if other not in found and not other.endswith("/"):
                    found.add(other)
                    waiting.append(other)
        return found


def independent_branches(history: History) -> list[tuple[Revision, ...]]:
    """The revisions of a history in groups that neither build nor depend on each other."""
    group: dict[str, int] = {}
    for number, revision in enumerate(history.revisions):
        linked = {group[other.id] for down in (*revision.down, *revision.depends_on) if (other := history.revision(down)) and other.id in group}
        group = {key: number if each in linked else each for key, each in group.items()}
        group[revision.id] = number
    return [tuple(each for each in history.revisions if group[each.id] == number) for number in dict.fromkeys(group.values())]


def _verdict(history: History, state: State, refusal: Refusal | None) -> Replay:
    if refusal is not None:
        return Replay(False, refusal.message, refusal.location)
    for fault in history.faults:
        return Replay(False, fault.message, fault.location)
    if state.blind is not None:
        return Replay(None, state.blind.what, state.blind.location)
    return Replay(True)


__all__ = ["HistoryReplay", "Memo", "Replayer", "RevisionReplay", "Trace"]

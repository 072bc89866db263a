"""Proofs of the revisions of a draft: what the replay says of their text, and what a database of ours says when they run there.

A revision holds if its history replays, its downgrade undoes its upgrade, and its steps go up, down and up again on a shadow. Nothing else is ever
opened: the scratch servers are the snapshot's (`find_scratch`).
"""

from __future__ import annotations

from dataclasses import dataclass

from lsp_server.database.migration.proof import Proof
from lsp_server.database.migration.written import directions_of, prove_written
from lsp_server.database.model import Revision
from lsp_server.database.replay import HistoryReplay, RevisionReplay
from lsp_server.database.rollback import downgrade_outcome
from lsp_server.python.walk import walk
from lsp_server.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RevisionProof:
    """`problems` are what the text alone shows to be wrong; the `proof` is None where nothing could be run."""

    path: str
    revision: str | None
    proof: Proof | None = None
    problems: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.problems and self.proof is not None and self.proof.holds

    def lines(self) -> tuple[str, ...]:
        """The result as a list for people: what is wrong, what failed, what was shown, what was not."""
        if self.proof is None:
            return tuple(f"wrong: {each}" for each in self.problems)
        return (
            *(f"wrong: {each}" for each in self.problems),
            *(f"failed: {each}" for each in self.proof.failed),
            *(f"proved on {self.proof.where}: {each}" for each in self.proof.proved),
            *(f"not proved: {each}" for each in self.proof.not_proved),
        )


def prove_revision(snapshot: Snapshot, path: str, base: Snapshot | None = None) -> RevisionProof:
    """The proof of the revision in a file.

    `base` is the workspace before: where a function of the revision stands as it stood there, steps of it that the text does not tell are only
    named; in what a run writes itself they are a problem.
    """
    document = snapshot.document(path)
    if document is None:
        return RevisionProof(path, None, problems=("there is no such file that readers look at",))
    faults = snapshot.module(path).problems
    if faults:
        line = document.lines.position(faults[0].span.start).line + 1
        return RevisionProof(path, None, problems=(f"line {line} is not Python: {faults[0].message}",))
    found = _revision_in(snapshot, path)
    if found is None:
        return RevisionProof(path, None, problems=("no migration history has a revision in this file: it needs `revision`, `down_revision` and a place in the versions folder",))
    replay, revision = found
    step = replay.revision(revision.id)
    if step is None or step.refusal is not None:
        return RevisionProof(path, revision.id, problems=(_why_not_replayed(replay, step),))
    return _prove(snapshot, replay, step, base)


def _prove(snapshot: Snapshot, replay: HistoryReplay, step: RevisionReplay, base: Snapshot | None) -> RevisionProof:
    history, revision = replay.history, step.revision
    outcome = downgrade_outcome(snapshot.replayer, replay, revision.id)
    problems = [f"the history: {fault.message}" for fault in history.faults if fault.location.path == revision.path]
    if len(history.heads) > 1:
        problems.append(f"the history has several heads: {', '.join(history.heads)}")
    down = None
    if outcome is None:
        problems.append("what the downgrade does is not known")
    elif outcome.state in ("missing", "raises"):
        problems.append("there is no downgrade" if outcome.state == "missing" else "the downgrade raises")
    else:
        down = outcome.steps
        if outcome.refusal is not None:
            problems.append(f"the downgrade is refused: {outcome.refusal.message}")
        problems += [f"the downgrade does not reverse the upgrade: {each.message}" for each in outcome.differences]
    upgrade, downgrade = directions_of(step, down, history.folder, history.dialect)
    for direction in (upgrade, downgrade):
        if direction is not None and direction.blind and not _is_as_before(base, snapshot, revision.path, direction.name):
            problems.append(f"{direction.blind[0]}. Write it so that its text tells: Alembic's operations, or op.execute with plain INSERT, UPDATE or DELETE")
    proof = prove_written(upgrade, downgrade, history.dialect, snapshot.find_scratch, _stops_by_itself(snapshot, revision))
    return RevisionProof(revision.path, revision.id, proof, tuple(problems))


def _revision_in(snapshot: Snapshot, path: str) -> tuple[HistoryReplay, Revision] | None:
    for replay in snapshot.histories:
        for revision in replay.history.revisions:
            if revision.path == path:
                return replay, revision
    return None


def _why_not_replayed(replay: HistoryReplay, step: RevisionReplay | None) -> str:
    if step is not None and step.refusal is not None:
        return f"the database would refuse the upgrade: {step.refusal.message}"
    return f"the history does not replay so far: {replay.verdict.reason or 'an earlier revision stops it'}"


def _is_as_before(base: Snapshot | None, snapshot: Snapshot, path: str, function: str) -> bool:
    """Whether a function of a file stands as it stood before."""
    if base is None or base.document(path) is None:
        return False
    before, now = (_source(each, path, function) for each in (base, snapshot))
    return before is not None and before == now


def _source(snapshot: Snapshot, path: str, function: str) -> str | None:
    node = next((node for node in snapshot.module(path).body if node[0] == "def" and node[3] == function), None)
    return snapshot.documents[path].text[node[1] : node[2]] if node is not None else None


def _stops_by_itself(snapshot: Snapshot, revision: Revision) -> bool:
    """Whether the upgrade raises by itself where rows are in its way."""
    for node in snapshot.module(revision.path).body:
        if node[0] == "def" and node[3] == "upgrade":
            return any(each[0] == "raise" for each in walk(node[8]))
    return False


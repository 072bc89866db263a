"""What a run's work is worth, established by our own checker; what the model says of it counts for nothing.

A verdict holds when the findings of the task are gone and no new ones have come, everything parses, imports lead somewhere, every revision that was
written or changed is proved on a scratch database, the project's tests pass (where a person trusts it), and nothing was bent to get there: no test
taken out, no specification changed that was the measure, no history rewritten, no data lost that nobody asked to lose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from lsp_server.agent.draft import Draft
from lsp_server.agent.imports import unresolved
from lsp_server.agent.order import changed_revisions
from lsp_server.agent.proving import prove_revision
from lsp_server.agent.task import Task
from lsp_server.check import check
from lsp_server.document import Kind, kind_of
from lsp_server.findings import Finding, Report, Rule
from lsp_server.python.walk import walk
from lsp_server.snapshot import Snapshot

_ADDING = ("implement-endpoint", "implement-story", "data-step", "complete-rollback")  # nothing that works may go
_LOSS = "migration-loses-data"
_PARAMETER = re.compile(r"\{[^}]*\}")
_TEST_SETTINGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "setup.cfg")
_CHOICE = re.compile(r"^[ \t]*(addopts|testpaths|python_(?:files|classes|functions)|norecursedirs|xfail_strict)[ \t]*=[ \t]*(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
_HOOK = re.compile(r"pytest_(?!addoption)")
_PLACE_IN_HISTORY = re.compile(r"(?:down_revision|revision|branch_labels|depends_on)\b")
_SHOWN = 12  # entries of one list in words


@dataclass(frozen=True, slots=True)
class Tests:
    """What the project's own tests said. `summary` is one line, `output` the end of what they printed."""

    passed: bool
    summary: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`target_left` are the fingerprints of the task that are still there. `introduced` are new findings, those that only tell a risk included;
    `faults` are sentences, each a reason why the verdict does not hold. `proof` says what was proved, line by line; `tests` is None where none were run.
    """

    ok: bool
    cleared: tuple[Finding, ...] = ()
    introduced: tuple[Finding, ...] = ()
    target_left: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()
    tests: str | None = None
    log: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """For people and for the model: first what is wrong, then what was established."""
        return (
            *_some([f"wrong: {fault}" for fault in self.faults]),
            *_some([f"cleared: [{each.rule}] {each.message}" for each in self.cleared]),
            *_some([f"to know: [{each.rule}] {each.location.path}: {each.message}" for each in self.introduced if self.ok]),
            *self.proof,
            *([f"tests: {self.tests}"] if self.tests is not None else []),
        )


def refused(why: str, log: Sequence[str] = ()) -> Verdict:
    """The verdict on a run that came to no result."""
    return Verdict(False, faults=(why,), log=tuple(log))


def judge(
    draft: Draft,
    task: Task,
    rules: Sequence[Rule],
    before: Report,
    cancelled: Callable[[], bool] = lambda: False,
    today: date | None = None,
    run_tests: Callable[[], Tests] | None = None,
) -> Verdict:
    """The verdict on a draft. `before` is the report on its base. Tests are run only where all else holds. Raises Cancelled."""
    changed = draft.changed
    if not changed:
        return Verdict(False, target_left=task.findings, faults=("nothing was changed",))
    base, snapshot = draft.base, draft.snapshot
    snapshot.cancelled = cancelled
    faults = list(_broken(snapshot, changed))
    if faults:
        return Verdict(False, target_left=task.findings, faults=tuple(faults))
    faults += unresolved(base, snapshot, changed)
    after = check(snapshot, rules, cancelled, today)
    old = {finding.fingerprint for finding in (*before.findings, *before.baselined)}
    new = {finding.fingerprint for finding in after.findings}
    cleared = tuple(finding for finding in before.findings if finding.fingerprint not in new)
    introduced = tuple(finding for finding in after.findings if finding.fingerprint not in old)
    left = tuple(each for each in task.findings if each in new)
    faults += [f"still there: {_said(snapshot, each)}" for each in after.findings if each.fingerprint in left]
    risks = {rule.name for rule in rules if rule.risk}
    named = {finding.rule for finding in before.findings if finding.fingerprint in task.findings}
    losing = bool(named & {"model-change-without-migration", _LOSS})  # somebody has asked for it: the models dropped it already
    faults += [
        f"new: {_said(snapshot, each)}" for each in introduced if each.rule not in risks or (each.rule == _LOSS and not losing)
    ]
    if len(after.failed_rules) > len(before.failed_rules):
        faults.append(f"the rule {after.failed_rules[-1].rule} fails on the result")
    faults += _bent(draft, task)
    if task.kind in _ADDING or any(rule.endswith("-not-in-spec") for rule in named):
        faults += [f"a route was taken out: {route}" for route in sorted(_routes(base) - _routes(snapshot))]
    proof: list[str] = []
    for path in changed_revisions(draft):
        found = prove_revision(snapshot, path, base)
        proof += [f"{path}: {line}" for line in found.lines()]
        if not found.holds:
            reasons = (*found.problems, *(found.proof.failed if found.proof is not None else ())) or ("nothing could be shown",)
            faults.append(f"{path}: the migration is not proved: {'; '.join(reasons)}")
    tests = run_tests() if run_tests is not None and not faults else None
    if tests is not None and not tests.passed:
        faults.append(f"the project's tests fail: {tests.summary}\n{tests.output}".rstrip())
    return Verdict(not faults, cleared, introduced, left, tuple(faults), tuple(proof), tests.summary if tests is not None else None)


def _broken(snapshot: Snapshot, changed: Iterable[str]) -> Iterator[str]:
    """Files that do not parse."""
    for path in changed:
        document = snapshot.document(path)
        if document is None:
            continue  # No reader looks at it.
        if document.kind is Kind.PYTHON:
            for problem in snapshot.module(path).problems[:3]:
                yield f"{path}:{document.lines.position(problem.span.start).line + 1}: not Python: {problem.message}"
        elif snapshot.is_broken(path):
            yield f"{path}: not valid {document.kind.value.upper()}"


def _bent(draft: Draft, task: Task) -> Iterator[str]:
    """What was changed that is a measure of the work, and no part of it."""
    base, snapshot = draft.base, draft.snapshot
    sources = {source for api in base.promised for source in api.sources}
    if task.keeps_spec:
        for path in draft.changed:
            if path in sources:
                yield f"{path}: the specification was changed, and the task was to follow it"
    for path, (before, after) in draft.texts().items():
        if _steering(base, path, before or "") != _steering(snapshot, path, after):
            yield f"{path}: which tests run, and what becomes of their results, was changed"
        if before is None or kind_of(path) is not Kind.PYTHON or path not in base.program.paths:
            continue
        if _is_test(path):
            gone = _tests_in(base, path) - _tests_in(snapshot, path)
            if gone:
                yield f"{path}: tests were taken out: {', '.join(sorted(gone))}"
            if _skips(after) > _skips(before):
                yield f"{path}: tests are skipped that ran before"
    for path in changed_revisions(draft):
        allowed = task.kind == "data-step" and path in task.paths
        if path in base.program.paths and not allowed and not _upgrading(base, path) <= _upgrading(snapshot, path):
            yield f"{path}: the upgrade of a revision that databases may have run already was changed; write a new revision"


def _routes(snapshot: Snapshot) -> set[str]:
    """What the applications answer; parameters may be called otherwise."""
    served = (api for api in snapshot.implemented if api.served)
    return {f"{each.method} {_PARAMETER.sub('{}', each.path)}" for api in served for each in api.operations}


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or "/tests/" in f"/{path}"


def _tests_in(snapshot: Snapshot, path: str) -> set[str]:
    return {node[3] for node in walk(snapshot.module(path).body) if node[0] == "def" and node[3].startswith("test")}


def _skips(text: str) -> int:
    return sum(text.count(word) for word in ("mark.skip", "mark.xfail", "pytest.skip(", "pytest.xfail(", "unittest.skip", "skipTest("))


def _steering(snapshot: Snapshot, path: str, text: str) -> object:
    """What in a file decides about other files' tests: pytest's settings, and the hooks of a conftest.py."""
    name = path.rpartition("/")[2]
    if name in _TEST_SETTINGS:
        return _CHOICE.findall(text)
    if name != "conftest.py":
        return None
    defined = walk(snapshot.module(path).body) if path in snapshot.program.paths else ()
    hooks = tuple(text[node[1] : node[2]] for node in defined if node[0] == "def" and _HOOK.match(node[3]))
    return hooks, _skips(text) + text.count("collect_ignore")


def _upgrading(snapshot: Snapshot, path: str) -> set[str]:
    """The texts of what a revision runs when it upgrades: the function, and the functions and values beside it."""
    text, kinds = snapshot.documents[path].text, ("def", "class", "assign", "annassign")
    parts = {node[1:3] for node in snapshot.module(path).body if node[0] in kinds and not (node[0] == "def" and node[3] == "downgrade")}
    return {part for part in (text[start:end] for start, end in parts) if not _PLACE_IN_HISTORY.match(part)}


def _said(snapshot: Snapshot, finding: Finding) -> str:
    return f"{finding.location.path}:{snapshot.line(finding.location)}: [{finding.rule}] {finding.message}"


def _some(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"… and {len(lines) - _SHOWN} more of these"]



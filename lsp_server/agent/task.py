"""What a run is for: a task in words for the model, with the findings that must be gone afterwards.

Made from findings of the checker or from a person's words. The model is told what is wrong and where both ends stand; texts of the workspace
are not copied into the task, the tools show them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.agent.redact import Redaction
from lsp_server.findings import Direction, Finding
from lsp_server.rules import rule_named
from lsp_server.snapshot import Snapshot

KINDS = ("implement-endpoint", "data-step", "complete-rollback", "follow-spec", "implement-story", "free")
_BY_RULE = {
    "operation-not-implemented": "implement-endpoint",
    "migration-without-rollback": "complete-rollback",
    "rollback-does-not-reverse": "complete-rollback",
    "migration-may-fail-on-rows": "data-step",
    "migration-loses-data": "data-step",
    "model-change-without-migration": "data-step",
}
_DONE = {
    "implement-endpoint": "Implement the operation as the specification promises it: route, validation, authentication, business logic, every promised "
    "answer, and tests for each of them. Look at the neighbouring routes first, and write it in their style.",
    "complete-rollback": "Write the downgrade so that it undoes exactly what the upgrade does, rows included as far as that is possible, and say in a comment "
    "what cannot come back. Leave the upgrade as it is.",
    "data-step": "Write the migration, with the step that takes existing rows along: no value is lost that can be kept, and rows that stand in the way stop "
    "it before anything has changed.",
    "follow-spec": "Bring the code in line with the specification, with its tests.",
    "follow-code": "Bring the specification in line with the code: there, the code leads.",
    "document": "The code has what the specification does not say. Say it there, with everything that the code really takes and answers; take nothing "
    "out of the code that callers may use.",
    "mend-spec": "Mend the specification itself, so that it says what was plainly meant. Where that is not plain, change nothing and say why.",
    "implement-story": "Implement the story: every criterion works and has a test that names it.",
}
_SHOWN = 4  # of one sort, of what a workspace consists of


@dataclass(frozen=True, slots=True)
class Task:
    """`findings` are fingerprints that must be gone; `paths` the files that the task speaks of; `text` is what the model is told.

    `keeps_spec`: the specification is the measure of the work, and a run must not change it.
    """

    kind: str
    title: str
    text: str
    findings: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    keeps_spec: bool = False


def task_for(findings: Sequence[Finding], snapshot: Snapshot, kind: str | None = None) -> Task:
    """A task that clears findings of the snapshot, which are at least one. `kind` is worked out from the first one's rule by default."""
    first = findings[0]
    kind = kind or _BY_RULE.get(first.rule, "follow-spec")
    aims = dict.fromkeys(_aim(each, snapshot) for each in findings) if kind == "follow-spec" else {kind: None}
    lines = [*(_DONE[aim] for aim in aims), "", "What the checker says:"]
    for finding in findings:
        lines.append(f"- {finding.location.path}:{snapshot.line(finding.location)}: [{finding.rule}] {finding.message} (fingerprint {finding.fingerprint})")
        lines += [f"  {each.message}: {each.location.path}:{snapshot.line(each.location)}" for each in finding.related]
    rules = dict.fromkeys(finding.rule for finding in findings)
    lines += ["", *(f"{name}: {rule.summary}" for name in rules if (rule := rule_named(name)) is not None)]
    lines += ["", "It is done when these findings are gone and no others have come.", "", *surroundings(snapshot)]
    places = [place.path for finding in findings for place in (finding.location, *(each.location for each in finding.related))]
    title = first.message if len(findings) == 1 else f"{len(findings)} findings: {first.message}, …"
    fingerprints = tuple(dict.fromkeys(each.fingerprint for each in findings))
    return Task(kind, title, "\n".join(lines), fingerprints, tuple(dict.fromkeys(places)), list(aims) == [kind])


def _aim(finding: Finding, snapshot: Snapshot) -> str:
    """Which side moves where specification and code disagree."""
    rule = rule_named(finding.rule)
    if rule is not None and rule.area == "spec":
        return "mend-spec"
    if finding.rule.endswith("-not-in-spec"):
        return "document"
    return "follow-code" if snapshot.config.leads_for(finding.location.path) == "code" else "follow-spec"


def task_of_words(words: str, kind: str = "free", snapshot: Snapshot | None = None) -> Task:
    """A task in a person's own words."""
    words = " ".join(words.split())
    shown = Redaction().hide(words)  # before it is cut: half a password is known by no form
    title = shown if len(shown) <= 80 else f"{shown[:79]}…"
    ending = "It is done when it works as asked, with tests, and the checker finds nothing that it did not find before."
    parts = [_DONE[kind], words, ending] if kind in _DONE else [words, ending]
    text = "\n\n".join([*parts, "\n".join(surroundings(snapshot))] if snapshot is not None else parts)
    return Task(kind, title, text, keeps_spec=kind != "free")


def surroundings(snapshot: Snapshot) -> tuple[str, ...]:
    """What a workspace consists of, so that nobody needs to look for it: specifications, applications, models, migrations, tests."""
    lines = [f"- specification: {', '.join(api.sources[:1])}, {len(api.operations)} operations" for api in snapshot.promised[:_SHOWN]]
    for api in [each for each in snapshot.implemented if each.served and each.location is not None][:_SHOWN]:
        lines.append(f"- application: {api.location.path if api.location else ''} ({api.version}), {len(api.operations)} routes")
    folders = Counter(
        table.location.path.rpartition("/")[0] or "."
        for database in snapshot.mapped for table in database.tables if table.location is not None
    )  # fmt: skip
    lines += [f"- models: {count} tables in {folder}" for folder, count in folders.most_common(_SHOWN)]
    for tree in snapshot.trees[:_SHOWN]:
        lines.append(f"- migrations: {len(tree.revisions)} revisions in {tree.folder or '.'} for {tree.dialect}, head {', '.join(tree.heads) or 'none'}")
    tests = Counter(path.rpartition("/")[0] or "." for path in snapshot.program.paths if path.rpartition("/")[2].startswith("test_"))
    lines += [f"- tests: {count} files in {folder}" for folder, count in tests.most_common(_SHOWN)]
    return ("The workspace:", *lines) if lines else ()


def is_for_agent(finding: Finding) -> bool:
    """Whether a finding is one that a run can be asked to clear: not what is only to be read or removed."""
    return finding.rule in _BY_RULE or any(fix.direction is not Direction.NONE for fix in finding.fixes)

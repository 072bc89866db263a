"""`--fix` and `--diff`: apply the repairs that are safe, each verified by a new check before it counts.

Works on snapshots in memory until nothing more can be repaired, then writes the files, each replaced in one step.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from lsp_server.check import check
from lsp_server.commands import USAGE
from lsp_server.commands.check import baseline_of, counted, exit_status, known_before, outputs_of, write_reports
from lsp_server.commands.output import put
from lsp_server.commands.project import Project, open_project
from lsp_server.commands.writing import write_files
from lsp_server.database.migration.answers import Answers
from lsp_server.database.migration.answers import strangers as unplaced
from lsp_server.findings import Applicability, Finding, Fix, Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify
from lsp_server.workspace import read_baseline

_ROUNDS = 500  # repairs of one run; a bound, not a goal


def run(options: argparse.Namespace) -> int:
    outputs = outputs_of(options.format) if options.format else []
    project = open_project(options, lasting=True)
    baseline = read_baseline(baseline_of(options, project))
    before = known_before(options, project)
    for name in strangers(project.snapshot):
        print(f"lsp_server: --answers: neither the models nor the migrations have this: {name}", file=sys.stderr)
    snapshot, report, done, refused = repair(project, options.unsafe_fixes, baseline, before)
    changed = changed_files(project.snapshot, snapshot)
    if options.diff:
        put("".join(line for path, texts in sorted(changed.items()) for line in unified(path, *texts)))
    elif (written := write_files(project.root, changed)).problem is not None:
        done_so_far = f"written: {', '.join(written.paths)}" if written.paths else "nothing was written"
        print(f"lsp_server: {written.problem}; {done_so_far}", file=sys.stderr)
        return USAGE
    for title in done:
        print(f"{'would fix' if options.diff else 'fixed'}: {title}", file=sys.stderr)
    for title, problem in refused:
        print(f"not fixed: {title}: {problem}", file=sys.stderr)
    left = replace(report, findings=tuple(entry for entry in report.findings if entry.fingerprint not in before))
    left = replace(left, findings=tuple(entry for entry in left.findings if project.wants(entry.location.path)))
    repaired = f"{len(done)} repaired in {counted(len(changed), 'file')}"
    print(f"{repaired}, {counted(len(left.findings), 'finding')} left", file=sys.stderr)
    if not options.diff:
        write_reports(outputs, left, snapshot.documents, project.shown_root, options)
    return exit_status(left, options)


def strangers(snapshot: Snapshot) -> tuple[str, ...]:
    """Answers about what is nowhere."""
    if snapshot.answers == Answers():
        return ()
    return unplaced(snapshot.answers, [side for drift in snapshot.drifts for side in (drift.replay.database, drift.mapped)])


def repair(
    project: Project, unsafe: bool, baseline: Mapping[str, str], known: frozenset[str] = frozenset()
) -> tuple[Snapshot, Report, list[str], list[tuple[str, str]]]:
    """The snapshot after all repairs, its report, what was done, and what was refused and why.

    Findings whose fingerprint is `known` are left alone.
    """
    rules, today = all_rules(), date.today()
    snapshot = project.snapshot
    report = check(snapshot, rules, today=today, baseline=baseline)
    done: list[str] = []
    refused: dict[tuple[str, str], str] = {}
    for _ in range(_ROUNDS):
        for finding, fix in _candidates(report, project, unsafe):
            if finding.fingerprint in known or (finding.fingerprint, fix.title) in refused:
                continue
            verdict = build_and_verify(snapshot, report, finding, fix, rules, today=today)
            if verdict.ok and verdict.change is not None:
                snapshot = snapshot.with_change(verdict.change)
                report = check(snapshot, rules, today=today, baseline=baseline)
                done.append(fix.title)
                break
            refused[(finding.fingerprint, fix.title)] = verdict.problem or ""
        else:
            break
    return snapshot, report, done, [(title, problem) for (_, title), problem in refused.items()]


def _candidates(report: Report, project: Project, unsafe: bool) -> Iterator[tuple[Finding, Fix]]:
    """Repairs in order: a finding's preferred one first; others only where none is preferred."""
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    for finding in report.findings:
        if not project.wants(finding.location.path):
            continue
        fixes = [fix for fix in finding.fixes if fix.preferred] or list(finding.fixes[:1])
        for fix in fixes:
            if fix.applicability in allowed and fix.kind != "suppress":
                yield finding, fix


def changed_files(before: Snapshot, after: Snapshot) -> dict[str, tuple[str | None, str]]:
    """Texts before (None for a new file) and after, by path."""
    changed: dict[str, tuple[str | None, str]] = {}
    for path in after.documents:
        old = before.document(path)
        if old is None:
            changed[path] = (None, after.documents[path].text)
        elif before.documents.digest(path) != after.documents.digest(path):
            changed[path] = (old.text, after.documents[path].text)
    return changed


def unified(path: str, before: str | None, after: str) -> Iterator[str]:
    """A unified diff that `git apply` and `patch -p1` read."""
    old = [] if before is None else before.splitlines(keepends=True)
    source = "/dev/null" if before is None else f"a/{path}"
    for line in difflib.unified_diff(old, after.splitlines(keepends=True), source, f"b/{path}"):
        yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"

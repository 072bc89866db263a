"""`--fix` and `--diff`: apply the repairs that are safe, each verified by a new check before it counts.

Works on snapshots in memory until nothing more can be repaired, then writes the files, each replaced in one step.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from lsp_server.check import check
from lsp_server.cli import USAGE
from lsp_server.commands.check import _baseline_path, exit_status
from lsp_server.commands.project import Project, open_project
from lsp_server.findings import Applicability, Finding, Fix, Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify
from lsp_server.workspace import read_baseline

_ROUNDS = 500  # repairs of one run; a bound, not a goal


def run(options: argparse.Namespace) -> int:
    project = open_project(options)
    baseline = read_baseline(_baseline_path(options, project))
    snapshot, report, done, refused = repair(project, options.unsafe_fixes, baseline)
    changed = changed_files(project.snapshot, snapshot)
    if options.diff:
        for path, (before, after) in sorted(changed.items()):
            sys.stdout.write("".join(unified(path, before, after)))
    else:
        for path, (before, after) in sorted(changed.items()):
            if (problem := write_file(project.root, path, before, after)) is not None:
                print(f"lsp_server: {problem}; files after it were not written", file=sys.stderr)
                return USAGE
    for title in done:
        print(f"{'would fix' if options.diff else 'fixed'}: {title}", file=sys.stderr)
    for title, problem in refused:
        print(f"not fixed: {title}: {problem}", file=sys.stderr)
    print(f"{len(done)} repaired in {len(changed)} files, {len(report.findings)} findings left", file=sys.stderr)
    return exit_status(report, options)


def repair(
    project: Project, unsafe: bool, baseline: frozenset[str]
) -> tuple[Snapshot, Report, list[str], list[tuple[str, str]]]:
    """The snapshot after all repairs, its report, what was done, and what was refused and why."""
    rules, today = all_rules(), date.today()
    snapshot = project.snapshot
    report = check(snapshot, rules, today=today, baseline=baseline)
    done: list[str] = []
    refused: dict[tuple[str, str], str] = {}
    for _ in range(_ROUNDS):
        for finding, fix in _candidates(report, project, unsafe):
            if (finding.fingerprint, fix.title) in refused:
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


def write_file(root: Path, path: str, before: str | None, after: str) -> str | None:
    """Replace a file in one step, keeping its mode and encoding mark. Gives what went wrong, None when all is well.

    A file that changed on disk since it was read is left alone.
    """
    target = root / path
    try:
        data = after.encode("utf-8")
        if before is not None:
            raw = target.read_bytes()
            if raw.startswith(b"\xef\xbb\xbf"):
                data = b"\xef\xbb\xbf" + data
            if raw.removeprefix(b"\xef\xbb\xbf") != before.encode("utf-8", "surrogatepass"):
                return f"{path}: the file changed while it was being repaired, or is not UTF-8"
        elif target.exists():
            return f"{path}: the file exists already"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".specdrift-", delete=False) as temporary:
            temporary.write(data)
        try:
            os.chmod(temporary.name, target.stat().st_mode & 0o7777 if before is not None else 0o644)
            os.replace(temporary.name, target)
        except OSError:
            os.unlink(temporary.name)
            raise
    except OSError as error:
        return f"{path}: cannot be written: {error.strerror}"
    return None

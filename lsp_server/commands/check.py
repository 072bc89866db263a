"""`--check`: find drift, print reports, tell by the exit status."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.cli import FAILED, FOUND, OK, UsageError
from lsp_server.commands.project import Ground, Project, open_project, survey
from lsp_server.document import Document, Documents, UndecodableText, decode
from lsp_server.findings import Finding, Report, Severity
from lsp_server.recall import key_of
from lsp_server.report import FORMATS, Context
from lsp_server.workspace import baseline_path, documents_of, read_baseline

if TYPE_CHECKING:  # The checker and its rules are imported when there is something to check.
    from lsp_server.snapshot import Snapshot

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def run(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    outputs = _outputs(options.format)
    ground = survey(options)
    baseline = _baseline_path(options, ground)
    accepted = frozenset() if options.write_baseline else read_baseline(baseline)
    report, documents = _report(options, ground, accepted)
    report = replace(
        report,
        findings=tuple(finding for finding in report.findings if ground.wants(finding.location.path)),
        seconds=time.perf_counter() - started,
    )
    if options.write_baseline:
        if baseline is None:
            raise UsageError("--write-baseline needs --baseline FILE, or `baseline` in the configuration")
        write_baseline(baseline, report)
        print(f"{baseline}: {len(report.findings)} findings accepted", file=sys.stderr)
        return OK
    for format_name, file in outputs:
        _write(format_name, file, report, documents, ground, options)
    return exit_status(report, options)


def _report(options: argparse.Namespace, ground: Ground, accepted: frozenset[str]) -> tuple[Report, Documents]:
    """The report of the whole workspace, recalled where nothing has changed since it was made, and the texts it is about."""
    today = date.today()
    key = None
    if ground.cache is not None and not options.since:
        key = key_of(ground.files, ground.config, accepted, today)
        known = ground.cache.recall(key) if key is not None else None
        if known is not None:
            return known, documents_of(ground.root, ground.files)
    from lsp_server.check import check
    from lsp_server.rules import all_rules

    project = open_project(options, ground)
    report = check(project.snapshot, all_rules(), today=today, baseline=accepted)
    if options.since:
        report = _caused_since(report, project, options.since)
    project.save_cache()
    if ground.cache is not None and key is not None:
        ground.cache.keep(key, report)
    return report, project.snapshot.documents


def exit_status(report: Report, options: argparse.Namespace) -> int:
    if report.failed_rules:
        return FAILED
    limit = _SEVERITIES[options.fail_on]
    if options.exit_zero or all(finding.severity < limit for finding in report.findings):
        return OK
    return FOUND


def _outputs(formats: list[str] | None) -> list[tuple[str, str | None]]:
    outputs: list[tuple[str, str | None]] = []
    for written in formats or ["text"]:
        name, _, file = written.partition(":")
        if name not in FORMATS:
            raise UsageError(f"there is no format `{name}`; known: {', '.join(FORMATS)}")
        outputs.append((name, file or None))
    if sum(file is None for _, file in outputs) > 1:
        raise UsageError("only one format can go to the standard output; give the others a file: FORMAT:FILE")
    return outputs


def _write(
    name: str, file: str | None, report: Report, documents: Documents, ground: Ground, options: argparse.Namespace
) -> None:
    import importlib

    color = options.color == "always" or (
        options.color == "auto" and file is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    )
    context = Context(documents, ground.shown_root, color, options.quiet, options.statistics)
    text = importlib.import_module(f"lsp_server.report.{name}").render(report, context)
    if file is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


# Baseline


def _baseline_path(options: argparse.Namespace, project: Ground) -> Path | None:
    if options.baseline is not None:
        return Path(options.baseline)
    return baseline_path(project.config, project.root)


def write_baseline(path: Path, report: Report) -> None:
    """One line per finding, sorted, so that two branches merge."""

    def entry(finding: Finding) -> str:
        fields = {"fingerprint": finding.fingerprint, "rule": finding.rule, "path": finding.location.path,
                  "subject": " ".join(finding.subject)}  # fmt: skip
        return json.dumps(fields, ensure_ascii=False)

    lines = sorted({entry(finding) for finding in report.findings})
    text = '{"version": 1, "findings": [\n' + ",\n".join(lines) + "\n]}\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


# --since


def _caused_since(report: Report, project: Project, reference: str) -> Report:
    """The findings that a check of the workspace as it was at the reference does not have."""
    from lsp_server.check import check
    from lsp_server.rules import all_rules

    before = check(_snapshot_at(project, reference), all_rules(), today=date.today())
    old = {finding.fingerprint for finding in before.findings}
    return replace(report, findings=tuple(entry for entry in report.findings if entry.fingerprint not in old))


def _snapshot_at(project: Project, reference: str) -> Snapshot:
    from lsp_server.snapshot import Snapshot

    if reference.startswith("-"):
        raise UsageError(f"--since {reference}: not a git revision")
    names = _git(project, "diff", "--name-only", "--no-renames", "--relative", "-z", reference, "--")
    untracked = _git(project, "ls-files", "--others", "--exclude-standard", "-z")
    changed: dict[str, Document | None] = {}
    for path in [name for name in (names + untracked).decode("utf-8", "surrogateescape").split("\0") if name]:
        changed[path] = _document_at(project, reference, path)
    return Snapshot(project.snapshot.documents.replacing(changed), project.config, project.memo)


def _document_at(project: Project, reference: str, path: str) -> Document | None:
    try:
        return Document(path, decode(_git(project, "show", f"{reference}:./{path}"), path))
    except (UsageError, UndecodableText):
        return None


def _git(project: Project, *arguments: str) -> bytes:
    try:
        result = subprocess.run(["git", "-C", str(project.root), *arguments], capture_output=True, check=False,
                                stdin=subprocess.DEVNULL, timeout=60)  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"--since needs git: {error}") from None
    if result.returncode != 0:
        raise UsageError(f"--since: {result.stderr.decode('utf-8', 'replace').strip()}")
    return result.stdout

"""`--check`: find drift, print reports, tell by the exit status."""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from lsp_server.check import check
from lsp_server.commands import FAILED, FOUND, OK, UsageError
from lsp_server.commands.output import put
from lsp_server.commands.project import Project, open_project
from lsp_server.findings import Finding, Report, Severity
from lsp_server.report import FORMATS, Context
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.workspace import baseline_path, read_baseline

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def run(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    outputs = outputs_of(options.format)
    project = open_project(options)
    baseline = baseline_of(options, project)
    accepted = {} if options.write_baseline else read_baseline(baseline)
    report = check(project.snapshot, all_rules(), today=date.today(), baseline=accepted)
    before = known_before(options, project)
    project.save_cache()
    wanted = tuple(finding for finding in report.findings if finding.fingerprint not in before)
    report = replace(
        report,
        findings=tuple(finding for finding in wanted if project.wants(finding.location.path)),
        seconds=time.perf_counter() - started,
    )
    if options.write_baseline:
        if baseline is None:
            raise UsageError("--write-baseline needs --baseline FILE, or `baseline` in the configuration")
        write_baseline(baseline, report, project)
        print(f"{baseline}: {counted(len(report.findings), 'finding')} accepted", file=sys.stderr)
        return OK
    write_reports(outputs, report, project.snapshot, project.shown_root, options)
    return exit_status(report, options)


def known_before(options: argparse.Namespace, project: Project) -> frozenset[str]:
    """The fingerprints that `--since` leaves out; none without that option."""
    if options.since is None:
        return frozenset()
    from lsp_server.commands.since import fingerprints_before

    return fingerprints_before(project, options.since)


def exit_status(report: Report, options: argparse.Namespace) -> int:
    if report.failed_rules:
        return FAILED
    limit = _SEVERITIES[options.fail_on]
    if options.exit_zero or all(finding.severity < limit for finding in report.findings):
        return OK
    return FOUND


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def outputs_of(formats: list[str] | None) -> list[tuple[str, str | None]]:
    outputs: list[tuple[str, str | None]] = []
    for written in formats or ["text"]:
        name, _, file = written.partition(":")
        if name not in FORMATS:
            near = difflib.get_close_matches(name, FORMATS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(FORMATS)}"
            raise UsageError(f"there is no format `{name}`; {hint}")
        outputs.append((name, file or None))
    if sum(file is None for _, file in outputs) > 1:
        raise UsageError("only one format can go to the standard output; give the others a file: FORMAT:FILE")
    return outputs


def write_reports(
    outputs: list[tuple[str, str | None]], report: Report, snapshot: Snapshot, root: str, options: argparse.Namespace
) -> None:
    """Files first, so that they are whole also where the reader of the standard output goes early. Raises UsageError."""
    for name, file in sorted(outputs, key=lambda output: output[1] is None):
        color = options.color == "always" or (
            options.color == "auto" and file is None and sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        context = Context(snapshot.documents, root, color, options.quiet, options.statistics)
        text = importlib.import_module(f"lsp_server.report.{name}").render(report, context)
        if file is None:
            put(text)
        else:
            _to_file(Path(file), text)


def _to_file(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


# Baseline


def baseline_of(options: argparse.Namespace, project: Project) -> Path | None:
    if options.baseline is not None:
        return Path(options.baseline)
    return baseline_path(project.config, project.root)


def write_baseline(path: Path, report: Report, project: Project) -> None:
    """One line per finding, sorted, so that two branches merge."""

    def entry(finding: Finding) -> str:
        fields = {"fingerprint": finding.fingerprint, "rule": finding.rule, "path": finding.location.path,
                  "subject": " ".join(finding.subject)}  # fmt: skip
        return json.dumps(fields, ensure_ascii=False)

    lines = sorted({entry(finding) for finding in report.findings})
    text = '{"version": 1, "findings": [\n' + ",\n".join(lines) + "\n]}\n"
    _to_file(path, text)

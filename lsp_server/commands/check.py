"""`--check`: find drift, print reports, tell by the exit status."""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from lsp_server.commands import FAILED, FOUND, OK, UsageError
from lsp_server.commands.output import put
from lsp_server.commands.project import Ground, Project, open_project, survey
from lsp_server.document import Documents
from lsp_server.findings import Finding, Report, Severity
from lsp_server.recall import key_of
from lsp_server.report import FORMATS, Context
from lsp_server.workspace import baseline_path, documents_of, read_baseline

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def run(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    outputs = outputs_of(options.format)
    ground = survey(options)
    baseline = baseline_of(options, ground)
    accepted = {} if options.write_baseline else read_baseline(baseline)
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
        print(f"{baseline}: {counted(len(report.findings), 'finding')} accepted", file=sys.stderr)
        return OK
    write_reports(outputs, report, documents, ground.shown_root, options)
    return exit_status(report, options)


def _report(options: argparse.Namespace, ground: Ground, accepted: Mapping[str, str]) -> tuple[Report, Documents]:
    """The report of the whole workspace, recalled where nothing has changed since it was made, and the texts it is about."""
    today = date.today()
    key = None
    quiet = options.since is None and not options.trust and options.answers is None and options.development_database is None
    if ground.cache is not None and quiet:
        key = key_of(ground.files, ground.config, accepted, today)
        known = ground.cache.recall(key) if key is not None else None
        if known is not None:
            return known, documents_of(ground.root, ground.files)
    # The checker, its readers and its rules are imported only where there is something to check.
    from lsp_server.check import check
    from lsp_server.rules import all_rules

    project = open_project(options, ground)
    report = check(project.snapshot, all_rules(), today=today, baseline=accepted)
    if ground.cache is not None and key is not None:
        ground.cache.keep(key, report)
    before = known_before(options, project)
    project.save_cache()
    wanted = tuple(finding for finding in report.findings if finding.fingerprint not in before)
    return replace(report, findings=wanted), project.snapshot.documents


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
    outputs: list[tuple[str, str | None]], report: Report, documents: Documents, root: str, options: argparse.Namespace
) -> None:
    """Files first, so that they are whole also where the reader of the standard output goes early. Raises UsageError."""
    for name, file in sorted(outputs, key=lambda output: output[1] is None):
        color = options.color == "always" or (
            options.color == "auto" and file is None and sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        context = Context(documents, root, color, options.quiet, options.statistics)
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


def baseline_of(options: argparse.Namespace, project: Ground) -> Path | None:
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
    _to_file(path, text)

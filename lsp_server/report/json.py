"""The report as JSON, in the shape that `--format json` promises to other programs."""

from __future__ import annotations

import json
from typing import Any

from lsp_server.findings import Finding, Report, Severity
from lsp_server.report import Context
from lsp_server.text import Location
from lsp_server.unknown import Unknown


def render(report: Report, context: Context) -> str:
    return json.dumps(as_json(report, context), ensure_ascii=False, indent=2) + "\n"


def as_json(report: Report, context: Context) -> dict[str, Any]:
    """Plain values; lines and columns are 1-based, columns count code points."""
    return {
        "version": 1,
        "root": context.root,
        "summary": {
            "files": report.files,
            "error": report.count(Severity.ERROR),
            "warning": report.count(Severity.WARNING),
            "info": report.count(Severity.INFO),
            "unknown": len(report.unknowns),
            "suppressed": len(report.suppressed),
            "baselined": len(report.baselined),
            "seconds": round(report.seconds, 3),
        },
        "findings": [_finding(finding, context) for finding in report.findings],
        "unknowns": [_unknown(unknown, context) for unknown in report.unknowns],
        "failed_rules": [{"rule": failed.rule, "error": failed.error} for failed in report.failed_rules],
    }


def place(location: Location, context: Context) -> dict[str, Any]:
    start, end = context.start(location), context.end(location)
    return {
        "path": location.path,
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
    }


def _finding(finding: Finding, context: Context) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.word,
        "message": finding.message,
        **place(finding.location, context),
        "subject": list(finding.subject),
        "related": [{**place(related.location, context), "message": related.message} for related in finding.related],
        "fixes": [{"title": fix.title, "applicability": fix.applicability.value} for fix in finding.fixes],
        "fingerprint": finding.fingerprint,
    }


def _unknown(unknown: Unknown, context: Context) -> dict[str, Any]:
    if unknown.location is None:
        return {"path": None, "start": None, "what": unknown.what}
    position = place(unknown.location, context)
    return {"path": position["path"], "start": position["start"], "what": unknown.what}

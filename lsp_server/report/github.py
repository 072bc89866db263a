"""The report as GitHub workflow commands, which the Actions runner turns into annotations on the changed lines."""

from __future__ import annotations

from lsp_server.findings import Report, Severity
from lsp_server.report import Context

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, context: Context) -> str:
    lines = []
    for finding in report.findings:
        start, end = context.start(finding.location), context.end(finding.location)
        properties = {"file": finding.location.path, "line": start.line, "col": start.column,
                      "endLine": end.line, "endColumn": end.column, "title": f"specdrift: {finding.rule}"}  # fmt: skip
        if start.line != end.line:
            del properties["col"], properties["endColumn"]  # The runner takes columns only within one line.
        written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
        related = "".join(
            f"\n{entry.message}: {entry.location.path}:{context.start(entry.location).line}" for entry in finding.related
        )
        lines.append(f"::{_LEVEL[finding.severity]} {written}::{_message(finding.message + related)}")
    for unknown in report.unknowns:
        if unknown.unread and unknown.location is not None:
            place = f"file={_property(unknown.location.path)},line={context.start(unknown.location).line}"
            lines.append(f"::notice {place},title=specdrift::{_message(unknown.what)}")
    for failed in report.failed_rules:
        lines.append(f"::error title=specdrift::{_message(f'the rule {failed.rule} failed: {failed.error}')}")
    return "\n".join(lines) + ("\n" if lines else "")


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")

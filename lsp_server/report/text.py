"""The report for people: each finding with its source line, the other end, and how it can be repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lsp_server.findings import Finding, Report, Severity
from lsp_server.report import Context
from lsp_server.report.terminal import excerpt, printable
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_COLOR = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.INFO: "36;1"}
_WIDEST = 140  # characters of a source line that are shown

Paint = Callable[[str, str], str]  # a text in a colour of the terminal


def render(report: Report, context: Context) -> str:
    paint = _paint if context.color else _plain
    lines: list[str] = []
    if not context.quiet:
        for finding in report.findings:
            lines.extend(_finding(finding, context, paint))
            lines.append("")
        unread = [_unread(unknown, context, paint) for unknown in report.unknowns if unknown.unread]
        lines.extend([*unread, ""] if unread else [])
    for failed in report.failed_rules:
        lines.append(paint(printable(f"the rule {failed.rule} failed: {failed.error}"), "31;1"))
    if context.statistics:
        lines.extend(_statistics(report))
    lines.append(_summary(report, paint))
    return "\n".join(lines) + "\n"


def _finding(finding: Finding, context: Context, paint: Paint) -> list[str]:
    position = context.start(finding.location)
    head = f"{paint(_place(finding.location, context), '1')}: {paint(finding.severity.word, _COLOR[finding.severity])}"
    lines = [f"{head} {paint(f'[{finding.rule}]', '2')} {printable(finding.message)}"]
    width = len(str(max([position.line, *(context.start(entry.location).line for entry in finding.related)])))
    lines.extend(_source(finding.location, context, width, "^", _COLOR[finding.severity], paint))
    for entry in finding.related:
        place = _place(entry.location, context)
        lines.append(f"{' ' * width} {paint('-->', '34')} {place}: {printable(entry.message)}")
        lines.extend(_source(entry.location, context, width, "-", "34", paint))
    for fix in finding.fixes:
        note = "" if fix.applicability.value == "safe" else f" ({fix.applicability.value})"
        lines.append(f"{' ' * width} {paint('=', '34')} {paint('fix', '32')}: {printable(fix.title)}{note}")
    return lines


def _place(location: Location, context: Context) -> str:
    line, column = context.start(location)
    return f"{printable(location.path)}:{line}:{column}"


def _unread(unknown: Unknown, context: Context, paint: Paint) -> str:
    place = f"{paint(_place(unknown.location, context), '1')}: " if unknown.location is not None else ""
    return f"{place}{paint('unread', '35;1')} {printable(unknown.what)}"


def _source(location: Location, context: Context, width: int, mark: str, color: str, paint: Paint) -> list[str]:
    """The source line with its number, and marks under the part that is meant."""
    document = context.document(location.path)
    if document is None or not document.text:
        return []
    line, column = document.lines.position(location.span.start)
    span = document.lines.line_span(document.text, line)
    content = document.text[span.start : span.end]
    if not content.strip():
        return []
    end = min(location.span.end, span.end) - span.start
    shown, before, length = excerpt(content, column, end, _WIDEST)
    bar = paint("|", "34")
    return [
        f"{paint(str(line + 1).rjust(width), '34')} {bar} {shown.rstrip()}",
        f"{' ' * width} {bar} {' ' * before}{paint(mark * length, color)}",
    ]


def _statistics(report: Report) -> list[str]:
    counts = Counter((finding.rule, finding.severity) for finding in report.findings)
    return [f"{count:>6}  {severity.word:<8} {rule}" for (rule, severity), count in counts.most_common()] + [""]


def _summary(report: Report, paint: Paint) -> str:
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        count = report.count(severity)
        if count:
            word = severity.word if severity is Severity.INFO else f"{severity.word}{'s' if count != 1 else ''}"
            parts.append(paint(f"{count} {word}", _COLOR[severity]))
    found = ", ".join(parts) if parts else paint("no drift found", "32;1")
    extras = []
    if report.suppressed:
        extras.append(f"{len(report.suppressed)} suppressed")
    if report.baselined:
        extras.append(f"{len(report.baselined)} in the baseline")
    if report.unknowns:
        extras.append(f"{len(report.unknowns)} unknown (--format json lists them)")
    tail = f"; {', '.join(extras)}" if extras else ""
    files = f"{report.files} file{'s' if report.files != 1 else ''}"
    return f"{found} in {files} ({report.seconds:.2f} s){tail}"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, code: str) -> str:
    return text

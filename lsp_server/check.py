"""One check: every rule over one snapshot, then suppressions, severities and order. No files, no clock, no output.

The only place of the pure part that catches every exception: a rule that crashes is named in the report and the others
still speak.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from lsp_server.findings import FailedRule, Finding, Outcome, Report, Rule, Severity, Suppressed
from lsp_server.snapshot import Cancelled, Snapshot
from lsp_server.suppressions import Suppression

_NO_BASELINE: Mapping[str, str] = MappingProxyType({})
_OF_THE_TEXT = frozenset({"spec", "house"})  # areas whose findings stand on what is written there alone
_SEVERITY = {"info": Severity.INFO, "warning": Severity.WARNING, "error": Severity.ERROR}


def check(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    cancelled: Callable[[], bool] = lambda: False,
    today: date | None = None,
    baseline: Mapping[str, str] = _NO_BASELINE,
) -> Report:
    """The report of all rules. Raises Cancelled when `cancelled()` says so between rules.

    `today` decides which suppressions have expired (None: none has). `baseline` maps the fingerprints of accepted
    findings to their rules.
    """
    found: list[Finding] = []
    failed: list[FailedRule] = []
    silent = {rule.name for rule in rules if snapshot.config.is_off(rule.name, rule.area)}

    def run(rule: Rule, work: Callable[[], Iterable[Finding]]) -> None:
        if cancelled():
            raise Cancelled
        if rule.name in silent:
            return
        try:
            for finding in work():
                if rule.area not in _OF_THE_TEXT and _rests_on_broken_lines(finding, snapshot):
                    continue
                if not snapshot.config.is_ignored(rule.name, rule.area, finding.location.path):
                    found.append(_with_severity(finding, rule, snapshot))
        except (Cancelled, KeyboardInterrupt):
            raise
        except Exception as error:
            silent.add(rule.name)
            failed.append(FailedRule(rule.name, f"{type(error).__name__}: {error}", traceback.format_exc()))

    for rule in rules:
        if rule.check is not None:
            run(rule, lambda rule=rule: rule.check(snapshot))  # type: ignore[misc]
    kept, suppressed, used = _suppress(snapshot, found, today)
    reported = {finding.fingerprint for finding in kept}
    spoken = {rule.name for rule in rules if rule.check is not None} - silent
    stale = frozenset(entry for entry, rule in baseline.items() if rule in spoken and entry not in reported)
    for rule in rules:
        if rule.review is not None:
            before = len(found)
            outcome = Outcome(tuple(kept), used, stale, today, frozenset(silent))
            run(rule, lambda rule=rule, outcome=outcome: rule.review(snapshot, outcome))  # type: ignore[misc]
            kept.extend(found[before:])
    accepted = [finding for finding in kept if finding.fingerprint in baseline]
    kept = [finding for finding in kept if finding.fingerprint not in baseline]
    return Report(
        findings=tuple(sorted(_distinct(kept), key=_order)),
        unknowns=snapshot.unknowns,
        failed_rules=tuple(failed),
        suppressed=tuple(suppressed),
        baselined=tuple(sorted(accepted, key=_order)),
        files=len(snapshot.documents),
    )


def _rests_on_broken_lines(finding: Finding, snapshot: Snapshot) -> bool:
    """Whether one of its ends stands in a file of which a part could not be read: that part might say otherwise."""
    places = (finding.location, *(related.location for related in finding.related))
    return any(snapshot.lacks_lines(path) for path in {place.path for place in places})


def _with_severity(finding: Finding, rule: Rule, snapshot: Snapshot) -> Finding:
    word = snapshot.config.severity.get(rule.name, "")
    severity = _SEVERITY.get(word, finding.severity)
    return finding if severity is finding.severity else replace(finding, severity=severity)


def _order(finding: Finding) -> tuple[object, ...]:
    return (finding.location.path, finding.location.span, finding.rule, finding.subject)


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    seen: set[tuple[str, object, str]] = set()
    result = []
    for finding in findings:
        key = (finding.rule, finding.location, finding.message)
        if key not in seen:
            seen.add(key)
            result.append(finding)
    return result


def _suppress(
    snapshot: Snapshot, findings: Iterable[Finding], today: date | None
) -> tuple[list[Finding], list[Suppressed], frozenset[tuple[Suppression, str]]]:
    """Findings that stay, those a comment accepts, and the (comment, rule) pairs that were needed."""
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[tuple[Suppression, str]] = set()
    for finding in findings:
        path = finding.location.path
        comments = snapshot.suppressions(path)
        document = snapshot.document(path) if comments else None
        match = None
        if document is not None:
            line = document.lines.position(finding.location.span.start).line
            for comment in comments:
                if comment.line in (None, line) and finding.rule in comment.rules:
                    used.add((comment, finding.rule))
                    if comment.until is None or today is None or today <= comment.until:
                        match = comment
        if match is not None:
            suppressed.append(Suppressed(finding, match.reason))
        else:
            kept.append(finding)
    return kept, suppressed, frozenset(used)



"""The report as SARIF 2.1.0, for code-scanning services. Columns count code points, which SARIF allows to be said."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from lsp_server import __version__
from lsp_server.findings import Report, Rule, Severity
from lsp_server.report import Context
from lsp_server.text import Location

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report, context: Context) -> str:
    from lsp_server.rules import all_rules

    used = {finding.rule for finding in report.findings} | {entry.finding.rule for entry in report.suppressed}
    rules = [rule for rule in all_rules() if rule.name in used]
    index = {rule.name: position for position, rule in enumerate(rules)}
    results = [_result(finding, index, context, None) for finding in report.findings]
    results += [_result(entry.finding, index, context, entry.reason or "") for entry in report.suppressed]
    failures = [
        {"level": "error", "message": {"text": f"the rule {failed.rule} failed: {failed.error}"},
         "associatedRule": {"id": failed.rule}}
        for failed in report.failed_rules
    ]  # fmt: skip
    unread = [
        {"level": "note", "message": {"text": unknown.what},
         "locations": [{"physicalLocation": _physical(unknown.location, context)}]}
        for unknown in report.unknowns
        if unknown.unread and unknown.location is not None
    ]  # fmt: skip
    run = {
        "tool": {"driver": {"name": "specdrift", "version": __version__, "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "the folder that was checked"}}},
        "invocations": [{"executionSuccessful": not failures, "toolExecutionNotifications": failures + unread}],
        "results": results,
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.documentation.split("\n\n", 1)[0]},
        "help": {"text": rule.documentation, "markdown": rule.documentation},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": {"tags": [rule.area]},
    }


def _result(finding: Any, index: dict[str, int], context: Context, accepted: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": _physical(finding.location, context)}],
        "partialFingerprints": {"specdrift/v1": finding.fingerprint},
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    if finding.related:
        result["relatedLocations"] = [
            {"id": position, "physicalLocation": _physical(related.location, context), "message": {"text": related.message}}
            for position, related in enumerate(finding.related)
        ]
    if accepted is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": accepted}]
    return result


def _physical(location: Location, context: Context) -> dict[str, Any]:
    start, end = context.start(location), context.end(location)
    return {
        "artifactLocation": {"uri": quote(location.path, errors="surrogateescape"), "uriBaseId": "ROOT"},
        "region": {
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        },
    }  # fmt: skip

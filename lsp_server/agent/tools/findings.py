"""What the checker finds in the draft, what its rules mean, and the repairs that need no model.

It is the same checker that judges the run in the end; it listens to nobody.
"""

from __future__ import annotations

from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import nearest
from lsp_server.agent.tool import Arguments, Tool, ToolError, flag, takes, text
from lsp_server.agent.tools.shown import bounded, counted, listed
from lsp_server.findings import Applicability, Direction, Finding, Fix
from lsp_server.rules import all_rules, rule_named
from lsp_server.text import apply_edits

_MOST = 80


def list_findings(bench: Workbench, arguments: Arguments) -> str:
    rule, path = arguments.get("rule"), arguments.get("path", "").rstrip("/")
    if rule is not None and rule_named(rule) is None:
        raise ToolError(_no_rule(rule))
    before, report = {entry.fingerprint for entry in bench.report_before().findings}, bench.report()
    shown = []
    for finding in report.findings:
        place = finding.location.path
        fits = (rule is None or finding.rule == rule) and (path in ("", ".") or place == path or place.startswith(f"{path}/"))
        fresh = finding.fingerprint not in before
        if fits and bench.draft.boundary.sees(place) and (fresh or not arguments.get("only_new")):
            shown.append(_said(bench, finding, fresh))
    now = {entry.fingerprint for entry in report.findings}
    lines = [listed(shown, _MOST, "give a path or a rule") if shown else "nothing is found here"]
    lines += [f"[the rule {failed.rule} could not run]" for failed in report.failed_rules]
    left = [fingerprint for fingerprint in bench.findings if fingerprint in now]
    if bench.findings:
        lines.append(f"[of the task's {counted(len(bench.findings), 'finding')}, {len(left)} left{': ' + ', '.join(left) if left else ''}]")
    return bounded("\n".join(lines), "give a path or a rule")


def explain_rule(bench: Workbench, arguments: Arguments) -> str:
    found = rule_named(arguments["rule"])
    if found is None:
        raise ToolError(_no_rule(arguments["rule"]))
    return f"# {found.name}\n\n{found.documentation}\n\nSeverity: {found.severity.word}. Area: {found.area}."


def apply_repair(bench: Workbench, arguments: Arguments) -> str:
    fingerprint, title = arguments["finding"], arguments.get("title")
    finding = next((each for each in bench.report().findings if each.fingerprint == fingerprint), None)
    if finding is None:
        raise ToolError(f"there is no finding {fingerprint} in the draft; list_findings lists those there are")
    offered = _repairs(bench, finding)
    fitting = [fix for fix in offered if fix.title == title] if title is not None else [fix for fix in offered if fix.preferred] or offered
    if len(fitting) != 1:
        titles = "; ".join(fix.title for fix in offered)
        raise ToolError(f"which repair? There is: {titles}" if offered else "there is no repair for this finding; mend it by hand")
    snapshot = bench.draft.snapshot
    change = fitting[0].build(snapshot)
    if change is None:
        raise ToolError("this repair is not possible here; mend the finding by hand")
    texts = {path: bench.draft.read(path) for path in {edit.path for edit in change.edits}}
    after = {path: apply_edits(before, [edit for edit in change.edits if edit.path == path]) for path, before in texts.items()}
    written = bench.write_all({**after, **change.new_files})
    return f"{fitting[0].title}: {', '.join(written)} changed. Read what was written before you build on it."


def _said(bench: Workbench, finding: Finding, fresh: bool) -> str:
    snapshot, sees = bench.draft.snapshot, bench.draft.boundary.sees
    lines = [f"{finding.location.path}:{snapshot.line(finding.location)}: {finding.severity.word} [{finding.rule}] {finding.message} "
             f"(finding {finding.fingerprint}{', new in the draft' if fresh else ''})"]  # fmt: skip
    lines += [f"    {other.message}: {other.location.path}:{snapshot.line(other.location)}" for other in finding.related if sees(other.location.path)]
    lines += [f"    repair: {fix.title} ({fix.applicability.value})" for fix in _repairs(bench, finding)]
    return "\n".join(lines)


def _repairs(bench: Workbench, finding: Finding) -> list[Fix]:
    """What may be done about a finding. Accepting it is not among that, nor changing a specification that leads."""
    leads = bench.draft.base.config.leads_for(finding.location.path)
    return [
        fix for fix in finding.fixes
        if fix.applicability is not Applicability.DISPLAY and fix.kind != "suppress" and (fix.direction is not Direction.SPEC or leads == "code")
    ]  # fmt: skip


def _no_rule(name: str) -> str:
    return f"there is no rule {name}{nearest(name, tuple(rule.name for rule in all_rules()))}"


_RULE = text("A rule's name, such as operation-not-implemented.")

TOOLS = (
    Tool(
        "list_findings",
        "What the checker finds in the workspace as it is now: where specification, code and migrations disagree, with the repairs there are.",
        takes(optional={"path": text("Only in this file or folder."), "rule": _RULE, "only_new": flag("Only what your changes have brought.")}),
        list_findings,
        ("Read",),
    ),
    Tool(
        "explain_rule",
        "The page of a rule: what it means, why it matters, how to fix it.",
        takes({"rule": _RULE}),
        explain_rule,
        ("Read",),
    ),
    Tool(
        "apply_repair",
        "Apply a repair that list_findings names (a route and its models from the specification, a parameter, a field …) to the draft. What it writes "
        "is a beginning: business rules are not in it.",
        takes({"finding": text("The finding, by the 16 letters and digits that list_findings shows.")}, {"title": text("Which repair, where there are several.")}),
        apply_repair,
        ("Edit", "Write"),
        changes=True,
    ),
)

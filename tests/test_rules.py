"""Every rule against its own document in `tests/rules/`: findings one to one, fixes applied and checked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.check import check
from lsp_server.config import Config, parse
from lsp_server.database.standing import Standing
from lsp_server.findings import Finding, Fix, Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify
from tests.literate import Case, diff_of, read_cases, write_diffs

FOLDER = Path(__file__).parent / "rules"
CASES = [(path, case) for path in sorted(FOLDER.glob("*.md")) for case in read_cases(path)]


def _snapshot(case: Case) -> Snapshot:
    config = Config()
    for name in ("specdrift.toml", "pyproject.toml"):
        if name in case.files:
            config = parse(case.files[name], name) or config
    snapshot = Snapshot.of(case.files, config)
    if case.recorded is not None:
        snapshot.standing = Standing("shop on localhost:5432 (PostgreSQL 16.4)", case.recorded)
    return snapshot


def _line(snapshot: Snapshot, finding: Finding) -> int:
    document = snapshot.document(finding.location.path)
    assert document is not None, f"{finding} points at a file that is not there"
    return document.lines.position(finding.location.span.start).line + 1


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{path.stem}: {case.title}" for path, case in CASES])
def test_case(path: Path, case: Case, update: bool) -> None:
    """The findings of the case are those marked, and each named fix has the effect shown and clears its finding."""
    snapshot = _snapshot(case)
    report = check(snapshot, all_rules())
    assert not report.failed_rules, report.failed_rules[0].trace
    found = [finding for finding in report.findings if finding.rule == case.rule]
    actual = sorted((f.location.path, _line(snapshot, f), f.severity.word) for f in found)
    assert actual == sorted((e.path, e.line, e.severity) for e in case.expected), [f.message for f in found]
    for expected in case.expected:
        messages = [f.message for f in found if (f.location.path, _line(snapshot, f)) == (expected.path, expected.line)]
        assert any(expected.part in message for message in messages), messages
    for fix in case.fixes:
        _check_fix(path, case, fix, snapshot, report, found, update)


def _check_fix(path, case, expected, snapshot, report: Report, found: list[Finding], update: bool) -> None:
    offered: list[tuple[Finding, Fix]] = [(finding, fix) for finding in found for fix in finding.fixes]
    chosen = [pair for pair in offered if pair[1].title == expected.title]
    assert chosen, f"no fix {expected.title!r}; offered: {[fix.title for _, fix in offered]}"
    verdict = build_and_verify(snapshot, report, *chosen[0], all_rules())
    assert verdict.ok, verdict.problem
    assert verdict.change is not None
    after = snapshot.with_change(verdict.change)
    diffs = {}
    for name in verdict.change.paths:
        before = snapshot.document(name)
        diffs[name] = diff_of(before.text if before else None, after.documents[name].text)
    if update and diffs != expected.diffs:
        write_diffs(path, case, expected, diffs)
        return
    assert diffs == expected.diffs


def test_every_rule_has_a_document() -> None:
    """No rule without its examples, no document without its rule."""
    assert {path.stem for path in FOLDER.glob("*.md")} == {rule.name for rule in all_rules()}

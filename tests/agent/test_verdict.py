"""What makes a verdict hold or not, apart from what whole runs show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.agent.bench import Workbench
from lsp_server.agent.draft import Draft
from lsp_server.agent.task import Task, task_for, task_of_words
from lsp_server.agent.verdict import Tests as Ran
from lsp_server.agent.verdict import Verdict, judge
from lsp_server.check import check
from lsp_server.rules import all_rules
from lsp_server.snapshot import Cancelled, Snapshot
from tests.agent.benches import bench_of, project
from tests.command import CODE, SPEC

TESTS = "def test_one():\n    assert True\n\n\ndef test_two():\n    assert True\n"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return bench_of(project(tmp_path, {"app.py": CODE, "openapi.yaml": SPEC, "tests/test_app.py": TESTS}))


def verdict_of(bench: Workbench, task: Task, ran: Ran | None = None) -> Verdict:
    before = check(bench.draft.base, all_rules())
    return judge(bench.draft, task, all_rules(), before, run_tests=(lambda: ran) if ran is not None else None)


def limit_task(bench: Workbench) -> Task:
    found = [each for each in check(bench.draft.base, all_rules()).findings if each.rule == "parameter-contradicts-spec"]
    return task_for(found, bench.draft.base)


def follow(bench: Workbench) -> None:
    bench.write("app.py", CODE.replace("limit: int = 50", "limit: int = 20"))


def test_a_verdict_tells_what_is_gone(bench: Workbench) -> None:
    follow(bench)
    verdict = verdict_of(bench, limit_task(bench))
    assert verdict.ok
    assert [each.rule for each in verdict.cleared] == ["parameter-contradicts-spec"]
    assert verdict.lines[0].startswith("cleared: [parameter-contradicts-spec]")


def test_the_target_must_be_gone(bench: Workbench) -> None:
    task = limit_task(bench)
    bench.write("app.py", CODE + "\n# nothing\n")
    verdict = verdict_of(bench, task)
    assert not verdict.ok
    assert verdict.target_left == task.findings


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/conftest.py", "import pytest\n\n\ndef pytest_collection_modifyitems(items):\n    del items[:]\n"),
        ("conftest.py", "collect_ignore = ['tests/test_app.py']\n"),
        ("pytest.ini", "[pytest]\naddopts = --deselect tests/test_app.py::test_one\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\ntestpaths = [\n    'elsewhere',\n]\n"),
    ],
)
def test_tests_that_are_no_longer_looked_at_are_a_fault(bench: Workbench, path: str, text: str) -> None:
    follow(bench)
    bench.write(path, text)
    assert "which tests run" in verdict_of(bench, limit_task(bench)).faults[0]


def test_fixtures_and_other_settings_are_none(bench: Workbench) -> None:
    follow(bench)
    bench.write("tests/conftest.py", "import pytest\n\n\n@pytest.fixture\ndef shop():\n    return 1\n")
    bench.write("pyproject.toml", "[project]\nname = 'shop'\n[tool.pytest.ini_options]\nasyncio_mode = 'auto'\n")
    assert verdict_of(bench, limit_task(bench)).ok


def test_tests_that_are_skipped_are_a_fault(bench: Workbench) -> None:
    follow(bench)
    bench.write("tests/test_app.py", f"import pytest\n\n\n@pytest.mark.skip\n{TESTS}")
    assert "tests are skipped" in verdict_of(bench, limit_task(bench)).faults[0]


def test_new_tests_are_none(bench: Workbench) -> None:
    follow(bench)
    bench.write("tests/test_app.py", f"{TESTS}\n\ndef test_three():\n    assert True\n")
    assert verdict_of(bench, limit_task(bench)).ok


def test_the_spec_may_change_where_the_code_leads(bench: Workbench) -> None:
    task = limit_task(bench)
    bench.write("openapi.yaml", SPEC.replace("default: 20", "default: 50"))
    assert "the task was to follow it" in verdict_of(bench, task).faults[0]
    base = bench.draft.base
    led = Snapshot(base.documents, replace(base.config, leads="code"), lasting=True)
    leading = Workbench(bench.root, Draft(bench.root, led, bench.draft.boundary))
    task = limit_task(leading)
    assert "specification in line with the code" in task.text
    leading.write("openapi.yaml", SPEC.replace("default: 20", "default: 50"))
    assert verdict_of(leading, task).ok


def test_words_of_a_person_may_change_the_spec(bench: Workbench) -> None:
    bench.write("openapi.yaml", SPEC.replace("default: 20", "default: 50"))
    assert verdict_of(bench, task_of_words("the limit is fifty")).ok


def test_the_projects_tests_are_run_only_where_all_else_holds(bench: Workbench) -> None:
    follow(bench)
    failing = Ran(False, "1 failed", "FAILED tests/test_app.py::test_one")
    verdict = verdict_of(bench, limit_task(bench), failing)
    assert (verdict.ok, verdict.tests) == (False, "1 failed")
    assert "test_one" in verdict.faults[0]
    bench.write("app.py", "def (")
    assert verdict_of(bench, limit_task(bench), failing).tests is None


def test_a_broken_spec_is_a_fault(bench: Workbench) -> None:
    bench.write("openapi.yaml", SPEC + "\n  : [\n")
    assert "openapi.yaml: not valid YAML" in verdict_of(bench, task_of_words("x")).faults


REVISION = """import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
LENGTH = 20


def make():
    op.create_table("customer", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(LENGTH)))


def upgrade():
    make()


def downgrade():
    pass
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("    pass", "    drop()\n\n\ndef drop():\n    op.drop_table('customer')", False),
        ("    make()", "    make()\n    make()", True),
        ('sa.Column("id"', 'sa.Column("key"', True),
        ("LENGTH = 20", "LENGTH = 40", True),
    ],
)
def test_an_upgrade_is_all_that_it_runs(tmp_path: Path, old: str, new: str, wrong: bool) -> None:
    files = {"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/env.py": "", "migrations/versions/0001_first.py": REVISION}
    bench = bench_of(project(tmp_path, files))
    bench.write("migrations/versions/0001_first.py", REVISION.replace(old, new))
    faults = verdict_of(bench, task_of_words("Write the rollback", "complete-rollback")).faults
    assert any("may have run already was changed" in fault for fault in faults) is wrong, faults


def test_judging_can_be_cancelled(bench: Workbench) -> None:
    follow(bench)
    before = check(bench.draft.base, all_rules())
    with pytest.raises(Cancelled):
        judge(bench.draft, task_of_words("x"), all_rules(), before, cancelled=lambda: True)


def test_what_the_spec_lacks_is_said_there(bench: Workbench) -> None:
    found = [each for each in check(bench.draft.base, all_rules()).findings if each.rule == "route-not-in-spec"]
    task = task_for(found, bench.draft.base)
    assert "Say it there" in task.text
    bench.write("openapi.yaml", SPEC + '  /health:\n    get:\n      responses: {"200": {description: Well}}\n')
    assert verdict_of(bench, task).ok


def test_a_task_says_what_the_workspace_consists_of(bench: Workbench) -> None:
    text = limit_task(bench).text
    assert "- specification: openapi.yaml, 2 operations" in text
    assert "- application: app.py (FastAPI), 2 routes" in text
    assert "- tests: 1 files in tests" in text


def test_a_route_that_no_spec_names_is_not_taken_out(bench: Workbench) -> None:
    found = [each for each in check(bench.draft.base, all_rules()).findings if each.rule == "route-not-in-spec"]
    bench.write("app.py", CODE[: CODE.index('@app.get("/health")')])
    assert "a route was taken out: GET /health" in verdict_of(bench, task_for(found, bench.draft.base)).faults

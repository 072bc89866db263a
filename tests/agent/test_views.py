"""Views of the draft: operations, tables, sections, findings, rules and repairs; the plan and the notes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsp_server.agent import notes
from lsp_server.agent.bench import Todo, Workbench
from lsp_server.agent.boundary import Boundary
from tests.agent.benches import bench_of, bookshop, call, project, refused


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bookshop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def bench(shop: Path) -> Workbench:
    return bench_of(shop)


def finding(bench: Workbench, rule: str, about: str = "") -> str:
    """The fingerprint of the first finding of a rule whose line says something."""
    line = next(line for line in call(bench, "list_findings", rule=rule).split("\n") if about in line and "(finding" in line)
    return re.findall(r"\(finding (\w{16})", line)[0]


def test_operations(bench: Workbench) -> None:
    listed = call(bench, "list_operations", contains="cancel")
    assert re.fullmatch(r"POST /orders/\{order_id\}/cancel \(cancelOrder\), openapi.yaml:\d+: not implemented", listed)
    assert "list_books in app/api/routes/books.py:34" in call(bench, "list_operations", contains="listBooks")
    assert refused(bench, "list_operations", contains="nothing like it")


@pytest.mark.parametrize("wanted", ["cancelOrder", "POST /orders/{order_id}/cancel", "post /orders/{order_id}/CANCEL"])
def test_one_operation_as_it_is_written_and_as_it_is_read(bench: Workbench, wanted: str) -> None:
    shown = call(bench, "read_operation", operation=wanted)
    assert "operationId: cancelOrder" in shown and "its copies are back in stock" in shown, "the text, with its descriptions"
    assert '"OrderItem' not in shown.partition("As it is read")[0] and "OrderItem: {" in shown, "schemas that schemas refer to"
    assert "BookDetail: {" not in shown, "and no others"


def test_an_operation_that_is_not_there(bench: Workbench) -> None:
    assert "POST /orders/{order_id}/cancel" in refused(bench, "read_operation", operation="POST /orders/{id}/cancel")


def test_a_table_from_both_sides(bench: Workbench) -> None:
    shown = call(bench, "read_table", table="customers")
    mapped, made = shown.split("\n\n")
    assert "as the models map it" in mapped and '"phone"' in mapped
    assert "as the migrations in migrations have made it" in made and '"phone"' not in made
    assert "customers" in refused(bench, "read_table", table="clients")


def test_sections_of_documents(tmp_path: Path) -> None:
    text = "# Story\n\nAs a reader\n\n## Criteria\n\n- one\n\n```\n# no heading\n```\n\n### Edge cases\n\n- two\n\n## Criteria for staff\n\n- three\n"
    bench = bench_of(project(tmp_path, {"story.md": text, "plain.md": "nothing\n", "a.py": "a = 1\n"}))
    assert call(bench, "read_section", path="story.md").split("\n")[1] == "     5  ## Criteria"
    shown = call(bench, "read_section", path="story.md", heading="## Criteria")
    assert "# no heading" in shown and "two" in shown and "three" not in shown
    assert "three" in call(bench, "read_section", path="story.md", heading="staff")
    assert "several" in refused(bench, "read_section", path="story.md", heading="crit")
    assert "read_file" in refused(bench, "read_section", path="plain.md")
    assert "read_file" in refused(bench, "read_section", path="a.py")


def test_findings_of_the_draft(bench: Workbench) -> None:
    assert "phone" in call(bench, "list_findings", path="app/models", rule="model-change-without-migration")
    assert call(bench, "list_findings", only_new=True) == "nothing is found here"
    call(bench, "edit_file", path="app/api/routes/books.py", old_text='operation_id="getBook"', new_text='operation_id="fetchBook"')
    shown = call(bench, "list_findings", only_new=True)
    assert "[operation-id-mismatch]" in shown and "new in the draft" in shown and shown.count("(finding") == 1
    assert "there is no rule" in refused(bench, "list_findings", rule="operation-not-there")


def test_what_is_left_of_the_task(shop: Path) -> None:
    bench = bench_of(shop)
    target = finding(bench, "operation-not-implemented", "categories")
    bench.findings = (target, "0" * 16)
    assert f"of the task's 2 findings, 1 left: {target}" in call(bench, "list_findings", path="app/main.py")
    call(bench, "apply_repair", finding=target)
    assert "of the task's 2 findings, 0 left" in call(bench, "list_findings")


def test_repairs(bench: Workbench) -> None:
    target = finding(bench, "operation-not-implemented", "cancel")
    shown = call(bench, "list_findings", rule="operation-not-implemented")
    assert "repair: Implement POST /orders/{order_id}/cancel (safe)" in shown
    assert "out of the spec" not in shown, "no repair that takes a promise back, where the specification leads"
    assert "app/api/routes/orders.py" in call(bench, "apply_repair", finding=target)
    assert "cancel" in bench.draft.read("app/api/routes/orders.py")
    assert "list_findings" in refused(bench, "apply_repair", finding=target), "it is gone"
    phone = finding(bench, "model-change-without-migration", "phone")
    assert "which repair? There is: Generate migration" in refused(bench, "apply_repair", finding=phone, title="Something else")


def test_rules(bench: Workbench) -> None:
    assert "## How to fix" in call(bench, "explain_rule", rule="operation-not-implemented")
    assert "operation-not-implemented" in refused(bench, "explain_rule", rule="operation-not-implementd")


def test_what_an_allow_list_hides_is_in_no_view(shop: Path) -> None:
    bench = bench_of(shop, Boundary(shop, reading=("app/models/**",)))
    assert "app/api" not in call(bench, "list_findings") and "openapi.yaml" not in call(bench, "list_findings")
    refused(bench, "list_operations")
    refused(bench, "read_operation", operation="cancelOrder")
    assert "app/api" not in call(bench, "find_references", name="Book", path="app/models/book.py")
    refused(bench, "find_symbol", name="create_book")
    assert "as the migrations" not in call(bench, "read_table", table="customers"), "nor the revisions"
    refused(bench, "apply_repair", finding=finding(bench_of(shop), "operation-not-implemented", "cancel"))


def test_the_plan_is_the_progress(bench: Workbench) -> None:
    seen = []
    bench.progress = lambda: seen.append(bench.todos)
    said = call(bench, "todo_write", todos=[{"text": "Read  the\nspec", "state": "completed"}, {"text": "Write", "state": "in_progress"}])
    assert said == "2 steps, 1 done" and seen == [(Todo("Read the spec", "done"), Todo("Write", "active"))]
    refused(bench, "todo_write", todos=[{"text": "  ", "state": "open"}])
    refused(bench, "todo_write", todos=[{"text": "x", "state": "open"}] * 41)
    assert call(bench, "todo_write", todos=[]) == "0 steps, 0 done"


def test_notes_are_kept_outside_of_the_workspace(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECDRIFT_DATA", str(tmp_path / "data"))
    path = notes.notes_file(shop)
    assert path.is_relative_to(tmp_path / "data") and path != notes.notes_file(tmp_path)
    bench = bench_of(shop, notes=path)
    assert call(bench, "read_notes") == "there are no notes"
    call(bench, "write_notes", text="Prices are in cents.")
    call(bench, "write_notes", text="Routes are in app/api.")
    again = bench_of(shop, notes=path)
    assert call(again, "read_notes").endswith(":\nPrices are in cents.\nRoutes are in app/api.\n")
    assert "append=false" in refused(again, "write_notes", text="x" * notes.LARGEST)
    call(again, "write_notes", text="Short.", append=False)
    assert notes.read_notes(path) == "Short.\n"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_notes_that_cannot_be_kept_stop_nothing(bench: Workbench, tmp_path: Path) -> None:
    assert "no notes are kept" in refused(bench, "write_notes", text="x")
    (tmp_path / "file").write_text("x")
    bench.notes = tmp_path / "file" / "notes.md"
    assert "go on without" in refused(bench, "write_notes", text="x")
    assert call(bench, "read_notes") == "there are no notes"


def test_a_check_that_nobody_wants_any_more_is_stopped(shop: Path) -> None:
    bench = bench_of(shop, cancelled=lambda: True)
    assert "no longer wanted" in refused(bench, "list_findings")

"""New endpoints: where they go, what they ask for, and what they never do."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.check import check
from lsp_server.commands.fix import changed_files
from lsp_server.findings import Finding, Fix
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change
from lsp_server.verify import build_and_verify

BOOKSHOP = Path(__file__).parent.parent / "projects" / "bookshop"

APP = '''from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

app = FastAPI()
bearer = HTTPBearer()


# The whole list.
@app.get("/users")
def list_users():
    return []


@app.get("/users/{user_id}")
def read_user(user_id: int):  # one of them
    return {"id": user_id}
'''


def spec(*operations: str, head: str = "") -> str:
    known = ["/users get list_users", "/users/{user_id} get read_user"]
    paths: dict[str, list[str]] = {}
    for operation in (*known, *operations):
        path, method, name, *rest = operation.split(" ", 3)
        paths.setdefault(path, []).append(
            f"    {method}:\n      operationId: {name}\n      responses: {{'200': {{description: Fine}}}}\n"
            + (f"      {rest[0]}\n" if rest else "")
        )
    lines = []
    for path, entries in paths.items():
        own = "    parameters: [{name: user_id, in: path, required: true, schema: {type: integer}}]\n" if "{user_id}" in path else ""
        lines.append(f"  {path}:\n{own}{''.join(entries)}")
    return f"openapi: 3.1.0\ninfo: {{title: Users, version: '1'}}\n{head}paths:\n{''.join(lines)}"


def offered(snapshot: Snapshot) -> list[tuple[Finding, Fix]]:
    report = check(snapshot, all_rules())
    assert not report.failed_rules, report.failed_rules[0].trace
    return [(finding, fix) for finding in report.findings for fix in finding.fixes if fix.kind == "implement-endpoint"]


def implemented(text: str, contract: str) -> str:
    snapshot = Snapshot.of({"openapi.yaml": contract, "app.py": text})
    (finding, fix), = offered(snapshot)
    verdict = build_and_verify(snapshot, check(snapshot, all_rules()), finding, fix, all_rules())
    assert verdict.ok, verdict.problem
    assert verdict.change is not None
    return snapshot.with_change(verdict.change).documents["app.py"].text


def test_a_path_without_a_parameter_comes_before_the_one_that_would_take_it() -> None:
    text = implemented(APP, spec("/users/me get read_me"))
    assert text.index('"/users/me"') < text.index('"/users/{user_id}"')


def test_a_path_with_a_parameter_comes_after_the_one_it_would_take() -> None:
    text = implemented(APP.replace("{user_id}", "me").replace("user_id: int", "").replace("user_id", "1"), spec().replace(
        "/users/{user_id}:\n    parameters: [{name: user_id, in: path, required: true, schema: {type: integer}}]\n    get:\n      operationId: read_user",
        "/users/me:\n    get:\n      operationId: read_user",
    ) + "  /users/{user_id}:\n    get:\n      operationId: one\n      parameters: [{name: user_id, in: path, required: true, schema: {type: integer}}]\n"
        "      responses: {'200': {description: Fine}}\n")  # fmt: skip
    assert text.index('"/users/me"') < text.index('"/users/{user_id}"')


def test_what_was_there_stays_as_it_was() -> None:
    text = implemented(APP, spec("/users/{user_id} delete delete_user"))
    left = iter(text.split("\n"))
    assert all(line in left for line in APP.rstrip("\n").split("\n")), "a line is gone or moved"


def test_line_ends_are_kept() -> None:
    text = implemented(APP.replace("\n", "\r\n"), spec("/users/{user_id} delete delete_user"))
    assert text.count("\n") == text.count("\r\n") > APP.count("\n")


def test_a_route_without_the_promised_protection_is_not_written() -> None:
    """Nothing in the project shows how to ask for credentials."""
    head = "components: {securitySchemes: {HTTPBearer: {type: http, scheme: bearer}}}\n"
    contract = spec("/users/{user_id} delete delete_user security: [{HTTPBearer: []}]", head=head)
    snapshot = Snapshot.of({"openapi.yaml": contract, "app.py": APP})
    (_, fix), = offered(snapshot)
    assert fix.build(snapshot) is None


def test_credentials_are_asked_for_as_the_neighbours_do() -> None:
    head = "components: {securitySchemes: {HTTPBearer: {type: http, scheme: bearer}}}\n"
    contract = spec("/users/{user_id} delete delete_user security: [{HTTPBearer: []}]", "/users/{user_id} put put_user security: [{HTTPBearer: []}]",
                    head=head)  # fmt: skip
    text = APP + '\n\n@app.put("/users/{user_id}", dependencies=[Depends(bearer)])\ndef put_user(user_id: int):\n    return {}\n'
    assert '@app.delete("/users/{user_id}", dependencies=[Depends(bearer)])\ndef delete_user(user_id: int):' in implemented(text, contract)


def test_of_neighbours_that_ask_for_more_and_for_less_the_stricter_one_is_followed() -> None:
    head = "components: {securitySchemes: {HTTPBearer: {type: http, scheme: bearer}}}\n"
    secured = "security: [{HTTPBearer: []}]"
    contract = spec(f"/users/count get count {secured}", f"/users/all get everything {secured}", f"/users/log get log {secured}", head=head)
    text = APP.replace("# The whole list.", (
        "def user(token=Depends(bearer)):\n    return token\n\n\ndef admin(user=Depends(user)):\n    return user\n\n\n"
        '@app.get("/users/count", dependencies=[Depends(user)])\ndef count():\n    return 1\n\n\n'
        '@app.get("/users/all", dependencies=[Depends(admin)])\ndef everything():\n    return 1\n\n\n# The whole list.'
    ))  # fmt: skip
    assert '@app.get("/users/log", dependencies=[Depends(admin)])' in implemented(text, contract)


def test_a_broken_file_is_left_alone() -> None:
    snapshot = Snapshot.of({"openapi.yaml": spec("/users/me get read_me"), "app.py": APP + "\ndef half(:\n"})
    for _, fix in offered(snapshot):
        assert fix.build(snapshot) is None


@pytest.mark.parametrize("name", ["list", "class", "read-user", "readUser", "read_user", "Read user!", "users.read", "1st"])
def test_every_operation_id_gives_a_function(name: str) -> None:
    text = implemented(APP, spec("/users/me get placeholder").replace("placeholder", f'"{name}"'))
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert len(set(functions)) == 3


def test_both_missing_operations_of_the_bookshop_work(tmp_path: Path) -> None:
    """The example with both repairs applied: its own tests and the new ones pass."""
    folder = tmp_path / "bookshop"
    shutil.copytree(BOOKSHOP, folder, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    texts = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*") if path.suffix in (".py", ".yaml", ".toml")}
    start = snapshot = Snapshot.of(texts)
    titles = []
    while todo := offered(snapshot):
        finding, fix = todo[0]
        verdict = build_and_verify(snapshot, check(snapshot, all_rules()), finding, fix, all_rules())
        assert verdict.ok and verdict.change is not None, verdict.problem
        titles.append(fix.title)
        snapshot = snapshot.with_change(verdict.change)
    assert titles == ["Implement GET /categories/{category_id}", "Implement POST /orders/{order_id}/cancel"]
    for path, (_, after) in changed_files(start, snapshot).items():
        (folder / path).write_text(after)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BOOKSHOP_", "PYTEST_", "PYTHONPATH"))}
    finished = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=folder, env=environment,
                              capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "test_get_category" in str(list((folder / "tests").iterdir()))


def test_the_change_names_the_texts_it_was_made_for() -> None:
    snapshot = Snapshot.of({"openapi.yaml": spec("/users/me get read_me"), "app.py": APP})
    (_, fix), = offered(snapshot)
    change = fix.build(snapshot)
    assert isinstance(change, Change)
    assert change.bases == {"app.py": snapshot.documents.digest("app.py")}

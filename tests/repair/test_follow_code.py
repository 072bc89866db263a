"""The spec follows the code: the example project brought in step from the code's side, an API documented from one operation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from lsp_server.check import check
from lsp_server.config import Config
from lsp_server.findings import Applicability, Direction, Report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import build_and_verify

BOOKSHOP = Path(__file__).parents[1] / "projects" / "bookshop"
RULES = tuple(rule for rule in all_rules() if rule.area == "api")
CODE_LEADS = Config(leads="code")


def follow_code(snapshot: Snapshot, *, unsafe: bool = False) -> tuple[Snapshot, Report]:
    """Every fix of the spec's side applied, each verified; the outcome and what is left."""
    report = check(snapshot, RULES)
    refused: set[str] = set()
    while True:
        for finding in report.findings:
            fix = next((each for each in finding.fixes if each.direction is Direction.SPEC), None)
            if fix is None or finding.fingerprint in refused or (fix.applicability is Applicability.UNSAFE and not unsafe):
                continue
            verdict = build_and_verify(snapshot, report, finding, fix, RULES)
            if verdict.ok and verdict.change is not None:
                snapshot = snapshot.with_change(verdict.change)
                report = check(snapshot, RULES)
                break
            refused.add(finding.fingerprint)
        else:
            return snapshot, report


def bookshop() -> dict[str, str]:
    paths = [BOOKSHOP / "openapi.yaml", *BOOKSHOP.glob("app/**/*.py")]
    return {path.relative_to(BOOKSHOP).as_posix(): path.read_text() for path in paths}


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


class TestBookshop:
    def test_safe_fixes_take_nothing_back(self) -> None:
        before = Snapshot.of(bookshop(), CODE_LEADS)
        after, report = follow_code(before)
        assert {finding.rule for finding in report.findings} == {
            "operation-not-implemented", "parameter-missing-in-code", "response-status-missing", "response-field-missing",
            "request-field-missing", "security-not-enforced",
        }  # fmt: skip
        promised, kept = ({each.key for each in snapshot.promised[0].operations} for snapshot in (before, after))
        assert {(method, path.replace("{}", "{id}")) for method, path in kept - promised} == {("GET", "/books/bestsellers")}
        assert promised <= kept

    def test_unsafe_fixes_leave_no_drift(self) -> None:
        before = Snapshot.of(bookshop(), CODE_LEADS)
        after, report = follow_code(before, unsafe=True)
        assert report.findings == ()
        changed = [path for path in after.documents if after.documents.digest(path) != before.documents.digest(path)]
        assert changed == ["openapi.yaml"]

    def test_comments_and_the_order_of_what_stays_are_kept(self) -> None:
        before = Snapshot.of(bookshop(), CODE_LEADS)
        after, _ = follow_code(before, unsafe=True)
        old, new = before.documents["openapi.yaml"].text, after.documents["openapi.yaml"].text
        assert comments(new) == comments(old)
        kept = [each.key for each in after.promised[0].operations if each.key in {one.key for one in before.promised[0].operations}]
        assert kept == [each.key for each in before.promised[0].operations if each.key in kept]

    def test_the_preferred_fix_is_the_leading_side_s(self) -> None:
        for leads, preferred in (("spec", Direction.CODE), ("code", Direction.SPEC)):
            report = check(Snapshot.of(bookshop(), Config(leads=leads)), RULES)
            directions = {fix.direction for finding in report.findings for fix in finding.fixes if fix.preferred}
            assert directions == {preferred}


APPLICATION = '''
from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Body, Depends, FastAPI, File, Form, Header, Query, UploadFile
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from pydantic import BaseModel, Field

token = OAuth2PasswordBearer(tokenUrl="token")
key = APIKeyHeader(name="X-Key")
router = APIRouter(prefix="/v1/trees", tags=["trees"])


class Kind(str, Enum):
    LEAF = "leaf"
    NEEDLE = "needle"


class Node(BaseModel):
    name: str = Field(min_length=1, max_length=20)
    kind: Kind = Kind.LEAF
    children: list["Node"] = []


class Problem(BaseModel):
    detail: str


class Page(BaseModel):
    items: list[Node]
    total: int = Field(ge=0)
    by_name: dict[str, Node]


@router.get("")
def list_trees(kind: Kind | None = None, page: Annotated[int, Query(ge=1)] = 1) -> Page: ...


@router.post("", status_code=201, responses={409: {"model": Problem, "description": "There is one"}})
def plant(tree: Node, user: Annotated[str, Depends(token)]) -> Node: ...


@router.put("/{tree_id}/photo", deprecated=True)
def photo(tree_id: int, photo: Annotated[UploadFile, File()], caption: Annotated[str, Form()] = "", k: str = Depends(key)) -> None: ...


@router.delete("/{tree_id}", status_code=204)
def fell(tree_id: int, reason: Annotated[str, Header()], user: Annotated[str, Depends(token)]) -> None: ...


app = FastAPI()
app.include_router(router)


@app.get("/v1/status")
def status() -> dict[str, int]: ...
'''

SPECIFICATION = """
openapi: VERSION
# all of it
info: {title: Trees, version: '1'}
paths:
  /v1/trees/{tree_id}/leaves:
    get:
      parameters:
        - {name: tree_id, in: path, required: true, schema: {type: integer}}
      responses:
        '200': {description: Leaves}
"""
LEAVES = '\n\n@app.get("/v1/trees/{tree_id}/leaves")\ndef leaves(tree_id: int): ...\n'


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize("path", ["openapi.yaml", "openapi.json"])
def test_all_routes_of_an_application_become_operations(path: str, version: str) -> None:
    """Every sort of parameter, body and answer can be written; what is written says what the code does."""
    text = SPECIFICATION.replace("VERSION", version)
    if path.endswith("json"):
        text = json.dumps(yaml.safe_load(text), indent=2)
    snapshot = Snapshot.of({path: text, "app.py": APPLICATION + LEAVES}, CODE_LEADS)
    assert len(check(snapshot, RULES).findings) == 5
    after, report = follow_code(snapshot)
    assert report.findings == ()
    api = after.promised[0]
    assert api.faults == ()
    assert {(each.method, each.path) for each in api.operations} == {(each.method, each.path) for each in after.implemented[0].operations}
    assert {"Node", "Page", "Problem", "Kind"} <= set(api.schemas)
    secured = {each.method: each.security for each in api.operations if each.security}
    assert set(secured) == {"POST", "PUT", "DELETE"}


def test_a_route_with_an_unknown_parameter_list_is_not_documented() -> None:
    """What would be written might be wrong."""
    application = '''
from fastapi import FastAPI
from somewhere import made

app = FastAPI()


@app.get("/a")
def a(): ...


app.get("/b")(made())
'''
    text = "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths:\n  /a:\n    get:\n      responses: {'200': {description: A}}\n"
    snapshot = Snapshot.of({"openapi.yaml": text, "app.py": application}, CODE_LEADS)
    after, _ = follow_code(snapshot, unsafe=True)
    assert after.documents["openapi.yaml"].text == text

"""The code follows the spec: one row per difference, its effect on the code, and bodies that stay as they are."""

from __future__ import annotations

import pytest

from lsp_server.check import check
from lsp_server.findings import Applicability, Fix
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.verify import Verdict, build_and_verify

HEAD = "from enum import Enum\nfrom typing import Annotated, Optional\n\nfrom fastapi import FastAPI, Header, Path, Query\nfrom pydantic import BaseModel, Field\n\napp = FastAPI()\n\n\n"


def spec(method: str, parts: str, path: str = "/books") -> str:
    return f"openapi: 3.1.0\ninfo: {{title: Books, version: '1'}}\npaths:\n  {path}:\n    {method}:\n" + "".join(
        f"      {line}\n" for line in parts.split("\n"))  # fmt: skip


def repaired(contract: str, code: str) -> tuple[Fix, Verdict, str]:
    snapshot = Snapshot.of({"openapi.yaml": contract, "app.py": HEAD + code})
    report = check(snapshot, all_rules())
    finding, fix = next((finding, fix) for finding in report.findings for fix in finding.fixes if fix.kind == "follow-spec")
    verdict = build_and_verify(snapshot, report, finding, fix, all_rules())
    text = snapshot.with_change(verdict.change).documents["app.py"].text if verdict.change is not None else ""
    return fix, verdict, text


PARAMETERS = [
    ("{type: integer, maximum: 9}", "limit: int = 5", "limit: Annotated[int, Query(le=9)] = 5", True),
    ("{type: integer, maximum: 9}", "limit: int = Query(5, le=3)", "limit: int = Query(5, le=9)", True),
    ("{type: integer, maximum: 9}", "limit: Annotated[int, Query(ge=0, le=3)] = 5", "limit: Annotated[int, Query(ge=0, le=9)] = 5", None),
    ("{type: integer}", "limit: Annotated[int, Query(le=3)] = 5", "limit: Annotated[int, Query()] = 5", True),
    ("{type: integer, default: 7}", "limit: int = 5", "limit: int = 7", True),
    ("{type: integer, default: 7}", "limit: int = Query(5)", "limit: int = Query(7)", True),
    ("{type: integer, default: 7}", "limit: int = Query(default=5, title='L')", "limit: int = Query(default=7, title='L')", True),
    ("{type: integer}", "limit: str = ''", "limit: int | None = None", False),
    ("{type: integer}", "limit: int", "limit: int | None = None", False),
    ("{type: string, enum: [a, b]}", "limit: str = 'a'", "limit: Literal[\"a\", \"b\"] | None = 'a'", False),
]


@pytest.mark.parametrize(("schema", "before", "after", "safe"), PARAMETERS)
def test_parameters(schema: str, before: str, after: str, safe: bool | None) -> None:
    contract = spec("get", f"parameters: [{{name: limit, in: query, schema: {schema}}}]\nresponses: {{'200': {{description: Fine}}}}")
    body = "    # every book\n    return [limit]\n"
    fix, verdict, text = repaired(contract, f'@app.get("/books")\ndef books({before}):\n{body}')
    if safe is None:  # two bounds, of which the spec has one: both are settled
        after = after.replace("ge=0, ", "")
    else:
        assert (fix.applicability is Applicability.SAFE) is safe
    assert verdict.ok, verdict.problem
    assert f"def books({after}):\n{body}" in text


FIELDS = [
    ("{type: string, maxLength: 9}", "name: str", "name: str = Field(max_length=9)"),
    ("{type: string, maxLength: 9}", "name: str = Field(description='N', max_length=3)", "name: str = Field(description='N', max_length=9)"),
    ("{type: string}", "name: str = Field(max_length=3)", "name: str = Field()"),
    ("{type: string}", "name: Optional[str] = None", "name: str"),
    ("{type: string}", "name: str | None = Field(default=None, title='N')", "name: str = Field(title='N')"),
    ("{type: integer}", "name: str", "name: int"),
    ("{type: string, format: date}", "name: int", "name: date"),
]


@pytest.mark.parametrize(("schema", "before", "after"), FIELDS)
def test_request_fields(schema: str, before: str, after: str) -> None:
    body = f"requestBody: {{required: true, content: {{application/json: {{schema: {{type: object, required: [name, id], properties: {{id: {{type: integer}}, name: {schema}}}}}}}}}}}"
    code = f'class Book(BaseModel):\n    id: int\n    {before}  # as printed\n\n\n@app.post("/books")\ndef add(book: Book):\n    return None\n'
    _, verdict, text = repaired(spec("post", f"{body}\nresponses: {{'200': {{description: Fine}}}}"), code)
    assert verdict.ok, verdict.problem
    assert f"    id: int\n    {after}  # as printed\n\n\n@app.post" in text


ROUTES = [
    ("deprecated: true\nresponses: {'200': {description: Fine}}", '@app.get("/books")', '@app.get("/books", deprecated=True)'),
    ("responses: {'200': {description: Fine}}", '@app.get("/books", deprecated=True)', '@app.get("/books")'),
    ("operationId: a\nresponses: {'200': {description: Fine}}", '@app.get("/books", operation_id="b")', '@app.get("/books", operation_id="a")'),
    ("responses: {'202': {description: Fine}}", '@app.get("/books", status_code=201)', '@app.get("/books", status_code=202)'),
    ("responses: {'202': {description: Fine}}", '@app.get(\n    "/books",\n)', '@app.get(\n    "/books",\n    status_code=202,\n)'),
]


@pytest.mark.parametrize(("parts", "before", "after"), ROUTES)
def test_what_a_route_says_of_itself(parts: str, before: str, after: str) -> None:
    fix, verdict, text = repaired(spec("get", parts), f"{before}\ndef books():\n    return []  # none yet\n")
    assert verdict.ok, verdict.problem
    assert fix.applicability is Applicability.SAFE
    assert text == HEAD + f"{after}\ndef books():\n    return []  # none yet\n"


def test_a_renamed_path_parameter_keeps_its_name_inside() -> None:
    contract = spec("get", "parameters: [{name: book_id, in: path, required: true, schema: {type: integer}}]\nresponses: {'200': {description: Fine}}", "/books/{book_id}")
    _, verdict, text = repaired(contract, '@app.get("/books/{id}")\ndef book(id: int):\n    return {"id": id}\n')
    assert verdict.ok, verdict.problem
    assert '@app.get("/books/{book_id}")\ndef book(id: Annotated[int, Path(alias="book_id")]):\n    return {"id": id}\n' in text


def test_what_reaches_further_than_the_text_shows_is_unsafe() -> None:
    """A parameter that nobody reads yet: somebody has to look."""
    contract = spec("get", "parameters: [{name: author, in: query, schema: {type: string}}]\nresponses: {'200': {description: Fine}}")
    fix, verdict, _ = repaired(contract, '@app.get("/books")\ndef books():\n    return []\n')
    assert verdict.ok
    assert fix.applicability is Applicability.UNSAFE

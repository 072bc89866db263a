"""Frameworks whose code the repairs cannot write: nothing is offered that would come to nothing."""

from __future__ import annotations

from lsp_server.check import check
from lsp_server.findings import Direction
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot

SPEC = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /books/{book}:
    get: {parameters: [{name: book, in: path, required: true, schema: {type: integer}}], responses: {"200": {description: A book}}}
    delete: {parameters: [{name: book, in: path, required: true, schema: {type: integer}}], responses: {"204": {description: Gone}}}
"""
FLASK = "from flask import Flask\napp = Flask(__name__)\n@app.get('/books/<int:id>')\ndef read(id): ...\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/books/{id}', operation_id=None)\ndef read(id: int) -> None: ...\n"


def offered(code: str) -> dict[str, set[Direction]]:
    report = check(Snapshot.of({"openapi.yaml": SPEC, "app.py": code}), all_rules())
    return {finding.rule: {fix.direction for fix in finding.fixes if fix.kind.startswith("follow") or "implement" in fix.kind} for finding in report.findings}


def test_only_the_spec_can_follow() -> None:
    assert offered(FLASK) == {"operation-not-implemented": {Direction.SPEC}, "path-parameter-mismatch": {Direction.SPEC}}


def test_where_the_code_can_be_written_both_can() -> None:
    found = offered(FASTAPI)
    assert Direction.CODE in found["operation-not-implemented"] and Direction.CODE in found["path-parameter-mismatch"]

"""What routes that declare nothing but their path are worth beside a spec: their presence and their path, nothing else."""

from __future__ import annotations

import pytest

from lsp_server.check import check
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot

_SPEC = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /users/{id}:
    get:
      operationId: one
      security: [{key: []}]
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
        - {name: page, in: query, required: true, schema: {type: integer}}
      responses: {"200": {description: A user, content: {application/json: {schema: {type: object, required: [name],
                  properties: {name: {type: string}}}}}}, "404": {description: None}}
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {"201": {description: Done}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: x}}}
"""
_PROGRAMS = {
    "aiohttp": """
from aiohttp import web
async def user(request): ...
app = web.Application()
app.add_routes([web.get('/users/{id}', user), web.put('/users/{id}', user), web.get('/health', user)])
""",
    "Falcon": """
import falcon
class User:
    def on_get(self, req, resp, id): ...
    def on_put(self, req, resp, id): ...
app = falcon.App()
app.add_route('/users/{id}', User())
app.add_route('/health', User())
""",
    "Tornado": """
from tornado.web import Application, RequestHandler
class User(RequestHandler):
    def get(self, id): ...
    def put(self, id): ...
app = Application([(r'/users/([^/]+)', User), (r'/health', User)])
""",
    "Starlette": """
from starlette.applications import Starlette
from starlette.routing import Route
async def user(request): ...
app = Starlette(routes=[Route('/users/{id}', user, methods=['GET', 'PUT']), Route('/health', user)])
""",
}


@pytest.mark.parametrize("framework", _PROGRAMS)
def test_nothing_is_said_of_what_is_not_declared(framework: str) -> None:
    report = check(Snapshot.of({"openapi.yaml": _SPEC, "app.py": _PROGRAMS[framework]}), all_rules())
    assert [finding.message for finding in report.findings] == []


@pytest.mark.parametrize("framework", _PROGRAMS)
def test_what_is_missing_is_told(framework: str) -> None:
    program = _PROGRAMS[framework]
    for word in ("web.put('/users/{id}', user), ", "    def on_put(self, req, resp, id): ...\n", "    def put(self, id): ...\n", ", 'PUT'"):
        program = program.replace(word, "")
    report = check(Snapshot.of({"openapi.yaml": _SPEC, "app.py": program}), all_rules())
    assert [finding.rule for finding in report.findings] == ["operation-not-implemented"]

"""Credentials that are asked for without a declaration: the security of such routes is not known, and gives no finding."""

from __future__ import annotations

import pytest
from programs import IMPORTS, apis_of

from lsp_server.check import check
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown

ROUTE = "@app.get('/x')\ndef f(): ...\n"
MORE = IMPORTS.replace("FastAPI, File", "APIRouter, FastAPI, File") + (
    "from starlette.middleware import Middleware\nfrom starlette.middleware.base import BaseHTTPMiddleware\n"
    "from fastapi.middleware.cors import CORSMiddleware\nfrom fastapi.routing import APIRoute\n"
)
GUARDED = {
    "a middleware class": (
        "class Auth(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n"
        "        if 'authorization' not in request.headers:\n            return JSONResponse({}, 401)\n"
        "        return await call_next(request)\napp.add_middleware(Auth)\n" + ROUTE
    ),
    "a middleware that raises": "@app.middleware('http')\nasync def m(request, call_next):\n    if bad():\n        raise Bad()\n    return await call_next(request)\n" + ROUTE,
    "a middleware that hands the request on": "@app.middleware('http')\nasync def m(request, call_next):\n    check(request)\n    return await call_next(request)\n" + ROUTE,
    "a library's middleware": "from gatekeeper import Gate\napp.add_middleware(Gate)\n" + ROUTE,
    "a library's middleware in the constructor": "from gatekeeper import Gate\napp = FastAPI(middleware=[Middleware(Gate)])\n" + ROUTE,
    "a dispatch function": "from gatekeeper import gate\napp.add_middleware(BaseHTTPMiddleware, dispatch=gate)\n" + ROUTE,
    "middleware around a mounted application": "from gatekeeper import Gate\nouter = FastAPI(middleware=[Middleware(Gate)])\nouter.mount('/in', app)\n" + ROUTE,
    "a class that the whole application depends on": "class Guard:\n    def __init__(self, request: Request): look(request)\napp = FastAPI(dependencies=[Depends(Guard)])\n" + ROUTE,
    "an object that the whole application depends on": "class Guard:\n    def __call__(self, request: Request): look(request)\napp = FastAPI(dependencies=[Depends(Guard())])\n" + ROUTE,
    "a function that a router depends on": "def guard(request: Request): look(request)\nr = APIRouter(dependencies=[Depends(guard)])\n@r.get('/x')\ndef f(): ...\napp.include_router(r)\n",
    "a dependency that reads a header": "def user(authorization: str = Header()): look(authorization)\n@app.get('/x')\ndef f(u = Depends(user)): ...\n",
    "a handler that looks itself": "@app.get('/x')\ndef f(request: Request):\n    if 'X-API-Key' not in request.headers:\n        raise HTTPException(401)\n",
    "a route class": (
        "class R(APIRoute):\n    def get_route_handler(self):\n        handler = super().get_route_handler()\n        async def g(request):\n"
        "            check(request)\n            return await handler(request)\n        return g\n"
        "r = APIRouter(route_class=R)\n@r.get('/x')\ndef f(): ...\napp.include_router(r)\n"
    ),
}  # fmt: skip
OPEN = {
    "nothing": ROUTE,
    "middleware that everybody has": "from starlette.middleware.gzip import GZipMiddleware\napp.add_middleware(CORSMiddleware)\napp.add_middleware(GZipMiddleware)\n" + ROUTE,
    "a middleware that times": "@app.middleware('http')\nasync def timed(request, call_next):\n    answer = await call_next(request)\n    answer.headers['X-Time'] = str(now())\n    return answer\n" + ROUTE,
    "a dependency for its value": "def page(size: int = 10): ...\n@app.get('/x')\ndef f(p = Depends(page)): ...\n",
    "a handler that reads the request": "@app.get('/x')\ndef f(request: Request):\n    return request.query_params['q']\n",
}
SPEC = (
    'openapi: 3.1.0\ninfo: {title: Shop, version: "1"}\ncomponents: {securitySchemes: {token: {type: http, scheme: bearer}}}\n'
    'paths:\n  /x:\n    get:\n      security: [{token: []}]\n      responses: {"200": {description: OK}}\n'
)


def findings(program: str) -> list[str]:
    snapshot = Snapshot.of({"main.py": program, "openapi.yaml": SPEC})
    return [each.rule for each in check(snapshot, [rule for rule in all_rules() if rule.name == "security-not-enforced"]).findings]


@pytest.mark.parametrize("program", GUARDED.values(), ids=GUARDED.keys())
def test_what_may_ask_for_credentials_makes_security_unknown(program: str) -> None:
    operations = [operation for api in apis_of(MORE + program) for operation in api.operations]
    assert operations and all(isinstance(operation.security, Unknown) for operation in operations)
    assert findings(MORE + program) == []


@pytest.mark.parametrize("program", OPEN.values(), ids=OPEN.keys())
def test_what_lets_every_request_through_changes_nothing(program: str) -> None:
    assert [operation.security for api in apis_of(MORE + program) for operation in api.operations] == [()]
    assert findings(MORE + program) == ["security-not-enforced"]


def test_declared_security_is_known_whatever_else_checks() -> None:
    program = "from gatekeeper import Gate\napp.add_middleware(Gate)\n@app.get('/x')\ndef f(token = Depends(HTTPBearer())): ...\n"
    (operation,) = [operation for api in apis_of(MORE + program) for operation in api.operations]
    assert isinstance(operation.security, tuple) and operation.security[0].schemes[0][0] == "HTTPBearer"

"""A handler's body and decorators -> what they show besides the signature."""

from __future__ import annotations

import pytest

from lsp_server.api.model import Operation
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown

HEAD = """\
from fastapi import FastAPI, HTTPException, Request, Response, status
from fastapi.responses import JSONResponse
from slowapi import Limiter

app = FastAPI()
limiter = Limiter(key_func=None)

"""


def route(body: str, parameters: str = "", decorator: str = "") -> Operation:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    text = f'{HEAD}\n@app.get("/things")\n{decorator}def things({parameters}):\n{lines}\n'
    [application] = Snapshot.of({"app.py": text}).implemented
    return application.operations[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise HTTPException(404)", ("404",)),
        ("raise HTTPException(status_code=status.HTTP_409_CONFLICT)", ("409",)),
        ("if wanted:\n    return JSONResponse({}, status_code=201)\nreturn []", ("201",)),
        ("return Response('', 204)", ("204",)),
        ("response.status_code = 202", ("202",)),
        ("return JSONResponse({}, status_code=find())", ("default",)),
        ("def later():\n    raise HTTPException(404)\nreturn later", ()),
        ("return []", ()),
    ],
)
def test_statuses(body: str, expected: tuple[str, ...]) -> None:
    assert route(body).raised == expected


@pytest.mark.parametrize(
    ("body", "by_hand"),
    [
        ("return request.query_params", True),
        ("return await_(request.json())", True),
        ("return find(request)", True),
        ("return find(request=request)", True),
        ("return request.state.user", False),
        ("return other.headers", False),
    ],
)
def test_the_request_read_by_hand(body: str, by_hand: bool) -> None:
    assert (route(body, "request: Request").reads_request is not None) == by_hand
    assert route(body).reads_request is None


def test_rate_limits() -> None:
    assert route("return []", "request: Request", '@limiter.limit("10/minute")\n').rate_limit == "10/minute"
    assert isinstance(route("return []", "request: Request", "@limiter.limit(find())\n").rate_limit, Unknown)
    assert route("return []").rate_limit is None

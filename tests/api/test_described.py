"""Routes by decorators that the configuration describes."""

from __future__ import annotations

import pytest

from lsp_server.config import Config, ConfigError, parse
from lsp_server.snapshot import Snapshot

PROGRAM = """
from acme.web import Service, endpoint
from acme.tools import cached

service = Service()

@endpoint(rule="/users/<int:id>", verbs=["GET", "PUT"])
def user(id): ...

class Books:
    @service.get("/books/{isbn}")
    @cached
    def read(self, isbn): ...

@endpoint(verbs=["GET"], rule=open("x").read())
def odd(): ...
"""
DESCRIBED = """
[tool.specdrift.routes]
"acme.web.endpoint" = { path = "rule", methods = "verbs", prefix = "/api" }
"acme.web.Service.get" = { methods = ["GET"] }
"""


def test_described_decorators_declare_routes() -> None:
    (api,) = Snapshot.of({"shop.py": PROGRAM}, parse(DESCRIBED, "pyproject.toml")).implemented
    assert [f"{each.method} {each.path} {each.handler}" for each in api.operations] == [
        "GET /api/users/{id} shop:user", "PUT /api/users/{id} shop:user", "GET /books/{isbn} shop:Books.read",
    ]  # fmt: skip
    parameters = api.operations[0].parameters
    assert isinstance(parameters, tuple) and parameters[0].schema.types == ("integer",)
    assert api.incomplete is not None, "the path that is read from a file is not known"


def test_nothing_is_read_that_nobody_describes() -> None:
    assert Snapshot.of({"shop.py": PROGRAM}, Config()).implemented == ()


@pytest.mark.parametrize("wrong", ['{ path = true }', '{ verbs = ["GET"] }', '"/x"', "{ methods = [1] }"])
def test_a_description_that_cannot_be_used_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="`routes` must be a table from a decorator's dotted name"):
        parse(f'[tool.specdrift.routes]\n"acme.web.endpoint" = {wrong}\n', "pyproject.toml")

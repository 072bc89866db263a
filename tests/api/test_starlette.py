"""Starlette programs: route lists, mounts, decorated and added routes, class-based endpoints."""

from __future__ import annotations

from tests.api.programs import served


def test_a_list_of_routes_with_mounts_and_a_class() -> None:
    program = """
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Mount, Route

async def home(request): ...
async def user(request): ...

class Item(HTTPEndpoint):
    def get(self, request): ...
    def delete(self, request): ...

def create():
    return Starlette(routes=[
        Route("/", home),
        Mount("/users", routes=[Route("/{id:int}", user, methods=["GET", "POST"]), Route("/item", Item)]),
    ])
"""
    assert served(program) == [
        "GET / main:home", "GET /users/{id} main:user", "POST /users/{id} main:user",
        "GET /users/item main:Item.get", "DELETE /users/item main:Item.delete",
    ]  # fmt: skip


def test_a_list_computed_at_run_time_leaves_the_application_incomplete() -> None:
    program = "from starlette.applications import Starlette\nimport other\napp = Starlette(routes=other.load())\n"
    assert served(program) == ["incomplete"]


def test_fastapi_is_left_to_its_own_reader() -> None:
    assert served("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef x(): ...\n# starlette\n") == ["GET /x main:x"]

"""Routes that applications get when they start."""

from __future__ import annotations

import pytest
from programs import api_of, routes_of

START = """
from contextlib import asynccontextmanager
from fastapi import APIRouter, FastAPI
from database import migrate
router = APIRouter()

@router.get("/items")
def items(): ...

def add_routes(app):
    app.include_router(router, prefix="/v1")

async def start(app: FastAPI):
    await migrate()
    add_routes(app)
"""
LIFESPAN = """
@asynccontextmanager
async def lifespan(app):
    async with migrate():
        await start(app)
        yield
    await migrate()
"""


@pytest.mark.parametrize(
    "rest",
    [
        LIFESPAN + "app = FastAPI(lifespan=lifespan)",
        LIFESPAN + "def create_app():\n    return FastAPI(lifespan=lifespan)",
        "app = FastAPI()\n@app.on_event('startup')\nasync def on_start():\n    add_routes(app)",
        "app = FastAPI()\ndef on_start():\n    app.include_router(router, prefix='/v1')\napp.add_event_handler('startup', on_start)",
        "def on_start():\n    add_routes(app)\napp = FastAPI(on_startup=[on_start])",
        "def create_app():\n    app = FastAPI()\n    @app.on_event('startup')\n    def on_start():\n        add_routes(app)\n    return app",
    ],
)
def test_routers_included_at_the_start(rest: str) -> None:
    assert routes_of(START + rest) == ["GET /v1/items"]


def test_a_shutdown_adds_nothing() -> None:
    assert api_of(START + "app = FastAPI()\n@app.on_event('shutdown')\ndef stop():\n    add_routes(app)").operations == ()

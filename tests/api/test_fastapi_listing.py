"""Programs that go through the routes of their application: names given, routes hidden, routes served a second time."""

from __future__ import annotations

from programs import api_of, routes_of

START = """
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
app = FastAPI()
router = APIRouter(prefix="/users")

@router.get("/{id}")
def read(id: int) -> int: ...

@router.post("/", include_in_schema=False)
def create(): ...

app.include_router(router, prefix="/v1")
"""
NAMES = """
def use_route_names(app):
    for route in app.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.name
use_route_names(app)
"""
TWINS = """
existing = {(each.path, frozenset(each.methods or ())) for each in app.router.routes if isinstance(each, APIRoute)}
for route in list(app.router.routes):
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        continue
    path = route.path.replace("users", "people")
    if (path, frozenset(route.methods or ())) in existing:
        continue
    app.router.add_api_route(path, route.endpoint, methods=list(route.methods or []), response_model=route.response_model,
                             operation_id=route.operation_id or route.unique_id, tags=route.tags, include_in_schema=True)
    route.include_in_schema = False
"""


def test_ids_set_in_a_loop_over_all_routes() -> None:
    assert [operation.operation_id for operation in api_of(START + NAMES).operations] == ["read", "create"]


def test_routes_declared_after_the_loop_keep_their_id() -> None:
    late = "@app.get('/late')\ndef late(): ...\n"
    assert [operation.operation_id for operation in api_of(START + NAMES + late).operations] == ["read", "create", "late_late_get"]


def test_routes_served_a_second_time() -> None:
    api = api_of(START + TWINS)
    found = [(f"{each.method} {each.path}", each.operation_id, each.documented) for each in api.operations]
    assert found == [
        ("GET /v1/users/{id}", "read_v1_users__id__get", False),
        ("POST /v1/users/", "create_v1_users__post", False),
        ("GET /v1/people/{id}", "read_v1_users__id__get", True),
    ]
    first, _, twin = api.operations
    assert isinstance(first.responses, tuple) and isinstance(twin.responses, tuple)
    assert first.responses[0].content[0][1].types == twin.responses[0].content[0][1].types == ("integer",)
    assert api.incomplete is None


def test_of_a_program_that_is_not_seen_whole_the_known_routes_are_gone_through() -> None:
    source = START + "from elsewhere import plugins\nfor each in plugins():\n    app.include_router(each)\n" + NAMES
    api = api_of(source)
    assert api.incomplete is not None
    assert [operation.operation_id for operation in api.operations] == ["read", "create"]


def test_a_factory_that_goes_through_its_routes() -> None:
    loop = NAMES.removesuffix("use_route_names(app)\n")
    factory = "def create_app():\n    app = FastAPI()\n    @app.get('/a')\n    def a(): ...\n    use_route_names(app)\n    return app\n"
    source = "from fastapi import FastAPI\nfrom fastapi.routing import APIRoute\n" + loop + factory
    assert [operation.operation_id for operation in api_of(source).operations] == ["a"]


def test_a_router_is_asked_too() -> None:
    source = START.replace('app.include_router(router, prefix="/v1")\n', "") + "for route in router.routes:\n    route.deprecated = True\n"
    assert routes_of(source + "app.include_router(router)") == ["GET /users/{id}", "POST /users/"]

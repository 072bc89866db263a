"""Starlette programs: route lists, mounts, decorated and added routes, class-based endpoints, other applications within."""

from __future__ import annotations

from tests.api.programs import served

IMPORTS = """
from functools import partial
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles

async def home(request): ...
async def user(request): ...
"""


def test_a_list_of_routes_with_mounts_and_a_class() -> None:
    program = IMPORTS + """
class Item(HTTPEndpoint):
    def get(self, request): ...
    def delete(self, request): ...

def create():
    return Starlette(routes=[
        Route("/", home),
        Mount("/users", routes=[Route("/{id:int}", user, methods=["GET", "POST"]), Route("/item", Item)]),
        WebSocketRoute("/ws", user),
    ])
"""
    assert served(program) == [
        "GET / main:home", "GET /users/{id} main:user", "POST /users/{id} main:user",
        "GET /users/item main:Item.get", "DELETE /users/item main:Item.delete",
    ]  # fmt: skip


def test_lists_are_joined_extended_and_made_by_functions_and_loops() -> None:
    program = IMPORTS + """
from users import routes as user_routes

def versioned(version):
    return [Route(f"/{version}/{name}", home) for name in ("a", "b")]

routes = [Route("/", home)] + user_routes
routes.extend(versioned("v1"))
for name in ("x", "y"):
    routes.append(Route(f"/{name}", home))
app = Starlette(debug=True, routes=[*routes, Route("/last", home)])
"""
    users = "from starlette.routing import Route\ndef users(request): ...\nroutes = [Route('/users', users)]\n"
    assert served(program, users=users) == [
        "GET / main:home", "GET /users users:users", "GET /v1/a main:home", "GET /v1/b main:home",
        "GET /x main:home", "GET /y main:home", "GET /last main:home",
    ]  # fmt: skip


def test_the_routes_of_a_router_and_changes_of_the_list_itself() -> None:
    program = IMPORTS + """
inner = Router(routes=[Route("/inner", home)])
other = Router()
other.add_route("/other", user, methods=["PUT"])
app = Starlette(routes=inner.routes + other.routes)
app.routes.append(Route("/appended", home))
app.router.routes.insert(0, Mount("/m", app=inner))
app.router.routes.extend([Route("/extended", home)])
"""
    assert served(program) == [
        "GET /inner main:home", "PUT /other main:user", "GET /appended main:home", "GET /m/inner main:home",
        "GET /extended main:home",
    ]  # fmt: skip


def test_calls_and_decorators_on_applications_and_routers() -> None:
    program = IMPORTS + """
app = Starlette()
sub = Router()

@app.route("/a", methods=["POST"])
async def a(request): ...

app.route("/b")(home)
app.add_route("/c", user, ["DELETE"])
app.add_route(path="/d", route=user)
sub.add_route("/e", endpoint=home)
app.mount("/sub/", sub)
app.mount("/static", StaticFiles(directory="static"))
app.host("api.example.org", sub)
"""
    assert served(program) == [
        "POST /a main:a", "GET /b main:home", "DELETE /c main:user", "GET /d main:user", "GET /sub/e main:home",
        "GET /e main:home",
    ]  # fmt: skip


def test_a_host_is_no_prefix() -> None:
    program = IMPORTS + "app = Starlette(routes=[Host('{sub}.example.org', app=Router(routes=[Route('/x', home)]), name='s')])\n"
    assert served(program) == ["GET /x main:home"]


def test_subclasses_hand_on_what_they_are_given() -> None:
    program = IMPORTS + """
class Api(Starlette):
    def __init__(self, title):
        super().__init__(routes=[Route("/" + title, home)])

class Posted(Route):
    def __init__(self, path, endpoint):
        super().__init__("/posted" + path, endpoint, methods=["POST"])

class Verbs(Router):
    def __init__(self, prefix):
        self.prefix = prefix
        super().__init__()

    def get(self, path):
        def decorate(function):
            async def wrapper(request):
                return await function(request)
            self.add_route(self.prefix + path, wrapper, methods=["GET"])
            return function
        return decorate

verbs = Verbs("/verbs")

@verbs.get("/one")
async def one(request): ...

app = Api("title")
app.mount("/v", verbs)
app.routes.append(Posted("/x", user))
"""
    assert served(program) == ["GET /title main:home", "POST /posted/x main:user", "GET /v/verbs/one main:one"]


def test_wrapped_handlers_and_applications_as_endpoints() -> None:
    program = IMPORTS + """
class Callable:
    async def __call__(self, scope, receive, send): ...

class Methods:
    def show(self, request): ...

app = Starlette(routes=[
    Route("/a", requires("edit")(home)),
    Route("/b", partial(user, extra=1)),
    Route("/c", Methods().show),
    Route("/d", Callable()),
    Route("/redirect", RedirectResponse("/a")),
    Mount("/e", app=GZipMiddleware(Router(routes=[Route("/f", home)]))),
])
"""
    assert served(program) == [
        "GET /a main:home", "GET /b main:user", "GET /c main:Methods.show",
        *(f"{method} /d main:Callable.__call__" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        *(f"{method} /redirect None" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        "GET /e/f main:home",
    ]  # fmt: skip


def test_a_factory_is_told_its_prefix_by_those_who_call_it() -> None:
    program = IMPORTS + """
def routes(base):
    return [Mount(base, routes=[Route("/x", home)])]

def create(*, base):
    return Starlette(routes=routes(base))

def start(base="/v1"):
    return create(base=base)
"""
    assert served(program) == ["GET /v1/x main:home"]


def test_a_router_that_servers_are_told_is_an_application() -> None:
    assert served(IMPORTS + "app = Router(routes=[Route('/x', home)])\n") == ["GET /x main:home"]
    assert served(IMPORTS + "router = Router(routes=[Route('/x', home)])\n") == []


def test_a_list_computed_at_run_time_leaves_the_application_incomplete() -> None:
    program = "from starlette.applications import Starlette\nimport other\napp = Starlette(routes=other.load())\n"
    assert served(program) == ["incomplete"]


def test_an_application_given_to_something_unseen_is_incomplete() -> None:
    program = IMPORTS + "def create(plugin):\n    app = Starlette(routes=[Route('/x', home)])\n    plugin.install(app)\n    return app\n"
    assert served(program) == ["GET /x main:home", "incomplete"]


def test_fastapi_is_left_to_its_own_reader() -> None:
    assert served("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef x(): ...\n# starlette\n") == ["GET /x main:x"]


def test_fastapi_within_starlette_and_the_reverse() -> None:
    inside = IMPORTS + """
from fastapi import FastAPI
api = FastAPI()
@api.get("/x")
def x(): ...
app = Starlette(routes=[Mount("/v1", routes=[Mount("/api", app=GZipMiddleware(api))]), Route("/", home)])
"""
    assert served(inside) == ["GET /v1/api/x main:x", "GET / main:home"]
    outside = IMPORTS + """
from fastapi import FastAPI
api = FastAPI()
@api.get("/x")
def x(): ...
api.mount("/pages", Starlette(routes=[Route("/home", home)]))
"""
    assert served(outside) == ["GET /x main:x", "GET /pages/home main:home"]


def test_what_other_packages_mount_is_not_known() -> None:
    program = IMPORTS + """
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")
app = Starlette(routes=[Mount("/mcp", app=mcp.sse_app()), Route("/", home)])
"""
    assert served(program) == ["GET / main:home"]

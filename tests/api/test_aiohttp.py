"""aiohttp programs: added routes, route lists, tables, resources, class-based views, applications within applications."""

from __future__ import annotations

from lsp_server.snapshot import Snapshot
from tests.api.programs import served


def test_routes_added_one_by_one_in_another_module() -> None:
    main = """
from aiohttp import web
from routes import setup_routes
async def init_app(argv=None):
    app = web.Application()
    setup_routes(app)
    return app
"""
    routes = """
from views import index, Poll
def setup_routes(app):
    app.router.add_get('/', index, name='index')
    app.router.add_route('POST', '/poll/{question_id:\\\\d+}', index)
    app.router.add_view('/poll', Poll)
    app.router.add_static('/static/', path='static')
    poll = app.router.add_resource('/r')
    poll.add_route('PUT', index)
"""
    views = """
from aiohttp import web
async def index(request): ...
class Poll(web.View):
    async def get(self): ...
    async def delete(self): ...
"""
    assert served(main, routes=routes, views=views) == [
        "GET / views:index", "POST /poll/{question_id} views:index", "GET /poll views:Poll.get", "DELETE /poll views:Poll.delete",
        "PUT /r views:index",
    ]  # fmt: skip


def test_lists_tables_and_applications_under_a_prefix() -> None:
    program = """
from aiohttp import web
routes = web.RouteTableDef()

@routes.get('/users')
async def users(request): ...

@routes.view('/user/{name}')
class User(web.View):
    async def post(self): ...

async def health(request): ...

def make():
    app = web.Application()
    app.add_routes([web.get('/health', health), web.route('PATCH', '/health', health)])
    admin = web.Application()
    admin.add_routes(routes)
    app.add_subapp('/admin/', admin)
    return app
"""
    assert served(program) == [
        "GET /health main:health", "PATCH /health main:health", "GET /admin/users main:users",
        "POST /admin/user/{name} main:User.post",
    ]  # fmt: skip


def test_routes_that_pass_through_cors() -> None:
    program = """
import aiohttp_cors
from aiohttp import web
async def handler(request): ...
app = web.Application()
cors = aiohttp_cors.setup(app)
resource = cors.add(app.router.add_resource('/hello'))
cors.add(resource.add_route('GET', handler), {})
cors.add(app.router.add_post('/other', handler))
"""
    assert served(program) == ["GET /hello main:handler", "POST /other main:handler"]


def test_any_method_and_a_list_that_nobody_knows() -> None:
    program = """
from aiohttp import web
from plugin import routes
async def handler(request): ...
app = web.Application()
app.router.add_route('*', '/any', handler)
app.add_routes(routes())
"""
    found = served(program)
    assert {"GET /any main:handler", "DELETE /any main:handler"} <= set(found) and found[-1] == "incomplete"


def test_an_application_chosen_under_a_condition_keeps_its_first_routes() -> None:
    program = """
from aiohttp import web
async def handler(request): ...
def make(settings):
    main, second = web.Application(), web.Application()
    for app in ([main, second] if settings.flag else [main]):
        app.router.add_get('/x', handler)
    app = second
    if settings.any:
        main.router.add_route('*', '/maybe', handler)
    return main
"""
    assert "GET /x main:handler" in served(program)


def test_what_a_path_parameter_takes() -> None:
    program = r"""
from aiohttp import web
async def handler(request): ...
app = web.Application()
app.router.add_get(r'/{year:\d{4}}/{name}', handler)
"""
    (api,) = Snapshot.of({"main.py": program}).implemented
    (operation,) = api.operations
    assert operation.path == "/{year}/{name}"
    assert isinstance(operation.parameters, tuple)
    assert [parameter.schema.types for parameter in operation.parameters] == [("integer",), ()]


def test_a_table_that_an_object_keeps_and_copies_in_a_loop() -> None:
    program = """
from aiohttp import web
class Server:
    def __init__(self):
        self.app = web.Application()
        routes = web.RouteTableDef()
        self.routes = routes
        @routes.get("/state")
        async def state(request): ...
    def add_routes(self):
        copies = web.RouteTableDef()
        for route in self.routes:
            copies.route(route.method, "/api" + route.path)(route.handler)
        self.app.add_routes(copies)
        self.app.add_routes(self.routes)
"""
    assert served(program) == ["GET /state main:state", "incomplete"]
    assert len(Snapshot.of({"main.py": program}).implemented) == 1

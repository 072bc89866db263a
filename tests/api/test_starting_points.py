"""Programs that begin in a main block or in a method."""

from __future__ import annotations

from lsp_server.snapshot import Snapshot
from tests.api.programs import served


def test_a_main_block_makes_the_application() -> None:
    program = """
from aiohttp import web
async def index(request): ...
if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/", index)
    web.run_app(app)
"""
    assert served(program) == ["GET / main:index"]


def test_a_main_block_goes_on_with_what_another_function_made() -> None:
    program = """
from aiohttp import web
async def index(request): ...
def make():
    app = web.Application()
    app.router.add_get("/", index)
    return app
def main():
    app = make()
    app.router.add_get("/more", index)
    web.run_app(app)
if __name__ == "__main__":
    main()
"""
    assert served(program) == ["GET / main:index", "GET /more main:index"]


def test_an_object_that_holds_the_application() -> None:
    program = """
from aiohttp import web
class Server:
    def __init__(self, settings):
        self.app = web.Application()
    def set_routes(self):
        self.app.router.add_get("/", self.index)
    async def index(self, request): ...
    def run(self):
        self.set_routes()
        web.run_app(self.app)
"""
    assert served(program) == ["GET / main:Server.index"]


def test_methods_that_lead_to_the_application() -> None:
    program = """
from tornado import web
class Page(web.RequestHandler):
    def get(self): ...
class Hub:
    def init_handlers(self):
        self.handlers = [("/page", Page)]
    def init_application(self):
        self.application = web.Application(self.handlers)
    async def initialize(self, arguments):
        if arguments.quit:
            return
        self.init_handlers()
        self.init_application()
"""
    assert served(program) == ["GET /page main:Page.get"]


def test_a_main_block_that_leads_to_no_application_does_not_run() -> None:
    program = """
from aiohttp import web
app = web.Application()
def other(): ...
if __name__ == "__main__":
    app2 = 1
    other()
"""
    assert served(program) == []


def test_a_constructor_that_lets_a_method_make_the_application() -> None:
    program = """
import falcon
class Thing:
    def on_get(self, req, resp): ...
class Driver:
    def __init__(self, settings):
        self.app = None
        self._init_routes()
    def _init_routes(self):
        self.app = falcon.App()
        for route, resource in [("/things", Thing())]:
            self.app.add_route("/v2" + route, resource)
"""
    assert served(program) == ["GET /v2/things main:Thing.on_get"]


def test_what_an_uncalled_function_puts_on_its_modules_application_may_be_there() -> None:
    program = """
from aiohttp import web
async def index(request): ...
app = web.Application()
async def server(*args):
    app.add_routes([web.get("/", index)])
    return app
"""
    (api,) = Snapshot.of({"main.py": program}).implemented
    (operation,) = api.operations
    assert (operation.path, operation.maybe is not None) == ("/", True)


def test_a_class_of_application_that_another_file_makes() -> None:
    program = """
import tornado.web
class Page(tornado.web.RequestHandler):
    def get(self): ...
class Application(tornado.web.Application):
    def __init__(self, debug=False):
        super().__init__([(r"/page", Page)], debug=debug)
"""
    assert served(program, serve="from main import Application\nApplication().listen(80)\n") == ["GET /page main:Page.get"]


def test_a_class_of_application_for_others_to_build_on_is_none() -> None:
    program = "import falcon\nclass Service(falcon.App):\n    def __init__(self):\n        super().__init__()\n"
    assert Snapshot.of({"main.py": program}).implemented == ()

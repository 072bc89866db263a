"""Falcon programs: resources as objects and modules, suffixes, wrapped responders, what is no operation."""

from __future__ import annotations

from lsp_server.snapshot import Snapshot
from tests.api.programs import served


def test_resources_with_suffixes_inherited_and_wrapped_responders() -> None:
    program = """
import falcon

def login_required(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

class Readable:
    def on_get(self, req, resp, **params): ...

class Images(Readable):
    @falcon.before(print)
    def on_post(self, req, resp): ...
    @login_required
    def on_delete_image(self, req, resp, image_id): ...

def create_app():
    app = falcon.App(middleware=[])
    images = Images()
    app.add_route("/images", images)
    app.add_route("/images/{image_id:uuid}.jpeg", images, suffix="image")
    app.add_sink(print, "/rest")
    app.add_static_route("/static", "/srv")
    return app
"""
    assert served(program) == [
        "GET /images main:Readable.on_get", "POST /images main:Images.on_post",
        "DELETE /images/{image_id}.jpeg main:Images.on_delete_image",
    ]  # fmt: skip


def test_a_module_is_a_resource() -> None:
    main = """
import falcon
from api.setup import init
def make(config):
    application = falcon.asgi.App()
    init(application, config)
"""
    api = "def init(application, config):\n    from . import teams\n    application.add_route('/teams/{team}', teams)\n"
    teams = "def on_get(req, resp, team): ...\ndef on_put(req, resp, team): ...\ndef helper(): ...\n"
    found = served(main, api__setup=api, api__teams=teams)
    assert found == ["GET /teams/{team} teams:on_get", "PUT /teams/{team} teams:on_put"]


def test_routes_of_a_subclass_and_of_a_loop() -> None:
    program = """
import falcon
class Thing:
    def on_get(self, req, resp): ...
class Service(falcon.API):
    def __init__(self):
        super().__init__()
        for path, resource in {"/a": Thing(), "/b": Thing()}.items():
            self.add_route(path, resource)
service = Service()
"""
    assert served(program) == ["GET /a main:Thing.on_get", "GET /b main:Thing.on_get"]


def test_what_cannot_be_seen_leaves_the_application_incomplete() -> None:
    program = """
import falcon
from elsewhere import Health, Resource
class Mine(Resource):
    def on_get(self, req, resp): ...
app = falcon.App()
app.add_route("/health", Health())
app.add_route("/mine", Mine())
"""
    assert served(program) == ["GET /mine main:Mine.on_get", "incomplete"]


def test_hooks_that_cannot_be_followed_may_add_routes() -> None:
    program = """
import falcon
from importlib import import_module
def make(config):
    app = falcon.App()
    for hook in config.get("hooks", []):
        import_module(hook).init(app)
"""
    assert served(program) == ["incomplete"]


def test_in_its_own_repository_the_framework_is_known_by_name() -> None:
    files = {
        "falcon/__init__.py": "from falcon.app import App\n",
        "falcon/app.py": "class App:\n    def add_route(self, uri_template, resource, **kwargs): ...\n",
        "examples/look/look/app.py": """
import falcon
class Images:
    def on_get(self, req, resp): ...
app = falcon.App()
app.add_route("/images", Images())
""",
    }
    (api,) = Snapshot.of(files).implemented
    assert [(each.method, each.path) for each in api.operations] == [("GET", "/images")]

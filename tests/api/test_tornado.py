"""Tornado programs: rule lists from many modules, patterns as templates, handlers and their methods."""

from __future__ import annotations

from lsp_server.api.facts import routes_facts
from lsp_server.snapshot import Snapshot
from tests.api.programs import served


def test_rules_of_several_modules_under_a_prefix() -> None:
    main = """
from tornado import web
import users, groups

def url_path_join(*pieces):
    pieces = list(pieces)
    while pieces and not pieces[-1]:
        del pieces[-1]
    return "/" + "/".join(piece.strip("/") for piece in pieces)

def make_app(settings):
    handlers = []
    for module in (users, groups):
        handlers.extend(module.default_handlers)
    for i, rule in enumerate(handlers):
        parts = list(rule)
        parts[0] = url_path_join("/hub/", rule[0])
        handlers[i] = tuple(parts)
    handlers.append(web.url(r"/me", users.User, name="me"))
    handlers.append((r"/static/(.*)", web.StaticFileHandler, {"path": "static"}))
    return web.Application(handlers, **settings)
"""
    users = """
from tornado import web
class Base(web.RequestHandler):
    def options(self, *args): ...
class User(Base):
    async def get(self, name, server=''): ...
    @web.authenticated
    def post(self, name, server=''): ...
default_handlers = [(r"", Base), (r"/users/([^/]+)(?:/([^/]+))?", User)]
"""
    groups = """
from users import Base
class Group(Base):
    SUPPORTED_METHODS = ("GET",)
    def get(self, name): ...
    def put(self, name): ...
default_handlers = [(r"/groups/(?P<name>\\\\w+)/?$", Group)]
"""
    assert [each for each in served(main, users=users, groups=groups) if not each.startswith("OPTIONS")] == [
        "GET /hub/users/{name}/{server} users:User.get", "GET /hub/users/{name} users:User.get",
        "POST /hub/users/{name}/{server} users:User.post", "POST /hub/users/{name} users:User.post",
        "GET /hub/groups/{name} groups:Group.get", "GET /me users:User.get", "POST /me users:User.post",
    ]  # fmt: skip


def test_a_pattern_is_one_route_however_many_paths_it_says() -> None:
    program = """
from tornado.web import Application, RequestHandler
class Thing(RequestHandler):
    def get(self, name=None): ...
app = Application([(r"/things(?:/([0-9]+))?", Thing)])
"""
    apis = Snapshot.of({"main.py": program}).implemented
    assert [operation.path for api in apis for operation in api.operations] == ["/things/{name}", "/things"]
    facts = routes_facts(apis, lambda location: 1)
    assert [route["path"] for route in facts["routes"]] == ["/things(?:/{name})?"]


def test_added_handlers_nested_rules_and_dotted_names() -> None:
    main = """
from tornado.routing import HostMatches, PathMatches, Rule, RuleRouter
from tornado.web import Application
from tornado.websocket import WebSocketHandler
from pages import Home, Socket
app = Application([(r"/", Home), (r"/named", "pages.Home"), (r"/ws", Socket)])
app.add_handlers(r".*$", [(r"/more", Home)])
router = RuleRouter([Rule(PathMatches("/app.*"), app)])
"""
    pages = """
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler
class Home(RequestHandler):
    def get(self): ...
class Socket(WebSocketHandler):
    def open(self): ...
"""
    assert served(main, pages=pages) == ["GET / pages:Home.get", "GET /named pages:Home.get", "GET /more pages:Home.get"]


def test_handlers_of_other_packages_leave_the_application_incomplete() -> None:
    program = """
from jupyter_server.base.handlers import APIHandler
from tornado.web import Application
from plugins import load
class Mine(APIHandler):
    def get(self): ...
app = Application([(r"/mine", Mine), *load()])
"""
    assert served(program) == ["GET /mine main:Mine.get", "incomplete"]

"""Sanic programs: decorated and added handlers, views, blueprints, groups, versions."""

from __future__ import annotations

from tests.api.programs import served

IMPORTS = """
from sanic import Blueprint, Sanic
from sanic.views import HTTPMethodView
async def plain(request): ...
"""


def test_handlers_and_path_parameters() -> None:
    program = IMPORTS + """
app = Sanic("shop")

@app.get("/")
async def index(request): ...
@app.route("/items/<item_id:int>", methods=["GET", "PUT"])
async def item(request, item_id): ...
@app.delete("files/<name:[a-z]+>", version=2)
async def drop(request, name): ...
app.add_route(plain, "/plain", methods=("POST",))
"""
    assert served(program) == [
        "GET / main:index", "GET /items/{item_id} main:item", "PUT /items/{item_id} main:item",
        "DELETE /v2/files/{name} main:drop", "POST /plain main:plain",
    ]  # fmt: skip


def test_views_are_added_or_attach_themselves() -> None:
    program = IMPORTS + """
app = Sanic("shop")

class Added(HTTPMethodView):
    async def get(self, request): ...
    def post(self, request): ...

class Attached(HTTPMethodView, attach=app, uri="/attached"):
    async def patch(self, request): ...

class Called(HTTPMethodView):
    async def get(self, request): ...

app.add_route(Added.as_view(), "/added")
Called.attach(app, "/called")
"""
    assert served(program) == [
        "GET /added main:Added.get", "POST /added main:Added.post", "GET /called main:Called.get", "PATCH /attached main:Attached.patch",
    ]  # fmt: skip


def test_blueprints_groups_and_versions() -> None:
    program = IMPORTS + """
users = Blueprint("users", url_prefix="/users")
books = Blueprint("books", "/books", version=3)
loose = Blueprint("loose")

@users.get("/<user_id:uuid>")
async def user(request, user_id): ...
@books.get("/")
async def all_books(request): ...
@loose.get("/own", version="v9")
async def own(request): ...

api = Blueprint.group(users, books, url_prefix="/api", version=1, version_prefix="/rest/v")

def create():
    app = Sanic("shop")
    app.blueprint(api)
    app.blueprint([loose], url_prefix="/more")
    app.blueprint(users, url_prefix="/people")
    return app
"""
    assert served(program) == [
        "GET /rest/v1/api/users/{user_id} main:user", "GET /rest/v3/api/books main:all_books", "GET /v9/more/own main:own",
        "GET /people/{user_id} main:user",
    ]  # fmt: skip


def test_a_blueprint_from_elsewhere_leaves_the_application_incomplete() -> None:
    assert served(IMPORTS + "from sanic_other import bp\napp = Sanic('x')\napp.blueprint(bp)\n") == ["incomplete"]

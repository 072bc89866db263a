"""Flask-RESTful and Flask-RESTX programs: resources on Apis and namespaces, on applications and blueprints."""

from __future__ import annotations

import pytest

from lsp_server.snapshot import Snapshot
from tests.api.programs import served


@pytest.mark.parametrize(
    "made",
    [
        "api = Api(app, prefix='/v1')",
        "api = Api(prefix='/v1')\napi.init_app(app)",
        "from flask_restful_swagger import swagger\napi = swagger.docs(Api(app, prefix='/v1'), apiVersion='1')",
        "bp = Blueprint('b', __name__, url_prefix='/v1')\napi = Api(bp)\napp.register_blueprint(bp)",
        "bp = Blueprint('b', __name__)\napi = Api(bp)\napp.register_blueprint(bp, url_prefix='/v1')",
    ],
)
def test_resources_of_flask_restful(made: str) -> None:
    program = f"""
from flask import Blueprint, Flask
from flask_restful import Api, Resource
app = Flask(__name__)
{made}

class Item(Resource):
    def get(self, id): ...
    def delete(self, id): ...

@api.resource("/ping")
class Ping(Resource):
    def get(self): ...

api.add_resource(Item, "/items/<int:id>", "/things/<id>", endpoint="item")
"""
    assert sorted(served(program)) == [
        "DELETE /v1/items/{id} main:Item.delete", "DELETE /v1/things/{id} main:Item.delete",
        "GET /v1/items/{id} main:Item.get", "GET /v1/ping main:Ping.get", "GET /v1/things/{id} main:Item.get",
    ]  # fmt: skip


def test_an_api_of_its_own_that_passes_resources_on() -> None:
    program = """
from flask import Flask
from flask_restful import Api, Resource

class OurApi(Api):
    def add_ours(self, resource, *urls, **options):
        return self.add_resource(resource, *["/<tenant>" + url for url in urls], **options)

class Read:
    def get(self): ...

class Item(Read, Resource):
    def post(self): ...

api = OurApi()
api.add_ours(Item, "/items")
def create():
    app = Flask(__name__)
    api.init_app(app)
    return app
"""
    assert sorted(served(program)) == ["GET /{tenant}/items main:Read.get", "POST /{tenant}/items main:Item.post"]


RESTX = """
from flask import Blueprint, Flask
from flask_restx import Api, Namespace, Resource
blueprint = Blueprint("api", __name__, url_prefix="/api")
api = Api(blueprint, title="Shop", doc=False)
"""


def test_namespaces_stand_where_they_are_added() -> None:
    items = """
from flask_restx import Namespace, Resource
ns = Namespace("items")

@ns.route("/", "")
class ItemList(Resource):
    def get(self): ...

@ns.route("/<int:id>")
class Item(Resource):
    def put(self, id): ...
"""
    program = RESTX + """
from items import ns
own = api.namespace("own", path="/mine/")

@own.route("/x")
class X(Resource):
    def get(self): ...

@api.route("/direct")
class Direct(Resource):
    def get(self): ...

more = Namespace("more", path="/more", api=api)
more.add_resource(X, "/x")
api.add_namespace(ns, path="/goods")
api.add_namespace(Namespace("empty"))
app = Flask(__name__)
app.register_blueprint(blueprint)
"""
    assert sorted(served(program, items=items)) == [
        "GET /api/direct main:Direct.get", "GET /api/goods items:ItemList.get", "GET /api/goods/ items:ItemList.get",
        "GET /api/mine/x main:X.get", "GET /api/more/x main:X.get", "PUT /api/goods/{id} items:Item.put",
    ]  # fmt: skip


def test_what_documentation_declares() -> None:
    program = RESTX + """
@api.route("/items/<int:id>")
@api.doc(responses={404: "not there"}, get={"id": "read_item"})
class ItemDetail(Resource):
    @api.marshal_with({}, code=201)
    @api.response(409, "taken")
    def post(self, id): ...
    def get(self, id): ...
    @api.hide
    def put(self, id): ...
    @api.doc(id="remove", deprecated=True)
    def delete(self, id): ...
app = Flask(__name__)
app.register_blueprint(blueprint)
"""
    (api,) = Snapshot.of({"main.py": program}).implemented
    found = {each.method: each for each in api.operations}
    assert {method: each.operation_id for method, each in found.items()} == {
        "GET": "read_item", "POST": "post_item_detail", "PUT": "put_item_detail", "DELETE": "remove",
    }  # fmt: skip
    assert isinstance(found["POST"].responses, tuple)
    assert sorted(response.status for response in found["POST"].responses) == ["201", "404", "409"]
    assert (found["PUT"].documented, found["DELETE"].deprecated) == (False, True)


def test_a_resource_that_is_not_known_leaves_a_hole() -> None:
    program = "from flask import Flask\nfrom flask_restful import Api\nimport other\napi = Api(Flask(__name__))\napi.add_resource(other.Thing, '/x')\n"
    assert served(program) == ["incomplete"]

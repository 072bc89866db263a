"""flask-smorest and APIFlask programs: classes and functions on blueprints that an Api passes on."""

from __future__ import annotations

import pytest

from tests.api.programs import served

ITEMS = """
from flask.views import MethodView
from flask_smorest import Blueprint
blp = Blueprint("items", __name__, url_prefix="/items", description="Items")

@blp.route("/<int:id>")
class ItemById(MethodView):
    @blp.response(200)
    def get(self, id): ...
    @blp.response(204)
    def delete(self, id): ...

@blp.route("/", methods=["POST"])
@blp.response(201)
def create(): ...
"""


@pytest.mark.parametrize(
    "main",
    [
        "app = Flask(__name__)\napi = Api(app)\napi.register_blueprint(items.blp)\n",
        "api = Api()\ndef create():\n    app = Flask(__name__)\n    api.init_app(app)\n    for part in [items]:\n"
        "        api.register_blueprint(part.blp)\n    return app\n",
        "app = Flask(__name__)\nclass Ours(Api):\n    def init_app(self, app):\n        super().init_app(app)\n"
        "        self.register_blueprint(items.blp)\nOurs().init_app(app)\n",
    ],
)
def test_blueprints_that_an_api_passes_on(main: str) -> None:
    assert served(f"from flask import Flask\nfrom flask_smorest import Api\nimport items\n{main}", items=ITEMS) == [
        "GET /items/{id} items:ItemById.get", "DELETE /items/{id} items:ItemById.delete", "POST /items/ items:create",
    ]  # fmt: skip


def test_apiflask_has_rules_of_one_method_and_classes() -> None:
    program = """
from apiflask import APIBlueprint, APIFlask
from flask.views import MethodView
app = APIFlask(__name__)
bp = APIBlueprint("b", __name__, url_prefix="/b")

@app.get("/x")
@app.output({})
def x(): ...

@bp.route("/pets/<int:id>")
class Pet(MethodView):
    def patch(self, id): ...

app.register_blueprint(bp)
"""
    assert served(program) == ["GET /x main:x", "PATCH /b/pets/{id} main:Pet.patch"]


def test_a_blueprint_under_another_prefix() -> None:
    main = "from flask import Flask\nfrom flask_smorest import Api\nimport items\nApi(Flask(__name__)).register_blueprint(items.blp, url_prefix='/v2')\n"
    assert "GET /v2/{id} items:ItemById.get" in served(main, items=ITEMS)

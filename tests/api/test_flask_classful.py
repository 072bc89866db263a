"""Flask-Classful programs: paths made of class names, function names and parameters."""

from __future__ import annotations

from tests.api.programs import served


def test_public_functions_of_a_view_class_are_routes() -> None:
    program = """
from flask import Blueprint, Flask
from flask_classful import FlaskView, method, route
app = Flask(__name__)
part = Blueprint("part", __name__, url_prefix="/part")

class QuoteBooksView(FlaskView):
    excluded_methods = ["left_out"]
    def index(self): ...
    def get(self, id: int): ...
    @method("POST")
    def buy_now(self, id, amount=1): ...
    @route("/special", methods=["PUT"])
    def other(self): ...
    def left_out(self): ...
    def before_request(self, name): ...
    def _own(self): ...

class Orders(FlaskView):
    route_base = "/all/<owner>"
    trailing_slash = False
    method_dashified = True
    def last_one(self, owner): ...

QuoteBooksView.register(app)
Orders.register(part, route_prefix="/v2/")
app.register_blueprint(part)
"""
    assert served(program) == [
        "GET /quote-books/ main:QuoteBooksView.index", "GET /quote-books/{id}/ main:QuoteBooksView.get",
        "POST /quote-books/buy_now/{id}/ main:QuoteBooksView.buy_now", "PUT /quote-books/special main:QuoteBooksView.other",
        "GET /part/v2/all/{owner}/last-one main:Orders.last_one",
    ]  # fmt: skip

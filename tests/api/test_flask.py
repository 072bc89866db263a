"""Flask and Quart programs: rules, blueprints, factories, class-based views, subclasses."""

from __future__ import annotations

from lsp_server.api.facts import routes_facts
from lsp_server.snapshot import Snapshot
from tests.api.programs import served


def test_rules_of_an_application() -> None:
    program = """
from flask import Flask
app = Flask(__name__)

@app.route("/")
def home(): ...

@app.route("/users/<int:user_id>", methods=["GET", "put"])
def user(user_id): ...

@app.post("/users")
def create(): ...

def health(): ...
app.add_url_rule("/health", "health", health)
app.add_url_rule("/ready", view_func=health, methods=("HEAD", "POST"))
"""
    assert served(program) == [
        "GET / main:home", "GET /users/{user_id} main:user", "PUT /users/{user_id} main:user", "POST /users main:create",
        "GET /health main:health", "HEAD /ready main:health", "POST /ready main:health",
    ]  # fmt: skip


def test_blueprints_in_a_factory_nested_and_with_prefixes() -> None:
    program = """
from flask import Flask
from users import bp, admin

def create_app():
    app = Flask(__name__)
    for blueprint, prefix in ((bp, None), (admin, "/manage")):
        app.register_blueprint(blueprint, url_prefix=prefix)
    return app
"""
    users = """
from flask import Blueprint
bp = Blueprint("users", __name__, url_prefix="/users")
inner = Blueprint("inner", __name__, url_prefix="/inner/")
admin = Blueprint("admin", __name__, url_prefix="/admin")
bp.register_blueprint(inner)

@bp.get("")
def everybody(): ...

@inner.route("/<name>")
@admin.route("/<name>")
def one(name): ...
"""
    assert served(program, users=users) == [
        "GET /users/inner/{name} users:one", "GET /users users:everybody", "GET /manage/{name} users:one",
    ]  # fmt: skip


def test_class_based_views() -> None:
    program = """
from flask import Flask
from flask.views import MethodView, View
app = Flask(__name__)

class Reading(MethodView):
    def get(self, id): ...

class Item(Reading):
    def delete(self, id): ...

class Report(View):
    methods = ["GET", "POST"]
    def dispatch_request(self): ...

app.add_url_rule("/items/<uuid:id>", view_func=Item.as_view("item"))
app.add_url_rule("/report", view_func=Report.as_view("report"))
"""
    assert served(program) == [
        "GET /items/{id} main:Reading.get", "DELETE /items/{id} main:Item.delete",
        "GET /report main:Report.dispatch_request", "POST /report main:Report.dispatch_request",
    ]  # fmt: skip


def test_a_subclass_of_a_blueprint_changes_its_rules() -> None:
    program = """
from flask import Blueprint, Flask

class Versioned(Blueprint):
    def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
        super().add_url_rule("/v1" + rule, endpoint, view_func, **options)

bp = Versioned("v", __name__)

@bp.route("/a", methods=["POST"])
def a(): ...

bp.add_url_rule("/b", view_func=a)
app = Flask(__name__)
app.register_blueprint(bp)
"""
    assert sorted(served(program)) == ["GET /v1/b main:a", "POST /v1/a main:a"]


def test_quart_speaks_the_same() -> None:
    program = "from quart import Quart\napp = Quart(__name__)\n@app.get('/x/<path:rest>')\nasync def x(rest): ...\n"
    assert served(program) == ["GET /x/{rest} main:x"]


def test_a_blueprint_under_an_undecided_condition_may_be_there() -> None:
    program = """
from flask import Blueprint, Flask
import os
bp = Blueprint("b", __name__)
@bp.route("/x")
def x(): ...
app = Flask(__name__)
if os.path.exists("flag"):
    app.register_blueprint(bp)
"""
    (operation,) = [each for api in Snapshot.of({"main.py": program}).implemented for each in api.operations]
    assert operation.path == "/x" and operation.maybe is not None


def test_a_blueprint_with_a_setup_state_of_its_own_and_recorded_functions() -> None:
    program = """
from contextlib import contextmanager
from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

class State(BlueprintSetupState):
    @contextmanager
    def _at_the_root(self):
        prefix, self.url_prefix = self.url_prefix, None
        yield
        self.url_prefix = prefix

    def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
        if rule.startswith("!"):
            with self._at_the_root():
                super().add_url_rule(rule[1:], endpoint, view_func, **options)
        else:
            super().add_url_rule(rule, endpoint, view_func, **options)

class Pages(Blueprint):
    def make_setup_state(self, app, options, first_registration=False):
        return State(self, app, options, first_registration)

pages = Pages("pages", __name__, url_prefix="/pages")
plain = Blueprint("plain", __name__, url_prefix="/plain")

@pages.route("/a")
@pages.route("!/b", methods=["POST"])
def page(): ...

@plain.record_once
def recorded(state):
    state.add_url_rule("/c", view_func=page)
    state.app.add_url_rule("/d", view_func=page)

app = Flask(__name__)
app.register_blueprint(pages)
app.register_blueprint(plain)
"""
    assert sorted(served(program)) == ["GET /d main:page", "GET /pages/a main:page", "GET /plain/c main:page", "POST /b main:page"]


def test_views_found_by_name() -> None:
    program = """
from flask import Flask
app = Flask(__name__)
def about(): ...
def help(): ...
for name in ["about", "help"]:
    app.add_url_rule("/" + name, view_func=globals()[name])
"""
    assert served(program) == ["GET /about main:about", "GET /help main:help"]


def test_functions_that_nobody_calls_put_routes_on_an_application() -> None:
    program = """
from flask import Flask
app = Flask(__name__)

def make():
    return app

def main():
    application = make()
    from pages import pages
    application.register_blueprint(pages)
    application.run()

def serve():
    @app.route("/inner")
    def inner(): ...
    late(app)

def late(app):
    app.add_url_rule("/late", view_func=main)

def test_something():
    app.add_url_rule("/parameterless", view_func=main)
"""
    pages = "from flask import Blueprint\npages = Blueprint('p', __name__)\n@pages.route('/page')\ndef page(): ...\n"
    tests = "from main import app\ndef test_it():\n    @app.route('/test')\n    def extra(): ...\n"
    assert sorted(served(program, pages=pages, tests__test_it=tests)) == [
        "GET /inner main:inner", "GET /late main:main", "GET /page pages:page", "GET /parameterless main:main",
    ]  # fmt: skip


def test_a_function_that_wants_an_application_may_be_called_with_the_only_one() -> None:
    texts = {
        "main.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n",
        "plugin.py": "def page(): ...\n@hook\ndef load(app):\n    app.add_url_rule('/plugin', view_func=page)\n",
    }
    (api,) = [each for each in Snapshot.of(texts).implemented if each.served]
    assert [(each.path, each.maybe is not None) for each in api.operations] == [("/plugin", True)]


CONFIGURED = """
from flask import Flask
from views import admin, debug, pages
def create_app(settings="config.Default"):
    app = Flask(__name__)
    app.config.from_object(settings)
    app.config.from_envvar("SETTINGS", silent=True)
    app.register_blueprint(pages, url_prefix=app.config["PREFIX"])
    if app.config.get("WITH_ADMIN"):
        app.register_blueprint(admin, url_prefix=f"/{admin.name}")
    if app.config.get("UNHEARD_OF"):
        app.register_blueprint(debug)
    return app
"""
VIEWS = """
from flask import Blueprint
pages, admin, debug = Blueprint("pages", __name__), Blueprint("admin", __name__), Blueprint("debug", __name__)
@pages.get("/page")
@admin.get("/people")
@debug.get("/debug")
def page(): ...
"""


def test_the_configuration_decides_what_is_registered() -> None:
    config = "class Common:\n    PREFIX = '/v2'\n    WITH_ADMIN = False\nclass Default(Common):\n    WITH_ADMIN = True\n"
    texts = {"main.py": CONFIGURED, "views.py": VIEWS, "config.py": config}
    (api,) = [each for each in Snapshot.of(texts).implemented if each.served]
    assert [each.path for each in api.operations if each.maybe is None] == ["/v2/page", "/admin/people"]


def test_a_configuration_that_is_not_known_leaves_paths_unknown() -> None:
    assert "incomplete" in served(CONFIGURED, views=VIEWS)


def test_a_condition_in_a_factory_that_may_have_returned_is_a_doubt_of_its_own() -> None:
    program = """
from flask import Blueprint, Flask, has_app_context, current_app
import other
pages, extra = Blueprint("p", __name__), Blueprint("e", __name__)
@pages.route("/page")
@extra.route("/extra")
def page(): ...
def create_app():
    if has_app_context():
        return current_app
    app = Flask(__name__)
    app.register_blueprint(pages)
    if other.wanted():
        app.register_blueprint(extra)
    return app
"""
    (api,) = [each for each in Snapshot.of({"main.py": program}).implemented if each.served]
    assert [(each.path, each.maybe is not None) for each in api.operations] == [("/page", False), ("/extra", True)]


def test_a_factory_that_takes_arguments_is_called_as_its_callers_call_it() -> None:
    factory = """
from flask import Flask
def create_app(blueprints=None):
    app = Flask(__name__)
    for blueprint in blueprints or ():
        app.register_blueprint(blueprint, url_prefix="/api")
    return app
"""
    views = "from flask import Blueprint\nusers = Blueprint('users', __name__)\n@users.route('/users')\ndef all_users(): ...\n"
    main = "import factory, views\ndef create_app():\n    return factory.create_app(blueprints=[views.users])\n"
    assert served(main, factory=factory, views=views) == ["GET /api/users views:all_users"]


def test_what_both_branches_register_is_there() -> None:
    program = """
from flask import Blueprint, Flask, g
part = Blueprint("part", __name__)
@part.route("/x")
def x(): ...
def nested(function):
    def wrapped(*given):
        if getattr(g, "inside", False):
            return function(*given)
        return function(*given)
    return wrapped
@nested
def register(app):
    app.register_blueprint(part)
app = Flask(__name__)
register(app)
"""
    (api,) = Snapshot.of({"main.py": program}).implemented
    assert [(each.path, each.maybe) for each in api.operations] == [("/x", None)]


def test_routes_of_settings_that_are_off_are_no_facts() -> None:
    program = """
from flask import Flask
app = Flask(__name__)
app.config["EXTRAS"] = False
@app.route("/a")
def a(): ...
if app.config["EXTRAS"]:
    @app.route("/b")
    def b(): ...
"""
    snapshot = Snapshot.of({"main.py": program})
    facts = routes_facts(snapshot.implemented, snapshot.line)
    assert [each["path"] for each in facts["routes"]] == ["/a"]
    assert any("`GET /b`" in each["what"] for each in facts["unknowns"])


def test_what_only_other_settings_bring_is_told_as_unknown() -> None:
    program = """
from flask import Blueprint, Flask
import os, other
on, off, open = Blueprint("on", __name__), Blueprint("off", __name__), Blueprint("open", __name__)
@on.route("/on")
@off.route("/off")
@open.route("/open")
def page(): ...
app = Flask(__name__)
if os.environ.get("WITH_ON", "1") == "1":
    app.register_blueprint(on)
if os.environ.get("WITH_OFF", "0") == "1":
    if other.wanted():
        app.register_blueprint(off)
if other.wanted():
    app.register_blueprint(open)
"""
    facts = routes_facts(Snapshot.of({"main.py": program}).implemented, lambda location: 1)
    assert [(route["path"], "maybe" in route) for route in facts["routes"]] == [("/on", False), ("/open", True)]
    assert ["/off" in unknown["what"] for unknown in facts["unknowns"]] == [True]


def test_the_application_in_use_tells_its_configuration() -> None:
    program = """
from flask import Blueprint, Flask, current_app
from werkzeug.datastructures import ImmutableDict
DEFAULTS = {"OLD": False, "NEW": True}

class Settings:
    def __init__(self):
        object.__setattr__(self, "_own", None)
    def __getattr__(self, name):
        return (self._own or current_app.config["SETTINGS"])[name]

settings = Settings()
old, new = Blueprint("old", __name__), Blueprint("new", __name__)
@old.route("/old")
@new.route("/new")
def page(): ...

def register(app):
    if settings.OLD:
        app.register_blueprint(old)
    if settings.NEW:
        app.register_blueprint(new)

def create_app():
    if current_app:
        return current_app
    app = Flask(__name__)
    app.config["SETTINGS"] = ImmutableDict(DEFAULTS)
    register(app)
    return app
"""
    facts = routes_facts(Snapshot.of({"main.py": program}).implemented, lambda location: 1)
    assert [(route["path"], "maybe" in route) for route in facts["routes"]] == [("/new", False)]


def test_rules_through_the_current_application_and_through_the_map() -> None:
    program = """
from flask import Flask
from werkzeug.routing import Rule

def create_app():
    app = Flask(__name__)
    with app.app_context():
        import pages
    app.url_map.add(Rule("/mapped/<int:number>", endpoint="mapped", methods=["PUT"]))
    return app
"""
    pages = "from flask import current_app as app\n@app.route('/page')\ndef page(): ...\n"
    assert sorted(served(program, pages=pages)) == ["GET /page pages:page", "PUT /mapped/{number} None"]


def test_a_class_that_holds_its_application_and_a_blueprint_under_two_names() -> None:
    program = """
from flask import Blueprint, Flask

pages = Blueprint("pages", __name__)
@pages.route("/page")
def page(): ...

class Server:
    def __init__(self):
        self.app = Flask(__name__)
        self.app.add_url_rule("/index", "index", self.index, methods=["POST"])
        self.app.register_blueprint(pages, url_prefix="/one")
        self.app.register_blueprint(pages, url_prefix="/two", name="again")
    def index(self): ...
"""
    assert served(program) == ["POST /index main:Server.index", "GET /one/page main:page", "GET /two/page main:page"]


def test_a_decorator_that_adds_rules_and_patterns_with_converters() -> None:
    program = """
from functools import wraps
from flask import Flask
app = Flask(__name__)

def api(rule, **options):
    def decorate(function):
        @wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)
        app.add_url_rule("/api" + rule, function.__name__, inner, **options)
        return inner
    return decorate

@api("/<regex('[a-z]{3}/x'):code>/<any(a, b):kind>/<string(length=2):language>/<path:rest>", methods=["PUT"])
def converted(code, kind, language, rest): ...
"""
    assert served(program) == ["PUT /api/{code}/{kind}/{language}/{rest} main:converted"]

"""Flask-AppBuilder programs: exposed functions, what bases bring, chosen routes, builders, security managers."""

from __future__ import annotations

import pytest

from lsp_server.api.flask_appbuilder import shipped
from lsp_server.config import ConfigError, from_mapping
from lsp_server.snapshot import Snapshot
from tests.api.programs import served

HEAD = """
from flask import Flask
from flask_appbuilder import AppBuilder, BaseView, IndexView, ModelView, expose, has_access
from flask_appbuilder.api import BaseApi, ModelRestApi, protect
app = Flask(__name__)
appbuilder = AppBuilder(app, object())
"""


def test_views_are_served_under_their_class_name_or_their_base() -> None:
    program = HEAD + """
class Reports(BaseView):
    @expose("/one/<string:name>")
    @expose("/many/", methods=["GET", "POST"])
    @has_access
    def show(self, name=None): ...
    def helper(self): ...

class Other(Reports):
    route_base = "/other"
    @expose("/more")
    def more(self): ...

appbuilder.add_view(Reports, "Reports")
appbuilder.add_view_no_menu(Other())
"""
    assert served(program) == [
        "GET /reports/one/{name} main:Reports.show", "GET /reports/many/ main:Reports.show", "POST /reports/many/ main:Reports.show",
        "GET /other/more main:Other.more", "GET /other/one/{name} main:Reports.show", "GET /other/many/ main:Reports.show",
        "POST /other/many/ main:Reports.show",
    ]  # fmt: skip


def test_resources_have_a_version_a_name_and_the_routes_of_their_base() -> None:
    program = HEAD + """
class Plain(BaseApi):
    @expose("/", methods=["GET"])
    @protect()
    def read(self): ...

class Charts(ModelRestApi):
    resource_name = "Chart"
    version = "v2"
    include_route_methods = {"get", "get_list", "put", "data"}
    def put(self, pk): ...
    @expose("/<pk>/data")
    def data(self, pk): ...

class Rest(ModelRestApi):
    exclude_route_methods = {"info", "get", "delete", "put"}

for each in (Plain, Charts, Rest):
    appbuilder.add_api(each)
"""
    assert served(program) == [
        "GET /api/v1/plain/ main:Plain.read",
        "GET /api/v2/chart/{pk}/data main:Charts.data", "GET /api/v2/chart/{pk} None", "GET /api/v2/chart/ None",
        "GET /api/v1/rest/ None", "POST /api/v1/rest/ None",
    ]  # fmt: skip


def test_a_builder_that_joins_its_application_later() -> None:
    program = """
from flask import Flask
from extensions import appbuilder
from views import Things

class Initializer:
    def __init__(self, app):
        self.app = app
        self.config = app.config
    def start(self):
        appbuilder.indexview = Home
        appbuilder.init_app(self.app, object())
        appbuilder.add_view(Things, "Things")
        if self.config["EXTRAS"]:
            appbuilder.add_view_no_menu(Extras)

from flask_appbuilder import BaseView, IndexView, expose
class Home(IndexView): ...
class Extras(BaseView):
    @expose("/")
    def extra(self): ...

def create_app():
    app = Flask(__name__)
    app.config.from_object("settings")
    app.config.get("INITIALIZER", Initializer)(app).start()
    return app
"""
    views = "from flask_appbuilder import BaseView, expose\nclass Things(BaseView):\n    @expose('/all')\n    def all(self): ...\n"
    files = {
        "main.py": program, "views.py": views, "extensions.py": "from flask_appbuilder import AppBuilder\nappbuilder = AppBuilder()\n",
        "settings.py": "EXTRAS = False\n",
    }  # fmt: skip
    (api,) = Snapshot.of(files).implemented
    found = {operation.path: operation.maybe is None for operation in api.operations}
    assert found == {"/": True, "/things/all": True, "/extras/": False}


def test_a_security_manager_puts_classes_of_its_own_in_the_place_of_the_librarys() -> None:
    program = HEAD.replace("AppBuilder(app, object())", "AppBuilder(app, object(), security_manager_class=Manager)").replace(
        "app = Flask(__name__)", """
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView, UserLDAPModelView
class Login(AuthDBView):
    @expose("/forgotten")
    def forgotten(self): ...
class Ldap(UserLDAPModelView): ...
class Audit(BaseView):
    @expose("/log")
    def log(self): ...
class Manager(SecurityManager):
    authdbview = Login
    userldapmodelview = Ldap
    def register_views(self):
        super().register_views()
        self.appbuilder.add_view_no_menu(Audit)
app = Flask(__name__)
""",
    )  # fmt: skip
    assert sorted(served(program)) == [
        "GET /audit/log main:Audit.log", "GET /forgotten main:Login.forgotten", "GET /login/ None", "GET /logout/ None", "POST /login/ None",
    ]  # fmt: skip


def test_a_class_whose_bases_are_not_known_leaves_a_hole() -> None:
    program = HEAD + """
from elsewhere import Unheard
class Strange(Unheard):
    route_base = "/strange"
    @expose("/x")
    def x(self): ...
appbuilder.add_view_no_menu(Strange)
"""
    assert served(program) == ["GET /strange/x main:Strange.x", "incomplete"]


def test_every_description_inherits_from_one_that_is_there() -> None:
    assert all(entry.get("style") in ("view", "api") for entry in shipped().values())


def test_a_configuration_describes_classes_of_other_packages() -> None:
    program = HEAD + """
from acme.web import ReportView
class Sales(ReportView):
    def upload(self): ...
appbuilder.add_view_no_menu(Sales)
"""
    routes = {"download": [["/download/<name>", "GET"]], "upload": [["/upload", "POST"]]}
    config = from_mapping({"views": {"acme.web.ReportView": {"inherits": "flask_appbuilder.BaseView", "routes": routes}}}, "pyproject.toml")
    (api,) = Snapshot.of({"main.py": program}, config).implemented
    assert [(each.method, each.path) for each in api.operations] == [("GET", "/sales/download/{name}")]
    assert api.incomplete is None


@pytest.mark.parametrize(
    ("description", "fault"),
    [
        ({"styel": "view"}, "did you mean `style`"),
        ({"routes": {"list": ["/list", "GET"]}}, "`routes` must be"),
        ({"style": "page"}, "`style` must be"),
        ("flask_appbuilder.BaseView", "not a table"),
    ],
)
def test_a_wrong_description_is_refused(description: object, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        from_mapping({"views": {"acme.View": description}}, "pyproject.toml")

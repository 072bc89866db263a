"""Django projects: where they are, lists of paths, views of every sort, routers and their actions."""

from __future__ import annotations

import pytest

from lsp_server.api.django_patterns import expression_of, read_path, with_format
from lsp_server.api.model import Api
from lsp_server.snapshot import Snapshot
from lsp_server.text import Change, Edit, Span

SETTINGS = "ROOT_URLCONF = 'site_urls'\n"
MANAGE = "import os\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config')\n"


def apis_of(urls: str, **others: str) -> list[Api]:
    files = {"manage.py": MANAGE, "config.py": SETTINGS, "site_urls.py": urls}
    files.update({f"{name if '/' in name else name.replace('__', '/')}.py": text for name, text in others.items()})
    return [api for api in Snapshot.of(files).implemented if api.served]


def served(urls: str, **others: str) -> list[str]:
    """What the project serves, as `METHOD path handler`; "incomplete" where more may be there."""
    (api,) = apis_of(urls, **others)
    found = [f"{each.method} {each.path} {each.handler}" for each in api.operations]
    return found + ["incomplete"] * (api.incomplete is not None)


def test_functions_and_classes_under_included_prefixes() -> None:
    urls = """
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from shop import views

shop = [path("", views.Items.as_view()), path("<int:pk>/", views.Item.as_view(http_method_names=["get"]))]
urlpatterns = [
    path("about/", TemplateView.as_view(template_name="about.html")),
    path("items/", include((shop, "shop"), namespace="shop")),
    re_path(r"^orders/(?P<number>[0-9]{4})/$", views.order),
    path("health", views.health),
]
"""
    views = """
from django.views import View
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView, ListView

class Items(ListView):
    def post(self, request): ...

class Item(FormView): ...

@require_http_methods(["GET", "POST"])
def order(request, number): ...

def health(request): ...
"""
    assert served(urls, shop__views=views, **{"shop/__init__": ""}) == [
        "GET /about/ None", "GET /items/ shop.views:Items", "POST /items/ shop.views:Items.post", "GET /items/{pk}/ shop.views:Item",
        "GET /orders/{number}/ shop.views:order", "POST /orders/{number}/ shop.views:order", "* /health shop.views:health",
    ]  # fmt: skip


def test_the_place_of_a_class_based_view_is_the_class() -> None:
    views = "from django.views import View\nclass Base(View):\n    def get(self, request): ...\nclass Page(Base): ...\n"
    urls = "from django.urls import path\nimport views\nurlpatterns = [path('x', views.Page.as_view())]\n"
    (api,) = apis_of(urls, views=views)
    (operation,) = api.operations
    assert operation.declaration is not None
    assert views[operation.declaration.span.start :].startswith("Page(Base)")


def test_routers_lay_out_viewsets_and_their_actions() -> None:
    urls = """
from django.urls import include, path
from rest_framework import mixins, routers, viewsets
from rest_framework.decorators import action

class Users(viewsets.ModelViewSet):
    lookup_field = "name"
    http_method_names = ["get", "post", "delete"]

    @action(detail=True, methods=["post"], url_path="set-password")
    def set_password(self, request, name=None): ...

    @set_password.mapping.delete
    def drop_password(self, request, name=None): ...

    @action(detail=False)
    def recent(self, request): ...

class Logs(mixins.ListModelMixin, viewsets.GenericViewSet): ...

router = routers.SimpleRouter(trailing_slash=False)
router.register("users", Users)
router.register(r"logs", Logs, basename="log")
urlpatterns = [path("api/", include(router.urls))]
"""
    assert served(urls) == [
        "GET /api/users site_urls:Users", "POST /api/users site_urls:Users",
        "GET /api/users/recent site_urls:Users.recent",
        "GET /api/users/{name} site_urls:Users", "DELETE /api/users/{name} site_urls:Users",
        "POST /api/users/{name}/set-password site_urls:Users.set_password",
        "DELETE /api/users/{name}/set-password site_urls:Users.drop_password",
        "GET /api/logs site_urls:Logs",
    ]  # fmt: skip


def test_a_router_of_the_project_s_own_changes_what_is_laid_out() -> None:
    urls = """
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ViewSet

class Router(DefaultRouter):
    include_format_suffixes = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.routes[0].mapping.update({"delete": "clear"})

class Things(ViewSet):
    def list(self, request): ...
    def clear(self, request): ...

router = Router()
router.register("things", Things, basename="thing")
urlpatterns = [path("", include(router.urls))]
"""
    assert served(urls) == ["GET /things/ site_urls:Things.list", "DELETE /things/ site_urls:Things.clear", "GET / None"]


def test_the_default_router_adds_a_root_and_formats() -> None:
    urls = """
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ViewSet

class Things(ViewSet):
    def list(self, request): ...

router = DefaultRouter()
router.register("things", Things, basename="thing")
urlpatterns = [path("", include(router.urls))]
"""
    (api,) = apis_of(urls)
    assert [operation.pattern or operation.path for operation in api.operations] == ["/things/", "/things.{format}/?", "/", "/{format}"]


def test_what_a_class_body_binds_costs_nothing_until_it_is_asked_for() -> None:
    urls = """
from django.urls import path
from django.views import View

METHODS = ["get"]
class Page(View):
    http_method_names = METHODS + ["post"]
    table = [[[0 for _ in range(400)] for _ in range(400)] for _ in range(400)]
    def get(self, request): ...
    def put(self, request): ...

urlpatterns = [path("page", Page.as_view())]
"""
    assert served(urls) == ["GET /page site_urls:Page.get"]


def test_nested_routers() -> None:
    urls = """
from django.urls import include, path
from rest_framework.viewsets import ViewSet
from rest_framework_nested import routers

class Domains(ViewSet):
    def retrieve(self, request, pk): ...

class Hosts(ViewSet):
    def list(self, request, domain_pk): ...

router = routers.SimpleRouter()
router.register("domains", Domains)
inner = routers.NestedSimpleRouter(router, "domains", lookup="domain")
inner.register("hosts", Hosts)
urlpatterns = [path("", include(router.urls)), path("", include(inner.urls))]
"""
    assert served(urls) == ["GET /domains/{pk}/ site_urls:Domains.retrieve", "GET /domains/{domain_pk}/hosts/ site_urls:Hosts.list"]


def test_views_that_put_themselves_into_a_registry() -> None:
    registry = """
import collections
class Registry(dict):
    def __getitem__(self, key):
        return super().__getitem__(key)
registry = Registry({"views": collections.defaultdict(dict)})

def register(model, name=""):
    def wrapper(cls):
        label, model_name = model._meta.app_label, model._meta.model_name
        if model_name not in registry["views"][label]:
            registry["views"][label][model_name] = []
        registry["views"][label][model_name].append({"view": cls, "name": name})
        return cls
    return wrapper

def urls_of(label, model_name):
    from django.urls import path
    return [path(each["name"] + "/", each["view"].as_view()) for each in registry["views"][label][model_name]]
"""
    views = """
from django.views import View
from registry import register
from shop.models import Item

@register(Item, "history")
class History(View):
    def get(self, request): ...
"""
    urls = """
from django.urls import include, path
from registry import urls_of
from shop import views

urlpatterns = [path("items/<int:pk>/", include(urls_of("shop", "item")))]
"""
    models = "from django.db import models\nclass Item(models.Model): ...\n"
    found = served(urls, registry=registry, shop__views=views, shop__models=models, **{"shop/__init__": ""})
    assert found == ["GET /items/{pk}/history/ shop.views:History.get"]


def test_what_an_application_registers_for_its_models_when_the_project_starts() -> None:
    settings = SETTINGS + "INSTALLED_APPS = ['django.contrib.auth', 'shop']\n"
    apps = """
from django.apps import AppConfig
class ShopConfig(AppConfig):
    name = "shop"
    def ready(self):
        from registry import paths
        from django.urls import path
        from shop.views import History
        for model in self.get_models():
            paths.append(path(model._meta.model_name + "/history/", History.as_view()))
"""
    models = """
from django.db import models
class Base(models.Model):
    class Meta:
        abstract = True
class Item(Base): ...
class Order(Base): ...
"""
    views = "from django.views import View\nclass History(View):\n    def get(self, request): ...\n"
    package = {"shop/__init__": "", "shop/apps": apps, "shop/models": models, "shop/views": views}
    found = served("from registry import paths\nurlpatterns = paths\n", config=settings, registry="paths = []\n", **package)
    assert found == ["GET /item/history/ shop.views:History.get", "GET /order/history/ shop.views:History.get"]


def test_settings_decide_what_is_there() -> None:
    settings = SETTINGS + "import os\nBASE = os.getenv('BASE', 'v1/')\nEXTRA = False\n"
    urls = """
from django.conf import settings
from django.urls import path
from django.views.generic import TemplateView

page = TemplateView.as_view()
urlpatterns = [path(settings.BASE + "page", page)]
if getattr(settings, "DEBUGGING", False):
    urlpatterns += [path("debugging", page)]
if settings.EXTRA:
    urlpatterns.append(path("extra", page))
"""
    (api,) = apis_of(urls, config=settings)
    assert [(operation.path, operation.maybe is not None) for operation in api.operations] == [("/v1/page", False), ("/extra", True)]


def test_functions_as_api_views_behind_decorators() -> None:
    urls = """
import functools
from django.contrib.auth.decorators import login_required
from django.urls import path
from rest_framework.decorators import api_view, permission_classes

@api_view(["POST"])
@permission_classes([])
def create(request): ...

def logged(view):
    @functools.wraps(view)
    def inner(request):
        return view(request)
    return inner

@logged
@api_view()
def read(request): ...

urlpatterns = [path("create", login_required(create)), path("read", read)]
"""
    assert served(urls) == ["POST /create site_urls:create", "GET /read site_urls:read"]


def test_what_other_packages_serve_is_not_seen_but_known_to_be_there() -> None:
    urls = """
from django.contrib import admin
from django.urls import include, path
from accounts_package.views import SignIn

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts_package.urls")),
    path("sign-in/", SignIn.as_view()),
]
"""
    (api,) = apis_of(urls)
    assert [f"{each.method} {each.path}" for each in api.operations] == ["* /sign-in/"]
    assert api.elsewhere == ("/accounts/",) and api.incomplete is None  # no specification speaks of the admin


def test_a_list_that_nobody_can_see_leaves_the_project_incomplete() -> None:
    urls = "from django.urls import path\nimport os\nurlpatterns = [path('a', None)] + load()\n"
    assert served(urls) == ["* /a None", "incomplete"]


def test_lists_put_together_by_functions() -> None:
    urls = """
from functools import reduce
from operator import add
from django.urls import path
from django.views.generic import TemplateView
from decorated_package import guarded

page = TemplateView.as_view()
groups = [[path("a", page)], [path("b", page)]]
urlpatterns = reduce(add, groups) + guarded([path("c", page)])
"""
    assert served(urls) == ["GET /a None", "GET /b None", "GET /c None", "incomplete"]


def test_settings_that_a_class_holds() -> None:
    settings = """
class Settings:
    ROOT_URLCONF = "site_urls"
    PREFIX = "v" + "2/"

    @property
    def NAME(self):
        return self.PREFIX + "name"

class Production(Settings):
    DEBUG = False

Production.load(__name__)
"""
    urls = """
from django.conf import settings
from django.urls import path
from django.views.generic import TemplateView
urlpatterns = [path(settings.NAME, TemplateView.as_view())]
"""
    assert served(urls, config=settings) == ["GET /v2/name None"]


def test_a_program_that_names_no_settings_has_those_that_name_the_root() -> None:
    urls = "from django.urls import path\nfrom django.views.generic import TemplateView\nurlpatterns = [path('a', TemplateView.as_view())]\n"
    manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', choose())\n"
    assert served(urls, manage=manage) == ["GET /a None"]


def test_a_broken_line_leaves_the_project_incomplete() -> None:
    urls = "from django.urls import path\nfrom django.views.generic import TemplateView\nurlpatterns = [path('a', TemplateView.as_view())]\n"
    assert served(urls + "urlpatterns += [path('b'\ndef (\n")[-1] == "incomplete"


def test_a_project_is_read_again_only_where_a_file_of_it_has_changed() -> None:
    urls = "from django.urls import path\nfrom django.views.generic import TemplateView\nurlpatterns = [path('a', TemplateView.as_view())]\n"
    files = {"config.py": SETTINGS, "site_urls.py": urls, "other.py": "x = 1\n"}
    snapshot = Snapshot.of(files)
    (api,) = snapshot.implemented
    beside = snapshot.with_change(_replaced("other.py", files["other.py"], "x = 2\n"))
    assert beside.implemented[0] is api
    changed = snapshot.with_change(_replaced("site_urls.py", urls, urls.replace("'a'", "'b'")))
    assert [operation.path for operation in changed.implemented[0].operations] == ["/b"]


def _replaced(path: str, before: str, after: str) -> Change:
    return Change("changed", (Edit(path, Span(0, len(before)), after),))


def test_i18n_patterns_stand_below_the_language() -> None:
    urls = """
from django.conf.urls.i18n import i18n_patterns
from django.urls import path
from django.views.generic import TemplateView

urlpatterns = i18n_patterns(path("a/", TemplateView.as_view())) + i18n_patterns(
    path("b/", TemplateView.as_view()), prefix_default_language=False
)
"""
    assert served(urls) == ["GET /en-us/a/ None", "GET /b/ None"]


@pytest.mark.parametrize(
    ("expression", "text", "types"),
    [
        (expression_of("users/<int:pk>/"), "users/{pk}/", {"pk": ("integer",)}),
        (expression_of("a.b/<uuid:key>-<slug:name>"), "a.b/{key}-{name}", {"key": ("string",), "name": ()}),
        (r"^users/(?P<pk>\d+)/$", "users/{pk}/", {"pk": ("integer",)}),
        (r"^users/(?P<pk>[^/.]+)/$", "users/{pk}/", {"pk": ()}),
        (with_format(r"^users/$", False), "users.{format}/?", {"format": ()}),
        (with_format(expression_of("users/"), True), "users{format}", {"format": ()}),
    ],
)
def test_paths_as_templates(expression: str, text: str, types: dict[str, tuple[str, ...]]) -> None:
    pattern = read_path(expression)
    assert pattern.text == text
    assert {name: schema.types for name, schema in pattern.readings[0].parameters} == types

"""Connexion programs: specs given to `add_api`, base paths, resolvers, handlers that are there and that are not."""

from __future__ import annotations

import pytest

from lsp_server.api.model import Api
from lsp_server.snapshot import Snapshot

SPEC = """
openapi: 3.0.0
info: {title: shop, version: '1'}
servers: [{url: http://localhost/v1}]
paths:
  /items:
    get: {operationId: shop.items.search, responses: {'200': {description: all}}}
  /items/{id}:
    get: {x-openapi-router-controller: shop.items, operationId: read, responses: {'200': {description: one}}}
    delete: {operationId: shop.items.remove, responses: {'204': {description: gone}}}
"""
ITEMS = "def search(): ...\n\n\ndef read(id): ...\n"


def connexion_apis(main: str, spec: str = SPEC, **others: str) -> tuple[Api, ...]:
    files = {"shop/__init__.py": "", "shop/main.py": main, "shop/api.yaml": spec, "shop/items.py": ITEMS, **others}
    return Snapshot.of(files).implemented


def served(main: str, spec: str = SPEC, **others: str) -> list[str]:
    apis = connexion_apis(main, spec, **others)
    found = [f"{each.method} {each.path} {each.handler}" for api in apis for each in api.operations]
    return found + ["incomplete" for api in apis if api.incomplete is not None]


def test_the_routes_are_those_of_the_spec_whose_handlers_are_there() -> None:
    assert served("import connexion\napp = connexion.FlaskApp(__name__)\napp.add_api('api.yaml')\n") == [
        "GET /v1/items shop.items:search", "GET /v1/items/{id} shop.items:read",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "main",
    [
        "import connexion\napp = connexion.App(__name__, specification_dir='./')\napp.add_api('api.yaml', base_path='/v2/')\n",
        "from connexion import AsyncApp\ndef create():\n    app = AsyncApp(__name__)\n    app.add_api('api.yaml', base_path='/v2')\n    return app\n",
        "from connexion import FlaskApp\nfrom pathlib import Path\napp = FlaskApp('x', specification_dir=Path(__file__).parent)\n"
        "app.add_api('api.yaml', '/v2')\n",
        "import connexion, os\nHERE = os.path.dirname(__file__)\napp = connexion.App('x')\n"
        "app.add_api(os.path.join(HERE, 'api.yaml'), base_path='/v2')\n",
        "from connexion import FlaskApi\napi = FlaskApi(specification='api.yaml', base_path='/v2')\n",
    ],
)
def test_ways_to_name_the_spec_and_its_place(main: str) -> None:
    assert served(main) == ["GET /v2/items shop.items:search", "GET /v2/items/{id} shop.items:read"]


def test_resolvers_that_find_handlers_by_path() -> None:
    spec = """
openapi: 3.0.0
info: {title: shop, version: '1'}
paths:
  /items: {get: {responses: {'200': {description: all}}}}
  /items/{id}: {get: {responses: {'200': {description: one}}}}
"""
    program = "import connexion\nfrom connexion.resolver import {0}\napp = connexion.App(__name__)\napp.add_api('api.yaml', resolver={0}('shop'))\n"
    plain = {"shop/items.py": "def search(): ...\ndef get(id): ...\n"}
    assert served(program.format("RestyResolver"), spec, **plain) == ["GET /items shop.items:search", "GET /items/{id} shop.items:get"]
    view = {"shop/__init__.py": "class ItemsView:\n    def get(self, id=None): ...\n"}
    assert served(program.format("MethodViewResolver"), spec, **view) == [
        "GET /items shop:ItemsView.get", "GET /items/{id} shop:ItemsView.get",
    ]  # fmt: skip


def test_operation_ids_below_one_module() -> None:
    spec = SPEC.replace("shop.items.search", "search").replace("shop.items.remove", "read")
    main = "import connexion\napp = connexion.App(__name__)\napp.add_api('api.yaml', resolver=connexion.resolver.RelativeResolver('shop.items'))\n"
    assert served(main, spec) == [
        "GET /v1/items shop.items:search", "GET /v1/items/{id} shop.items:read", "DELETE /v1/items/{id} shop.items:read",
    ]  # fmt: skip


def test_a_resolver_of_its_own_leaves_handlers_unknown_that_no_operation_id_names() -> None:
    main = """
import connexion
class Own(connexion.Resolver):
    def resolve(self, operation): ...
app = connexion.App(__name__)
app.add_api('api.yaml', resolver=Own())
"""
    assert served(main) == ["GET /v1/items shop.items:search", "GET /v1/items/{id} shop.items:read", "DELETE /v1/items/{id} None"]


def test_a_spec_that_is_not_there_leaves_the_application_incomplete() -> None:
    assert served("import connexion\napp = connexion.App(__name__)\napp.add_api('other.yaml')\n") == ["incomplete"]


def test_what_the_spec_declares_is_what_the_route_takes() -> None:
    (api,) = connexion_apis("import connexion\napp = connexion.App(__name__)\napp.add_api('api.yaml')\n")
    assert [response.status for response in api.operations[0].responses] == ["200"]  # type: ignore[union-attr]
    assert (api.operations[0].declaration.path, api.operations[0].router.path) == ("shop/items.py", "shop/main.py")  # type: ignore[union-attr]

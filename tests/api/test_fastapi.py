"""FastAPI programs to operations: routers, prefixes, identities, responses and where everything stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from programs import IMPORTS, api_of, apis_of, operation_of, routes_of

from lsp_server.api.facts import routes_facts
from lsp_server.api.looks import speaks_of_fastapi
from lsp_server.api.model import Api, Body, Choice, Operation
from lsp_server.unknown import Unknown

USERS = "from fastapi import APIRouter\nrouter = APIRouter(prefix='/users', tags=['users'])\n@router.get('/{id}')\ndef read(id: int): ...\n"


@pytest.mark.parametrize(
    ("source", "routes"),
    [
        ("import fastapi\napp = fastapi.FastAPI()\n@app.get('/a')\ndef a(): ...", ["GET /a"]),
        ("from fastapi.applications import FastAPI as F\napp = F()\n@app.post('/a')\nasync def a(): ...", ["POST /a"]),
        ("from fastapi import FastAPI\nfrom users import router\napp = FastAPI()\napp.include_router(router, prefix='/v1')",
         ["GET /v1/users/{id}"]),
        ("from fastapi import FastAPI\nimport users\napp = FastAPI()\napp.router.include_router(users.router)", ["GET /users/{id}"]),
        ("from fastapi import FastAPI, APIRouter\nimport users\ndef create_app():\n    app = FastAPI()\n"
         "    outer = APIRouter(prefix='/a')\n    outer.include_router(users.router)\n    app.include_router(outer)\n    return app",
         ["GET /a/users/{id}"]),
        ("from fastapi import FastAPI\nimport users\napp = FastAPI()\nfor prefix in ('/a', '/b'):\n"
         "    app.include_router(users.router, prefix=prefix)", ["GET /a/users/{id}", "GET /b/users/{id}"]),
        ("from fastapi import FastAPI\napp = FastAPI()\ndef f(): ...\napp.add_api_route('/f', f, methods=['PUT', 'patch'])",
         ["PUT /f", "PATCH /f"]),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.api_route('/f', methods=['GET', 'POST'])\ndef f(): ...",
         ["GET /f", "POST /f"]),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\n@app.get('/b')\ndef f(): ...", ["GET /a", "GET /b"]),
        ("from fastapi import FastAPI\napp = FastAPI()\ndef f(): ...\napp.get('/f')(f)", ["GET /f"]),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/files/{rest:path}')\ndef f(rest): ...", ["GET /files/{rest}"]),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.websocket('/ws')\nasync def f(ws): ...\n@app.get('/')\ndef g(): ...",
         ["GET /"]),
        ("from fastapi import FastAPI, APIRouter\nclass R(APIRouter):\n    def __init__(self, name, **more):\n"
         "        super().__init__(prefix=f'/{name}', **more)\napp = FastAPI()\nr = R('x')\n@r.get('/y')\ndef f(): ...\n"
         "app.include_router(r)", ["GET /x/y"]),
        ("from fastapi import FastAPI, APIRouter\nclass R(APIRouter):\n    def add_api_route(self, path, endpoint, **more):\n"
         "        super().add_api_route(path, endpoint, **more)\n        super().add_api_route(path + '/', endpoint, **more)\n"
         "app = FastAPI()\nr = R()\n@r.get('/y')\ndef f(): ...\napp.include_router(r)", ["GET /y", "GET /y/"]),
        ("from fastapi import FastAPI\nclass Server:\n    def __init__(self):\n        self.app = FastAPI()\n"
         "        self.app.add_api_route('/f', self.f)\n    def f(self): ...", ["GET /f"]),
    ],
)  # fmt: skip
def test_routes(source: str, routes: list[str]) -> None:
    assert routes_of(source, users=USERS) == routes


def test_mounted_applications_are_apis_with_the_full_path() -> None:
    source = (
        "from fastapi import FastAPI\napp = FastAPI()\nadmin = FastAPI()\n@admin.get('/a')\ndef a(): ...\n"
        "@app.get('/b')\ndef b(): ...\napp.mount('/admin', admin)"
    )
    app, admin = apis_of(source)
    assert [operation.path for operation in app.operations] == ["/b"]
    assert [(operation.path, operation.operation_id) for operation in admin.operations] == [("/admin/a", "a_a_get")]


def test_an_application_mounted_in_one_branch_or_another_is_there() -> None:
    source = (
        "from fastapi import FastAPI\nfrom settings import base\napp = FastAPI()\nadmin = FastAPI()\n"
        "@admin.get('/a')\ndef a(): ...\n"
        "if base:\n    app.mount(base, admin)\nelse:\n    app.mount('/admin', admin)"
    )
    _, admin = apis_of(source)
    assert [(operation.path, operation.maybe) for operation in admin.operations] == [("/admin/a", None)]


def test_an_application_given_to_something_that_cannot_be_followed_is_not_seen_whole() -> None:
    source = (
        "from fastapi import FastAPI\nfrom plugins import load\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n"
        "load('auth').on_start(app)"
    )
    plugins = "import importlib\ndef load(name):\n    return getattr(importlib.import_module('plugins.' + pick()), name)()"
    api = api_of(source, plugins=plugins)
    assert [operation.path for operation in api.operations] == ["/a"]
    assert api.incomplete is not None and source[api.incomplete.location.span.start :] == "load('auth').on_start(app)"


def test_a_router_that_nothing_includes_is_no_served_api() -> None:
    source = "from fastapi import FastAPI, APIRouter\napp = FastAPI()\nlost = APIRouter()\n@lost.get('/x')\ndef x(): ..."
    served, lost = apis_of(source)
    assert served.served and not served.operations
    assert not lost.served and [operation.path for operation in lost.operations] == ["/x"]
    assert lost.location is not None
    assert source[lost.location.span.start : lost.location.span.end] == "APIRouter()"


@pytest.mark.parametrize(
    ("condition", "maybe"),
    [("import os\nif os.environ.get('X') == '1':", True), ("if True:", False), ("if len(open('x').read()) > 3:", True)],
)
def test_conditional_routes(condition: str, maybe: bool) -> None:
    (operation,) = api_of(f"from fastapi import FastAPI\napp = FastAPI()\n{condition}\n    @app.get('/x')\n    def x(): ...").operations
    assert (operation.maybe is not None) is maybe


def test_what_cannot_be_read_makes_the_api_incomplete() -> None:
    api = api_of("from fastapi import FastAPI\nfrom elsewhere import router\napp = FastAPI()\napp.include_router(router)")
    assert isinstance(api.incomplete, Unknown)
    api = api_of("from fastapi import FastAPI\nimport random\napp = FastAPI()\n@app.get(random.choice(['/a']))\ndef f(): ...")
    assert api.operations == () and isinstance(api.incomplete, Unknown)


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("@app.get('/items/{id}')\ndef read_item(id: int): ...", "read_item_items__id__get"),
        ("@app.get('/x', operation_id='x')\ndef f(): ...", "x"),
        ("@app.get('/x', name='n')\ndef f(): ...", "n_x_get"),
        ("@app.get('/x', tags=['t'], generate_unique_id_function=lambda route: f'{route.tags[0]}-{route.name}')\ndef f(): ...", "t-f"),
        ("def unique(route): return route.name.upper() + route.path\n"
         "@app.get('/x', generate_unique_id_function=unique)\ndef f(): ...", "F/x"),
    ],
)  # fmt: skip
def test_operation_ids(route: str, expected: str) -> None:
    assert operation_of(route)[0].operation_id == expected


def test_operation_id_of_several_methods_is_not_known() -> None:
    api = api_of(IMPORTS + "@app.api_route('/x', methods=['GET', 'POST'])\ndef f(): ...")
    assert all(isinstance(operation.operation_id, Unknown) for operation in api.operations)


def test_what_applications_and_inclusions_add() -> None:
    source = """
from fastapi import FastAPI, APIRouter, Depends, Header
from fastapi.responses import PlainTextResponse
ERRORS = {404: {"description": "none"}}
def need(x: str = Header()): ...
app = FastAPI(dependencies=[Depends(need)], responses={500: {}})
inner = APIRouter(tags=["b"], responses=ERRORS, default_response_class=PlainTextResponse)
@inner.get("/x", tags=["c"], responses={409: {}})
def x(): ...
app.include_router(inner, tags=["a"], deprecated=True, include_in_schema=False)
"""
    (operation,) = api_of(source).operations
    assert operation.tags == ("a", "b", "c")
    assert operation.deprecated is True
    assert operation.documented is False
    assert isinstance(operation.responses, tuple)
    assert {response.status for response in operation.responses if not response.automatic} == {"200", "404", "409", "500"}
    assert operation.responses[0].content[0][0] == "text/plain"
    assert operation.parameter("header", "X") is not None


@pytest.mark.parametrize(
    ("arguments", "statuses", "media_types"),
    [
        ("", {"200"}, {"application/json"}),
        (", status_code=201", {"201"}, {"application/json"}),
        (", status_code=status.HTTP_204_NO_CONTENT", {"204"}, set()),
        (", response_class=HTMLResponse", {"200"}, {"text/html"}),
        (", response_class=RedirectResponse", {"307"}, set()),
        (", response_class=StreamingResponse", {"200"}, set()),
        (", responses={'4xx': {'description': 'bad'}, 'default': {}}", {"200", "4XX", "default"}, {"application/json"}),
    ],
)
def test_statuses_and_media_types(arguments: str, statuses: set[str], media_types: set[str]) -> None:
    operation, _ = operation_of(f"@app.get('/x'{arguments})\ndef f(): ...")
    assert isinstance(operation.responses, tuple)
    assert {response.status for response in operation.responses} == statuses
    assert {name for name, _ in operation.responses[0].content} == media_types


def test_standard_library_status() -> None:
    operation, _ = operation_of("from http import HTTPStatus\n@app.get('/x', status_code=HTTPStatus.ACCEPTED)\ndef f(): ...")
    assert operation.response("202") is not None


def test_an_automatic_answer_to_what_is_invalid() -> None:
    operation, _ = operation_of("@app.get('/x')\ndef f(q: int): ...")
    response = operation.response("422")
    assert response is not None and response.automatic


@pytest.mark.parametrize(
    ("route", "types"),
    [
        ("@app.get('/x')\ndef f() -> int: ...", ("integer",)),
        ("@app.get('/x', response_model=str)\ndef f() -> int: ...", ("string",)),
        ("@app.get('/x', response_model=None)\ndef f() -> int: ...", ()),
        ("@app.get('/x')\ndef f() -> JSONResponse: ...", ()),
        ("@app.get('/x')\ndef f(): ...", ()),
    ],
)
def test_response_model(route: str, types: tuple[str, ...]) -> None:
    operation, _ = operation_of(route)
    assert isinstance(operation.responses, tuple)
    ((_, schema),) = operation.responses[0].content
    assert schema.types == types and schema.unknown is None


@pytest.mark.parametrize("given", ["response_model_exclude={'b'}", "response_model_include=['a']"])
@pytest.mark.parametrize("model", ["M", "list[M]"])
def test_of_a_model_of_which_parts_are_left_out_the_rest_is_known(given: str, model: str) -> None:
    source = f"class M(BaseModel):\n    a: int\n    b: int\n@app.get('/x', {given})\ndef f() -> {model}: ..."
    operation, api = operation_of(source)
    assert isinstance(operation.responses, tuple)
    ((_, schema),) = operation.responses[0].content
    shape = api.resolve(schema if schema.items is None else schema.items)
    assert [each.name for each in shape.properties] == ["a"] and shape.all_of[0].unknown is not None


def test_a_model_of_which_unknown_parts_are_left_out_is_not_known() -> None:
    source = "class M(BaseModel):\n    a: int\n@app.get('/x', response_model_exclude=names())\ndef f() -> M: ..."
    operation, _ = operation_of(source)
    assert isinstance(operation.responses, tuple) and operation.responses[0].unknown is not None


def test_places() -> None:
    main = "from fastapi import FastAPI\nfrom keep import keep\napp = FastAPI()\n\n@app.get('/x')\n@keep\ndef read(): ...\n"
    api = api_of(main, keep="def keep(f): return f")
    (operation,) = api.operations
    assert operation.declaration is not None and operation.handler_location is not None and operation.router is not None
    texts = [main[place.span.start : place.span.end] for place in
             (operation.location, operation.declaration, operation.handler_location, operation.router)]  # fmt: skip
    assert texts == ["app.get('/x')", "@app.get('/x')\n@keep\ndef read(): ...", "read", "FastAPI()"]
    assert operation.handler == "main:read"


def extra(text: str, handler: str = "def f(): ...") -> tuple[Operation, Api]:
    return operation_of(f"class Item(BaseModel):\n    name: str\n@app.post('/x', openapi_extra={{{text}}})\n{handler}")


@pytest.mark.parametrize(
    "schema",
    [
        "{'type': 'object', 'properties': {'name': {'type': 'string'}}, 'required': ['name']}",
        "Item.model_json_schema()",
        "TypeAdapter(Item).json_schema()",
        "{'$ref': '#/components/schemas/Item'}",
        "{'$ref': REF_TEMPLATE.format(model='Item')}",
    ],
)
def test_a_body_described_by_hand(schema: str) -> None:
    imports = "from pydantic import TypeAdapter\nfrom fastapi.openapi.constants import REF_TEMPLATE\n"
    content = f"'requestBody': {{'required': True, 'content': {{'application/x-yaml': {{'schema': {schema}}}}}}}"
    source = f"{imports}class Item(BaseModel):\n    name: str\n@app.post('/x', openapi_extra={{{content}}})\ndef f() -> Item: ..."
    operation, api = operation_of(source)
    assert isinstance(operation.body, Body) and operation.body.required is True
    ((media_type, stated),) = operation.body.content
    assert media_type == "application/x-yaml" and [each.name for each in api.resolve(stated).properties] == ["name"]


def test_what_is_described_by_hand_comes_on_top() -> None:
    content = "'parameters': [{'name': 'q', 'in': 'query', 'schema': {'type': ['integer', 'null'], 'maximum': 9}}], "
    content += "'requestBody': {'content': {'text/csv': {}}}, 'responses': {404: {'content': {'text/plain': {}}}}"
    operation, _ = extra(content, "def f(item: Item, p: int): ...")
    assert isinstance(operation.parameters, tuple) and [each.name for each in operation.parameters] == ["p", "q"]
    assert operation.parameters[1].schema == replace(operation.parameters[1].schema, types=("integer",), nullable=True, maximum=9)
    assert isinstance(operation.body, Body) and [name for name, _ in operation.body.content] == ["application/json", "text/csv"]
    assert operation.response("404") is not None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("'requestBody': body_of('x')", "body"),
        ("'requestBody': {'content': content_of('x')}", "body"),
        ("'parameters': parameters_of('x')", "parameters"),
        ("'responses': answers_of('x')", "responses"),
        ("'security': [{'key': []}]", "security"),
    ],
)
def test_what_is_described_by_hand_and_computed_is_not_judged(text: str, part: str) -> None:
    operation, _ = extra(text)
    assert isinstance(getattr(operation, part), Unknown)


def test_a_schema_merged_into_one_of_fastapis_is_not_judged() -> None:
    operation, _ = extra("'requestBody': {'content': {'application/json': {'schema': {'title': 'T'}}}}", "def f(item: Item): ...")
    assert isinstance(operation.body, Body) and operation.body.content[0][1].unknown is not None



@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from fastapi import FastAPI", True),
        ("@router.get('/x')\ndef f(): ...", True),
        ("from .core import create_app\napp = create_app()", True),
        ("class User:\n    name = 'x'\n", False),
    ],
)
def test_prefilter(text: str, expected: bool) -> None:
    assert speaks_of_fastapi(text) is expected


def test_the_full_path_of_a_loose_routers_routes_is_not_known() -> None:
    facts = routes_facts(apis_of(USERS), lambda location: 1)
    assert [(route["method"], route["path"]) for route in facts["routes"]] == [("GET", None)]
    assert [unknown["what"] for unknown in facts["unknowns"]] == ["under which prefix `/users/{id}` is served"]


@pytest.mark.parametrize("own", ["", "generate_unique_id_function=lambda route: f'{route.name}-{list(route.methods)[0]}'"])
def test_the_id_of_a_route_with_several_methods_is_one_of_several(own: str) -> None:
    source = f"from fastapi import FastAPI\napp = FastAPI({own})\n@app.api_route('/a', methods=['POST', 'GET'])\ndef a(): ..."
    api = api_of(source)
    ids = ["a-GET", "a-POST"] if own else ["a_a_get", "a_a_post"]
    for operation in api.operations:
        assert isinstance(operation.operation_id, Choice) and list(operation.operation_id.values) == ids
    assert [route["operation_ids"] for route in routes_facts([api], lambda location: 1)["routes"]] == [ids, ids]


def test_an_id_that_does_not_hang_on_the_order_of_methods_is_known() -> None:
    own = "generate_unique_id_function=lambda route: route.name + '-'.join(sorted(route.methods))"
    source = f"from fastapi import FastAPI\napp = FastAPI({own})\n@app.api_route('/a', methods=['POST', 'GET'])\ndef a(): ..."
    assert [operation.operation_id for operation in api_of(source).operations] == ["aGET-POST", "aGET-POST"]

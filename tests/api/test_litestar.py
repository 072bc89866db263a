"""Litestar programs: handlers, controllers, routers, hooks and plugins; what the layers declare of an operation."""

from __future__ import annotations

from lsp_server.api.facts import schema_json
from lsp_server.api.model import Api, Body, Operation
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown
from tests.api.programs import served

IMPORTS = """
from __future__ import annotations
import dataclasses, uuid
from functools import partial
from typing import Annotated, Any
import msgspec
from pydantic import BaseModel, Field
from litestar import Controller, HttpMethod, Litestar, MediaType, Request, Response, Router, delete, get, patch, post, put, route, websocket
from litestar.config.app import AppConfig
from litestar.datastructures import ResponseSpec
from litestar.di import Provide
from litestar.dto import DataclassDTO
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.handlers import HTTPRouteHandler, asgi
from litestar.pagination import OffsetPagination
from litestar.params import Body, Parameter
from litestar.plugins import InitPluginProtocol
from litestar.response import File, Redirect
from litestar.static_files import create_static_files_router

@dataclasses.dataclass
class Book:
    title: str
    pages: int = 0

class Page(msgspec.Struct, rename="camel"):
    page_number: int
    foot_note: str | msgspec.UnsetType = msgspec.UNSET
"""


def _application(program: str) -> Api:
    (api,) = [api for api in Snapshot.of({"main.py": IMPORTS + program}).implemented if api.served]
    return api


def _operation(program: str) -> tuple[Operation, Api]:
    """The only operation of a program, its handler called `handle`."""
    api = _application(program + "\napp = Litestar(route_handlers=[handle])\n")
    (operation,) = api.operations
    return operation, api


def _names(api: Api, body: object) -> list[str]:
    """The properties of a body's JSON schema."""
    assert isinstance(body, Body)
    schema = schema_json(api.resolve(body.content[0][1]), {})
    assert schema is not None
    return list(schema["properties"])


# Routes


def test_handlers_take_their_methods_and_paths_from_their_decorators() -> None:
    program = IMPORTS + """
@get()
async def index() -> None: ...
@post(["/a", "/b/"])
async def several() -> None: ...
@route("/c", http_method=[HttpMethod.PUT, "PATCH"])
async def both() -> None: ...
@HTTPRouteHandler("/d/{id:uuid}", http_method=HttpMethod.DELETE)
async def made(id: uuid.UUID) -> None: ...
@websocket("/ws")
async def socket(socket) -> None: ...

async def plain() -> None: ...

app = Litestar([index, several, both, made, socket, get("/e")(plain), create_static_files_router(path="/s", directories=["s"])])
"""
    assert served(program) == [
        "GET / main:index", "POST /a main:several", "POST /b main:several", "PUT /c main:both", "PATCH /c main:both",
        "DELETE /d/{id} main:made", "GET /e main:plain",
    ]  # fmt: skip


def test_controllers_and_routers_add_their_prefixes_and_controllers_inherit() -> None:
    program = IMPORTS + """
class Readable(Controller):
    @get("/{name:str}")
    async def read(self, name: str) -> None: ...

class Books(Readable):
    path = "books/"
    @post()
    async def add(self) -> None: ...

class Loans(Readable):
    path = "/loans"
    read = None

inner = Router("/inner", route_handlers=[Books])
api = Router(path="/api", route_handlers=[inner, Loans])
api.register(Books)
app = Litestar(path="/root", route_handlers=[api])
"""
    assert served(program) == [
        "GET /root/api/inner/books/{name} main:Readable.read", "POST /root/api/inner/books main:Books.add",
        "GET /root/api/books/{name} main:Readable.read", "POST /root/api/books main:Books.add",
    ]  # fmt: skip


def test_decorators_of_the_projects_own() -> None:
    program = IMPORTS + """
class fetch(HTTPRouteHandler):
    def __init__(self, path, **options):
        super().__init__("/fetched" + path, http_method="GET", **options)

secured = partial(get, guards=[])

def logged(function):
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)
    return wrapper

@fetch("/a")
async def a() -> None: ...
@secured("/b")
async def b() -> None: ...
@get("/c")
@logged
async def c() -> None: ...

def create_app() -> Litestar:
    from litestar import Litestar
    return Litestar(route_handlers=[a, b, c])
"""
    assert served(program) == ["GET /fetched/a main:a", "GET /b main:b", "GET /c main:c"]


def test_hooks_and_plugins_register_handlers() -> None:
    program = """
from typing import cast
from litestar import Litestar, get
from litestar.config.app import AppConfig
from litestar.plugins import InitPluginProtocol
from litestar.security.jwt import JWTAuth

jwt = JWTAuth(token_secret="x")

@get("/own")
async def own() -> None: ...
@get("/hooked")
async def hooked() -> None: ...
@get("/late")
async def late() -> None: ...

class Late(InitPluginProtocol):
    def on_app_init(self, app_config):
        app_config.route_handlers.append(late)
        return app_config

class Core(InitPluginProtocol):
    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        from books import BookController
        app_config = self._secured(app_config)
        app_config.plugins.extend([Late()])
        app_config.route_handlers.extend([BookController])
        return app_config

    def _secured(self, app_config):
        return cast("AppConfig", jwt.on_app_init(app_config))

def hook(app_config):
    app_config.route_handlers.append(hooked)
    return app_config

app = Litestar(route_handlers=[own], plugins=[Core()], on_app_init=[jwt.on_app_init, hook])
"""
    books = "from litestar import Controller, get\nclass BookController(Controller):\n    path = '/books'\n    @get()\n    async def all(self) -> None: ...\n"
    assert served(program, books=books) == [
        "GET /own main:own", "GET /hooked main:hooked", "GET /books books:BookController.all", "GET /late main:late",
    ]  # fmt: skip


def test_what_other_packages_bring_leaves_the_application_incomplete() -> None:
    assert served(IMPORTS + "import other\napp = Litestar(route_handlers=[other.Controller])\n") == ["incomplete"]
    assert served(IMPORTS + "import other\napp = Litestar(route_handlers=other.load())\n") == ["incomplete"]
    assert served(IMPORTS + "from users_lib import UsersPlugin\napp = Litestar(plugins=[UsersPlugin()])\n") == ["incomplete"]
    inherited = "from other import Crud\nclass C(Crud, Controller):\n    path = '/c'\napp = Litestar([C])\n"
    assert served(IMPORTS + inherited) == ["incomplete"]
    assert served(IMPORTS + "from litestar.plugins.structlog import StructlogPlugin\napp = Litestar(plugins=[StructlogPlugin()])\n") == []


def test_an_application_of_another_framework_below_asgi() -> None:
    program = IMPORTS + """
from fastapi import FastAPI
inner = FastAPI()
@inner.get("/x")
def x(): ...
app = Litestar([asgi("/old", is_mount=True)(inner)])
"""
    assert served(program) == ["GET /old/x main:x"]


def test_starlite_is_litestar_before_its_second_version() -> None:
    program = "from starlite import Starlite, get\n@get('/x')\ndef x() -> None: ...\napp = Starlite(route_handlers=[x])\n"
    assert served(program) == ["GET /x main:x"]


# What operations declare


def test_statuses_follow_the_method_until_they_are_stated() -> None:
    program = """
@get("/a")
async def a() -> str: ...
@post("/b")
async def b() -> str: ...
@delete("/c")
async def c() -> None: ...
@delete("/d", status_code=200, raises=[NotFoundException], responses={418: ResponseSpec(data_container=Book)})
async def d() -> Book: ...
app = Litestar([a, b, c, d])
"""
    answers = [each.responses for each in _application(program).operations]
    statuses = [[answer.status for answer in each if not answer.automatic] for each in answers if isinstance(each, tuple)]
    assert statuses == [["200"], ["201"], ["204"], ["200", "404", "418"]]


def test_identities_as_litestar_makes_them() -> None:
    program = """
class Books(Controller):
    path = "/api/book-shelf"
    @get("/{book_id:uuid}")
    async def get_book(self, book_id: uuid.UUID) -> None: ...
    @route("/x", http_method=["GET", "POST"])
    async def both(self) -> None: ...
    @get("/y", operation_id="Named")
    async def named(self) -> None: ...
app = Litestar([Books])
"""
    assert [each.operation_id for each in _application(program).operations] == [
        "ApiBookShelfBookIdGetBook", "ApiBookShelfXGetBoth", "ApiBookShelfXPostBoth", "Named",
    ]  # fmt: skip


def test_bodies_and_answers_of_structs_data_classes_and_pages() -> None:
    operation, api = _operation("@post('/x')\nasync def handle(data: Page) -> Response[Book]: ...\n")
    assert _names(api, operation.body) == ["pageNumber", "footNote"]
    assert isinstance(operation.responses, tuple)
    assert _names(api, Body(operation.responses[0].content)) == ["title", "pages"]
    listed, api = _operation("@get('/x')\nasync def handle() -> OffsetPagination[Page]: ...\n")
    assert isinstance(listed.responses, tuple)
    assert _names(api, Body(listed.responses[0].content)) == ["items", "limit", "offset", "total"]


def test_a_forms_media_type() -> None:
    operation, _ = _operation(
        "@post('/x')\nasync def handle(data: Annotated[Book, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> None: ...\n"
    )
    assert isinstance(operation.body, Body)
    assert operation.body.content[0][0] == "application/x-www-form-urlencoded"


def test_transfer_objects_hand_made_responses_and_aliases_leave_shapes_unknown() -> None:
    dto, _ = _operation("@post('/x', dto=DataclassDTO[Book])\nasync def handle(data: Book) -> Book: ...\n")
    assert isinstance(dto.body, Body) and isinstance(dto.responses, tuple)
    assert dto.body.content[0][1].unknown is not None and dto.responses[0].unknown is not None
    plain, api = _operation("@post('/x', dto=DataclassDTO[Book], return_dto=None)\nasync def handle(data: Book) -> Book: ...\n")
    assert isinstance(plain.responses, tuple)
    assert _names(api, Body(plain.responses[0].content)) == ["title", "pages"]
    file, _ = _operation("@get('/x')\nasync def handle() -> File: ...\n")
    assert isinstance(file.responses, tuple) and file.responses[0].unknown is not None
    aliased, _ = _operation(
        "class A(BaseModel):\n    one: int = Field(alias='uno')\n@get('/x')\nasync def handle() -> A: ...\n"
    )
    assert isinstance(aliased.responses, tuple) and aliased.responses[0].unknown is not None


def test_parameters_of_the_handler_and_what_dependencies_leave_open() -> None:
    operation, _ = _operation(
        "@get('/{key:int}')\n"
        "async def handle(key: int, word: str, size: int = 10, token: Annotated[str, Parameter(header='X-Token', min_length=3)] = '') -> None: ...\n"
    )
    assert isinstance(operation.parameters, tuple)
    assert [(each.where, each.name, each.required) for each in operation.parameters] == [
        ("path", "key", True), ("query", "word", True), ("query", "size", False), ("header", "X-Token", False),
    ]  # fmt: skip
    assert operation.parameters[3].schema.min_length == 3 and operation.reads_request is None
    injected, _ = _operation(
        "def service(): ...\n@get('/x', dependencies={'service': Provide(service)})\nasync def handle(service: Any) -> None: ...\n"
    )
    assert injected.parameters == () and injected.reads_request is not None and injected.body is None
    unseen, _ = _operation(
        "import other\n@get('/x', dependencies=other.make())\nasync def handle(service: Any) -> None: ...\n"
    )
    assert unseen.parameters == () and unseen.reads_request is not None and isinstance(unseen.body, Unknown)


def test_layers_decide_documentation_and_tags() -> None:
    program = """
class Hidden(Controller):
    include_in_schema = False
    tags = ["b"]
    @get("/a", tags=["a"])
    async def a(self) -> None: ...
    @get("/b", include_in_schema=True)
    async def b(self) -> None: ...
app = Litestar([Hidden], tags=["c"])
"""
    assert [(each.documented, each.tags) for each in _application(program).operations] == [
        (False, ("a", "b", "c")), (True, ("b", "c")),
    ]  # fmt: skip

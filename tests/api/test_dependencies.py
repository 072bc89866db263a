"""What handlers take, as FastAPI decides it: parameters, bodies and security through dependencies."""

from __future__ import annotations

import pytest
from programs import operation_of, request_schema

from lsp_server.api.model import Body
from lsp_server.unknown import Unknown


def taken(source: str, path: str = "/x") -> list[str]:
    """Parameters as `where name` with `!` behind required ones."""
    operation, _ = operation_of(source)
    assert isinstance(operation.parameters, tuple), operation.parameters
    return sorted(f"{p.where} {p.name}{'!' if p.required is True else ''}" for p in operation.parameters)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("q", ["query q!"]),
        ("q: int = 1", ["query q"]),
        ("q: int | None", ["query q!"]),
        ("q: Optional[str] = None", ["query q"]),
        ("q: int = Query(...)", ["query q!"]),
        ("q: Annotated[int, Query(ge=1)] = 2", ["query q"]),
        ("q: list[int] = Query()", ["query q!"]),
        ("q: Annotated[list[int], Query(default_factory=list)]", ["query q"]),
        ("q: int = Query(1, alias='page[size]')", ["query page[size]"]),
        ("x_token: str = Header()", ["header x-token!"]),
        ("x_token: str = Header('', convert_underscores=False)", ["header x_token"]),
        ("session: str = Cookie(None)", ["cookie session"]),
        ("hidden: str = Query('', include_in_schema=False)", []),
        ("request: Request, response: Response, tasks: BackgroundTasks", []),
        ("q: datetime.datetime", ["query q!"]),
    ],
)
def test_parameters(parameters: str, expected: list[str]) -> None:
    assert taken(f"@app.get('/x')\ndef f({parameters}): ...") == expected


def test_path_parameters() -> None:
    assert taken("@app.get('/x/{id}/{rest:path}')\ndef f(rest: str, id: int = Path(ge=1)): ...") == ["path id!", "path rest!"]


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ("def dep(a: int): ...\n@app.get('/x')\ndef f(d=Depends(dep)): ...", ["query a!"]),
        ("def deep(b: int): ...\ndef dep(a: int, c=Depends(deep)): ...\n@app.get('/x')\ndef f(d=Depends(dep)): ...",
         ["query a!", "query b!"]),
        ("def dep(a: int): ...\nD = Annotated[int, Depends(dep)]\n@app.get('/x')\ndef f(d: D): ...", ["query a!"]),
        ("class Page:\n    def __init__(self, skip: int = 0, limit: int = 9): ...\n@app.get('/x')\ndef f(p: Page = Depends()): ...",
         ["query limit", "query skip"]),
        ("class Check:\n    def __call__(self, a: int): ...\ncheck = Check()\n@app.get('/x')\ndef f(p=Depends(check)): ...", ["query a!"]),
        ("@dataclasses.dataclass\nclass Page:\n    skip: int = 0\n@app.get('/x')\ndef f(p: Annotated[Page, Depends()]): ...", ["query skip"]),
        ("class Filter(BaseModel):\n    a: int\n    b: str | None = None\n@app.get('/x')\ndef f(p: Filter = Depends()): ...",
         ["query a!", "query b"]),
        ("class Filter(BaseModel):\n    a_b: int = Field(alias='aB')\n@app.get('/x')\ndef f(p: Annotated[Filter, Query()]): ...", ["query aB!"]),
        ("def make(name):\n    def dep(value: int = Query(alias=name)): ...\n    return dep\n@app.get('/x')\n"
         "def f(a=Depends(make('a')), b=Depends(make('b'))): ...", ["query a!", "query b!"]),
        ("def dep(a: int): ...\n@app.get('/x', dependencies=[Depends(dep)])\ndef f(a: int): ...", ["query a!"]),
        ("import functools\ndef dep(a: int, b: int): ...\n@app.get('/x')\ndef f(d=Depends(functools.partial(dep, 1))): ...", ["query b!"]),
        ("import inspect\nfrom makefun import with_signature\n@with_signature(inspect.Signature([inspect.Parameter(\n"
         "    'a', inspect.Parameter.KEYWORD_ONLY, annotation=int)]))\ndef dep(**more): ...\n@app.get('/x')\ndef f(d=Depends(dep)): ...",
         ["query a!"]),
        ("import inspect\ndef real(a: int): ...\ndef dep(*args, **more): ...\ndep.__signature__ = inspect.signature(real)\n"
         "@app.get('/x')\ndef f(d=Depends(dep)): ...", ["query a!"]),
        ("class View:\n    tenant: str = Depends(lambda tenant: tenant)\n    @app.get('/x')\n    def f(self, a: int): ...",
         ["query a!", "query tenant!"]),
        ("import functools\ndef log(f):\n    @functools.wraps(f)\n    def inner(*args, **more): ...\n    return inner\n"
         "@app.get('/x')\n@log\ndef f(a: int): ...", ["query a!"]),
    ],
)  # fmt: skip
def test_dependencies(dependency: str, expected: list[str]) -> None:
    assert taken(dependency) == expected


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import dep\n@app.get('/x')\ndef f(d=Depends(dep)): ...",
        "def dep(*args, **more): ...\n@app.get('/x')\ndef f(d=Depends(dep)): ...",
        "class Thing:\n    a: int\n@app.get('/x')\ndef f(d: Thing): ...",
        "import random\n@app.get('/x')\ndef f(d=Query(alias=random.choice('ab'))): ...",
    ],
)
def test_what_cannot_be_followed_may_take_more(source: str) -> None:
    operation, _ = operation_of(source)
    assert operation.parameters == ()
    assert isinstance(operation.reads_request, Unknown)
    assert isinstance(operation.security, Unknown)


def test_what_is_known_stays_known_beside_what_is_not() -> None:
    operation, _ = operation_of("from elsewhere import dep\n@app.get('/x')\ndef f(a: int, d=Depends(dep)): ...")
    assert operation.parameter("query", "a") is not None and isinstance(operation.reads_request, Unknown)


@pytest.mark.parametrize(
    ("parameters", "media_type", "names", "required"),
    [
        ("m: M", "application/json", ["a"], True),
        ("m: M | None = None", "application/json", ["a"], False),
        ("m: M = Body(embed=True)", "application/json", ["m"], True),
        ("m: M, n: M", "application/json", ["m", "n"], True),
        ("m: M, n: int = Body(1)", "application/json", ["m", "n"], True),
        ("user: str = Form(), code: str = Form('')", "application/x-www-form-urlencoded", ["code", "user"], True),
        ("m: Annotated[M, Form()]", "application/x-www-form-urlencoded", ["a"], True),
        ("file: UploadFile", "multipart/form-data", ["file"], True),
        ("files: list[UploadFile] = File(None), note: str = Form('')", "multipart/form-data", ["files", "note"], False),
        ("form: OAuth2PasswordRequestForm = Depends()", "application/x-www-form-urlencoded",
         ["client_id", "client_secret", "grant_type", "password", "scope", "username"], True),
    ],
)  # fmt: skip
def test_bodies(parameters: str, media_type: str, names: list[str], required: bool) -> None:
    operation, api = operation_of(f"class M(BaseModel):\n    a: int\n@app.post('/x')\ndef f({parameters}): ...")
    assert isinstance(operation.body, Body)
    ((found, schema),) = operation.body.content
    while schema.any_of:
        schema = schema.any_of[0]
    assert (found, operation.body.required) == (media_type, required)
    assert sorted(entry.name for entry in api.resolve(schema).properties) == names


def test_bare_collections_are_bodies() -> None:
    operation, _ = operation_of("@app.post('/x')\ndef f(ids: list[int], more: dict[str, int] = {}): ...")
    assert operation.parameters == ()
    assert isinstance(operation.body, Body)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("oauth = OAuth2PasswordBearer('token')\n@app.get('/x')\ndef f(t=Depends(oauth)): ...", [{"OAuth2PasswordBearer": ()}]),
        ("oauth = OAuth2PasswordBearer('token')\ndef user(t=Depends(oauth)): ...\n@app.get('/x')\n"
         "def f(t=Security(user, scopes=['me'])): ...", [{"OAuth2PasswordBearer": ("me",)}]),
        ("key = APIKeyHeader(name='X-Key', scheme_name='key', auto_error=False)\n@app.get('/x', dependencies=[Security(key, scopes=['a'])])\n"
         "def f(): ...", [{"key": ()}]),
        ("class Bearer(HTTPBearer):\n    def __init__(self):\n        super().__init__(auto_error=False)\n"
         "    async def __call__(self, request: Request): ...\n@app.get('/x')\ndef f(t=Depends(Bearer())): ...", [{"Bearer": ()}]),
        ("a = HTTPBasic()\nb = HTTPBearer()\n@app.get('/x')\ndef f(t=Depends(a), u=Depends(b)): ...",
         [{"HTTPBasic": ()}, {"HTTPBearer": ()}]),
        ("@app.get('/x')\ndef f(): ...", []),
    ],
)  # fmt: skip
def test_security(source: str, expected: list[dict[str, tuple[str, ...]]]) -> None:
    operation, api = operation_of(source)
    assert isinstance(operation.security, tuple)
    assert [dict(requirement.schemes) for requirement in operation.security] == expected
    assert {scheme.name for scheme in api.security_schemes} == {name for entry in expected for name in entry}


def test_a_condition_on_a_dependency_leaves_security_open() -> None:
    source = (
        "def make(secure):\n    found = []\n    if secure:\n        found.append(Depends(HTTPBearer()))\n    return found\n"
        "@app.get('/x', dependencies=make(input()))\ndef f(): ..."
    )
    operation, _ = operation_of(source)
    assert isinstance(operation.security, Unknown)


def test_defaults_and_bounds() -> None:
    operation, _ = operation_of("@app.get('/x')\ndef f(q: Annotated[int, Query(ge=1, le=9)] = 3, r: str = Query('a', pattern='^a')): ...")
    q, r = operation.parameter("query", "q"), operation.parameter("query", "r")
    assert q is not None and r is not None
    assert (q.schema.minimum, q.schema.maximum, q.schema.default) == (1, 9, 3)
    assert (r.schema.pattern, r.schema.default) == ("^a", "a")


def test_defaults_from_settings_are_not_known() -> None:
    operation, _ = operation_of(
        "import os\n@app.get('/x')\ndef f(q: str = os.getenv('Q', 'a'), r: str = Query(os.getenv('R', 'b'))): ..."
    )
    for name in ("q", "r"):
        parameter = operation.parameter("query", name)
        assert parameter is not None and parameter.required is False and isinstance(parameter.schema.default, Unknown)


def test_of_a_form_with_an_alias_only_the_other_fields_are_known() -> None:
    source = "@app.post('/x')\ndef f(token: str = Form(alias='refresh_token'), code: str = Form()): ..."
    schema = request_schema(source)
    assert schema == {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"], "allOf": [None]}
    operation, _ = operation_of("@app.post('/x')\ndef f(token: str = Form(alias='refresh_token')): ...")
    assert isinstance(operation.body, Unknown) and "refresh_token" in operation.body.what


@pytest.mark.parametrize(
    ("version", "argument"), [(1, "alias='refresh_token'"), (2, "alias='refresh_token', validation_alias='refresh_token'")]
)
def test_aliases_that_every_release_documents(version: int, argument: str) -> None:
    _, api = operation_of(f"@app.post('/x')\ndef f(token: str = Form({argument}), code: str = Form()): ...", version)
    assert [each.name for each in api.schemas["Body_f_x_post"].properties] == ["refresh_token", "code"]


@pytest.mark.parametrize("annotation", ["Money", "Optional[Money]", "Price"])
def test_where_a_type_of_another_package_is_taken_from_is_not_known(annotation: str) -> None:
    source = f"from moneylib import Money\nclass Price(Money): ...\n@app.post('/x')\ndef f(price: {annotation}, q: int = 1): ..."
    operation, _ = operation_of(source)
    assert isinstance(operation.body, Unknown) and "another package" in operation.body.what
    assert isinstance(operation.parameters, tuple) and [each.name for each in operation.parameters] == ["q"]


@pytest.mark.parametrize("annotation", ["Union[Item, Money]", "List[Money]", "dict[str, Money]"])
def test_what_is_surely_a_body_stays_one(annotation: str) -> None:
    source = f"from moneylib import Money\nclass Item(BaseModel):\n    a: int\n@app.post('/x')\ndef f(price: {annotation}): ..."
    operation, _ = operation_of(source)
    assert isinstance(operation.body, Body)


def test_said_explicitly_a_type_of_another_package_is_where_it_is_said_to_be() -> None:
    operation, _ = operation_of("from moneylib import Money\n@app.post('/x/{p}')\ndef f(p: Money, q: Money = Query(), h: Money = Header()): ...")
    assert isinstance(operation.parameters, tuple) and [each.where for each in operation.parameters] == ["path", "query", "header"]

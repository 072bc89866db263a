"""Types and classes of Python as shapes, for Pydantic 1 and 2."""

from __future__ import annotations

import pytest
from programs import IMPORTS, answer_schema, api_of, operation_of, request_schema

from lsp_server.unknown import Unknown


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("str", {"type": "string"}),
        ("int | None", {"type": ["integer", "null"]}),
        ("Optional[List[str]]", {"type": ["array", "null"], "items": {"type": "string"}}),
        ("Union[int, str]", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("set[int]", {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        ("tuple[int, str]", {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
        ("Any", {}),
        ("datetime.datetime", {"type": "string", "format": "date-time"}),
        ("datetime.timedelta", {"type": "string", "format": "duration"}),
        ("uuid.UUID", {"type": "string", "format": "uuid"}),
        ("decimal.Decimal", {"type": "string"}),
        ("EmailStr", {"type": "string", "format": "email"}),
        ("HttpUrl", {"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083}),
        ("PositiveInt", {"type": "integer", "exclusiveMinimum": 0}),
        ("conint(ge=1)", {"type": "integer", "minimum": 1}),
        ("constr(max_length=3)", {"type": "string", "maxLength": 3}),
        ("Annotated[str, Field(min_length=2)]", {"type": "string", "minLength": 2}),
        ("Annotated[list[int], Field(max_length=2)]", {"type": "array", "items": {"type": "integer"}, "maxItems": 2}),
        ("Annotated[int, PlainSerializer(lambda v: '', return_type=str)]", {"type": "string"}),
        ("'int'", {"type": "integer"}),
        ("UserId", {"type": "integer"}),
        ("Color", {"type": "string", "enum": ["red", "blue"]}),
        ("Level", {"type": "integer", "enum": [1, 2]}),
    ],
)
def test_types(annotation: str, expected: object) -> None:
    source = (
        "UserId = NewType('UserId', int)\nclass Color(str, enum.Enum):\n    red = 'red'\n    blue = 'blue'\n"
        "class Level(enum.IntEnum):\n    low = 1\n    high = 2\n"
    )
    assert answer_schema(f"{source}@app.get('/x')\ndef f() -> {annotation}: ...") == expected


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\nclass M(Base):\n    a: int",
        "from library import Base\nclass M(Base):\n    a: int",
        "class M:\n    a: int",
        "class M(str):\n    @classmethod\n    def __get_validators__(cls): ...",
        "class M(BaseModel):\n    a: int\n    @model_serializer\n    def write(self): ...",
        "class M(BaseModel):\n    a: int\n    model_config = ConfigDict(alias_generator=__import__('x').y)",
        "class M(BaseModel):\n    a: int\n    model_config = {'json_schema_extra': {'properties': {}}}",
    ],
)
def test_what_cannot_be_read_is_not_known(source: str) -> None:
    assert answer_schema(f"{source}\n@app.get('/x')\ndef f() -> M: ...") is None


def model(source: str, output: bool = True, pydantic: int | None = 2) -> tuple[list[str], list[str]]:
    """Names and required names of the properties of the class M."""
    route = "@app.get('/x')\ndef f() -> M: ..." if output else "@app.post('/x')\ndef f(m: M): ..."
    read = answer_schema if output else request_schema
    schema = read(f"{source}\n{route}", pydantic)
    assert isinstance(schema, dict)
    return list(schema["properties"]), schema.get("required", [])


@pytest.mark.parametrize(
    ("source", "names", "required"),
    [
        ("class M(BaseModel):\n    a: int\n    b: int = 1\n    c: int | None\n    d: int | None = None", "a b c d", "a c"),
        ("class M(BaseModel):\n    a: int = Field()\n    b: int = Field(1)\n    c: list = Field(default_factory=list)", "a b c", "a"),
        ("class M(BaseModel):\n    _a: int\n    b: ClassVar[int] = 1\n    c: int", "c", "c"),
        ("class A(BaseModel):\n    a: int\nclass M(A):\n    b: int\n    a: int = 1", "a b", "b"),
        ("class M(BaseModel):\n    a_b: int = Field(alias='aB')\n    c: int = Field(1, serialization_alias='cc')", "aB cc", "aB"),
        ("from pydantic.alias_generators import to_camel\nclass B(BaseModel):\n    model_config = ConfigDict(alias_generator=to_camel)\n"
         "class M(B):\n    first_name: str", "firstName", "firstName"),
        ("def loud(name): return name.upper()\nclass M(BaseModel):\n    a: int\n    class Config:\n        alias_generator = loud", "A", "A"),
        ("class M(BaseModel):\n    a: int\n    @computed_field\n    @property\n    def b(self) -> int: ...", "a b", "a b"),
        ("class M(BaseModel):\n    a: int\n    b: int = Field(exclude=True)", "a", "a"),
        ("@dataclasses.dataclass\nclass M:\n    a: int\n    b: int = 1", "a b", "a"),
        ("class M(TypedDict, total=False):\n    a: Required[int]\n    b: int", "a b", "a"),
        ("from sqlmodel import SQLModel, Field as F, Relationship\nclass M(SQLModel, table=True):\n"
         "    id: int = F(primary_key=True)\n    items: list = Relationship()", "id", "id"),
        ("from pydantic.json_schema import SkipJsonSchema\nclass M(BaseModel):\n    a: int\n    b: SkipJsonSchema[int]", "a", "a"),
        ("if TYPE_CHECKING:\n    class M(BaseModel):\n        a: int\nelse:\n    class M(BaseModel):\n        b: int", "b", "b"),
    ],
)  # fmt: skip
def test_models_as_they_are_written(source: str, names: str, required: str) -> None:
    assert model(source) == (names.split(), required.split())


@pytest.mark.parametrize(
    ("source", "names", "required"),
    [
        ("class M(BaseModel):\n    a_b: int = Field(validation_alias='ab', serialization_alias='x')", "ab", "ab"),
        ("class M(BaseModel):\n    a: int = Field(validation_alias=AliasChoices('first', 'second'))", "first", "first"),
        ("class M(BaseModel):\n    a: int\n    @computed_field\n    @property\n    def b(self) -> int: ...", "a", "a"),
    ],
)
def test_models_as_they_are_read(source: str, names: str, required: str) -> None:
    assert model(source, output=False) == (names.split(), required.split())


@pytest.mark.parametrize(
    ("pydantic", "required"),
    [(1, ["a", "c"]), (2, ["a", "b", "c"])],
)
def test_optional_fields_without_a_default(pydantic: int | None, required: list[str]) -> None:
    source = "class M(BaseModel):\n    a: int\n    b: Optional[int]\n    c: int = Field(...)"
    assert model(source, output=False, pydantic=pydantic)[1] == required


def test_the_version_is_read_from_the_imports() -> None:
    source = (
        "from typing import Optional\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel, validator\napp = FastAPI()\n"
        "class M(BaseModel):\n    b: Optional[int]\n    c = 1\n@app.post('/x')\ndef f(m: M): ..."
    )
    api = api_of(source, pydantic=None)
    assert not api.states_null
    assert [(entry.name, entry.required) for entry in api.schemas["M"].properties] == [("b", False), ("c", False)]


def test_without_a_known_version_optional_fields_stay_open() -> None:
    source = (
        "from typing import Optional\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\n"
        "class M(BaseModel):\n    a: int\n    b: Optional[int]\n@app.post('/x')\ndef f(m: M): ..."
    )
    a, b = api_of(source, pydantic=None).schemas["M"].properties
    assert a.required is True and isinstance(b.required, Unknown)


def test_what_is_read_and_what_is_written_have_names_of_their_own() -> None:
    source = "class M(BaseModel):\n    a: int\n    @computed_field\n    def b(self) -> int: ...\n@app.post('/x')\ndef f(m: M) -> M: ..."
    _, api = operation_of(source)
    assert {name: [entry.name for entry in schema.properties] for name, schema in api.schemas.items()} == {
        "M": ["a"], "M-Output": ["a", "b"],
    }  # fmt: skip


def test_generic_models() -> None:
    source = (
        "T = TypeVar('T')\nclass Page(BaseModel, Generic[T]):\n    items: list[T]\nclass Item(BaseModel):\n    a: int\n"
        "@app.get('/x')\ndef f() -> Page[Item]: ..."
    )
    _, api = operation_of(source)
    assert set(api.schemas) == {"Page_Item_", "Item"}
    (items,) = api.schemas["Page_Item_"].properties
    assert items.schema.items is not None and items.schema.items.ref == "Item"


def test_inherited_generic_models() -> None:
    source = "T = TypeVar('T')\nclass Page(BaseModel, Generic[T]):\n    item: T\nclass M(Page[int]): ...\n@app.get('/x')\ndef f() -> M: ..."
    assert answer_schema(source) == {"type": "object", "properties": {"item": {"type": "integer"}}, "required": ["item"]}


def test_recursive_models() -> None:
    _, api = operation_of("class Node(BaseModel):\n    children: list[Node] = []\n@app.get('/x')\ndef f() -> Node: ...")
    (children,) = api.schemas["Node"].properties
    assert children.schema.items is not None and children.schema.items.ref == "Node"


def test_classes_of_one_name_stay_apart() -> None:
    source = "import other\nclass M(BaseModel):\n    a: int\n@app.get('/x')\ndef f() -> tuple[M, other.M]: ..."
    _, api = operation_of(source, other="from pydantic import BaseModel\nclass M(BaseModel):\n    b: int\n")
    assert set(api.schemas) == {"M", "other__M"}


def test_root_models() -> None:
    assert answer_schema("class M(RootModel[list[int]]): ...\n@app.get('/x')\ndef f() -> M: ...") == {"type": "array", "items": {"type": "integer"}}
    source = "class M(BaseModel):\n    __root__: str\n@app.get('/x')\ndef f() -> M: ..."
    assert answer_schema(source, pydantic=1) == {"type": "string"}


def test_discriminated_unions() -> None:
    source = (
        "class A(BaseModel):\n    kind: Literal['a']\nclass B(BaseModel):\n    kind: Literal['b']\n"
        "@app.post('/x')\ndef f(m: Annotated[A | B, Field(discriminator='kind')]): ..."
    )
    operation, _ = operation_of(source)
    ((_, schema),) = operation.body.content  # type: ignore[union-attr]
    assert [part.ref for part in schema.one_of] == ["A", "B"] and schema.discriminator == "kind"


def test_hooks_that_keep_the_schema() -> None:
    source = (
        "from pydantic_core import core_schema\nclass Moment(datetime.datetime):\n    @classmethod\n"
        "    def __get_pydantic_core_schema__(cls, source, handler):\n"
        "        return core_schema.no_info_after_validator_function(print, handler(datetime.datetime))\n"
        "class M(BaseModel):\n    at: Moment\n    @classmethod\n    def __get_pydantic_core_schema__(cls, source, handler):\n"
        "        result = handler(source)\n        result['ref'] = 'X'\n        return result\n"
        "@app.get('/x')\ndef f() -> M: ..."
    )
    assert answer_schema(source) == {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}, "required": ["at"]}


def test_extra_requirements() -> None:
    source = (
        "def more(schema): schema['required'].append('b')\nclass M(BaseModel):\n    model_config = ConfigDict(json_schema_extra=more)\n"
        "    a: int\n    b: int = 1"
    )
    assert model(source) == (["a", "b"], ["a", "b"])


def test_forbidden_and_allowed_extras() -> None:
    source = "class M(BaseModel):\n    model_config = ConfigDict(extra='forbid')\n    a: int\n@app.get('/x')\ndef f() -> M: ..."
    assert answer_schema(source) == {
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False,
    }  # fmt: skip


@pytest.mark.parametrize("maker", ["Query", "Body", "Form", "Field"])
def test_fastapis_parameter_functions_are_fields_in_models(maker: str) -> None:
    source = f"class M(BaseModel):\n    a: str = {maker}(min_length=2, max_length=20)\n    b: str = {maker}('x')\n@app.post('/x')\ndef f(m: M): ..."
    schema = request_schema(source)
    assert isinstance(schema, dict) and schema["required"] == ["a"]
    assert schema["properties"]["a"] == {"type": "string", "minLength": 2, "maxLength": 20}


def test_a_root_model_made_on_the_spot() -> None:
    assert answer_schema("@app.get('/x')\ndef f() -> RootModel[List[int]]: ...") == {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(("option", "names"), [("", ["a", "b"]), ("separate_input_output_schemas=False", ["a"])])
def test_an_application_may_describe_what_it_writes_as_what_it_reads(option: str, names: list[str]) -> None:
    source = (
        f"{IMPORTS.replace('app = FastAPI()', f'app = FastAPI({option})')}"
        "class M(BaseModel):\n    a: int\n    @computed_field\n    @property\n    def b(self) -> int: ...\n"
        "@app.get('/x')\ndef f() -> M: ..."
    )
    (schema,) = api_of(source).schemas.values()
    assert [each.name for each in schema.properties] == names

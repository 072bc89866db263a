"""How other packages' names are spelled, since several modules export each of them, and what is one of the named classes.

One table of modules, one canonical spelling per name, for all frameworks. Knows names and status codes only, not what calls mean.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus

from lsp_server.python.values import ClassValue, EnumMember, External, Instance, Method, Specialized, Value

# Modules whose public names are also (or rather) known under a shorter one. The longest match wins.
_MODULES = {
    "fastapi.applications": "fastapi",
    "fastapi.routing": "fastapi",
    "fastapi.param_functions": "fastapi",
    "fastapi.params": "fastapi",
    "fastapi.datastructures": "fastapi",
    "fastapi.background": "fastapi",
    "fastapi.requests": "fastapi",
    "fastapi.websockets": "fastapi",
    "fastapi.responses": "starlette.responses",
    "fastapi.staticfiles": "starlette.staticfiles",
    "fastapi.middleware.wsgi": "starlette.middleware.wsgi",
    "fastapi.security.api_key": "fastapi.security",
    "fastapi.security.http": "fastapi.security",
    "fastapi.security.oauth2": "fastapi.security",
    "fastapi.security.open_id_connect_url": "fastapi.security",
    "fastapi.security.base": "fastapi.security",
    "fastapi_utils.cbv": "fastapi_utils",
    "fastapi_restful.cbv": "fastapi_utils",
    "fastapi_utils.inferring_router": "fastapi_utils",
    "fastapi_restful": "fastapi_utils",
    "classy_fastapi.decorators": "classy_fastapi",
    "starlette.requests": "fastapi",
    "starlette.websockets": "fastapi",
    "starlette.background": "fastapi",
    "starlette.datastructures": "fastapi",
    "pydantic.v1": "pydantic",
    "pydantic.fields": "pydantic",
    "pydantic.main": "pydantic",
    "pydantic.types": "pydantic",
    "pydantic.networks": "pydantic",
    "pydantic.color": "pydantic",
    "pydantic.root_model": "pydantic",
    "pydantic.generics": "pydantic",
    "pydantic.json_schema": "pydantic",
    "pydantic.functional_validators": "pydantic",
    "pydantic.functional_serializers": "pydantic",
    "pydantic.dataclasses": "pydantic.dataclasses",
    "pydantic.alias_generators": "pydantic.alias_generators",
    "pydantic_settings": "pydantic",
    "sqlmodel.main": "sqlmodel",
    "collections.abc": "typing",
    "typing_extensions": "typing",
}
_NAMES = {
    "fastapi.Response": "starlette.responses.Response",
    "fastapi.JSONResponse": "starlette.responses.JSONResponse",
    "fastapi.HTTPConnection": "fastapi.Request",
    "fastapi_utils.InferringRouter": "fastapi.APIRouter",
    "builtins.list": "typing.List", "builtins.dict": "typing.Dict", "builtins.set": "typing.Set",
    "builtins.frozenset": "typing.FrozenSet", "builtins.tuple": "typing.Tuple", "builtins.type": "typing.Type",
    "collections.deque": "typing.Deque", "collections.OrderedDict": "typing.Dict",
    "collections.defaultdict": "typing.Dict", "collections.Counter": "typing.Dict",
    "types.UnionType": "typing.Union",
}  # fmt: skip


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """The canonical spelling of a dotted name of another package."""
    for _ in range(3):
        renamed = _NAMES.get(name)
        if renamed is None:
            module, _, last = name.rpartition(".")
            renamed = f"{_MODULES[module]}.{last}" if module in _MODULES else name
        if renamed == name:
            break
        name = renamed
    return name


def name_of(value: Value) -> str | None:
    """The canonical name of another package's thing, None for everything else."""
    return spelled(value.name) if isinstance(value, External) else None


def made_by(value: Value) -> str | None:
    """The canonical name of what another package's object was made by (`fastapi.Query` for `Query(1)`)."""
    if not isinstance(value, Instance):
        return None
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    return name_of(origin)


def bases_of(cls: ClassValue) -> tuple[str, ...]:
    """Canonical names of the other packages' classes a class inherits from."""
    return tuple(spelled(name) for name in cls.externals())


def is_a(value: Value, *names: str) -> bool:
    """Whether a value is an object of one of the named classes, or of a workspace class below one."""
    if not isinstance(value, Instance):
        return False
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        return spelled(origin.name) in names
    return isinstance(origin, ClassValue) and any(name in names for name in bases_of(origin))


def is_class_of(value: Value, *names: str) -> bool:
    """Whether a value is one of the named classes, or a workspace class below one."""
    if isinstance(value, External):
        return spelled(value.name) in names
    return isinstance(value, ClassValue) and any(name in names for name in bases_of(value))


_STATUS = re.compile(r"HTTP_(\d{3})(?:_\w+)?$")


def status_code(value: Value) -> int | None:
    """A status code from a number, `status.HTTP_201_CREATED` or `HTTPStatus.CREATED`; None where it is neither."""
    if isinstance(value, EnumMember):
        value = value.value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, Method) and value.name in ("value", "real") and isinstance(value.receiver, External):
        value = value.receiver
    if isinstance(value, External):
        name = value.name.removesuffix(".value")
        match = _STATUS.search(name)
        if match:
            return int(match[1])
        if name.startswith("http.HTTPStatus."):
            member = HTTPStatus.__members__.get(name.rpartition(".")[2])
            return int(member) if member is not None else None
    return None

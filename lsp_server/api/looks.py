"""Which web frameworks a Python file's text may speak of, by a quick look: one line for each file in `frameworks/`.

Apart from the readers, so that a program only pays for those that it uses: a reader is imported where some file speaks of
its framework. A look may say yes too often, never no where the reader would find something.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """`reader` is the name of the file in `frameworks/`. `speaks`: whether a file's text is worth interpreting in search of
    routes. `packages`: names of which one stands somewhere in every program that uses the framework (imports say so); ()
    where `speaks` asks for nothing else. `described`: no file speaks of it, the configuration does.
    """

    reader: str
    speaks: Callable[[str], bool]
    packages: tuple[str, ...] = ()
    described: bool = False


_FASTAPI = ("fastapi", "FastAPI", "APIRouter", "include_router", "add_api_route", "create_app", "make_app", "build_app",
            "get_app", "init_app", "Router(")  # fmt: skip
_DECORATORS = tuple(f".{method}(" for method in ("get", "post", "put", "patch", "delete", "api_route"))
_DECORATED = re.compile(r"^[ \t]*@[\w.]+\.(?:get|post|put|patch|delete|api_route)\(", re.M)
_FLASK = ("flask", "Flask", "quart", "Quart", "Blueprint", "add_url_rule")
_AIOHTTP = re.compile(r"aiohttp\.web|from aiohttp import (?:\([^)]*|[^\n]*)\bweb\b")


def speaks_of_fastapi(text: str) -> bool:
    # Plain searches: a regular expression of alternatives is fifty times slower on the files that hold none of them.
    if any(word in text for word in _FASTAPI):
        return True
    return "@" in text and any(each in text for each in _DECORATORS) and _DECORATED.search(text) is not None


def speaks_of_flask(text: str) -> bool:
    return any(word in text for word in _FLASK) or ("@" in text and ".route(" in text)


def _words(*words: str) -> Callable[[str], bool]:
    return lambda text: any(word in text for word in words)


LOOKS = (
    Look("aiohttp", lambda text: "aiohttp" in text and _AIOHTTP.search(text) is not None),
    Look("connexion", _words("connexion")),
    Look("described", lambda text: False, described=True),
    Look("django", _words("urlpatterns", "DJANGO_SETTINGS_MODULE", "ROOT_URLCONF")),
    Look("falcon", _words("import falcon", "from falcon")),
    Look("fastapi", speaks_of_fastapi, packages=("fastapi",)),
    Look("flask", speaks_of_flask, packages=("flask", "from quart", "import quart")),
    Look("litestar", _words("litestar", "starlite")),
    Look("sanic", _words("sanic")),
    Look("starlette", _words("starlette")),
    Look("tornado", _words("import tornado", "from tornado")),
)


def frameworks_of(text: str) -> tuple[str, ...]:
    """The frameworks that a Python file's text may speak of, by their readers' names."""
    return tuple(look.reader for look in LOOKS if look.speaks(text))


def packages_named(text: str) -> tuple[str, ...]:
    """The frameworks whose packages a text names."""
    return tuple(look.reader for look in LOOKS if any(package in text for package in look.packages))

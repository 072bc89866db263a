"""Names of packages and of what they define, as far as they stand for something of Python's own: a property, a class with
declared fields, an object that counts as true, a package that no folder of the workspace replaces.

Names only. What a framework's calls mean is told by its reader, what its objects answer by `objects.py` and its table of kinds.
"""

from __future__ import annotations

# What a decorator makes of a function.
FUNCTION_KINDS = {
    "builtins.staticmethod": "static", "builtins.classmethod": "class", "builtins.property": "property",
    "functools.cached_property": "property", "abc.abstractproperty": "property",
    "sqlalchemy.util.classproperty": "class property", "pydantic.computed_field": "property",
    "sqlalchemy.orm.declared_attr": "class property", "sqlalchemy.ext.declarative.declared_attr": "class property",
    "sqlalchemy.orm.declared_attr.directive": "class property",
}  # fmt: skip
# Classes whose fields take their values from the environment.
SETTINGS = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings")
# Classes in which an annotation without a value is a field to be given.
MODELS = ("pydantic.BaseModel", "typing.NamedTuple", "typing.Protocol")
# Calls that stand for a field's default, and the argument that holds it.
FIELDS = {"pydantic.Field": "default", "pydantic.fields.Field": "default", "sqlmodel.Field": "default", "dataclasses.field": "default"}
# Classes whose objects count as true, empty or not: programs ask `if self.app`.
ALWAYS_TRUE = frozenset((
    "flask.Flask", "flask.app.Flask", "flask.Blueprint", "quart.Quart", "fastapi.FastAPI", "fastapi.APIRouter",
    "starlette.applications.Starlette", "sanic.Sanic", "connexion.FlaskApp", "connexion.App", "celery.Celery",
))  # fmt: skip
# Packages whose classes and functions readers know by name: imported, they are never ours, not even in their own repository,
# where the examples and tests beside them are programs like any other.
KNOWN_BY_NAME = frozenset((
    "aiohttp", "alembic", "allauth", "connexion", "falcon", "fastapi", "flask", "flask_sqlalchemy", "litestar", "pydantic",
    "pydantic_settings", "sqlalchemy", "sqlmodel", "starlette", "tornado",
))  # fmt: skip
# Packages that a module or folder of the same name (`utils/sqlalchemy.py`) does not replace, unless the workspace is theirs.
INSTALLED = frozenset((
    "aiohttp", "alembic", "celery", "connexion", "databases", "django", "falcon", "fastapi", "flask", "flask_sqlalchemy", "httpx",
    "jwt", "kombu", "litestar", "mongoengine", "pydantic", "pydantic_settings", "redis", "rest_framework", "oauth2_provider",
    "requests", "sentry_sdk", "sqlalchemy", "sqlmodel", "starlette", "structlog", "tornado", "traitlets", "uvicorn",
))  # fmt: skip

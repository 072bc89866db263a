"""Security schemes that a FastAPI program declares through objects of FastAPI's security classes."""

from __future__ import annotations

from lsp_server.api.model import SecurityScheme
from lsp_server.api.names import bases_of, spelled
from lsp_server.api.python_types import argument_of
from lsp_server.python.values import ClassValue, External, Instance, Specialized
from lsp_server.unknown import Unknown

_SECURITY = {
    "HTTPBearer": ("http", "bearer", None), "HTTPBasic": ("http", "basic", None), "HTTPDigest": ("http", "digest", None),
    "HTTPBase": ("http", None, None), "APIKeyHeader": ("apiKey", None, "header"), "APIKeyQuery": ("apiKey", None, "query"),
    "APIKeyCookie": ("apiKey", None, "cookie"), "OAuth2PasswordBearer": ("oauth2", None, None), "OAuth2": ("oauth2", None, None),
    "OAuth2AuthorizationCodeBearer": ("oauth2", None, None), "OpenIdConnect": ("openIdConnect", None, None),
    "SecurityBase": (None, None, None),
}  # fmt: skip
_SECURITY_NAMES = tuple(f"fastapi.security.{name}" for name in _SECURITY)


def security_scheme(value: Instance) -> SecurityScheme | Unknown | None:
    """The scheme that an object of FastAPI's security classes, or of a class below one, declares; None for others."""
    origin = value.origin.origin if isinstance(value.origin, Specialized) else value.origin
    if isinstance(origin, External):
        names: tuple[str, ...] = (spelled(origin.name),)
        own = names[0].rpartition(".")[2]
    elif isinstance(origin, ClassValue):
        names, own = bases_of(origin), origin.name
    else:
        return None
    base = next((name for name in names if name in _SECURITY_NAMES), None)
    if base is None:
        return None
    sort, scheme, where = _SECURITY[base.rpartition(".")[2]]
    arguments = value.base_arguments if value.base_arguments is not None else value.arguments
    stated = value.attributes.get("scheme_name", argument_of(arguments, "scheme_name"))
    if isinstance(stated, Unknown) or any(argument.star and isinstance(argument.value, Unknown) for argument in arguments):
        return Unknown("a security scheme named at run time", value.location)
    name = stated if isinstance(stated, str) and stated else own
    parameter = argument_of(arguments, "name")
    if base.endswith("HTTPBase"):
        stated_scheme = argument_of(arguments, "scheme")
        scheme = stated_scheme if isinstance(stated_scheme, str) else None
    return SecurityScheme(name, sort or Unknown("a security scheme", value.location), scheme, where,
                          parameter if isinstance(parameter, str) else None, value.location)  # fmt: skip

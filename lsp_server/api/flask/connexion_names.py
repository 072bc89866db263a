"""How Connexion's classes are spelled, in its versions 2 and 3."""

from __future__ import annotations

_MODULES = ("", "apps.", "apps.flask.", "apps.flask_app.", "apps.aiohttp_app.", "apps.asynchronous.", "middleware.", "middleware.main.")
APPLICATIONS = tuple(
    f"connexion.{module}{name}" for module in _MODULES for name in ("App", "FlaskApp", "AioHttpApp", "AsyncApp", "ConnexionMiddleware")
)
APIS = tuple(
    f"connexion.{module}{name}" for module in ("", "apis.", "apis.flask_api.", "apis.aiohttp_api.", "apps.flask.") for name in ("Api", "FlaskApi", "AioHttpApi")
)
RESOLVERS = {f"connexion.{module}{name}": name for module in ("", "resolver.") for name in
             ("Resolver", "RelativeResolver", "RestyResolver", "MethodResolver", "MethodViewResolver")}  # fmt: skip

"""How the classes of Flask and Quart are spelled, and how they write paths. What their calls mean is `flask_routing.py`."""

from __future__ import annotations

import re

APPLICATION = ("flask.Flask", "flask.app.Flask", "quart.Quart", "quart.app.Quart")
CURRENT_APPLICATION = ("flask.current_app", "flask.globals.current_app", "quart.current_app", "quart.globals.current_app")
BLUEPRINT = ("flask.Blueprint", "flask.blueprints.Blueprint", "quart.Blueprint", "quart.blueprints.Blueprint")
VIEW = ("flask.views.View", "quart.views.View")
METHOD_VIEW = ("flask.views.MethodView", "quart.views.MethodView")
RULE = ("werkzeug.routing.Rule", "werkzeug.routing.rules.Rule")

APPLICATION_ARGUMENTS = ("import_name", "static_url_path", "static_folder")
BLUEPRINT_ARGUMENTS = (
    "name", "import_name", "static_folder", "template_folder", "static_url_path", "url_prefix", "subdomain", "url_defaults",
)  # fmt: skip
REGISTERING = ("route", "add_url_rule", "register_blueprint")  # what puts something on an application
VERBS = ("get", "post", "put", "delete", "patch")  # decorators of one method each

# `<id>`, `<int:id>`, `<string(length=2):language>`.
PARAMETER = re.compile(r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?:[^()\"']|\"[^\"]*\"|'[^']*'|\([^()]*\))*\))?:)?(?P<name>[a-zA-Z_]\w*)>")


def join(prefix: str, rule: str) -> str:
    """A blueprint's prefix and a rule, as Flask puts them together: one slash between them."""
    if not prefix or not rule:
        return prefix or rule
    return f"{prefix.rstrip('/')}/{rule.lstrip('/')}"

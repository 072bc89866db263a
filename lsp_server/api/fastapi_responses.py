"""What a FastAPI route answers: its status, its response class and model, and the responses it declares besides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lsp_server.api.fastapi_signature import Signature
from lsp_server.api.model import Response, Schema
from lsp_server.api.names import bases_of, is_class_of, spelled, status_code
from lsp_server.api.parameter_kinds import unwrapped
from lsp_server.api.pydantic import Shapes
from lsp_server.api.pydantic_classes import plain_type
from lsp_server.api.python_types import ANYTHING
from lsp_server.api.routing import Route
from lsp_server.python.interpret import Interpreter
from lsp_server.python.judge import items_of
from lsp_server.python.values import ClassValue, EnumMember, External, FunctionValue, Value
from lsp_server.text import Location
from lsp_server.unknown import Unknown

_MEDIA_TYPES: dict[str, str | None] = {
    "Response": None, "JSONResponse": "application/json", "ORJSONResponse": "application/json", "UJSONResponse": "application/json",
    "HTMLResponse": "text/html", "PlainTextResponse": "text/plain", "RedirectResponse": None, "StreamingResponse": None,
    "FileResponse": None,
}  # fmt: skip
_JSON = ("JSONResponse", "ORJSONResponse", "UJSONResponse")
_NARROWING = ("response_model_include", "response_model_exclude")


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """`json`: its content is described by the response model; else it is text of the media type, if it has one."""

    json: bool
    media_type: str | Unknown | None
    status: int = 200


DEFAULT = ResponseClass(True, "application/json")


def response_class(interpreter: Interpreter, value: Value) -> ResponseClass:
    """What FastAPI knows of a response class."""
    if value is None:
        return DEFAULT
    names: tuple[str, ...]
    if isinstance(value, External):
        names = (spelled(value.name),)
    elif isinstance(value, ClassValue):
        names = bases_of(value)
    else:
        names = ()
    base = next((name.rpartition(".")[2] for name in names if name.startswith("starlette.responses.") and name.rpartition(".")[2] in _MEDIA_TYPES), None)
    if base is None:
        return ResponseClass(False, Unknown("a response class of another package"))
    media_type: str | Unknown | None = _MEDIA_TYPES[base]
    if isinstance(value, ClassValue):
        found = value.find("media_type")
        if found is not None:
            media_type = found[1] if found[1] is None or isinstance(found[1], str) else Unknown("a media type")
    return ResponseClass(base in _JSON, media_type, 307 if base == "RedirectResponse" else 200)


def read_responses(
    interpreter: Interpreter, shapes: Shapes, route: Route, declared: tuple[Value, ...], chosen: ResponseClass,
    function: FunctionValue | None, signature: Signature,
) -> tuple[Response, ...] | Unknown:  # fmt: skip
    """The route's own answer, those its routers and itself declare, and FastAPI's 422 where it validates something."""
    stated = route.options.get("status_code")
    status = chosen.status if stated is None else status_code(stated)
    if status is None:
        return Unknown("a status code computed at run time", route.location)
    place = route.options.places.get("status_code", route.location)
    answers = {str(status): _own(interpreter, shapes, route, chosen, function, status, place)}
    for value in declared:
        if not isinstance(value, dict):
            return value if isinstance(value, Unknown) else Unknown("responses that are not known", route.location)
        for key, entry in value.items():
            code = _code(key)
            if code is None:
                return Unknown("a status code computed at run time", route.location)
            answers[code] = _declared(shapes, code, entry, answers.get(code), chosen, route)
    validated = signature.validated
    if not {"422", "4XX", "default"} & set(answers) and validated is True:
        answers["422"] = Response("422", (("application/json", Schema(unknown=Unknown("FastAPI's own list of errors"))),),
                                  location=route.location, automatic=True)  # fmt: skip
    return tuple(answers.values())


def _code(key: Value) -> str | None:
    if isinstance(key, str):
        return key if key == "default" else key.upper()
    code = status_code(key)
    return str(code) if code is not None else None


def _bodiless(status: int) -> bool:
    return status < 200 or status in (204, 205, 304)


def _own(
    interpreter: Interpreter, shapes: Shapes, route: Route, chosen: ResponseClass, function: FunctionValue | None,
    status: int, place: Location,
) -> Response:  # fmt: skip
    description = route.options.get("response_description")
    text = description if isinstance(description, str) else None
    if _bodiless(status):
        return Response(str(status), description=text, location=place)
    if isinstance(chosen.media_type, Unknown):
        return Response(str(status), description=text, location=place, unknown=chosen.media_type)
    if chosen.media_type is None:
        return Response(str(status), description=text, location=place)
    if not chosen.json:
        return Response(str(status), ((chosen.media_type, Schema(types=("string",))),), description=text, location=place)
    schema = _model_schema(interpreter, shapes, route, function, place)
    unknown = schema.unknown
    return Response(str(status), ((chosen.media_type, schema),), description=text, location=place, unknown=unknown)


def _model_schema(interpreter: Interpreter, shapes: Shapes, route: Route, function: FunctionValue | None, place: Location) -> Schema:
    if "response_model" in route.options:
        model = route.options.get("response_model")
        place = route.options.places.get("response_model", place)
        if isinstance(model, Unknown):
            return Schema(unknown=model)
    elif function is not None and function.returns is not None:
        model = interpreter.annotation(function.returns)
        place = function.returns.location
        if is_response(model):
            model = None
    elif function is None:
        return Schema(unknown=Unknown("what an unknown handler returns", route.location))
    else:
        model = None
    if model is None:
        return ANYTHING
    schema = shapes.of(model, True, place)
    if any(route.options.get(name) is not None for name in _NARROWING):
        included, excluded = (_names_in(route.options.get(name)) for name in _NARROWING)
        return _narrowed(shapes, schema, included, excluded, place)
    return replace(schema, location=place) if schema.location is None else schema


def _names_in(value: Value) -> frozenset[str] | Unknown | None:
    """The names in `response_model_include` or `response_model_exclude`; None where it is not given."""
    if value is None:
        return None
    items = items_of(value) if not isinstance(value, str) else None
    if items is None or not all(isinstance(item, str) for item in items):
        return value if isinstance(value, Unknown) else Unknown("names computed at run time")
    return frozenset(items)


def _narrowed(
    shapes: Shapes, schema: Schema, included: frozenset[str] | Unknown | None, excluded: frozenset[str] | Unknown | None, place: Location
) -> Schema:  # fmt: skip
    """A response model of which parts are left out. FastAPI documents them all the same: that they are answered is not known."""
    doubt = Schema(unknown=Unknown("a response model of which parts are left out", place))
    if isinstance(included, Unknown) or isinstance(excluded, Unknown):
        return doubt
    if schema.items is not None:
        return replace(schema, items=_narrowed(shapes, schema.items, included, excluded, place))
    model = shapes.schemas.get(schema.ref) if schema.ref is not None else None
    if schema.ref is None or model is None or model.unknown is not None or not model.properties:
        return doubt
    kept = [each for each in model.properties if (included is None or each.name in included) and each.name not in (excluded or ())]
    name = f"{schema.ref} with {', '.join(each.name for each in kept)}"
    shapes.schemas.setdefault(name, replace(model, properties=tuple(kept), all_of=(*model.all_of, doubt)))
    return Schema(ref=name, location=place)


def is_response(annotation: Value) -> bool:
    """Whether a return annotation names a response class, so that it says nothing of the content."""
    kind, _ = unwrapped(annotation)
    kind = plain_type(kind)
    if is_class_of(kind, "starlette.responses.Response"):
        return True
    if isinstance(kind, External):
        return spelled(kind.name).startswith("starlette.responses.")
    return isinstance(kind, ClassValue) and any(name.startswith("starlette.responses.") for name in bases_of(kind))


def _declared(shapes: Shapes, code: str, entry: Value, known: Response | None, chosen: ResponseClass, route: Route) -> Response:
    """An entry of `responses=`, laid over what is known of the same status."""
    base = known if known is not None else Response(code, location=route.options.places.get("responses", route.location))
    if not isinstance(entry, dict):
        unknown = entry if isinstance(entry, Unknown) else Unknown("a response computed at run time", base.location)
        return replace(base, unknown=unknown)
    content = dict(base.content)
    model = entry.get("model")
    unknown_body = base.unknown
    if model is not None:
        media_type = chosen.media_type if isinstance(chosen.media_type, str) else "application/json"
        content[media_type] = shapes.of(model, True, base.location)
        unknown_body = content[media_type].unknown
    stated = entry.get("content")
    if isinstance(stated, dict):
        for media_type, described in stated.items():
            if isinstance(media_type, EnumMember):
                media_type = media_type.value
            if isinstance(media_type, str) and (media_type not in content or (isinstance(described, dict) and "schema" in described)):
                shape = ANYTHING if not (isinstance(described, dict) and "schema" in described) else Schema(
                    unknown=Unknown("a schema written by hand", base.location))  # fmt: skip
                content[media_type] = shape
    elif stated is not None:
        unknown_body = stated if isinstance(stated, Unknown) else Unknown("a response's content", base.location)
    description = entry.get("description")
    return replace(
        base, content=tuple(content.items()), unknown=unknown_body,
        description=description if isinstance(description, str) else base.description,
    )  # fmt: skip


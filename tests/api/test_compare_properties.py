"""What holds for all Apis: one agrees with itself, and what is missing from here is unrequested from there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.api.compare import compare
from lsp_server.api.difference import Difference, Element, Kind
from lsp_server.api.model import (
    MISSING,
    Api,
    Body,
    Operation,
    Parameter,
    Property,
    Response,
    Schema,
    SecurityRequirement,
)
from lsp_server.api.pair import Pairing
from lsp_server.text import Location, Span
from lsp_server.unknown import Unknown

NAMES = ("A", "B", "C", "A-Input", "missing")
HERE = Location("x", Span(0, 1))
UNKNOWN = Unknown("a test", HERE)

numbers = st.one_of(st.none(), st.integers(0, 5), st.floats(0, 5))
flags: st.SearchStrategy[bool | Unknown] = st.sampled_from((True, False, UNKNOWN))

simple = st.builds(
    Schema,
    types=st.sets(st.sampled_from(("string", "integer", "number", "boolean", "file")), max_size=2).map(tuple),
    nullable=st.booleans(),
    format=st.sampled_from((None, "uuid", "int32", "date-time", "binary")),
    enum=st.sampled_from((None, ("a", "b"), (1, None), ())),
    minimum=numbers,
    exclusive_minimum=numbers,
    maximum=numbers,
    multiple_of=st.sampled_from((None, 2)),
    min_length=st.sampled_from((None, 0, 3)),
    default=st.sampled_from((MISSING, None, 1, "a", (1, "b"), UNKNOWN)),
    read_only=st.booleans(),
)
leaves = st.one_of(simple, st.builds(Schema, ref=st.sampled_from(NAMES)), st.just(Schema(unknown=UNKNOWN)), st.just(Schema()))


def deeper(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    properties = st.dictionaries(st.sampled_from("abc"), st.tuples(inner, flags), max_size=3).map(
        lambda found: tuple(Property(name, schema, required) for name, (schema, required) in found.items())
    )
    several = st.lists(inner, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Schema, types=st.just(("object",)), properties=properties, additional=st.one_of(st.none(), st.booleans(), inner)),
        st.builds(Schema, types=st.just(("array",)), items=inner),
        st.builds(Schema, all_of=several, properties=properties),
        st.builds(Schema, any_of=several, nullable=st.booleans()),
        st.builds(Schema, one_of=several),
    )


schemas = st.recursive(leaves, deeper, max_leaves=6)
contents = st.dictionaries(
    st.sampled_from(("application/json", "multipart/form-data", "text/*")), schemas, max_size=2
).map(lambda found: tuple(found.items()))
securities = st.sampled_from(
    ((), UNKNOWN, (SecurityRequirement((("key", ()),)),), (SecurityRequirement(()), SecurityRequirement((("b", ()),))))
)


def distinct(strategy: st.SearchStrategy[object], size: int, key: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=size, unique_by=key).map(tuple)  # type: ignore[arg-type]


operations = st.builds(
    Operation,
    method=st.sampled_from(("GET", "POST", "PUT")),
    path=st.sampled_from(("/a", "/a/{id}", "/a/{name}/b", "/c", "/c/{rest:path}")),
    location=st.just(HERE),
    parameters=distinct(
        st.builds(Parameter, st.sampled_from(("q", "r", "X-A")), st.sampled_from(("query", "header")), schemas, flags),
        3, lambda each: (each.name, each.where),
    ),
    body=st.one_of(st.none(), st.just(UNKNOWN), st.builds(Body, contents, flags)),
    responses=distinct(
        st.builds(Response, st.sampled_from(("200", "201", "4XX", "404", "default")), contents, automatic=st.booleans()),
        3, lambda each: each.status,
    ),
    security=securities,
    operation_id=st.sampled_from((None, "x", "y", UNKNOWN)),
    deprecated=flags,
    rate_limit=st.sampled_from((None, "1/minute", UNKNOWN)),
    maybe=st.sampled_from((None, None, UNKNOWN)),
)  # fmt: skip
apis = st.builds(
    Api,
    source=st.just("x"),
    operations=distinct(operations, 4, lambda each: (each.method, each.path)),
    schemas=st.dictionaries(st.sampled_from(NAMES[:4]), schemas, max_size=4),
)


def between(promised: Api, implemented: Api) -> tuple[Difference, ...]:
    return compare(promised, implemented, Pairing(promised, implemented))


@given(apis)
@settings(max_examples=100, deadline=None)
def test_an_api_agrees_with_itself(view: Api) -> None:
    assert between(view, view) == ()


def shares(difference: Difference) -> tuple[Kind, Element]:
    swapped = {Kind.MISSING: Kind.UNREQUESTED, Kind.UNREQUESTED: Kind.MISSING}
    return swapped.get(difference.kind, difference.kind), difference.element


@given(apis, apis)
@settings(max_examples=100, deadline=None)
def test_missing_and_unrequested_are_mirrors(one: Api, other: Api) -> None:
    """Swapped, what was missing is unrequested: operations (that no route stands in for), parameters and bodies."""
    mirrored = (Element.OPERATION, Element.PARAMETER, Element.REQUEST_BODY)
    there = Counter(shares(each) for each in between(one, other) if each.element in mirrored and each.aspect == "presence")
    back = Counter((each.kind, each.element) for each in between(other, one) if each.element in mirrored and each.aspect == "presence")
    assert there == back


@given(apis, apis)
@settings(max_examples=100, deadline=None)
def test_what_is_unknown_gives_nothing(one: Api, other: Api) -> None:
    """Nothing is left to say of operations of which nothing is known."""
    blank = replace(
        other,
        incomplete=UNKNOWN,
        operations=tuple(
            replace(each, parameters=UNKNOWN, body=UNKNOWN, responses=UNKNOWN, security=UNKNOWN, operation_id=UNKNOWN,
                    deprecated=UNKNOWN, rate_limit=UNKNOWN)
            for each in other.operations
        ),
    )  # fmt: skip
    left = [each for each in between(one, blank) if each.element not in (Element.OPERATION, Element.PATH_PARAMETER)]
    assert left == []

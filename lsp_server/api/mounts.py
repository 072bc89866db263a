"""Applications of one framework that serve those of another: the inner one's paths begin with the outer one's prefix.

A reader says where a foreign application is mounted, by the place where it is made; who reads that application finds it
there. An application that is mounted several times keeps its first prefix.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lsp_server.api.model import Api
from lsp_server.text import Location

_DEEPEST = 20  # applications within applications


def mounted(apis: Iterable[Api]) -> tuple[Api, ...]:
    """The same Apis, each under the prefix of the application of another framework that serves it."""
    found = list(apis)
    places = {api.location: index for index, api in enumerate(found) if api.location is not None}
    parents: dict[int, tuple[int, str]] = {}
    for index, api in enumerate(found):
        for prefix, candidates in api.mounts:
            inner = _first(places, candidates, index)
            if inner is not None and inner not in parents:
                parents[inner] = (index, prefix)
    return tuple(_under(api, _prefix(parents, index)) for index, api in enumerate(found))


def _first(places: dict[Location, int], candidates: tuple[Location, ...], outer: int) -> int | None:
    return next((places[place] for place in candidates if place in places and places[place] != outer), None)


def _prefix(parents: dict[int, tuple[int, str]], index: int) -> str:
    prefix = ""
    for _ in range(_DEEPEST):
        if index not in parents:
            break
        index, own = parents[index]
        prefix = own.rstrip("/") + prefix
    return prefix


def _under(api: Api, prefix: str) -> Api:
    if not prefix:
        return api
    operations = tuple(
        replace(each, path=prefix + each.path, template=prefix + each.template if each.template is not None else None)
        for each in api.operations
    )
    mounts = tuple((prefix + inner, places) for inner, places in api.mounts)
    return replace(api, operations=operations, mounts=mounts)

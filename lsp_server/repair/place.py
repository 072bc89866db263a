"""Where a new route belongs: the router whose routes are nearest to its path, and the place among them.

Frameworks try routes in order, so a path without a parameter has to stand before one of the same form with a parameter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.api.model import Operation, anonymous_path, path_parameters
from lsp_server.repair.siblings import Sibling
from lsp_server.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Place:
    """A router of a file, and the siblings on it in the order of the text. `own_path` is the new route's on that router."""

    path: str
    router: str
    prefix: str
    own_path: str
    siblings: tuple[Sibling, ...] = ()
    tagged: bool = False  # a new router, which has the tags already


def steps(path: str) -> list[str]:
    return [step for step in anonymous_path(path).split("/") if step]


def shared_steps(one: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(steps(one), steps(other)):
        if mine != theirs:
            break
        count += 1
    return count


def stem_of(path: str, paths: Sequence[str]) -> int:
    """How many steps a path shares with every path of the application (`/api/v1`): sharing only those is no kinship."""
    return min((shared_steps(path, other) for other in paths), default=0)


def find_place(operation: Operation, path: str, siblings: Sequence[Sibling], paths: Sequence[str]) -> Place | None:
    """The router for an operation under `path`; None where no router has anything to do with it. `paths` are all routes'.

    Of routers that are as near the one whose routes are as open, or as protected, as the new one has to be.
    """
    stem = stem_of(path, paths)
    routers: dict[tuple[str, str, str], list[Sibling]] = {}
    for sibling in siblings:
        routers.setdefault((sibling.path, sibling.router, sibling.prefix), []).append(sibling)
    best: tuple[tuple[int, int, bool, int], tuple[str, str, str]] | None = None
    lonely = len({(file, router) for file, router, _ in routers}) == 1
    for key, found in routers.items():
        if not holds(key[2], path):
            continue
        kin = max(shared_steps(path, sibling.operation.path) for sibling in found)
        tagged = _same_tags(operation, found)
        if lonely or kin > stem or tagged:
            score = (kin, tagged, _as_open(operation, found), len(steps(key[2])))
            if best is None or score > best[0]:
                best = (score, key)
    if best is None:
        return None
    file, router, prefix = best[1]
    ordered = sorted(routers[best[1]], key=lambda sibling: sibling.node[1])
    return Place(file, router, prefix, below(prefix, path), tuple(ordered))


def holds(prefix: str, path: str) -> bool:
    one, other = anonymous_path(prefix), anonymous_path(path)
    return not one or other == one or other.startswith(one if one.endswith("/") else f"{one}/")


def below(prefix: str, path: str) -> str:
    """The rest of a path behind a prefix whose parameters may have other names."""
    rest = path
    for _ in range(prefix.count("/")):
        rest = "/" + rest[1:].partition("/")[2] if "/" in rest[1:] else ""
    return rest


def _as_open(operation: Operation, siblings: Sequence[Sibling]) -> bool:
    wanted = bool(operation.security) if isinstance(operation.security, tuple) else None
    return any(isinstance(each.operation.security, tuple) and bool(each.operation.security) is wanted for each in siblings)


def _same_tags(operation: Operation, siblings: Sequence[Sibling]) -> int:
    if isinstance(operation.tags, Unknown) or not operation.tags:
        return 0
    tags = Counter(tag for each in siblings if isinstance(each.operation.tags, tuple) for tag in set(each.operation.tags))
    return int(tags[operation.tags[0]] * 2 > len(siblings))


def renamed_parameters(prefix: str, path: str) -> dict[str, str]:
    """Path parameters that the router's prefix calls otherwise than the spec: the spec's name to the code's."""
    names = path_parameters(prefix)
    return {mine: theirs for mine, theirs in zip(path_parameters(path), names) if mine != theirs}


def shadows(general: str, special: str) -> bool:
    """Whether a route on the first path answers the requests of the second."""
    one, other = steps(general), steps(special)
    return len(one) == len(other) and one != other and all(mine in ("{}", theirs) for mine, theirs in zip(one, other))


def neighbour(place: Place, method: str) -> tuple[Sibling, bool]:
    """The sibling beside which the new route is written, and whether it goes before it."""
    found = place.siblings
    same = [each for each in found if each.operation.method == method]
    shadowing = next((each for each in same if shadows(each.own_path, place.own_path)), None)
    after = [each for each in same if shadows(place.own_path, each.own_path)]
    if shadowing is not None:
        return shadowing, True
    exact = [each for each in found if steps(each.own_path) == steps(place.own_path)]
    deeper = [each for each in found if len(steps(each.own_path)) > len(steps(place.own_path))
              and shared_steps(each.own_path, place.own_path) == len(steps(place.own_path)) > 0]  # fmt: skip
    if exact:
        chosen, before = exact[-1], False
    elif deeper:
        chosen, before = deeper[0], True
    else:
        longest = max(shared_steps(each.own_path, place.own_path) for each in found)
        chosen, before = [each for each in found if shared_steps(each.own_path, place.own_path) == longest][-1], False
    blocked = [each for each in after if each.node[1] > chosen.node[1] or (before and each is chosen)]
    return (blocked[-1], False) if blocked else (chosen, before)

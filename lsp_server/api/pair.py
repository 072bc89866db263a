"""Which spec speaks of which application, and where the paths of one lie in the other.

Decided by the operations they share, and by how near they stand in the folder tree. Too little evidence pairs nothing: a spec
that shares no operation with any application is somebody else's (a client's, a vendor's), and everything it says would be
a false alarm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from lsp_server.api.model import Api, Operation, anonymous_path
from lsp_server.unknown import Unknown

Key = tuple[str, str]  # method, anonymous path as the code spells it, without a trailing slash

# Paths that every second application has: they tell nothing about whose spec it is.
_EVERYBODYS = re.compile(
    r"/?(\{\}|health\w*|healthz|livez|readyz|ping|status|version|metrics|info|ready|live|favicon\.ico|login|logout|docs|openapi\.json)?",
    re.IGNORECASE,
)
# Folders whose specs are mostly about something else than the code beside them.
_FOREIGN = frozenset((
    "clients", "client", "vendor", "vendored", "vendors", "third_party", "third-party", "thirdparty", "external",
    "node_modules", "site-packages", "fixtures", "testdata", "test_data", "tests", "test", "examples", "example",
    "samples", "archive", "archived",
))  # fmt: skip
_TINY = 3  # operations: so few prove neither kinship nor strangeness
_CANDIDATES = 6  # prefixes tried in each direction


@dataclass(frozen=True, slots=True)
class Pairing:
    """A spec and an application that belong together.

    A path of the spec is one of the code after `stripped` is taken from its front and `prefix` put there. `shared` counts
    the operations both have. `promises_elsewhere` are keys of the spec, and `routes_elsewhere` of the code, that another
    pairing answers for. `covers` is false where the spec speaks of a small part of the application only, so that what it
    leaves out proves nothing. `reason` is for people.
    """

    promised: Api
    implemented: Api
    prefix: str = ""
    stripped: str = ""
    shared: int = 0
    reason: str = ""
    covers: bool = True
    promises_elsewhere: frozenset[Key] = frozenset()
    routes_elsewhere: frozenset[Key] = frozenset()


def code_path(operation: Operation, pairing: Pairing) -> str:
    """The path under which the code should have a spec's operation."""
    return _moved(operation.path, pairing.prefix, pairing.stripped)


def spec_key(operation: Operation, pairing: Pairing) -> Key:
    return (operation.method, _slashless(anonymous_path(code_path(operation, pairing))))


def route_key(operation: Operation) -> Key:
    return (operation.method, _slashless(anonymous_path(operation.path)))


def pair(promised: Sequence[Api], implemented: Sequence[Api]) -> tuple[Pairing, ...]:
    """All pairings, in the order of the specs and, for one spec, with the best first."""
    chosen: list[Pairing] = []
    applications = [api for api in implemented if api.operations or len(implemented) == 1]
    for spec in promised:
        if spec.operations:
            chosen.extend(_applications_of(spec, applications, lonely=len(promised) == 1))
    return _share_out(chosen)


def unpaired(promised: Sequence[Api], pairings: Sequence[Pairing]) -> tuple[Unknown, ...]:
    """A statement for each spec with operations that speaks of no application here."""
    paired = {id(pairing.promised) for pairing in pairings}
    return tuple(
        Unknown(f"which application `{spec.source}` describes: it shares too few operations with the code here", spec.location)
        for spec in promised
        if spec.operations and id(spec) not in paired
    )


# --- one spec -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
    pairing: Pairing
    keys: frozenset[Key]  # shared, as the code spells them
    telling: int  # shared ones that not everybody has
    distance: int  # folders between the two


def _applications_of(spec: Api, applications: Sequence[Api], *, lonely: bool) -> list[Pairing]:
    """The applications a spec describes: the best fit, and those that answer what the better ones leave open."""
    fits = [_fit(spec, application) for application in applications]
    alone = lonely and len(applications) == 1
    good = [fit for fit in fits if _convincing(fit, spec, alone)]
    good.sort(key=lambda fit: (-fit.telling + fit.distance * max(1, fit.telling // 10), fit.distance, fit.pairing.implemented.source))
    taken: list[_Fit] = []
    for fit in good:
        mine = {_spec_side(fit, key) for key in fit.keys}
        theirs = {_spec_side(other, key) for other in taken for key in other.keys}
        if not taken or (len(mine - theirs) * 2 > len(mine) and fit.telling):
            taken.append(fit)
    return [fit.pairing for fit in taken]


def _spec_side(fit: _Fit, key: Key) -> Key:
    """A shared key as the spec spells it, so that applications under different prefixes can be compared."""
    path = key[1].removeprefix(anonymous_path(fit.pairing.prefix))
    return (key[0], anonymous_path(fit.pairing.stripped) + path)


def _fit(spec: Api, application: Api) -> _Fit:
    routes = {route_key(operation) for operation in application.operations}
    best: tuple[tuple[int, int, int], str, str, frozenset[Key]] | None = None
    for rank, (prefix, stripped) in enumerate(_prefixes(spec, application)):
        keys = frozenset(
            key for operation in spec.operations if (key := _key(operation, prefix, stripped)) in routes
        )  # fmt: skip
        score = (_telling(keys, prefix), len(keys), -rank)
        if best is None or score > best[0]:
            best = (score, prefix, stripped, keys)
    assert best is not None  # _prefixes always offers the empty one
    (telling, shared, _), prefix, stripped, keys = best
    reason = f"{shared} of {len(spec.operations)} operations of the spec are routes of the application"
    if prefix or stripped:
        reason += f" ({stripped or 'no prefix'} in the spec is {prefix or 'no prefix'} in the code)"
    covers = len(keys) >= 0.25 * len(routes) or len(routes) <= 2 * _TINY
    pairing = Pairing(spec, application, prefix, stripped, shared, reason, covers)
    return _Fit(pairing, keys, telling, _distance(spec, application))


def _convincing(fit: _Fit, spec: Api, alone: bool) -> bool:
    """Whether the shared operations, or else the circumstances, say that the two belong together."""
    wanted, there = len(spec.operations), len(fit.pairing.implemented.operations)
    share = fit.telling / max(1, min(wanted, there))
    foreign = bool(_FOREIGN & set(_folders(spec)) - set(_folders(fit.pairing.implemented)))
    if foreign:
        return fit.telling >= _TINY and share >= 0.5
    if fit.telling >= _TINY and share >= 0.2:
        return True
    if fit.telling and share >= 0.5:
        return True
    if not alone or not _same_tree(spec, fit.pairing.implemented):
        return False
    # The only spec beside the only application: enough where there is little to compare yet.
    routes = {route_key(operation)[1] for operation in fit.pairing.implemented.operations}
    begun = [path for path in routes if not _EVERYBODYS.fullmatch(path)]
    return fit.telling > 0 or len(begun) <= _TINY or wanted <= _TINY


def _prefixes(spec: Api, application: Api) -> list[tuple[str, str]]:
    """Pairs of (prefix in the code, prefix in the spec) worth trying, the most natural first."""
    tried: dict[tuple[str, str], None] = {(base.rstrip("/"), ""): None for base in spec.base_paths}
    tried[("", "")] = None
    added: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    spec_paths = _by_ending(spec.operations)
    code_paths = _by_ending(application.operations)
    for key in spec_paths.keys() & code_paths.keys():
        ours, theirs = spec_paths[key], code_paths[key]
        for one in ours:
            for other in theirs:
                if other.endswith(one) and other != one:
                    added[other.removesuffix(one)] += 1
                elif one.endswith(other) and other != one:
                    dropped[one.removesuffix(other)] += 1
    for counter, build in ((added, lambda text: (text, "")), (dropped, lambda text: ("", text))):
        for text, _ in sorted(counter.items(), key=lambda item: (-item[1], len(item[0]), item[0]))[:_CANDIDATES]:
            tried.setdefault(build(text))
    for base in spec.base_paths:  # the code is served below a part of it that a proxy takes away
        parts = base.rstrip("/").split("/")
        for index in range(2, len(parts)):
            tried.setdefault(("/" + "/".join(parts[index:]), ""))
    return list(tried)


def _by_ending(operations: Iterable[Operation]) -> dict[tuple[str, str], list[str]]:
    """Anonymous paths by method and last telling part, a bounded number of each."""
    found: dict[tuple[str, str], list[str]] = {}
    for operation in operations:
        path = _slashless(anonymous_path(operation.path))
        words = [word for word in path.split("/") if word and word != "{}"]
        if words:
            same = found.setdefault((operation.method, words[-1]), [])
            if len(same) < 40:
                same.append(path)
    return found


def _telling(keys: Iterable[Key], prefix: str) -> int:
    bare = anonymous_path(prefix)
    return sum(not _EVERYBODYS.fullmatch(path.removeprefix(bare)) for _, path in keys)


def _key(operation: Operation, prefix: str, stripped: str) -> Key:
    return (operation.method, _slashless(anonymous_path(_moved(operation.path, prefix, stripped))))


def _moved(path: str, prefix: str, stripped: str) -> str:
    if stripped and anonymous_path(path).startswith(stripped):
        parts = stripped.count("/")
        path = "/" + "/".join(path.split("/")[parts + 1 :])
    return prefix + path


def _slashless(path: str) -> str:
    return path.removesuffix("/?").rstrip("/") or "/"


# --- folders --------------------------------------------------------------------------------------------------------


def _folders(api: Api) -> tuple[str, ...]:
    return PurePosixPath(api.source).parts[:-1]


def _distance(spec: Api, application: Api) -> int:
    one, other = _folders(spec), _folders(application)
    common = sum(1 for _ in _common(one, other))
    return len(one) + len(other) - 2 * common


def _common(one: Sequence[str], other: Sequence[str]) -> Iterable[str]:
    for left, right in zip(one, other):
        if left != right:
            return
        yield left


def _same_tree(spec: Api, application: Api) -> bool:
    """One project's: the spec stands above the code, beside it, or in a folder of documents near it."""
    one, other = _folders(spec), _folders(application)
    common = len(tuple(_common(one, other)))
    return len(one) - common <= 2


# --- several specs, several applications ------------------------------------------------------------------------------


def _share_out(pairings: Sequence[Pairing]) -> tuple[Pairing, ...]:
    """Tell every pairing what others answer for, so that nothing is missed twice and nothing that another promises is extra."""
    result: list[Pairing] = []
    for pairing in pairings:
        siblings = [each for each in pairings if each.promised is pairing.promised and each is not pairing]
        rivals = [each for each in pairings if each.implemented is pairing.implemented and each is not pairing]
        result.append(
            replace(
                pairing,
                promises_elsewhere=_answered_by(siblings, pairing, pairings),
                routes_elsewhere=_promised_by(rivals, pairing),
            )
        )
    return tuple(result)


def _answered_by(siblings: Sequence[Pairing], pairing: Pairing, pairings: Sequence[Pairing]) -> frozenset[Key]:
    """Promises that another application keeps. What none keeps is missed in the first application only."""
    if not siblings:
        return frozenset()
    everything = frozenset(spec_key(operation, pairing) for operation in pairing.promised.operations)
    if any(each.implemented.incomplete is not None for each in siblings):
        return everything
    if next(each for each in pairings if each.promised is pairing.promised) is not pairing:
        return everything
    kept: set[Key] = set()
    for sibling in siblings:
        routes = {route_key(operation) for operation in sibling.implemented.operations}
        for operation in pairing.promised.operations:
            if spec_key(operation, sibling) in routes:
                kept.add(spec_key(operation, pairing))
    return frozenset(kept)


def _promised_by(rivals: Sequence[Pairing], pairing: Pairing) -> frozenset[Key]:
    """Routes that another spec of the same application speaks of. What none speaks of is told beside the fullest spec."""
    if not rivals:
        return frozenset()
    fullest = max((pairing, *rivals), key=lambda each: (each.shared, each.promised.source))
    if fullest is not pairing or any(each.promised.incomplete is not None for each in rivals):
        return frozenset(route_key(operation) for operation in pairing.implemented.operations)
    return frozenset(spec_key(operation, rival) for rival in rivals for operation in rival.promised.operations)

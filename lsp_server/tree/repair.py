"""Reading text that a person is in the middle of typing: the way in for every YAML and JSON document.

A text that does not parse is mended where it is broken, read, and the positions are put back to the text as
it is; the syntax problem is reported at its place all the same. At most four mended texts are tried. If none
parses, the last good tree serves with shifted positions, else what stands before the fault. `mend` knows
what to try, this file which result is kept.
"""

from __future__ import annotations

from lsp_server.document import Kind
from lsp_server.tree import json, json_tolerant, mend, yaml
from lsp_server.tree.columns import Columns
from lsp_server.tree.node import Tree
from lsp_server.tree.reading import Fault, Reading

_TRIES = 4
_SMALL_EDIT = 400  # characters; so small an edit cannot have removed a tenth of a document on purpose


def read(text: str, kind: Kind, previous: Tree | None = None) -> Tree:
    """The tree of a text; `previous` is the tree of the same document before the last edit. Never raises."""
    reading = json.read(text) if kind is Kind.JSON else yaml.read(text)
    if reading.fault is None:
        return Tree(text, reading.columns, kind, tuple(reading.problems), True, tuple(reading.remarks))
    if kind is Kind.JSON:
        columns, unpaired = json_tolerant.read(text)
        fault = reading.fault
        if unpaired is not None and unpaired < fault.place and fault.code == "syntax":
            fault = Fault(unpaired, "this bracket closes nothing that is indented like it")
        return _broken(text, kind, Reading(columns, fault=fault), fault)
    edit = None if previous is None or not previous.source else mend.difference(previous.source, text)
    best, fault = _mended(text, reading, edit)
    if previous is not None and edit is not None and len(previous.columns):
        lost = best.fault is not None or len(best.columns) < 0.9 * len(previous.columns)
        if lost and edit.removed <= _SMALL_EDIT and len(best.columns) < len(previous.columns):
            best = Reading(_shifted(previous, edit))
    return _broken(text, kind, best, fault)


def _broken(text: str, kind: Kind, reading: Reading, fault: Fault) -> Tree:
    problems = (fault.problem(text), *reading.problems)
    return Tree(text, reading.columns, kind, problems, False, tuple(reading.remarks))


def _mended(text: str, broken: Reading, edit: mend.Difference | None) -> tuple[Reading, Fault]:
    """The best reading of a few mended texts, in positions of the text as it is, and what is wrong with that
    text.
    """
    assert broken.fault is not None
    best = broken
    tried: set[tuple[int, int, str]] = set()
    tries = 0
    for candidate in mend.candidates(text, broken, edit):
        key = (candidate.start, candidate.end, candidate.text)
        if key in tried:
            continue
        tried.add(key)
        tries += 1
        reading = yaml.read(text[: candidate.start] + candidate.text + text[candidate.end :])
        reading.columns.move(candidate.start, candidate.end, len(candidate.text))
        reading.problems = [
            problem for problem in reading.problems if problem.span.end <= candidate.start
        ] + [candidate.back(problem) for problem in reading.problems if problem.span.end > candidate.start]
        if reading.fault is None:
            return reading, _told(text, broken.fault, candidate)
        if len(reading.columns) > len(best.columns):
            best = reading
        if tries == _TRIES:
            break
    return best, broken.fault


def _told(text: str, fault: Fault, candidate: mend.Mend) -> Fault:
    """The fault at the place that the successful mend proved to be wrong: parsers often notice much later."""
    if candidate.why and fault.code == "syntax":
        return Fault(candidate.at, candidate.why)
    line = mend.line_at(text, candidate.start)
    if line.start <= fault.place <= max(line.end, candidate.end):
        return fault
    shown = text[line.start : line.end]
    return Fault(line.start + len(shown) - len(shown.lstrip()), fault.message, code=fault.code)


def _shifted(previous: Tree, edit: mend.Difference) -> Columns:
    columns = previous.columns.copy()
    columns.move(edit.start, edit.end, edit.removed)
    return columns

"""How often the check is wrong on real projects. Run by hand: `python tests/bench/accuracy.py TRUTH_FOLDER CHECKOUTS_FOLDER`.

The scorer that comes with the truth files (`score.py`, beside their folder) holds `--facts` against them. Then the
OpenAPI output of every FastAPI project is laid beside its code (in memory; the specs it has itself are left out), so that
every api finding is a false alarm. Last, the differences between models and migrations, and the faults of downgrades, are
held against what running them has shown. Prints Markdown tables. `--only NAME …` narrows, `--list` prints every wrong finding.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sight import goals_table, projects_table, score
from truth import METHODS, Key, Truth, read_truths

from lsp_server.api.compare import route_key
from lsp_server.api.model import Operation
from lsp_server.api.pair import spec_key
from lsp_server.check import check
from lsp_server.config import Config
from lsp_server.database.compare import Difference
from lsp_server.document import Document
from lsp_server.findings import Finding
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.unknown import Unknown
from lsp_server.workspace import documents_of, find_config, list_files

# The rules that say what the truth lists about checked-in specs, and its word for each.
SPEC_RULES = {
    "operation-not-implemented": "operation missing", "route-not-in-spec": "operation not in spec",
    "parameter-missing-in-code": "parameter missing", "parameter-not-in-spec": "parameter not in spec",
    "response-status-missing": "status missing", "response-status-not-in-spec": "status not in spec",
    "request-field-missing": "field missing", "response-field-missing": "field missing",
    "request-field-not-in-spec": "field not in spec", "response-field-not-in-spec": "field not in spec",
}  # fmt: skip
OF_CODE_ALONE = ("route-shadowed", "route-duplicated", "router-not-included")  # they speak of no spec
ROLLBACK_RULES = ("migration-without-rollback", "rollback-does-not-reverse", "enum-left-behind")
# What Alembic's comparison looks at, by our word for it. The rest (primary keys, checks, enum values) it does not see.
ELEMENTS = {
    "table": "table", "column": "column", "type": "type", "nullable": "nullable", "server_default": "default",
    "index": "index", "unique": "constraint", "foreign_key": "foreign key",
}  # fmt: skip


@dataclass
class Count:
    """Things found rightly, found wrongly, and not found."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, other: Count) -> None:
        self.right += other.right
        self.extra += other.extra
        self.missed += other.missed

    @property
    def precision(self) -> str:
        return _share(self.right, self.right + self.extra)

    @property
    def recall(self) -> str:
        return _share(self.right, self.right + self.missed)


@dataclass
class ApiCount:
    """One project's operations: promised by its own output, found in the code, those with something unknown about them."""

    promised: int = 0
    known: int = 0
    partly: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    faults: int = 0  # of the code alone


@dataclass
class Result:
    name: str
    api: ApiCount | None = None
    specs: Count | None = None
    drift: dict[str, Count] | None = None
    beyond: int = 0  # differences of a kind that Alembic does not compare
    rollback: Count | None = None
    notes: list[str] = field(default_factory=list)


def measure(truth: Truth, checkout: Path) -> Result:
    result = Result(truth.name)
    config = replace(find_config(checkout), severity={})
    files = list_files(checkout, config)
    snapshot = Snapshot(documents_of(checkout, files, {}), config, now=datetime.now())
    if truth.specifications and "FastAPI" in truth.framework:
        result.api = _api(truth, snapshot, result.notes)
        if truth.stale_specs:
            result.specs = _specs(truth, snapshot, result.notes)
    if truth.drift is not None:
        result.drift = _drift(truth, truth.drift, snapshot, result)
    if truth.rollbacks:
        result.rollback = _rollback(truth, snapshot, result.notes)
    return result


# --- spec and code ----------------------------------------------------------------------------------------------------


def _api(truth: Truth, snapshot: Snapshot, notes: list[str]) -> ApiCount:
    beside = _with_own_output(truth, snapshot)
    started = time.process_time()
    report = check(beside, [rule for rule in all_rules() if rule.area == "api"])
    count = ApiCount(seconds=time.process_time() - started)
    count.promised = sum(
        method in METHODS for document in truth.specifications for item in document["paths"].values() for method in item
    )
    known, partly = known_operations(beside)
    count.known, count.partly = len(known), len(partly)
    for failed in report.failed_rules:
        notes.append(f"crash in {failed.rule}: {failed.message}")
    for finding in report.findings:
        if finding.rule in OF_CODE_ALONE:
            count.faults += 1
        else:
            count.alarms[finding.rule] += 1
        notes.append(_shown(finding, beside))
    return count


def _with_own_output(truth: Truth, snapshot: Snapshot) -> Snapshot:
    """The workspace with the application's own output in place of its specs."""
    changed: dict[str, Document | None] = {api.source: None for api in snapshot.promised}
    for index, document in enumerate(truth.specifications):
        path = f"openapi-{index}.json" if index else "openapi.json"
        changed[path] = Document(path, json.dumps(document, indent=1))
    return Snapshot(snapshot.documents.replacing(changed), Config(), snapshot.memo)


def known_operations(snapshot: Snapshot) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """Promised operations whose route was found and compared; of those the ones with something that could not be read."""
    known, partly = set(), set()
    for contract in snapshot.contracts:
        routes = {route_key(route): route for route in reversed(contract.implemented.operations)}
        for operation in contract.promised.operations:
            route = routes.get(spec_key(operation, contract.pairing))
            if route is not None and route.maybe is None:
                subject = (contract.promised.source, *operation.subject)
                known.add(subject)
                if _has_unknown(route):
                    partly.add(subject)
    return known, partly


def _has_unknown(route: Operation) -> bool:
    parts = (route.parameters, route.body, route.responses, route.security, route.operation_id)
    return route.reads_request is not None or any(isinstance(part, Unknown) for part in parts)


def _specs(truth: Truth, snapshot: Snapshot, notes: list[str]) -> Count:
    """What is found of the specs the project has itself, against what the running application shows of them."""
    found: set[Key] = set()
    for finding in check(snapshot, [rule for rule in all_rules() if rule.name in SPEC_RULES]).findings:
        key = _spec_key(finding)
        if key is not None:
            found.add(key)
    named = {key for keys in truth.stale_specs.values() for key in keys}
    halves = {each: {key for key in named if _same_half(key, each)} for each in found}
    found = {next((key for key in named if _same_under_prefix(key, each)), each) for each in found if not halves[each]}.union(*halves.values())
    schemas = {key[1] for key in named if key[0].startswith("field")}
    # Fields of bodies without a name, and of schemas that the truth could not put side by side, cannot be judged.
    judged = {key for key in found if not key[0].startswith("field") or key[1] in schemas}
    count = Count()
    for key in sorted(judged | named):
        count.right += key in judged and key in named
        count.extra += key not in named
        count.missed += key not in judged
        if (key in judged) != (key in named):
            notes.append(f"spec {'missed' if key in named else 'extra'}: {' '.join(key)}")
    return count


def _same_under_prefix(stated: Key, found: Key) -> bool:
    """A route of a mounted application has a longer path here than in the application's own words."""
    return len(stated) == len(found) == 3 and stated[:2] == found[:2] and found[2].endswith(stated[2])


def _same_half(stated: Key, found: Key) -> bool:
    """FastAPI splits a schema into what is read and what is written; here it has one name."""
    return len(stated) == len(found) == 3 and stated[0] == found[0] and stated[2] == found[2] and stated[1] in (
        f"{found[1]}-Input", f"{found[1]}-Output")  # fmt: skip


def _spec_key(finding: Finding) -> Key | None:
    word, subject = SPEC_RULES[finding.rule], finding.subject
    if word.startswith("field"):
        return (word, subject[1], subject[-1]) if subject[0] == "schema" and "." not in subject[-1] else None
    operation = subject[1:3]
    if word.startswith("parameter"):
        return (word, *operation, "/".join(subject[4:6]))
    return (word, *operation, subject[-1]) if word.startswith("status") else (word, *operation)


def _shown(finding: Finding, snapshot: Snapshot) -> str:
    line = snapshot.line(finding.location)
    related = ", ".join(f"{each.location.path}:{snapshot.line(each.location)}" for each in finding.related)
    return f"{finding.rule}: {finding.message} ({finding.location.path}:{line}; {related})"


# --- models and migrations --------------------------------------------------------------------------------------------


def _drift(truth: Truth, wanted: frozenset[Key], snapshot: Snapshot, result: Result) -> dict[str, Count]:
    found = drift_keys(snapshot, truth.alembic_folder)
    result.beyond = sum(_key(each) is None for drift in snapshot.drifts for each in drift.differences)
    if not truth.compares_defaults:
        found = {key for key in found if key[0] != "default"}
    counts: dict[str, Count] = {}
    for key in sorted(found | wanted):
        count = counts.setdefault(key[0], Count())
        count.right += key in found and key in wanted
        count.extra += key not in wanted
        count.missed += key not in found
        if (key in found) != (key in wanted):
            result.notes.append(f"drift {'missed' if key in wanted else 'extra'}: {' '.join(key)}")
    return counts


def drift_keys(snapshot: Snapshot, folder: str | None = None) -> set[Key]:
    """What the models want that the migrations (those in a folder, or all) have not made, in the truth's words."""
    found = set()
    for drift in snapshot.drifts:
        if folder is None or drift.replay.history.folder == folder:
            found.update(key for key in map(_key, drift.differences) if key is not None)
    return found


def _key(difference: Difference) -> Key | None:
    """The truth's words for a difference; None for what Alembic does not compare."""
    word = ELEMENTS.get(difference.element)
    if word is None or difference.table is None:
        return None
    table = difference.table
    if word == "table":
        return (word, table)
    if difference.column is not None:
        return (word, table, difference.column)
    element = difference.after if difference.after is not None else difference.before
    columns = [str(column) for column in getattr(element, "columns", ())]
    if word == "index":
        return (word, table, getattr(element, "name", None) or ",".join(columns))
    return (word, table, *(sorted(columns) if word == "constraint" else columns))


def _rollback(truth: Truth, snapshot: Snapshot, notes: list[str]) -> Count:
    rules = [rule for rule in all_rules() if rule.name in ROLLBACK_RULES]
    report = check(snapshot, rules)
    said = {finding.subject[1]: finding for finding in report.findings}
    count = Count()
    for tried in truth.rollbacks:
        finding = said.get(tried.revision)
        count.right += finding is not None and tried.fault is not None
        count.extra += finding is not None and tried.fault is None
        count.missed += finding is None and tried.fault is not None
        if finding is not None and tried.fault is None:
            notes.append(f"rollback extra: {_shown(finding, snapshot)}")
        elif finding is None and tried.fault is not None:
            notes.append(f"rollback missed: {tried.revision}: {tried.fault}")
    return count


# --- tables -----------------------------------------------------------------------------------------------------------


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    head = list(head)
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def api_table(results: list[Result]) -> Iterator[str]:
    rows: list[list[object]] = []
    total = ApiCount()
    for result in results:
        api = result.api
        if api is None:
            continue
        rules = ", ".join(f"{rule} {number}" for rule, number in sorted(api.alarms.items()))
        alarms = sum(api.alarms.values())
        rows.append([result.name, api.promised, api.known, api.promised - api.known, api.partly, alarms, rules or "–", api.faults])
        total.promised += api.promised
        total.known += api.known
        total.partly += api.partly
        total.alarms += api.alarms
        total.faults += api.faults
    alarms = sum(total.alarms.values())
    rows.append(["**all**", total.promised, total.known, total.promised - total.known, total.partly, alarms,
                 f"{1000 * alarms / max(1, total.promised):.2f} per 1,000", total.faults])  # fmt: skip
    yield from _table(["project", "operations", "known", "unknown", "known in part", "false alarms", "of which rule", "faults of the code alone"], rows)


def drift_table(results: list[Result]) -> Iterator[str]:
    kinds = [*dict.fromkeys(ELEMENTS.values())]
    totals = {kind: Count() for kind in (*kinds, "all")}
    rows: list[list[object]] = []
    for result in results:
        if result.drift is None:
            continue
        whole = Count()
        for kind, count in result.drift.items():
            whole.add(count)
            totals[kind].add(count)
            totals["all"].add(count)
        cells = [_three(result.drift.get(kind)) for kind in kinds]
        rows.append([result.name, *cells, whole.recall, whole.precision, result.beyond])
    rows.append(["**all**", *(_three(totals[kind]) for kind in kinds), totals["all"].recall, totals["all"].precision, ""])
    rows.append(["recall", *(totals[kind].recall for kind in kinds), "", "", ""])
    rows.append(["precision", *(totals[kind].precision for kind in kinds), "", "", ""])
    yield from _table(["project", *kinds, "recall", "precision", "not compared by Alembic"], rows)


def _three(count: Count | None) -> str:
    if count is None or not (count.right or count.extra or count.missed):
        return "–"
    return f"{count.right} / {count.missed} / {count.extra}"


def plain_table(counts: Iterable[tuple[str, Count | None]]) -> Iterator[str]:
    total = Count()
    rows: list[list[object]] = []
    for name, count in counts:
        if count is not None:
            total.add(count)
            rows.append([name, count.right, count.missed, count.extra, count.recall, count.precision])
    rows.append(["**all**", total.right, total.missed, total.extra, total.recall, total.precision])
    yield from _table(["project", "right", "missed", "false", "recall", "precision"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", type=Path, metavar="TRUTH_FOLDER")
    parser.add_argument("checkouts", type=Path, metavar="CHECKOUTS_FOLDER")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print every finding that is wrong")
    parser.add_argument("--only-facts", action="store_true", help="hold the facts against the truth and stop")
    options = parser.parse_args()
    scores = score(options.truths, options.checkouts, options.only or [])
    if scores is None:
        print("(no score.py beside the folder of truth files: the facts are not scored)\n")
    else:
        print("### Goals\n", *goals_table(scores, options.truths), "", sep="\n")
        for kind in scores:
            print(f"### {kind.capitalize()}, project by project: precision/recall\n", *projects_table(scores, kind), "", sep="\n")
    if options.only_facts:
        return
    results = []
    for truth in read_truths(options.truths, options.only):
        if (options.checkouts / truth.name).is_dir():
            results.append(measure(truth, options.checkouts / truth.name))
            if options.list:
                print(f"{truth.name}:", *results[-1].notes, sep="\n  ", flush=True)
    for title, lines in (
        ("The application's own OpenAPI output beside its code", api_table(results)),
        ("Checked-in specs against the running application", plain_table((each.name, each.specs) for each in results)),
        ("Models against migrations: right / missed / false", drift_table(results)),
        ("Downgrades that fail or do not undo their upgrade", plain_table((each.name, each.rollback) for each in results)),
    ):
        print(f"### {title}\n", *lines, sep="\n")


if __name__ == "__main__":
    main()

"""`--mcp`: what this program knows, for other people's coding agents. Everything is read, nothing is written.

The tools are those of our own agent that only read, and the facts as the command line prints them. Files are looked at anew before every
call, so that an agent sees what it has just written.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lsp_server import __version__
from lsp_server.agent.bench import Workbench
from lsp_server.agent.boundary import Boundary, nearest, normalised
from lsp_server.agent.draft import Draft
from lsp_server.agent.mcp_server import Offering, Page, serve
from lsp_server.agent.tool import Arguments, Tool, ToolError, takes, text
from lsp_server.agent.tools import findings, migrations, views
from lsp_server.commands import OK, UsageError
from lsp_server.commands.check import baseline_of
from lsp_server.commands.facts import facts_of, narrowed
from lsp_server.commands.project import Project, open_project, survey
from lsp_server.config import ConfigError
from lsp_server.outline import Entry, Sort, revision_sql
from lsp_server.report import Context
from lsp_server.report.json import as_json
from lsp_server.rules import all_rules
from lsp_server.workspace import read_baseline

LARGEST = 100_000  # characters of one answer in JSON
_KINDS = ("routes", "models", "migrations", "spec")
_INSTRUCTIONS = """\
Specdrift keeps three things of a backend in step: the OpenAPI specification, the code, and the migrations of its database. It reads them \
without running anything. Use `list_findings` after each edit: it looks at the files as they are now, and an empty list means that they agree. \
`facts` says what is seen (full paths of routes, columns, the schema that the migrations make), `unknowns` what could not be read, so that \
silence is not mistaken for agreement. Before you write a migration by hand, ask `plan_migration` for one that was proved on a scratch \
database; `prove_migration` proves one that you have written. No tool here writes a file or opens a database of the project."""


def run(options: argparse.Namespace) -> int:
    survey(options)  # what is wrong with the folder or the configuration is said before the conversation begins
    workspace = Workspace(options)
    try:
        serve(Offering("specdrift", __version__, _INSTRUCTIONS, tools_of(workspace), _pages(), workspace.bench))
    except ModuleNotFoundError as error:
        if error.name not in ("mcp", "mcp_types"):
            raise
        raise UsageError("--mcp needs the package mcp: `pip install specdrift[agent]`") from None
    return OK


class Workspace:
    """The folder that is served, read anew where something has changed."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._bench: Workbench | None = None
        self._baseline: dict[str, str] = {}
        self.project: Project | None = None

    def bench(self) -> Workbench:
        """A workbench over the files as they are now. Raises ToolError for a configuration that cannot be used."""
        try:
            ground = survey(self._options)
            baseline = read_baseline(baseline_of(self._options, ground))
            known = self.project
            if known is None or self._bench is None or (known.files, known.config) != (ground.files, ground.config) or baseline != self._baseline:
                known = open_project(self._options, ground, lasting=True, earlier=known)
                known.save_cache()
                self.project, self._baseline = known, baseline
                self._bench = self.fresh()
            return self._bench
        except (UsageError, ConfigError) as error:
            raise ToolError(str(error)) from None

    def fresh(self) -> Workbench:
        """A workbench that nobody has used, for what is tried and thrown away."""
        assert self.project is not None
        project = self.project
        exclude = project.config.agent.get("exclude", ())
        boundary = Boundary(project.root, tuple(each for each in exclude if isinstance(each, str)) if isinstance(exclude, list | tuple) else ())
        return Workbench(project.root, Draft(project.root, project.snapshot, boundary), baseline=self._baseline)


def tools_of(workspace: Workspace) -> tuple[Tool, ...]:
    def facts(bench: Workbench, arguments: Arguments) -> str:
        assert workspace.project is not None
        answer = facts_of(workspace.project, arguments["kind"])
        path = _path(arguments)
        seen = bench.draft.boundary.sees
        return _json(_lean(narrowed(answer, lambda file: seen(file) and _is_in(file, path))), "give a path")

    def unknowns(bench: Workbench, arguments: Arguments) -> str:
        path = _path(arguments)
        found = as_json(replace(bench.report(), findings=()), Context(bench.draft.snapshot.documents))
        kept = [each for each in found["unknowns"] if each["path"] is None or (bench.draft.boundary.sees(each["path"]) and _is_in(each["path"], path))]
        return _json({"unknowns": kept, "failed_rules": found["failed_rules"]}, "give a path")

    def plan_migration(bench: Workbench, arguments: Arguments) -> str:
        """The plan in words, and the revision as it would be written."""
        described = migrations.plan_migration(bench, arguments)
        tried = workspace.fresh()
        try:
            migrations.write_migration(tried, arguments)
        except ToolError as error:
            return described if str(error) == described else f"{described}\n\nno revision: {error}"
        (path,) = tried.draft.changed
        return f"{described}\n\nThe revision, to be written to {path}:\n\n```python\n{tried.draft.read(path)}```"

    named = {tool.name: tool for tool in (*findings.TOOLS, *views.TOOLS, *migrations.TOOLS)}
    path = text("Only what stands in this file or folder.")
    history = named["plan_migration"].parameters["properties"]
    rule = named["list_findings"].parameters["properties"]["rule"]
    return (
        replace(named["list_findings"], parameters=takes(optional={"path": path, "rule": rule})),
        named["explain_rule"],
        Tool("list_rules", "All rules, by area, with what each reports.", takes(), _list_rules),
        Tool("facts", "What is seen, without opinion, as JSON: routes that the code answers, tables that the models map, the schema that the "
             "migrations make and their revisions, operations that the specification promises.",
             takes({"kind": text("What to tell.", _KINDS)}, {"path": path}), facts),
        Tool("unknowns", "What could not be read or decided, with the place and the reason, as JSON. Nothing is found about it.",
             takes(optional={"path": path}), unknowns),
        named["list_operations"],
        named["read_operation"],
        named["read_table"],
        Tool("plan_migration", "The migration that brings the database in line with the models as they are now: its steps, dangers and open questions, "
             "the text of the revision in the project's own conventions, and what a proof on a scratch database has shown. Writes nothing.",
             takes(optional=history), plan_migration),
        replace(named["prove_migration"], description="Prove a revision as it is written in a file, on a scratch database: up, the schema compared, rows, "
                "down, compared, up again.", parameters=takes({"path": text("The revision's file.")})),
        Tool("revision_sql", "The SQL of a revision's upgrade and downgrade, as far as its schemas tell; what it does to rows is not in it.",
             takes({"revision": text("Its identifier or its file.")}), _revision_sql),
    )  # fmt: skip


def _list_rules(bench: Workbench, arguments: Arguments) -> str:
    return "\n".join(f"{rule.area}: {rule.name} ({rule.severity.word}): {rule.summary}" for rule in all_rules())


def _revision_sql(bench: Workbench, arguments: Arguments) -> str:
    snapshot, wanted = bench.draft.snapshot, arguments["revision"]
    known = []
    for replay in snapshot.histories:
        for done in replay.revisions:
            revision = done.revision
            known.append(revision.id)
            if wanted in (revision.id, revision.path):
                place = revision.location
                found = revision_sql(snapshot, Entry(Sort.REVISION, revision.id, place, place, place))
                said = "\n\n".join(f"{direction}:\n```sql\n{sql or '-- nothing'}\n```" for direction, sql in found)
                return said or "what this revision does to the schema cannot be said in SQL"
    raise ToolError(f"no migration history that replays has a revision {wanted}{nearest(wanted, tuple(known))}")


def _pages() -> tuple[Page, ...]:
    def content(name: str) -> str:
        rule = next(rule for rule in all_rules() if rule.name == name)
        return f"# {rule.name}\n\n{rule.documentation}\n\nSeverity: {rule.severity.word}. Area: {rule.area}.\n"

    def page(name: str, summary: str) -> Page:
        return Page(f"specdrift://rules/{name}", name, summary, lambda: content(name))

    return tuple(page(rule.name, rule.summary) for rule in all_rules())


def _path(arguments: Arguments) -> str:
    path = str(arguments.get("path", "")).rstrip("/")
    return "" if path in ("", ".") else normalised(path)


def _is_in(file: str, path: str) -> bool:
    return not path or file == path or file.startswith(f"{path}/")


_REFERENCE = re.compile(r'"#/schemas/((?:[^"\\]|\\.)*)"')


def _lean(answer: dict[str, Any]) -> dict[str, Any]:
    """Without the schemas that nothing in the answer refers to."""
    schemas = answer.get("schemas")
    if not isinstance(schemas, dict):
        return answer
    needed: dict[str, Any] = {}
    waiting: list[Any] = [{key: value for key, value in answer.items() if key != "schemas"}]
    while waiting:
        for written in _REFERENCE.findall(json.dumps(waiting.pop())):
            name = json.loads(f'"{written}"')
            if name in schemas and name not in needed:
                needed[name] = schemas[name]
                waiting.append(schemas[name])
    return {**answer, "schemas": {name: schema for name, schema in schemas.items() if name in needed}}


def _json(answer: Mapping[str, Any], hint: str) -> str:
    """As text; half an answer would be no JSON. Raises ToolError for one that is too long, which names where most of it is."""
    written = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    if len(written) <= LARGEST:
        return written
    counts: dict[str, int] = {}
    for file in _files(answer):
        counts[file] = counts.get(file, 0) + 1
    most = sorted(counts, key=lambda file: -counts[file])[:20]
    places = ", ".join(f"{file} ({counts[file]})" for file in most)
    raise ToolError(f"too much for one answer ({len(written):,} characters): {hint}. The files with most: {places}")


def _files(answer: Mapping[str, Any]) -> Iterator[str]:
    for value in answer.values():
        for entry in value if isinstance(value, list) else ():
            file = entry.get("file") or entry.get("path") if isinstance(entry, dict) else None
            if isinstance(file, str):
                yield file

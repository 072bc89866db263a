"""The server's own commands. Each takes the arguments as the client sent them and gives plain JSON."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import partial
from typing import Any

from lsp_server.lsp.agent import run_agent
from lsp_server.lsp.development import apply_migration
from lsp_server.lsp.diagnostics import present
from lsp_server.lsp.progress import shown
from lsp_server.lsp.protocol import RequestFailed, Server
from lsp_server.lsp.questions import answer
from lsp_server.lsp.session import Session
from lsp_server.report import Context
from lsp_server.report.json import as_json
from lsp_server.rules import all_rules, rule_named


async def list_rules(ls: Server, arguments: list[Any]) -> list[dict[str, str]]:
    return [{"name": rule.name, "summary": rule.summary} for rule in all_rules()]


async def explain_rule(ls: Server, arguments: list[Any]) -> dict[str, str]:
    name = arguments[0] if arguments and isinstance(arguments[0], str) else ""
    rule = rule_named(name)
    if rule is None:
        near = difflib.get_close_matches(name, [known.name for known in all_rules()], 1)
        raise RequestFailed(f"there is no rule `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    return {"markdown": f"# {rule.name}\n\n{rule.documentation}\n\nSeverity: {rule.severity.word}. Area: {rule.area}.\n"}


async def check_workspace(ls: Server, arguments: list[Any]) -> dict[str, Any]:
    """Look at every file anew, also where nobody told us that it has changed."""
    summary: Counter[str] = Counter()
    documents: list[dict[str, Any]] = []
    for session in ls.sessions:
        session.relist()
        await shown(ls, f"Checking {session.root.name}", _check(ls, session, summary, documents))
    summary["seconds"] = round(summary["seconds"], 3)
    return {"summary": dict(summary), "documents": documents}


async def _check(ls: Server, session: Session, summary: Counter[str], documents: list[dict[str, Any]]) -> None:
    checked = await session.newest()
    summary.update(as_json(checked.report, Context(checked.snapshot.documents))["summary"])
    for path, found in present(ls, session, checked).items():
        documents.append({"uri": session.uri(path), "diagnostics": list(found.items)})


async def list_unknowns(ls: Server, arguments: list[Any]) -> list[dict[str, Any]]:
    """What could not be read, so that silence about it is not mistaken for agreement: of one document, else of all."""
    wanted = arguments[0] if arguments and isinstance(arguments[0], str) else None
    found: list[dict[str, Any]] = []
    for session in ls.sessions:
        if wanted is not None and not session.holds(wanted):
            continue
        checked = await session.newest()
        for unknown in checked.snapshot.unknowns:
            place = unknown.location
            document = checked.snapshot.document(place.path) if place is not None else None
            if place is None or document is None:
                found.extend([{"what": unknown.what}] if wanted is None else [])
            elif wanted in (None, session.uri(place.path)):
                found.append({"uri": session.uri(place.path), "range": ls.places.range(document, place.span), "what": unknown.what})
    return found


async def ask_project(ls: Server, arguments: list[Any]) -> dict[str, Any]:
    """Let the project's own interpreter fill what its text leaves open. Raises RequestFailed where nobody trusts the workspace."""
    if not ls.client.trusted:
        raise RequestFailed("the workspace is not trusted: its own Python is not run")
    failures: list[str] = []
    for session in ls.sessions:
        checked = await session.newest()
        asked = ls.analysis_thread.run(partial(session.analysis.ask_project, checked))
        runtime = await shown(ls, f"Asking the Python of {session.root.name}", asked)
        failures.extend(runtime.failures)
        session.revise()
        await session.newest()
    return {"failures": failures}


COMMANDS = {
    "specdrift.server.listRules": list_rules,
    "specdrift.server.explainRule": explain_rule,
    "specdrift.server.checkWorkspace": check_workspace,
    "specdrift.server.listUnknowns": list_unknowns,
    "specdrift.server.askProject": ask_project,
    "specdrift.server.answer": answer,
    "specdrift.server.applyMigration": apply_migration,
    "specdrift.server.runAgent": run_agent,
}

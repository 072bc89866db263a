"""The command line: arguments in, report out, exit status. The contract is in `docs/cli.md`.

A shell: it reads files through `workspace.py`, asks the pure part, prints. It knows no rule and no framework.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lsp_server import __version__
from lsp_server.commands import FAILED, USAGE, UsageError


def run(arguments: Sequence[str]) -> int:
    """The process' exit status: 0 clean, 1 findings, 2 wrong usage or configuration, 3 an internal failure."""
    from lsp_server.config import ConfigError

    options = _parser().parse_args(arguments)
    try:
        return _dispatch(options)
    except (UsageError, ConfigError) as error:
        print(f"lsp_server: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # A crash must never look like agreement: Python's own exit status for it means findings.
        import traceback

        print(f"lsp_server: internal failure: {type(error).__name__}: {error}", file=sys.stderr)
        traceback.print_exc()
        return FAILED


def _dispatch(options: argparse.Namespace) -> int:
    if options.explain or options.rules:
        from lsp_server.commands import explain

        return explain.rules(options.format) if options.rules else explain.rule(options.explain)
    if options.facts:
        from lsp_server.commands import facts

        return _uncollected(facts.run, options)
    if options.fix or options.diff:
        from lsp_server.commands import fix

        return fix.run(options)
    if options.agent:
        from lsp_server.commands import agent

        return agent.run(options)
    if options.apply or options.dry_run:
        raise UsageError("--apply and --dry-run belong to --agent")
    if options.journal:
        from lsp_server.commands import journal

        return journal.run(options)
    if options.mcp:
        from lsp_server.commands import mcp

        return mcp.run(options)
    if options.check:
        from lsp_server.commands import check

        return _uncollected(check.run, options)
    if options.paths:
        raise UsageError("what should be done with the paths? Try --check, --fix or --facts KIND")
    from lsp_server.lsp.server import serve

    return serve(tcp=options.tcp, websocket=options.ws)


def _uncollected(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command that reads once and ends: nearly all it makes lives until then, and collecting costs a fifth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return command(options)
    finally:
        if collecting:
            gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lsp_server",
        description="Keeps specification, backend code and migrations in step. "
        "Without options: a language server on standard input and output.",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders (default: this folder)")
    parser.add_argument("--version", action="version", version=f"specdrift {__version__}")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="find drift, print a report")
    what.add_argument("--fix", action="store_true", help="apply the safe repairs, each verified")
    what.add_argument("--facts", metavar="KIND", choices=FACTS, help=f"print what is seen, as JSON: {', '.join(FACTS)}")
    what.add_argument("--explain", metavar="RULE", help="print a rule's page")
    what.add_argument("--rules", action="store_true", help="list all rules")
    what.add_argument("--agent", nargs="+", metavar="TASK", help="have a task done by the agent: words, a finding's fingerprint, or RULE PATH[:LINE]")
    what.add_argument("--journal", action="store_true", help="list what the agent did")
    what.add_argument("--mcp", action="store_true", help="serve facts, findings and the planner to coding agents (Model Context Protocol)")
    what.add_argument("--tcp", metavar="HOST:PORT", help="serve the Language Server Protocol on a socket")
    what.add_argument("--ws", metavar="HOST:PORT", help="serve the Language Server Protocol on a WebSocket")
    report = parser.add_argument_group("report")
    report.add_argument("--format", action="append", metavar="FORMAT[:FILE]", help="text, json, sarif, github; repeatable")
    report.add_argument("--select", action="append", metavar="RULE,…", help="only these rules or areas")
    report.add_argument("--ignore", action="append", metavar="RULE,…", help="not these rules or areas")
    report.add_argument("--fail-on", choices=("error", "warning", "info"), default="error", help="(default: error)")
    report.add_argument("--exit-zero", action="store_true", help="exit 0 also with findings")
    report.add_argument("--since", metavar="REF", help="only findings caused by what changed since a git revision; of the journal: since a date or for so long (7d)")
    report.add_argument("--baseline", type=Path, metavar="FILE", help="findings listed there are accepted")
    report.add_argument("--write-baseline", action="store_true", help="write today's findings to the baseline file")
    report.add_argument("--statistics", action="store_true", help="count findings by rule")
    report.add_argument("--quiet", action="store_true", help="only the summary")
    report.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    work = parser.add_argument_group("work")
    work.add_argument("--config", type=Path, metavar="FILE", help="a configuration instead of the one found")
    work.add_argument("--no-cache", action="store_true", help="neither read nor write the facts cache")
    work.add_argument("--trust", action="store_true", help="let the project's own interpreter fill what its text leaves open")
    work.add_argument("--unsafe-fixes", action="store_true", help="also repairs that may lose or rewrite something")
    work.add_argument("--shadow", metavar="URL", help="a server on which to make scratch databases, to prove migrations there")
    work.add_argument("--answers", type=Path, metavar="FILE", help="JSON: what a person says about renames, values for rows, time zones")
    work.add_argument("--development-database", metavar="URL", help="tell which revisions it lacks; it is only read")
    work.add_argument("--diff", action="store_true", help="print the repairs instead of applying them")
    agent = parser.add_argument_group("agent")
    agent.add_argument("--apply", action="store_true", help="write the change, if its verdict holds")
    agent.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    journal = parser.add_argument_group("journal")
    journal.add_argument("--outcome", metavar="WORD", help="only runs that ended so: done, gave-up, cancelled, budget, …")
    journal.add_argument("--task", metavar="TEXT", help="only runs whose task says so")
    journal.add_argument("--limit", type=int, default=50, metavar="N", help="so many runs at most (default: 50)")
    return parser


FACTS = ("routes", "models", "migrations", "spec", "entities", "stories")

"""Rule pages as Markdown: the rule's docstring, its first literate example, and the index of all rules.

Used by `--explain`, hovers and the generated `docs/rules/`; a test fails when the generated pages are stale.
"""

from __future__ import annotations

from collections.abc import Sequence

from lsp_server.findings import Rule


def page(rule: Rule, example: str | None = None) -> str:
    """One rule's page. `example` is the Markdown of a case that tests run."""
    head, _, rest = rule.documentation.partition("\n\n")
    mirror = f"`{rule.mirror}`" if " " not in rule.mirror else rule.mirror
    facts = f"Area: {rule.area}. Severity: {rule.severity.word}. Mirror: {mirror}."
    shown = f"\n\n## Example\n\n{example.strip()}" if example else ""
    before, mark, behind = rest.partition("\n## How to fix")
    body = f"{before.rstrip()}{shown}\n{mark}{behind}" if mark else f"{rest.rstrip()}{shown}\n"
    return f"# {rule.name}\n\n{head}\n\n{facts}\n\n{body.strip()}\n"


def index(rules: Sequence[Rule]) -> str:
    """The list of all rules by area."""
    lines = ["# Rules", "", "Made from the rules' own docstrings; `lsp_server --explain RULE` prints the same pages."]
    area = None
    for rule in rules:
        if rule.area != area:
            area = rule.area
            lines += ["", f"## {area}", "", "| rule | severity | what it reports |", "|---|---|---|"]
        lines.append(f"| [{rule.name}]({rule.name}.md) | {rule.severity.word} | {rule.summary} |")
    return "\n".join(lines) + "\n"

"""`--explain RULE` and `--rules`: the rules' own documentation."""

from __future__ import annotations

import difflib
import json

from lsp_server.commands import OK, UsageError
from lsp_server.commands.output import put
from lsp_server.rules import all_rules, rule_named


def rule(name: str) -> int:
    found = rule_named(name)
    if found is None:
        near = difflib.get_close_matches(name, [entry.name for entry in all_rules()], 1)
        hint = f"; did you mean `{near[0]}`?" if near else "; --rules lists them"
        raise UsageError(f"there is no rule `{name}`{hint}")
    put(f"# {found.name}\n\n{found.documentation}\n\nSeverity: {found.severity.word}. Area: {found.area}.\n")
    return OK


def rules(formats: list[str] | None) -> int:
    if formats and formats[0] == "json":
        entries = [{"name": entry.name, "area": entry.area, "severity": entry.severity.word, "summary": entry.summary,
                    "mirror": entry.mirror} for entry in all_rules()]  # fmt: skip
        put(json.dumps({"version": 1, "rules": entries}, indent=2) + "\n")
        return OK
    width = max((len(entry.name) for entry in all_rules()), default=0)
    area = None
    lines = []
    for entry in all_rules():
        if entry.area != area:
            area = entry.area
            lines += ["", area]
        lines.append(f"  {entry.name:<{width}}  {entry.severity.word:<7}  {entry.summary}")
    put("\n".join([*lines[1:], ""]))
    return OK

"""Speed and memory of the tree readers on generated specs. Run by hand: `python tests/bench/bench_tree.py`.

Prints CPU time (best of five), MB/s of source and the growth of peak memory, each size in a process of its
own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from lsp_server.document import Kind
from lsp_server.tree import repair

SIZES = (("yaml", 0.2), ("yaml", 3.1), ("yaml", 9.8), ("json", 13.0))


def operation(number: int) -> dict[str, object]:
    return {
        "summary": f"List the things of kind {number}",
        "description": "Lists the things of one owner, those that were shared with the owner included.\n\n"
        "Of every kind, in the order in which they were made; pages hold a hundred things "
        "unless asked otherwise.\n"
        "Needs the scope `things:read`. Things that were archived are left out.\n",
        "operationId": f"things/list-{number}",
        "tags": ["things"],
        "parameters": [
            {"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}},
            {"$ref": "#/components/parameters/per-page"},
            {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1, "minimum": 0}},
        ],
        "responses": {
            "200": {
                "description": "Response",
                "content": {
                    "application/json": {
                        "schema": {"type": "array", "items": {"$ref": f"#/components/schemas/thing-{number}"}}
                    }
                },
            },
            "404": {"$ref": "#/components/responses/not_found"},
        },
    }


def yaml_lines(value: object, indent: int) -> list[str]:
    space = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            shown = f"'{key}'" if key.isdecimal() else key
            if isinstance(item, (dict, list)):
                lines += [f"{space}{shown}:", *yaml_lines(item, indent + 2)]
            elif isinstance(item, str) and "\n" in item:
                lines += [f"{space}{shown}: |", *(f"{space}  {line}".rstrip() for line in item.splitlines())]
            else:
                lines.append(f"{space}{shown}: {scalar(item)}")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                first, *rest = yaml_lines(item, indent + 2)
                lines += [f"{space}- {first.strip()}", *rest]
            else:
                lines.append(f"{space}- {scalar(item)}")
    return lines


def scalar(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value) if value.startswith("#") else value
    return json.dumps(value)


def specification(kind: str, megabytes: float) -> str:
    size = megabytes * 1_000_000
    if kind == "yaml":
        parts = ["openapi: 3.1.0", "paths:"]
        written, number = 0, 0
        while written < size:
            lines = yaml_lines({f"/things/{number}": {"get": operation(number)}}, 2)
            written += sum(len(line) + 1 for line in lines)
            parts += lines
            number += 1
        return "\n".join(parts) + "\n"
    shown = json.dumps({"paths": {"/things/10000": {"get": operation(10000)}}}, indent=2)
    paths = {f"/things/{number}": {"get": operation(number)} for number in range(int(size / len(shown)))}
    return json.dumps({"openapi": "3.1.0", "paths": paths}, indent=2)


def peak() -> float:
    """The process's highest memory so far, MiB. (getrusage would count the parent's before exec.)"""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def measure(kind: str, megabytes: float) -> None:
    text = sys.stdin.buffer.read().decode()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of reading the input
    before = peak()
    best, nodes = 1e9, 0
    for turn in range(5):
        start = time.process_time()
        tree = repair.read(text, Kind(kind))
        best = min(best, time.process_time() - start)
        if turn == 0:
            grown = peak() - before
        nodes = len(tree.columns)
    assert not tree.problems, tree.problems[:3]
    size = len(text.encode()) / 1e6
    print(
        f"{kind} {size:5.1f} MB  {nodes:8d} nodes  {best * 1000:6.0f} ms  {size / best:5.1f} MB/s"
        f"  +{grown:.0f} MiB"
    )
    start = time.process_time()
    count = 0
    paths = tree.at(("paths",))
    assert paths is not None
    for _, item in paths.items():
        node = item.get("get")
        assert node is not None
        for key in ("operationId", "parameters", "responses", "deprecated", "security"):
            count += node.get(key) is not None
    spent = time.process_time() - start
    print(f"      {count} of {6 * len(paths)} keys found by get in {spent * 1000:.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(sys.argv[1], float(sys.argv[2]))
    else:
        for kind, megabytes in SIZES:
            data = specification(kind, megabytes).encode()
            subprocess.run([sys.executable, __file__, kind, str(megabytes)], check=True, input=data)

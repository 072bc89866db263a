"""A server of the Model Context Protocol, written by hand so that it can misbehave: `mcp_server_script.py MANNER`.

A well-behaved answer to the handshake and to `tools/list` is the start of most manners; then it goes wrong.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

NEWER = "2026-07-28"
TOOL = {"name": "echo", "description": "Says it again.",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}}  # fmt: skip


def say(message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(request: dict[str, Any], result: Any) -> None:
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})


def refuse(request: dict[str, Any], text: str, code: int = -32601, data: Any = None) -> None:
    say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": text, "data": data}})


def tools(manner: str, cursor: str | None) -> dict[str, Any]:
    if manner == "pages":
        page = int(cursor or 0)
        return {"tools": [{**TOOL, "name": f"tool{page}"}], **({"nextCursor": str(page + 1)} if page < 2 else {})}
    if manner == "endless":
        return {"tools": [{**TOOL, "name": f"tool{cursor}"}], "nextCursor": f"{cursor}x"}
    if manner == "odd":
        anything = {"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}], "$schema": "http://json-schema.org/draft-07/schema#"}
        deep = {"type": "object", "properties": {"value": {"description": "long " * 9000, "type": "string"}}}
        names = ("do this!", "do this?", "n" * 300)
        return {"tools": [
            *({"name": name, "description": "d" * 9000, "inputSchema": anything} for name in names),
            {"name": "wordy", "inputSchema": deep},
            {"name": "old", "inputSchema": {"type": "object", "properties": {"count": {"type": "int", "exclusiveMinimum": True}}}},
            {"name": "unnameable", "inputSchema": {"type": "object", "properties": {"a b": {}}}},
        ]}  # fmt: skip
    return {"tools": [TOOL], **({"resultType": "complete", "ttlMs": 0, "cacheScope": "private"} if manner == "modern" else {})}


def result_of(manner: str, arguments: dict[str, Any]) -> dict[str, Any]:
    text = arguments.get("text", "")
    if manner == "environment":
        text = json.dumps(dict(os.environ))
    if manner == "long":
        text = "x" * 1_000_000
    if manner == "huge":
        text = "x" * 20_000_000
    content: list[dict[str, Any]] = [{"type": "text", "text": text}]
    if manner == "pictures":
        content = [
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource_link", "name": "plan", "uri": "file:///plan.md"},
            {"type": "resource", "resource": {"uri": "memo://1", "mimeType": "text/plain", "text": "in it\u0007"}},
            {"type": "resource", "resource": {"uri": "memo://2", "mimeType": "application/zip", "blob": "AAAA"}},
        ]
    if manner == "structured":
        return {"content": [], "structuredContent": {"answer": 42}}
    return {"content": content, "isError": manner == "fails", **({"resultType": "complete"} if manner == "modern" else {})}


def main(manner: str) -> None:
    if manner == "refuses":
        sys.exit("the token s3cret-token is not valid")
    if manner == "silent":
        time.sleep(600)
    if manner == "garbage":
        while True:
            print("<html>not found</html>", flush=True)
    if manner == "unclosed":  # ignores the end of its input and all that is polite, and leaves somebody behind
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {left.pid}")
    if manner == "greets":
        print("Welcome!\nnot json {", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        method = request.get("method")
        if method == "initialize":
            if manner == "modern":
                refuse(request, "only newer versions are spoken here", -32022, {"supported": [NEWER]})
                continue
            answer(request, {"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}},
                             "serverInfo": {"name": "script", "version": "1"}})  # fmt: skip
        elif method == "server/discover" and manner == "modern":
            versions = {"supportedVersions": [NEWER], "capabilities": {"tools": {}}}
            answer(request, {**versions, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
        elif method == "tools/list":
            answer(request, tools(manner, (request.get("params") or {}).get("cursor")))
        elif method == "tools/call":
            if manner == "dies":
                print("out of memory", file=sys.stderr, flush=True)
                os._exit(1)
            if manner in ("hangs", "unclosed"):
                time.sleep(600)
            if manner == "rejects":
                refuse(request, "no such thing", -32602)
            elif manner == "nonsense":
                answer(request, {"content": "not a list"})
            else:
                answer(request, result_of(manner, request["params"]["arguments"]))
        elif "id" in request:
            refuse(request, "not known here")
    if manner == "unclosed":
        time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])

"""`lsp_server --mcp`, asked by a real client over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters, stdio_client

from lsp_server.rules import all_rules
from tests.command import REPOSITORY, call, shop, spawn, write

BOOKSHOP = REPOSITORY / "tests" / "projects" / "bookshop"


@pytest.fixture
def bookshop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BOOKSHOP, tmp_path / "bookshop"))


def served(folder: Path, work: Callable[[Client], Awaitable[Any]], *arguments: str, said: list[str] | None = None, mode: str = "auto") -> Any:
    """What a coroutine gives that talks with the server of a folder."""
    environment = {"PYTHONPATH": str(REPOSITORY), "SPECDRIFT_CACHE": str(folder.parent / "cache"), "PATH": os.environ["PATH"]}
    command = StdioServerParameters(command=sys.executable, args=["-m", "lsp_server", "--mcp", *arguments], env=environment, cwd=folder)

    async def main() -> Any:
        with (folder.parent / "errors.txt").open("w+", encoding="utf-8") as errors:
            async with asyncio.timeout(120), Client(stdio_client(command, errlog=errors), mode=mode) as client:
                result = await work(client)
            errors.seek(0)
            if said is not None:
                said.extend(errors.read().splitlines())
        return result

    return asyncio.run(main())


async def ask(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return "".join(block.text for block in result.content if block.type == "text")


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return "".join(block.text for block in result.content if block.type == "text")


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_tools_say_that_they_only_read(bookshop: Path, mode: str) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools, client.instructions, client.server_info

    tools, instructions, info = served(bookshop, work, mode=mode)
    assert {"list_findings", "facts", "explain_rule", "unknowns", "plan_migration", "revision_sql"} <= {tool.name for tool in tools}
    assert all(tool.annotations.read_only_hint and tool.input_schema["type"] == "object" for tool in tools)
    assert info.name == "specdrift" and "list_findings" in instructions


def test_facts_are_those_of_the_command_line(bookshop: Path) -> None:
    async def work(client: Client) -> Any:
        return [json.loads(await ask(client, "facts", kind=kind)) for kind in ("routes", "models", "migrations", "spec")]

    for kind, answer in zip(("routes", "models", "migrations", "spec"), served(bookshop, work), strict=True):
        expected = call(bookshop, "--facts", kind).json
        used = expected.pop("schemas", {}).keys() & set(re.findall(r'"#/schemas/([^"]+)"', json.dumps(answer)))
        assert answer.pop("schemas", {}).keys() == used
        assert answer == expected


def test_facts_can_be_narrowed_to_a_folder(bookshop: Path) -> None:
    async def work(client: Client) -> Any:
        whole = json.loads(await ask(client, "facts", kind="routes"))
        file = next(route["file"] for route in whole["routes"] if "#/schemas/" in json.dumps(route))
        return whole, file, json.loads(await ask(client, "facts", kind="routes", path=file))

    whole, file, part = served(bookshop, work)
    assert part["routes"] == [route for route in whole["routes"] if route["file"] == file]
    assert 0 < len(part["routes"]) < len(whole["routes"])
    assert 0 < len(part["schemas"]) < len(whole["schemas"])
    named = set(re.findall(r'"#/schemas/([^"]+)"', json.dumps(part)))
    assert named & whole["schemas"].keys() == part["schemas"].keys()


def test_files_are_read_anew_before_each_call(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    agreed = 'def list_books(limit: int = 20) -> None:'

    async def work(client: Client) -> Any:
        before = await ask(client, "list_findings", path="app.py")
        code = folder / "app.py"
        code.write_text(code.read_text().replace("def list_books(limit: int = 50) -> None:", agreed))
        after = await ask(client, "list_findings", path="app.py")
        write(folder, {"more.py": "from fastapi import FastAPI\nother = FastAPI()\n@other.get('/new')\ndef new() -> None: ...\n"})
        return before, after, json.loads(await ask(client, "facts", kind="routes"))

    before, after, routes = served(folder, work)
    assert "[parameter-contradicts-spec]" in before and "app.py:7: error" in before
    assert "[parameter-contradicts-spec]" not in after and "[route-not-in-spec]" in after
    assert "/new" in [route["path"] for route in routes["routes"]]


def test_accepted_findings_stay_accepted(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    write(folder, {"specdrift.toml": 'baseline = "baseline.json"\n', "baseline.json": '{"version": 1, "findings": []}'})
    assert call(folder, "--check", "--write-baseline").status == 0

    async def work(client: Client) -> str:
        return await ask(client, "list_findings")

    assert served(folder, work) == "nothing is found here"


def test_a_migration_is_planned_with_its_text_and_its_proof_and_nothing_is_written(bookshop: Path) -> None:
    models = next(path for path in sorted(bookshop.rglob("*.py")) if "class Book(" in path.read_text() and "__tablename__" in path.read_text())
    source = models.read_text()
    line = next(line for line in source.splitlines() if "mapped_column(" in line and "primary_key" not in line and "ForeignKey" not in line)
    indent = line[: len(line) - len(line.lstrip())]
    models.write_text(source.replace(line, f"{line}\n{indent}shelf_mark: Mapped[str | None] = mapped_column(String(40))", 1))
    before = files(bookshop)

    async def work(client: Client) -> Any:
        return await ask(client, "plan_migration"), await ask(client, "plan_migration")

    first, second = served(bookshop, work)
    assert "shelf_mark" in first and "op.add_column" in first and "def downgrade" in first
    assert "the downgrade gives the schema before" in first and "a second upgrade works" in first
    assert first == second
    assert files(bookshop) == before


def test_a_revision_is_shown_as_sql_and_proved(bookshop: Path) -> None:
    async def work(client: Client) -> Any:
        revision = json.loads(await ask(client, "facts", kind="migrations"))["revisions"][0]
        sql = await ask(client, "revision_sql", revision=revision["id"])
        same = await ask(client, "revision_sql", revision=revision["file"])
        return sql, same, await ask(client, "prove_migration", path=revision["file"]), await refused(client, "revision_sql", revision="nope")

    sql, same, proof, unknown = served(bookshop, work)
    assert sql == same and "upgrade:" in sql and "CREATE TABLE" in sql and "downgrade:" in sql and "DROP TABLE" in sql
    assert "proof" in proof
    assert "has a revision nope" in unknown


def test_every_rule_has_a_page(bookshop: Path) -> None:
    async def work(client: Client) -> Any:
        pages = (await client.list_resources()).resources
        page = await client.read_resource("specdrift://rules/operation-not-implemented")
        with pytest.raises(MCPError, match="no page"):
            await client.read_resource("specdrift://rules/nothing")
        return pages, page.contents[0], await ask(client, "explain_rule", rule="operation-not-implemented"), await ask(client, "list_rules")

    pages, page, explained, rules = served(bookshop, work)
    assert len(pages) == len(all_rules())
    assert page.text.strip() == explained.strip() and page.text.startswith("# operation-not-implemented")
    assert len(rules.splitlines()) == len(all_rules())


def test_what_could_not_be_read_is_listed_with_its_place(tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"app.py": "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get(os.environ['PATH_OF_BOOKS'])\n"
                                                 "def books() -> None: ...\n"})  # fmt: skip

    async def work(client: Client) -> Any:
        return json.loads(await ask(client, "unknowns")), json.loads(await ask(client, "unknowns", path="elsewhere"))

    all_of_them, elsewhere = served(folder, work)
    assert [(each["path"], each["start"]["line"]) for each in all_of_them["unknowns"]] == [("app.py", 4)]
    assert elsewhere["unknowns"] == []


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no_such_tool", {}, "there is no tool no_such_tool"),
    ("facts", {"kind": "secrets"}, "must be one of"),
    ("facts", {}, "kind is missing"),
    ("facts", {"kind": "routes", "path": "../.."}, "outside|leads out|[Nn]ot"),
    ("explain_rule", {"rule": "no-such-rule"}, "there is no rule"),
    ("list_findings", {"pth": "app.py"}, "did you mean path"),
    ("read_table", {"table": "nothing"}, "nothing"),
    ("plan_migration", {}, "no migration history"),
    ("prove_migration", {"path": "/etc/passwd"}, "outside|absolute|relative"),
]


def test_a_call_that_cannot_be_answered_says_why(tmp_path: Path) -> None:
    async def work(client: Client) -> list[str]:
        return [await refused(client, tool, **arguments) for tool, arguments, _ in REFUSED]

    for (tool, _, reason), answer in zip(REFUSED, served(shop(tmp_path / "shop"), work), strict=True):
        assert re.search(reason, answer), (tool, answer)


def test_files_with_secrets_are_not_shown(tmp_path: Path) -> None:
    folder = write(shop(tmp_path / "shop"), {"secrets/openapi.yaml": "openapi: 3.1.0\ninfo: {title: S, version: '1'}\npaths:\n  /hidden:\n    get:\n"
                                                                     "      responses: {'200': {description: a}}\n"})  # fmt: skip

    async def work(client: Client) -> Any:
        return await ask(client, "facts", kind="spec"), await ask(client, "list_findings")

    assert all("/hidden" not in answer for answer in served(folder, work))


def test_a_configuration_that_breaks_in_between_is_an_answer_and_can_be_mended(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")

    async def work(client: Client) -> Any:
        write(folder, {"specdrift.toml": "lead = 1\n"})
        broken = await refused(client, "list_findings")
        write(folder, {"specdrift.toml": 'leads = "code"\n'})
        return broken, await ask(client, "list_findings")

    broken, mended = served(folder, work)
    assert "did you mean `leads`" in broken
    assert "[route-not-in-spec]" in mended


def test_the_standard_output_carries_the_protocol_and_nothing_else(bookshop: Path) -> None:
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize",
         "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "list_findings", "arguments": {}}},
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SPECDRIFT_CACHE": str(bookshop.parent / "cache")}
    server = subprocess.Popen([sys.executable, "-m", "lsp_server", "--mcp"], cwd=bookshop, env=environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert server.stdin is not None and server.stdout is not None
    answers = []
    for message in messages:
        server.stdin.write(json.dumps(message) + "\n")
        server.stdin.flush()
        if "id" in message:
            answers.append(json.loads(server.stdout.readline()))
    rest, errors = server.communicate(timeout=30)
    assert [answer["id"] for answer in answers] == [1, 2]
    assert (rest, errors, server.returncode) == ("", "", 0)


@pytest.mark.parametrize(("arguments", "reason"), [(("nowhere",), "no such file"), (("--config", "none.toml"), "none.toml")])
def test_wrong_usage_is_said_before_the_conversation(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = spawn(shop(tmp_path / "shop"), "--mcp", *arguments)
    assert (done.status, done.out) == (2, "")
    assert reason in done.err

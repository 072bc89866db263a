"""`--agent` on the command line: what is printed where, exit statuses, files that are written, and dry runs that send nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.agent.messages_api import Script, call, messages_api, say
from tests.agent.runs import KEY, calls, untouched
from tests.command import REPOSITORY, Outcome, shop
from tests.command import call as command

FIX = call("edit_file", path="app.py", old_text="limit: int = 50", new_text="limit: int = 20")
TASK = ("--agent", "parameter-contradicts-spec", "app.py:7")


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECDRIFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE", "ANTHROPIC_CONFIG_DIR", "SPECDRIFT_JOURNAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return shop(tmp_path / "shop")


def agent(root: Path, script: Script, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Outcome:
    with messages_api(script) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        return command(root, *arguments)


def test_a_good_run_prints_the_change_and_the_verdict(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with untouched(root):
        done = agent(root, [FIX, say("Done.")], monkeypatch, *TASK)
    assert done.status == 0
    assert done.out.startswith("--- a/app.py\n+++ b/app.py\n")
    assert "-def list_books(limit: int = 50) -> None:\n+def list_books(limit: int = 20) -> None:\n" in done.out
    assert "cleared: [parameter-contradicts-spec]" in done.err
    assert "the verdict holds; 1 file (not written; --apply writes it)" in done.err
    assert "about $0.0" in done.err
    assert KEY not in done.out + done.err


def test_the_diff_can_be_applied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = agent(root, [FIX, say("Done.")], monkeypatch, *TASK)
    subprocess.run(["git", "apply", "-"], input=done.out, text=True, cwd=root, check=True)
    assert "limit: int = 20" in (root / "app.py").read_text()


def test_apply_writes_what_the_verdict_holds_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = call("create_file", path="notes.md", text="limit is 20\n")
    done = agent(root, [FIX, made, say("Done.")], monkeypatch, *TASK, "--apply")
    assert (done.status, done.out) == (0, "")
    assert "limit: int = 20" in (root / "app.py").read_text()
    assert (root / "notes.md").read_text() == "limit is 20\n"


def test_apply_writes_nothing_where_the_verdict_does_not_hold(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with untouched(root):
        done = agent(root, [say("Done!")] * 4, monkeypatch, *TASK, "--apply")
    assert (done.status, done.out) == (1, "")
    assert "wrong: nothing was changed" in done.err
    assert "no change (gave-up)" in done.err


def test_words_are_a_task(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = agent(root, [calls(("edit_file", {"path": "app.py", "old_text": "limit: int = 50", "new_text": "limit: int = 20"})), say("ok")], monkeypatch,
                 "--agent", "make", "the", "limit", "twenty")  # fmt: skip
    assert done.status == 0, done.err


def test_a_finding_by_its_fingerprint(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = command(root, "--check", "--no-cache", "--format", "json").json["findings"]
    fingerprint = next(each["fingerprint"] for each in found if each["rule"] == "parameter-contradicts-spec")
    assert agent(root, [FIX, say("Done.")], monkeypatch, "--agent", fingerprint).status == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--agent", "0123456789abcdef"), "no finding has the fingerprint"),
        (("--agent", "route-not-in-spec", "openapi.yaml:1"), "there is no finding of route-not-in-spec at openapi.yaml:1; there is app.py:11"),
        (("--agent", "  "), "needs a task"),
        (("--apply",), "belong to --agent"),
        (("--dry-run",), "belong to --agent"),
    ],
)
def test_wrong_usage(root: Path, arguments: tuple[str, ...], words: str) -> None:
    done = command(root, *arguments)
    assert done.status == 2
    assert words in done.err


def test_without_a_key_one_sentence_says_what_to_do(root: Path) -> None:
    done = command(root, *TASK)
    assert (done.status, done.out) == (2, "")
    assert "set ANTHROPIC_API_KEY in the environment" in done.err


def test_a_refused_key(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.agent.messages_api import Failure

    done = agent(root, [Failure(401, "authentication_error", "invalid x-api-key")], monkeypatch, *TASK)
    assert done.status == 2
    assert "the key was refused" in done.err and KEY not in done.err


def test_a_dry_run_is_exactly_the_first_request(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with untouched(root):
        shown = command(root, *TASK, "--dry-run")
    assert shown.status == 0
    with messages_api([say("no")] * 3) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        command(root, *TASK)
        assert api.requests[0].body == json.loads(shown.out)


def test_a_dry_run_needs_no_key_and_no_package(root: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['anthropic'] = None\n"
        "from lsp_server.cli import run\n"
        f"status = run({[*TASK, '--dry-run']!r})\n"
        "print('LOADED', [name for name in ('anthropic', 'mcp', 'httpx2') if sys.modules.get(name)], file=sys.stderr)\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, env={"PATH": "", "PYTHONPATH": str(REPOSITORY)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["messages"][0]["role"] == "user"
    assert "LOADED []" in done.stderr


def test_without_the_package_one_sentence_says_what_to_do(root: Path) -> None:
    program = (
        "import sys\nsys.modules['anthropic'] = None\nfrom lsp_server.cli import run\n"
        f"sys.exit(run({list(TASK)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True,
                          env={"PATH": "", "PYTHONPATH": str(REPOSITORY), "ANTHROPIC_API_KEY": KEY})  # fmt: skip
    assert done.returncode == 2
    assert "the agent needs the package `anthropic`" in done.stderr and "pip install 'specdrift[agent]'" in done.stderr


# What a workspace may say


def test_a_workspace_cannot_send_the_key_elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with messages_api([]) as theirs:
        (root / "specdrift.toml").write_text(f'[agent]\nbase-url = "{theirs.url}"\ncommands = ["make"]\n')
        done = agent(root, [FIX, say("Done.")], monkeypatch, *TASK)
        assert done.status == 0, done.err
        assert theirs.requests == []
    assert "`agent.base-url` of" in done.err and "is not used" in done.err


def test_a_trusted_workspace_may_say_more(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with messages_api([FIX, say("Done.")]) as theirs:
        (root / "specdrift.toml").write_text(f'[agent]\nbase-url = "{theirs.url}"\nmodel = "my-own-model"\neffort = "low"\n')
        done = command(root, *TASK, "--trust")
        assert done.status == 0, done.err
        assert theirs.requests[0].body["model"] == "my-own-model"
        assert theirs.requests[0].body["output_config"] == {"effort": "low"}
    assert "cost not known" in done.err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('api-key = "x"', "never in a file"),
        ('effort = "extreme"', "`effort` must be one of low"),
        ("max-cost = 0", "`max-cost` must be"),
        ('modell = "x"', "did you mean `model`?"),
        ('provider = "other"', "`provider` must be one of"),
        ("max-rounds = true", "`max-rounds` must be"),
        ('prompt = "/etc/passwd"', "only files of its own"),
        ('prompt = "../elsewhere.md"', "only files of its own"),
        ('prompt = "missing.md"', "cannot be read"),
    ],
)
def test_settings_that_cannot_be_used(root: Path, settings: str, words: str) -> None:
    (root / "specdrift.toml").write_text(f"[agent]\n{settings}\n")
    done = command(root, *TASK, "--dry-run")
    assert done.status == 2
    assert words in done.err


def test_another_agent_file_works_unchanged(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another program, with fifty entries most of which are not there."""
    entries = ["Read(*)", "Edit(*)", "Write(*)", "Bash(*)", "Grep", "Glob", "TodoWrite", "Task", "WebFetch(domain:*)"]
    entries += [f"mcp__{server}__{tool}" for server in ("context7", "serena", "linear", "git", "time") for tool in "abcdefgh"]
    text = f"---\nname: backend: the engineer\ndescription: Use this agent when: a spec is there\ntools: {', '.join(entries)}\nmodel: sonnet\ncolor: purple\n---\n\nYou build.\n"
    (root / "agents").mkdir()
    (root / "agents" / "backend.md").write_text(text)
    (root / "specdrift.toml").write_text('[agent]\nprompt = "agents/backend.md"\n')
    with messages_api([FIX, say("Done.")]) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        done = command(root, *TASK)
        sent = api.requests[0].body
    assert done.status == 0, done.err
    assert sent["model"] == "claude-sonnet-5-5"
    assert "You build." in sent["system"][1]["text"]
    assert {"read_file", "edit_file", "todo_write"} <= {tool["name"] for tool in sent["tools"]}
    assert done.err.count("not available here") == 1 and "mcp__linear__a" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_a_run_at_once_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "ANTHROPIC_API_KEY": KEY, "SPECDRIFT_CACHE": str(tmp_path / "cache")}
    with untouched(root), messages_api([say("x" * 9000, seconds=0.05)]) as api:
        environment["ANTHROPIC_BASE_URL"] = api.url
        process = subprocess.Popen([sys.executable, "-m", "lsp_server", *TASK], cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not api.requests and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        started = time.perf_counter()
        assert api.gone.wait(5)
        assert time.perf_counter() - started < 1
        out, _ = process.communicate(timeout=20)  # The journal is still written.
        assert (process.returncode, out) == (130, b"")


def test_a_terminal_does_not_obey_what_a_model_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = call("todo_write", todos=[{"text": "\x1b[2Jgone\nlsp_server: the verdict holds", "state": "active"}])
    done = agent(root, [todo, FIX, say("\x1b]0;owned\x07 Done.")], monkeypatch, *TASK)
    assert done.status == 0
    assert "\x1b" not in done.err and "\x07" not in done.err
    assert "\nlsp_server: the verdict holds" not in done.err

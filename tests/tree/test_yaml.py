"""Reading YAML: meaning by the 1.2 core schema, and every fault with its places."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.document import Kind
from lsp_server.text import Span
from lsp_server.tree import yaml
from lsp_server.tree.node import Problem, Tree
from lsp_server.tree.repair import read


def problems(text: str, code: str) -> list[Problem]:
    return [problem for problem in read(text, Kind.YAML).problems if problem.code == code]


def cut(text: str, span: Span | None) -> str:
    assert span is not None
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("none", "none"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".", "."),
        ("1.2.3", "1.2.3"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2020-01-01", "2020-01-01"),
        ("=", "="),
        ('"1"', "1"),
        ("'true'", "true"),
        ("!!str 1", "1"),
        ("!!int '1'", 1),
        ("!!float 1", 1.0),
        ("!custom 1", "1"),
        ("! 1", "1"),
        ("!!int x", "x"),
        ("!!null ''", None),
        ("!!bool 'true'", True),
        ("|\n  1\n", "1\n"),
        ("é", "é"),
        ("a\u2028b", "a\u2028b"),
        ("a\x85b", "a\x85b"),
        ("9" * 5000, float("9" * 5000)),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, value: Any) -> None:
    found = read(f"key: {text}", Kind.YAML)
    node = found.at(("key",))
    assert node is not None and found.problems == ()
    assert node.value == value and type(node.value) is type(value)


def test_not_a_number() -> None:
    node = read(".nan", Kind.YAML).root
    assert node is not None and math.isnan(node.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("no", "boolean"),
        ("On", "boolean"),
        ("1e3", "exponent"),
        ("12:30", "sexagesimal"),
        ("0777", "octal"),
        ("1_000", "underscore"),
        ("0b11", "binary"),
        ("2020-01-01", "date"),
    ],
)
def test_scalars_that_readers_disagree_about_are_noted(text: str, kind: str) -> None:
    source = f"first: plain\nsecond: {text}\nquoted: '{text}'\n"
    found = read(source, Kind.YAML)
    assert found.problems == ()
    assert [(note.code, cut(source, note.span)) for note in found.notes] == [(f"ambiguous-{kind}", text)]


def test_ordinary_scalars_are_not_noted() -> None:
    assert read("a: 1\nb: -2.5\nc: true\nd: null\n200: ok\ne: 1.2.3\nf: 10:x\n", Kind.YAML).notes == ()


def test_a_duplicate_key_names_both_places() -> None:
    text = "a:\n  name: 1\n  'name': 2\nb: {x: 1, x: 2}\n"
    first, second = problems(text, "duplicate-key")
    assert (cut(text, first.related), cut(text, first.span)) == ("name", "'name'")
    assert (cut(text, second.related), cut(text, second.span)) == ("x", "x")
    assert second.related is not None and second.related.start < second.span.start


def test_a_tab_that_indents_is_named() -> None:
    text = "a:\n\tb: 1\nc: 2\n"
    (problem,) = problems(text, "tab")
    assert text[problem.span.start] == "\t"
    assert read(text, Kind.YAML).at(("c",)) is not None


@pytest.mark.parametrize("value", ["1", "*base", "[*map, 1]"])
def test_a_merge_key_needs_mappings(value: str) -> None:
    text = f"base: &base text\nmap: &map {{a: 1}}\nx:\n  <<: {value}\n  b: 2\n"
    (problem,) = problems(text, "merge-key")
    assert cut(text, problem.span) == "<<"


def test_merging_several_prefers_own_keys_then_earlier_mappings() -> None:
    text = "p: &p {a: 1, b: 1}\nq: &q {b: 2, c: 2}\nx:\n  <<: [*p, *q]\n  a: 0\ny: {<<: *p, <<: *q}\n"
    found = read(text, Kind.YAML)
    assert found.problems == ()
    assert found.at(("x",)).value == {"a": 0, "b": 1, "c": 2}  # type: ignore[union-attr]
    assert found.at(("y",)).value == {"a": 1, "b": 1, "c": 2}  # type: ignore[union-attr]


def test_a_cycle_is_cut_and_named() -> None:
    text = "a: &a\n  b: [1, *a]\nc: *a\n"
    (problem,) = problems(text, "alias-cycle")
    assert (cut(text, problem.span), cut(text, problem.related)) == ("*a", "&a")
    assert walk(read(text, Kind.YAML)) < 20


def test_a_merge_cycle_is_cut() -> None:
    assert problems("a: &a\n  <<: *a\n  b: 1\n", "alias-cycle")


def test_a_bomb_costs_nothing_and_is_cut() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "\n".join(lines)
    found = read(text, Kind.YAML)
    assert {problem.code for problem in found.problems} == {"alias-bomb"}
    assert walk(found) < 1_000_000


def test_aliases_cannot_nest_without_end() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1000))
    found = read(text, Kind.YAML)
    assert "alias-bomb" in {problem.code for problem in found.problems}
    assert found.root is not None and found.root.value


def walk(found: Tree) -> int:
    """The nodes someone meets who follows every alias."""
    count, open_nodes = 0, [found.root] if found.root else []
    while open_nodes:
        node = open_nodes.pop()
        count += 1
        open_nodes += [value for _, value in node.items()] + list(node.elements())
        assert count < 2_000_000
    return count


@pytest.mark.parametrize(
    "text", ["[" * 300, "[" * 100_000, "{a: " * 1000, "- " * 5000 + "x", "a:\n" + "- " * 300]
)
def test_deep_nesting_is_refused(text: str) -> None:
    found = read(text, Kind.YAML)
    assert "depth" in {problem.code for problem in found.problems} or len(text) > 50_000
    assert not found.complete
    assert walk(found) < 1000


def test_nesting_below_the_limit_is_fine() -> None:
    assert read("[" * 150 + "]" * 150, Kind.YAML).problems == ()


def test_only_the_first_document_is_read_and_the_rest_is_noted() -> None:
    text = "a: 1\n---\nb: 2\n---\nc: 3\n"
    found = read(text, Kind.YAML)
    assert found.root is not None and found.root.value == {"a": 1}
    (note,) = found.notes
    assert note.code == "several-documents" and cut(text, note.span) == "---"


def test_characters_that_yaml_forbids_cost_only_a_problem() -> None:
    text = "a: x\x01y\nb: \ud800\nc: 2\n"
    found = read(text, Kind.YAML)
    assert [(p.code, cut(text, p.span)) for p in found.problems] == [
        ("character", "\x01"),
        ("character", "\ud800"),
    ]
    assert found.root is not None and found.root.value == {"a": "x\x01y", "b": "\ud800", "c": 2}


_PIECES = st.sampled_from(
    [
        "a",
        "b:",
        ": ",
        "- ",
        "\n",
        "  ",
        "\n  ",
        "\n    ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        '"',
        "#",
        " #c",
        "|",
        ">-",
        "&x ",
        "*x",
        "!t ",
        "? ",
        "<<: ",
        "\t",
        "\r\n",
        "---\n",
        "...\n",
        "\ufeff",
        "😀",
        "\u2028",
        "%",
        "@",
        "\\",
        "\x00",
        "\r",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=30).map("".join)))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    found = read(text, Kind.YAML)
    consistent(found)


def consistent(found: Tree) -> None:
    size = len(found.source)
    for problem in (*found.problems, *found.notes):
        assert 0 <= problem.span.start <= problem.span.end <= size
        assert problem.related is None or 0 <= problem.related.start <= problem.related.end <= size
    for node in found.nodes():
        assert 0 <= node.outer_span.start <= node.span.start <= node.span.end <= size
        parent = node.parent
        assert parent is None or parent.span.covers(node.span)
        assert node.pointer is not None
    if found.root is not None:
        assert found.root.value is not found
    for offset in (0, size // 2, size):
        found.pointer_at(offset)


def test_the_parser_in_pure_python_gives_the_same_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x\n  - 1 # c\n  -\n  - {k: 'v', l}\nb: |\n  t\n\n\nc: *x\n"
    text += "? d\n: !!str 1\ne: [1, 2,\n  3]\nf: >+\n x\n\n"
    fast = yaml.read(text)
    monkeypatch.setattr(pyyaml, "__with_libyaml__", False)
    slow = yaml.read(text)
    assert fast.fault is None and slow.fault is None
    for column in ("codes", "starts", "ends", "parents", "contents", "anchors", "tags", "outer", "targets"):
        assert getattr(fast.columns, column) == getattr(slow.columns, column), column
    assert yaml.read("a: [1").fault is not None


@pytest.mark.parametrize("kind", [Kind.YAML, Kind.JSON])
def test_hostile_texts_are_read_in_one_piece(kind: Kind) -> None:
    texts = ["'" * 50_000, '"' * 49_999, "{" * 50_000, "? " * 20_000, "&a " * 20_000, "a: " * 20_000]
    texts += ["a: [1 " + "# b " * 10_000, "a\n" * 30_000, 'x: "\n' * 20_000, "{{ x }}\n" * 10_000]
    texts += ["a: |\n" * 20_000, "\ta: 1\n" * 20_000, "".join(" " * n + "a:\n" for n in range(500))]
    texts.append("a: &a {x: 1}\nb: {<<: [" + "*a, " * 20_000 + "]}\n")
    for text in texts:
        found = read(text, kind)
        assert found.problems or found.root is not None
        assert found.root is None or found.root.value is not found

"""Any edit on any document re-reads to exactly the intended tree, and loses no comment it did not remove."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from lsp_server.document import Kind
from lsp_server.text import apply_edits
from lsp_server.tree import edit, repair
from lsp_server.tree.node import Node, Tree

_WORDS = [
    "a",
    "b",
    "name",
    "in",
    "schema",
    "200",
    "x-y",
    "/users/{id}",
    "on",
    "$ref",
    "it's",
    "é😀",
    "two words",
]
_TEXTS = [
    *_WORDS,
    "",
    "null",
    "1",
    "1e3",
    "12:30",
    "- x",
    "a: b",
    "a #b",
    "#c",
    "@x",
    " lead",
    "trail ",
    "x\ny\n",
    "x\n\n  y\nz",
    "l1\nl2\n\n",
    "\n",
    "tab\there",
    "[x",
    "{y",
    "a,b",
    "*x",
    "&x",
    "!t",
    "%p",
    "`",
    "\x07",
    "\u2028q",
    "back\\slash",
    '"q"',
    "---",
    "...",
    "~",
    "=",
    "? x",
    ": x",
    "http://x/y#z",
    "2020-01-01",
    "<<",
    "0o17",
    "é",
]
NOT_PLAIN = ("null", "on", "off", "yes", "no", "y", "n", "true", "false")
_KEYS = st.sampled_from(_WORDS)
_SCALARS = st.one_of(
    st.sampled_from(_TEXTS),
    st.integers(-5, 10**20),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=8,
)
_ROOTS = st.one_of(
    st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4), st.lists(_VALUES, min_size=1, max_size=3)
)


class Writer:
    """Writes a value as YAML in all the ways people write it; each choice is drawn."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.comments = 0
        self.anchors = 0
        self.step = draw(st.sampled_from([2, 4]))
        self.dash = draw(st.sampled_from([0, 2, self.step]))

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(0, of)) == of)

    def comment(self) -> str:
        self.comments += 1
        return f"# note{self.comments}."

    def scalar(self, value: Any, flow: bool) -> str:
        if isinstance(value, str):
            shown = (
                json.dumps(value).replace("\x7f", "\\x7f") if not value.isascii() or self.chance(3) else None
            )
            if shown is not None:
                return re.sub(
                    r"\\ud[89ab]..\\ud[c-f]..",
                    lambda m: f"\\U{ord(json.loads(chr(34) + m[0] + chr(34))):08x}",
                    shown,
                )
            if re.fullmatch(r"[\x20-\x7e]*", value) and self.chance(2):
                return "'" + value.replace("'", "''") + "'"
            if (
                re.fullmatch(r"[A-Za-z/$][A-Za-z/$0-9{}.-]*( [a-z]+)*", value)
                and value.lower() not in NOT_PLAIN
            ) and (not flow or not re.search(r"[{}]", value)):
                return value
            return json.dumps(value).replace("\x7f", "\\x7f")
        if value is None:
            return self.draw(st.sampled_from(["null", "~"]))
        return json.dumps(value)

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            inner = [f"{self.scalar(key, True)}: {self.flow(item)}" for key, item in value.items()]
            brackets = "{}"
        elif isinstance(value, list):
            inner = [self.flow(item) for item in value]
            brackets = "[]"
        else:
            return self.scalar(value, True)
        comma = "," if inner and self.chance(4) else ""
        return brackets[0] + ", ".join(inner) + comma + brackets[1]

    def flow_lines(self, value: Any, column: int) -> list[str]:
        """Brackets over several lines, one entry on each."""
        entries = value.items() if isinstance(value, dict) else [(None, item) for item in value]
        brackets = "{}" if isinstance(value, dict) else "[]"
        lines = [brackets[0]]
        count = len(value)
        for number, (key, item) in enumerate(entries):
            head = "" if key is None else self.scalar(key, True) + ": "
            comma = "," if number + 1 < count or self.chance(3) else ""
            note = " " + self.comment() if self.chance(3) else ""
            lines.append(" " * (column + 2) + head + self.flow(item) + comma + note)
        return [*lines, " " * column + " " + brackets[1]]

    def hung(self, head: str, value: Any, column: int, dash: bool) -> list[str]:
        if self.chance(9) and not isinstance(value, str):
            self.anchors += 1
            head += f" &anchor{self.anchors}"
        note = " " + self.comment() if self.chance(4) else ""
        if isinstance(value, (dict, list)) and value and not self.chance(3):
            deeper = column + (2 if dash else self.step if isinstance(value, dict) else self.dash)
            lines = self.block(value, deeper)
            if (
                dash
                and not note
                and head.endswith("-")
                and self.chance(1)
                and not lines[0].strip().startswith("#")
            ):
                return [head + " " + lines[0][deeper:], *lines[1:]]
            return [head + note, *lines]
        if isinstance(value, (dict, list)) and value and self.chance(1):
            first, *rest = self.flow_lines(value, column + 1)
            return [f"{head} {first}", *rest[:-1], rest[-1] + note]
        if (
            isinstance(value, str)
            and "\n" in value
            and re.fullmatch(r"[!-~][\n -~]*[!-~]\n*", value)
            and self.chance(1)
        ):
            kept = len(value) - len(value.rstrip("\n"))
            header = "|-" if kept == 0 else "|" if kept == 1 else "|+"
            body = value.rstrip("\n").split("\n") + [""] * (kept - 1)
            return [f"{head} {header}", *(" " * (column + self.step) + line if line else "" for line in body)]
        if value is None and self.chance(1) and "&" not in head:
            return [head + note]
        return [f"{head} {self.flow(value)}{note}"]

    def block(self, value: Any, column: int) -> list[str]:
        lines: list[str] = []
        space = " " * column
        entries = value.items() if isinstance(value, dict) else [(None, item) for item in value]
        for key, item in entries:
            loose = bool(lines) and lines[-1].strip() != ""
            if self.chance(5) and not any("|" in line for line in lines[-6:]):
                lines.append(space + self.comment())
            elif self.chance(6) and loose and not any("|" in line for line in lines[-6:]):
                lines.append("")
            head = "-" if key is None else self.scalar(key, False) + ":"
            first, *rest = self.hung(head, item, column, key is None)
            lines += [space + first, *rest]
        return lines


@st.composite
def documents(draw: Any) -> tuple[str, Any]:
    value = draw(_ROOTS)
    writer = Writer(draw)
    lines = writer.block(value, 0)
    if writer.chance(4):
        lines.insert(0, "---")
    ending = draw(st.sampled_from(["\n", "", "\n...\n", "\n\n", "\n# end.\n"]))
    if any(re.search(r"\|[-+]?$", line) for line in lines) and ending in ("", "\n\n", "\n# end.\n"):
        ending = "\n"
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return ("\n".join(lines) + ending).replace("\n", newline), value


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*at, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += places(item, (*at, number))
    return found


def value_at(value: Any, at: tuple[Any, ...]) -> Any:
    for part in at:
        value = value[part]
    return value


def operate(data: Any, tree: Tree, value: Any) -> tuple[Any, Any, bool]:
    """Draw an operation; its edits, the value it should lead to, and whether it may take comments away."""
    wanted = copy.deepcopy(value)
    at = data.draw(st.sampled_from(places(value)), label="at")
    node = tree.at(at)
    assert isinstance(node, Node)
    here = value_at(wanted, at)
    new = data.draw(_VALUES, label="value")
    what = data.draw(st.sampled_from(["set", "add", "remove", "rename"]), label="what")
    if what == "set":
        if not at:
            return edit.set_value("d", node, new), new, True
        value_at(wanted, at[:-1])[at[-1]] = new
        return edit.set_value("d", node, new), wanted, isinstance(here, (dict, list))
    if isinstance(here, dict):
        key = data.draw(_KEYS.filter(lambda key: key not in here), label="key")
        if what == "add" or not here:
            after = data.draw(st.sampled_from([None, *here]), label="after")
            edits = edit.add_key("d", node, key, new, after)
            keys = list(here)
            place = len(keys) if after is None else keys.index(after) + 1
            entries = list(here.items())
            here.clear()
            here.update([*entries[:place], (key, new), *entries[place:]])
            return edits, wanted, False
        old = data.draw(st.sampled_from(list(here)), label="old")
        if what == "remove":
            edits = edit.remove_key("d", node, old)
            del here[old]
            return edits, wanted, True
        edits = edit.rename_key("d", node, old, key)
        entries = [(key if name == old else name, item) for name, item in here.items()]
        here.clear()
        here.update(entries)
        return edits, wanted, False
    if isinstance(here, list):
        if what in ("add", "rename") or not here:
            number = data.draw(st.integers(0, len(here)), label="before")
            edits = edit.add_item("d", node, new, number)
            here.insert(number, new)
            return edits, wanted, False
        number = data.draw(st.integers(0, len(here) - 1), label="number")
        edits = edit.remove_item("d", node, number)
        del here[number]
        return edits, wanted, True
    if not at:
        return (), wanted, False
    value_at(wanted, at[:-1])[at[-1]] = new
    return edit.set_value("d", node, new), wanted, False


def same(left: Any, right: Any) -> bool:
    """Equal in values, types and the order of keys."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right))
    return type(left) is type(right) and bool(left == right)


def check(data: Any, text: str, value: Any, kind: Kind) -> None:
    tree = repair.read(text, kind)
    note(text)
    assert not tree.problems, tree.problems
    assert tree.root is not None
    assert same(tree.root.value, value), tree.root.value
    edits, wanted, removes = operate(data, tree, value)
    after = apply_edits(text, edits)
    note("---- after\n" + after)
    again = repair.read(after, kind)
    assert not again.problems, again.problems
    assert again.root is not None
    assert same(again.root.value, wanted), again.root.value
    if not removes:
        for comment in re.findall(r"# note\d+\.", text):
            assert after.count(comment) >= 1, comment
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in after.replace("\r\n", "")


SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


@settings(max_examples=400, deadline=None, suppress_health_check=SLOW)
@given(documents(), st.data())
def test_yaml_edits_reread_to_the_intended_tree(document: tuple[str, Any], data: Any) -> None:
    text, value = document
    check(data, text, value, Kind.YAML)


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(_ROOTS, st.sampled_from([None, 0, 2, 4]), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_json_edits_reread_to_the_intended_tree(
    value: Any, indent: int | None, newline: str, ascii: bool, data: Any
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii).replace("\n", newline)
    check(data, text, value, Kind.JSON)


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(_ROOTS, st.sampled_from([None, 2]), st.data())
def test_json_is_yaml_too(value: Any, indent: int | None, data: Any) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    text = re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", text)
    check(data, text, value, Kind.YAML)

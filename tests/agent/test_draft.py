"""The draft: whatever is written, the change that comes of it leads from the base to the draft, and the disk stays as it was."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.agent.draft import edits_between
from lsp_server.commands.writing import write_files
from lsp_server.text import apply_edits
from tests.agent.benches import bench_of, call, disk, project, refused

FILES = {
    "app/main.py": "import os\n\n\ndef main() -> None:\n    pass\n",
    "app/windows.py": "a = 1\r\nb = 2\r\n",
    "app/mixed.py": "a = 1\r\nb = 2\nc = 3\r",
    "app/bom.py": b"\xef\xbb\xbfname = 'caf\xc3\xa9'\n",
    "app/latin.py": "# -*- coding: latin-1 -*-\nname = 'café'\n".encode("latin-1"),
    "app/empty.py": "",
    "README.md": "# Shop\n\nNo break at the end",
    "templates/mail.mako": "Dear ${name},\n",
    "notes.txt": "one\ntwo\n",
    "logo.png": b"\x89PNG\r\n\x1a\n\x00\x00\xff",
}  # fmt: skip
TEXTS = [path for path in FILES if path not in ("app/latin.py", "logo.png")]
LINES = st.text(alphabet=st.sampled_from(list("ab =\t#'é😀\u2028\x0b\x0c\n\r")), max_size=30)


@settings(deadline=None, max_examples=60)
@given(writes=st.lists(st.tuples(st.sampled_from([*TEXTS, "app/new.py", "docs/new.md", "deep/er/file.txt", "new.mako"]), LINES), max_size=8))
def test_the_change_leads_from_the_base_to_the_draft(writes: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder), FILES)
        before = disk(root)
        draft = bench_of(root).draft
        for path, text in writes:
            draft.write(path, text)
        wanted = {path: draft.read(path) for path in draft.paths() if path not in ("logo.png",)}
        change = draft.change("x")
        for path in draft.changed:
            base = draft.original(path)
            found = change.new_files[path] if base is None else apply_edits(base, [edit for edit in change.edits if edit.path == path])
            assert found == wanted[path]
        assert set(change.paths) == set(draft.changed)
        assert all(draft.snapshot.documents[path].text == wanted[path] for path in wanted if path in draft.snapshot.documents)
        assert disk(root) == before
        assert write_files(root, draft.texts()).problem is None
        after = bench_of(root).draft
        assert {path: after.read(path) for path in wanted} == wanted
        untouched = {path: data for path, data in disk(root).items() if path not in change.paths}
        assert untouched == {path: data for path, data in before.items() if path not in change.paths}


@settings(deadline=None)
@given(before=LINES, after=LINES)
def test_edits_between_two_texts(before: str, after: str) -> None:
    edits = edits_between("x", before, after)
    assert apply_edits(before, edits) == after
    assert edits == () or before != after


def test_very_different_texts_take_no_time() -> None:
    before, after = "same\n" * 20_000 + "a\n", "b\n" + "same\n" * 20_000
    start = time.monotonic()
    assert apply_edits(before, edits_between("x", before, after)) == after
    assert time.monotonic() - start < 5


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_any_sequence_of_edits_by_tools(data: st.DataObject) -> None:
    """Edits that tools make (unique pieces, other pieces, every piece) leave exactly the text that they show."""
    with tempfile.TemporaryDirectory() as folder:
        bench = bench_of(project(Path(folder), FILES))
        path = data.draw(st.sampled_from(["README.md", "notes.txt", "templates/mail.mako"]))
        expected = bench.draft.read(path)
        for _ in range(data.draw(st.integers(0, 5))):
            if not expected:
                break
            start = data.draw(st.integers(0, len(expected) - 1))
            end = data.draw(st.integers(start + 1, len(expected)))
            old, new = expected[start:end], data.draw(LINES).replace("\r\n", "\n").replace("\r", "\n")
            if old == new:
                continue
            call(bench, "edit_file", path=path, old_text=old, new_text=new, every=True)
            expected = expected.replace(old, new)
            assert bench.draft.read(path) == expected


def test_what_stands_again_as_it_was_is_no_change(tmp_path: Path) -> None:
    draft = bench_of(project(tmp_path, FILES)).draft
    draft.write("notes.txt", "other\n")
    draft.write("notes.txt", FILES["notes.txt"])  # type: ignore[arg-type]
    assert draft.changed == () and draft.change("x").paths == ()


def test_files_that_readers_do_not_know_are_in_the_change_and_not_in_the_snapshot(tmp_path: Path) -> None:
    draft = bench_of(project(tmp_path, FILES)).draft
    draft.write("templates/mail.mako", "Hello\n")
    draft.write("new.txt", "x\n")
    draft.write("app/new.py", "x = 1\n")
    assert draft.change("x").paths == ("app/new.py", "new.txt", "templates/mail.mako")
    assert "app/new.py" in draft.snapshot.documents and "templates/mail.mako" not in draft.snapshot.documents


def test_a_file_that_changes_on_disk_meanwhile_is_not_mixed_in(tmp_path: Path) -> None:
    root = project(tmp_path, FILES)
    draft = bench_of(root).draft
    assert draft.read("notes.txt") == "one\ntwo\n"
    (root / "notes.txt").write_text("somebody else\n")
    draft.write("notes.txt", "one\n2\n")
    assert write_files(root, draft.texts()).problem is not None
    assert (root / "notes.txt").read_text() == "somebody else\n"


def test_encodings_and_line_breaks_stay(tmp_path: Path) -> None:
    root = project(tmp_path, FILES)
    bench = bench_of(root)
    call(bench, "edit_file", path="app/windows.py", old_text="a = 1\nb = 2", new_text="a = 1\nx = 9\nb = 2")
    call(bench, "edit_file", path="app/bom.py", old_text="name", new_text="title")
    assert bench.draft.read("app/windows.py") == "a = 1\r\nx = 9\r\nb = 2\r\n"
    assert write_files(root, bench.draft.texts()).problem is None
    assert (root / "app/bom.py").read_bytes() == b"\xef\xbb\xbftitle = 'caf\xc3\xa9'\n"
    assert (root / "app/windows.py").read_bytes() == b"a = 1\r\nx = 9\r\nb = 2\r\n"
    assert "café" in call(bench, "read_file", path="app/latin.py")
    assert "UTF-8" in refused(bench, "edit_file", path="app/latin.py", old_text="name", new_text="title")


def test_no_run_may_silence_the_checker(tmp_path: Path) -> None:
    settings_text = '[project]\nname = "x"\n\n[tool.specdrift]\nignore = ["a"]\n'
    bench = bench_of(project(tmp_path, {**FILES, "pyproject.toml": settings_text, "kept.py": "x = 1  # specdrift: ignore[route-not-in-spec] -- old\n"}))
    for comment in ("# specdrift: ignore[route-not-in-spec] -- fine", "# specdrift: ignore-file[several-heads]", "#specdrift:ignore[x]"):
        assert "person" in refused(bench, "edit_file", path="app/main.py", old_text="import os", new_text=f"import os  {comment}")
        assert "person" in refused(bench, "create_file", path="app/new.py", text=f"{comment}\n")
    assert "person" in refused(bench, "edit_file", path="pyproject.toml", old_text='"a"', new_text='"a", "b"')
    assert "person" in refused(bench, "edit_file", path="pyproject.toml", old_text="ignore =", new_text="exclude = ['app/']\nignore =")
    call(bench, "edit_file", path="pyproject.toml", old_text='name = "x"', new_text='name = "y"')
    call(bench, "edit_file", path="kept.py", old_text="x = 1 ", new_text="x = 2 ")


def test_limits(tmp_path: Path) -> None:
    bench = bench_of(project(tmp_path, FILES))
    assert "too many" in refused(bench, "create_file", path="app/big.py", text="x" * 1_000_001)
    assert "characters" in refused(bench, "create_file", path="app/zero.txt", text="a\x00b")
    assert "characters" in refused(bench, "create_file", path="app/half.py", text="\ud800")
    call(bench, "create_file", path="app/inner", text="x\n")
    assert "folder" in refused(bench, "create_file", path="app/inner/file.py", text="x\n")
    assert "binary" in refused(bench, "read_file", path="logo.png") or "UTF-8" in refused(bench, "read_file", path="logo.png")


@pytest.mark.parametrize("path", ["app/new.py", "docs/x.md"])
def test_several_files_are_written_together_or_not_at_all(tmp_path: Path, path: str) -> None:
    from lsp_server.agent.tool import ToolError

    bench = bench_of(project(tmp_path, FILES))
    with pytest.raises(ToolError):
        bench.write_all({path: "x = 1\n", "zz/.env": "x"})
    assert bench.draft.changed == ()

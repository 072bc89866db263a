"""Writing repaired files: all or none, nothing lost, and exactly told what happened."""

from __future__ import annotations

import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from lsp_server.commands.writing import write_files
from tests.command import CODE, SPEC, call, shop, spawn, write


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".specdrift-*")]


def test_line_breaks_and_the_encoding_mark_stay(tmp_path: Path) -> None:
    code = b"\xef\xbb\xbf" + CODE.replace("\n", "\r\n").encode()
    folder = shop(tmp_path, code=code)
    assert call(folder, "--fix", "--no-cache", "--select", "parameter-contradicts-spec").status == 0
    assert (folder / "app.py").read_bytes() == code.replace(b"50", b"20")


def test_mode_and_link_stay(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    (folder / "app.py").rename(folder / "real.txt")
    (folder / "real.txt").chmod(0o750)
    (folder / "app.py").symlink_to("real.txt")
    call(folder, "--fix", "--no-cache", "--select", "parameter-contradicts-spec")
    assert (folder / "app.py").is_symlink()
    assert "limit: int = 20" in (folder / "real.txt").read_text()
    assert stat.S_IMODE((folder / "real.txt").stat().st_mode) == 0o750


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        assert write_files(tmp_path, {"new/file.py": (None, "x = 1\n")}).problem is None
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new" / "file.py").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("now", "said"),
    [("somebody else's\n", "changed while"), (None, "No such file"), (b"\xe9", "UTF-8")],
)
def test_a_file_that_changed_meanwhile_keeps_everything_as_it_is(tmp_path: Path, now: str | bytes | None, said: str) -> None:
    """Also the other files of the change: a half-applied repair is worse than none."""
    folder = write(tmp_path, {"a.py": "a\n", "b.py": "b\n"})
    if now is None:
        (folder / "b.py").unlink()
    else:
        write(folder, {"b.py": now})
    written = write_files(folder, {"a.py": ("a\n", "A\n"), "b.py": ("b\n", "B\n")})
    assert written.paths == ()
    assert written.problem is not None and written.problem.startswith("b.py: ") and said in written.problem
    assert (folder / "a.py").read_text() == "a\n"
    assert leftovers(folder) == []


def test_a_new_file_takes_no_other_s_place(tmp_path: Path) -> None:
    folder = write(tmp_path, {"new.py": "mine\n"})
    assert "exists already" in str(write_files(folder, {"new.py": (None, "yours\n")}).problem)
    assert (folder / "new.py").read_text() == "mine\n"


def test_a_new_file_stays_in_the_project(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path)
    assert "leads out" in str(write_files(folder, {"out/new.py": (None, "x\n")}).problem)
    assert not (tmp_path / "new.py").exists()


def test_a_replacement_that_fails_tells_what_was_written(tmp_path: Path) -> None:
    """A folder stands where the second file was to go: the first is written, and exactly that is said."""
    folder = write(tmp_path, {"a.py": "a\n"})
    changes = {"a.py": ("a\n", "A\n"), "b.py": (None, "B\n"), "b.py/c.py": (None, "C\n")}
    written = write_files(folder, changes)
    assert written.paths == ("a.py",)
    assert written.problem is not None and written.problem.startswith("b.py: ")
    assert (folder / "a.py").read_text() == "A\n"
    assert leftovers(folder) == []


def test_a_full_disk_keeps_everything_as_it_is(tmp_path: Path) -> None:
    """The limit on a file's size stands for the full disk: a write that stops half-way."""
    padding = "# " + "x" * 100_000 + "\n"
    folder = shop(tmp_path / "shop", code=CODE + padding)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    outcome = spawn(folder, "--fix", "--no-cache", preexec_fn=limit)
    assert outcome.status == 2
    assert "app.py: cannot be written" in outcome.err and "nothing was written" in outcome.err
    assert (folder / "app.py").read_text() == CODE + padding
    assert (folder / "openapi.yaml").read_text() == SPEC
    assert leftovers(folder) == []


def test_a_folder_without_permission(tmp_path: Path) -> None:
    folder = write(tmp_path / "shop", {"closed/a.py": "a\n"})
    root = os.geteuid() == 0
    for path in (tmp_path, *tmp_path.parents[:2]):
        if root and path.stat().st_uid == 0:
            path.chmod(0o755)
    (folder / "closed").chmod(0o555)
    if root:
        os.seteuid(65534)
    try:
        written = write_files(folder, {"closed/a.py": ("a\n", "A\n")})
    finally:
        if root:
            os.seteuid(0)
        (folder / "closed").chmod(0o755)
    assert written.problem == "closed/a.py: cannot be written: Permission denied"
    assert (folder / "closed" / "a.py").read_text() == "a\n"

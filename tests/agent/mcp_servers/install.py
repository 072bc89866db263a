"""Installs other people's servers of the Model Context Protocol beside this file, for the tests: `install.py [npm] [serena]`.

Those from npm as the lock file says, `serena-agent` in a virtual environment of its own (its pins do not go with ours). Done once;
again only where what is wanted has changed. Two processes that start at once wait for each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "node_modules" / ".bin"
SERENA = HERE / ".venv" / "bin" / "serena"


def npm() -> None:
    # Without the packages' own scripts: one of them fetches a program from elsewhere, another counts installations.
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=HERE, check=True, timeout=600)


def serena() -> None:
    folder = HERE / ".venv"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--requirement", HERE / "serena.txt"], check=True, timeout=600)


_SORTS: dict[str, tuple[Callable[[], None], str, Path]] = {
    "npm": (npm, "package-lock.json", HERE / "node_modules"),
    "serena": (serena, "serena.txt", HERE / ".venv"),
}


def install(sort: str) -> None:
    """Have the servers of a sort here. Raises what `subprocess.run` raises."""
    work, wanted, place = _SORTS[sort]
    mark = hashlib.sha256((HERE / wanted).read_bytes() + sys.version.encode()).hexdigest()
    stamp = place / ".installed"
    with (HERE / f".{sort}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != mark:
            work()
            stamp.write_text(mark)


if __name__ == "__main__":
    for sort in sys.argv[1:] or _SORTS:
        install(sort)

"""What of a workspace a run may read and write: its own text files, without what is ignored and what may hold a secret.

Every path that a model names goes through here first. A file is named exactly as the workspace lists it: no other spelling (case, look-alike
letters, a link, a detour) reaches it. Symbolic links are followed before a path is judged, so that none leads outside.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from lsp_server.agent.tool import ToolError
from lsp_server.config import matches
from lsp_server.workspace import NEVER, ignored_by_git, tracked_files

SECRET = (
    ".env", ".env.*", ".envrc", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.ovpn", "*.tfvars", "*.tfstate",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", "pgpass.conf", ".my.cnf", ".npmrc", ".yarnrc*", ".pypirc", ".htpasswd",
    ".dockercfg", ".vault-token", ".*_history", "passwd", "password.txt", "passwords.*",
)  # fmt: skip
_TELLING = ("*credential*", "*secret*", "*service-account*", "*service_account*")  # secret unless it is code, a document or a template
_HARMLESS = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.example.env")
_CODE = (".py", ".pyi", ".md", ".rst", ".html", ".mako", ".j2", ".jinja", ".jinja2", ".js", ".jsx", ".ts", ".tsx", ".css", ".scss", ".vue", ".svelte")
_SECRET_FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".kube", ".docker", ".azure", ".gcloud", ".secrets", "secrets"})
_OURS = frozenset({".specdrift"})  # notes and journals are no part of the project
# What runs by itself on somebody's machine, tells other agents what to do, or decides what counts as a finding: a person's business.
_NEVER_WRITTEN = (
    ".git", ".github", ".gitlab", ".gitlab-ci.yml", ".gitmodules", ".gitattributes", ".hg", ".svn", ".vscode", ".idea", ".devcontainer", ".circleci",
    ".ci", ".husky", ".githooks", ".pre-commit-config.yaml", ".travis.yml", "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml",
    ".claude", ".cursor", ".cursorrules", ".mcp.json", "claude.md", "agents.md", "gemini.md", "specdrift.toml",
)  # fmt: skip
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))})
_SHORT_NAME = re.compile(r"^(git|env|ssh|aws)[^.]*~\d+", re.IGNORECASE)
LONGEST = 400  # characters of a path
_MANY = 3000  # paths among which it takes too long to look for one that is spelled alike


@dataclass(frozen=True)
class Boundary:
    """The part of one workspace that a run may see.

    `exclude` are further patterns from the configuration. `reading` and `writing` are patterns that an allow-list narrows to, None for all.
    """

    root: Path
    exclude: tuple[str, ...] = ()
    reading: tuple[str, ...] | None = None
    writing: tuple[str, ...] | None = None

    def readable(self, path: str) -> str:
        """The path, normalised. Raises ToolError for one that may not be read, whether or not it is there."""
        path = normalised(path)
        if not self.sees(path):
            raise ToolError(f"{path}: outside of what may be read here; list_files shows what there is")
        if path in self._listed or not os.path.lexists(self.root / path):
            return path
        if os.path.isdir(self.root / path):
            raise ToolError(f"{path}: a folder; list_files shows what is in it")
        raise ToolError(f"{path}: outside of what may be read here; list_files shows what there is")

    def writable(self, path: str) -> str:
        """The path, normalised. Raises ToolError for one that may not be written. A new file's folders need not be there."""
        path = self.readable(path)
        if any(part.casefold() in _NEVER_WRITTEN for part in path.split("/")):
            raise ToolError(f"{path}: this is a person's to change; say in your answer what should stand there")
        if self.writing is not None and not _fits(path, self.writing):
            raise ToolError(f"{path}: the tools that are allowed write only {', '.join(self.writing)}")
        if path in self._listed:
            target = os.path.relpath(os.path.realpath(self.root / path), os.path.realpath(self.root)).replace(os.sep, "/")
            if target != path:
                raise ToolError(f"{path}: a link; write {target} instead")
            return path
        self._refuse_new(path)
        return path

    def sees(self, path: str) -> bool:
        """Whether a path that is normalised lies inside of what may be read. Says nothing of whether it is there."""
        if is_secret(path) or any(part in _OURS for part in path.split("/")) or any(part in NEVER for part in path.split("/")[:-1]):
            return False
        if self.reading is not None and not _fits(path, self.reading):
            return False
        return not any(matches(path, pattern) for pattern in self.exclude)

    def files(self) -> tuple[str, ...]:
        """All files that may be read: what git tracks or would track, or all files where there is no git. As they were at the first call."""
        return self._files

    @cached_property
    def _files(self) -> tuple[str, ...]:
        found = []
        real_root = os.path.realpath(self.root)
        for path in tracked_files(self.root):
            if _fault(path) is not None or not self.sees(path):
                continue
            if os.path.islink(self.root / path):
                target = os.path.relpath(os.path.realpath(self.root / path), real_root).replace(os.sep, "/")
                if target.startswith("../") or not self.sees(target):
                    continue
            found.append(path)
        return tuple(found)

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self._files)

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Files and folders by what a file system that does not tell letters apart, or a reader's eye, takes them for."""
        found: dict[str, str] = {}
        for path in self._files:
            while path:
                found.setdefault(_seen(path), path)
                path = path.rpartition("/")[0]
        return found

    def _refuse_new(self, path: str) -> None:
        """Raises ToolError for a new file that would be taken for another, lies behind a link, or is ignored."""
        if unicodedata.normalize("NFKC", path) != path or any(_is_mixed(part) for part in path.split("/")):
            raise ToolError(f"{path}: has letters that look like others; name new files in plain letters")
        if any(part.partition(".")[0].casefold() in _DEVICES for part in path.split("/")):
            raise ToolError(f"{path}: names a device on other systems; give it another name")
        whole = path
        while whole:
            known = self._spellings.get(_seen(whole))
            if known is not None and known != whole:
                raise ToolError(f"{path}: {known} is there already; spell it so")
            whole = whole.rpartition("/")[0]
            full = self.root / whole
            if whole and os.path.lexists(full) and (os.path.islink(full) or not os.path.isdir(full)):
                raise ToolError(f"{path}: {whole} is not a folder of the workspace")
        if ignored_by_git(self.root, path):
            raise ToolError(f"{path}: git ignores this place; the file would be lost")


def normalised(path: str) -> str:
    """A relative POSIX path without `./` and doubled slashes. Raises ToolError for any that could mean another place."""
    fault = _fault(path)
    if fault is not None:
        raise ToolError(f"{path[:100]!r}: {fault}; give a path relative to the workspace, such as app/main.py")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts:
        raise ToolError("the path is empty; give a file's path relative to the workspace")
    return "/".join(parts)


def _fault(path: str) -> str | None:
    """Why a text is no path that anybody may name, in words."""
    if len(path) > LONGEST:
        return "too long for a path"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for character in path):
        return "has characters that cannot be seen"
    if "\\" in path or ":" in path:
        return "has a backslash or a colon"
    if path.startswith(("/", "~")):
        return "not relative"
    for part in path.split("/"):
        plain = unicodedata.normalize("NFKC", part)
        if plain == ".." or (plain != part and ("/" in plain or "\\" in plain or plain in (".", "..") or plain.startswith("."))):
            return "leads out of its folder"
        if part not in ("", ".") and (part != part.strip() or part.endswith(".")):
            return "has a part that begins or ends in a blank or a dot"
        if _SHORT_NAME.match(part):
            return "names a file by its short name"
    return None


def is_secret(path: str) -> bool:
    """Whether a file may hold a secret, by its name and folders; case and look-alike letters do not count."""
    *folders, name = _seen(path).split("/")
    is_code = name.endswith(_CODE)
    if any(folder in _SECRET_FOLDERS or fnmatchcase(folder, ".env*") for folder in folders):
        return not is_code or any(folder.startswith(".") for folder in folders)
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
        return False
    if any(fnmatchcase(name, pattern) for pattern in SECRET):
        return not (is_code and name.startswith("passwords."))
    return not is_code and any(fnmatchcase(name, pattern) for pattern in _TELLING)


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    return any(pattern in ("*", "**", "./**") or matches(path, pattern) for pattern in patterns)


_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһӏвкмнтгαβεικνορτυχ",
    "aeopcyxijsdhlbkmhtraβeikvoptux",
)


def _seen(path: str) -> str:
    """What a path is taken for by a file system that does not tell case apart, or by a hasty eye."""
    return unicodedata.normalize("NFKC", path).casefold().translate(_LOOK_ALIKES)


def _is_mixed(part: str) -> bool:
    """Whether letters of several alphabets stand in one name."""
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in part if character.isalpha()}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}) > 1


def nearest(path: str, paths: tuple[str, ...]) -> str:
    """A hint for a path that is not there, in brackets; empty where none is near."""
    name = path.rpartition("/")[2]
    near = [each for each in paths if each.rpartition("/")[2] == name]
    if not near and len(paths) <= _MANY:
        near = difflib.get_close_matches(path, paths, 3, 0.7)
    return f" (there is {', '.join(near[:3])})" if near else ""

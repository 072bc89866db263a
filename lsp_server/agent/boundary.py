"""What of a workspace a run may read and write: its own text files, without what is ignored and what may hold a secret.

Every path that a model names goes through here first. Symbolic links are followed before a path is judged, so that none leads outside.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from lsp_server.agent.tool import ToolError
from lsp_server.config import matches
from lsp_server.workspace import tracked_files

SECRET = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    ".netrc", "_netrc", ".pgpass", ".my.cnf", ".npmrc", ".pypirc", ".htpasswd", "*credentials*", "*secret*", "*secrets*",
    ".aws/", ".ssh/", ".gnupg/", ".kube/", ".docker/",
)  # fmt: skip
_HARMLESS = (".env.example", ".env.sample", ".env.template", "*.py", "*.md")
_NEVER_WRITTEN = (".git/", ".github/", ".gitlab-ci.yml", ".vscode/", ".idea/", ".hg/")


@dataclass(frozen=True)
class Boundary:
    """The part of one workspace that a run may see. `exclude` are further patterns from the configuration."""

    root: Path
    exclude: tuple[str, ...] = ()

    def readable(self, path: str) -> str:
        """The path, normalised. Raises ToolError for one that may not be read."""
        raise NotImplementedError

    def writable(self, path: str) -> str:
        """The path, normalised. Raises ToolError for one that may not be written."""
        raise NotImplementedError

    def files(self) -> tuple[str, ...]:
        """All files that may be read: what git tracks or would track, or all files where there is no git."""
        raise NotImplementedError

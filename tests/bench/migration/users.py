"""Going on as a user without rights where we are root: PostgreSQL does not run as root."""

from __future__ import annotations

import os


def as_nobody(*command: str) -> list[str]:
    """The command, run by a user who may read everything that is installed and write nothing of anybody's."""
    if os.geteuid() != 0:
        return list(command)
    read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *read, *command]

"""`python -m lsp_server` and the command `lsp_server`."""

from __future__ import annotations

import sys


def main() -> int:
    from lsp_server.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

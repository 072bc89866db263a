"""One file per thing the command line does. Part of the shell: may read and write the user's files."""

OK, FOUND, USAGE, FAILED = 0, 1, 2, 3  # exit statuses, as docs/cli.md promises them


class UsageError(ValueError):
    """A wrong combination of arguments; the message is for people."""

"""One file per thing the command line does. Part of the shell: may read and write the user's files."""

"""Rules of the database area, one file each."""

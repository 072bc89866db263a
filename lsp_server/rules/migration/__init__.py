"""Rules of the migration area, one file each."""

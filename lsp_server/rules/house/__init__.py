"""Rules of the house area, one file each."""

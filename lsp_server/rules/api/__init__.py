"""Rules of the api area, one file each."""

"""Rules of the spec area, one file each."""

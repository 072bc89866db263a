"""Rules of the chain area, one file each."""

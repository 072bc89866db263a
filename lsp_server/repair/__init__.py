"""Building changes that rules and shells offer: text in, edits out. No files, no protocol."""

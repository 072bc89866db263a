"""The journal's own migration history, run by `../history.py`."""

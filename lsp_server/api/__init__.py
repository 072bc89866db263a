"""The API: what a spec promises and what code implements, in one vocabulary (`model.py`)."""

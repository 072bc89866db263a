"""Litestar: its names, layers and operations. The reader is `frameworks/litestar.py`."""

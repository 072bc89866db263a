"""Flask and its extensions: what their calls mean. The reader is `frameworks/flask.py`."""

"""Django and REST framework: projects, URL configurations and views. The reader is `frameworks/django.py`."""

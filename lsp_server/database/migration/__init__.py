"""From a difference between two schemas to a revision that is known to work, in both directions.

`plan/` orders operations, `render.py` writes them as a revision file, `proof.py` runs them on a scratch database.
SQLAlchemy and Alembic are imported inside functions only.
"""

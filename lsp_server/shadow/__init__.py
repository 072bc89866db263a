"""Databases that we make and throw away, to prove migrations on the kind of database they are for.

The rule above all others lives here: nothing is written to, changed or dropped that was not made here. `address.py` says where we
may go, `marker.py` how we know our own, `server.py` the life of a shadow, `postgresql.py` and `mysql.py` how the two
kinds do it, `embedded.py` a PostgreSQL of our own, `offer.py` what there is for a project. SQLite in memory needs none of it.
"""

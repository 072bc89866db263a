"""The user's development database: the one database that is not ours and that a person may let us change.

`target.py` says which one it may be, `connection.py` reaches it and asks how far it has come, `statements.py` lets the project's own
revisions say their SQL in the worker, `application.py` runs exactly that SQL after somebody has seen it and agreed. Nothing else in the house may
write to a database that it has not made itself, and nothing here is done without being asked.
"""

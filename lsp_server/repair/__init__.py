"""Repairs that join what the API, the database and the code say: the builders behind the rules' fixes.

A repair turns one finding's subject into a `Change` of the project's own files, in the project's own style. It finds nothing
and decides nothing about severity: rules do. It gives None where it cannot be done honestly.
"""
